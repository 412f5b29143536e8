// The mood over a song as a picture: valence and energy, and a cursor that goes along with the sound.

const WIDTH = 600, HEIGHT = 150;
const LINES = [["valence", 1], ["energy", 2]];

function draw(name, properties, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Seconds as 3:05.
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// The curve in words.
export function words(mood, duration) {
  if (!mood.length) return "The song is too short for a curve of its mood.";
  const told = LINES.map(([name, at]) => {
    const values = mood.map((point) => point[at]);
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
    const way = `from ${values[0].toFixed(2)} at the start to ${values.at(-1).toFixed(2)} at the end`;
    return `${name} goes ${way}, between ${low} and ${high}`;
  });
  return `Mood over ${clock(duration)}: ${told.join("; ")}.`;
}

// Returns the picture; `seek(time)` is called when somebody points at a moment, `place(time)` moves the cursor.
export function curve(mood, duration, seek) {
  const x = (time) => (time / duration) * WIDTH, y = (value) => HEIGHT - 4 - value * (HEIGHT - 8);
  const picture = draw("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "curve", role: "img", "aria-label": words(mood, duration),
  });
  picture.append(draw("line", { class: "middle", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }));
  for (const [name, at] of LINES) {
    const points = mood.map((point) => `${x(point[0]).toFixed(1)},${y(point[at]).toFixed(1)}`).join(" ");
    picture.append(draw("polyline", { class: name, points }));
  }
  const cursor = draw("line", { class: "cursor", x1: 0, x2: 0, y1: 0, y2: HEIGHT });
  picture.append(cursor);
  const point = (event) => {
    const box = picture.getBoundingClientRect();
    seek(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * duration);
  };
  picture.addEventListener("pointerdown", (event) => {
    picture.setPointerCapture(event.pointerId);
    point(event);
  });
  picture.addEventListener("pointermove", (event) => event.buttons && point(event));
  const place = (time) => {
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(Math.min(time, duration)).toFixed(1));
  };
  return { picture, place };
}
