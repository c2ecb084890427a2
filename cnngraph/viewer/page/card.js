// What is known of the thing that is selected, or of the network.

import { at, h } from "./dom.js";
import { field } from "./field.js";
import { ofMaps, ofPicture, ofWeights } from "./live.js";
import { isBlock, numberOf } from "./model.js";
import { full, many, percent, sum } from "./words.js";

/** A name, which may be broken behind its dots. */
const dotted = (name) => name.split(".").flatMap((part, at) => (at ? [".", h("wbr"), part] : [part]));

const pair = (name, value) => value != null && value !== "" && [h("dt", null, name), h("dd", null, value)];

export function card(model, id, act) {
  at("card").replaceChildren(...(id ? (isBlock(id) ? block : unit)(model, id, act) : network(model)).flat().filter(Boolean));
}

/** The network's numbers; or those of a part of it, each with its share. */
const measures = (model, id) => model.measures.map(({ words, unit, unknown }, number) => {
  const [total, own] = [sum(model.units.map((each) => each.measures[number])), id ? [...model.unitsOf(id)] : unknown];
  const said = (value) => `${unknown.some((each) => own.includes(each)) ? "at least " : ""}${full(value, unit)}`;
  if (!id) return pair(words, said(total));
  const value = model.of(id).measures[number];
  return value > 0 && pair(words, [said(value), h("span", { class: "soft" }, ` ${percent(value, total)}`)]);
});

function network(model) {
  const keys = [["drag, wheel", "move"], ["ctrl wheel, + −", "zoom"], ["0", "all of it"], ["← →", "along the data"], ["Enter", "open, close"],
    ["E, Esc", "into a block, out"], ["S", "along a shortcut"], ["/", "find"], ["N", "next found"], ["H", "heat"]];
  return [
    h("h2", null, model.title),
    ...ofPicture(model),
    h("dl", null, pair("layers", many(model.units.length, "unit") + (model.blocks.length ? ` in ${many(model.blocks.length, "block")}` : "")), measures(model)),
    h("h3", null, "Keys"),
    h("dl", { class: "keys" }, keys.map(([name, does]) => [h("dt", null, name.split(", ").map((each) => h("kbd", null, each))), h("dd", null, does)])),
  ];
}

function unit(model, id, act) {
  const it = model.of(id);
  const takes = it.inputs.map((input) => model.units[input].volume).join(", ");
  return [
    h("h2", null, dotted(it.name)), h("p", { class: "soft" }, it.does),
    h("dl", null, pair("volume", takes ? `${takes} → ${it.volume}` : it.volume), measures(model, id),
      it.tensors.map(([name, shape]) => pair(name, shape)),
      pair("line", it.line && [h("span", { class: "soft" }, `${model.sources[it.line[0]]}:${it.line[1]}`), h("code", null, it.line[2])])),
    ofMaps(model, numberOf(id)), ...ofWeights(model, numberOf(id)),
    it.how.length > 0 && [h("h3", null, "Arithmetic"), h("dl", { class: "how" }, it.how.map(([name, how]) => (name ? pair(name, how) : h("dd", { class: "said" }, how))))],
    it.inputs.length > 0 && [h("h3", null, "Receptive field"), ...field(model, it)],
    ...links(model, id, act),
  ];
}

function block(model, id, act) {
  const it = model.of(id);
  return [
    h("h2", null, dotted(it.path)), h("p", { class: "soft" }, `block of ${many(it.count, "unit")}`),
    h("div", { class: "buttons" },
      h("button", { onclick: () => act.toggle(id) }, model.isOpen(id) ? "Close" : "Open"),
      h("button", { onclick: () => act.enter(id) }, "Show alone")),
    h("dl", null, pair("gives", it.volume), measures(model, id)),
    ofMaps(model, it.last),
    ...links(model, id, act),
  ];
}

function links(model, id, act) {
  const { before, after } = model.neighbours(id);
  return [["Takes", before], ["Goes to", after]].filter(([, units]) => units.length).map(([title, units]) => [
    h("h3", null, title),
    h("ul", { class: "links" }, units.map((number) => h("li", null,
      h("button", { class: "link", onclick: () => act.choose(`u${number}`) }, model.units[number].name),
      h("span", { class: "soft" }, ` ${model.units[number].volume}`)))),
  ]);
}
