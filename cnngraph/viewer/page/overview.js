// Where in the figure the pane is: all of it, small, wherever not all of it is seen.

import { at } from "./dom.js";

const WIDE = 220, HIGH = 130;

export class Overview {
  constructor(view) {
    Object.assign(this, { view, box: at("overview") });
    [this.things, this.seen] = this.box.children;
    view.moved = () => this.show();
    const to = (event) => {
      const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.box.getScreenCTM().inverse());
      view.centre(x, y);
    };
    this.box.addEventListener("pointerdown", (event) => {
      this.box.setPointerCapture(event.pointerId);
      to(event);
    });
    this.box.addEventListener("pointermove", (event) => this.box.hasPointerCapture(event.pointerId) && to(event));
  }

  /** What lies where, of a figure as large as the view knows. */
  draw(boxes) {
    const { width, height } = this.view;
    const scale = Math.min(WIDE / width, HIGH / height);
    const size = { width: width * scale, height: height * scale, viewBox: `0 0 ${width} ${height}` };
    for (const [name, value] of Object.entries(size)) this.box.setAttribute(name, value);
    this.things.setAttribute("d", boxes.map(({ x, y, w, h }) => `M${Math.round(x)} ${Math.round(y)}h${Math.round(w)}v${Math.round(h)}h${Math.round(-w)}z`).join(""));
    this.show();
  }

  show() {
    const { x, y, scale, wide, high, width, height } = this.view;
    const span = (start, size, room) => [Math.max(0, -start / scale), Math.min(size, (room - start) / scale)];
    const [[left, right], [top, bottom]] = [span(x, width, wide), span(y, height, high)];
    const whole = (right - left) * scale > width * scale - 2 && (bottom - top) * scale > height * scale - 2;
    this.box.toggleAttribute("hidden", whole);
    const place = { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
    if (!whole) for (const [name, value] of Object.entries(place)) this.seen.setAttribute(name, value);
  }
}
