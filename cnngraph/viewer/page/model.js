// The network, and what of it is open. Things are called "u12", a unit, or "b3", a block.

import { many } from "./words.js";

export const isBlock = (id) => id[0] === "b";
export const numberOf = (id) => Number(id.slice(1));

export class Model {
  constructor(data) {
    Object.assign(this, data);
    this.units = data.units.map((unit) => ({ ...data.works[unit.work], ...unit }));
    this.openAtFirst = data.open;
    this.open = new Set(data.open);
    this.entered = -1;
    /** What each block holds, in order; that of the network is under -1. */
    this.inside = new Map([[-1, contents(data.chain)]]);
    data.blocks.forEach((block, number) => this.inside.set(number, contents(block.chain)));
    this.holder = new Map();
    for (const [holder, ids] of this.inside) for (const id of ids) this.holder.set(id, holder);
    this.takers = data.units.map(() => []);
    data.units.forEach((unit, number) => unit.inputs.forEach((input) => this.takers[input].push(number)));
    this.numbers = new Map(data.units.map((unit, number) => [unit.name, number]));
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
    const [name, prefix] = [this.called(id), holder < 0 ? "" : `${this.blocks[holder].path}.`];
    return name.startsWith(prefix) ? name.slice(prefix.length) : name;
  }

  /** One line for who hears it. */
  about(id) {
    const thing = this.of(id);
    if (!isBlock(id)) return `${thing.about}, ${thing.does}`;
    return `block ${thing.path}: ${thing.volume}, ${many(thing.count, "unit")}, ${this.isOpen(id) ? "open" : "closed"}`;
  }

  isOpen(id) {
    return isBlock(id) && this.open.has(numberOf(id));
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
    for (const block of line) this.open.add(numberOf(block));
  }

  /** Opens or closes a block, and with *alike* all that are called the same. */
  toggle(id, alike = false) {
    const [open, words] = [!this.isOpen(id), this.of(id).words.join(" ")];
    this.blocks.forEach((block, number) => {
      if (`b${number}` !== id && !(alike && block.words.join(" ") === words)) return;
      if (open) this.open.add(number);
      else this.open.delete(number);
    });
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

function contents(chain) {
  return chain.flatMap((element) => {
    if (typeof element === "number") return [`u${element}`];
    if ("b" in element) return [`b${element.b}`];
    if ("f" in element) return element.f.flatMap(([, , inner]) => contents(inner));
    return (element.s ?? element.t ?? []).flatMap(contents);
  });
}
