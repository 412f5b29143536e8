"""``artgen live``, ``artgen daemon`` and ``artgen visuals``: the show, or half of it."""

import argparse
from pathlib import Path

from artgen_osc.commands.arguments import Command, flags, positive, settings
from artgen_osc.runtime.text import say

DAEMON = ("audio", "mood", "osc", "web", "visuals.host", "visuals.port")


def add(command: Command) -> None:
    """Add the commands."""
    live = command(
        "live", _live, "Listen, send OSC and paint.", "artgen live --input loopback --osc touchdesigner --fullscreen"
    )
    daemon = command(
        "daemon",
        _daemon,
        "Listen and send OSC, without a picture.",
        "artgen daemon --input device:Scarlett --osc 10.0.0.5:9000",
        DAEMON,
    )
    visuals = command(
        "visuals", _visuals, "Paint, steered by OSC from any program.", "artgen visuals --fullscreen", ("visuals",)
    )
    visuals.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    for sub in (live, daemon, visuals):
        sub.add_argument("--seconds", type=positive, help="end the show after so many seconds")
    for sub in (live, daemon):
        sub.add_argument(
            "--web", action="store_true", help="open the show's page in the browser, and print its address"
        )
        sub.add_argument("--meters", action="store_true", help="draw live meters in the terminal")
    for sub in (live, visuals):
        sub.add_argument("--strip", type=Path, metavar="FILE.png", help="leave a strip of pictures of the show")
        sub.hints["--record"] = "a strip of pictures is --strip now; --record is kept for the video of a show"


def _live(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=True)


def _daemon(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=False)


def _visuals(given: argparse.Namespace) -> int:
    from visuals.app import run

    return run(settings(given), seconds=given.seconds, strip=given.strip, child=given.child)


def _show(given: argparse.Namespace, with_renderer: bool) -> int:
    from artgen_osc.daemon import Daemon
    from artgen_osc.meters import Meters
    from artgen_osc.renderer import Renderer

    file = settings(given)
    renderer = Renderer(flags(given), given.config, given.strip) if with_renderer else None
    meters = Meters() if given.meters else None
    daemon = Daemon(file, renderer, meters)
    if given.web and daemon.page:
        _open_page(daemon.page.addresses)
    return daemon.run(given.seconds)


def _open_page(addresses: list[str]) -> None:
    """Print where the page is, with a code for the phone's camera, and open it here."""
    import threading
    import webbrowser

    from artgen_osc.web.site import for_a_phone, qr_text

    for address in addresses:
        say(f"page: {address}")
    phone = for_a_phone(addresses)
    say(qr_text(phone) if phone else "for a phone in the same network, add --web-host 0.0.0.0")
    # Some systems wait for the browser's end.
    threading.Thread(target=webbrowser.open, args=(addresses[0],), daemon=True).start()
