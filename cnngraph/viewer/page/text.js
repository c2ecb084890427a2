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
  if (widthOf(text, font) <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${text.slice(0, middle)}…`, font) <= room) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}
