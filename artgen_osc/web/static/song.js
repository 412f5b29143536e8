// One song of the list: what is being done with it, then its mood, its sound and its picture.

import { clock, curve, words } from "./curve.js";
import { make } from "./show.js";

const DOING = {
  waiting: "waits for its turn", converting: "is being converted", analysing: "is being listened to",
  painting: "is being painted", failed: "failed",
};

export class SongCard {
  // `base` is the server's address; `complain(text)` tells what went wrong, `deleted()` that the song is gone.
  constructor(base, song, complain, deleted) {
    this.base = base;
    this.id = song.id;
    this.at = (path) => new URL(path, base).href;
    this.complain = complain;
    this.deleted = deleted;
    this.drawn = "";
    this.name = make("strong");
    this.facts = make("span", { className: "words" });
    this.bar = make("progress", { max: 1, aria: { label: "how far the work on it is" } });
    this.body = make("div", { className: "song-body" });
    this.root = make("details", { className: "song" }, make("summary", {}, this.name, this.facts, this.bar), this.body);
    this.root.addEventListener("toggle", () => this.fill());
    this.update(song);
  }

  update(song) {
    this.song = song;
    this.name.textContent = song.title || "without a title";
    const facts = song.state === "done" ? [clock(song.duration), song.tempo_bpm ? `${song.tempo_bpm.toFixed(0)} bpm` : "", song.key]
      : [DOING[song.state]];
    const text = facts.filter(Boolean).join(" · ");
    if (this.facts.textContent !== text) this.facts.textContent = text;
    this.facts.classList.toggle("wrong", song.state === "failed");
    this.bar.hidden = song.state === "done" || song.state === "failed";
    this.bar.value = song.progress;
    this.fill();
  }

  // The inside, once it is open, and again when the work has come to its end.
  async fill() {
    if (!this.root.open || this.drawn === this.song.state) return;
    this.drawn = this.song.state;
    const playing = this.body.querySelector("audio");
    if (playing && !playing.paused) playing.pause();
    const inside = [];
    if (this.song.reason) inside.push(make("p", { className: "wrong", textContent: this.song.reason }));
    const song = await this.whole();
    if (!song) return;
    if (song.mood.length) inside.push(...this.mood(song));
    if (song.picture) inside.push(this.picture(song));
    inside.push(this.deleting());
    this.body.replaceChildren(...inside);
  }

  async whole() {
    try {
      const answer = await fetch(this.at(`songs/${this.id}`));
      if (answer.ok) return await answer.json();
    } catch {
      this.drawn = ""; // artgen can't be reached: once more with the next news
    }
    return null;
  }

  mood(song) {
    const sound = make("audio", { controls: true, preload: "metadata", src: this.at(`songs/${this.id}/sound`) });
    sound.setAttribute("aria-label", `Play ${song.title}`);
    const { picture, place } = curve(song.mood, song.duration, (time) => {
      sound.currentTime = time;
      place(time);
    });
    const follow = () => {
      place(sound.currentTime);
      if (!sound.paused) requestAnimationFrame(follow);
    };
    sound.addEventListener("play", follow);
    sound.addEventListener("seeked", () => place(sound.currentTime));
    const legend = make("p", { className: "words legend" },
      make("span", { className: "valence", textContent: `valence ${song.valence.toFixed(2)}` }),
      make("span", { className: "energy", textContent: `energy ${song.energy.toFixed(2)}` }));
    const told = make("details", {}, make("summary", { textContent: "The curve in words" }),
      make("p", { className: "words", textContent: words(song.mood, song.duration) }));
    return [picture, legend, sound, told];
  }

  picture(song) {
    const name = `Picture of the mood of ${song.title || "the song"}`;
    const image = make("img", { src: this.at(`gallery/thumbnail/${song.picture}.jpg`), alt: name, loading: "lazy", width: 192 });
    const link = make("a", { href: this.at(`gallery/picture/${song.picture}.png`), className: "picture" }, image);
    image.onerror = () => link.replaceChildren(name);
    const all = make("a", { href: this.at(`gallery/#${song.picture}`), className: "picture", textContent: "in the gallery" });
    return make("div", { className: "pictures" }, link, all);
  }

  deleting() {
    const row = make("div", { className: "row" });
    const ask = make("button", { textContent: "Delete", aria: { label: `Delete ${this.song.title}` } });
    const sure = make("button", { className: "danger", textContent: "Delete for good" });
    const keep = make("button", { textContent: "Keep it" });
    const note = make("span", { className: "words", textContent: "Its picture stays in the gallery." });
    ask.onclick = () => {
      row.replaceChildren(sure, keep, note);
      keep.focus();
    };
    keep.onclick = () => {
      row.replaceChildren(ask);
      ask.focus();
    };
    sure.onclick = async () => {
      try {
        const answer = await fetch(this.at(`songs/${this.id}`), { method: "DELETE" });
        if (!answer.ok && answer.status !== 404) throw new Error((await answer.json()).error);
        this.deleted();
      } catch (error) {
        this.complain(`It is not deleted: ${error.message}`);
      }
    };
    row.append(ask);
    return row;
  }
}
