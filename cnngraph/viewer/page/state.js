// What is shown as the part of a link behind #: blocks that are open, the one that is entered, what is selected, a path,
// heat.

const same = (one, other) => one.size === new Set(other).size && other.every((each) => one.has(each));

export function written({ model, selected, measure, ends }) {
  const said = new URLSearchParams();
  if (!same(model.open, model.openAtFirst)) said.set("open", [...model.open].map((number) => model.key(`b${number}`)).join(" "));
  if (model.entered >= 0) said.set("in", model.key(`b${model.entered}`));
  if (selected) said.set("sel", model.key(selected));
  if (ends) said.set("path", ends.map((id) => id && model.key(id)).join(" "));
  if (measure >= 0) said.set("heat", model.measures[measure].words);
  return `#${said}`;
}

/** Puts a page into the state that a link says, as far as there is what it names. */
export function read(page, hash) {
  const { model } = page;
  const said = new URLSearchParams(hash.slice(1));
  const paths = new Map(model.blocks.map((_, number) => [model.key(`b${number}`), number]));
  const known = (names) => names.filter((name) => paths.has(name)).map((name) => paths.get(name));
  if (said.has("open")) model.open = new Set(known(said.get("open").split(" ")));
  model.entered = paths.get(said.get("in")) ?? -1;
  const id = (name) => (model.numbers.has(name) ? `u${model.numbers.get(name)}` : paths.has(name) ? `b${paths.get(name)}` : "");
  page.selected = id(said.get("sel"));
  page.ends = said.get("path")?.split(" ").map(id);
  if (page.ends?.length !== 2 || !page.ends.some(Boolean)) page.ends = null;
  page.measure = model.measures.findIndex(({ words }) => words === said.get("heat"));
}
