// The slideshow: one picture after the other over the whole screen.
import { described, file } from "./library.js";

const at = (id) => document.getElementById(id);
const BAR_MS = 3000;

export class Slides {
  #dialog = at("slides");
  #images = [...document.querySelectorAll("#slides .slide")];
  #top = 0;
  #pictures = [];
  #place = 0;
  #timer = 0;
  #bar = 0;
  #paused = false;
  #turn = 0;

  // `closed` is called with the picture that was last on screen.
  constructor(closed) {
    at("pause").addEventListener("click", () => this.#pause(!this.#paused));
    at("slides-close").addEventListener("click", () => this.#dialog.close());
    at("every").addEventListener("change", () => this.#wait());
    at("shuffle").addEventListener("change", () => this.#order());
    this.#dialog.addEventListener("pointermove", () => this.#wake());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("close", () => {
      clearTimeout(this.#timer);
      if (document.fullscreenElement) document.exitFullscreen();
      closed(this.#pictures[this.#place]);
    });
    // Escape ends the full screen first; the slideshow ends with it.
    document.addEventListener("fullscreenchange", () => document.fullscreenElement || this.#dialog.close());
  }

  start(pictures, from) {
    this.#pictures = [...pictures];
    this.#place = Math.max(0, from);
    this.#dialog.showModal();
    this.#dialog.requestFullscreen?.().catch(() => null); // where that isn't allowed, the window has to do
    this.#order();
    this.#pause(false);
    this.#wake();
    this.#show();
  }

  #order() {
    const now = this.#pictures[this.#place];
    if (at("shuffle").checked) {
      for (let last = this.#pictures.length - 1; last > 0; last--) {
        const other = Math.floor(Math.random() * (last + 1));
        [this.#pictures[last], this.#pictures[other]] = [this.#pictures[other], this.#pictures[last]];
      }
    } else this.#pictures.sort((one, other) => (one.id < other.id ? 1 : -1));
    this.#place = Math.max(0, this.#pictures.indexOf(now));
  }

  async #show() {
    const picture = this.#pictures[this.#place], turn = ++this.#turn;
    if (!picture) {
      this.#dialog.close();
      return;
    }
    const next = this.#images[1 - this.#top];
    next.src = file(picture.id);
    const loaded = await next.decode().then(() => true, () => false);
    if (turn !== this.#turn || !this.#dialog.open) return;
    if (!loaded) { // deleted meanwhile
      this.#pictures.splice(this.#place, 1);
      this.#place %= Math.max(1, this.#pictures.length);
      this.#show();
      return;
    }
    next.alt = described(picture);
    next.classList.add("top");
    this.#images[this.#top].classList.remove("top");
    this.#images[this.#top].alt = "";
    this.#top = 1 - this.#top;
    this.#wait();
  }

  #step(way) {
    const count = this.#pictures.length;
    this.#place = (this.#place + way + count) % count;
    this.#show();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (!this.#paused) this.#timer = setTimeout(() => this.#step(1), Number(at("every").value) * 1000);
  }

  #pause(paused) {
    this.#paused = paused;
    at("pause").textContent = paused ? "Go on" : "Pause";
    this.#wait();
  }

  #wake() {
    clearTimeout(this.#bar);
    this.#dialog.classList.remove("quiet");
    this.#bar = setTimeout(() => this.#dialog.classList.add("quiet"), BAR_MS);
  }

  #key(event) {
    this.#wake();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select")) return;
    if (event.key === "ArrowRight") this.#step(1);
    else if (event.key === "ArrowLeft") this.#step(-1);
    else if (event.key === " " && !event.target.matches("button, input")) this.#pause(!this.#paused);
    else return;
    event.preventDefault();
  }
}
