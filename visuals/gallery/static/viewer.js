// One picture, large, with all that is known of it.
import { described, file, thumbnail, when } from "./library.js";

const at = (id) => document.getElementById(id);

function facts(about) {
  const music = [about.tempo_bpm ? `${Math.round(about.tempo_bpm)} bpm` : "", about.key].filter(Boolean).join(", ");
  const models = about.strokes.map((stroke) => stroke.model).join(" + ");
  return [
    ["Valence", about.valence.toFixed(2)],
    ["Energy", about.energy.toFixed(2)],
    ["Music", music || "unknown"],
    ["Model", models],
    ["Mix", about.strokes.length > 1 ? `${Math.round(about.mix * 100)} % of the second` : ""],
    ["Seed", String(about.seed)],
    ["Truncation", about.strokes.map((stroke) => stroke.truncation.toFixed(2)).join(", ")],
    ["Scene", about.scene],
    ["Size", `${about.width} × ${about.height}`],
    ["Taken", { asked: "by hand", timer: "by the timer", mood: "at a change of mood" }[about.cause] ?? about.cause],
    ["Id", about.id],
  ].filter(([, value]) => value);
}

export class Viewer {
  #id = "";
  #dialog = at("viewer");

  // `actions`: favourite(picture), remove(picture), closed(id).
  constructor(library, actions) {
    [this.library, this.actions] = [library, actions];
    at("previous").addEventListener("click", () => this.#turn(-1));
    at("next").addEventListener("click", () => this.#turn(1));
    at("viewer-favourite").addEventListener("click", () => actions.favourite(this.#picture));
    at("viewer-delete").addEventListener("click", () => this.#remove());
    at("viewer-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => actions.closed(this.#id));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    let from = null;
    at("large").addEventListener("pointerdown", (event) => (from = event.clientX));
    at("large").addEventListener("pointerup", (event) => {
      const way = from === null ? 0 : event.clientX - from;
      from = null;
      if (Math.abs(way) > 60) this.#turn(way > 0 ? -1 : 1);
    });
    at("large").draggable = false;
  }

  get open() {
    return this.#dialog.open;
  }

  get #picture() {
    return this.library.get(this.#id);
  }

  show(picture) {
    this.#id = picture.id;
    const image = at("large");
    image.style.backgroundImage = `url("${thumbnail(picture.id)}")`;
    image.src = file(picture.id);
    image.alt = described(picture);
    at("download").href = file(picture.id);
    at("download").download = `${picture.id}.png`;
    this.refresh();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#tellFacts(picture.id);
    const next = this.library.shown[this.#place() + 1];
    if (next) new Image().src = file(next.id);
  }

  // After the gallery has changed.
  refresh() {
    const picture = this.#picture;
    if (!this.#id) return;
    if (!picture) {
      if (this.#dialog.open) this.#step(0);
      return;
    }
    const place = this.#place(), count = this.library.shown.length;
    at("viewer-title").textContent = picture.title || "Untitled";
    at("viewer-place").textContent = `${when(picture)} · ${place + 1} of ${count}`;
    at("viewer-favourite").setAttribute("aria-pressed", picture.favourite);
    at("previous").disabled = place <= 0;
    at("next").disabled = place >= count - 1;
  }

  async #tellFacts(id) {
    const answer = await fetch(`api/about/${id}`).catch(() => null);
    const about = answer?.ok ? await answer.json() : null;
    if (id !== this.#id) return;
    const rows = about ? facts(about) : [["Picture", "can't be read"]];
    at("facts").replaceChildren(...rows.map(([name, value]) => {
      const row = document.createElement("div");
      row.append(Object.assign(document.createElement("dt"), { textContent: name }));
      row.append(Object.assign(document.createElement("dd"), { textContent: value }));
      return row;
    }));
  }

  // Where it is among those that are shown, or would be.
  #place() {
    const { shown } = this.library;
    let [low, high] = [0, shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shown[middle].id > this.#id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #turn(way) {
    const picture = this.library.shown[this.#place() + way];
    if (picture) this.show(picture);
  }

  // To the one that has taken the place of one that is gone.
  #step() {
    const { shown } = this.library, picture = shown[Math.min(this.#place(), shown.length - 1)];
    if (picture) this.show(picture);
    else this.#dialog.close();
  }

  #remove() {
    if (this.#picture) this.actions.remove(this.#picture);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      ArrowLeft: () => this.#turn(-1), ArrowRight: () => this.#turn(1), Delete: () => this.#remove(),
      f: () => this.actions.favourite(this.#picture), F: () => this.actions.favourite(this.#picture),
    };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  }
}
