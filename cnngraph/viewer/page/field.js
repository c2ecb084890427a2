// What one place of a layer sees of the input: a place is chosen on its map, and a box lies on the input.

import { esc, h } from "./dom.js";

const HIGH = 132;

/** Of place *at* the first and the last that it sees, by the spans of the first places and how far those after are on. */
export const span = ([spans, step], at) =>
  spans[at % spans.length]?.map((place) => place + Math.floor(at / spans.length) * step);

const rect = (x, y, width, height, kind) => `<rect x="${x}" y="${y}" width="${width}" height="${height}" class="${kind}"/>`;

/** A picture that goes through lies on the input. */
export function field(model, unit) {
  const words = h("p", { class: "soft", "aria-live": "polite" }, unit.field);
  const [seen] = unit.sees;
  const input = seen && model.units[seen[0]];
  if (unit.size?.length !== 3 || input?.size?.length !== 3) return [words];
  const [rows, columns] = [model.sights[seen[1]], model.sights[seen[2]]];
  const [[high, wide], [tall, broad]] = [unit.size, input.size];
  // Room for what is seen beyond the input's ends, in padding.
  const room = Math.max(tall, broad) * 0.12;
  const both = h("div", { class: "field" });
  both.innerHTML = `<svg viewBox="0 0 ${wide} ${high}" class="map" tabindex="0" role="application" aria-label="place on the map, by arrow keys" `
    + `width="${HIGH * Math.min(1, wide / high)}" height="${HIGH * Math.min(1, high / wide)}"></svg>`
    + `<svg viewBox="${-room} ${-room} ${broad + 2 * room} ${tall + 2 * room}" width="${HIGH}" height="${HIGH}"></svg>`;
  const [map, sight] = both.children;
  const picture = model.live ? `<image href="${esc(model.live.picture.url)}" width="${broad}" height="${tall}" preserveAspectRatio="none"/>` : "";
  const show = (row, column) => {
    [map.row, map.column] = [row, column];
    const [down, along] = [span(rows, row), span(columns, column)];
    map.innerHTML = rect(0, 0, wide, high, "ground") + rect(column, row, 1, 1, "cell");
    const box = down && along ? rect(along[0], down[0], along[1] - along[0] + 1, down[1] - down[0] + 1, "cell") : "";
    sight.innerHTML = rect(0, 0, broad, tall, "ground") + picture + box;
    words.textContent = box
      ? `(${row}, ${column}) sees rows ${down.join(" to ")}, columns ${along.join(" to ")} of ${input.name}: ${down[1] - down[0] + 1}×${along[1] - along[0] + 1}`
      : `(${row}, ${column}) sees nothing of ${input.name}`;
  };
  const within = (value, size) => Math.min(size - 1, Math.max(0, Math.floor(value)));
  map.addEventListener("pointermove", (event) => {
    const box = map.getBoundingClientRect();
    show(within(((event.clientY - box.top) / box.height) * high, high), within(((event.clientX - box.left) / box.width) * wide, wide));
  });
  map.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    show(within(map.row + step[0], high), within(map.column + step[1], wide));
  });
  show(Math.floor((high - 1) / 2), Math.floor((wide - 1) / 2));
  return [both, words];
}
