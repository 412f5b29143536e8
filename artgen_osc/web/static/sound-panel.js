// The section "Sound" of the page: buttons, meter and words around `Capture`.

import { make } from "./show.js";
import { Capture, microphones, noMicrophone, noTab } from "./sound.js";
import { ago, inputName } from "./words.js";

const INPUT = "/artgen/control/input";
const LOWEST_DB = -60;

function who({ what, label, from }) {
  return `${what === "tab" ? "a tab" : "a microphone"}${label ? ` (${label})` : ""} at ${from}`;
}

/** Draw it into `element`; `show` is the page's connection to the bridge. Returns the `Capture`. */
export function mount(element, show) {
  element.classList.add("sound");
  const button = (textContent, hidden = false) => make("button", { type: "button", textContent, hidden });
  const microphone = button("Microphone"), tab = button("Sound of a tab"), stop = button("Stop", true);
  const take = button("Take over", true), use = button("Use my sound", true), back = button("", true);
  const devices = make("select");
  const choice = make("label", { className: "sound-device" }, "Microphone ", devices);
  const level = make("meter", {
    min: LOWEST_DB, max: 0, low: -50, high: -3, optimum: -20, value: LOWEST_DB, aria: { label: "Level of your sound in decibels" },
  });
  const state = make("p", { className: "sound-state", aria: { role: "status" } });
  const figures = make("p", { className: "sound-figures" });
  const error = make("p", { className: "sound-error", aria: { role: "alert" } });
  element.append(
    make("div", { className: "sound-buttons", aria: { role: "group", label: "Sound" } }, microphone, tab, stop, take, use, back),
    choice, level, state, figures, error,
  );
  const capture = new Capture(show.base);

  let heard = true, ended = false;
  let input = null, before = null; // the show's input, and the one to go back to, where they are known
  show.on(INPUT, (value) => {
    input = value;
    if (ended && value !== "browser") {
      ended = false;
      state.textContent = `The show hears ${inputName(value)} again.`;
    }
    draw();
  });

  function draw() {
    const off = capture.state === "off" || capture.state === "starting";
    const waits = capture.state === "busy" || capture.state === "taken";
    microphone.hidden = tab.hidden = !off;
    stop.hidden = off;
    take.hidden = !waits;
    choice.hidden = devices.options.length < 2;
    back.hidden = !before || input === before;
    back.textContent = `Back to ${inputName(before ?? "")}`;
    use.hidden = capture.state !== "live" || heard;
    level.hidden = figures.hidden = off;
  }

  async function list() {
    const found = await microphones();
    const chosen = devices.value;
    const options = found
      .filter(({ deviceId }) => deviceId && deviceId !== "default")
      .map(({ deviceId, label }) => make("option", { value: deviceId, textContent: label || "a microphone" }));
    devices.replaceChildren(make("option", { value: "", textContent: "the usual one" }), ...options);
    devices.value = [...devices.options].some((option) => option.value === chosen) ? chosen : "";
    draw();
  }

  /** The show listens to something else, and it was a click that started this. */
  function switchInput() {
    if (input && input !== "browser" && !input.includes("…")) before = input; // one with a password isn't shown whole
    show.send({ [INPUT]: "browser" });
    input = "browser";
    draw();
  }

  let heardOnce = false;
  capture.addEventListener("state", ({ detail }) => {
    error.textContent = "";
    state.textContent = detail.text;
    if (detail.busy) state.textContent = `In the show for ${ago(detail.busy.seconds)}: ${who(detail.busy)}. Take over if it is your turn.`;
    if (detail.by) state.textContent = `Taken over by ${who(detail.by)}.`;
    ended = detail.state === "off" && heardOnce && input === "browser";
    if (ended) state.textContent = `Your sound has ended.${before === null ? "" : ` In a few seconds the show hears ${inputName(before)} again.`}`;
    // Once for each start: whoever then chooses another input means it.
    if (detail.state === "starting") heardOnce = false;
    heard = true; // until a report says otherwise
    if (detail.state === "live" && !heardOnce) {
      heardOnce = true;
      if (!detail.heard) switchInput();
    }
    draw();
  });
  let peak = 0, shownAt = 0;
  capture.addEventListener("level", ({ detail }) => {
    peak = Math.max(peak, detail.peak);
    const now = performance.now();
    if (now - shownAt < 80) return;
    level.value = Math.max(LOWEST_DB, 20 * Math.log10(peak || 1e-6));
    level.textContent = `${Math.round(level.value)} dB`;
    peak = 0;
    shownAt = now;
  });
  capture.addEventListener("report", ({ detail }) => {
    const lost = detail.dropped ? `, ${detail.dropped} frames lost` : "";
    if (heard !== detail.heard) {
      heard = detail.heard;
      draw();
    }
    figures.textContent = `${Math.round(detail.behind_ms)} ms behind${lost}`;
    const text = detail.heard ? "The show hears you." : "Your sound arrives, but the show listens to another input.";
    if (state.textContent !== text) state.textContent = text; // or a screen reader would say it again and again
  });
  capture.addEventListener("error", ({ detail }) => {
    error.textContent = detail.text;
  });

  microphone.onclick = () => capture.startMicrophone(devices.value).then(list);
  tab.onclick = () => capture.startTab();
  stop.onclick = () => capture.stop();
  use.onclick = switchInput;
  take.onclick = () => capture.takeOver();
  back.onclick = () => {
    capture.stop();
    show.send({ [INPUT]: before });
    input = before;
    draw();
  };
  devices.onchange = () => {
    if (capture.state !== "off") capture.startMicrophone(devices.value);
  };
  navigator.mediaDevices?.addEventListener?.("devicechange", list);
  list();
  for (const [button, reason] of [[microphone, noMicrophone()], [tab, noTab()]]) {
    if (!reason) continue;
    // It stays, and says why: a button that is missing explains nothing.
    button.classList.add("sound-not-here");
    const id = `sound-${button === tab ? "tab" : "microphone"}-reason`;
    element.append(make("p", { id, className: "sound-reason", textContent: reason }));
    button.setAttribute("aria-describedby", id);
    button.setAttribute("aria-disabled", "true");
  }
  draw();
  return capture;
}
