// A fork and what its branches meet in: lanes one under the other, and what passes the work by as arcs above them.

import { Path } from "./wires.js";

const GAP = 26, WIDEST = 64, BETWEEN = 14, BEND = 9, PITCH = 10;

/** *branches* are [is an arc, has weights, chain]; *after* is what they meet in. */
export function fork(maker, branches, after, width, sourced) {
  const join = maker.part(after, width, true);
  const gutter = branches.filter(([isArc]) => !isArc).length > 1 ? WIDEST : GAP;
  const room = Math.max(width - join.w - 2 * gutter, 2.5 * maker.box);
  const made = branches.map(([isArc, weighs, chain], number) => {
    const part = chain.length ? maker.row(chain, room, sourced) : null;
    return { part, number, isArc, weighs, h: part?.h ?? 0, in: part?.in ?? 0, out: part?.out ?? 0 };
  });
  let [lanes, arcs] = [made.filter((each) => !each.isArc), made.filter((each) => each.isArc)];
  if (!lanes.length) [lanes, arcs] = [arcs.slice(0, 1), arcs.slice(1)];
  arcs.sort((one, other) => Boolean(one.part) - Boolean(other.part) || other.number - one.number);
  return new Fork(lanes, arcs, join, sourced);
}

class Fork {
  constructor(lanes, arcs, join, sourced) {
    Object.assign(this, { lanes, arcs, join, sourced, last: join.last, trunk: sourced, kind: "fork" });
    this.first = sourced ? join.first : (lanes[0].part?.first ?? join.first);
    let y = 0;
    for (const lane of lanes) {
      lane.y = y;
      y += lane.h + BETWEEN;
    }
    const high = y - BETWEEN;
    const [top, bottom] = [lanes[0], lanes.at(-1)];
    let axis = (top.y + top.in + bottom.y + bottom.in) / 2;
    let end = (top.y + top.out + bottom.y + bottom.out) / 2;
    let joinTop = end - join.in;
    let roof = Math.min(0, joinTop);
    for (const arc of arcs) {
      arc.y = roof - BETWEEN - arc.h;
      roof = arc.part ? arc.y : arc.y - 4;
    }
    const floor = Math.max(high, joinTop + join.h);
    for (const each of [...lanes, ...arcs]) each.y -= roof;
    Object.assign(this, { in: axis - roof, end: end - roof, joinTop: joinTop - roof, h: floor - roof });
    this.out = this.joinTop + join.out;
    const gutter = Math.max(GAP, Math.min(0.22 * (lanes.length > 1 ? high : 0) + 16, WIDEST));
    this.left = sourced ? gutter : 0;
    this.inner = Math.max(0, ...[...lanes, ...arcs].map(({ part }) => part?.w ?? 0));
    this.joinX = this.left + this.inner + gutter;
    this.gutter = gutter;
    this.w = this.joinX + join.w;
    this.right = join.right;
  }

  draw(x, y, from, out) {
    this.lanes.forEach((lane, number) => this.lane(lane, number, x, y, from, out));
    this.arcs.forEach((arc, number) => this.arc(arc, number, x, y, from, out));
    this.join.draw(x + this.joinX, y + this.joinTop, "", out);
  }

  /** How far below its axis the lines of lanes meet what they meet in: side by side, but at a sign. */
  fan(number, count) {
    if (this.join.kind === "sign") return 0;
    const high = 2 * Math.min(this.join.in - (this.join.top ?? 0), this.join.h - this.join.in);
    return (number - (count - 1) / 2) * Math.min(PITCH, (0.8 * high) / count);
  }

  lane(lane, number, x, y, from, out) {
    const [left, right] = [x + this.left, x + this.left + this.inner];
    const tip = [x + this.joinX, y + this.end + this.fan(number, this.lanes.length + (this.join.kind === "frame" ? this.arcs.length : 0))];
    const { part } = lane;
    if (!part) {
      const path = new Path([x, y + this.in]).turn(left, y + lane.y).line(right, y + lane.y).turn(...tip);
      return out.into(from, this.join, path);
    }
    // In one column before what they meet in; inputs begin in one.
    const begin = this.sourced ? right - part.w : left;
    const [level, leaves] = [y + lane.y + part.in, [begin + part.w - part.right, y + lane.y + part.out]];
    if (this.sourced) out.into(from, part, new Path([x, y + this.in]).turn(left, level).line(begin, level));
    part.draw(begin, y + lane.y, from, out);
    out.into(part.last, this.join, new Path(leaves).line(right, leaves[1]).turn(...tip));
  }

  /** Up from a dot behind the source, along, and down onto what it meets. */
  arc(arc, number, x, y, from, out) {
    const { part } = arc;
    const count = this.arcs.length;
    const level = y + arc.y + arc.in;
    const tap = x + (0.42 - 0.2 * (number / count)) * this.gutter;
    const ends = this.landing(number, x, y);
    const begin = new Path([x, y + this.in]);
    if (!part) return out.into(from, this.join, begin.round([[tap, y + this.in], [tap, level], [ends[0][0], level], ...ends], BEND));
    const middle = (tap + ends[0][0] - part.w) / 2;
    out.into(from, part, begin.round([[tap, y + this.in], [tap, level], [middle, level]], BEND), Boolean(arc.weighs));
    part.draw(middle, y + arc.y, from, out);
    const leaves = [middle + part.w - part.right, y + arc.y + part.out];
    out.into(part.last, this.join, new Path(leaves).round([[ends[0][0], leaves[1]], ...ends], BEND), Boolean(arc.weighs));
  }

  /** The last points of an arc: down onto a box or a sign; a frame is entered from the left. */
  landing(number, x, y) {
    const count = this.arcs.length;
    if (this.join.kind !== "frame") {
      const onto = x + this.joinX + this.join.w / 2 + (number - (count - 1) / 2) * PITCH;
      return [[onto, y + this.joinTop + (this.join.top ?? 0)]];
    }
    const tip = y + this.end + this.fan(this.lanes.length + number, this.lanes.length + count);
    const before = x + this.joinX - 10 - 6 * number;
    return [[before, tip], [x + this.joinX, tip]];
  }
}
