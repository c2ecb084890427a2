// What was laid out as SVG: frames, lines, boxes. Colours are custom properties, so that light and dark are the page's.

import { esc } from "./dom.js";
import { isBlock } from "./model.js";
import { FAMILY } from "./text.js";

const number = (value) => Math.round(value * 10) / 10;

/** The markup of all that `layout` placed. *paint* gives the colour of a unit or block and that of the words on it. */
export function drawn(placed, model, paint) {
  return [
    `<g class="frames">${placed.frames.map((frame) => framed(frame, model)).join("")}</g>`,
    `<g class="wires" fill="none" stroke="var(--wire)" stroke-width="1.3">${placed.wires.map(wired).join("")}</g>`,
    `<g class="boxes" font-family="${esc(FAMILY)}" text-anchor="middle">${placed.boxes.map((box) => boxed(box, model, paint)).join("")}</g>`,
  ].join("");
}

const group = (id, model, inner, role = "img") =>
  `<g id="${id}" class="thing" role="${role}" aria-label="${esc(model.about(id))}" data-name="${esc(model.called(id))}">${inner}</g>`;

function framed({ id, x, y, w, h, name }, model) {
  const sign = minus(x + w - 16, y + 14);
  const words = `<text x="${number(x + 12)}" y="${number(y + 18)}" font-size="13" font-weight="600" font-family="${esc(FAMILY)}" fill="var(--soft)">${esc(name)}</text>`;
  const frame = `<rect x="${number(x)}" y="${number(y)}" width="${number(w)}" height="${number(h)}" rx="10" fill="var(--inside)" stroke="var(--frame)"/>`;
  return group(id, model, `${frame}${words}${sign}`, "group");
}

const minus = (x, y) => `<g class="sign"><circle cx="${number(x)}" cy="${number(y)}" r="7.5" fill="var(--paper)" stroke="var(--frame)"/><path d="M${number(x - 3.5)} ${number(y)}h7" stroke="var(--soft)" stroke-width="1.5"/></g>`;
const plus = (x, y, ink) => `<path class="sign" d="M${number(x - 3.5)} ${number(y)}h7m-3.5 -3.5v7" stroke="${ink}" stroke-width="1.5" fill="none" opacity=".85"/>`;

function wired({ from, to, d, tip, down, dashed }) {
  const ends = ` data-from="${esc(from)}"${to === null ? "" : ` data-to="${esc(to)}"`}`;
  return `<g class="wire"${ends}><path d="${d}"${dashed ? ' stroke-dasharray="5 4"' : ""}/>${tip ? head(tip, down) : ""}</g>`;
}

function head([x, y], down) {
  const points = down ? [x, y, x - 3.6, y - 7.5, x + 3.6, y - 7.5] : [x, y, x - 7.5, y - 3.6, x - 7.5, y + 3.6];
  return `<path d="M${points.map(number).join(" ")}z" fill="var(--wire)" stroke="none"/>`;
}

function boxed(box, model, paint) {
  const { id, kind, x, y, w, h } = box;
  const middle = number(x + w / 2);
  if (kind === "exit" || kind === "port") {
    return `<text x="${middle}" y="${number(y + 13)}" font-size="11" font-style="italic" fill="var(--ink)">${esc(box.text)}</text>`;
  }
  const { fill, ink, edge } = paint(id);
  if (kind === "sign") {
    const circle = `<circle class="shape" cx="${middle}" cy="${number(y + h / 2)}" r="${h / 2 - 1}" fill="${fill}" stroke="${edge}" stroke-width="1.3"/>`;
    return group(id, model, circle + signed(box.sign, x + w / 2, y + h / 2, ink));
  }
  const first = y + h / 2 - ((box.lines.length - 1) / 2) * 17 + 4.5;
  const words = box.lines.map((line, at) => `<text x="${middle}" y="${number(first + 17 * at)}" font-size="13" font-weight="500" fill="${ink}">${esc(line)}</text>`);
  const shape = (dx, dy, more = "") => `<rect x="${number(x + dx)}" y="${number(y + dy)}" width="${number(w)}" height="${number(h)}" rx="7" fill="${fill}" stroke="${edge}"${more}/>`;
  const caption = `<text class="caption" x="${middle}" y="${number(y + h + 13)}" font-size="11" fill="var(--soft)">${esc(box.caption)}</text>`;
  if (!isBlock(id)) return group(id, model, shape(0, 0, ' class="shape"') + words.join("") + caption);
  // A closed block looks like a pile, and one that holds a shortcut wears its arc.
  const arc = model.of(id).shortcut ? `<path d="M${number(x + w / 2 - 16)} ${number(y)}v-4q0 -5 5 -5h22q5 0 5 5v4" fill="none" stroke="var(--wire)" stroke-width="1.3"/>` : "";
  return group(id, model, arc + shape(3, 3, ' opacity=".45"') + shape(0, 0, ' class="shape"') + words.join("") + plus(x + w - 10, y + 10, ink) + caption);
}

function signed(sign, x, y, ink) {
  const arm = 5.5;
  const lines = { "+": [[arm, 0], [0, arm]], "−": [[arm, 0]] }[sign] ?? [[arm * 0.7, arm * 0.7], [arm * 0.7, -arm * 0.7]];
  return lines.map(([dx, dy]) => `<path d="M${number(x - dx)} ${number(y - dy)}L${number(x + dx)} ${number(y + dy)}" stroke="${ink}" stroke-width="1.5"/>`).join("");
}
