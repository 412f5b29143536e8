// The head: what plays, what is heard and how loud, and whether somebody is there.

import { ago, inputName } from "./words.js";

const SAID_MS = 8000;
const SURE = 0.1; // no beats are announced below it
const REST_S = 3, SILENT_S = 10; // shorter rests belong to the music
const LOWEST_DB = -60;
const at = (id) => document.getElementById(id);

/** Write where it isn't written yet: a screen reader would say it again and again. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function start(show) {
  let clearing = 0;
  show.onRefusal((text) => {
    at("said").textContent = text;
    clearTimeout(clearing);
    clearing = setTimeout(() => (at("said").textContent = ""), SAID_MS);
  });

  let bpm = 0, sure = 0, silent = 0, input = "", here = false;
  function tempo() {
    put(at("tempo"), bpm && sure > SURE && silent < REST_S ? `${bpm.toFixed(0)} bpm` : "no beat");
  }
  function heard() {
    put(at("input"), input && inputName(input));
    at("input-name").hidden = at("input-level").hidden = !here || !input;
    const nothing = here && silent >= SILENT_S;
    at("silence").hidden = !nothing;
    put(at("silence-input"), nothing ? `Nothing is heard. The show listens to: ${inputName(input)}.` : "");
    put(at("silence-time"), `Silent for ${ago(silent)}.`);
  }
  show.onState((text, wrong) => {
    here = !wrong;
    at("state").classList.toggle("wrong", wrong);
    put(at("state"), text);
    heard();
  });
  show.on("/artgen/tempo_bpm", (value) => {
    bpm = value;
    tempo();
  });
  show.on("/artgen/tempo/confidence", (value) => {
    sure = value;
    tempo();
  });
  show.on("/artgen/status/silent", (value) => {
    silent = value;
    tempo();
    heard();
  });
  show.on("/artgen/status/input", (value) => {
    input = value;
    heard();
  });
  show.on("/artgen/level_db", (value) => (at("input-level").value = Math.max(LOWEST_DB, value)));
  show.on("/artgen/key", (key) => put(at("key"), key));
  show.on("/artgen/title", (title) => put(at("title"), title));
  show.on("/artgen/beat", (beat) => {
    if (beat === 1) at("beat").animate([{ opacity: 1, scale: 1.3 }, { opacity: 0.2, scale: 1 }], 300);
  });

  // The address for a phone.
  at("phone").addEventListener("click", async () => {
    const { phone } = await (await fetch("/addresses")).json();
    at("code-text").textContent = phone
      ? `In the same network, open ${phone}. Whoever has this address can steer the show.`
      : "This page is for this computer only. Start artgen with --web-host 0.0.0.0 to open it on a phone.";
    at("code-image").hidden = !phone;
    if (phone) at("code-image").src = "/qr.svg";
    at("code").showModal();
  });
}
