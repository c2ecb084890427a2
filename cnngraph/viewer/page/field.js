// What one place of a layer sees of the input: a place is chosen on its map, and a box lies on the input.

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const HIGH = 132;

/** Of place *at* the first and the last that it sees, by the spans of the first places and how far those after are on. */
function span([spans, step], at) {
  const [turn, rest] = [Math.floor(at / spans.length), at % spans.length];
  return spans[rest]?.map((place) => place + turn * step);
}

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const rect = (x, y, width, height, kind) => shape("rect", { x, y, width, height, class: kind });

/** A picture that goes through lies on the input. */
export function field(model, unit) {
  const words = h("p", { class: "soft", "aria-live": "polite" });
  const [seen] = unit.sees;
  const input = seen && model.units[seen[0]];
  const one = unit.field && `${unit.field[0]}×${unit.field[1]} pixels`;
  if (!unit.size || unit.size.length < 3 || input?.size?.length !== 3) {
    words.append(one ?? "all of the input");
    return [words];
  }
  const [rows, columns] = [model.sights[seen[1]], model.sights[seen[2]]];
  const [[high, wide], [tall, broad]] = [unit.size, input.size];
  const map = shape("svg", { viewBox: `0 0 ${wide} ${high}`, class: "map", tabindex: 0, role: "application",
    "aria-label": "place on the map, by arrow keys", width: HIGH * Math.min(1, wide / high), height: HIGH * Math.min(1, high / wide) });
  // Room for what is seen beyond the input's ends, in padding.
  const room = Math.max(tall, broad) * 0.12;
  const sight = shape("svg", { viewBox: `${-room} ${-room} ${broad + 2 * room} ${tall + 2 * room}`, class: "sight", width: HIGH, height: HIGH });
  const show = (row, column) => {
    [map.row, map.column] = [row, column];
    const [down, along] = [span(rows, row), span(columns, column)];
    map.replaceChildren(rect(0, 0, wide, high, "ground"), rect(column, row, 1, 1, "cell"));
    sight.replaceChildren(rect(0, 0, broad, tall, "ground"));
    if (model.live) sight.append(shape("image", { href: model.live.picture, width: broad, height: tall, preserveAspectRatio: "none" }));
    if (down && along) sight.append(rect(along[0], down[0], along[1] - along[0] + 1, down[1] - down[0] + 1, "cell"));
    words.textContent = down && along
      ? `(${row}, ${column}) sees rows ${down.join(" to ")}, columns ${along.join(" to ")} of ${input.name}: ${down[1] - down[0] + 1}×${along[1] - along[0] + 1}`
      : `(${row}, ${column}) sees nothing of ${input.name}`;
  };
  const within = (value, size) => Math.min(size - 1, Math.max(0, Math.floor(value)));
  map.addEventListener("pointermove", (event) => {
    const box = map.getBoundingClientRect();
    show(within(((event.clientY - box.top) / box.height) * high, high), within(((event.clientX - box.left) / box.width) * wide, wide));
  });
  map.addEventListener("keydown", (event) => {
    const [dy, dx] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    event.stopPropagation();
    show(within(map.row + dy, high), within(map.column + dx, wide));
  });
  show(Math.floor((high - 1) / 2), Math.floor((wide - 1) / 2));
  return [h("div", { class: "field" }, map, sight), words];
}
