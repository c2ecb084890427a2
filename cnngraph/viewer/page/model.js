// The network, and what of it is open. Things are called "u12", a unit, or "b3", a block.

import { many, sum } from "./words.js";

export const isBlock = (id) => id[0] === "b";
export const numberOf = (id) => Number(id.slice(1));

export class Model {
  constructor(data) {
    Object.assign(this, data);
    this.units = data.units.map((unit) => ({ ...data.works[unit.work], ...unit }));
    this.entered = -1;
    /** What `layout` made of open blocks. */
    this.frames = new Map();
    /** What each block holds, in order; that of the network is under -1. */
    this.inside = new Map([[-1, contents(data.chain)]]);
    data.blocks.forEach((block, number) => this.inside.set(number, contents(block.chain)));
    this.holder = new Map();
    for (const [holder, ids] of this.inside) for (const id of ids) this.holder.set(id, holder);
    this.takers = data.units.map(() => []);
    data.units.forEach((unit, number) => unit.inputs.forEach((input) => this.takers[input].push(number)));
    /** The blocks that are networks which are compared. */
    this.sides = data.sides ?? [];
    this.openAtFirst = data.open.flatMap((block) => this.alike(block));
    this.open = new Set(this.openAtFirst);
    this.marks = this.sides.length ? marks(this) : new Map();
    this.numbers = new Map(data.units.map((_, number) => [this.key(`u${number}`), number]));
  }

  of(id) {
    return isBlock(id) ? this.blocks[numberOf(id)] : this.units[numberOf(id)];
  }

  called(id) {
    return isBlock(id) ? this.of(id).path : this.of(id).name;
  }

  /** What it is called where the blocks around it are known. */
  ownName(id) {
    const holder = this.holder.get(id);
    const [name, prefix] = [this.called(id), holder < 0 || this.sides.includes(holder) ? "" : `${this.blocks[holder].path}.`];
    return name.startsWith(prefix) ? name.slice(prefix.length) : name;
  }

  /** One line for who hears it. */
  about(id) {
    const thing = this.of(id);
    const said = [thing.label, this.marks.get(id)?.kind, ...(thing.change?.said ?? [])].filter(Boolean).map((words) => `, ${words}`).join("");
    if (!isBlock(id)) return `${thing.about}, ${thing.does}${said}`;
    const what = this.sides.includes(numberOf(id)) ? "network" : "block";
    return `${what} ${thing.path}: ${[thing.volume, many(thing.count, "unit"), this.isOpen(id) ? "open" : "closed"].filter(Boolean).join(", ")}${said}`;
  }

  /** The number of the side that it is in. */
  side(id) {
    return this.sides.indexOf(numberOf(this.around(id)[0] ?? id));
  }

  /** What the one of two networks is called that it is in; "" where there is one. */
  network(id) {
    const side = this.side(id);
    return side < 0 || id === `b${this.sides[side]}` ? "" : this.blocks[this.sides[side]].path;
  }

  /** What it is called in links: no two of a kind are called the same. */
  key(id) {
    const side = this.side(id);
    return side < 0 ? this.called(id) : `${"AB"[side]}:${this.around(id).length ? this.called(id) : ""}`;
  }

  /** What it is in the other network; "" where there is no such thing. */
  partner(id) {
    if (!this.sides.length) return "";
    const depth = this.around(id).length;
    if (!depth) return `b${this.sides[1 - this.side(id)]}`;
    for (const unit of this.unitsOf(id)) {
      const partner = `u${this.units[unit].change.partner}`;
      if (partner !== "u-1") return isBlock(id) ? (this.around(partner)[depth] ?? "") : partner;
    }
    return "";
  }

  /** The letter of weights that others have, too; of a block those of all its weights, "" where it has others. */
  letter(id) {
    const weighs = [...this.unitsOf(id)].filter((unit) => this.units[unit].letter || this.units[unit].tensors.length);
    const letters = [...new Set(weighs.map((unit) => this.units[unit].letter))];
    return letters.some((each) => !each) ? "" : letters.length > 2 ? `${letters[0]}–${letters.at(-1)}` : letters.join(", ");
  }

  /** The sum of a measure over the network that *id* is in; without one over all there is. */
  total(number, id) {
    const side = id ? this.side(id) : -1;
    return sum((side < 0 ? this.units : [this.blocks[this.sides[side]]]).map((each) => each.measures[number]));
  }

  /** A block, and what it is in the other network: both are open, or none is. */
  alike(block) {
    const partner = this.sides.includes(block) ? "" : this.partner(`b${block}`);
    return partner ? [block, numberOf(partner)] : [block];
  }

  isOpen(id) {
    return isBlock(id) && this.open.has(numberOf(id));
  }

  /** Which blocks in a block are open. */
  state(block) {
    let said = "";
    for (const id of this.inside.get(block)) if (this.isOpen(id)) said += `${numberOf(id)}(${this.state(numberOf(id))})`;
    return said;
  }

  /** The blocks around it, the outermost first. */
  around(id) {
    const found = [];
    for (let holder = this.holder.get(id); holder >= 0; holder = this.blocks[holder].parent) found.unshift(`b${holder}`);
    return found;
  }

  /** What stands for it as things are open: itself, or a closed block around it; null where another block is entered. */
  shown(id) {
    let line = [...this.around(id), id];
    if (this.entered >= 0) {
      const start = line.indexOf(`b${this.entered}`);
      if (start < 0 || start === line.length - 1) return null;
      line = line.slice(start + 1);
    }
    return line.find((each) => !this.isOpen(each)) ?? id;
  }

  /** Opens what hides it; another block than is around it is left. */
  reveal(id) {
    const line = this.around(id);
    if (!line.includes(`b${this.entered}`)) this.entered = -1;
    for (const block of line) for (const each of this.alike(numberOf(block))) this.open.add(each);
  }

  /** Opens or closes a block, and with *alike* all that are called the same. */
  toggle(id, alike = false) {
    const [open, words] = [!this.isOpen(id), this.of(id).words.join(" ")];
    const meant = this.blocks.flatMap((block, number) =>
      (`b${number}` === id || (alike && block.words.join(" ") === words) ? this.alike(number) : []));
    for (const number of meant) open ? this.open.add(number) : this.open.delete(number);
  }

  /** Everything under a holder, in order, with how deep it lies; of closed blocks nothing. */
  *walk(holder = this.entered, depth = 0) {
    for (const id of this.inside.get(holder)) {
      yield [id, depth];
      if (this.isOpen(id)) yield* this.walk(numberOf(id), depth + 1);
    }
  }

  /** All units under it. */
  *unitsOf(id) {
    if (!isBlock(id)) yield numberOf(id);
    else for (const inner of this.inside.get(numberOf(id))) yield* this.unitsOf(inner);
  }

  /** Those whose tensors it takes, and those that take its own: units. */
  neighbours(id) {
    const own = new Set(this.unitsOf(id));
    const outside = (lists) => [...new Set(lists.flat())].filter((unit) => !own.has(unit));
    const units = [...own];
    return {
      before: outside(units.map((unit) => this.units[unit].inputs)),
      after: outside(units.map((unit) => this.takers[unit])),
    };
  }
}

const SIGNS = { added: "+", removed: "−", changed: "~" };

/** The marks of what was changed, by its id: of what kind, and the sign with the number that the list has. A block with
 * several marks has changed, when not all of it is new or gone. */
function marks(model) {
  const found = new Map();
  const mark = (kind, cause) => ({ kind, text: `${SIGNS[kind]}${cause === undefined ? "" : cause + 1}` });
  model.units.forEach(({ change }, number) => change.cause !== undefined && found.set(`u${number}`, mark(change.kind, change.cause)));
  model.blocks.forEach((_, number) => {
    const inside = [...model.unitsOf(`b${number}`)].map((unit) => found.get(`u${unit}`));
    const [texts, kinds] = ["text", "kind"].map((what) => new Set(inside.map((each) => each?.[what])));
    if (model.sides.includes(number) || !inside.some(Boolean)) return;
    found.set(`b${number}`, texts.size === 1 ? inside[0] : mark(kinds.size === 1 ? inside[0].kind : "changed"));
  });
  return found;
}

function contents(chain) {
  return chain.flatMap((element) => {
    if (typeof element === "number") return [`u${element}`];
    if ("b" in element) return [`b${element.b}`];
    if ("f" in element) return element.f.flatMap(([, , inner]) => contents(inner));
    return (element.s ?? element.t ?? []).flatMap(contents);
  });
}
