// Groups of controls that fold: as somebody has left them, else closed where nothing in them has been changed.

import { make } from "./show.js";

const KEY = "artgen.fold.";

/** A group under a heading. `open`: whether it is open with nothing changed, too. */
export function fold(show, heading, rows, open, ...content) {
  const title = heading.textContent;
  const summary = make("summary", {}, heading);
  const group = make("details", { className: "group" }, summary, ...content);
  const changed = new Set();
  const place = () => (group.open = left(title) ?? (open || changed.size > 0));
  for (const { path, kind, default: first } of rows) {
    if (first === undefined) continue;
    show.on(path, (value) => {
      const before = changed.size;
      if (same(kind, value, first)) changed.delete(path);
      else changed.add(path);
      // It doesn't close under a hand.
      if (changed.size !== before && !group.contains(document.activeElement)) place();
    });
  }
  summary.addEventListener("click", () => leave(title, !group.open)); // Enter and space are clicks, too
  place();
  return { group, find: (found) => (found ? (group.open = true) : place()) };
}

const same = (kind, value, first) =>
  kind === "string" ? value === first : Math.abs(value - first) <= 1e-5 * Math.max(1, Math.abs(first));

/** How somebody has left a group in this browser; a browser that keeps nothing for us forgets it. */
function left(title) {
  try {
    return { open: true, closed: false }[localStorage.getItem(KEY + title)];
  } catch {
    return undefined;
  }
}

function leave(title, open) {
  try {
    localStorage.setItem(KEY + title, open ? "open" : "closed");
  } catch {
    // Then it stays as it is until the page is loaded anew.
  }
}
