// Songs: record one or pick a file, and it is analysed and painted.

import { clock } from "./curve.js";
import { Recorder, whyNot } from "./recorder.js";
import { make } from "./show.js";
import { SongCard } from "./song.js";

const SOON_MS = 1000, LATER_MS = 5000;
const KINDS = "audio/*,video/webm,video/mp4,.flac,.ogg,.opus,.m4a,.wav,.mp3,.aiff";

export function mount(element, show) {
  element.classList.add("songs");
  const said = make("p", { className: "wrong", aria: { role: "alert" } });
  const complain = (text) => (said.textContent = text);
  const limits = { size: Infinity, seconds: 1200 };
  const uploads = make("ul", { className: "uploads", aria: { label: "On their way" } });
  const list = make("div", { className: "song-list" });
  const empty = make("p", { className: "words", textContent: "No songs yet." });
  const cards = new Map(), mine = new Set();

  // The list

  let timer = 0;
  async function refresh() {
    clearTimeout(timer);
    let busy = false;
    if (element.offsetParent && !document.hidden) {
      try {
        const answer = await fetch(new URL("songs", show.base));
        if (answer.ok) busy = draw(await answer.json());
      } catch {
        busy = false; // the head of the page says that artgen can't be reached
      }
    }
    clearTimeout(timer);
    timer = setTimeout(refresh, busy ? SOON_MS : LATER_MS);
  }
  function draw(told) {
    Object.assign(limits, told.limits);
    const here = new Set(told.songs.map((song) => song.id));
    for (const [id, card] of cards) {
      if (here.has(id)) continue;
      card.root.remove();
      cards.delete(id);
    }
    let before = null;
    for (const song of told.songs) {
      if (cards.has(song.id)) cards.get(song.id).update(song);
      else cards.set(song.id, new SongCard(show.base, song, complain, () => forget(song.id)));
      const { root } = cards.get(song.id);
      // What is in place stays: moving it would stop its sound and lose the focus.
      const next = before ? before.nextSibling : list.firstChild;
      if (next !== root) list.insertBefore(root, next);
      before = root;
      if (mine.has(song.id) && (song.state === "done" || song.state === "failed")) {
        mine.delete(song.id);
        root.open = true;
      }
    }
    empty.hidden = cards.size > 0;
    return told.songs.some((song) => song.state !== "done" && song.state !== "failed");
  }
  function forget(id) {
    const next = cards.get(id)?.root.nextSibling;
    cards.get(id)?.root.remove();
    cards.delete(id);
    empty.hidden = cards.size > 0;
    (next?.querySelector("summary") ?? pick).focus();
  }

  // Uploads, one after another

  let line = Promise.resolve();
  function upload(content, name) {
    const bar = make("progress", { max: 1, value: 0, aria: { label: `upload of ${name}` } });
    const stop = make("button", { textContent: "Cancel", aria: { label: `Cancel the upload of ${name}` } });
    const item = make("li", { className: "row" }, make("span", { textContent: name }), bar, stop);
    const request = new XMLHttpRequest();
    let ended = false;
    stop.onclick = () => {
      ended = true;
      request.abort();
      item.remove();
    };
    const turn = () => new Promise((done) => {
      if (ended) return done(false);
      const address = new URL("songs", show.base);
      address.searchParams.set("name", name);
      request.open("POST", address);
      request.upload.onprogress = (event) => (bar.value = event.loaded / event.total);
      request.onloadend = () => {
        item.remove();
        done(taken(request, name, ended));
      };
      request.send(content);
    });
    said.textContent = "";
    if (content.size > limits.size) {
      complain(`${name} is larger than ${Math.round(limits.size / 2 ** 20)} MiB: send it as mp3, ogg or m4a.`);
      return Promise.resolve(false);
    }
    uploads.append(item);
    return (line = line.then(turn));
  }
  function taken(request, name, ended) {
    if (request.status === 201) {
      mine.add(JSON.parse(request.responseText).id);
      refresh();
      return true;
    }
    if (!ended) {
      let reason = "artgen can't be reached, or the connection broke; send it again";
      try {
        reason = JSON.parse(request.responseText).error;
      } catch {
        if (request.status) reason = `status ${request.status}; send it again`;
      }
      complain(`${name} was not taken: ${reason}`);
    }
    return false;
  }

  const file = make("input", { type: "file", accept: KINDS, multiple: true, hidden: true, tabIndex: -1 });
  const pick = make("button", { textContent: "Upload files" });
  pick.onclick = () => file.click();
  file.onchange = () => {
    for (const each of file.files) upload(each, each.name);
    file.value = "";
  };
  dropZone(element, upload);

  element.append(
    recording(show, limits, upload, complain),
    make("div", { className: "row" }, pick, make("span", { className: "words with-mouse", textContent: "or drop them anywhere on the page" }), file),
    said, uploads, empty, list,
  );
  new IntersectionObserver(refresh).observe(element);
  document.addEventListener("visibilitychange", refresh);
  refresh();
}

// Start, stop, listen, keep.
function recording(show, limits, upload, complain) {
  const source = make("select", { aria: { label: "What to record" } },
    make("option", { value: "microphone", textContent: "the microphone" }),
    make("option", { value: "page", textContent: "what the page captures" }));
  const start = make("button", { textContent: "Record" });
  const stop = make("button", { textContent: "Stop", className: "danger", hidden: true });
  const time = make("output", { className: "words" });
  const level = make("meter", { min: 0, max: 1, high: 0.97, value: 0, hidden: true, aria: { label: "level" } });
  const sound = make("audio", { controls: true, aria: { label: "Listen to your recording" } });
  const keep = make("button", { textContent: "Keep", className: "good" });
  const discard = make("button", { textContent: "Discard" });
  const review = make("div", { className: "review", hidden: true }, sound, make("div", { className: "row" }, keep, discard));
  const reason = make("p", { className: "words", textContent: whyNot() });
  start.disabled = source.disabled = Boolean(reason.textContent);
  reason.hidden = !reason.textContent;

  let blob = null, name = "";
  const recorder = new Recorder(
    (peak, seconds) => {
      level.value = peak;
      time.textContent = clock(seconds);
      if (seconds > limits.seconds - 2) recorder.stop();
    },
    (made, seconds) => {
      start.hidden = false;
      stop.hidden = level.hidden = true;
      if (!made.size) return complain("Nothing was recorded: check the microphone, then try again.");
      blob = made;
      time.textContent = `${clock(seconds)} recorded`;
      sound.src = URL.createObjectURL(blob);
      review.hidden = false;
      start.disabled = true;
      keep.focus();
    },
  );
  function clear() {
    sound.pause();
    URL.revokeObjectURL(sound.src);
    sound.removeAttribute("src");
    blob = null;
    review.hidden = true;
    time.textContent = "";
    start.disabled = false;
    start.focus();
  }
  const shared = () => (source.value === "page" ? (show.capture?.stream ?? null) : null);
  start.onclick = async () => {
    start.disabled = true;
    complain("");
    try {
      await recorder.start(shared());
      name = `Recording of ${new Date().toLocaleString("sv-SE")}`; // as 2026-05-01 20:15:00: a slash would be a folder's
      start.hidden = true;
      stop.hidden = level.hidden = false;
      stop.focus();
    } catch (error) {
      complain(error.message);
    }
    start.disabled = false;
  };
  stop.onclick = () => recorder.stop();
  keep.onclick = async () => {
    keep.disabled = discard.disabled = true;
    if (await upload(blob, name)) clear();
    keep.disabled = discard.disabled = false;
  };
  discard.onclick = clear;
  addEventListener("beforeunload", (event) => (recorder.running || blob) && event.preventDefault());
  setInterval(() => {
    const can = Boolean(show.capture?.stream);
    source.hidden = !can;
    if (!can) source.value = "microphone";
  }, 500);
  source.hidden = true;
  return make("div", { className: "recording" }, make("div", { className: "row" }, start, stop, source, level, time), reason, review);
}

// Files can be dropped anywhere on the page; its tab comes to the front then.
function dropZone(element, upload) {
  const veil = make("div", { className: "drop", hidden: true, textContent: "Drop sound files here" });
  document.body.append(veil);
  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!isFiles(event)) return;
    event.preventDefault();
    document.querySelector(`[role=tab][aria-controls="${element.id}"]`)?.click();
    for (const each of event.dataTransfer.files) upload(each, each.name);
  });
}
