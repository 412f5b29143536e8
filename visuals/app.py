"""The renderer as a program: opens its window and its port, and runs until it is told to end."""

import functools
import logging
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from types import FrameType

from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import Config, VisualsConfig
from artgen_osc.errors import ConfigError, DisplayError
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.oscquery.server import OscQuery, open_query
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.throttle import Throttle
from visuals.control.controls import Control, Controls
from visuals.control.keys import Keyboard
from visuals.control.scenes.file import held_by
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import Message, Present, Scenes, given_in, started
from visuals.gallery.occasions import Occasions
from visuals.gallery.writer import Writer
from visuals.generators.finisher import Finisher
from visuals.generators.trial import Trials
from visuals.outputs.strip import Strip
from visuals.outputs.view import WIDTH, LiveView, address_of
from visuals.outputs.window import Memory, Surface, Window
from visuals.painting.worker import ThreadWorker
from visuals.show import Show
from visuals.snapshots import snapshot
from visuals.status import Report

log = logging.getLogger(__name__)

LONGEST_STEP_S = 0.1
"""After a stall the show goes on from where it was instead of leaping."""

GIVE_UP_S = 10.0


def run(
    file: ConfigFile,
    *,
    seconds: float | None = None,
    strip: Path | None = None,
    child: bool = False,
    on_frame: Callable[[Show, Control], None] | None = None,
) -> int:
    """Run the renderer.

    Parameters
    ----------
    file : the settings; read again when the show's file is saved
    seconds : end by itself after this time
    strip : a PNG file; leave a strip of pictures of the show there
    child : of a daemon that follows the same show file, and tells of the mistakes in it
    on_frame : called after each drawn frame

    Returns
    -------
    Exit status

    Raises
    ------
    DisplayError
        There is no display or no OpenGL.
    OscError
        The port is taken.
    ModelError
        The generator can't be used.
    EngineError
        The engine isn't available here.
    SceneError
        The scene to start with can't be used.
    """
    sheet = Strip(strip) if strip is not None else None
    with ExitStack() as stack:
        table = file.contract.addresses
        library = Library(Path(file.config.visuals.scenes), held_by(file.contract))
        stack.callback(library.close)
        whole = started(file, library)
        config = whole.visuals
        understood = {**table.visuals, **table.sent}
        receiver = OscReceiver(config.host, config.port, understood, file.config.osc.time_tags)
        stack.callback(receiver.close)
        query = open_query(
            "artgen renderer", config.host, config.query_port, receiver, table.painted.values(), understood.values()
        )
        if query:
            stack.callback(query.close)
        size = (config.width, config.height)
        surface: Surface = Memory(size) if config.headless else Window(size, config.display)
        stack.callback(surface.close)
        threads = max(1, (os.cpu_count() or 1) // 2)
        trials = Trials(threads, config.engine)
        finisher = functools.partial(Finisher, None, threads, config.engine)
        worker = ThreadWorker(config.model, trials.open, finisher=finisher)
        stack.callback(worker.close)
        trials.wanted = worker.wants
        controls = Controls(whole, file.contract)
        show = Show(surface.context, surface.size, controls, worker, surface.window)
        stack.callback(show.close)
        writer = Writer(Path(config.gallery))
        stack.callback(writer.close)
        if sheet is not None:
            stack.callback(sheet.close)
        stopping = stack.enter_context(_signals())
        log.info("listens on %s:%d, paints with %s", config.host, receiver.port, worker.state.name)
        report = Report(receiver, query, library, table)
        stack.callback(report.close)
        scenes = Scenes(library, file.contract, lambda what, reason: receiver.refuse(what, reason, ""))
        view = LiveView(address_of(config.view))
        stack.callback(view.close)
        _Loop(show, surface, receiver, query, report, library, scenes, writer, view, file, child, on_frame).run(
            config, stopping, seconds, sheet
        )
    return 0


class _Loop:
    def __init__(
        self,
        show: Show,
        surface: Surface,
        receiver: OscReceiver,
        query: OscQuery | None,
        report: Report,
        library: Library,
        scenes: Scenes,
        writer: Writer,
        view: LiveView,
        file: ConfigFile,
        child: bool,
        on_frame: Callable[[Show, Control], None] | None,
    ) -> None:
        self._show = show
        self._surface = surface
        self._receiver = receiver
        self._query = query
        self._report = report
        self._library = library
        self._scenes = scenes
        self._table = file.contract.addresses
        self._keyboard = Keyboard(self._table.visuals)
        self._published: Config | None = None
        self._writer = writer
        self._view = view
        self._file = file
        self._child = child
        self._guard = Guard(lambda what, reason: receiver.refuse(what, reason, ""))
        self._next_look = 0.0
        self._failures = 0
        self._on_frame = on_frame
        self._occasions = Occasions()
        self._fullscreen = False
        self._last_drawn = monotonic()
        self._throttle = Throttle()

    def run(self, config: VisualsConfig, stopping: threading.Event, seconds: float | None, strip: Strip | None) -> None:
        start = last = self._last_drawn = due = monotonic()
        lit = False
        while not stopping.is_set():
            now = monotonic()
            control = self._step(now, min(now - last, LONGEST_STEP_S))
            last = now
            if control.quit or (seconds is not None and now - start >= seconds):
                break
            self._frame(control)
            if self._show.pictures and not lit:
                lit = True
                log.info("first picture %.2f s after the loop began", monotonic() - start)
            if strip is not None and self._show.pictures and strip.due(now - start):
                strip.add(now - start, self._show.picture())
            due = max(due + 1.0 / config.fps, monotonic() - 1.0 / config.fps)
            sleep(max(0.0, due - monotonic()))
        if strip is not None and strip.empty and self._show.pictures:
            strip.add(last - start, self._show.still()[0])

    def _step(self, now: float, dt: float) -> Control:
        show = self._show
        with self._guard("keys"):
            for name in self._surface.pressed():
                settings = show.controls.now(now).settings
                pressed = self._keyboard.press(name, settings, now, self._library.names())
                self._take(list(pressed.messages), now, 0.0)
                if pressed.note:
                    show.note(pressed.note, pressed.seconds)
        messages: list[Message] = []
        with self._guard("messages"):
            messages = self._receiver.poll()
        self._take(messages, now, dt)
        if now >= self._next_look:
            self._next_look = now + 1.0
            show.scenes = self._library.names()
            with self._guard("show file"):
                self._take(self._edits(), now, 0.0, given_in(self._file))
        control = show.controls.now(now)
        with self._guard("frame"):
            control = show.step(now, dt, self._receiver.refused)
            self._tell_failures(show.worker.failures, show.worker.error)
        with self._guard("status"):
            lost_frames = self._throttle.count
            self._report.tell(show, now, lost_frames + self._writer.dropped)
            config = show.controls.config
            if self._query and config is not self._published:
                self._published = config
                self._query.publish(self._file.contract.current(self._table.visuals.values(), config))
        return control

    def _take(self, messages: list[Message], now: float, dt: float, given: Collection[str] = ()) -> None:
        """Do what messages say, each for itself: one that fails leaves the others."""
        with self._guard("messages"):
            meant = self._scenes.receive(messages, self._present(now), now, dt, given)
            for message in self._report.receive(meant):
                with self._guard(message[0].path):
                    self._show.controls.receive([message], now)

    def _tell_failures(self, failures: int, error: str) -> None:
        """Whoever asked for a model hears that it can't be used, as of anything else that is refused."""
        if failures != self._failures:
            self._receiver.refuse("/visuals/model", error, "", failures - self._failures, logged=True)
            self._failures = failures

    def _present(self, now: float) -> Present:
        show = self._show
        return Present(show.controls.config, show.seed, show.mood)

    def _edits(self) -> list[Message]:
        """What a saved show file changes, as if it had come over OSC."""
        try:
            changes = self._file.changes()
        except ConfigError as error:
            for line in [] if self._child else str(error).split("\n"):
                log.warning("%s; the old values are kept", line)
            return []
        followed = {key: row for key, row in self._table.followed.items() if row.path in self._table.visuals}
        for key in changes:
            if key.startswith("visuals.") and key not in followed:
                log.warning("%s: counts from the next start on", key)
        return [(row, changes[key]) for key, row in followed.items() if key in changes]

    def _frame(self, control: Control) -> None:
        show, surface = self._show, self._surface
        try:
            if control.settings.fullscreen != self._fullscreen:
                self._fullscreen = control.settings.fullscreen
                surface.fullscreen(self._fullscreen)
            if surface.size != show.screen.size:
                show.screen.resize(surface.size)
            cause = self._occasions.due(control, show.mood, monotonic())
            kept = snapshot(show, control, cause) if cause else None
            if kept is not None:
                self._writer.write(*kept)
            show.draw()
            if self._view.due(monotonic()):
                self._view.show(show.small(WIDTH))
            surface.show()
        except Exception as error:  # drivers raise anything; one lost frame doesn't end a show
            now = monotonic()
            if self._throttle.due():
                log.warning("frame: not drawn (%s); the show goes on", error)
            if now - self._last_drawn > GIVE_UP_S:
                raise DisplayError(
                    f"OpenGL: no frame could be drawn for {GIVE_UP_S:.0f} s ({error}); a working driver is needed; "
                    "start artgen again"
                ) from error
            return
        self._last_drawn = monotonic()
        if self._on_frame is not None:
            self._on_frame(show, control)


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, as long as the block lasts."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    if threading.current_thread() is not threading.main_thread():
        yield stopping
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
