// What was laid out as SVG: frames, lines, boxes. Colours are custom properties, so that light and dark are the page's.

import { at, esc, renewed } from "./dom.js";
import { isBlock } from "./model.js";
import { FAMILY, widthOf } from "./text.js";

const MARK = "700 11px";

const number = (value) => Math.round(value * 10) / 10;

/** The drawing of all that `layout` places: of each time only what is another than before is made. */
export class Figure {
  constructor() {
    at("scene").innerHTML = '<g class="frames" font-size="13" font-weight="600"></g>'
      + '<g class="wires" fill="none" stroke="var(--wire)" stroke-width="1.3"></g>'
      + '<g class="boxes" font-size="13" font-weight="500" text-anchor="middle"></g>';
    at("scene").setAttribute("font-family", FAMILY);
    [this.frames, this.wires, this.boxes] = at("scene").children;
    this.known = new Map([...at("scene").children].map((layer) => [layer, new Map()]));
  }

  /** *paint* gives the colour of a unit or block and that of the words on it. */
  draw(placed, model, paint) {
    if (paint !== this.paint) [this.paint, this.made] = [paint, new Map()];
    const made = (each) => this.made.get(each.id) ?? this.made.set(each.id, boxed(each, model, paint)).get(each.id);
    const things = (all, drawn) => all.map((each) => [drawn(each), number(each.x), number(each.y)]);
    this.update(this.frames, things(placed.frames, (each) => (each.made.markup ??= framed(each, model))));
    this.update(this.wires, things(placed.wires, (each) => (each.made.markup ??= wired(each))));
    this.update(this.boxes, things(placed.boxes, made));
  }

  /** Makes the children of *layer* those of *wanted*: markup and where it is moved to. */
  update(layer, wanted) {
    const keys = new Set();
    for (const each of wanted) {
      // A blank behind tells apart what is drawn twice.
      while (keys.has(each[0])) each[0] += " ";
      keys.add(each[0]);
    }
    const now = renewed(layer, this.known.get(layer), wanted.map(([markup]) => [markup, () => markup]));
    for (const [markup, x, y] of wanted) {
      const element = now.get(markup);
      if (element.x !== x || element.y !== y) element.setAttribute("transform", `translate(${([element.x, element.y] = [x, y]).join(" ")})`);
    }
    this.known.set(layer, now);
  }
}

/** Its title is what a screen reader says, and what is seen when a pointer rests on it. */
const group = (id, model, inner, role = "img", more = "") => `<g id="${id}" class="thing" role="${role}"${more}><title>${esc(model.about(id))}</title>${inner}</g>`;

const rect = (x, y, w, h, rx, more) => `<rect x="${x}" y="${y}" width="${number(w)}" height="${number(h)}" rx="${rx}" ${more}/>`;

function framed({ id, w, h, name }, model) {
  const minus = `<g class="sign"><circle cx="${number(w - 16)}" cy="14" r="7.5" fill="var(--paper)" stroke="var(--frame)"/><path d="M${number(w - 19.5)} 14h7" stroke="var(--soft)" stroke-width="1.5"/></g>`;
  return group(id, model, `${rect(0, 0, w, h, 10, 'fill="var(--inside)" stroke="var(--frame)"')}<text x="12" y="18" fill="var(--soft)">${esc(name)}</text>${minus}`, "group");
}

function wired({ from, to, d, tip, down, dashed }) {
  const ends = ` data-from="${esc(from)}"${to === null ? "" : ` data-to="${esc(to)}"`}`;
  return `<g class="wire"${ends}><path d="${d}"${dashed ? ' stroke-dasharray="5 4"' : ""}/>${tip ? head(tip, down) : ""}</g>`;
}

function head([x, y], down) {
  const points = down ? [x, y, x - 3.6, y - 7.5, x + 3.6, y - 7.5] : [x, y, x - 7.5, y - 3.6, x - 7.5, y + 3.6];
  return `<path d="M${points.map(number).join(" ")}z" fill="var(--wire)" stroke="none"/>`;
}

function boxed({ id, kind, w, h, text, sign, lines, face, caption }, model, paint) {
  const middle = number(w / 2);
  if (kind === "exit" || kind === "port") {
    return `<g><text x="${middle}" y="13" font-size="11" font-weight="400" font-style="italic" fill="var(--ink)">${esc(text)}</text></g>`;
  }
  const { fill, ink, edge } = paint(id);
  const ends = ` fill="${ink}"`;
  const [mark, letter] = [model.marks.get(id), model.letter(id)];
  const paints = `class="shape" fill="${fill}" ${mark ? `stroke="var(--${mark.kind})" stroke-width="2.2"${mark.kind === "removed" ? ' stroke-dasharray="5 3"' : ""}` : `stroke="${edge}"`}`;
  if (kind === "sign") {
    return group(id, model, `<circle cx="${middle}" cy="${h / 2}" r="${h / 2 - 1}" ${paints}/>${signed(sign, w / 2, h / 2, ink)}${marked(mark)}`);
  }
  const same = letter && `<text x="7" y="14" text-anchor="start" font-family="serif" font-style="italic" font-weight="400">${esc(letter)}</text>`;
  const first = (h - (face ? face.h + 8 : 0)) / 2 - ((lines.length - 1) / 2) * 17 + 4.5;
  const words = lines.map((line, row) => `<text x="${middle}" y="${number(first + 17 * row)}">${esc(line)}</text>`).join("")
    + `<text x="${middle}" y="${h + 13}" font-size="11" font-weight="400" fill="var(--soft)">${esc(caption)}</text>`;
  const map = face ? `<image x="${number((w - face.w) / 2)}" y="${number(h - face.h - 8)}" width="${number(face.w)}" height="${number(face.h)}" preserveAspectRatio="none" image-rendering="pixelated" href="${esc(face.url)}"/>` : "";
  if (!isBlock(id)) return group(id, model, rect(0, 0, w, h, 7, paints) + words + map + same + marked(mark), "img", ends);
  // A closed block looks like a pile, and one that holds a shortcut wears its arc.
  const arc = model.of(id).shortcut ? `<path d="M${number(w / 2 - 16)} 0v-4q0 -5 5 -5h22q5 0 5 5v4" fill="none" stroke="var(--wire)" stroke-width="1.3"/>` : "";
  const plus = `<path class="sign" d="M${number(w - 13.5)} 10h7m-3.5 -3.5v7" stroke="${ink}" stroke-width="1.5" fill="none" opacity=".85"/>`;
  const pile = rect(3, 3, w, h, 7, `fill="${fill}" stroke="${edge}" opacity=".45"`);
  return group(id, model, arc + pile + rect(0, 0, w, h, 7, paints) + words + map + same + plus + marked(mark), "img", ends);
}

/** What was changed has a sign at its corner. */
function marked(mark) {
  if (!mark) return "";
  const w = widthOf(mark.text, MARK) + 10;
  return `<g class="mark">${rect(number(4 - w / 2), -9, w, 16, 8, `fill="var(--${mark.kind})"`)}<text x="4" y="3" font-size="11" font-weight="700" fill="var(--on-mark)">${esc(mark.text)}</text></g>`;
}

function signed(sign, x, y, ink) {
  const arm = 5.5;
  const arms = { "+": [[arm, 0], [0, arm]], "−": [[arm, 0]] }[sign] ?? [[arm * 0.7, arm * 0.7], [arm * 0.7, -arm * 0.7]];
  return arms.map(([dx, dy]) => `<path d="M${number(x - dx)} ${number(y - dy)}L${number(x + dx)} ${number(y + dy)}" stroke="${ink}" stroke-width="1.5"/>`).join("");
}
