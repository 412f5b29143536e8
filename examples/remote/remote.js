// A remote control for the renderer. The schema says what there is, so a new control needs no change here.

const query = new URLSearchParams(location.search);
const host = location.hostname || "127.0.0.1";
const bridge = `${host}:${query.get("port") || 9103}`;
const renderer = `${host}:${query.get("renderer") || 9104}`; // its OSCQuery, to know how it is set now
const token = query.has("token") ? `token=${encodeURIComponent(query.get("token"))}` : "";
const wanted = [
  ...["/artgen/valence", "/artgen/energy", "/artgen/tempo_bpm", "/artgen/tempo/confidence", "/artgen/beat"],
  ...["/artgen/status/input", "/artgen/status/silent"],
].join(",");
const SURE = 0.1, SILENT_S = 10;
const MOOD = "/visuals/mood/";
const element = (id) => document.getElementById(id);
const shown = {}; // by address: a function that shows a value
let show, waiting = null;

function state(text, wrong = false) {
  element("state").textContent = text;
  element("state").className = wrong ? "wrong" : "";
}

// What a finger does within one picture of the screen goes out as one message.
function send(address, value) {
  if (!waiting) {
    waiting = {};
    requestAnimationFrame(() => {
      if (show?.readyState === 1) show.send(JSON.stringify(waiting));
      waiting = null;
    });
  }
  waiting[address] = value;
}

function place(dot, valence, energy) {
  dot.style.left = `${100 * valence}%`;
  dot.style.top = `${100 * (1 - energy)}%`;
}

const music = { valence: 0.5, energy: 0.5 };
const now = {};
function hear(event) {
  const news = JSON.parse(event.data);
  if (news.error) return state(news.error, true);
  music.valence = news["/artgen/valence"] ?? music.valence;
  music.energy = news["/artgen/energy"] ?? music.energy;
  place(element("music"), music.valence, music.energy);
  Object.assign(now, news);
  const beats = now["/artgen/tempo/confidence"] > SURE;
  element("tempo").textContent = beats ? `${now["/artgen/tempo_bpm"].toFixed(0)} bpm` : "no beat";
  if ("/artgen/status/silent" in news) {
    const silent = news["/artgen/status/silent"] >= SILENT_S;
    state(silent ? `nothing is heard from ${now["/artgen/status/input"]}` : "connected", silent);
  }
  if (news["/artgen/beat"] === 1) {
    element("beat").animate([{ opacity: 1, scale: 1.3 }, { opacity: 0.15, scale: 1 }], 300);
  }
}

function connectToArtgen() {
  show = new WebSocket(`ws://${bridge}/json?rate=30&only=${wanted}&${token}`);
  show.onopen = () => state("connected");
  show.onmessage = hear;
  show.onclose = () => {
    state("no artgen: is the daemon running?", true);
    setTimeout(connectToArtgen, 1000);
  };
}

// The pad: right is happy, up is excited.
function follow(yes) {
  element("follow").setAttribute("aria-pressed", yes);
  element("hand").hidden = yes;
  send(`${MOOD}manual`, yes ? 0 : 1);
}
function touch(event) {
  if (event.type === "pointermove" && !event.buttons) return;
  const box = element("pad").getBoundingClientRect();
  const within = (number) => Math.min(1, Math.max(0, number));
  const valence = within((event.clientX - box.left) / box.width);
  const energy = within(1 - (event.clientY - box.top) / box.height);
  place(element("hand"), valence, energy);
  if (event.type === "pointerdown") {
    element("pad").setPointerCapture(event.pointerId);
    follow(false);
  }
  send(`${MOOD}valence`, valence);
  send(`${MOOD}energy`, energy);
}
element("pad").addEventListener("pointerdown", touch);
element("pad").addEventListener("pointermove", touch);
element("follow").addEventListener("click", () => follow(true));

function button(row, name) {
  const made = document.createElement("button");
  made.textContent = name;
  made.title = row.doc;
  if (row.kind === "toggle") {
    shown[row.path] = (value) => made.setAttribute("aria-pressed", Boolean(value));
    made.onclick = () => {
      const value = made.getAttribute("aria-pressed") === "true" ? 0 : 1;
      shown[row.path](value);
      send(row.path, value);
    };
  } else {
    const sure = () => row.path !== "/visuals/quit" || confirm("Close the renderer?");
    made.onclick = () => sure() && send(row.path, 1);
  }
  return made;
}

function field(row, name) {
  const made = document.createElement("label"), input = document.createElement("input");
  const value = document.createElement("output"), about = document.createElement("small");
  made.append(name, value, input, about);
  about.textContent = row.doc;
  const slider = row.kind === "float" || (row.kind === "int" && row.high <= 1000);
  input.type = slider ? "range" : row.kind === "int" ? "number" : "text";
  if (row.kind !== "string") {
    Object.assign(input, { min: row.low, max: row.high, step: row.kind === "int" ? 1 : (row.high - row.low) / 200 });
  }
  shown[row.path] = (now) => {
    input.value = now;
    if (slider) value.textContent = `${Number(Number(now).toFixed(2))} ${row.unit}`;
  };
  input.addEventListener(slider ? "input" : "change", () => {
    if (input.value === "" && row.kind !== "string") return;
    const now = row.kind === "string" ? input.value : Number(input.value);
    shown[row.path](now);
    send(row.path, now);
  });
  return made;
}

async function build() {
  const schema = await (await fetch(`http://${bridge}/schema?${token}`)).json();
  const rows = schema.visuals.filter((row) => !row.path.startsWith(MOOD));
  const big = rows.filter((row) => ["trigger", "toggle"].includes(row.kind));
  const rest = rows.filter((row) => !big.includes(row));
  const made = [...big.map((row) => [row, button]), ...rest.map((row) => [row, field])];
  element("controls").replaceChildren(
    ...made.map(([row, make]) => make(row, row.path.slice("/visuals/".length).replaceAll("/", " "))),
  );
  for (const row of rows) if ("default" in row) shown[row.path]?.(row.default);
}

// How the renderer is set now, where it can be asked; otherwise the defaults stay.
async function ask() {
  const walk = (node) => {
    if ("VALUE" in node) shown[node.FULL_PATH]?.(node.VALUE[0]);
    Object.values(node.CONTENTS ?? {}).forEach(walk);
  };
  try {
    walk(await (await fetch(`http://${renderer}/visuals`)).json());
  } catch (error) {
    console.info(`no renderer at ${renderer}: ${error.message}`);
  }
}

async function start() {
  try {
    await build();
    await ask();
    connectToArtgen();
  } catch {
    state("no artgen: is the daemon running?", true);
    setTimeout(start, 1000);
  }
}
start();
