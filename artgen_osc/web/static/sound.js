// The microphone or a tab's sound, into the show: `Capture` captures, sends, and connects again by itself.
// It draws nothing; sound-panel.js does.

const FIRST_WAIT = 500, LONGEST_WAIT = 8000; // ms between attempts to connect
const USUAL_RATE = 48000;
const MOST_BEHIND = 0.15; // s of sound that may wait in this browser; what is older than that is skipped
const RAW = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Why the microphone can't be used here, or an empty text. */
export function noMicrophone() {
  if (navigator.mediaDevices?.getUserMedia) return "";
  return window.isSecureContext
    ? "This browser has no access to microphones. Chrome, Edge, Firefox and Safari have."
    : "Browsers give the microphone only to pages over https, or from this computer itself: open the address that begins with https, or http://localhost.";
}

/** Why a tab's sound can't be used here, or an empty text. */
export function noTab() {
  if (!window.isSecureContext) return noMicrophone().replace("the microphone", "sound");
  if (!navigator.mediaDevices?.getDisplayMedia) {
    return "This browser can't share the sound of a tab; phones never can. Use Chrome or Edge on a computer, or the microphone.";
  }
  // Only Chromium has sound to share, and only it knows this.
  return navigator.mediaDevices.getSupportedConstraints().suppressLocalAudioPlayback
    ? ""
    : "Firefox and Safari share the picture of a tab, not its sound. Use Chrome or Edge for that, or the microphone here.";
}

/** The microphones; they have names only after one was allowed. */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "audioinput").map(({ deviceId, label }) => ({ deviceId, label }));
}

const SAYS = {
  NotAllowedError: "It was not allowed. Allow it at the left of the address bar, then try again.",
  NotFoundError: "There is no microphone. Connect one, then try again.",
  OverconstrainedError: "That microphone is gone. Choose another.",
  NotReadableError: "Another program holds the microphone, or it doesn't work. Close the other program, then try again.",
  AbortError: "The browser gave up. Try again.",
};

function says(error) {
  return SAYS[error.name] ?? `It didn't work (${error.message || error.name}). Try again.`;
}

/** At the show's usual rate where the browser can: another one costs the show a moment to get ready for. */
function openContext(stream) {
  let context;
  try {
    context = new AudioContext({ latencyHint: "interactive", sampleRate: USUAL_RATE });
    return { context, source: context.createMediaStreamSource(stream) };
  } catch {
    context?.close().catch(() => {});
    context = new AudioContext({ latencyHint: "interactive" });
    return { context, source: context.createMediaStreamSource(stream) };
  }
}

/**
 * Events, each with `detail`:
 *   "state": {state, text}  off | starting | connecting | live | busy (detail.busy: who) | taken (detail.by: who)
 *   "level": {peak}         0..1, about 90 times a second
 *   "report": {heard, dropped, skipped, waiting_ms, behind_ms}  twice a second; behind_ms is until the answer is back here
 *   "error": {text}         what went wrong, and what to do
 */
export class Capture extends EventTarget {
  #address;
  #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #stream = null;
  #context = null;
  #awake = null;
  #what = "";
  #label = "";
  #socket = null;
  #welcome = false;
  #had = false; // the place, once, since the start
  #wait = FIRST_WAIT;
  #retryAt = 0;
  #skipped = 0;
  #frame = 0; // captured so far
  #frameAt = 0; // when that was, in ms
  #length = 0; // frames in a chunk
  #turn = 0; // of start and stop: what an older one still brings is thrown away

  /** @param base URL of the page's server; its query (a token) goes along */
  constructor(base) {
    super();
    this.#address = new URL("/sound", base);
    this.#address.search = new URL(base).search;
    this.#address.protocol = this.#address.protocol === "https:" ? "wss:" : "ws:";
    this.state = "off";
    document.addEventListener("visibilitychange", () => this.#resume());
  }

  /** Hz, of the sound that is captured; 0 while there is none. */
  get sampleRate() {
    return this.#context?.sampleRate ?? 0;
  }

  /** Start with a microphone; `deviceId` empty takes the browser's own choice. Must come from a click. */
  async startMicrophone(deviceId = "") {
    const reason = noMicrophone();
    if (reason) return this.#fail(reason);
    return this.#start("microphone", () =>
      navigator.mediaDevices.getUserMedia({ audio: { ...RAW, ...(deviceId && { deviceId: { exact: deviceId } }) } }),
    );
  }

  /** Start with the sound of a tab; the browser asks which. Must come from a click. */
  async startTab(options = {}) {
    const reason = noTab();
    if (reason) return this.#fail(reason);
    // Without a picture there is no dialog; the smallest one costs the least.
    const video = { width: { max: 320 }, height: { max: 180 }, frameRate: { max: 1 } };
    const audio = { ...RAW, suppressLocalAudioPlayback: false };
    return this.#start("tab", () =>
      navigator.mediaDevices.getDisplayMedia({ video, audio, systemAudio: "include", ...options }),
    );
  }

  /** What is captured, or null. */
  get stream() {
    return this.#stream;
  }

  /** Start with a stream that is there already. */
  async startStream(stream, what = "microphone") {
    return this.#start(what, async () => stream);
  }

  /** Another page has the place: take it. */
  takeOver() {
    if (!this.#stream) return;
    if (this.state === "busy" && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ take: true }));
    } else {
      this.#connect(true);
    }
  }

  /** What plays, for the show's title. */
  setTitle(text) {
    this.#label = text;
    if (this.#welcome && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ title: text }));
  }

  stop() {
    this.#end();
    this.#say("off", "");
  }

  async #start(what, ask) {
    this.#end();
    const turn = this.#turn;
    this.#say("starting", what === "tab" ? "Choose a tab, and tick “share tab audio”." : "Allow the microphone.");
    let stream;
    try {
      stream = await ask();
    } catch (error) {
      if (turn === this.#turn) {
        const text = what === "tab" && error.name === "NotAllowedError" ? "No tab was chosen." : says(error);
        this.#fail(text);
      }
      return false;
    }
    if (turn !== this.#turn) {
      stream.getTracks().forEach((track) => track.stop());
      return false;
    }
    this.#stream = stream;
    const [track] = stream.getAudioTracks();
    if (!track) {
      return this.#fail("There is no sound in what you chose. Try again, choose a tab, and tick “share tab audio”.");
    }
    this.#what = what;
    this.#label = what === "tab" ? "" : track.label;
    track.addEventListener("ended", () => {
      if (turn === this.#turn) {
        this.#fail(what === "tab" ? "The tab is no longer shared." : "The microphone is gone. Choose another.");
      }
    });
    try {
      await this.#listen(stream, turn);
    } catch (error) {
      if (turn === this.#turn) this.#fail(says(error));
      return false;
    }
    if (turn !== this.#turn) return false;
    this.#wait = FIRST_WAIT;
    this.#connect();
    return true;
  }

  async #listen(stream, turn) {
    const { context, source } = openContext(stream);
    this.#context = context;
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    if (turn !== this.#turn) return;
    const node = new AudioWorkletNode(context, "capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    node.port.onmessage = ({ data }) => turn === this.#turn && this.#chunk(data);
    // The node gives silence; it has to lead somewhere to be asked at all.
    source.connect(node).connect(context.destination);
    context.addEventListener("statechange", () => this.#resume());
    this.#resume();
  }

  /** A phone call or a locked screen may have stopped it; the screen is kept on, since that ends a phone's microphone. */
  #resume() {
    const context = this.#context;
    if (!context || context.state === "closed") return;
    if (context.state !== "running") context.resume().catch(() => {});
    if (this.#what === "microphone" && !document.hidden) {
      navigator.wakeLock?.request("screen").then(
        (lock) => {
          this.#awake?.release();
          this.#awake = lock;
        },
        () => {}, // a battery that is low
      );
    }
  }

  #chunk({ packet, peak, frame }) {
    const now = performance.now();
    this.#length = frame - this.#frame;
    this.#frame = frame;
    this.#frameAt = now;
    this.#tell("level", { peak });
    // The sound itself is the clock: timers of a page in the background come late.
    if (!this.#socket && this.#retryAt && now >= this.#retryAt) this.#connect();
    if (!this.#welcome || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > 2 * MOST_BEHIND * this.#context.sampleRate) {
      this.#skipped += 1; // the gap in the frame numbers tells the server
    } else {
      this.#socket.send(packet);
    }
  }

  #connect(take = false) {
    this.#hangUp();
    this.#retryAt = 0;
    if (this.state !== "connecting") this.#say("connecting", "Looking for artgen …");
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    socket.onopen = () => {
      const rate = this.#context.sampleRate;
      socket.send(JSON.stringify({ id: this.#id, rate, channels: 1, what: this.#what, label: this.#label }));
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data), take);
    socket.onclose = () => {
      if (socket !== this.#socket) return;
      this.#hangUp();
      if (this.state === "taken" || this.state === "busy") return; // the user decides
      this.#say("connecting", "artgen doesn't answer. The sound goes on here, and is sent as soon as it does.");
      this.#retryAt = performance.now() + this.#wait;
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    };
  }

  #hear(said, take) {
    if (said.welcome) {
      this.#welcome = this.#had = true;
      this.#wait = FIRST_WAIT;
      this.#say("live", "The show hears you.", { heard: said.welcome.heard });
    } else if (said.busy) {
      if (take) this.#socket.send(JSON.stringify({ take: true }));
      else if (this.#had) this.#lost(said.busy); // while the connection was gone
      else this.#say("busy", "Somebody else's sound is in the show.", { busy: said.busy });
    } else if (said.taken_over) {
      this.#lost(said.taken_over);
    } else if (said.error && this.state !== "busy") {
      this.#tell("error", { text: said.error });
    } else if ("taken" in said) {
      const rate = this.#context.sampleRate;
      // The first frame of a chunk has waited for the last.
      const captured = this.#frame + this.#length + ((performance.now() - this.#frameAt) / 1000) * rate;
      const { heard, dropped, waiting_ms } = said;
      const behind_ms = Math.max(0, (1000 * (captured - said.taken)) / rate);
      this.#tell("report", { heard, dropped, skipped: this.#skipped, waiting_ms, behind_ms });
    }
  }

  #lost(by) {
    this.#had = false;
    this.#say("taken", "Somebody else has taken over.", { by });
  }

  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcome = false;
    socket?.close();
  }

  #end() {
    this.#turn += 1;
    this.#retryAt = 0;
    this.#hangUp();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#context?.close().catch(() => {});
    this.#context = null;
    this.#awake?.release();
    this.#awake = null;
    this.#had = false;
    this.#frame = this.#skipped = 0;
  }

  #fail(text) {
    this.#end();
    this.#say("off", "");
    this.#tell("error", { text });
    return false;
  }

  #say(state, text, more = {}) {
    this.state = state;
    this.#tell("state", { state, text, ...more });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
