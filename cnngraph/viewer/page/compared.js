// Two networks that are compared: the list of what was changed, and what both have of one thing.

import { at, dotted, h } from "./dom.js";
import { full, many, sum } from "./words.js";

const SIGNS = { added: "+", removed: "−", changed: "~" };

/** What was changed, each once; who clicks on it is led to its places, one after the other. */
export function changes(model, act) {
  at("changes").hidden = !model.sides.length;
  document.body.classList.toggle("compared", model.sides.length > 0);
  if (!model.sides.length) return;
  const { what, causes, follows, renamed, worded } = model.changes;
  const listed = (all) => all.map((words) => h("li", { class: "change" }, h("b", null, "·"), h("span", null, words)));
  const entry = ({ kind, called, said, units }, sign) => h("li", null, h("button", { class: `change ${kind}`, disabled: !units.length, onclick: () => act.go(units) },
    h("b", { "aria-label": kind }, sign), h("span", null, dotted(called), " ", h("span", { class: "soft" }, said))));
  const more = (title, entries) => entries.length > 0 && h("details", null, h("summary", null, title), h("ul", null, entries));
  at("changes").replaceChildren(...[
    h("h2", null, causes.length + what.length ? "What was changed" : "Nothing was changed"),
    h("ul", null, what.map((words) => h("li", { class: "change changed" }, h("b", null, "~"), h("span", null, words))),
      causes.map((each, number) => entry(each, `${SIGNS[each.kind]}${number + 1}`))),
    more(`${many(sum(follows.map(({ units }) => units.length)), "unit")} only with other volumes`, follows.map((each) => entry(each, "·"))),
    more(`${renamed.length} called otherwise`, listed(renamed)),
    more(`${worded.length} said otherwise`, listed(worded)),
  ].filter(Boolean));
  roving(at("changes"));
}

/** Tab comes to one entry, the arrows lead on. */
function roving(list) {
  const entries = () => [...list.querySelectorAll("button:enabled, summary")].filter((each) => each.offsetParent);
  const turn = (to) => list.querySelectorAll("button, summary").forEach((each) => (each.tabIndex = each === to ? 0 : -1));
  turn(entries()[0]);
  list.onfocusin = ({ target }) => turn(target);
  list.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    entries()[entries().indexOf(document.activeElement) + step]?.focus();
  };
}

/** A table of what both sides have, each a map from what it is to what is said of it; where they differ there is a sign. */
export function both(model, sides) {
  const names = [...new Set(sides.flatMap((side) => [...side.keys()]))];
  const row = (name) => {
    const said = sides.map((side) => side.get(name) ?? "–");
    const differs = said[0] !== said[1];
    const cells = differs ? said.map((each) => h("td", null, each)) : h("td", { colspan: 2 }, said[0]);
    return h("tr", { class: differs && "differs" }, h("th", { scope: "row" }, dotted(name), differs && h("span", { class: "sign" }, " ≠")), cells);
  };
  return h("table", { class: "both" }, h("thead", null, h("tr", null, h("td"), model.sides.map((side) => h("th", { scope: "col" }, dotted(model.blocks[side].path))))),
    h("tbody", null, names.map(row)));
}

/** What the networks count. */
export const totals = (model) => both(model, model.sides.map((side) => new Map([["units", String(model.blocks[side].count)],
  ...model.measures.map(({ words, unit }, number) => [words, full(model.blocks[side].measures[number], unit)])])));
