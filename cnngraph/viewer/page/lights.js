// What is lit in the figure: what is selected and joined to it, what was found, and what lies on a path.

import { at } from "./dom.js";

const KINDS = ["selected", "near", "partner", "hit", "way"];

export function mark({ model, pane, places, selected, lights, found, way }) {
  const scene = at("scene");
  const drawn = (id) => at((id && model.shown(id)) || "-");
  const light = (elements, kind) => elements.forEach((element) => element?.classList.add(kind));
  for (const lit of scene.querySelectorAll(KINDS.map((kind) => `.${kind}`).join())) lit.classList.remove(...KINDS);
  const shown = selected && (places.has(selected) ? selected : model.shown(selected));
  light([at(shown || "-")], "selected");
  light([drawn(shown && model.partner(shown))], "partner");
  light(shown ? scene.querySelectorAll(`[data-from="${shown}"], [data-to="${shown}"]`) : [], "near");
  light(lights.map(drawn), "hit");
  light(way ? [...scene.querySelectorAll(".boxes .thing, .wire")].filter(({ id, dataset: { from = id, to = from } }) => way.has(from) && way.has(to)) : [], "way");
  scene.classList.toggle("searching", found !== null);
  scene.classList.toggle("pathing", Boolean(way));
  pane.setAttribute("aria-activedescendant", shown || "");
}
