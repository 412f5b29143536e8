// What the show can listen to: a list with the level of the one that is heard, and a choice in one line.

import { put } from "./head.js";
import { make } from "./show.js";
import { chosenPanel } from "./tabs.js";
import { inputName } from "./words.js";

const INPUT = "/artgen/control/input";
const LOWEST_DB = -60;
const LOOK_MS = 500, AGAIN_MS = 20000, AWAY_MS = 8000;
const TYPED = {
  "file:": ["A file", "where it is on the show's computer, such as /home/ann/song.flac"],
  "url:": ["A radio or another address", "such as https://radio.example/live.mp3"],
};

/** What there is to choose from, and what is chosen. Dispatches "change". */
export class Inputs extends EventTarget {
  constructor(show) {
    super();
    this.show = show;
    this.now = null; // as the show says; null: not known yet
    this.asked = null; // until the show says so
    this.found = { devices: [], loopback: { name: "", reason: "" }, reason: "Looking for devices …" };
    show.on(INPUT, (value) => this.#set(value, null));
    show.onRefusal((text) => text.startsWith(INPUT) && this.#set(this.now, null));
    this.#look();
  }

  #set(now, asked) {
    Object.assign(this, { now, asked });
    this.dispatchEvent(new Event("change"));
  }

  /** Look for devices when they can be seen, and now and then as long as they are. */
  async #look() {
    let seen = false, last = 0;
    for (;;) {
      const before = seen;
      seen = !document.hidden && ["sound", "controls"].includes(chosenPanel());
      if (seen && (!before || performance.now() - last > AGAIN_MS)) {
        last = performance.now();
        try {
          this.found = await (await fetch(new URL("inputs", this.show.base))).json();
          this.dispatchEvent(new Event("change"));
        } catch {
          seen = false; // the head says that the show can't be reached
        }
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** `{spec, name, off}` of each; off: why it can't be used now, or empty. */
  list() {
    const { devices, loopback, reason } = this.found;
    const usual = devices.find((one) => one.default_input);
    const names = this.#names().filter((name) => name !== usual?.name);
    const found = [
      { spec: "loopback", name: "What the computer plays", off: loopback.reason },
      { spec: "", name: `The usual input${usual ? `: ${usual.name}` : ""}`, off: usual || reason ? "" : "The computer has none." },
      ...names.map((name) => ({ spec: `device:${name}`, name, off: "" })),
      { spec: "demo", name: "The demo, a minute of music", off: "" },
    ];
    const heard = this.heard();
    if (heard !== null && !found.some(({ spec }) => spec === heard)) found.unshift({ spec: heard, name: inputName(heard), off: "" });
    return found;
  }

  #names() {
    return [...new Set(this.found.devices.filter((one) => one.inputs > 0).map((one) => one.name))];
  }

  /** What the show says as it stands in the list: a part of a device's name is enough for the show. */
  heard() {
    if (!this.now?.startsWith("device:")) return this.now;
    const part = this.now.slice("device:".length).toLowerCase();
    const names = this.#names();
    const name = names.find((each) => each.toLowerCase() === part) ?? names.find((each) => each.toLowerCase().includes(part));
    const usual = this.found.devices.find((one) => one.default_input)?.name;
    if (!part || (name && name === usual)) return "";
    return name ? `device:${name}` : this.now;
  }

  choose(spec) {
    this.show.send({ [INPUT]: spec });
    this.#set(this.now, spec);
    // What is long in coming may never come; the head tells of a refusal.
    setTimeout(() => this.asked === spec && this.#set(this.now, null), AWAY_MS);
  }
}

function typed(kind, inputs) {
  const [name, example] = TYPED[kind];
  const field = make("input", { type: "text", placeholder: example, aria: { label: `${name}: ${example}` } });
  const use = make("button", { type: "submit", textContent: "Use it" });
  const form = make("form", { className: "row typed" }, make("span", { textContent: name }), field, use);
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return field.focus();
    inputs.choose(text.startsWith(kind) ? text : kind + text);
  };
  return form;
}

/** The list, in the section "Sound". */
export function mountList(element, show) {
  const { inputs } = show;
  const level = make("meter", {
    min: LOWEST_DB, max: 0, low: -50, high: -3, optimum: -20, value: LOWEST_DB, aria: { label: "Level of what is heard, in decibels" },
  });
  const figure = make("output", { className: "words" });
  const meter = make("div", { className: "input-level" }, level, figure);
  const list = make("ul", { className: "inputs", aria: { label: "inputs" } });
  const reason = make("p", { className: "words" });
  element.append(list, reason, typed("file:", inputs), typed("url:", inputs));
  let drawn = "";
  function draw() {
    const found = inputs.list();
    const now = inputs.heard();
    const state = JSON.stringify([found, now, inputs.asked]);
    if (state === drawn) return; // a redrawn button would lose the focus
    drawn = state;
    const focused = list.contains(document.activeElement) ? document.activeElement.textContent : null;
    list.replaceChildren(...found.map((one) => {
      const heard = one.spec === now;
      const button = make("button", { type: "button", textContent: one.name, disabled: Boolean(one.off) && !heard, aria: { pressed: heard } });
      button.onclick = () => heard || inputs.choose(one.spec);
      const more = one.spec === inputs.asked ? make("span", { className: "words", textContent: "opening …" })
        : heard ? meter : one.off ? make("small", { textContent: one.off }) : "";
      return make("li", {}, button, more);
    }));
    if (focused) [...list.querySelectorAll("button")].find((each) => each.textContent === focused)?.focus();
    const devices = inputs.found.devices.some((one) => one.inputs > 0);
    put(reason, inputs.found.reason || (devices ? "" : "The show's computer has no microphone and no line in."));
  }
  inputs.addEventListener("change", draw);
  show.on("/artgen/level_db", (value) => {
    level.value = Math.max(LOWEST_DB, value);
    put(figure, value <= -119 ? "silent" : `${Math.round(value)} dB`);
  });
  draw();
}

/** The choice in one line, in the section "Controls". */
export function choice(show, label) {
  const { inputs, capture } = show;
  const own = { microphone: "This page's microphone", tab: "The sound of a tab here" };
  const select = make("select", { aria: { label } });
  const forms = Object.fromEntries(Object.keys(TYPED).map((kind) => [kind, typed(kind, inputs)]));
  const opening = make("output", { className: "words" });
  function option(value, textContent, off = "") {
    return make("option", { value, textContent: off ? `${textContent} (not here)` : textContent, disabled: Boolean(off), title: off });
  }
  let drawn = "";
  function draw() {
    put(opening, inputs.asked === null ? "" : "opening …");
    const found = inputs.list();
    const now = inputs.heard();
    const state = JSON.stringify([found, now]);
    if (state === drawn) return;
    drawn = state;
    select.replaceChildren(
      ...found.map((one) => option(one.spec, one.name, one.spec === now ? "" : one.off)),
      ...Object.entries(own).map(([kind, name]) => option(`own:${kind}`, name)),
      ...Object.entries(TYPED).map(([kind, [name]]) => option(kind, `${name} …`)),
    );
    select.value = now ?? "";
  }
  select.onchange = () => {
    const { value } = select;
    for (const [kind, form] of Object.entries(forms)) form.hidden = kind !== value;
    if (value in forms) return forms[value].querySelector("input").focus();
    if (value === "own:microphone") capture.startMicrophone();
    else if (value === "own:tab") capture.startTab();
    else return inputs.choose(value);
    select.value = inputs.heard() ?? ""; // the Sound tab brings it into the show, and tells how it goes
    location.hash = "#sound";
  };
  for (const form of Object.values(forms)) form.hidden = true;
  inputs.addEventListener("change", draw);
  draw();
  return make("div", {}, select, ...Object.values(forms), opening);
}
