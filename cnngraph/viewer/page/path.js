// All ways from one thing to another: what lies on them, what it counts, and what a place at their end sees of the start.

import { dotted, h } from "./dom.js";
import { span } from "./field.js";
import { isBlock, numberOf } from "./model.js";
import { full, many, sum } from "./words.js";

export class Path {
  /** Between things in either order; "" stands for the inputs, and at the end for the outputs. */
  constructor(model, from, to) {
    this.model = model;
    this.ends = [from, to];
    this.units = this.between(from, to);
    if (!this.units.length && from && to) this.units = this.between(...(this.ends = [to, from]));
    this.on = new Set(this.units);
    const [one, other] = this.ends.map((id, at) => (id ? model.called(id) : ["the input", "the output"][at]));
    this.title = `${one} → ${other}`;
    this.said = `path ${one} to ${other}: ${this.units.length ? `${many(this.units.length, "unit")}, ${this.depth} one after the other` : "there is none"}`;
  }

  /** The units on the ways, in order; a unit's inputs have smaller numbers than it. */
  between(from, to) {
    const { units, takers } = this.model;
    const reached = (id, next, order) => {
      const found = new Set(id ? this.model.unitsOf(id) : order);
      for (const unit of order) if (found.has(unit)) for (const each of next(unit)) found.add(each);
      return found;
    };
    const order = units.map((_, number) => number);
    const side = this.model.side(from || to);
    const behind = reached(from, (unit) => takers[unit], order);
    const before = reached(to, (unit) => units[unit].inputs, [...order].reverse());
    return order.filter((unit) => behind.has(unit) && before.has(unit) && this.model.side(`u${unit}`) === side);
  }

  /** Whether a thing of the figure is on it: a unit, what stands for one, or a block with some of it. */
  has(id) {
    const name = id.replace(">", "");
    return isBlock(name) ? [...this.model.unitsOf(name)].some((unit) => this.on.has(unit)) : this.on.has(numberOf(name));
  }

  /** How many units follow one another on the longest of the ways. */
  get depth() {
    const found = new Map();
    for (const unit of this.units) found.set(unit, 1 + Math.max(0, ...this.model.units[unit].inputs.map((input) => found.get(input) ?? 0)));
    return Math.max(0, ...found.values());
  }

  /** How many places of what is at the start one place in the middle of the end sees, height and width; null for all. */
  get sees() {
    const [start, end] = this.ends.map((id) => (isBlock(id) ? this.model.of(id).last : numberOf(id)));
    const both = [0, 1].map((axis) => this.along(axis, start, end));
    return both.every(Boolean) ? both : null;
  }

  along(axis, start, end) {
    const { units, sights } = this.model;
    const middle = units[end].size ? Math.floor((units[end].size[axis] - 1) / 2) : 0;
    const seen = new Map([[end, [middle, middle]]]);
    for (const unit of [...this.units].reverse()) {
      if (unit === start || !seen.has(unit)) continue;
      const reach = units[unit].reach;
      const ends = reach && seen.get(unit).map((place) => span(sights[reach[axis]], place));
      if (!ends?.every(Boolean)) return null;
      for (const input of units[unit].inputs) {
        // A map of one place is seen from everywhere.
        const [first, last] = units[input].size?.[axis] === 1 ? [0, 0] : [ends[0][0], ends[1][1]];
        const known = seen.get(input) ?? [first, last];
        seen.set(input, [Math.min(first, known[0]), Math.max(last, known[1])]);
      }
    }
    return seen.has(start) && seen.get(start)[1] - seen.get(start)[0] + 1;
  }
}

/** The ends of the path that comes when *id* is asked for behind the path between *ends*: from it to the outputs; then to
 * what is asked for next, or if that is the same, to it from the inputs; then none. */
export function nextEnds(ends, id) {
  const [start, end] = ends ?? [];
  if (start && !end) return start === id ? ["", id] : [start, id];
  return start === "" && end === id ? null : [id, ""];
}

/** What leads to the next path. */
export function toPath(model, id, act) {
  const [start, end] = nextEnds(act.ends, id) ?? [null];
  const words = start === null ? "No path" : start && end ? `Path from ${model.ownName(start)}` : start ? "Path to the output" : "Path from the input";
  return h("button", { onclick: () => act.path(nextEnds(act.ends, id)) }, words);
}

/** The card's part on it. */
export function ofPath(path, act) {
  const { model, units, ends: [from, to] } = path;
  const rows = [["units", `${units.length}, ${path.depth} one after the other`],
    ...model.measures.map(({ words, unit }, number) => [words, full(sum(units.map((each) => model.units[each].measures[number])), unit)])];
  if (from && to) rows.push(["sees", path.sees ? `${path.sees.join("×")} of the places of ${model.called(from)}` : `all of ${model.called(from)}`]);
  else if (to) rows.push(["sees", model.units[isBlock(to) ? model.of(to).last : numberOf(to)].field]);
  return h("section", { class: "path", "aria-label": "path" }, h("h2", null, dotted(path.title)),
    units.length ? h("dl", null, rows.map(([name, said]) => [h("dt", null, name), h("dd", null, said)])) : h("p", null, "No way leads from the one to the other."),
    h("div", { class: "buttons" }, h("button", { onclick: () => act.path(null) }, "No path")));
}
