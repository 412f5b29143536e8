"""``artgen live`` and ``artgen daemon``: the show, or the half of it that listens."""

import argparse
import sys
import time
from contextlib import closing, suppress

from artgen_osc.config.arguments import Command, add_kept, flags, positive, settings
from artgen_osc.config.tables import Config
from artgen_osc.runtime.text import can_write, printable, say
from artgen_osc.runtime.text_writer import TextWriter

DAEMON = ("audio", "mood", "osc", "web", "plugins", "visuals.host", "visuals.port")


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
    for sub in (live, daemon):
        sub.add_argument("--seconds", type=positive, help="end the show after so many seconds")
        sub.add_argument(
            "--web", action="store_true", help="open the show's page in the browser, and print its address"
        )
        sub.add_argument("--meters", action="store_true", help="draw live meters in the terminal")
    add_kept(live)


def _live(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=True)


def _daemon(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=False)


def _show(given: argparse.Namespace, with_renderer: bool) -> int:
    from artgen_osc.daemon.app import Daemon
    from artgen_osc.daemon.meters import Meters
    from artgen_osc.daemon.renderer import Renderer

    file = settings(given)
    renderer = Renderer(flags(given), given.config, given.strip, given.verbose) if with_renderer else None
    meters = Meters() if given.meters else None
    with closing(Daemon(file, renderer, meters)) as daemon:
        start = time.monotonic()
        # A reader of this text that has gone is no reason to end a show.
        with suppress(OSError):
            addresses = daemon.page.addresses if daemon.page else []
            say(_beginning(file.config, daemon.hears, addresses, with_renderer))
            if given.web and addresses:
                _open_page(addresses)
        status = daemon.run(given.seconds)
        out = TextWriter(sys.stdout)
        out.write(f"ended after {_minutes(time.monotonic() - start)}: {daemon.ended}\n")
        out.drain()
        return status


def _beginning(config: Config, hears: str, addresses: list[str], with_renderer: bool) -> str:
    """Three lines that a performer should know when a show begins."""
    targets = (
        ", ".join(map(printable, config.osc.targets))
        or "no other program yet; --osc touchdesigner, or HOST:PORT, adds one"
    )
    page = addresses[0] if addresses else "none, web.port is 0"
    keys = "H in the window for help, " if with_renderer and not config.visuals.headless else ""
    return f"hears: {printable(hears)}\nsends to: {targets}\npage: {page}   {keys}Ctrl-C to end"


def _minutes(seconds: float) -> str:
    return f"{seconds // 60:.0f}:{seconds % 60 // 1:02.0f}"


def _open_page(addresses: list[str]) -> None:
    """Open the page here, and print its other addresses, with a code for the phone's camera."""
    import threading
    import webbrowser

    from artgen_osc.web.site import for_a_phone, qr_text

    # Some systems wait for the browser's end.
    threading.Thread(target=webbrowser.open, args=(addresses[0],), daemon=True).start()
    for address in addresses[1:]:
        say(f"page: {address}")
    phone = for_a_phone(addresses)
    if not phone:
        say("for a phone in the same network, add --web-host 0.0.0.0")
    elif can_write(code := qr_text(phone), sys.stdout):
        print(code, flush=True)
