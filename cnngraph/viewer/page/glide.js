// What is at another place than before comes there from where it was.

import { at } from "./dom.js";

const QUICK = 160;

/** *before* are the places that things had, *was* what was seen of the figure. */
export function glide({ places, view }, before, was) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const timing = { duration: QUICK, easing: "ease-out" };
  for (const { id, x, y, w, h: high } of places.values()) {
    if (!view.shows(x, y, w, high)) continue;
    const old = before.get(id);
    const from = old && [old.x + (was.x - view.x) / was.scale, old.y + (was.y - view.y) / was.scale];
    if (!old) at(id)?.animate([{ opacity: 0 }, { opacity: 1 }], timing);
    else if (from[0] !== x || from[1] !== y) at(id)?.animate([from, [x, y]].map((place) => ({ transform: `translate(${place[0]}px, ${place[1]}px)` })), timing);
  }
  at("scene").querySelector(".wires").animate([{ opacity: 0 }, { opacity: 0, offset: 0.5 }, { opacity: 1 }], timing);
}
