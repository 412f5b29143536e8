// What drives what: the connections with bars that move, and a form for one more.

import { put } from "./head.js";
import { make } from "./show.js";
import { nameOf } from "./words.js";

const ROWS = "/visuals/status/modulation", LEVELS = `${ROWS}/levels`;
const OWN = "/visuals/modulate/";
const HELD_MS = 700;
const AGAIN_MS = 1000;

/** What can be chosen, by group: the words of a source; a `#` stands for what is typed beside it. */
const SOURCES = {
  Heard: {
    "loudness": '"level"', "low band": '"low"', "middle band": '"mid"', "high band": '"high"', "change": '"flux"',
    "brightness": '"centroid_hz"', "mood: sad to happy": '"valence"', "mood: calm to excited": '"energy"',
    "hits": '"onset"', "beats": '"beat"', "place in the bar": '"bar/phase"',
  },
  Wave: Object.fromEntries(["sine", "triangle", "saw", "square", "random"].map((wave) => [wave, `{ lfo = "${wave}", every = # }`])),
  Envelope: { "envelope on hits": '{ adsr = "onset" }', "envelope on beats": '{ adsr = "beat" }' },
  Other: { "steps": '{ steps = [#], every = "1/2 beat" }', "MIDI": "#", "another address": "#" },
};
/** What is typed beside it: how it is called, what stands there at first, and how it becomes a word of a source. */
const TYPED = {
  Wave: ["every", "4 beats", (text) => (Number(text) > 0 ? text : JSON.stringify(text))],
  steps: ["steps from 0 to 1", "1 0 0.5 0", (text) => text.trim().split(/[\s,;]+/).join(", ")],
  MIDI: ["its control", "midi/cc/1", JSON.stringify],
  "another address": ["its address", "/visuals/value/1", JSON.stringify],
};

export async function mount(element, show) {
  const missed = make("p", { className: "words", aria: { role: "status" } });
  const list = make("ul", { className: "connections", aria: { label: "what drives what" } });
  element.append(list, missed);
  let rows = [], more = 0;

  show.on(ROWS, (text) => {
    const told = JSON.parse(text);
    const kept = new Map(rows.map((row) => [row.key, row]));
    rows = told.rows.map((given) => {
      const key = `${given.name} ${given.source} ${given.target}`;
      const row = kept.get(key) ?? connection(show, key, given);
      row.take(given);
      return row;
    });
    more = told.count - rows.length;
    const drawn = [...list.children];
    if (rows.length !== drawn.length || rows.some((row, at) => row.item !== drawn[at])) {
      list.replaceChildren(...rows.map((row) => row.item));
    }
    const none = rows.length ? "" : "Nothing is driven yet.";
    put(missed, [none, more > 0 ? `And ${more} more.` : "", told.missed].filter(Boolean).join(" "));
  });
  show.on(LEVELS, (text) => text.split(",").forEach((level, at) => rows[at]?.rise(Number(level))));
  element.append(make("h2", { textContent: "One more" }), form(show, await targets(show)));
}

/** The addresses that can be driven. */
async function targets(show) {
  for (;;) {
    try {
      const schema = await (await fetch(new URL("schema", show.base))).json();
      const paths = schema.visuals.filter((row) => row.driven).map((row) => row.path);
      const isEffect = (path) => path.startsWith("/visuals/effect/");
      return [...paths.filter(isEffect), ...paths.filter((path) => !isEffect(path))];
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function connection(show, key, given) {
  const what = nameOf(given.address);
  const amount = make("input", { type: "range", min: -1, max: 1, step: 0.01, aria: { label: `${what} by ${given.source}: amount` } });
  const words = make("output");
  const bar = make("meter", { min: 0, max: 100, aria: { label: `${given.source}: how far it is up` } });
  const on = make("button", { type: "button", textContent: "on", aria: { label: `${what} by ${given.source}: on` } });
  const away = make("button", { type: "button", className: "small", textContent: "✕", aria: { label: `Remove ${what} by ${given.source}` } });
  let held = 0;
  function write(value) {
    amount.value = value;
    put(words, `${given.bipolar ? "±" : ""}${Math.round(100 * value)} %`);
    amount.setAttribute("aria-valuetext", words.textContent);
  }
  amount.oninput = () => {
    held = performance.now() + HELD_MS;
    write(Number(amount.value));
    show.send({ [`${OWN}${given.name}/amount`]: Number(amount.value) });
  };
  on.onclick = () => show.send({ [`${OWN}${given.name}/on`]: on.getAttribute("aria-pressed") === "true" ? 0 : 1 });
  away.onclick = () => show.send({ [`${OWN}remove`]: given.name });
  const heading = make("div", {}, make("strong", { textContent: what }), make("small", { textContent: given.source }));
  return {
    key,
    item: make("li", {}, heading, bar, make("label", {}, amount, words), on, away),
    take(told) {
      on.setAttribute("aria-pressed", told.on);
      if (performance.now() > held) write(told.amount);
    },
    rise: (level) => (bar.value = level),
  };
}

function form(show, paths) {
  const groups = Object.entries(SOURCES).map(([label, named]) =>
    make("optgroup", { label }, ...Object.keys(named).map((name) => make("option", { value: `${label}/${name}`, textContent: name }))));
  const source = make("select", { aria: { label: "what drives" } }, ...groups);
  const target = make("select", { aria: { label: "what is driven" } }, ...paths.map((path) => make("option", { value: path, textContent: nameOf(path) })));
  const typed = make("input", { type: "text" });
  const label = make("span");
  const beside = make("label", {}, label, typed);
  const amount = make("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0.5 });
  const chosen = () => source.value.split("/");
  const needed = () => TYPED[chosen()[1]] ?? TYPED[chosen()[0]];
  source.onchange = () => {
    beside.hidden = !needed();
    [label.textContent, typed.value] = needed() ?? ["", ""];
  };
  source.onchange();
  const made = make(
    "form", { className: "connect" },
    make("label", {}, make("span", { textContent: "what drives" }), source), beside,
    make("label", {}, make("span", { textContent: "what is driven" }), target),
    make("label", {}, make("span", { textContent: "amount" }), amount),
    make("button", { type: "submit", textContent: "Add" }),
  );
  made.onsubmit = (event) => {
    event.preventDefault();
    const [group, name] = chosen();
    const words = SOURCES[group][name].replace("#", () => needed()[2](typed.value));
    show.send({ [`${OWN}add`]: `source = ${words}, target = "${target.value}", amount = ${amount.value}` });
  };
  return made;
}
