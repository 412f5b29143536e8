// The mood on the plane of valence and energy, with its trail; a finger on it leads the picture by hand.

import { make } from "./show.js";

const TRAIL_S = 45, STEP = 0.05;
const MOOD = "/visuals/mood/";
const CORNERS = [["angry", 0, 1], ["wild", 1, 1], ["sad", 0, 0], ["calm", 1, 0]];

export function mount(element, show) {
  const canvas = make("canvas", {
    width: 480, height: 480, tabIndex: 0, className: "plane",
    aria: { role: "application", label: "mood: right is happy, up is excited; arrow keys lead the picture by hand" },
  });
  const words = make("output", { className: "words" });
  const follow = make("button", { textContent: "follow the music", aria: { pressed: true } });
  element.append(canvas, make("div", { className: "row" }, follow, words));

  const trail = [];
  const music = { valence: 0.5, energy: 0.5, sure: 0, known: false };
  const hand = { valence: 0.5, energy: 0.5, leads: false };
  show.on("/artgen/valence", (value) => Object.assign(music, { valence: value, known: true }));
  show.on("/artgen/energy", (value) => (music.energy = value));
  show.on("/artgen/mood/confidence", (value) => (music.sure = value));
  show.on(`${MOOD}manual`, (value) => lead(Boolean(value), false));
  show.on(`${MOOD}valence`, (value) => (hand.valence = held ? hand.valence : value));
  show.on(`${MOOD}energy`, (value) => (hand.energy = held ? hand.energy : value));

  let held = false;
  function lead(yes, tell = true) {
    hand.leads = yes;
    follow.setAttribute("aria-pressed", !yes);
    if (tell) show.send({ [`${MOOD}manual`]: Number(yes) });
  }
  function put(valence, energy) {
    const within = (number) => Math.min(1, Math.max(0, number));
    hand.valence = within(valence);
    hand.energy = within(energy);
    if (!hand.leads) lead(true);
    show.send({ [`${MOOD}valence`]: hand.valence, [`${MOOD}energy`]: hand.energy });
  }
  function touch(event) {
    const box = canvas.getBoundingClientRect();
    put((event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height);
  }
  canvas.addEventListener("pointerdown", (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    touch(event);
  });
  canvas.addEventListener("pointermove", (event) => held && touch(event));
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (held = false));
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[event.key];
    if (!move) return;
    event.preventDefault();
    const from = hand.leads ? hand : music;
    put(from.valence + move[0], from.energy + move[1]);
  });
  follow.onclick = () => lead(false);

  setInterval(() => {
    const now = performance.now() / 1000;
    if (music.known) trail.push([now, music.valence, music.energy]);
    while (trail.length && trail[0][0] < now - TRAIL_S) trail.shift();
    const by = hand.leads ? hand : music;
    words.textContent = `valence ${by.valence.toFixed(2)}, energy ${by.energy.toFixed(2)}${hand.leads ? ", by hand" : ""}`;
    if (canvas.offsetParent) draw(canvas, trail, music, hand, now);
  }, 100);
}

function draw(canvas, trail, music, hand, now) {
  const pen = canvas.getContext("2d"), side = canvas.width;
  const x = (valence) => valence * side, y = (energy) => (1 - energy) * side;
  pen.clearRect(0, 0, side, side);
  pen.strokeStyle = "#33333f";
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(side / 2, 0);
  pen.lineTo(side / 2, side);
  pen.moveTo(0, side / 2);
  pen.lineTo(side, side / 2);
  pen.stroke();
  pen.font = `${side / 20}px system-ui, sans-serif`;
  pen.fillStyle = "#8c8c9c";
  for (const [word, right, up] of CORNERS) {
    pen.textAlign = right ? "right" : "left";
    pen.fillText(word, right ? side - 14 : 14, up ? side / 14 : side - 14);
  }
  pen.lineCap = "round";
  for (let at = 1; at < trail.length; at++) {
    const [time, valence, energy] = trail[at], [, before, below] = trail[at - 1];
    const age = (now - time) / TRAIL_S;
    pen.strokeStyle = `rgba(255, 214, 140, ${0.7 * (1 - age) ** 2})`;
    pen.lineWidth = 2 + 4 * (1 - age);
    pen.beginPath();
    pen.moveTo(x(before), y(below));
    pen.lineTo(x(valence), y(energy));
    pen.stroke();
  }
  // The surer the mood, the smaller and brighter.
  const spread = pen.createRadialGradient(x(music.valence), y(music.energy), 0, x(music.valence), y(music.energy), side / 8);
  spread.addColorStop(0, `rgba(255, 214, 140, ${0.15 + 0.35 * music.sure})`);
  spread.addColorStop(1, "rgba(255, 214, 140, 0)");
  pen.fillStyle = spread;
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#ffd68c";
  pen.beginPath();
  pen.arc(x(music.valence), y(music.energy), side / 50, 0, 7);
  pen.fill();
  if (!hand.leads) return;
  pen.strokeStyle = "#f2f2f5";
  pen.lineWidth = 4;
  pen.beginPath();
  pen.arc(x(hand.valence), y(hand.energy), side / 28, 0, 7);
  pen.stroke();
}
