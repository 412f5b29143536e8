// Valence is the colour, energy the motion, each beat a ring; a click asks the renderer for its next picture.

const port = new URLSearchParams(location.search).get("port") || 9103;
const wanted = "/artgen/valence,/artgen/energy,/artgen/tempo_bpm,/artgen/tempo/confidence,/artgen/beat";
const now = { "/artgen/valence": 0.5, "/artgen/energy": 0.5, "/artgen/tempo_bpm": 0, "/artgen/tempo/confidence": 0 };
const rings = [];
let show, valence = 0.5, energy = 0.5, turn = 0;

function connectToArtgen() {
  show = new WebSocket(`ws://${location.hostname || "127.0.0.1"}:${port}/json?only=${wanted}`);
  show.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.error) console.warn(news.error);
    Object.assign(now, news);
    if (news["/artgen/beat"] === 1) rings.push(0);
  };
  show.onclose = () => setTimeout(connectToArtgen, 1000);
}

function setup() {
  createCanvas(windowWidth, windowHeight);
  colorMode(HSB, 360, 100, 100, 1);
  textFont("system-ui");
  connectToArtgen();
}

function draw() {
  const seconds = min(deltaTime / 1000, 0.1);
  valence += (now["/artgen/valence"] - valence) * seconds * 4;
  energy += (now["/artgen/energy"] - energy) * seconds * 4;
  turn += seconds * (0.1 + 2 * energy * energy);
  const hue = lerp(240, 40, valence);
  background(hue, 60 + 30 * energy, 8 + 22 * valence);
  translate(width / 2, height / 2);
  const size = min(width, height);

  noFill();
  for (let i = rings.length - 1; i >= 0; i--) {
    rings[i] += seconds * (0.5 + energy);
    if (rings[i] > 1) { rings.splice(i, 1); continue; }
    stroke(hue, 30, 100, 1 - rings[i]);
    strokeWeight(size * 0.02 * (1 - rings[i]) + 1);
    circle(0, 0, size * (0.35 + rings[i]));
  }

  noStroke();
  const petals = 240;
  for (let i = 0; i < petals; i++) {
    const angle = TWO_PI * i / petals + turn;
    const wave = sin(angle * 5 + turn * 7) * cos(angle * 3 - turn * 4);
    const reach = size * (0.2 + 0.035 * (i % 3) + 0.2 * energy * wave);
    fill((hue + 50 * sin(angle + turn) + 360) % 360, 50 + 45 * energy, 80 + 20 * valence, 0.8);
    circle(reach * cos(angle), reach * sin(angle), size * (0.012 + 0.03 * energy));
  }

  fill(0, 0, 100, 0.8);
  textAlign(CENTER, CENTER);
  textSize(size * 0.05);
  const beats = now["/artgen/tempo/confidence"] > 0.1;
  text(show.readyState !== 1 ? "no artgen" : beats ? `${now["/artgen/tempo_bpm"].toFixed(0)} bpm` : "no beat", 0, 0);
}

function mousePressed() {
  if (show.readyState === 1) show.send(JSON.stringify({ "/visuals/seed/next": 1 }));
}

function windowResized() {
  resizeCanvas(windowWidth, windowHeight);
}
