// Elements out of their names, attributes and children. Text never becomes markup.

/** An element; attributes that begin with "on" are listeners, those that are false or missing are left out. */
export function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((child) => child != null && child !== false));
  return made;
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as it may stand in markup and in its attributes. */
export const esc = (text) => String(text).replace(/[&<>"']/g, (char) => ESCAPES[char]);

/** A name, which may be broken behind its dots. */
export const dotted = (name) => name.split(".").flatMap((part, at) => (at ? [".", h("wbr"), part] : [part]));

export const at = (id) => document.getElementById(id);

/** Says something to who hears the page and does not see it; with *shown* to everybody, for a while. */
export function say(text, shown = false) {
  at("said").textContent = text;
  at("said").classList.toggle("unseen", !shown);
  if (shown) setTimeout(() => at("said").classList.add("unseen"), 2500);
}
