// What the music does, as numbers that any hydra function takes: () => mood.energy, () => mood.beat …
// Space or a click asks the renderer for its next picture.

const port = new URLSearchParams(location.search).get("port") || 9103;
const wanted = "/artgen/valence,/artgen/energy,/artgen/tempo_bpm,/artgen/tempo/confidence,/artgen/beat";
const mood = { valence: 0.5, energy: 0.5, tempo: 0, sure: 0, beat: 0 };
let show;

function connectToArtgen() {
  show = new WebSocket(`ws://${location.hostname || "127.0.0.1"}:${port}/json?only=${wanted}`);
  show.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.error) console.warn(news.error);
    mood.valence = news["/artgen/valence"] ?? mood.valence;
    mood.energy = news["/artgen/energy"] ?? mood.energy;
    mood.tempo = news["/artgen/tempo_bpm"] ?? mood.tempo;
    mood.sure = news["/artgen/tempo/confidence"] ?? mood.sure;
    if (news["/artgen/beat"] === 1) mood.beat = 1;
    document.getElementById("tempo").textContent = mood.sure > 0.1 ? `${mood.tempo.toFixed(0)} bpm` : "no beat";
  };
  show.onclose = () => setTimeout(connectToArtgen, 1000);
}
connectToArtgen();

const canvas = document.getElementById("picture");
canvas.width = innerWidth;
canvas.height = innerHeight;
new Hydra({ canvas, detectAudio: false });

// A pulse that fades, a colour that drifts from blue to gold, and a speed that follows the tempo.
update = (milliseconds) => {
  mood.beat *= Math.exp(-milliseconds / 150);
  speed = 0.2 + mood.energy * (mood.tempo || 60) / 120;
};

osc(() => 6 + 30 * mood.energy, 0.1, () => 0.6 + mood.valence)
  .kaleid(() => 3 + Math.round(4 * mood.energy))
  .modulate(noise(2.5, 0.15), () => 0.05 + 0.3 * mood.energy)
  .rotate(0, 0.1)
  .scale(() => 1 + 0.25 * mood.beat)
  .color(() => 0.3 + mood.valence, () => 0.35 + 0.5 * mood.valence, () => 1.2 - mood.valence)
  .saturate(() => 0.6 + mood.energy)
  .brightness(() => 0.25 * mood.beat - 0.1)
  .blend(o0, 0.4)
  .out(o0);

function next() {
  if (show.readyState === 1) show.send(JSON.stringify({ "/visuals/seed/next": 1 }));
}
canvas.addEventListener("pointerdown", next);
addEventListener("keydown", (event) => event.code === "Space" && next());
