// npm `oscquery`, and `osc` to send where it says: node oscquery.js OSCQUERY
const osc = require("osc");
const { OSCQueryDiscovery } = require("oscquery");

async function main() {
  const found = await new OSCQueryDiscovery().queryNewService("127.0.0.1", Number(process.argv[2]));
  const methods = found.flat();
  console.log(JSON.stringify({ host: found.hostInfo, methods }));
  const port = new osc.UDPPort({ localAddress: "127.0.0.1", localPort: 0 });
  port.on("ready", () => {
    const packet = { address: "/artgen/control/beat/lead", args: [{ type: "f", value: 0.25 }] };
    port.send(packet, found.hostInfo.oscIp, found.hostInfo.oscPort);
  });
  port.open();
  const lead = () => found.flat().find((method) => method.full_path === "/artgen/control/beat/lead");
  while (lead().arguments[0].value !== 0.25) await found.update();
  console.log(JSON.stringify(lead()));
  port.close();
}

main();
