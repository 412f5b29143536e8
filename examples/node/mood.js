// Print the mood twice a second, and ask the renderer for another picture every four beats.

import { Client, Server } from "node-osc";

const [receive = 9005, renderer = 9101] = process.argv.slice(2).map(Number);
const now = {};
let pictureAt = null;

const server = new Server(receive, "127.0.0.1");
const visuals = new Client("127.0.0.1", renderer);

server.on("bundle", (bundle) => {
  for (const element of bundle.elements) {
    const [address, value] = element;
    now[address] = value;
  }
  // The counter, not the pulse: a lost datagram loses nothing.
  const beats = now["/artgen/beat/count"];
  pictureAt ??= beats;
  if (beats >= pictureAt + 4) {
    pictureAt = beats;
    visuals.send("/visuals/seed/next", 1);
  }
});

server.on("error", (error) => console.warn(error.message));

setInterval(() => {
  if (!("/artgen/valence" in now)) return console.log("nothing yet: artgen daemon --osc 127.0.0.1:" + receive);
  const [valence, energy, tempo] = ["valence", "energy", "tempo_bpm"].map((name) => now[`/artgen/${name}`]);
  console.log(
    `valence ${valence.toFixed(2)}  energy ${energy.toFixed(2)}  ` +
      `tempo ${tempo.toFixed(0)} bpm  beat ${now["/artgen/beat/count"]}`,
  );
}, 500);
