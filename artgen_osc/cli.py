"""The one command ``artgen``, and what each of its parts is called with.

Nothing heavy is imported before a command needs it.
"""

import argparse
import functools
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Never

from artgen_osc import __version__, config
from artgen_osc.errors import ArtgenError, AudioError
from artgen_osc.gallery_arguments import add_actions
from artgen_osc.runtime.text import make_streams_safe, printable, say, start_logging

SHORT = {
    "audio.input": ("--input", "-i"),
    "audio.mute": ("--mute",),
    "osc.targets": ("--osc",),
    "visuals.fullscreen": ("--fullscreen",),
    "visuals.display": ("--display",),
    "visuals.headless": ("--headless",),
    "visuals.engine": ("--engine",),
    "visuals.gallery": ("--gallery",),
    "visuals.scene": ("--scene",),
}
"""Settings that most shows give; they have a short flag beside ``--table-key``."""

SHOW = ("audio", "mood", "osc", "web", "visuals")


def _add_settings(parser: argparse.ArgumentParser, tables: Sequence[str]) -> None:
    """One flag for each setting of `tables`: ``--table-key``. A table may be one setting of it, such as ``a.b``."""
    groups: dict[str, Any] = {}
    for wanted in tables:
        table = wanted.split(".")[0]
        if table not in groups:
            groups[table] = parser.add_argument_group(f"settings of [{table}]")
        for key, item in config.settings().items():
            if wanted not in (key, key.split(".")[0]):
                continue
            names = (*SHORT.get(key, ()), "--" + key.replace(".", "-").replace("_", "-"))
            options: dict[str, Any] = {"dest": key, "default": None, "help": item.metadata["doc"]}
            if isinstance(item.default, bool):
                options["action"] = argparse.BooleanOptionalAction
            elif isinstance(item.default, tuple):
                options |= {"action": "append", "metavar": item.metadata["item"]}
            else:
                options |= {"type": type(item.default), "metavar": item.name.upper()}
                if item.default != "":
                    options["help"] += f" ({item.default})"
            groups[table].add_argument(*names, **options)
    parser.add_argument("--config", metavar="show.toml", help="settings of a show; flags win over it")


def _flags(given: argparse.Namespace) -> dict[str, object]:
    return {key: value for key, value in vars(given).items() if "." in key}


def _settings(given: argparse.Namespace) -> config.ConfigFile:
    return config.ConfigFile(given.config, _flags(given))


def _interrupt(number: int, frame: FrameType | None) -> Never:
    raise KeyboardInterrupt


def _show(given: argparse.Namespace, with_renderer: bool) -> int:
    from artgen_osc.daemon import Daemon
    from artgen_osc.meters import Meters
    from artgen_osc.renderer import Renderer

    settings = _settings(given)
    signal.signal(signal.SIGTERM, _interrupt)
    renderer = Renderer(_flags(given), given.config, given.record) if with_renderer else None
    meters = Meters() if given.meters else None
    daemon = Daemon(settings, renderer, meters)
    if given.web and daemon.page:
        _open_page(daemon.page.addresses)
    return daemon.run(given.seconds)


def _open_page(addresses: list[str]) -> None:
    """Print where the page is, with a code for the phone's camera, and open it here."""
    import threading
    import webbrowser

    from artgen_osc.web.site import for_a_phone, qr_text

    for address in addresses:
        print(f"page: {address}")
    phone = for_a_phone(addresses)
    if phone:
        print(qr_text(phone))
    else:
        print("for a phone in the same network, add --web-host 0.0.0.0")
    sys.stdout.flush()
    # Some systems wait for the browser's end.
    threading.Thread(target=webbrowser.open, args=(addresses[0],), daemon=True).start()


def _live(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=True)


def _daemon(given: argparse.Namespace) -> int:
    return _show(given, with_renderer=False)


def _visuals(given: argparse.Namespace) -> int:
    from visuals.app import run

    return run(_settings(given), seconds=given.seconds, record=given.record)


def _analyze(given: argparse.Namespace) -> int:
    from artgen_osc.offline import analyze, sound_files

    mood = _settings(given).config.mood
    model = Path(mood.model) if mood.model else None
    status = 0

    def tell(seconds: float) -> None:
        print(f"progress {seconds:.1f}", file=sys.stderr, flush=True)

    names: list[str] = []
    for name in given.files:
        if not os.path.isdir(name):  # noqa: PTH112 (Path.is_dir raises for names that no file can have)
            names.append(name)
            continue
        found, others = sound_files(name)
        say(f"artgen: {printable(name)}: {len(found)} files of sound, {others} others passed over", sys.stderr)
        names += found or [name]
    for name in names:
        try:
            result = analyze(name, model, mood.smoothing, tell if given.progress else None)
        except AudioError as error:
            result = {"file": name, "error": str(error)}
            status = 2
            say(f"artgen: {printable(error)}", sys.stderr)
        if given.json:
            print(json.dumps(result), flush=True)
        elif "error" not in result:
            say(
                f"{printable(name)}: {result['duration']:.1f} s, valence {result['valence']:.2f}, "
                f"energy {result['energy']:.2f}, confidence {result['confidence']:.2f}, {result['tempo_bpm']:.1f} bpm, "
                f"{result['key'] or 'no key'}, {len(result['beats'])} beats, {len(result['onsets'])} onsets"
            )
    return status


def _devices(given: argparse.Namespace) -> int:
    from artgen_osc.devices import list_devices

    rows = list_devices()
    for row in rows:
        marks = ("default input " if row.default_input else "") + ("default output" if row.default_output else "")
        print(f"{row.name}  [{row.host}]  {row.inputs} in, {row.outputs} out, {row.sample_rate} Hz  {marks}".rstrip())
    if not rows:
        print("no audio devices; --input file:PATH and --input demo work without one")
    return 0


def _monitor(given: argparse.Namespace) -> int:
    from artgen_osc.monitor import monitor

    return monitor(_settings(given).config, given.port, given.seconds, given.values, given.filter, given.record)


def _replay(given: argparse.Namespace) -> int:
    from artgen_osc.replay import replay
    from artgen_osc.target_syntax import place

    settings = _settings(given).config
    targets = settings.osc.targets or (place(settings.visuals.host, settings.visuals.port),)
    return replay(given.file, targets, given.seconds, given.speed, given.loop)


def _config(given: argparse.Namespace) -> int:
    settings = _settings(given)
    table = ""
    for key, item in config.settings().items():
        name, short = key.split(".")
        if name != table:
            print(f"{chr(10) if table else ''}[{name}]")
            table = name
        value = config.get(settings.config, key)
        text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
        print(f"{f'{short} = {text}':<36} # {settings.origins[key]}: {item.metadata['doc']}")
    for row in settings.config.map:
        print(f"\n{row.toml()}")
    return 0


def _doctor(given: argparse.Namespace) -> int:
    from artgen_osc.doctor import examine

    return examine(_settings(given).config)


def _gallery(given: argparse.Namespace) -> int:
    from visuals.gallery.commands import run

    return run(given, _settings(given).config.visuals)


def _bench(given: argparse.Namespace) -> int:
    from artgen_osc.bench import lines, measure

    visuals = _settings(given).config.visuals
    figures = measure(given.model, visuals.engine, given.seconds)
    print(json.dumps(figures) if given.json else "\n".join(lines(figures)))
    return 0


def _command(
    commands: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
    example: str,
    tables: Sequence[str] = SHOW,
) -> argparse.ArgumentParser:
    sub: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what, epilog=f"example: {example}")
    sub.set_defaults(run=run)
    _add_settings(sub, tables)
    sub.add_argument("-v", "--verbose", action="store_true", help="log more, and show tracebacks")
    return sub


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="artgen",
        description="Listens to music, sends how it feels over OSC, and paints that feeling.",
        epilog="example: artgen live --input demo --osc touchdesigner",
    )
    parser.add_argument("--version", action="version", version=f"artgen {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    command = functools.partial(_command, commands)
    live = command(
        "live", _live, "Listen, send OSC and paint.", "artgen live --input loopback --osc touchdesigner --fullscreen"
    )
    daemon = command(
        "daemon",
        _daemon,
        "Listen and send OSC, without a picture.",
        "artgen daemon --input device:Scarlett --osc 10.0.0.5:9000",
        ("audio", "mood", "osc", "web", "visuals.host", "visuals.port"),
    )
    visuals = command(
        "visuals", _visuals, "Paint, steered by OSC from any program.", "artgen visuals --fullscreen", ("visuals",)
    )
    for sub in (live, daemon, visuals):
        sub.add_argument("--seconds", type=_positive, help="end the show after so many seconds")
    for sub in (live, daemon):
        sub.add_argument(
            "--web", action="store_true", help="open the show's page in the browser, and print its address"
        )
        sub.add_argument("--meters", action="store_true", help="draw live meters in the terminal")
    for sub in (live, visuals):
        sub.add_argument("--record", type=Path, metavar="FILE.png", help="leave a strip of pictures of the show")
    analyze = command(
        "analyze",
        _analyze,
        "Analyse files with the code that runs live, hop by hop.",
        "artgen analyze song.mp3 --json",
        ("mood",),
    )
    analyze.add_argument("files", nargs="+", metavar="FILE", help="a sound file, a folder with some, or demo")
    analyze.add_argument("--json", action="store_true", help="one JSON object a line")
    analyze.add_argument("--progress", action="store_true", help="say on stderr how many seconds of sound are done")
    command("devices", _devices, "List the audio devices.", "artgen devices", ())
    monitor = command(
        "monitor",
        _monitor,
        "Show what goes out and comes in, of a running daemon and renderer.",
        "artgen monitor --filter '//beat*'",
        ("osc.host", "osc.port", "visuals.host", "visuals.port"),
    )
    monitor.add_argument("--port", type=int, default=9110, help="where to receive (9110)")
    monitor.add_argument("--seconds", type=_positive, help="end after so many seconds")
    monitor.add_argument("--values", action="store_true", help="list every address with its value and rate")
    monitor.add_argument("--filter", default="", metavar="PATTERN", help="list, and record, only these addresses")
    monitor.add_argument("--record", type=Path, metavar="show.osc", help="write it to a file for artgen replay")
    replay = command(
        "replay",
        _replay,
        "Play a recording of artgen monitor --record: to --osc, or to the renderer.",
        "artgen replay show.osc --osc touchdesigner --loop",
        ("osc.targets", "visuals.host", "visuals.port"),
    )
    replay.add_argument("file", type=Path, metavar="show.osc", help="what artgen monitor --record has written")
    replay.add_argument("--seconds", type=_positive, help="end after so many seconds")
    replay.add_argument("--speed", type=_positive, default=1.0, help="2: twice as fast (1)")
    replay.add_argument("--loop", action="store_true", help="begin anew at the end, until Ctrl-C")
    command(
        "config",
        _config,
        "Print the effective settings as TOML, and where each came from.",
        "artgen config > show.toml",
    )
    command("doctor", _doctor, "Say what is missing on this machine and how to get it.", "artgen doctor")
    kept = "Pictures that the show has kept: list, paint again, export."
    gallery = commands.add_parser(
        "gallery", help=kept, description=kept, epilog="example: artgen gallery list --near 0.8,0.9"
    )
    actions = gallery.add_subparsers(dest="action", metavar="ACTION", required=True)
    add_actions(functools.partial(_command, actions), _gallery)
    bench = command(
        "bench", _bench, "Measure how fast everything is on this machine.", "artgen bench --json", ("visuals.engine",)
    )
    bench.add_argument(
        "--model", action="append", type=Path, default=[], metavar="FILE.onnx", help="a generator; can be given again"
    )
    bench.add_argument("--seconds", type=_positive, default=20.0, help="about how long, for each generator (20)")
    bench.add_argument("--json", action="store_true", help="one JSON object")
    return parser


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    make_streams_safe()
    given = _parser().parse_args(arguments)
    start_logging(given.verbose)
    try:
        return given.run(given)  # type: ignore[no-any-return]
    except ArtgenError as error:
        if given.verbose:
            raise
        for line in str(error).splitlines():
            say(f"artgen: {line}", sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # The reader has seen enough; Python would complain again while it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
