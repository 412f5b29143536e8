"""Perform with the renderer, without any daemon: ``artgen visuals``, then this.

Needs python-osc (``pip install python-osc``).
"""

import argparse
import math
import time

from pythonosc.udp_client import SimpleUDPClient


def main() -> None:
    """Send a mood that goes around, and a new picture every eight seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9101)
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    client = SimpleUDPClient("127.0.0.1", given.port)
    client.send_message("/visuals/mood/manual", 1)
    client.send_message("/visuals/speed", 2.0)
    start = time.monotonic()
    picture = 0
    while (now := time.monotonic() - start) < given.seconds:
        client.send_message("/visuals/mood/valence", 0.5 + 0.45 * math.cos(now / 4))
        client.send_message("/visuals/mood/energy", 0.5 + 0.45 * math.sin(now / 4))
        if now >= picture * 8:
            client.send_message("/visuals/seed/next", 1)
            picture += 1
        time.sleep(1 / 30)
    client.send_message("/visuals/mood/manual", 0)


if __name__ == "__main__":
    main()
