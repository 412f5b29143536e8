// The plane of moods: every picture a point; a click chooses a place, a drag how far around it.
export const NEAR = 0.15;
const SMALLEST = 0.02, DRAGGED = 0.03;

function sized(canvas) {
  const ratio = Math.min(devicePixelRatio || 1, 2), side = Math.round(canvas.clientWidth * ratio) || 1;
  if (canvas.width !== side) [canvas.width, canvas.height] = [side, side];
  return { pen: canvas.getContext("2d"), side, ratio };
}

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function points(pen, side, pictures, colour, size) {
  pen.fillStyle = colour;
  const shift = size / 2;
  for (const { valence, energy } of pictures) {
    pen.fillRect(valence * (side - size) - shift + size / 2, (1 - energy) * (side - size) - shift + size / 2, size, size);
  }
}

function words(pen, side, ratio) {
  pen.fillStyle = colourOf("--dim");
  pen.font = `${12 * ratio}px system-ui, sans-serif`;
  pen.textAlign = "left";
  pen.fillText("energy ↑", 6 * ratio, 16 * ratio);
  pen.textAlign = "right";
  pen.fillText("valence →", side - 6 * ratio, side - 7 * ratio);
}

// A few pictures with their numbers.
export function drawNumbered(canvas, pictures) {
  const { pen, side, ratio } = sized(canvas);
  pen.clearRect(0, 0, side, side);
  words(pen, side, ratio);
  pen.font = `bold ${13 * ratio}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pictures.forEach(({ valence, energy }, index) => {
    const edge = 12 * ratio, [x, y] = [valence, 1 - energy].map((value) => edge + value * (side - 2 * edge));
    pen.fillStyle = colourOf("--accent");
    pen.beginPath();
    pen.arc(x, y, 11 * ratio, 0, 7);
    pen.fill();
    pen.fillStyle = colourOf("--back");
    pen.fillText(index + 1, x, y + 5 * ratio);
  });
}

export class Plane {
  #canvas;
  #sliders;
  #changed;
  #all = [];
  #shown = [];
  #layer = document.createElement("canvas");
  #from = null;
  #asked = false;

  // `sliders`: valence, energy and radius, which say the same by keyboard; `changed` is called without words.
  constructor(canvas, sliders, changed) {
    [this.#canvas, this.#sliders, this.#changed] = [canvas, sliders, changed];
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (this.#from = null));
    for (const slider of sliders) slider.addEventListener("input", () => this.#slide(slider));
    new ResizeObserver(() => this.show(this.#all, this.#shown)).observe(canvas);
    this.#say();
  }

  // Valence, energy and radius, or null for any mood.
  get near() {
    const values = this.#sliders.map((slider) => Number(slider.value));
    return values[2] >= 1 ? null : values;
  }

  clear() {
    this.#sliders[2].value = 1;
    this.#say();
  }

  show(all, shown) {
    const { side, ratio } = sized(this.#canvas);
    if (all !== this.#all || this.#layer.width !== side) {
      [this.#layer.width, this.#layer.height] = [side, side];
      points(this.#layer.getContext("2d"), side, all, "rgb(180 180 192 / 0.45)", 2 * ratio);
    }
    [this.#all, this.#shown] = [all, shown];
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw() {
    const { pen, side, ratio } = sized(this.#canvas), { near } = this;
    pen.clearRect(0, 0, side, side);
    pen.drawImage(this.#layer, 0, 0);
    if (this.#shown !== this.#all) points(pen, side, this.#shown, colourOf("--accent"), 3 * ratio);
    words(pen, side, ratio);
    if (!near) return;
    pen.strokeStyle = colourOf("--accent");
    pen.lineWidth = 2 * ratio;
    pen.beginPath();
    pen.arc(near[0] * side, (1 - near[1]) * side, near[2] * side, 0, 7);
    pen.stroke();
  }

  #place(event) {
    const box = this.#canvas.getBoundingClientRect(), within = (value) => Math.min(1, Math.max(0, value));
    return [within((event.clientX - box.left) / box.width), within(1 - (event.clientY - box.top) / box.height)];
  }

  #press(event) {
    if (event.button) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#from = this.#place(event);
    [this.#sliders[0].value, this.#sliders[1].value] = this.#from;
    if (!this.near) this.#sliders[2].value = NEAR;
    this.#tell();
  }

  #drag(event) {
    if (!this.#from) return;
    const [valence, energy] = this.#place(event);
    const distance = Math.hypot(valence - this.#from[0], energy - this.#from[1]);
    if (distance < DRAGGED) return;
    this.#sliders[2].value = Math.min(0.99, Math.max(SMALLEST, distance));
    this.#tell();
  }

  #slide(slider) {
    if (slider !== this.#sliders[2] && !this.near) this.#sliders[2].value = NEAR;
    this.#tell();
  }

  #tell() {
    this.#say();
    this.#changed();
  }

  #say() {
    for (const slider of this.#sliders) slider.nextElementSibling.value = Number(slider.value).toFixed(2);
    if (this.near) this.#sliders[2].removeAttribute("aria-valuetext");
    else {
      this.#sliders[2].nextElementSibling.value = "any";
      this.#sliders[2].setAttribute("aria-valuetext", "any mood");
    }
  }
}
