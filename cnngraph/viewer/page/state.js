// What is shown as the part of a link behind #: blocks that are open, the one that is entered, what is selected, heat.

const same = (one, other) => one.size === other.length && other.every((each) => one.has(each));

export function written({ model, selected, measure }) {
  const said = new URLSearchParams();
  if (!same(model.open, model.openAtFirst)) said.set("open", [...model.open].map((number) => model.blocks[number].path).join(" "));
  if (model.entered >= 0) said.set("in", model.blocks[model.entered].path);
  if (selected) said.set("sel", model.called(selected));
  if (measure >= 0) said.set("heat", model.measures[measure].words);
  return `#${said}`;
}

/** Puts a page into the state that a link says, as far as there is what it names. */
export function read(page, hash) {
  const { model } = page;
  const said = new URLSearchParams(hash.slice(1));
  const paths = new Map(model.blocks.map((block, number) => [block.path, number]));
  const known = (names) => names.filter((name) => paths.has(name)).map((name) => paths.get(name));
  if (said.has("open")) model.open = new Set(known(said.get("open").split(" ")));
  model.entered = paths.get(said.get("in")) ?? -1;
  const name = said.get("sel");
  page.selected = model.numbers.has(name) ? `u${model.numbers.get(name)}` : paths.has(name) ? `b${paths.get(name)}` : "";
  page.measure = model.measures.findIndex(({ words }) => words === said.get("heat"));
}
