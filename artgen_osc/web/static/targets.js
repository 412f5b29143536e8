// Where the show sends: the programs that get it, each with a button to end that, and a form for one more.

import { put } from "./head.js";
import { make } from "./show.js";
import { chosenPanel } from "./tabs.js";

const ADD = "/artgen/control/target/add", REMOVE = "/artgen/control/target/remove";
const AGAIN_MS = 3000, SOON_MS = 400;
const NAMES = {
  touchdesigner: "TouchDesigner", max: "Max", supercollider: "SuperCollider", processing: "Processing", resolume: "Resolume",
  vdmx: "VDMX", puredata: "Pure Data", madmapper: "MadMapper", qlcplus: "QLC+", ableton: "Ableton Live", chataigne: "Chataigne",
  touchosc: "TouchOSC",
};

export function targets(show) {
  const list = make("ul", { className: "inputs", aria: { label: "programs that get it" } });
  const none = make("p", { className: "words" });
  const program = make("select", { aria: { label: "program" } });
  const host = make("input", { type: "text", placeholder: "this computer", aria: { label: "computer: its name or address; empty: the show's own" } });
  const port = make("input", { type: "number", min: 1, max: 65535, aria: { label: "port" } });
  const form = make(
    "form", { className: "row" },
    make("label", {}, "program ", program), make("label", {}, "computer ", host), make("label", {}, "port ", port),
    make("button", { type: "submit", textContent: "Add" }),
  );
  let programs = {}, drawn = "";

  function draw(found) {
    const state = JSON.stringify(found);
    if (state === drawn) return;
    drawn = state;
    if (!program.options.length) {
      programs = found.programs;
      program.append(...Object.keys(programs).map((key) => make("option", { value: key, textContent: NAMES[key] ?? key })));
      program.append(make("option", { value: "", textContent: "another program" }));
      program.onchange();
    }
    list.replaceChildren(...found.targets.map((text) => {
      const end = make("button", { type: "button", textContent: "Remove", aria: { label: `Remove ${text}` } });
      end.onclick = () => send({ [REMOVE]: text });
      return make("li", {}, make("span", { textContent: text }), end);
    }));
    put(none, found.targets.length ? "" : "Nobody yet: the picture alone follows the music.");
  }
  async function look() {
    try {
      draw(await (await fetch(new URL("targets", show.base))).json());
    } catch {
      // The head says that the show can't be reached.
    }
  }
  function send(values) {
    show.send(values);
    setTimeout(look, SOON_MS);
  }
  program.onchange = () => {
    port.value = programs[program.value] ?? "";
    port.required = !program.value;
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    const named = host.value.trim().replace(/^(?=.*:.*:)([^[].*)$/, "[$1]"); // IPv6
    const usual = Number(port.value) === programs[program.value] || !port.value;
    const there = usual && program.value ? named : `${named || "127.0.0.1"}:${port.value}`;
    send({ [ADD]: program.value ? program.value + (there && `@${there}`) : there });
  };
  look();
  setInterval(() => document.hidden || chosenPanel() !== "controls" || look(), AGAIN_MS);
  return make("div", {}, list, none, form);
}
