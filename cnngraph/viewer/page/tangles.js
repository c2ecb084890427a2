// What is neither a chain nor forks: nodes in columns, in the order that Python settled; every line leads to the right.

import { heights } from "./heights.js";
import { sum } from "./words.js";
import { Path } from "./wires.js";

const GAP = 26, WIDEST = 60, BETWEEN = 14, PASS = 8, PITCH = 10;

export function tangle(maker, element, width, sourced) {
  const led = new Set(element.links.filter(([source]) => source >= 0 || sourced).map(([, target]) => target));
  return new Tangle(element.t.map((chain, number) => maker.row(chain, width / 2, led.has(number))), element, sourced);
}

class Tangle {
  constructor(nodes, { links, places, paths, steps }, sourced) {
    Object.assign(this, { nodes, links, places, paths, sourced, trunk: sourced, kind: "tangle", first: nodes[0].first, last: nodes.at(-1).last });
    const columns = [];
    /** The place of each node. */
    this.own = [];
    places.forEach(([node, column, passes], number) => {
      (columns[column] ??= []).push(number);
      if (!passes) this.own[node] = number;
    });
    const sizes = places.map(([node, , passes]) => (passes ? [PASS, PASS] : [nodes[node].in, nodes[node].h - nodes[node].in]));
    const led = new Set(paths.filter((_, number) => links[number][0] < 0).map(([first]) => first));
    this.y = heights({ columns, steps, sizes, led, passes: places.map(([, , passes]) => passes), between: BETWEEN, fixed: this.own.at(-1) });
    this.in = Math.max(...sizes.map(([up], place) => up - this.y[place]));
    this.h = this.in + Math.max(...sizes.map(([, down], place) => down + this.y[place]));
    this.out = this.in + nodes.at(-1).out - nodes.at(-1).in;
    this.widths = columns.map((column) => Math.max(0, ...column.map((place) => (places[place][2] ? 0 : nodes[places[place][0]].w))));
    const spans = columns.map(() => 0);
    for (const [here, there] of [...steps, ...[...led].map((place) => [null, place])]) {
      const column = places[there][1];
      spans[column] = Math.max(spans[column], Math.abs(this.y[there] - (here === null ? 0 : this.y[here])));
    }
    const gutters = spans.map((span, at) => (at || sourced ? Math.max(GAP, Math.min(0.22 * span + 16, WIDEST)) : 0));
    this.lefts = columns.map((_, at) => sum(gutters.slice(0, at + 1)) + sum(this.widths.slice(0, at)));
    this.w = sum(gutters) + sum(this.widths);
    this.right = (this.widths.at(-1) - nodes.at(-1).w) / 2 + nodes.at(-1).right;
  }

  /** The borders of the column that a place is in. */
  column(place) {
    const number = this.places[place][1];
    return [this.lefts[number], this.lefts[number] + this.widths[number]];
  }

  /** The left border of a node. */
  x(node) {
    const [left, right] = this.column(this.own[node]);
    return (left + right - this.nodes[node].w) / 2;
  }

  draw(x, y, from, out) {
    const axis = y + this.in;
    this.nodes.forEach((node, number) => {
      const [source] = this.links.find(([, target]) => target === number) ?? [-1];
      node.draw(x + this.x(number), axis + this.y[this.own[number]] - node.in, source < 0 ? from : this.nodes[source].last, out);
    });
    this.nodes.forEach((node, target) => this.into(node, target, x, axis, from, out));
  }

  /** The lines into a node end side by side, in the order of where they come from. */
  into(node, target, x, axis, from, out) {
    const height = (number) => this.y[this.paths[number].at(-2)] ?? 0;
    const links = this.links.flatMap(([, each], number) => (each === target ? [number] : []));
    const room = node.kind === "box" || node.kind === "frame" ? 1.6 * Math.min(node.in, 20) : 0;
    links.sort((one, other) => height(one) - height(other) || one - other).forEach((number, rank) => {
      const port = (rank - (links.length - 1) / 2) * Math.min(PITCH, room / links.length);
      if (this.links[number][0] >= 0 || this.sourced) this.link(number, port, x, axis, from, out);
    });
  }

  /** Turns in the gutters only, and runs straight through columns. */
  link(number, port, x, axis, from, out) {
    const [source, target] = this.links[number];
    const [path, node] = [[...this.paths[number]], this.nodes[source]];
    let line = new Path([x, axis]);
    if (node) {
      const place = path.shift();
      const level = axis + this.y[place] + node.out - node.in;
      line = new Path([x + this.x(source) + node.w - node.right, level]).line(x + this.column(place)[1], level);
    }
    const end = path.pop();
    for (const place of path) {
      const [left, right] = this.column(place);
      line.turn(x + left, axis + this.y[place]).line(x + right, axis + this.y[place]);
    }
    const tip = axis + this.y[end] + port;
    line.turn(x + this.column(end)[0], tip).line(x + this.x(target), tip);
    out.into(node ? node.last : from, this.nodes[target], line);
  }
}
