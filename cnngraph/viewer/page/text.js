// How wide text is, as the page draws it.

const pen = document.createElement("canvas").getContext("2d");
const known = new Map();
export const FAMILY = 'system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';
/** Of words in boxes, and of volumes below them: weight and size. */
export const WORDS = "500 13px";
export const SMALL = "400 11px";

export function widthOf(text, font) {
  const key = `${font}|${text}`;
  let width = known.get(key);
  if (width === undefined) {
    pen.font = `${font} ${FAMILY}`;
    known.set(key, (width = pen.measureText(text).width));
  }
  return width;
}

/** The text, or as much of it as fits with three dots behind. */
export function fitted(text, font, room) {
  let shown = text;
  for (let length = text.length - 1; length > 0 && widthOf(shown, font) > room; length -= 1) shown = `${text.slice(0, length)}…`;
  return shown;
}
