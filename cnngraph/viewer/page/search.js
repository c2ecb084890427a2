// What is looked for: words in names, operations and volumes, or a number of parameters or of another measure.

const TIMES = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** What tells whether a thing is meant; null where nothing is asked. `>1M`, `< 10k macs` and words. */
function wanted(model, asked) {
  const words = asked.trim().toLowerCase();
  const number = /^([<>])\s*([\d.]+)\s*([kmgt]?)\s*([a-z]*)/.exec(words);
  if (!words) return null;
  if (number) {
    const [, sign, digits, prefix, named] = number;
    const limit = Number(digits) * TIMES[prefix];
    const found = model.measures.findIndex((each) => [each.words, each.unit].some((name) => name.toLowerCase().startsWith(named)));
    const measure = named ? found : 0;
    return ({ measures }) => measure >= 0 && (sign === ">" ? measures[measure] > limit : measures[measure] < limit);
  }
  const all = words.replaceAll("x", "×").split(/\s+/);
  const said = ({ name, path, does, words: lines, volume, role }) =>
    [name ?? path, does ?? "block", ...lines, volume, role ?? ""].join(" ").toLowerCase().replaceAll("x", "×");
  return (thing) => {
    const text = said(thing);
    return all.every((word) => text.includes(word));
  };
}

/** The things that are meant, in the order of the network: units; of words also blocks. */
export function hits(model, asked) {
  const test = wanted(model, asked);
  if (!test) return [];
  const found = [];
  const look = (holder) => {
    for (const id of model.inside.get(holder)) {
      const block = id[0] === "b";
      if ((!block || !/^\s*[<>]/.test(asked)) && test(model.of(id))) found.push(id);
      if (block) look(Number(id.slice(1)));
    }
  };
  look(-1);
  return found;
}
