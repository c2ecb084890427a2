// What of the figure is seen: where its origin lies in the pane, and how large it is.

const LEAST = 0.05, MOST = 6, STEP = 1.25;
/** The smallest size at which the page opens: words are 9 pixels high, and below it cannot be read. */
const READABLE = 0.7;

export class View {
  constructor(pane, scene) {
    Object.assign(this, { pane, scene, x: 0, y: 0, scale: 1, width: 1, height: 1 });
    this.measure();
    this.points = new Map();
    pane.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    pane.addEventListener("pointerdown", (event) => this.press(event));
    pane.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) pane.addEventListener(end, (event) => this.points.delete(event.pointerId));
  }

  /** How large the pane is: kept, for to ask for it while the figure changes takes long. Says whether it is another. */
  measure() {
    const before = [this.wide, this.high];
    [this.wide, this.high] = [this.pane.clientWidth, this.pane.clientHeight];
    return before[0] !== this.wide || before[1] !== this.high;
  }

  apply() {
    this.scene.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.scale})`);
    this.moved?.();
  }

  move(dx, dy) {
    if (dx || dy) this.fitted = null;
    const { wide, high } = this;
    const keep = (at, size, room) => Math.min(room - 60, Math.max(60 - size * this.scale, at));
    this.x = keep(this.x + dx, this.width, wide);
    this.y = keep(this.y + dy, this.height, high);
    this.apply();
  }

  /** What was at one place and is at another stays where it is seen; but a figure that is no wider than the pane stays in
   * its middle. */
  follow(then, now) {
    this.x += (then.x - now.x) * this.scale;
    this.y += (then.y - now.y) * this.scale;
    if (this.width * this.scale <= this.wide) this.x = (this.wide - this.width * this.scale) / 2;
    this.reveal(now);
    this.move(0, 0);
  }

  /** Brings a point of the figure into the middle of the pane. */
  centre(x, y) {
    this.move(this.wide / 2 - x * this.scale - this.x, this.high / 2 - y * this.scale - this.y);
  }

  /** Larger or smaller, while the point (x, y) of the pane stays where it is. */
  zoom(by, x = this.wide / 2, y = this.high / 2) {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * by));
    const ratio = scale / this.scale;
    Object.assign(this, { scale, fitted: null });
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.move(0, 0);
  }

  step(direction) {
    this.zoom(STEP ** direction);
  }

  /** All of it; or with *readable*, where it would be too small, where it begins: as wide as the pane if that can be read. */
  fit(readable = false) {
    const { wide, high } = this;
    const [along, down] = [Math.min(1, wide / this.width), high / this.height];
    const whole = Math.min(along, down);
    this.scale = Math.max(LEAST, readable && whole < READABLE ? Math.max(along, READABLE) : whole);
    // Until it is moved, to be fitted again when the pane changes.
    this.fitted = [readable];
    this.x = Math.max(0, (wide - this.width * this.scale) / 2);
    this.y = Math.max(0, (high - this.height * this.scale) / 2);
    this.apply();
  }

  /** All of it, as large as the sheet; and as it was, when that *begins* no more. */
  print(begins) {
    if (!begins) return this.apply(this.pane.removeAttribute("viewBox"));
    this.pane.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.scene.removeAttribute("transform");
  }

  /** Whether anything of a box of the figure is in the pane. */
  shows(x, y, w, h) {
    const [left, top] = [this.x + x * this.scale, this.y + y * this.scale];
    return left < this.wide && top < this.high && left + w * this.scale > 0 && top + h * this.scale > 0;
  }

  /** Brings a box of the figure into the pane, if it is not there. */
  reveal({ x, y, w, h }) {
    const [left, top] = [this.x + x * this.scale, this.y + y * this.scale];
    const air = 24;
    const shift = (start, size, room) => {
      if (start >= air && start + size <= room - air) return 0;
      return size > room - 2 * air ? air - start : (room - size) / 2 - start;
    };
    this.x += shift(left, w * this.scale, this.wide);
    this.y += shift(top, h * this.scale, this.high);
    this.apply();
  }

  wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    const { left, top } = this.pane.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-event.deltaY * unit * 0.004), event.clientX - left, event.clientY - top);
    else if (event.shiftKey && !event.deltaX) this.move(-event.deltaY * unit, 0);
    else this.move(-event.deltaX * unit, -event.deltaY * unit);
  }

  press(event) {
    if (event.button > 1) return;
    this.points.set(event.pointerId, [event.clientX, event.clientY]);
    this.travelled = this.points.size > 1 ? 100 : 0;
  }

  /** One pointer moves the figure, two zoom it. */
  drag(event) {
    const before = this.points.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.points.set(event.pointerId, now);
    this.travelled += Math.hypot(dx, dy);
    if (this.travelled < 4) return;
    if (!this.pane.hasPointerCapture(event.pointerId)) this.pane.setPointerCapture(event.pointerId);
    const other = [...this.points].find(([id]) => id !== event.pointerId)?.[1];
    if (!other) return void this.move(dx, dy);
    const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
    const { left, top } = this.pane.getBoundingClientRect();
    this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2 - left, (now[1] + other[1]) / 2 - top);
    this.move(dx / 2, dy / 2);
  }

  /** Whether what ends now was a click, and no drag. */
  get still() {
    return !(this.travelled >= 4);
  }
}
