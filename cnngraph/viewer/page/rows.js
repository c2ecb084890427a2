// Parts one after the other, in as many lines as the width asks for. A line goes on in the next one by a way around.

import { Path } from "./wires.js";

const GAP = 26, LEAD = 26, TURN = 12, BETWEEN = 30;
/** Of ways to outputs below a line: where in the gap they leave, how far they are moved in, the air around them. */
const TAP = 9, INDENT = 22, AIR = 22;

/** *chain* in lines of at most *width*; *sourced* says whether a line comes in. */
export function row(maker, chain, width, sourced) {
  const stops = stopsOf(maker, chain, width, sourced);
  const lines = broken(stops, width).map(([start, stop]) => new Line(stops.slice(start, stop), start > 0, stop < stops.length));
  let y = 0;
  for (const line of lines) {
    line.axis = y + line.up;
    y += line.up + line.down + BETWEEN;
  }
  const [first, last] = [lines[0], lines.at(-1)];
  const w = Math.max(...lines.map((line) => line.width));
  return {
    w, h: y - BETWEEN, in: first.axis, out: last.axis + last.fall, right: w - last.reach,
    first: stops[0].part.first, last: stops.at(-1).part.last, trunk: stops[0].part.trunk, kind: stops[0].part.kind,
    draw: (x, top, from, out) => lines.forEach((line, number) => {
      const before = lines[number - 1];
      if (before) around(before, line, x, top, out);
      line.draw(x, top + line.axis, before ? before.stops.at(-1).part.last : from, out);
    }),
  };
}

function stopsOf(maker, chain, width, sourced) {
  const stops = [];
  for (let number = 0; number < chain.length; number += 1) {
    const element = chain[number];
    if (element.s) {
      stops.at(-1).sides = element.s.map((side) => maker.row(side, width, true));
      continue;
    }
    const part = maker.part(element, width, sourced || number > 0, chain[number + 1]);
    if (element.f) number += 1;
    stops.push({ part, sides: [] });
  }
  return stops;
}

/** How wide the stops from *start* to *stop* are on a line, and how much behind each. */
function* reaches(stops, start) {
  let x = start ? LEAD : 0, widest = 0;
  for (let at = start; at < stops.length; at += 1) {
    const { part, sides } = stops[at];
    x += (at > start ? gap(stops[at - 1], part) : 0) + part.w;
    for (const side of sides) widest = Math.max(widest, x - part.right + TAP + INDENT + side.w);
    yield Math.max(x, widest) + (at + 1 < stops.length ? TURN : 0);
  }
}

const gap = (before, part) => (part.trunk && !before.sides.length ? 0 : GAP);

/** As few lines as the width allows, and with so many the narrowest: pairs of a first stop and the one behind the last. */
function broken(stops, width) {
  const cut = (most) => {
    const found = [];
    for (let start = 0; start < stops.length; ) {
      let stop = start;
      for (const reach of reaches(stops, start)) {
        if (reach > most && stop > start) break;
        stop += 1;
      }
      found.push([start, stop]);
      start = stop;
    }
    return found;
  };
  const found = cut(width);
  if (found.length === 1) return found;
  let [low, high] = [0, width];
  for (let turn = 0; turn < 8; turn += 1) {
    const middle = (low + high) / 2;
    if (cut(middle).length <= found.length) high = middle;
    else low = middle;
  }
  return cut(high);
}

class Line {
  constructor(stops, continues, goesOn) {
    this.stops = stops;
    this.up = this.down = 0;
    let x = continues ? LEAD : 0, axis = 0;
    this.places = stops.map(({ part }, number) => {
      if (number) x += gap(stops[number - 1], part);
      const place = { x, y: axis - part.in, end: [x + part.w - part.right, axis - part.in + part.out] };
      this.up = Math.max(this.up, -place.y);
      this.down = Math.max(this.down, place.y + part.h);
      x += part.w;
      axis = place.end[1];
      return place;
    });
    this.reach = this.places.at(-1).end[0];
    /** How far the axis of its end is below that of its start. */
    this.fall = axis;
    this.hang();
    this.width = Math.max(x, ...this.hung.map(({ begin, side }) => begin + side.w)) + (goesOn ? TURN : 0);
  }

  /** Ways to outputs lie below, from right to left each in the highest lane that is free, and below what leaves with it:
   * so no line down to one passes through another. */
  hang() {
    this.hung = [];
    const free = [], lanes = [];
    for (let number = this.stops.length - 1; number >= 0; number -= 1) {
      let lane = 0;
      for (const side of this.stops[number].sides) {
        const tap = this.places[number].end[0] + TAP;
        const begin = tap + INDENT;
        while (lane < free.length && begin + side.w + TAP > free[lane]) lane += 1;
        for (let upper = 0; upper <= lane; upper += 1) free[upper] = tap - TAP;
        (lanes[lane] ??= []).push(side);
        this.hung.push({ number, tap, begin, side, lane });
        lane += 1;
      }
    }
    const tops = lanes.map((sides) => {
      const top = this.down + AIR;
      this.down = top + Math.max(...sides.map((side) => side.h));
      return top;
    });
    for (const each of this.hung) each.y = tops[each.lane];
  }

  draw(x, axis, from, out) {
    this.stops.forEach(({ part }, number) => {
      const place = this.places[number];
      part.draw(x + place.x, axis + place.y, from, out);
      const before = this.places[number - 1];
      if (before && before.end[0] < place.x) {
        out.into(from, part, new Path([x + before.end[0], axis + before.end[1]]).line(x + place.x, axis + before.end[1]));
      }
      from = part.last;
    });
    for (const { number, tap, begin, side, y } of this.hung) {
      const [, level] = this.places[number].end;
      const source = this.stops[number].part.last;
      const path = new Path([x + this.places[number].end[0], axis + level]);
      path.round([[x + tap, axis + level], [x + tap, axis + y + side.in], [x + begin, axis + y + side.in]]);
      out.into(source, side, path);
      side.draw(x + begin, axis + y, source, out);
    }
  }
}

/** From the end of one line to the start of the next: right, down, back, and down again. */
function around(line, next, x, top, out) {
  const end = [x + line.reach, top + line.axis + line.fall];
  const right = x + line.width;
  const middle = top + line.axis + line.down + BETWEEN / 2;
  const tip = [x + LEAD, top + next.axis];
  const path = new Path(end).round([[right, end[1]], [right, middle], [x + TURN / 2, middle], [x + TURN / 2, tip[1]], tip]);
  out.into(line.stops.at(-1).part.last, next.stops[0].part, path);
}
