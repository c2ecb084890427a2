// The figure in the colours of one number for each layer, with a key; otherwise in those of what they do.

import { at, dotted, h } from "./dom.js";
import { isBlock } from "./model.js";
import { percent, short, sum } from "./words.js";

const HOT = "#c81e1e";

const parts = (color) => [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16));

const mixed = (one, other, share) =>
  `#${parts(one).map((part, at) => Math.round(part + (parts(other)[at] - part) * share).toString(16).padStart(2, "0")).join("")}`;

/** Relative luminance (WCAG 2.2). */
const light = (color) =>
  sum(parts(color).map((part, at) => [0.2126, 0.7152, 0.0722][at] * (part <= 10 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4)));

const usual = (role) => ({ fill: `var(--${role})`, ink: `var(--${role}-ink)`, edge: `var(--${role}-edge)` });

/** What gives things their colours. *measure* is the number of one, or -1; *seen* are the things that are drawn. */
export function painter(model, measure, seen) {
  if (measure < 0) return (model.plain ??= (id) => usual(isBlock(id) ? "block" : model.of(id).idle ? "idle" : model.of(id).role));
  const most = Math.max(...seen.map((id) => model.of(id).measures[measure]), 0);
  const paper = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  return (id) => {
    if (model.of(id).role === "input") return usual("input");
    // By the root, for a few layers have most of it.
    const fill = mixed(paper, HOT, most ? Math.sqrt(model.of(id).measures[measure] / most) : 0);
    return { fill, ink: light(fill) > 0.179 ? "#000000" : "#ffffff", edge: "var(--frame)" };
  };
}

/** The ramp with its ends, the total, and the five things that are dearest. */
export function key(model, measure, seen, choose) {
  const box = at("key");
  box.hidden = measure < 0;
  if (measure < 0) return;
  const { words, unit, unknown } = model.measures[measure];
  const cost = (id) => model.of(id).measures[measure];
  const most = Math.max(...seen.map(cost), 0);
  const totals = (model.sides.length ? model.sides.map((side) => `b${side}`) : [""]).map((id) => short(model.total(measure, id), unit));
  const dearest = [...seen].sort((one, other) => cost(other) - cost(one)).slice(0, 5).filter(cost);
  box.replaceChildren(
    h("div", { class: "title" }, h("b", null, words), h("span", { class: "soft" }, `${unknown.length ? "at least " : ""}${totals.join(" → ")} in all`)),
    h("div", { class: "ramp" }),
    h("div", { class: "ends" }, h("span", null, "0"), h("span", null, short(most, unit))),
    h("ol", null, dearest.map((id) => h("li", null,
      h("button", { class: "link", onclick: () => choose(id) }, dotted(model.called(id)), model.network(id) && h("span", { class: "soft" }, ` · ${model.network(id)}`)),
      h("span", { class: "soft" }, `${short(cost(id), unit)}, ${percent(cost(id), model.total(measure, id))}`)))),
  );
}
