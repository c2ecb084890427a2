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

/** Makes the children of *parent* those of *wanted*, pairs of a key and what gives its markup. Those that were *made*
 * before stay, and all are given by their keys. */
export function renewed(parent, made, wanted) {
  const [now, fresh, holder] = [new Map(), [], parent.cloneNode(false)];
  for (const [key, markup] of wanted) {
    now.set(key, made.get(key));
    if (!made.delete(key)) fresh.push([key, markup]);
  }
  for (const element of made.values()) element.remove();
  holder.innerHTML = fresh.map(([, markup]) => markup()).join("");
  [...holder.children].forEach((element, number) => now.set(fresh[number][0], element));
  let next = parent.firstChild;
  for (const element of now.values()) {
    if (element === next) next = next.nextSibling;
    else parent.insertBefore(element, next);
  }
  return now;
}

/** A name, which may be broken behind the dots and what else is between its words. */
export const dotted = (name) => name.split(/(?<=[._/:])/).flatMap((part, at) => (at ? [h("wbr"), part] : [part]));

export const at = (id) => document.getElementById(id);

/** Says something to who hears the page and does not see it; with *shown* to everybody, for a while. */
export function say(text, shown = false) {
  at("said").textContent = text;
  at("said").classList.toggle("unseen", !shown);
  if (shown) setTimeout(() => at("said").classList.add("unseen"), 2500);
}
