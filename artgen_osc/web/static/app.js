// Puts the page together: the tabs, the head, and one module for each part.

import { mount as mountControls } from "./controls.js";
import { mount as mountMeters } from "./meters.js";
import { mount as mountMood } from "./mood.js";
import { mount as mountScenes } from "./scenes.js";
import { Show } from "./show.js";
import { mount as mountSongs } from "./songs.js";
import { mount as mountSound } from "./sound-panel.js";
import { mount as mountView } from "./view.js";

const at = (id) => document.getElementById(id);
const SAID_MS = 8000;
const show = new Show();

show.capture = mountSound(at("sound"), show);
const PARTS = {
  view: mountView,
  mood: mountMood,
  scenes: mountScenes,
  meters: mountMeters,
  controls: mountControls,
  songs: mountSongs,
};
for (const [id, mount] of Object.entries(PARTS)) mount(at(id), show);

// The head: what plays, and whether somebody is there.
let silence = 0;
function say(text) {
  at("said").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => (at("said").textContent = ""), SAID_MS);
}
show.onRefusal(say);
show.onState((text, wrong) => {
  at("state").classList.toggle("wrong", wrong);
  at("state").textContent = text;
});
show.on("/artgen/tempo_bpm", (bpm) => (at("tempo").textContent = bpm ? `${bpm.toFixed(0)} bpm` : "–"));
show.on("/artgen/key", (key) => (at("key").textContent = key));
show.on("/artgen/title", (title) => (at("title").textContent = title));
show.on("/artgen/beat", (beat) => {
  if (beat === 1) at("beat").animate([{ opacity: 1, scale: 1.3 }, { opacity: 0.2, scale: 1 }], 300);
});

// Tabs, as the ARIA authoring practices have them: arrows move between them.
const tabs = [...document.querySelectorAll("[role=tab]")];
function choose(tab) {
  for (const each of tabs) {
    const chosen = each === tab;
    each.setAttribute("aria-selected", chosen);
    each.tabIndex = chosen ? 0 : -1;
    at(each.getAttribute("aria-controls")).hidden = !chosen;
  }
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
}
for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    choose(next);
  });
}
const named = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
if (named) choose(named);

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
