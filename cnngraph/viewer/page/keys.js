// All of it without a mouse.

import { at } from "./dom.js";
import { isBlock } from "./model.js";
import { nextEnds } from "./path.js";

/** What a key does; in fields of text only what leaves them. */
export function keys(page, event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target === at("search")) {
    if (key === "Enter") page.next(event.shiftKey ? -1 : 1);
    else if (key === "Escape") {
      target.value = "";
      page.find("");
      page.pane.focus();
    }
    return;
  }
  if (target.matches("input, select, summary") || (target.matches("button") && (key === "Enter" || key === " "))) return;
  const { model, selected, seen } = page;
  const here = seen.indexOf(selected);
  const along = (step) => page.choose(seen[here < 0 ? (step > 0 ? 0 : seen.length - 1) : Math.min(seen.length - 1, Math.max(0, here + step))]);
  const acts = {
    ArrowRight: () => along(1), ArrowLeft: () => along(-1), ArrowDown: () => page.choose(beside(page, 1)), ArrowUp: () => page.choose(beside(page, -1)),
    Enter: () => isBlock(selected) && page.toggle(selected, event.shiftKey), e: () => isBlock(selected) && page.enter(selected),
    Escape: () => (page.ends ? page.path(null) : model.entered >= 0 ? page.leave() : selected ? page.choose("") : page.find("")), c: () => model.partner(selected) && page.choose(model.partner(selected)), s: () => shortcut(page), p: () => page.path(nextEnds(page.ends, selected)), n: () => page.next(event.shiftKey ? -1 : 1),
    h: () => page.heat(((page.measure + 2) % (model.measures.length + 1)) - 1), "/": () => at("search").focus(),
    "+": () => page.view.step(1), "=": () => page.view.step(1), "-": () => page.view.step(-1), 0: () => page.view.fit(),
  };
  const act = acts[key.length === 1 ? key.toLowerCase() : key];
  if (!act || (!selected && ["Enter", "e", "s", "c", "p"].includes(key))) return;
  event.preventDefault();
  act();
}

/** What lies nearest above or below what is selected. */
function beside(page, direction) {
  const from = page.places.get(page.selected);
  if (!from) return page.seen[0];
  const far = (id) => {
    const { x, y } = page.places.get(id);
    return (y - from.y) * direction > 4 ? Math.abs(y - from.y) + 3 * Math.abs(x - from.x) : Infinity;
  };
  return page.seen.reduce((best, id) => (far(id) < far(best) ? id : best), page.selected);
}

/** To the other end of a shortcut that ends or begins in what is selected; and from there back. */
function shortcut(page) {
  const { model, selected } = page;
  const own = new Set(model.unitsOf(selected));
  const ends = model.shortcuts.filter((pair) => own.has(pair[0]) !== own.has(pair[1])).map(([source, join]) => (own.has(source) ? join : source));
  const end = ends.find((each) => `u${each}` === page.came) ?? ends[0];
  page.came = selected;
  if (end !== undefined) page.choose(`u${end}`);
}
