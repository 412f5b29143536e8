// The page's connection to the show: the values of every address, and control back.

const AGAIN_MS = 1000;
const LATE_MS = 30000; // so long may the answer to what was sent take: an input is opened
const TOGETHER_MS = 200; // a count and its text may come one after the other

export class Show {
  constructor(base = new URL("/", location.href)) {
    this.base = base;
    this.values = {};
    this.listeners = new Map();
    this.stateListeners = new Set();
    this.refusalListeners = new Set();
    this.waiting = null;
    this.sentAt = {};
    for (const half of ["artgen", "visuals"]) this.watchRefusals(`/${half}/status/`);
    this.open("json?rate=30", (socket) => (this.steering = socket));
    this.open("state", () => {});
  }

  // Calls `hear(value)` with each new value of an address, and with the present one where it is known.
  on(path, hear) {
    if (!this.listeners.has(path)) this.listeners.set(path, new Set());
    this.listeners.get(path).add(hear);
    if (path in this.values) hear(this.values[path]);
  }

  // Calls `hear(text, wrong)` when the connection comes and goes.
  onState(hear) {
    this.stateListeners.add(hear);
  }

  // Calls `hear(text)` with what was refused, and why.
  onRefusal(hear) {
    this.refusalListeners.add(hear);
  }

  refuse(text) {
    for (const hear of this.refusalListeners) hear(text);
  }

  // Tells of what the show refused, where it is this page that has sent it.
  watchRefusals(status) {
    let known = Infinity;
    this.on(`${status}refused`, (count) => {
      if (count > known) {
        setTimeout(() => {
          const text = this.values[`${status}refusal`] ?? "";
          if (performance.now() - this.sentAt[text.split(": ")[0]] < LATE_MS) this.refuse(text);
        }, TOGETHER_MS);
      }
      known = count;
    });
  }

  // Sends values by address. Those of one picture of the screen go out together, the newest of each.
  send(values) {
    if (!this.waiting) {
      this.waiting = {};
      requestAnimationFrame(() => {
        if (this.steering?.readyState === WebSocket.OPEN) this.steering.send(JSON.stringify(this.waiting));
        else this.refuse("not sent: artgen can't be reached");
        this.waiting = null;
      });
    }
    Object.assign(this.waiting, values);
    for (const path of Object.keys(values)) this.sentAt[path] = performance.now();
  }

  tell(text, wrong = false) {
    for (const hear of this.stateListeners) hear(text, wrong);
  }

  // Where a WebSocket of the server is.
  address(path) {
    const address = new URL(path, this.base);
    address.protocol = this.base.protocol === "https:" ? "wss:" : "ws:";
    return address;
  }

  open(path, opened) {
    const socket = new WebSocket(this.address(path));
    opened(socket);
    socket.onopen = () => socket === this.steering && this.tell("connected");
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = async () => {
      if (socket === this.steering) this.tell(await this.reason(), true);
      setTimeout(() => this.open(path, opened), AGAIN_MS);
    };
  }

  // A refused WebSocket says nothing, a refused page does.
  async reason() {
    try {
      const answer = await fetch(new URL("addresses", this.base));
      if (answer.status === 401) return "the address has changed: open the one that artgen prints now";
    } catch {
      return "no artgen: is it running?";
    }
    return "connecting …";
  }

  hear(news) {
    if ("error" in news) return this.refuse(news.error);
    Object.assign(this.values, news);
    for (const [path, value] of Object.entries(news)) {
      for (const hear of this.listeners.get(path) ?? []) hear(value);
    }
  }
}

// An element with properties and children, in one expression.
export function make(name, properties = {}, ...children) {
  const { dataset, aria, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset);
  for (const [key, value] of Object.entries(aria ?? {})) made.setAttribute(key === "role" ? key : `aria-${key}`, value);
  made.append(...children);
  return made;
}
