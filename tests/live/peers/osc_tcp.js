// npm `osc` over TCP, framed by SLIP: node osc_tcp.js LISTEN DAEMON CONTROLS
const net = require("net");
const osc = require("osc");

const [listen, daemon, controls] = process.argv.slice(2).map(Number);

net
  .createServer((socket) => {
    const port = new osc.TCPSocketPort({ socket, metadata: true });
    port.on("message", ({ address, args }) => console.log(address, args[0].value));
    port.on("error", (error) => console.error("error", error));
  })
  .listen(listen, "127.0.0.1");

function connect(port, packets) {
  const client = new osc.TCPSocketPort({ address: "127.0.0.1", port, metadata: true });
  client.on("error", (error) => console.error("error", error));
  client.on("ready", () => packets.forEach((packet) => client.send(packet)));
  client.open();
}

const message = (address, type, value) => ({ address, args: [{ type, value }] });
const later = [message("/visuals/mood/valence", "f", 0.75), message("/visuals/mood/energy", "d", 0.25)];
connect(daemon, [message("/artgen/control/subscribe", "s", `:${listen},slip`)]);
connect(controls, [
  { timeTag: osc.timeTag(1.0), packets: later },
  message("/visuals/speed", "f", 2.5),
  message("/visuals/seed", "i", 7),
  message("/visuals/model", "s", "idle"),
  message("/visuals/freeze", "T"),
]);
