// How a training run is doing: its newest sheet, and what it says in plain words.

import { make } from "./show.js";

const AGAIN_MS = 15000;

export function mount(element, show) {
  const heading = make("h2", {});
  const words = make("p", { className: "words" });
  const sheet = make("img", { alt: "the newest sheet of the run: one picture in all moods, then many pictures", hidden: true });
  element.append(heading, sheet, words);

  let shown = -1;
  async function look() {
    if (!document.hidden) {
      try {
        const run = await (await fetch(new URL("training", show.base))).json();
        if (run.run === undefined) return; // and nobody asks again
        write(run);
      } catch {
        // The show is away; it is asked again.
      }
    }
    setTimeout(look, AGAIN_MS);
  }

  function write({ run, step, lines }) {
    element.hidden = false;
    heading.textContent = step === undefined ? `Training ${run}: no sheet yet` : `Training ${run}`;
    words.textContent = (lines || []).join("\n");
    if (step === undefined || step === shown) return;
    shown = step;
    sheet.hidden = false;
    sheet.src = new URL(`training/sheet.jpg?${step}`, show.base);
  }

  look();
}
