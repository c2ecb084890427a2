// What is known of the thing that is selected, or of the network.

import { both, totals } from "./compared.js";
import { at, dotted, h } from "./dom.js";
import { field } from "./field.js";
import { ofMaps, ofPicture, ofWeights } from "./live.js";
import { isBlock, numberOf } from "./model.js";
import { ofPath, toPath } from "./path.js";
import { full, many, percent } from "./words.js";

const pair = (name, value) => value != null && value !== "" && [h("dt", null, name), h("dd", null, value)];

export function card(model, id, act) {
  at("card").replaceChildren(...[act.way && ofPath(act.way, act)].concat(id ? (isBlock(id) ? block : unit)(model, id, act) : network(model)).flat().filter(Boolean));
}

/** The network's numbers; or those of a part of it, each with its share. */
const measures = (model, id) => model.measures.map(({ words, unit, unknown }, number) => {
  const [total, own] = [model.total(number, id), id ? [...model.unitsOf(id)] : unknown];
  const said = (value) => `${unknown.some((each) => own.includes(each)) ? "at least " : ""}${full(value, unit)}`;
  if (!id) return pair(words, said(total));
  const value = model.of(id).measures[number];
  return value > 0 && pair(words, [said(value), h("span", { class: "soft" }, ` ${percent(value, total)}`)]);
});

function network(model) {
  const keys = [["drag, wheel", "move"], ["ctrl wheel, + −", "zoom"], ["0", "all of it"], ["← →", "along the data"], ["Enter", "open, close"],
    ["E, Esc", "into a block, out"], ["S", "along a shortcut"], ["P, shift click", "path to another"], ...(model.sides.length ? [["C", "to the other network"]] : []),
    ["/", "find"], ["N", model.sides.length ? "next change, next found" : "next found"], ["H", "heat"]];
  return [
    h("h2", null, model.title),
    ...ofPicture(model),
    model.sides.length ? [h("p", null, model.counts), totals(model)] : h("dl", null, pair("layers", many(model.units.length, "unit") + (model.blocks.length ? ` in ${many(model.blocks.length, "block")}` : "")), measures(model)),
    h("h3", null, "Keys"),
    h("dl", { class: "keys" }, keys.map(([name, does]) => [h("dt", null, name.split(", ").map((each) => h("kbd", null, each))), h("dd", null, does)])),
  ];
}

/** What its author says of it. */
const ofAuthor = ({ label, notes = [] }) => [pair("label", label), notes.map((note) => pair("note", note))].flat();

const volumes = (model, { inputs, volume }) => [inputs.map((input) => model.units[input].volume).join(", "), volume].filter(Boolean).join(" → ");

function unit(model, id, act) {
  const it = model.of(id);
  return [
    h("h2", null, dotted(it.name)), h("p", { class: "soft" }, it.does), h("div", { class: "buttons" }, toPath(model, id, act)),
    ...change(model, id, act),
    model.partner(id) ? both(model, (model.side(id) ? [model.partner(id), id] : [id, model.partner(id)]).map((each) => ofUnit(model, each)))
      : h("dl", null, ofAuthor(it), pair("volume", volumes(model, it)), measures(model, id), it.tensors.map(([name, shape]) => pair(name, shape)),
        pair("line", it.line && [h("span", { class: "soft" }, `${model.sources[it.line[0]]}:${it.line[1]}`), h("code", null, it.line[2])])),
    ofMaps(model, numberOf(id)), ...ofWeights(model, numberOf(id)),
    it.how.length > 0 && [h("h3", null, "Arithmetic"), h("dl", { class: "how" }, it.how.map(([name, how]) => (name ? pair(name, how) : h("dd", { class: "said" }, how))))],
    it.inputs.length > 0 && [h("h3", null, "Receptive field"), ...field(model, it)],
    ...links(model, id, act),
  ];
}

/** What was changed of it, and the way to what it is in the other network. */
function change(model, id, act) {
  if (!model.sides.length) return [];
  const [partner, kind, said] = [model.partner(id), model.of(id).change?.kind ?? model.marks.get(id)?.kind, model.of(id).change?.said ?? []];
  const other = model.blocks[model.sides[1 - model.side(id)]].path;
  const words = { same: "the same in both", follows: "follows from what was changed", added: `added: ${other} has none`, removed: `removed: ${other} has none` };
  return [
    kind && h("p", { class: `change ${kind}` }, h("b", null, model.marks.get(id)?.text ?? "·"), h("span", null, [words[kind] ?? kind, ...said].join(", "))),
    partner && h("div", { class: "buttons" }, h("button", { onclick: () => act.choose(partner) }, `${model.called(partner)} in ${other}`)),
  ];
}

/** All that the other network's may be compared by. */
const ofUnit = (model, id) => {
  const it = model.of(id);
  return new Map([["name", it.name], ["label", it.label], ["note", it.notes?.join(" ")], ["does", it.does], ["volume", volumes(model, it)],
    ...model.measures.map(({ words, unit }, number) => [words, full(it.measures[number], unit)]), ...it.tensors,
    ["field", it.field], ["line", it.line?.[2]]].filter(([, words]) => words));
};

function block(model, id, act) {
  const it = model.of(id);
  return [
    h("h2", null, dotted(it.path)), h("p", { class: "soft" }, `${model.sides.includes(numberOf(id)) ? "network" : "block"} of ${many(it.count, "unit")}`),
    ...change(model, id, act),
    h("div", { class: "buttons" },
      h("button", { onclick: () => act.toggle(id) }, model.isOpen(id) ? "Close" : "Open"),
      h("button", { onclick: () => act.enter(id) }, "Show alone"), toPath(model, id, act)),
    h("dl", null, ofAuthor(it), pair("gives", it.volume), measures(model, id)),
    ofMaps(model, it.last),
    ...links(model, id, act),
  ];
}

function links(model, id, act) {
  const { before, after } = model.neighbours(id);
  const { letter } = model.of(id);
  const same = model.units.flatMap((unit, number) => (letter && unit.letter === letter && `u${number}` !== id && model.side(`u${number}`) === model.side(id) ? [number] : []));
  return [["Takes", before], ["Goes to", after], [`Same weights: ${letter}`, same]].filter(([, units]) => units.length).map(([title, units]) => [
    h("h3", null, title),
    h("ul", { class: "links" }, units.map((number) => h("li", null,
      h("button", { class: "link", onclick: () => act.choose(`u${number}`) }, model.units[number].name),
      h("span", { class: "soft" }, ` ${model.units[number].volume}`)))),
  ]);
}
