// Every control of the show, built from the schema and named in words.js: what is added there is here too.

import { fold } from "./fold.js";
import { choice } from "./inputs.js";
import { make } from "./show.js";
import { targets } from "./targets.js";
import { CHOICES, GROUPS, NOT_SHOWN, OF_EFFECTS, outputName } from "./words.js";

const HELD_MS = 700;
const ASKED = { "/visuals/quit": "Close the picture's window?", "/visuals/scene/delete": "Delete this scene?", "/visuals/path/clear": "Remove all keyframes?" };
const LONG_RANGE = 1000;
const EFFECTS = "/visuals/effect/", LAYERS = "/visuals/layer/", OUTPUTS = "/visuals/output/";
const SPECIAL = { "/artgen/control/input": choice, "/artgen/control/target/add": targets };
const SCENES = { "/visuals/scene": "Recall", "/visuals/scene/delete": "Delete" };
const DONE = { "/visuals/scene/save": "Save", "/visuals/model/load": "Load" };

export async function mount(element, show) {
  let schema = null;
  while (!schema) {
    try {
      schema = await (await fetch(new URL("schema", show.base))).json();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  const search = make("input", { type: "search", placeholder: "find a control", aria: { label: "find a control" } });
  const addresses = make("input", { type: "checkbox" });
  addresses.onchange = () => element.classList.toggle("addresses", addresses.checked);
  const more = make("label", { className: "check" }, addresses, "with OSC addresses");
  element.append(make("div", { className: "row" }, search, more));

  const rows = new Map([...schema.control, ...schema.visuals].map((row) => [row.path, row]));
  const sections = Object.entries(GROUPS).map(([title, named]) => [title, named.filter(([path]) => rows.has(path))]);
  const placed = new Set([...NOT_SHOWN, ...OF_EFFECTS.map(([path]) => path), ...sections.flatMap(([, named]) => named.map(([path]) => path))]);
  const effects = [...rows.values()].filter(({ path }) => path.startsWith(EFFECTS) && !placed.has(path));
  const ofEffects = OF_EFFECTS.filter(([path]) => rows.has(path));
  if (effects.length) sections.splice(1, 0, ["Effects", [...ofEffects, ...effects.map(({ path, doc }) => [path, title(path), doc])]]);
  for (const { path } of effects) placed.add(path);
  for (const [below, heading, more] of [[LAYERS, (layer) => `Layer ${layer}`, () => []], [OUTPUTS, outputName, told]]) {
    for (const [name, named] of numbered(rows, below)) {
      sections.push([heading(name), named, more(show, below + name)]);
      for (const [path] of named) placed.add(path);
    }
  }
  const others = [...rows.values()].filter(({ path }) => !placed.has(path));
  if (others.length) sections.push(["More", others.map(({ path, doc }) => [path, path.split("/").slice(2).join(" "), doc])]);
  const made = [], folds = [];
  const cards = (title, named) => named.map(([path, name, about = ""]) => {
    const card = control(show, rows.get(path), name, about);
    made.push([card, `${title} ${name} ${about} ${path}`.toLowerCase()]);
    return card;
  });
  const grouped = (heading, named, open, more = []) => {
    const one = fold(show, heading, named.map(([path]) => rows.get(path)), open,
      make("div", { className: "cards" }, ...cards(heading.textContent, named)), make("div", { className: "groups" }, ...more));
    folds.push(one);
    return one.group;
  };
  for (const [title, named, more = []] of sections) {
    const own = title === "Effects" ? named.filter(([path]) => effect(path)) : [];
    const effectGroups = [...new Set(own.map(([path]) => effect(path)))].map((name) => {
      const group = grouped(make("h3", { textContent: `Effect ${name}` }), own.filter(([path]) => effect(path) === name), false);
      const amount = [`${EFFECTS}${name}/amount`, `${EFFECTS}${name}`].find((path) => rows.has(path));
      if (amount) first(show, amount, group);
      return group;
    });
    const open = title in GROUPS || title === "Effects";
    element.append(grouped(make("h2", { textContent: title }), named.filter((one) => !own.includes(one)), open, [...effectGroups, ...more]));
  }
  search.oninput = () => {
    const words = search.value.toLowerCase();
    for (const [card, text] of made) card.hidden = !text.includes(words);
    for (const { group, find } of folds) {
      group.hidden = !group.querySelector(".card:not([hidden])");
      find(Boolean(words) && !group.hidden);
    }
  };
}

/** The settings of each layer or output by its name or number, and what they are called. */
function numbered(rows, below) {
  const found = new Map();
  for (const { path, doc } of rows.values()) {
    if (!path.startsWith(below)) continue;
    const [name, ...words] = path.slice(below.length).split("/");
    found.set(name, [...(found.get(name) ?? []), [path, words.join(" ").replaceAll("_", " "), doc]]);
  }
  return found;
}

/** How an output is, while it tells that. */
function told(show, output) {
  const card = make("p", { className: "told", hidden: true, aria: { role: "status" } });
  const now = {};
  const units = { seconds: " s", size_mb: " MB", rate_mbit: " Mbit/s", dropped: " frames lost" };
  for (const name of ["state", "film", ...Object.keys(units)]) {
    show.on(`${output}/${name}`, (value) => {
      now[name] = typeof value === "number" ? `${Number(value.toFixed(1))}${units[name]}` : value;
      card.hidden = !now.state;
      card.textContent = ["state", "film", ...Object.keys(units)].map((one) => now[one]).filter(Boolean).join(" · ");
    });
  }
  return [card];
}

/** The effect that an address belongs to; empty: none. */
const effect = (path) => (path.startsWith(EFFECTS) ? path.slice(EFFECTS.length).split("/")[0] : "");

/** An effect that is on comes before those that are off; nothing moves while somebody has a hand on it. */
function first(show, amount, group) {
  let on = false;
  const place = () => {
    if (!group.contains(document.activeElement)) group.style.order = on ? 1 : 2;
  };
  show.on(amount, (value) => {
    on = value > 0;
    place();
  });
  group.addEventListener("focusout", () => setTimeout(place));
}

/** What an effect, or a setting of one, is called: by its address. */
function title(path) {
  const words = path.slice(EFFECTS.length).replaceAll("/", " ");
  return words[0].toUpperCase() + words.slice(1);
}

function control(show, row, name, about) {
  const said = [make("small", { textContent: about, hidden: !about }), make("code", { textContent: row.path })];
  if (row.path in SPECIAL) {
    const heading = make("h3", { textContent: name });
    return make("div", { className: "card wide" }, heading, SPECIAL[row.path](show, name), ...said);
  }
  if (row.path in SCENES) return make("div", { className: "card" }, scenes(show, row.path, name), ...said);
  if (row.path in DONE) return make("div", { className: "card" }, deed(show, row.path, name), ...said);
  if (row.path in CHOICES || row.choices.length) {
    return make("div", { className: "card" }, chosen(show, row, name), ...said);
  }
  if (row.kind === "trigger" || row.kind === "toggle") {
    return make("div", { className: "card" }, button(show, row, name), ...said);
  }
  return make("div", { className: "card" }, ...field(show, row, name), ...said);
}

const sure = (path) => !(path in ASKED) || confirm(ASKED[path]);

function button(show, row, name) {
  const made = make("button", { textContent: name });
  if (row.kind === "trigger") {
    made.onclick = () => sure(row.path) && show.send({ [row.path]: 1 });
    return made;
  }
  const press = (value) => made.setAttribute("aria-pressed", Boolean(value));
  press(row.default);
  show.on(row.path, press);
  made.onclick = () => {
    const value = made.getAttribute("aria-pressed") === "true" ? 0 : 1;
    press(value);
    show.send({ [row.path]: value });
  };
  return made;
}

/** A scene by its name, and a button that does it. */
function scenes(show, path, name) {
  const select = make("select", { aria: { label: name } });
  show.on("/visuals/status/scenes", (names) => {
    const before = select.value;
    const all = names.split(",").filter(Boolean);
    select.replaceChildren(...all.map((scene) => make("option", { value: scene, textContent: scene })));
    if (all.includes(before)) select.value = before;
  });
  const go = make("button", { textContent: SCENES[path], onclick: () => select.value && sure(path) && show.send({ [path]: select.value }) });
  return make("div", { className: "deed" }, make("span", { textContent: name }), make("div", { className: "row" }, select, go));
}

/** A text, and a button that does something with it once. */
function deed(show, path, name) {
  const text = make("input", { type: "text", aria: { label: name } });
  const form = make("form", { className: "deed" }, make("span", { textContent: name }),
    make("div", { className: "row" }, text, make("button", { type: "submit", textContent: DONE[path] })));
  form.onsubmit = (event) => {
    event.preventDefault();
    if (!text.value.trim()) return text.focus();
    show.send({ [path]: text.value.trim() });
    text.value = "";
  };
  return form;
}

function chosen(show, row, name) {
  const words = row.choices.map((word) => [word, word]);
  const options = words.length ? words : Object.entries(CHOICES[row.path]).sort(([one], [other]) => one - other);
  const select = make("select", {}, ...options.map(([value, textContent]) => make("option", { value, textContent })));
  select.value = row.default;
  show.on(row.path, (value) => (select.value = value));
  select.onchange = () => show.send({ [row.path]: row.kind === "string" ? select.value : Number(select.value) });
  return make("label", {}, make("span", { textContent: name }), select);
}

/** 200 steps of a slider, or some more where those are odd: with steps of 0.5 there is a 25, with 0.595 there isn't. */
function stepOf(low, high) {
  const step = (high - low) / 200, ten = 10 ** Math.floor(Math.log10(step));
  const round = [5, 2, 1].map((times) => times * ten).find((one) => one <= step);
  const odd = Number(step.toPrecision(2)) !== step;
  return odd && Number.isInteger((high - low) / round) ? round : step;
}

/** A slider, a number or a text, and a way back to what it was at first. */
function field(show, row, name) {
  const slides = row.kind === "float" || (row.kind === "int" && row.high - row.low <= LONG_RANGE);
  const input = make("input", { type: slides ? "range" : row.kind === "int" ? "number" : "text" });
  if (row.kind !== "string") {
    Object.assign(input, { min: row.low, max: row.high, step: row.kind === "int" ? 1 : stepOf(row.low, row.high) });
  }
  const share = row.kind === "float" && row.low === 0 && row.high === 1 && !row.unit;
  const words = (now) => (share ? `${Math.round(100 * now)} %` : `${Number(Number(now).toFixed(2))}${row.unit ? ` ${row.unit}` : ""}`);
  const value = make("output");
  const write = (now) => {
    input.value = now;
    value.textContent = slides ? words(now) : "";
    if (slides) input.setAttribute("aria-valuetext", words(now));
  };
  if (row.default !== undefined) write(row.default);
  let held = 0;
  show.on(row.path, (now) => {
    if (performance.now() > held && (slides || document.activeElement !== input)) write(now);
  });
  input.addEventListener(slides ? "input" : "change", () => {
    if (input.value === "" && row.kind === "int") return;
    const now = row.kind === "string" ? input.value : Number(input.value);
    held = performance.now() + HELD_MS;
    write(now);
    show.send({ [row.path]: now });
  });
  const reset = make("button", { className: "small", textContent: "↺", title: "as it was at first", aria: { label: `${name}: as it was at first` } });
  reset.hidden = row.default === undefined || row.kind === "string";
  reset.onclick = () => {
    write(row.default);
    show.send({ [row.path]: row.default });
  };
  return [make("label", {}, make("span", {}, name, value), input), reset];
}
