// All pictures of the gallery, the newest first, kept up to date; and those that the filters leave.
const ID_LETTERS = 12, TIME_LETTERS = 9;
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, value]));

// The first letters of an id are the milliseconds when the picture was taken.
function timeOf(id) {
  let time = 0;
  for (let place = 0; place < TIME_LETTERS; place++) time = time * 32 + VALUES.get(id[place]);
  return time;
}

function pictures(columns) {
  const folded = columns.titles.map((title) => title.toLowerCase());
  return columns.valence.map((valence, index) => {
    const id = columns.ids.slice(index * ID_LETTERS, (index + 1) * ID_LETTERS), title = columns.title[index];
    return {
      id, time: timeOf(id), valence: valence / 1000, energy: columns.energy[index] / 1000,
      title: columns.titles[title], folded: folded[title], favourite: columns.favourite[index] === "1",
    };
  });
}

const newestFirst = (one, other) => (one.id < other.id ? 1 : one.id > other.id ? -1 : 0);

export const ANY = Object.freeze({ near: null, title: "", since: null, until: null, favourites: false });

export class Library extends EventTarget {
  all = [];
  shown = [];
  filter = ANY;
  state = { ready: false, waiting: 0, show: false, version: 0, loaded: false };
  #byId = new Map();
  #source = null;
  #loading = null;
  #late = [];

  get(id) {
    return this.#byId.get(id);
  }

  // Pages that nobody sees listen to nothing: a browser has few connections to one host.
  start() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#listen()));
    if (!document.hidden) this.#listen();
  }

  setFilter(filter) {
    this.filter = filter;
    this.#find();
    this.#tell("filtered");
  }

  async change(action, body) {
    const answer = await fetch(`api/${action}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return (await answer.json()).ids;
  }

  #rest() {
    this.#source?.close();
    this.#source = null;
  }

  #listen() {
    if (this.#source) return;
    const source = (this.#source = new EventSource("api/events"));
    source.addEventListener("hello", (event) => this.#hear(JSON.parse(event.data), "hello"));
    source.addEventListener("anew", (event) => this.#hear(JSON.parse(event.data), "anew"));
    source.addEventListener("change", (event) => this.#hear(JSON.parse(event.data), "change"));
    source.addEventListener("open", () => this.#tell("connected"));
    source.addEventListener("error", () => {
      this.#tell("lost");
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      this.#rest();
      setTimeout(() => document.hidden || this.#listen(), 2000);
    });
  }

  #hear(news, kind) {
    if (this.#loading) {
      this.#late.push([news, kind]);
      return;
    }
    const { version } = this.state;
    if (this.state.loaded && news.version <= version && kind === "change") return;
    const next = kind === "change" && news.version === version + 1;
    const same = kind === "hello" && news.version === version;
    if (!this.state.loaded || !(next || same)) {
      this.#load();
      return;
    }
    this.#keep(news);
    if (next) this.#apply(news);
    else this.#tell("state");
  }

  async #load() {
    this.#loading = fetch("api/all");
    try {
      const answer = await this.#loading;
      if (!answer.ok) throw new Error(await answer.text());
      const told = await answer.json();
      this.#keep(told);
      this.state.loaded = true;
      this.all = pictures(told);
      this.#byId = new Map(this.all.map((picture) => [picture.id, picture]));
      this.#find();
      this.#tell("loaded");
    } catch (error) {
      console.warn(`the gallery can't be read (${error.message}); it is tried again`);
      this.#rest();
      setTimeout(() => document.hidden || this.#listen(), 2000);
    } finally {
      this.#loading = null;
    }
    for (const [news, kind] of this.#late.splice(0)) this.#hear(news, kind);
  }

  #keep({ version, ready, waiting, show }) {
    Object.assign(this.state, { version, ready, waiting, show });
  }

  #apply(news) {
    const added = pictures(news.added), gone = new Set([...news.removed, ...added.map((picture) => picture.id)]);
    if (gone.size) {
      const kept = this.all.filter((picture) => !gone.has(picture.id));
      // The new ones are the newest as a rule; what was brought back goes between.
      const simple = !kept.length || !added.length || added.at(-1).id > kept[0].id;
      this.all = [...added, ...kept];
      if (!simple) this.all.sort(newestFirst);
      for (const id of news.removed) this.#byId.delete(id);
      for (const picture of added) this.#byId.set(picture.id, picture);
    }
    for (const [id, favourite] of Object.entries(news.favoured)) {
      const picture = this.#byId.get(id);
      if (picture) picture.favourite = favourite;
    }
    this.#find();
    this.#tell("changed", { added: added.filter((picture) => this.matches(picture)).map((picture) => picture.id) });
  }

  matches({ valence, energy, folded, time, favourite }) {
    const { near, title, since, until, favourites } = this.filter;
    return (!near || (valence - near[0]) ** 2 + (energy - near[1]) ** 2 <= near[2] ** 2)
      && (!title || folded.includes(title)) && (since === null || time >= since) && (until === null || time < until)
      && (!favourites || favourite);
  }

  #find() {
    this.shown = this.filter === ANY ? this.all : this.all.filter((picture) => this.matches(picture));
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

export const thumbnail = (id) => `thumbnail/${id}.jpg`;
export const file = (id) => `picture/${id}.png`;

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const when = (picture) => WHEN.format(picture.time);

export function described(picture) {
  const title = picture.title ? `${picture.title}, ` : "";
  const mood = `valence ${picture.valence.toFixed(2)}, energy ${picture.energy.toFixed(2)}`;
  return `${title}${when(picture)}, ${mood}${picture.favourite ? ", favourite" : ""}`;
}
