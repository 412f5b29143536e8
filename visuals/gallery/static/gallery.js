// The gallery's page: what the parts do together.
import { Compare, MOST } from "./compare.js";
import { Grid } from "./grid.js";
import { ANY, Library } from "./library.js";
import { Plane } from "./plane.js";
import { Slides } from "./slides.js";
import { Viewer } from "./viewer.js";

const at = (id) => document.getElementById(id);
const counted = (count, what = "picture") => `${count.toLocaleString()} ${what}${count === 1 ? "" : "s"}`;
const TOAST_MS = 12_000;

const library = new Library();
const grid = new Grid(at("grid"), at("scroll"));
const plane = new Plane(at("plane"), ["valence", "energy", "radius"].map(at), filter);
const viewer = new Viewer(library, { favourite, remove: (picture) => remove([picture.id]), closed: (id) => grid.focus(grid.find(id)) });
const slides = new Slides((picture) => picture && grid.focus(grid.find(picture.id)));
const compare = new Compare(favourite, () => grid.focus());
let deleted = [], toast = 0, speech = 0, fresh = [], choosing = false;

// Once what is on its way has settled: a reader that is interrupted says nothing.
function say(text) {
  clearTimeout(speech);
  speech = setTimeout(() => (at("said").textContent = text), 400);
}

function filter() {
  const day = (id, days) => {
    if (!at(id).value) return null;
    const [year, month, date] = at(id).value.split("-").map(Number);
    return new Date(year, month - 1, date + days).getTime();
  };
  const title = at("title").value.trim().toLowerCase(), [since, until] = [day("since", 0), day("until", 1)];
  const { near } = plane, favourites = at("favourites").checked;
  const any = !near && !title && since === null && until === null && !favourites;
  library.setFilter(any ? ANY : { near, title, since, until, favourites });
}

function show(added = []) {
  fresh = [];
  at("arrived").hidden = true;
  for (const id of grid.chosen) if (!library.get(id)) grid.chosen.delete(id);
  grid.show(library.shown, added);
  plane.show(library.all, library.shown);
  status();
}

function status() {
  const { loaded, ready, waiting } = library.state, [found, whole] = [library.shown.length, library.all.length];
  let text = found === whole ? counted(whole) : `${found.toLocaleString()} of ${counted(whole)}`;
  if (waiting) text += `, ${waiting.toLocaleString()} more are being read`;
  if (grid.chosen.size) text += `, ${grid.chosen.size} chosen`;
  at("count").textContent = loaded ? text : "";
  at("nothing").hidden = !loaded || found > 0;
  at("nothing").firstElementChild.textContent = !ready || (!whole && !waiting)
    ? "No pictures yet. Press S in the show, or set a timer; they appear here by themselves."
    : waiting ? "The pictures are being read." : "No picture is like that.";
  at("show").hidden = !library.state.show;
  at("compare").disabled = grid.chosen.size < 2 || grid.chosen.size > MOST;
  for (const id of ["slideshow", "export"]) at(id).disabled = !found;
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    tell(error.message, false);
    return null;
  }
}

function tell(text, undo) {
  clearTimeout(toast);
  at("toast-text").textContent = text;
  at("undo").hidden = !undo;
  at("toast").hidden = false;
  // Above a dialog that is open, or it couldn't be reached.
  (document.querySelector("dialog[open]") ?? document.body).append(at("toast"));
  say(undo ? `${text}. Control Z brings it back.` : text);
  toast = setTimeout(() => (at("toast").hidden = true), TOAST_MS);
}

async function favourite(picture) {
  const wanted = !picture.favourite;
  if (await attempt(() => library.change("favourite", { id: picture.id, favourite: wanted }))) {
    say(wanted ? "favourite" : "no longer a favourite");
  }
}

async function remove(ids) {
  const gone = await attempt(() => library.change("delete", { ids }));
  if (!gone) return;
  deleted = gone;
  for (const id of gone) grid.chosen.delete(id);
  tell(`${counted(gone.length)} deleted`, true);
}

async function undo() {
  if (!deleted.length) return;
  const back = await attempt(() => library.change("undo", { ids: deleted }));
  if (!back) return;
  deleted = [];
  tell(`${counted(back.length)} back`, false);
}

function choose(picture) {
  const chosen = !grid.chosen.delete(picture.id);
  if (chosen) grid.chosen.add(picture.id);
  grid.redraw();
  status();
  say(`${chosen ? "chosen" : "not chosen"}, ${grid.chosen.size} in all`);
}

function startCompare() {
  const pictures = [...grid.chosen].sort().reverse().map((id) => library.get(id)).filter(Boolean);
  if (pictures.length < 2 || pictures.length > MOST) {
    tell(`Choose 2 to ${MOST} pictures first`, false);
    return;
  }
  compare.show(pictures);
}

function startSlides() {
  if (library.shown.length) slides.start(library.shown, grid.active);
}

async function startExport() {
  const wanted = new URLSearchParams(), { near, since, until, favourites } = library.filter;
  if (grid.chosen.size) wanted.set("ids", [...grid.chosen].join(","));
  else {
    if (near) wanted.set("near", near.join(","));
    if (at("title").value.trim()) wanted.set("title", at("title").value.trim());
    if (since !== null) wanted.set("since", new Date(since).toISOString());
    if (until !== null) wanted.set("until", new Date(until).toISOString());
    if (favourites) wanted.set("favourite", "1");
  }
  const answer = await attempt(async () => {
    const list = await fetch(`api/list?limit=1&${wanted}`);
    if (!list.ok) throw new Error(await list.text());
    return list.json();
  });
  if (!answer) return;
  const which = grid.chosen.size ? "the chosen ones" : library.filter === ANY ? "all" : "those that the filters leave";
  at("export-text").textContent = `${counted(answer.count)} (${which}), ${(answer.bytes / 1e6).toFixed(1)} MB`;
  at("export-download").href = `api/export.zip?${wanted}`;
  at("exporting").showModal();
}

async function suggest(list, source) {
  const answer = await fetch(source).catch(() => null);
  if (!answer?.ok) return;
  const rows = (await answer.json()).slice(0, 500);
  at(list).replaceChildren(...rows.map(([value]) => Object.assign(document.createElement("option"), { value })));
}

grid.addEventListener("act", ({ detail }) => {
  const picture = grid.current;
  if (detail === "choose" || (detail === "open" && choosing)) choose(picture);
  else if (detail === "open") viewer.show(picture);
  else if (detail === "favourite") favourite(picture);
  else if (detail === "delete") remove(grid.chosen.has(picture.id) ? [...grid.chosen] : [picture.id]);
});

// The address may name a picture: /gallery/#ID.
function openNamed() {
  const picture = library.get(location.hash.slice(1));
  if (!picture) return;
  grid.active = grid.find(picture.id);
  viewer.show(picture);
  history.replaceState(null, "", location.pathname + location.search);
}

library.addEventListener("loaded", () => {
  show();
  viewer.refresh();
  openNamed();
});
addEventListener("hashchange", openNamed);
library.addEventListener("filtered", () => {
  grid.active = 0;
  show();
  grid.toTop();
});
library.addEventListener("state", status);
library.addEventListener("lost", () => document.body.classList.add("lost"));
library.addEventListener("connected", () => document.body.classList.remove("lost"));
library.addEventListener("changed", ({ detail: { added } }) => {
  // Whoever looks at older pictures keeps them on screen, and is told.
  const held = added.length > 0 && !grid.atTop && added[0] >= (library.shown[0]?.id ?? "");
  const focused = at("grid").contains(document.activeElement);
  if (held) {
    fresh.push(...added);
    at("arrived").textContent = `${counted(fresh.length, "new picture")} ↑`;
    at("arrived").hidden = false;
    plane.show(library.all, library.shown);
    status();
  } else {
    show(added);
    if (focused) grid.focus();
  }
  if (added.length && !library.state.waiting) say(counted(held ? fresh.length : added.length, "new picture"));
  viewer.refresh();
  compare.refresh();
  openNamed(); // one that was named before it was known
});

at("arrived").addEventListener("click", () => {
  show(fresh);
  grid.toTop();
  grid.focus(0);
});
at("all").addEventListener("click", () => {
  plane.clear();
  for (const id of ["title", "since", "until"]) at(id).value = "";
  at("favourites").checked = false;
  filter();
});
for (const id of ["title", "since", "until", "favourites"]) at(id).addEventListener("input", filter);
at("title").addEventListener("focus", () => suggest("songs", "api/songs"));
for (const id of ["since", "until"]) at(id).addEventListener("focus", () => suggest("days", "api/days"));
at("open-filters").addEventListener("click", () => {
  const open = document.body.classList.toggle("filtering");
  at("open-filters").setAttribute("aria-expanded", open);
});
at("choose").addEventListener("click", () => {
  choosing = !choosing;
  at("choose").setAttribute("aria-pressed", choosing);
  document.body.classList.toggle("choosing", choosing);
  if (!choosing) grid.chosen.clear();
  grid.redraw();
  status();
});
at("compare").addEventListener("click", startCompare);
at("slideshow").addEventListener("click", startSlides);
at("export").addEventListener("click", startExport);
at("export-close").addEventListener("click", () => at("exporting").close());
at("exporting").addEventListener("close", () => at("export").focus());
at("export-download").addEventListener("click", () => at("exporting").close());
at("undo").addEventListener("click", undo);
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input[type=search], input[type=date], select");
  if (event.key === "z" && (event.ctrlKey || event.metaKey) && !typing) {
    event.preventDefault();
    undo();
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key.toLowerCase() === "c") startCompare();
  else if (event.key.toLowerCase() === "s") startSlides();
});
status();
library.start();
