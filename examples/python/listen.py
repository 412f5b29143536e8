"""Print the mood and the onsets: ``artgen live --input demo --osc 127.0.0.1:9002``, then this.

Needs python-osc (``pip install python-osc``).
"""

import argparse

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

latest: dict[str, float] = {}


def remember(address: str, value: float) -> None:
    """Keep the newest value of each address."""
    latest[address] = value


def show(address: str, count: int) -> None:
    """Print a line when the counter of onsets has moved; a lost datagram loses nothing."""
    if count != latest.get(address):
        latest[address] = count
        valence, energy = latest.get("/artgen/valence", 0.5), latest.get("/artgen/energy", 0.5)
        print(f"onset {count:5d}   valence {valence:.2f}   energy {energy:.2f}", flush=True)


def main() -> None:
    """Listen until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9002)
    port = parser.parse_args().port
    # Without this, a bundle that is dated in the future puts the receiver to sleep.
    dispatcher = Dispatcher(strict_timing=False)
    dispatcher.map("/artgen/valence", remember)
    dispatcher.map("/artgen/energy", remember)
    dispatcher.map("/artgen/onset/count", show)
    with BlockingOSCUDPServer(("127.0.0.1", port), dispatcher) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
