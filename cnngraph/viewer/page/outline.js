// The network as a tree beside the figure: what is open there is open here. While something is looked for, what was found.

import { at, esc } from "./dom.js";
import { isBlock, numberOf } from "./model.js";
import { short } from "./words.js";

export class Outline {
  constructor({ choose, toggle, enter }) {
    this.box = at("outline");
    this.act = { choose, toggle, enter };
    this.box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-id]");
      if (!row) return;
      if (event.target.closest(".twist") && isBlock(row.dataset.id)) toggle(row.dataset.id, event.shiftKey);
      else choose(row.dataset.id);
    });
    this.box.addEventListener("dblclick", (event) => {
      const id = event.target.closest("[data-id]")?.dataset.id;
      if (id && isBlock(id)) toggle(id);
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  /** All rows anew; *found* are what is looked for, null where nothing is. */
  show(model, selected, found) {
    this.model = model;
    this.rows = found ? found.map((id) => [id, 0]) : [...model.walk(-1)];
    this.box.innerHTML = this.rows.map(([id, depth]) => this.row(id, depth, Boolean(found))).join("") || '<p class="soft">nothing is called so</p>';
    this.select(selected, false);
  }

  row(id, depth, whole) {
    const { model } = this;
    const thing = model.of(id);
    const holder = model.inside.get(model.holder.get(id));
    const state = isBlock(id) ? ` aria-expanded="${model.isOpen(id)}"` : "";
    const place = whole ? "" : ` aria-setsize="${holder.length}" aria-posinset="${holder.indexOf(id) + 1}"`;
    const role = isBlock(id) ? "block" : thing.idle ? "idle" : thing.role;
    const cost = thing.measures[0] ? short(thing.measures[0]) : "";
    return `<div role="treeitem" id="t-${id}" data-id="${id}" tabindex="-1" aria-level="${depth + 1}"${state}${place} aria-selected="false" aria-label="${esc(model.about(id))}" class="row">`
      + `<span class="twist">${isBlock(id) ? "›" : ""}</span><span class="dot ${role}"></span>`
      + `<span class="name">${esc(whole ? model.called(id) : model.ownName(id))}</span><span class="cost">${cost}</span></div>`;
  }

  /** Marks the row of *id*, which then is the one that Tab comes to. */
  select(id, focus) {
    for (const row of this.box.querySelectorAll('[aria-selected="true"], [tabindex="0"]')) {
      row.setAttribute("aria-selected", "false");
      row.tabIndex = -1;
    }
    const row = (id && at(`t-${id}`)) || this.box.firstElementChild;
    if (!row?.dataset.id) return;
    row.tabIndex = 0;
    if (row.dataset.id === id) row.setAttribute("aria-selected", "true");
    if (focus) row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const id = event.target.dataset?.id;
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    const { model, act } = this;
    const number = this.rows.findIndex(([each]) => each === id);
    const to = (row) => row && act.choose(row[0], "outline");
    const moves = {
      ArrowDown: () => to(this.rows[number + 1]),
      ArrowUp: () => to(this.rows[number - 1]),
      Home: () => to(this.rows[0]),
      End: () => to(this.rows.at(-1)),
      ArrowRight: () => (isBlock(id) && !model.isOpen(id) ? act.toggle(id, false, "outline") : isBlock(id) && to(this.rows[number + 1])),
      ArrowLeft: () => (model.isOpen(id) ? act.toggle(id, false, "outline") : model.holder.get(id) >= 0 && act.choose(`b${model.holder.get(id)}`, "outline")),
      Enter: () => (isBlock(id) ? act.toggle(id, event.shiftKey, "outline") : act.choose(id, "outline")),
      "*": () => model.inside.get(model.holder.get(id)).forEach((each) => isBlock(each) && model.open.add(numberOf(each))) ?? act.choose(id, "outline"),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }
}
