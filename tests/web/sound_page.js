// The page under test: the panel alone, and what a test wants to know of it.

import { mount } from "/static/sound-panel.js";
import { Capture } from "/static/sound.js";

const query = new URLSearchParams(location.search);
const bridge = new WebSocket(`ws://127.0.0.1:${query.get("bridge")}/json`);
const listeners = {};
window.sent = [];
window.now = {};
window.onsets = []; // when, in ms, the news of each came back
window.states = [];
window.reports = [];
window.errors = [];

bridge.onmessage = ({ data }) => {
  const news = JSON.parse(data);
  if (news["/artgen/onset"] === 1) window.onsets.push(performance.now());
  Object.assign(window.now, news);
  for (const [path, value] of Object.entries(news)) listeners[path]?.(value);
};
window.show = {
  base: new URL(location.origin),
  send(values) {
    window.sent.push(values);
    const now = () => bridge.send(JSON.stringify(values));
    if (bridge.readyState === WebSocket.CONNECTING) bridge.addEventListener("open", now, { once: true });
    else now();
  },
  on(path, hear) {
    listeners[path] = hear;
    if (query.get("before") && path === "/artgen/control/input") hear(query.get("before"));
  },
};
window.capture = mount(document.getElementById("sound"), window.show);
window.Capture = Capture;
window.capture.addEventListener("state", ({ detail }) => window.states.push(detail.state));
window.capture.addEventListener("report", ({ detail }) => window.reports.push(detail));
window.capture.addEventListener("error", ({ detail }) => window.errors.push(detail.text));

/** Clicks at random moments, out of the page itself in place of a microphone. */
window.startClicks = async () => {
  const context = (window.clicking = new AudioContext({ latencyHint: "interactive" }));
  window.wire = context.createMediaStreamDestination();
  await context.resume();
  await window.capture.startStream(window.wire.stream);
};
window.click = () => {
  const context = window.clicking;
  const buffer = context.createBuffer(1, context.sampleRate / 50, context.sampleRate);
  buffer.getChannelData(0).forEach((_, i, data) => (data[i] = 0.8 * Math.sin(i) * Math.exp(-i / 200)));
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(window.wire);
  source.start();
  return performance.now(); // it sounds a little later, so what is measured from here is at least the delay
};
/** A tone through the speakers of this tab, for another tab's or this one's capture. */
window.tone = async () => {
  const context = new AudioContext();
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.connect(new GainNode(context, { gain: 0.5 })).connect(context.destination);
  tone.start();
  await context.resume();
};
window.ready = true;
