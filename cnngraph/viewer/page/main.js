// What is shown, and what is done with it.

import { card } from "./card.js";
import { changes } from "./compared.js";
import { asPng, asSvg, save } from "./copy.js";
import { at, h, say } from "./dom.js";
import { Figure } from "./figure.js";
import { follow } from "./follow.js";
import { glide } from "./glide.js";
import { key, painter } from "./heat.js";
import { keys } from "./keys.js";
import { layout } from "./layout.js";
import { mark } from "./lights.js";
import { isBlock, Model, numberOf } from "./model.js";
import { Outline } from "./outline.js";
import { Overview } from "./overview.js";
import { hits } from "./search.js";
import { Path } from "./path.js";
import { read, written } from "./state.js";
import { View } from "./zoom.js";

const LEAST_WIDTH = 560;

class Page {
  constructor(data) {
    Object.assign(this, { found: null, lights: [] });
    this.pane = at("figure");
    this.figure = new Figure();
    this.view = new View(this.pane, at("scene"));
    this.overview = new Overview(this.view);
    this.outline = new Outline({
      choose: (id, from) => this.choose(id, from), toggle: (id, alike, from) => this.toggle(id, alike, from),
      openAll: (ids, id) => {
        for (const each of ids) this.model.open.add(numberOf(each));
        this.draw(id);
        this.choose(id, "outline");
      },
    });
    this.listen();
    this.show(data, location.hash);
    this.view.fit(true);
  }

  /** A network, in the state that *hash* says; what it does not say is as the page is at first. */
  show(data, hash) {
    this.model = new Model(data);
    read(this, hash);
    at("heat").replaceChildren(...[["none", -1], ...data.measures.map(({ words }, number) => [words, number])].map(
      ([words, value]) => h("option", { value, selected: value === this.measure }, words)));
    at("title").textContent = document.title = data.title;
    at("counts").textContent = data.counts;
    changes(this.model, this);
    this.draw();
  }

  /** The figure anew; *anchor* stays where it is on the screen, as far as all of it is seen there. */
  draw(anchor = "") {
    const [before, was] = [this.places, { ...this.view }];
    this.placed = layout(this.model, Math.max(this.view.wide, LEAST_WIDTH));
    this.seen = this.placed.boxes.map(({ id }) => id).filter((id) => this.model.holder.has(id));
    this.places = new Map([...this.placed.frames, ...this.placed.boxes].map((each) => [each.id, each]));
    this.figure.draw(this.placed, this.model, painter(this.model, this.measure, this.seen));
    Object.assign(this.view, { width: this.placed.width, height: this.placed.height });
    this.overview.draw(this.placed.boxes);
    const [then, now] = [before?.get(anchor), this.places.get(anchor)];
    if (then && now) {
      this.view.follow(then, now);
      glide(this, before, was);
    }
    key(this.model, this.measure, this.seen, (id) => this.choose(id));
    this.crumbs();
    this.refresh();
  }

  /** Lights the ways from one thing to another, "" for the inputs and the outputs; null for none. */
  path(ends) {
    this.ends = ends;
    this.refresh();
    if (ends) say(this.way.said);
  }

  /** What hangs on the selection and on what is looked for. */
  refresh() {
    this.way = this.ends && new Path(this.model, ...this.ends);
    this.outline.show(this.model, this.selected, this.found);
    mark(this);
    card(this.model, this.selected, this);
    document.body.classList.toggle("selected", Boolean(this.selected));
    clearTimeout(this.later);
    this.later = setTimeout(() => history.replaceState(null, "", written(this)), 200);
  }

  /** Selects a unit or block, which is brought into sight; "" is the network. */
  choose(id, from = "") {
    this.selected = id;
    if (!id || this.places.has(id)) this.refresh();
    else {
      this.model.reveal(id);
      this.draw();
    }
    if (from === "outline") this.outline.select(id, true);
    if (id && from !== "figure") this.view.reveal(this.places.get(id));
    say(id ? this.model.about(id) : this.model.title);
  }

  toggle(id, alike = false, from = "") {
    this.model.toggle(id, alike);
    this.selected = id;
    this.draw(id);
    if (from === "outline") this.outline.select(id, true);
    say(this.model.about(id));
  }

  openAll(open) {
    this.model.open = new Set(open ? this.model.blocks.keys() : []);
    this.draw();
    this.view.fit(true);
  }

  /** Shows a block alone; "" is the network. */
  enter(id) {
    this.model.entered = id ? numberOf(id) : -1;
    if (id) this.model.open.add(numberOf(id));
    this.draw();
    this.view.fit(true);
    say(id ? `in ${this.model.called(id)}` : this.model.title);
  }

  leave() {
    const inner = `b${this.model.entered}`;
    this.enter(this.model.around(inner).at(-1) ?? "");
    this.choose(inner);
  }

  crumbs() {
    const inner = this.model.entered < 0 ? [] : [...this.model.around(`b${this.model.entered}`), `b${this.model.entered}`];
    at("crumbs").hidden = !inner.length;
    at("crumbs").replaceChildren(...["", ...inner].map((id) => h("button", { class: "link", onclick: () => this.enter(id) },
      id ? this.model.ownName(id) : this.model.title)));
  }

  find(asked) {
    this.light(asked.trim() ? hits(this.model, asked) : null);
    this.refresh();
  }

  /** With what they are in the other network when they are *paired*. */
  light(found, paired = false) {
    Object.assign(this, { found, lights: paired ? found.flatMap((id) => [id, this.model.partner(id)]).filter(Boolean) : found ?? [] });
    at("found").textContent = found ? `${found.length} found` : "";
  }

  /** To the first of *units*, which are lit; once more to the next. */
  go(units) {
    const ids = units.map((unit) => `u${unit}`);
    at("search").value = "";
    if (this.found?.join() !== ids.join()) {
      this.light(ids, true);
      this.selected = "";
    }
    document.body.classList.remove("outlined");
    this.next();
  }

  /** To the next of what was found; where nothing was looked for, of what was changed. */
  next(step = 1) {
    const changed = this.found ? [] : (this.model.changes?.causes ?? []).flatMap(({ units }) => units);
    if (changed.length) return this.go(changed);
    if (!this.found?.length) return;
    const here = this.found.indexOf(this.selected);
    this.choose(this.found[here < 0 ? 0 : (here + step + this.found.length) % this.found.length]);
  }

  heat(measure) {
    this.measure = measure;
    at("heat").value = measure;
    this.draw();
    say(measure < 0 ? "colours by kind" : `colours by ${this.model.measures[measure].words}`);
  }

  async save(form) {
    const svg = asSvg(at("scene"), this.placed, this.model.title);
    save(form === "svg" ? svg : await asPng(svg, this.placed), `${this.model.name}.${form}`, form === "svg" ? "image/svg+xml" : "image/png");
  }

  /** The clipboard may be refused; then the address bar has it. */
  async link() {
    history.replaceState(null, "", written(this));
    const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    say(done ? "The link to what is shown is copied." : "The address is a link to what is shown.", true);
  }

  listen() {
    const clicks = {
      larger: () => this.view.step(1), smaller: () => this.view.step(-1), whole: () => this.view.fit(),
      open: () => this.openAll(true), close: () => this.openAll(false), svg: () => this.save("svg"), png: () => this.save("png"),
      link: () => this.link(), theme: () => this.theme(),
      side: () => document.body.classList.toggle("outlined"), back: () => this.choose(""),
      details: () => { document.body.classList.toggle("detailed"); this.choose(""); },
    };
    for (const [id, act] of Object.entries(clicks)) at(id).addEventListener("click", act);
    at("heat").addEventListener("change", ({ target }) => this.heat(Number(target.value)));
    at("search").addEventListener("input", ({ target }) => this.find(target.value));
    this.pane.addEventListener("click", (event) => this.click(event));
    this.pane.addEventListener("dblclick", (event) => {
      const id = event.target.closest(".thing")?.id;
      if (id && isBlock(id)) this.enter(id);
    });
    addEventListener("keydown", (event) => keys(this, event));
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    new ResizeObserver(() => this.view.measure() && this.resized()).observe(this.pane);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  resized() {
    this.draw(this.selected);
    const place = this.places.get(this.selected && this.model.shown(this.selected));
    if (place) this.view.reveal(place);
    else if (this.view.fitted) this.view.fit(...this.view.fitted);
  }

  click(event) {
    if (!this.view.still) return;
    const thing = event.target.closest(".thing");
    if (event.target.closest(".sign") && thing && isBlock(thing.id)) this.toggle(thing.id, event.shiftKey);
    else if (event.shiftKey && thing && this.selected) this.path([this.selected, thing.id]);
    else this.choose(thing?.id ?? "", "figure");
  }

  /** On paper it is light, and all of it is on the sheet. */
  print(begins) {
    const { dataset } = document.documentElement;
    if (begins) [this.before, dataset.theme] = [dataset.theme, "light"];
    else if (this.before) dataset.theme = this.before;
    else delete dataset.theme;
    this.draw();
    this.view.print(begins);
  }

  theme() {
    const root = document.documentElement;
    root.dataset.theme = getComputedStyle(root).colorScheme === "dark" ? "light" : "dark";
    this.draw();
  }
}

const data = JSON.parse(at("data").textContent);
globalThis.page = new Page(data);
if (data.follows) follow(globalThis.page);
