"""The one command ``artgen``: finds what is wanted, runs it, and tells how it ended."""

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from types import FrameType
from typing import Any

from artgen_osc import __version__
from artgen_osc.config.arguments import SHOW, Command, Parser, Run, add_settings
from artgen_osc.errors import BORNE, ArtgenError, ConfigError
from artgen_osc.plugins.registry import IMPORT_S
from artgen_osc.runtime.deadline import within
from artgen_osc.runtime.text import complain, keep_answers_apart, make_streams_safe, say, start_logging, unexpected

COMMANDS = "artgen.commands"
"""The entry points of the commands: each names a function that is given what adds a command. The renderer's are found
as a stranger's would be."""

OURS = ("artgen_osc", "visuals")

AGAIN_S = 0.01
PATIENCE_S = 5.0
"""So long may threads that nobody needs any more keep the program from ending."""


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="artgen",
        description="Listens to music, sends how it feels over OSC, and paints that feeling.",
        epilog="example: artgen live --input demo --osc touchdesigner",
    )
    parser.add_argument("--version", action="version", version=f"artgen {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(
        name: str, run: Run | None, what: str, example: str, tables: Sequence[str] = SHOW, of: Any = commands
    ) -> Parser:
        """Add a command, or an action `of` a command; without `run` it is one that has actions."""
        sub: Parser = of.add_parser(name, help=what, description=what, epilog=f"example: {example}")
        if run:
            sub.set_defaults(run=run, parser=sub)
            add_settings(sub, tables)
            sub.add_argument("-v", "--verbose", action="store_true", help="log more, and show tracebacks")
        return sub

    for add in _found():
        add(command)
    return parser


def _found() -> list[Callable[[Command], None]]:
    found = []
    for entry in sorted(entry_points(group=COMMANDS), key=lambda entry: entry.name):
        own = entry.value.partition(".")[0] in OURS
        try:
            found.append(entry.load() if own else within(IMPORT_S, entry.load, f"command {entry.name}"))
        except BORNE as error:  # a stranger's package may be broken in any way; the other commands are there
            reason = f"{type(error).__name__}: {error}"
            say(f"artgen: command {entry.name}: can't be loaded ({reason}); mend or remove its package", sys.stderr)
    return found


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    words = sys.argv[1:] if arguments is None else list(arguments)
    parser = build_parser()
    if words and words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
        parser.error(f"{words[0]} comes after a command, such as artgen live {words[0]}")
    given, unknown = parser.parse_known_args(words)
    if unknown:
        given.parser.refuse(unknown)
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Parameters
    ----------
    arguments : the words after ``artgen``. None: those of this process, which is the program then: SIGTERM ends it as
        Ctrl-C does, and what nobody has foreseen is told in a line. Who gives words sees such an exception itself.
    """
    make_streams_safe()
    if arguments is not None:
        given = _parse(arguments)
        start_logging(given.verbose)
        return _run(given)
    # Started in the background of a script, a program inherits that SIGINT is ignored, and would never end by it.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        given = _parse(arguments)
    except KeyboardInterrupt:
        return 0
    start_logging(given.verbose)
    threading.excepthook = lambda lost: _tell(lost.exc_value, given.verbose, lost.thread)
    if getattr(given, "json", False):
        keep_answers_apart()
    status = 1
    try:
        status = _run(given)
    except Exception as error:
        _tell(error, given.verbose)
    finally:
        _let_go()
    threading.Thread(target=_leave, args=(status,), name="leave", daemon=True).start()
    return status


def _run(given: argparse.Namespace) -> int:
    try:
        return given.run(given)  # type: ignore[no-any-return]
    except ArtgenError as error:
        if given.verbose:
            say(traceback.format_exc().rstrip(), sys.stderr)
        for line in str(error).split("\n") if isinstance(error, ConfigError) else [error]:
            complain(line)
        return 2
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 0  # the reader has seen enough


def _leave(status: int) -> None:
    """End the program although a thread of a plugin or a driver goes on: Python would wait for it for ever."""
    threading.main_thread().join()
    time.sleep(PATIENCE_S)
    left = [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
    names = ", ".join(_whose(one) for one in left) or "something"
    complain(f"{names} doesn't end; artgen ends without it")
    _let_go()
    os._exit(status)


def _whose(thread: threading.Thread) -> str:
    """What to call a thread: its name, and the module of what it runs where that is known."""
    module = getattr(getattr(thread, "_target", None), "__module__", "")
    return f"thread {thread.name}{f' of {module}' if module else ''}"


def _let_go() -> None:
    """Keep Python from complaining about a lost reader, or a full disk, once more while it closes the streams."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _reads_for_soundfile(frame):
        # What is raised beneath the library would be lost there; it comes again when that has returned.
        again = threading.Timer(AGAIN_S, _signal, (number,))
        again.daemon = True
        again.start()
        return
    raise KeyboardInterrupt


def _signal(number: int) -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # whatever it waits for
    else:
        signal.raise_signal(number)


def _reads_for_soundfile(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name.startswith("vio_"):
            return True
        frame = frame.f_back
    return False


def _tell(error: BaseException | None, verbose: bool, thread: threading.Thread | None = None) -> None:
    """Tell of an exception that nobody has foreseen; of a thread that it has ended."""
    if not isinstance(error, Exception):
        return
    if verbose:
        say("".join(traceback.format_exception(error)).rstrip(), sys.stderr)
    more = "" if verbose else "; -v shows more"
    named = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    modules = [module for module in named if module != threading.__name__]
    if thread is None or not modules or any(module.partition(".")[0] in OURS for module in modules):
        complain(f"{unexpected(error)}{more}; please report it")
    else:
        complain(f"thread {thread.name} of {modules[0]} has ended: {unexpected(error)}{more}; artgen goes on")
