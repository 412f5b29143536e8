// npm `osc` over UDP: node osc_udp.js LISTEN DAEMON CONTROLS
const osc = require("osc");

const [listen, daemon, controls] = process.argv.slice(2).map(Number);
const port = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: listen, metadata: true });

port.on("message", ({ address, args }) => console.log(address, args[0].value));
port.on("error", (error) => console.error("error", error));
port.on("ready", () => {
  const send = (packet, to) => port.send(packet, "127.0.0.1", to);
  const message = (address, type, value) => ({ address, args: [{ type, value }] });
  send(message("/artgen/control/subscribe", "s", `:${listen}`), daemon);
  const later = [message("/visuals/mood/valence", "f", 0.75), message("/visuals/mood/energy", "d", 0.25)];
  send({ timeTag: osc.timeTag(1.0), packets: later }, controls);
  send(message("/visuals/speed", "f", 2.5), controls);
  send(message("/visuals/seed", "i", 7), controls);
  send(message("/visuals/model", "s", "idle"), controls);
  send(message("/visuals/freeze", "T"), controls);
});
port.open();
