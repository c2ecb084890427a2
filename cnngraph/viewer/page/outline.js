// The network as a tree beside the figure: what is open there is open here. While something is looked for, what was found.

import { at, esc, renewed } from "./dom.js";
import { isBlock } from "./model.js";
import { short } from "./words.js";

export class Outline {
  constructor(act) {
    this.box = at("outline");
    this.act = act;
    this.box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-id]");
      if (!row) return;
      if (event.target.closest(".twist") && isBlock(row.dataset.id)) act.toggle(row.dataset.id, event.shiftKey);
      else act.choose(row.dataset.id);
    });
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  /** *found* are what is looked for, null where nothing is. Only rows that are others than before are made. */
  show(model, selected, found) {
    if (this.model !== model) {
      this.made = new Map();
      this.box.replaceChildren();
    }
    this.model = model;
    this.rows = found ? found.map((id) => [id, 0]) : [...model.walk(-1)];
    this.made = renewed(this.box, this.made, this.rows.map(([id, depth]) =>
      [`${id} ${model.isOpen(id)} ${found === null}`, () => this.row(id, depth, found !== null)]));
    this.select(selected, false);
  }

  row(id, depth, whole) {
    const { model } = this;
    const thing = model.of(id);
    const holder = model.inside.get(model.holder.get(id));
    const state = isBlock(id) ? ` aria-expanded="${model.isOpen(id)}"` : "";
    const place = whole ? "" : ` aria-setsize="${holder.length}" aria-posinset="${holder.indexOf(id) + 1}"`;
    const role = isBlock(id) ? "block" : thing.idle ? "idle" : thing.role;
    const side = whole ? model.network(id) : "";
    const cost = thing.measures[0] ? short(thing.measures[0]) : "";
    return `<div role="treeitem" id="t-${id}" data-id="${id}" tabindex="-1" aria-level="${depth + 1}"${state}${place} aria-selected="false" aria-label="${esc(`${model.about(id)}${side && ` in ${side}`}`)}" class="row" data-cost="${cost}">`
      + `<span class="twist"></span><span class="dot ${role}"></span>`
      + `<span class="name">${esc(whole ? model.called(id) : model.ownName(id))}${[thing.label, side && `· ${side}`].filter(Boolean).map((words) => ` <span class="soft">${esc(words)}</span>`).join("")}</span></div>`;
  }

  /** Marks the row of *id*, which then is the one that Tab comes to. */
  select(id, focus) {
    this.chosen?.setAttribute("aria-selected", "false");
    this.chosen?.setAttribute("tabindex", "-1");
    const row = (id && at(`t-${id}`)) || this.box.firstElementChild;
    this.chosen = row;
    if (!row) return;
    row.tabIndex = 0;
    if (row.dataset.id === id) row.setAttribute("aria-selected", "true");
    if (focus) row.focus({ preventScroll: true });
    requestAnimationFrame(() => row.scrollIntoView({ block: "nearest" }));
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
      "*": () => act.openAll(model.inside.get(model.holder.get(id)).filter(isBlock), id),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }
}
