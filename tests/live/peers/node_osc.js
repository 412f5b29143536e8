// npm `node-osc`: node node_osc.js LISTEN DAEMON CONTROLS
const { Bundle, Client, Server } = require("node-osc");

const [listen, daemon, controls] = process.argv.slice(2).map(Number);
const server = new Server(listen, "127.0.0.1", async () => {
  await new Client("127.0.0.1", daemon).send("/artgen/control/subscribe", `:${listen}`);
  const client = new Client("127.0.0.1", controls);
  const later = [["/visuals/mood/valence", 0.75], ["/visuals/mood/energy", 0.25]];
  await client.send(new Bundle(Date.now() / 1000 + 1.0, ...later));
  await client.send("/visuals/speed", 2.5);
  await client.send("/visuals/seed", 7);
  await client.send("/visuals/model", "idle");
  await client.send("/visuals/freeze", true);
});

server.on("bundle", (bundle) => bundle.elements.forEach(([address, value]) => console.log(address, value)));
server.on("error", (error) => console.error("error", error));
