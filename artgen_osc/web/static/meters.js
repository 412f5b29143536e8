// Levels, spectrum, pitch classes, beat and bar, and how the show runs.

import { make } from "./show.js";

const BANDS = 16, NOTES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const LEVELS = ["level", "low", "mid", "high"];
const STATUS = [
  ["/artgen/status/latency_ms", "behind the sound", (value) => `${value.toFixed(0)} ms`],
  ["/visuals/status/fps", "frames", (value) => `${value.toFixed(0)} a second`],
  ["/visuals/status/pictures", "painted", (value) => `${value.toFixed(1)} a second`],
  ["/visuals/status/model", "model", String],
  ["/artgen/status/dropped", "dropped", String],
  ["/artgen/status/refused", "refused", String],
  ["/artgen/status/restarts", "started again", String],
  ["/visuals/status/dropped", "lost pictures", String],
];

export function mount(element, show) {
  const canvas = make("canvas", { width: 960, height: 240, className: "spectrum", aria: { role: "img", label: "spectrum and pitch classes" } });
  const levels = LEVELS.map((name) => {
    const bar = make("meter", { min: 0, max: 1, value: 0 });
    show.on(`/artgen/${name}`, (value) => (bar.value = value));
    return make("label", {}, make("span", { textContent: name }), bar);
  });
  const rows = STATUS.map(([path, name, write]) => {
    const value = make("dd", { textContent: "–" });
    show.on(path, (now) => (value.textContent = write(now)));
    return make("div", {}, make("dt", { textContent: name }), value);
  });
  element.append(canvas, make("div", { className: "levels" }, ...levels), make("dl", {}, ...rows));

  const bands = Array(BANDS).fill(0), notes = Array(NOTES.length).fill(0);
  for (let at = 0; at < BANDS; at++) show.on(`/artgen/bands/${at}`, (value) => (bands[at] = value));
  for (let at = 0; at < NOTES.length; at++) show.on(`/artgen/chroma/${at}`, (value) => (notes[at] = value));
  let bar = 0, onset = 0;
  show.on("/artgen/bar/phase", (value) => (bar = value));
  show.on("/artgen/onset", (value) => (onset = Math.max(value, onset)));
  function paint() {
    requestAnimationFrame(paint);
    if (!canvas.offsetParent) return;
    draw(canvas, bands, notes, bar, onset);
    onset *= 0.85;
  }
  paint();
}

function draw(canvas, bands, notes, bar, onset) {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  const half = width * 0.56, step = half / bands.length, floor = height - 26;
  bands.forEach((value, at) => {
    pen.fillStyle = `hsl(${40 + 12 * at} 70% ${45 + 25 * onset}%)`;
    pen.fillRect(at * step + 2, floor - value * (floor - 8), step - 4, value * (floor - 8) + 2);
  });
  const left = half + 24, wide = (width - left) / notes.length;
  pen.textAlign = "center";
  pen.font = "18px system-ui, sans-serif";
  notes.forEach((value, at) => {
    pen.fillStyle = `hsl(${30 * at} 60% 62%)`;
    pen.fillRect(left + at * wide + 2, floor - value * (floor - 8), wide - 4, value * (floor - 8) + 2);
    pen.fillStyle = "#b4b4c0";
    pen.fillText(NOTES[at], left + (at + 0.5) * wide, height - 6);
  });
  pen.fillStyle = "#33333f";
  pen.fillRect(0, height - 14, half, 6);
  pen.fillStyle = "#ffd68c";
  pen.fillRect(0, height - 14, half * bar, 6);
}
