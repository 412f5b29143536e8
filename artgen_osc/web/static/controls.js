// Every control of the show, built from the schema: what is added there is here too.

import { make } from "./show.js";

const HELD_MS = 700;
const GROUPS = {
  control: ["The music", "/artgen/control/"],
  visuals: ["The picture", "/visuals/"],
};
const ASKED = { "/visuals/quit": "Close the renderer?" };
const LONG_RANGE = 1000;

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
  element.append(make("div", { className: "row" }, search));
  const made = [];
  for (const [table, [title, prefix]] of Object.entries(GROUPS)) {
    const list = make("div", { className: "cards" });
    for (const row of schema[table]) {
      const name = row.path.slice(prefix.length).replaceAll("/", " ").replaceAll("_", " ");
      const card = control(show, row, name);
      made.push([card, `${row.path} ${row.doc}`.toLowerCase()]);
      list.append(card);
    }
    element.append(make("h2", { textContent: title }), list);
  }
  search.oninput = () => {
    const words = search.value.toLowerCase();
    for (const [card, text] of made) card.hidden = !text.includes(words);
  };
}

function control(show, row, name) {
  const about = make("small", { textContent: row.doc });
  const path = make("code", { textContent: row.path });
  if (row.kind === "trigger" || row.kind === "toggle") {
    const button = make("button", { textContent: name });
    if (row.kind === "toggle") {
      button.setAttribute("aria-pressed", Boolean(row.default));
      show.on(row.path, (value) => button.setAttribute("aria-pressed", Boolean(value)));
    }
    button.onclick = () => {
      if (row.kind === "trigger") {
        if (!ASKED[row.path] || confirm(ASKED[row.path])) show.send({ [row.path]: 1 });
        return;
      }
      const value = button.getAttribute("aria-pressed") === "true" ? 0 : 1;
      button.setAttribute("aria-pressed", Boolean(value));
      show.send({ [row.path]: value });
    };
    return make("div", { className: "card" }, button, about, path);
  }
  const slides = row.kind === "float" || (row.kind === "int" && row.high - row.low <= LONG_RANGE);
  const input = make("input", { type: slides ? "range" : row.kind === "int" ? "number" : "text" });
  if (row.kind !== "string") {
    Object.assign(input, { min: row.low, max: row.high, step: row.kind === "int" ? 1 : (row.high - row.low) / 200 });
  }
  const value = make("output");
  const range = row.kind === "string" ? "" : ` (${row.low} to ${slides ? row.high : "…"}${row.unit ? ` ${row.unit}` : ""})`;
  about.textContent += range;
  const write = (now) => {
    input.value = now;
    value.textContent = slides ? `${Number(Number(now).toFixed(2))}${row.unit ? ` ${row.unit}` : ""}` : "";
  };
  if (row.default !== undefined) write(row.default);
  let held = 0;
  show.on(row.path, (now) => {
    if (performance.now() > held && document.activeElement !== input) write(now);
    else if (slides && performance.now() > held) write(now);
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
  const label = make("label", {}, make("span", {}, name, value), input);
  return make("div", { className: "card" }, label, reset, about, path);
}
