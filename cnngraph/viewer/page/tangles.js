// What is neither a chain nor forks: nodes in columns, in the order that Python settled; every line leads to the right.

import { heights } from "./heights.js";
import { sum } from "./words.js";
import { Path } from "./wires.js";

const GAP = 26, WIDEST = 60, BETWEEN = 14, PASS = 8, PITCH = 10;

export function tangle(maker, element, width, sourced) {
  const led = element.t.map(() => false);
  for (const [source, target] of element.links) if (source >= 0 || sourced) led[target] = true;
  const nodes = element.t.map((chain, number) => maker.row(chain, width / 2, led[number]));
  return new Tangle(nodes, element, sourced);
}

class Tangle {
  constructor(nodes, { links, columns, order }, sourced) {
    Object.assign(this, { nodes, links, columns, sourced, trunk: sourced, kind: "tangle", right: 0 });
    this.last = nodes.at(-1).last;
    this.first = nodes[0].first;
    /** Places by column; one that a tensor passes has its source's number and lets it through. */
    this.order = order.map((column, number) => column.map(([node, passes]) => placeName(node, number, passes)));
    this.paths = links.map(([source, target]) => {
      const [start, stop] = [source < 0 ? -1 : columns[source], columns[target]];
      const inner = [];
      for (let column = start + 1; column < stop; column += 1) inner.push(placeName(source, column, 1));
      return [...(source < 0 ? [] : [placeName(source, start, 0)]), ...inner, placeName(target, stop, 0)];
    });
    const size = (name) => {
      const [node, , passes] = parsed(name);
      return passes ? [PASS, PASS] : [nodes[node].in, nodes[node].h - nodes[node].in];
    };
    const steps = [...new Set(this.paths.flatMap((path) => path.slice(1).map((there, at) => `${path[at]}>${there}`)))].map((each) => each.split(">"));
    const led = this.paths.filter((_, number) => links[number][0] < 0).map(([first]) => first);
    const fixed = placeName(nodes.length - 1, columns.at(-1), 0);
    this.y = heights({ order: this.order, steps, size, between: BETWEEN, led: new Set(led), fixed });
    const up = Math.max(...[...this.y].map(([name, y]) => size(name)[0] - y));
    const down = Math.max(...[...this.y].map(([name, y]) => size(name)[1] + y));
    this.in = up;
    this.h = up + down;
    this.out = up + nodes.at(-1).out - nodes.at(-1).in;
    this.widths = order.map(() => 0);
    nodes.forEach((node, number) => (this.widths[columns[number]] = Math.max(this.widths[columns[number]], node.w)));
    const spans = order.map(() => 0);
    const spread = (name, from) => (spans[parsed(name)[1]] = Math.max(spans[parsed(name)[1]], Math.abs(this.y.get(name) - from)));
    for (const [here, there] of steps) spread(there, this.y.get(here));
    for (const first of led) spread(first, 0);
    const gutters = spans.map((span, at) => (at || sourced ? Math.max(GAP, Math.min(0.22 * span + 16, WIDEST)) : 0));
    this.lefts = order.map((_, at) => sum(gutters.slice(0, at + 1)) + sum(this.widths.slice(0, at)));
    this.w = sum(gutters) + sum(this.widths);
    this.right = (this.widths.at(-1) - nodes.at(-1).w) / 2 + nodes.at(-1).right;
  }

  /** The left border of a node. */
  x(node) {
    const column = this.columns[node];
    return this.lefts[column] + (this.widths[column] - this.nodes[node].w) / 2;
  }

  draw(x, y, from, out) {
    const axis = y + this.in;
    const sources = this.nodes.map(() => "");
    for (const [source, target] of this.links) sources[target] = source < 0 ? from : this.nodes[source].last;
    this.nodes.forEach((node, number) => {
      const place = placeName(number, this.columns[number], 0);
      node.draw(x + this.x(number), axis + this.y.get(place) - node.in, sources[number], out);
    });
    const ports = this.ports();
    this.links.forEach(([source], number) => {
      if (source >= 0 || this.sourced) this.link(number, ports[number], x, axis, from, out);
    });
  }

  /** How far below the axis of its target each link ends: side by side, in the order of where it comes from. */
  ports() {
    const found = this.links.map(() => 0);
    this.nodes.forEach((node, target) => {
      const into = this.links.flatMap(([, each], number) => (each === target ? [number] : []));
      const from = (number) => this.y.get(this.paths[number].at(-2)) ?? 0;
      const room = node.kind === "box" || node.kind === "frame" ? 1.6 * Math.min(node.in, 20) : 0;
      into.sort((one, other) => from(one) - from(other) || one - other).forEach((number, rank) => {
        found[number] = (rank - (into.length - 1) / 2) * Math.min(PITCH, room / into.length);
      });
    });
    return found;
  }

  /** Turns in the gutters only, and runs straight through columns. */
  link(number, port, x, axis, from, out) {
    const [source, target] = this.links[number];
    const path = [...this.paths[number]];
    let line = new Path([x, axis]);
    if (source >= 0) {
      const node = this.nodes[source];
      const level = axis + this.y.get(path.shift()) + node.out - node.in;
      const column = this.columns[source];
      line = new Path([x + this.x(source) + node.w - node.right, level]).line(x + this.lefts[column] + this.widths[column], level);
    }
    for (const place of path.slice(0, -1)) {
      const left = x + this.lefts[parsed(place)[1]];
      line.turn(left, axis + this.y.get(place)).line(left + this.widths[parsed(place)[1]], axis + this.y.get(place));
    }
    const tip = axis + this.y.get(path.at(-1)) + port;
    line.turn(x + this.lefts[this.columns[target]], tip).line(x + this.x(target), tip);
    out.into(source < 0 ? from : this.nodes[source].last, this.nodes[target], line);
  }
}

const placeName = (node, column, passes) => `${node}/${column}/${passes}`;
const parsed = (name) => name.split("/").map(Number);
