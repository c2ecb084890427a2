// The page that `watch` serves: it follows the file, and what is open stays open.

import { at, h } from "./dom.js";
import { written } from "./state.js";

export function follow(page) {
  const bar = h("pre", { id: "mistakes", role: "alert" });
  at("said").before(bar);
  const events = new EventSource("/events");
  let drawn = 0;
  events.onmessage = async ({ data }) => {
    const shown = JSON.parse(data);
    bar.textContent = shown.mistakes;
    document.body.classList.toggle("old", !shown.current);
    if (!shown.current || shown.drawings === drawn) return;
    drawn = shown.drawings;
    page.show(await (await fetch("/view.json")).json(), written(page));
  };
  events.onerror = () => (bar.textContent = "cnngraph has stopped");
}
