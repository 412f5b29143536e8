// Two to four pictures side by side, and their moods on one plane.
import { described, file, when } from "./library.js";
import { drawNumbered } from "./plane.js";

const at = (id) => document.getElementById(id);
export const MOST = 4;

function figure(picture, index, favourite) {
  const element = document.createElement("figure"), image = new Image(), caption = document.createElement("figcaption");
  const number = Object.assign(document.createElement("b"), { textContent: index + 1 });
  const star = Object.assign(document.createElement("button"), { type: "button", textContent: "Favourite" });
  const mood = `valence ${picture.valence.toFixed(2)}, energy ${picture.energy.toFixed(2)}`;
  const text = [picture.title || "Untitled", when(picture), mood].map((words) =>
    Object.assign(document.createElement("span"), { textContent: words }));
  image.src = file(picture.id);
  image.alt = described(picture);
  star.setAttribute("aria-label", `Favourite ${index + 1}`);
  star.setAttribute("aria-pressed", picture.favourite);
  star.addEventListener("click", () => favourite(picture));
  caption.append(number, ...text, star);
  element.append(image, caption);
  return element;
}

export class Compare {
  #pictures = [];
  #dialog = at("comparing");

  constructor(favourite, closed) {
    this.favourite = favourite;
    at("compare-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      at("figures").replaceChildren();
      closed();
    });
  }

  show(pictures) {
    this.#pictures = pictures;
    this.#dialog.showModal();
    at("figures").dataset.count = pictures.length;
    at("figures").replaceChildren(...pictures.map((picture, index) => figure(picture, index, this.favourite)));
    const moods = pictures.map(({ valence, energy }, index) => `${index + 1}: ${valence.toFixed(2)}, ${energy.toFixed(2)}`);
    at("compare-plane").setAttribute("aria-label", `Valence and energy of ${moods.join("; ")}`);
    drawNumbered(at("compare-plane"), pictures);
  }

  refresh() {
    document.querySelectorAll("#figures button").forEach((star, index) =>
      star.setAttribute("aria-pressed", this.#pictures[index].favourite));
  }
}
