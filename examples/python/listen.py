"""Print the mood on each beat: ``artgen live --input demo --osc 127.0.0.1:9002``, then this.

Needs python-osc (``pip install python-osc``).
"""

import argparse

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient


class Listener:
    """The newest value of each address, a line on each beat, and the speed back if asked for."""

    def __init__(self, renderer: SimpleUDPClient | None) -> None:
        self.latest: dict[str, float] = {}
        self._renderer = renderer

    def remember(self, address: str, value: float) -> None:
        """Keep the newest value."""
        self.latest[address] = value

    def beat(self, address: str, count: int) -> None:
        """Print a line when the counter of beats has moved; a lost datagram loses nothing."""
        if count == self.latest.get(address):
            return
        self.latest[address] = count
        valence, energy = self.latest.get("/artgen/valence", 0.5), self.latest.get("/artgen/energy", 0.5)
        tempo = self.latest.get("/artgen/tempo_bpm", 0.0)
        print(f"beat {count:5d}   {tempo:5.1f} bpm   valence {valence:.2f}   energy {energy:.2f}", flush=True)
        if self._renderer is not None:
            self._renderer.send_message("/visuals/speed", 0.5 + 4.0 * energy)


def main() -> None:
    """Listen until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9002)
    parser.add_argument("--steer", action="store_true", help="the picture travels faster with more energy")
    parser.add_argument("--renderer", type=int, default=9101, help="port of the renderer")
    given = parser.parse_args()
    listener = Listener(SimpleUDPClient("127.0.0.1", given.renderer) if given.steer else None)
    # Without this, a bundle that is dated in the future puts the receiver to sleep.
    dispatcher = Dispatcher(strict_timing=False)
    for address in ("/artgen/valence", "/artgen/energy", "/artgen/tempo_bpm"):
        dispatcher.map(address, listener.remember)
    dispatcher.map("/artgen/beat/count", listener.beat)
    with BlockingOSCUDPServer(("127.0.0.1", given.port), dispatcher) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
