// The picture, live: the newest one whenever the one before is drawn.

import { make } from "./show.js";

const AGAIN_MS = 1000, STILL_MS = 4000;
const FULL = "this preview of 640 pixels over the whole screen; the show's own window has the sharp picture";
const BUTTONS = [
  ["/visuals/snapshot", "keep the picture", "trigger"],
  ["/visuals/seed/next", "next picture", "trigger"],
  ["/visuals/freeze", "freeze", "toggle"],
  ["/visuals/blackout", "blackout", "toggle"],
];

export function mount(element, show) {
  const canvas = make("canvas", { width: 640, height: 360, aria: { role: "img", label: "the picture of the show" } });
  const note = make("p", { className: "note", textContent: "no picture yet" });
  const full = make("button", { textContent: "full screen", title: FULL, onclick: () => frame.requestFullscreen() });
  const frame = make("div", { className: "frame" }, canvas, note);
  element.append(frame, make("div", { className: "row" }, ...BUTTONS.map((each) => button(show, ...each)), full));

  let socket = null, last = 0;
  function watch() {
    if (socket || document.hidden) return;
    socket = new WebSocket(show.address("view"));
    socket.binaryType = "blob";
    socket.onmessage = async (event) => {
      const from = event.target;
      try {
        const image = await createImageBitmap(event.data);
        if (canvas.width !== image.width || canvas.height !== image.height) {
          Object.assign(canvas, { width: image.width, height: image.height });
        }
        canvas.getContext("2d").drawImage(image, 0, 0);
        image.close();
        last = performance.now();
      } catch (error) {
        console.warn(`a picture that can't be drawn: ${error.message}`);
      }
      if (from.readyState === WebSocket.OPEN) from.send("next");
    };
    socket.onclose = () => {
      socket = null;
      setTimeout(watch, AGAIN_MS);
    };
  }
  // A page that nobody sees asks for nothing.
  document.addEventListener("visibilitychange", () => (document.hidden ? socket?.close() : watch()));
  setInterval(() => {
    note.hidden = performance.now() - last < STILL_MS;
    if (last) note.textContent = "the picture stands still: is the renderer running?";
  }, 500);
  watch();
}

function button(show, path, name, kind) {
  const made = make("button", { textContent: name });
  if (kind === "toggle") {
    made.setAttribute("aria-pressed", false);
    show.on(path, (value) => made.setAttribute("aria-pressed", Boolean(value)));
    made.onclick = () => {
      const value = made.getAttribute("aria-pressed") === "true" ? 0 : 1;
      made.setAttribute("aria-pressed", Boolean(value));
      show.send({ [path]: value });
    };
  } else {
    made.onclick = () => show.send({ [path]: 1 });
  }
  return made;
}
