// What is drawn: boxes, frames, and the lines between them. What is drawn again at another place has the same `made`, in
// which its drawing is kept.

/** How much before the tip of an arrow its line ends. */
const HEAD = 6;

export class Out {
  constructor() {
    this.boxes = [];
    this.frames = [];
    this.wires = [];
  }

  wire(wire) {
    this.wires.push({ ...wire, made: {} });
  }

  /** All of *other*, moved. */
  add(other, dx, dy) {
    for (const what of ["boxes", "frames", "wires"]) for (const each of other[what]) this[what].push({ ...each, x: each.x + dx, y: each.y + dy });
  }

  /** From *from* into *part*, at the end of *path*; a trunk goes on from there. */
  into(from, part, path, dashed = false) {
    const [x, y] = path.start;
    if (part.trunk) this.wire({ from, to: null, x, y, d: path.text, dashed });
    else if (part.kind === "port") return;
    else if (part.kind === "frame") this.wire({ from, to: part.first, x, y, d: path.text, dashed });
    else this.wire({ from, to: part.first, x, y, d: path.before(HEAD).text, tip: [path.end[0] - x, path.end[1] - y], down: path.down, dashed });
  }

  /** Straight, from one point to another, without a head. */
  line(from, to, [start, end]) {
    this.wire({ from, to, x: start[0], y: start[1], d: new Path(start).line(...end).text });
  }
}

/** The way of a line, step by step. */
export class Path {
  constructor([x, y]) {
    this.steps = [];
    this.start = this.end = [x, y];
  }

  step(letter, points, end) {
    this.steps.push({ letter, points });
    this.end = end;
    return this;
  }

  line(x, y) {
    if (x === this.end[0] && y === this.end[1]) return this;
    this.down = x === this.end[0];
    return this.step("L", [x, y], [x, y]);
  }

  /** To another height, level at both ends. */
  turn(x, y) {
    if (Math.abs(y - this.end[1]) < 0.5) return this.line(x, y);
    const middle = (this.end[0] + x) / 2;
    this.down = false;
    return this.step("C", [middle, this.end[1], middle, y, x, y], [x, y]);
  }

  /** By way of right angles that are rounded, through *points*. */
  round(points, radius = 8) {
    points.forEach(([x, y], number) => {
      const next = points[number + 1];
      const [dx, dy] = [x - this.end[0], y - this.end[1]];
      const far = Math.hypot(dx, dy);
      if (!next || far < 0.5) return void this.line(x, y);
      const [nx, ny] = [next[0] - x, next[1] - y];
      const r = Math.min(radius, far / 2, Math.hypot(nx, ny) / 2);
      this.line(x - (dx / far) * r, y - (dy / far) * r);
      const on = Math.hypot(nx, ny) || 1;
      const to = [x + (nx / on) * r, y + (ny / on) * r];
      this.step("Q", [x, y, ...to], to);
    });
    return this;
  }

  /** The same, ended a bit earlier, where a head covers the rest. */
  before(by) {
    const last = this.steps.at(-1);
    const [x, y] = this.end;
    if (!last) return this;
    const end = this.down ? [x, y - by] : [x - by, y];
    return Object.assign(new Path(this.start), {
      steps: [...this.steps.slice(0, -1), { letter: last.letter, points: [...last.points.slice(0, -2), ...end] }],
      end: this.end, down: this.down,
    });
  }

  /** As SVG has it, from the start on. */
  get text() {
    let text = "M0 0";
    for (const { letter, points } of this.steps) {
      text += letter;
      for (let at = 0; at < points.length; at += 1) text += `${Math.round((points[at] - this.start[at % 2]) * 10) / 10} `;
    }
    return text;
  }
}
