// What is lit in the figure: what is selected and joined to it, what was found, and what lies on a path.

import { at } from "./dom.js";

export function mark(page) {
  const { model, pane, places, placed, selected, lights, found, way } = page;
  const scene = at("scene");
  for (const [element, kind] of page.lit ?? []) element.classList.remove(kind);
  page.lit = [];
  const light = (element, kind) => {
    if (!element) return;
    element.classList.add(kind);
    page.lit.push([element, kind]);
  };
  const drawn = (id) => at((id && model.shown(id)) || "-");
  const shown = selected && (places.has(selected) ? selected : model.shown(selected));
  light(at(shown || "-"), "selected");
  light(drawn(shown && model.partner(shown)), "partner");
  for (const id of lights) light(drawn(id), "hit");
  for (const { id } of way ? placed.boxes : []) if (way.has(id)) light(at(id), "way");
  // They stand in the order in which they were placed.
  const wires = page.figure.wires.children;
  placed.wires.forEach(({ from, to }, number) => {
    if (shown && (from === shown || to === shown)) light(wires[number], "near");
    if (way?.has(from) && way.has(to ?? from)) light(wires[number], "way");
  });
  scene.classList.toggle("searching", found !== null);
  scene.classList.toggle("pathing", Boolean(way));
  pane.setAttribute("aria-activedescendant", shown || "");
}
