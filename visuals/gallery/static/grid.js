// The grid: only what is on screen is in the document, so that 100,000 pictures scroll as ten do.
import { described, thumbnail, when } from "./library.js";

const GAP = 12, CAPTION = 46, WIDEST = 230, NARROWEST = 150;
const SPARE = 2; // rows above and below
const SETTLED_MS = 100; // a scroll that stops for so long has ended
const FLYING = 0.2; // of the window's height in one frame: nobody sees the pictures then

const make = (tag, className) => Object.assign(document.createElement(tag), { className });

// Until the small picture is there: cold to warm, dark to bright.
const colour = ({ valence, energy }) => `hsl(${255 - 220 * valence} ${20 + 40 * energy}% ${9 + 12 * energy}%)`;

function cell(column) {
  const element = make("div", "cell"), image = new Image(), tick = make("span", "tick"), star = make("span", "star");
  const title = make("span", "title"), time = make("span", "time"), caption = make("span", "caption");
  element.setAttribute("role", "gridcell");
  element.setAttribute("aria-colindex", column + 1);
  element.tabIndex = -1;
  image.alt = "";
  image.decoding = "async";
  image.draggable = false;
  image.addEventListener("load", () => image.classList.add("there"));
  star.textContent = "★";
  tick.textContent = "✓";
  caption.append(title, time);
  element.append(image, star, tick, caption);
  return { element, image, title, time, id: "" };
}

export class Grid extends EventTarget {
  active = 0;
  chosen = new Set();
  #pictures = [];
  #rows = new Map();
  #pool = [];
  #columns = 1;
  #height = 100;
  #last = 0;
  #flying = false;
  #settle = 0;
  #asked = false;
  #fresh = new Set();

  constructor(element, scroller) {
    super();
    [this.element, this.scroller] = [element, scroller];
    scroller.addEventListener("scroll", () => this.#ask(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(scroller);
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focusin", (event) => {
      const index = this.#indexOf(event.target.closest(".cell"));
      if (index >= 0) this.#activate(index);
    });
  }

  get current() {
    return this.#pictures[this.active];
  }

  get atTop() {
    return this.scroller.scrollTop < this.#height;
  }

  // Ids are in descending order.
  find(id) {
    let [low, high] = [0, this.#pictures.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pictures[middle].id > id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  show(pictures, fresh = []) {
    const id = this.current?.id;
    this.#pictures = pictures;
    this.#fresh = new Set(fresh);
    if (id) this.active = Math.min(this.find(id), Math.max(0, pictures.length - 1));
    this.#resize();
  }

  redraw() {
    this.#draw(true);
  }

  focus(index = this.active) {
    if (!this.#pictures.length) {
      this.scroller.focus();
      return;
    }
    this.#activate(Math.max(0, Math.min(index, this.#pictures.length - 1)));
    this.#reveal();
    this.#draw();
    this.#cellOf(this.active)?.element.focus({ preventScroll: true });
  }

  toTop() {
    this.scroller.scrollTop = 0;
    this.#draw();
  }

  #measure() {
    const width = this.element.clientWidth, wanted = width < 700 ? NARROWEST : WIDEST;
    const columns = Math.max(1, Math.floor((width + GAP) / (wanted + GAP)));
    const top = Math.floor(this.scroller.scrollTop / this.#height) * this.#columns;
    this.#height = Math.round(((width - GAP * (columns - 1)) / columns) * 9 / 16) + CAPTION + GAP;
    if (columns !== this.#columns) {
      for (const row of this.#rows.values()) row.element.remove();
      this.#rows.clear();
      this.#pool = [];
      this.#columns = columns;
    }
    this.#resize();
    // The first picture on screen stays there.
    if (top) this.scroller.scrollTop = Math.floor(top / columns) * this.#height;
  }

  #resize() {
    const rows = Math.ceil(this.#pictures.length / this.#columns);
    this.element.style.height = `${rows * this.#height}px`;
    this.element.style.setProperty("--columns", this.#columns);
    this.element.setAttribute("aria-rowcount", rows);
    this.element.setAttribute("aria-colcount", this.#columns);
    this.#draw(true);
  }

  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw(all = false) {
    const { scrollTop, clientHeight } = this.scroller, count = Math.ceil(this.#pictures.length / this.#columns);
    // Rows that fly past fetch nothing.
    this.#flying = Math.abs(scrollTop - this.#last) > FLYING * clientHeight;
    this.#last = scrollTop;
    clearTimeout(this.#settle);
    if (this.#flying) this.#settle = setTimeout(() => this.#draw(true), SETTLED_MS);
    const first = Math.max(0, Math.floor(scrollTop / this.#height) - SPARE);
    const end = Math.min(count, Math.ceil((scrollTop + clientHeight) / this.#height) + SPARE);
    const focused = this.element.contains(document.activeElement) ? Math.floor(this.active / this.#columns) : -1;
    for (const [index, row] of this.#rows) {
      if ((index >= first && index < end) || (index === focused && index < count)) continue;
      this.#rows.delete(index);
      for (const each of row.cells) this.#empty(each);
      row.element.hidden = true;
      this.#pool.push(row);
    }
    for (let index = first; index < end; index++) {
      const old = this.#rows.get(index), row = old ?? this.#row(index);
      if (!old || all || row.waits) this.#fill(row, index);
    }
    if (focused >= 0 && this.#rows.has(focused) && all) this.#fill(this.#rows.get(focused), focused);
    this.#fresh.clear();
  }

  #row(index) {
    let row = this.#pool.pop();
    if (!row) {
      const element = make("div", "row"), cells = Array.from({ length: this.#columns }, (_, column) => cell(column));
      element.setAttribute("role", "row");
      element.append(...cells.map((each) => each.element));
      row = { element, cells, waits: false };
    }
    row.element.hidden = false;
    row.element.style.transform = `translateY(${index * this.#height}px)`;
    row.element.setAttribute("aria-rowindex", index + 1);
    // In the order of the pictures, for readers that go through the document.
    const after = [...this.#rows.keys()].filter((other) => other > index).sort((one, other) => one - other)[0];
    const before = this.#rows.get(after)?.element ?? null;
    if (row.element.nextSibling !== before || !row.element.isConnected) this.element.insertBefore(row.element, before);
    this.#rows.set(index, row);
    return row;
  }

  #fill(row, index) {
    row.waits = false;
    row.element.style.transform = `translateY(${index * this.#height}px)`;
    row.cells.forEach((each, column) => {
      const place = index * this.#columns + column, picture = this.#pictures[place];
      each.element.hidden = !picture;
      if (!picture) {
        this.#empty(each);
        return;
      }
      if (each.id !== picture.id) {
        this.#empty(each);
        each.id = picture.id;
        each.title.textContent = picture.title || "Untitled";
        each.time.textContent = when(picture);
        each.element.style.setProperty("--mood", colour(picture));
      }
      if (!each.image.hasAttribute("src")) {
        if (this.#flying) row.waits = true;
        else each.image.src = thumbnail(picture.id);
      }
      const chosen = this.chosen.has(picture.id);
      each.element.setAttribute("aria-label", described(picture));
      each.element.setAttribute("aria-selected", chosen);
      each.element.tabIndex = place === this.active ? 0 : -1;
      each.element.classList.toggle("favourite", picture.favourite);
      each.element.classList.toggle("new", this.#fresh.has(picture.id));
    });
  }

  #empty(each) {
    each.id = "";
    each.image.removeAttribute("src"); // a request that is under way is given up
    each.image.classList.remove("there");
    each.element.classList.remove("new");
  }

  #cellOf(index) {
    return this.#rows.get(Math.floor(index / this.#columns))?.cells[index % this.#columns];
  }

  #indexOf(element) {
    for (const [index, row] of this.#rows) {
      const column = row.cells.findIndex((each) => each.element === element);
      if (column >= 0) return index * this.#columns + column;
    }
    return -1;
  }

  #activate(index) {
    const old = this.#cellOf(this.active);
    if (old) old.element.tabIndex = -1;
    this.active = index;
    const now = this.#cellOf(index);
    if (now) now.element.tabIndex = 0;
  }

  #reveal() {
    const top = Math.floor(this.active / this.#columns) * this.#height, { scrollTop, clientHeight } = this.scroller;
    const offset = this.element.offsetTop;
    if (top + offset < scrollTop) this.scroller.scrollTop = top ? top + offset - GAP : 0;
    else if (top + offset + this.#height > scrollTop + clientHeight) {
      this.scroller.scrollTop = top + offset + this.#height - clientHeight;
    }
  }

  #click(event) {
    const index = this.#indexOf(event.target.closest(".cell"));
    if (index < 0) return;
    this.#activate(index);
    const choose = event.target.classList.contains("tick") || event.ctrlKey || event.metaKey;
    this.dispatchEvent(new CustomEvent("act", { detail: choose ? "choose" : "open" }));
  }

  #key(event) {
    if (event.altKey || ((event.ctrlKey || event.metaKey) && !["Home", "End"].includes(event.key))) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.#height)) * this.#columns;
    const column = this.active % this.#columns, last = this.#pictures.length - 1;
    const moves = {
      ArrowLeft: this.active - 1, ArrowRight: this.active + 1,
      ArrowUp: this.active - this.#columns, ArrowDown: this.active + this.#columns,
      PageUp: Math.max(column, this.active - page), PageDown: Math.min(last, this.active + page),
      Home: event.ctrlKey ? 0 : this.active - column, End: event.ctrlKey ? last : this.active - column + this.#columns - 1,
    };
    const acts = { Enter: "open", " ": "choose", f: "favourite", F: "favourite", Delete: "delete", Backspace: "delete" };
    if (event.key in moves) {
      const index = moves[event.key];
      if (index >= 0 && (index <= last || event.key === "End")) this.focus(index);
    } else if (event.key in acts && this.current) this.dispatchEvent(new CustomEvent("act", { detail: acts[event.key] }));
    else return;
    event.preventDefault();
  }
}
