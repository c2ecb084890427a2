// The figure taken away: as SVG or PNG, as it is seen, with colours in the place of the page's properties.

import { esc, h } from "./dom.js";

/** The whole figure as a file of its own. */
export function asSvg(scene, { width, height }, title) {
  const style = getComputedStyle(document.documentElement);
  const colors = (markup) => markup.replace(/var\((--[a-z-]+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}"`;
  // Where the figure lies in the pane is no part of it, nor what opens and closes blocks.
  const taken = scene.cloneNode(true);
  const copies = taken.querySelectorAll(".thing, .wire");
  scene.querySelectorAll(".thing, .wire").forEach((each, number) => {
    const { opacity } = getComputedStyle(each);
    if (opacity !== "1") copies[number].setAttribute("opacity", opacity);
  });
  taken.removeAttribute("transform");
  for (const sign of taken.querySelectorAll(".sign")) sign.remove();
  const inner = new XMLSerializer().serializeToString(taken);
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}><title>${esc(title)}</title>`
    + `<rect width="100%" height="100%" fill="${style.getPropertyValue("--paper").trim()}"/>${colors(inner)}</svg>\n`;
}

/** Twice as large as it is drawn, or as large as browsers make a canvas. */
export async function asPng(svg, { width, height }) {
  const scale = Math.min(2, 16_000 / Math.max(width, height));
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  await picture.decode();
  URL.revokeObjectURL(picture.src);
  const canvas = h("canvas", { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

export function save(content, name, type) {
  const link = h("a", { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
