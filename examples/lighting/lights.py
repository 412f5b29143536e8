"""Stage light from the mood: ``artgen live --input demo --osc 127.0.0.1:9006``, then this.

Colours of RGB fixtures over sACN (E1.31) or Art-Net: sad is blue, happy is amber, energy makes it strong and
full, each beat flashes. Needs ``pip install python-osc "sacn>=1.11" stupidArtnet``.

    python lights.py --artnet 10.0.0.20 --universe 0 --channel 1 --fixtures 4
    python lights.py --sacn multicast --universe 1
"""

import argparse
import colorsys
import itertools
import math
import signal
import time
from collections.abc import Callable

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient

CHANNELS = 512
FRAMES_PER_SECOND = 40
FLASH_SECONDS = 0.15


class Light:
    """What was heard, and the colour that it makes."""

    def __init__(self, renderer: SimpleUDPClient | None = None, next_beats: int = 0) -> None:
        self.valence, self.energy, self.tempo = 0.5, 0.3, 0.0
        self._beats, self._flash_at = -1, -math.inf
        self._renderer, self._next_beats = renderer, next_beats

    def hear(self, address: str, value: float) -> None:
        """Take one message."""
        if address == "/artgen/valence":
            self.valence = value
        elif address == "/artgen/energy":
            self.energy = value
        elif address == "/artgen/tempo_bpm":
            self.tempo = value
        elif address == "/artgen/beat/count" and value != self._beats:
            # The counter, not the pulse: a lost datagram loses nothing.
            self._beats, self._flash_at = int(value), time.monotonic()
            if self._renderer is not None and self._next_beats and self._beats % self._next_beats == 0:
                self._renderer.send_message("/visuals/seed/next", 1)

    def flash(self, now: float) -> float:
        """1 on the beat, then falling; shorter where the tempo is fast."""
        seconds = min(FLASH_SECONDS, 15.0 / self.tempo) if self.tempo > 0 else FLASH_SECONDS
        return math.exp(-(now - self._flash_at) / seconds)

    def colour(self, now: float) -> tuple[int, int, int]:
        """Red, green and blue, 0..255."""
        flash = self.flash(now)
        hue = (230.0 + 170.0 * self.valence) % 360.0  # blue, over violet and red, to amber
        saturation = (0.5 + 0.5 * self.energy) * (1.0 - 0.6 * flash)
        value = (0.15 + 0.55 * self.energy) * (1.0 - flash) + flash
        red, green, blue = colorsys.hsv_to_rgb(hue / 360.0, saturation, value)
        return round(255 * red), round(255 * green), round(255 * blue)


def frame(colour: tuple[int, int, int], channel: int, fixtures: int) -> bytes:
    """512 channels, 0 but for `fixtures` times red, green, blue from `channel` (1..512) on."""
    before = bytes(channel - 1)
    return (before + bytes(colour) * fixtures + bytes(CHANNELS))[:CHANNELS]


Send = Callable[[bytes], None]


def artnet(host: str, universe: int, port: int) -> tuple[Send, Callable[[], None]]:
    """Art-Net to a node: what sends a frame, and what ends it."""
    from stupidArtnet import StupidArtnet

    node = StupidArtnet(host, universe, CHANNELS, port=port)

    def send(channels: bytes) -> None:
        node.set(bytearray(channels))
        node.show()

    return send, node.close


def sacn(host: str, universe: int) -> tuple[Send, Callable[[], None]]:
    """sACN, to one host or to all by ``multicast``: what sends a frame, and what ends it."""
    from sacn import sACNsender

    sender = sACNsender(bind_port=0, source_name="artgen", fps=FRAMES_PER_SECOND)
    sender.start()
    sender.activate_output(universe)
    sender[universe].multicast = host == "multicast"
    if host != "multicast":
        sender[universe].destination = host

    def send(channels: bytes) -> None:
        sender[universe].dmx_data = tuple(channels)

    return send, sender.stop


def arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--artnet", metavar="HOST", help="a node's address")
    where.add_argument("--sacn", metavar="HOST", help="an address, or multicast")
    parser.add_argument("--universe", type=int, default=1, help="Art-Net counts from 0, sACN from 1")
    parser.add_argument("--channel", type=int, default=1, help="of the first fixture's red, 1..512")
    parser.add_argument("--fixtures", type=int, default=1, help="one after the other, 3 channels each")
    parser.add_argument("--port", type=int, default=9006, help="where we listen for OSC")
    parser.add_argument("--artnet-port", type=int, default=6454)
    parser.add_argument("--next", type=int, default=0, metavar="BEATS", help="another picture every so many beats")
    parser.add_argument("--renderer", type=int, default=9101, help="port of the renderer")
    given = parser.parse_args()
    if not 1 <= given.channel <= CHANNELS:
        parser.error(f"--channel: {given.channel} is outside 1..{CHANNELS}")
    return given


def main() -> None:
    """Listen and light, until Ctrl-C or a service manager's SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # in the background of a script SIGINT would be ignored
    given = arguments()
    if given.artnet:
        send, close = artnet(given.artnet, given.universe, given.artnet_port)
    else:
        send, close = sacn(given.sacn, given.universe)
    light = Light(SimpleUDPClient("127.0.0.1", given.renderer), given.next)
    # Without this, a bundle that is dated in the future puts the receiver to sleep.
    dispatcher = Dispatcher(strict_timing=False)
    for address in ("/artgen/valence", "/artgen/energy", "/artgen/tempo_bpm", "/artgen/beat/count"):
        dispatcher.map(address, light.hear)
    try:
        with BlockingOSCUDPServer(("127.0.0.1", given.port), dispatcher) as server:
            server.timeout = 0.5 / FRAMES_PER_SECOND
            start = time.monotonic()
            for number in itertools.count():
                while (now := time.monotonic()) < start + number / FRAMES_PER_SECOND:
                    server.handle_request()
                send(frame(light.colour(now), given.channel, given.fixtures))
    except KeyboardInterrupt:
        send(bytes(CHANNELS))
    finally:
        close()


if __name__ == "__main__":
    main()
