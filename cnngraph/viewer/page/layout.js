// Where everything lies, for what is open. A part knows its size; it has a way in on the left, `in` below its top, and a
// way out on the right, `out` below it and `right` before its border. Parts are measured first and then drawn, so that
// nothing overlaps. A part that is a `trunk` leads the line that comes in on by itself, to each of what it begins with.

import { fork } from "./forks.js";
import { numberOf } from "./model.js";
import { row } from "./rows.js";
import { tangle } from "./tangles.js";
import { fitted, SMALL, widthOf, WORDS } from "./text.js";
import { Out } from "./wires.js";

const MARGIN = 24, LINE = 17, SIGN = 22, CAPTION = 16, HEAD = 28, PAD = 16, APART = 40, ARC = 9, CORNER = 22, AIR = 8, FACE = 64;
const LEAST = 76, MOST = 156;
const MOST_KNOWN = 4000;
/** From how wide a pane on two networks stand beside one another. */
const BROAD = 1000;

/** Boxes, frames and lines, and how large it all is. */
export function layout(model, width) {
  const maker = new Maker(model);
  let room = Math.max(width - 2 * MARGIN, 4 * LEAST);
  let part = maker.root(room);
  // What is wider than asked for, as deep forks are, need not be broken as if it were not.
  for (let turn = 0; turn < 2 && part.w > room; turn += 1) part = maker.root((room = part.w));
  const out = new Out();
  part.draw(MARGIN, MARGIN, "", out);
  return { boxes: out.boxes, frames: out.frames, wires: out.wires, width: part.w + 2 * MARGIN, height: part.h + 2 * MARGIN };
}

class Maker {
  constructor(model) {
    this.model = model;
    this.box = model.boxWidth ??= boxWidth(model);
  }

  root(width) {
    const entered = this.model.entered;
    const chain = entered < 0 ? this.model.chain : this.model.blocks[entered].chain;
    this.named = entered >= 0;
    return this.whole(chain, width);
  }

  /** A network: what has nothing to do with one another stands apart. Two that are compared stand beside one another where
   * there is room. */
  whole(chain, width) {
    const apart = chain[0]?.s ?? [];
    const chains = [apart.length ? chain.slice(1) : chain, ...apart].filter((each) => each.length);
    const beside = width >= BROAD && this.model.sides.includes(chains[1]?.[0].b);
    const parts = chains.map((each) => this.row(each, beside ? (width - APART) / 2 : width, false));
    return beside ? abreast(parts) : stacked(parts);
  }

  row(chain, width, sourced) {
    return row(this, chain, width, sourced);
  }

  /** Of one element; *after* is the one behind a fork, which is part of it. */
  part(element, width, sourced, after) {
    if (typeof element === "number") return this.unit(`u${element}`);
    if ("b" in element) return this.block(`b${element.b}`, width);
    if ("f" in element) return fork(this, element.f, after, width, sourced);
    if ("t" in element) return tangle(this, element, width, sourced);
    if ("p" in element) return this.port(element.p);
    return label("exit", `o${element.o}`, element.o);
  }

  unit(id) {
    const unit = this.model.of(id);
    if (unit.sign) return plain(id, SIGN, SIGN, "sign", { sign: unit.sign });
    return this.boxed(id, unit.words, unit.volume, { face: this.face(numberOf(id)) });
  }

  block(id, width) {
    const block = this.model.of(id);
    if (this.model.isOpen(id)) return this.known(id, width, () => this.frame(id, block, width));
    return this.boxed(id, block.words, block.volume, { top: block.shortcut ? ARC : 0, corner: CORNER, face: this.face(block.last) });
  }

  /** Where a picture goes through, the strongest map that a unit makes of it. */
  face(number) {
    const { live, units } = this.model;
    const face = units[number].role === "input" ? live?.picture : live?.sheets[number]?.face;
    if (!face) return null;
    const fit = Math.min((this.box - 2 * AIR) / face.wide, FACE / face.high);
    return { url: face.url, w: face.wide * fit, h: face.high * fit };
  }

  /** Words in a box and a volume below it; *top* is what it wears above, *corner* what the sign there takes of its width,
   * *face* a picture of what it makes. */
  boxed(id, words, volume, { top = 0, corner = 0, face = null }) {
    const lines = words.map((line) => fitted(line, WORDS, this.box - 14 - corner));
    const high = Math.max(2, lines.length) * LINE + 14 + (face ? face.h + AIR : 0);
    const made = plain(id, this.box, high, "box", { lines, face, caption: fitted(volume, SMALL, this.box + 12) });
    const draw = (x, y, from, out) => made.draw(x, y + top, from, out);
    return { ...made, h: top + high + CAPTION, in: top + high / 2, out: top + high / 2, top, draw };
  }

  /** An open block, made anew only where something in it opened or closed. */
  known(id, width, make) {
    const { frames } = this.model;
    if (frames.size > MOST_KNOWN) frames.clear();
    const key = `${id} ${width} ${this.model.state(numberOf(id))}`;
    return frames.get(key) ?? frames.set(key, make()).get(key);
  }

  /** An open block: what is in it, in a frame with its name above. */
  frame(id, block, width) {
    const inner = Object.assign(Object.create(this), { named: block.takes > 1 });
    const isSide = this.model.sides.includes(numberOf(id));
    const inside = isSide ? inner.whole(block.chain, width - 3 * PAD) : inner.row(block.chain, width - 2 * PAD, false);
    const name = fitted(block.label ?? this.model.ownName(id), WORDS, 240);
    // The line that comes into a block is air enough.
    const left = isSide ? PAD : 0;
    const w = Math.max(left + inside.w + PAD, widthOf(name, WORDS) + 60);
    const y = HEAD + (inside.trunk ? 8 : 0) + (this.model.marks.size ? 8 : 0);
    return {
      w, h: y + inside.h + PAD, in: y + inside.in, out: y + inside.out, right: 0, first: id, last: id, kind: "frame",
      draw(x, top, from, out) {
        out.frames.push({ id, x, y: top, w, h: this.h, name, made: {} });
        if (!this.drawn) inside.draw(left, y, "", (this.drawn = new Out()));
        out.add(this.drawn, x, top);
        if (isSide) return;
        const end = [x + inside.w - inside.right, top + this.out];
        out.line(inside.last, `${id}>`, [end, [x + w, top + this.out]]);
      },
    };
  }

  /** Where a tensor comes into a block; with its name where there are several, or nothing outside is seen. */
  port(unit) {
    if (!this.named) return { ...plain(`p${unit}`, 0, 0, "port"), draw() {} };
    return label("port", `p${unit}`, this.model.units[unit].name);
  }
}

/** What has its ways in and out in the middle of what is drawn. */
function plain(id, w, h, kind, rest = {}) {
  return {
    w, h, in: h / 2, out: h / 2, right: 0, first: id, last: id, kind,
    draw: (x, y, from, out) => out.boxes.push({ id, kind, x, y, w, h, ...rest }),
  };
}

function label(kind, id, text) {
  const shown = fitted(text, SMALL, 180);
  return plain(id, widthOf(shown, SMALL) + 8, 18, kind, { text: shown });
}

/** Parts that have nothing to do with one another, one under the other. */
function stacked(parts) {
  const [first, ...others] = parts;
  if (!others.length) return first;
  let y = 0;
  const tops = parts.map((part) => {
    const top = y;
    y += part.h + APART;
    return top;
  });
  return {
    ...first, w: Math.max(...parts.map((part) => part.w)), h: y - APART,
    draw: (x, top, from, out) => parts.forEach((part, number) => part.draw(x, top + tops[number], "", out)),
  };
}

/** The same beside one another. */
function abreast(parts) {
  const [one, other] = parts;
  const left = Math.max(one.w, (one.w + other.w) / 2) + APART;
  return { ...one, w: left + other.w, h: Math.max(one.h, other.h), draw: (x, y, from, out) => parts.forEach((part, at) => part.draw(x + at * left, y, "", out)) };
}

/** Of all boxes, wide enough for the words of most: the same whatever is open. */
function boxWidth(model) {
  const room = (things, air) => things.map(({ words, volume }) => Math.max(...words.map((line) => widthOf(line, WORDS) + air), widthOf(volume, SMALL)));
  const natural = [...room(model.units.filter((unit) => !unit.sign), 18), ...room(model.blocks.filter((_, number) => !model.sides.includes(number)), 18 + CORNER)];
  return Math.min(MOST, Math.max(LEAST, ...natural));
}
