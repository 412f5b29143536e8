"""A show whose clock is the number of the frame: the parts of a live one, stepped at exact times."""

import functools
import logging
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.recording import Recorded
from artgen_osc.schema.address import Value, extra
from artgen_osc.schema.address_table import Rows
from visuals.clock import Tick
from visuals.compositor.budget import unhurried
from visuals.compositor.gl import standalone_context
from visuals.compositor.screen import Screen
from visuals.control.inbox import Inbox
from visuals.control.keyframes import Keyframes
from visuals.control.kind import Message
from visuals.control.scenes.file import held_by
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import Scenes, begun
from visuals.generators.finisher import Finisher
from visuals.generators.generator import Frame
from visuals.generators.trial import Trials
from visuals.isf.transition import Transitions
from visuals.painting.worker import SyncWorker
from visuals.show import Show

log = logging.getLogger(__name__)

PICTURES_FPS = 15.0
"""Pictures that are painted in a second of the show; the frames between lead from one to the next."""


class Played:
    """Gives recorded messages when their time has come, as the surfaces of a live show would.

    Parameters
    ----------
    stream : what was recorded, by time
    rows : what is understood, by path
    """

    def __init__(self, stream: Iterable[Recorded], rows: Rows) -> None:
        self._stream, self._rows = iter(stream), rows
        self._next = next(self._stream, None)
        self.time = 0.0
        """s; what was recorded until then is given."""

    def poll(
        self, settings: Mapping[str, Any], values: Mapping[str, Value]
    ) -> Sequence[tuple[list[Message], Collection[str]]]:
        """See `visuals.control.surfaces.Surfaces`."""
        messages: list[Message] = []
        while self._next is not None and self._next.time <= self.time:
            messages += self._understood(self._next)
            self._next = next(self._stream, None)
        return [(messages, ())] if messages else []

    def _understood(self, recorded: Recorded) -> Iterator[Message]:
        for message in recorded.messages:
            row = self._rows.get(message.path) or extra(message.path)
            if row is not None:
                try:
                    yield row, row.check(message.arguments)
                except ValueError as error:
                    log.warning("%s: refused: %s", message.path, error)


class Stage:
    """Steps a show frame by frame. A context manager that gives everything back.

    Parameters
    ----------
    file : settings
    size : (width, height) of a frame, pixels
    fps : frames a second
    stream : the OSC stream that steers it, by time
    pictures : that are painted in a second of the show

    Raises
    ------
    ArtgenError
        There is no OpenGL, or the model or the scene to start with can't be used.
    """

    def __init__(
        self,
        file: ConfigFile,
        size: tuple[int, int],
        fps: Fraction,
        stream: Iterable[Recorded],
        pictures: float = PICTURES_FPS,
    ) -> None:
        self._fps, self._index = fps, 0
        self._pictures = pictures
        with ExitStack() as stack:
            stack.enter_context(unhurried())
            self._put_together(file, size, stream, stack)
            self._resources = stack.pop_all()

    def _put_together(
        self, file: ConfigFile, size: tuple[int, int], stream: Iterable[Recorded], stack: ExitStack
    ) -> None:
        table = file.contract.addresses
        library = Library(Path(file.config.visuals.scenes), held_by(file.contract))
        stack.callback(library.close)
        self._controls = controls = begun(file, library)
        config = controls.config.visuals
        context = standalone_context()
        stack.callback(context.release)
        self._screen = Screen(context, size, registry=file.registry, folder=file.folder)
        stack.callback(self._screen.release)
        transitions = Transitions(context, self._screen.crossing, file.folder)
        stack.callback(transitions.release)
        threads = max(1, (os.cpu_count() or 1) // 2)
        opener = Trials(threads, config.engine, file.registry).open
        finisher = functools.partial(Finisher, None, threads, config.engine)
        worker = SyncWorker(config.model, opener, self._pictures, finisher, beside=True)
        stack.callback(worker.close)
        self._show = show = Show(self._screen, controls.now(0.0), worker, live=False)
        self._played = Played(stream, {**table.visuals, **table.sent})
        self._inbox = Inbox(
            self._played,
            Scenes(library, file.contract, _refuse, controls.connections, transitions),
            Keyframes(table.visuals, _refuse),
            controls,
            lambda: show.present(controls.config),
            lambda messages: messages,
            _refuse,
        )

    def step(self) -> None:
        """Go to the next frame, at first to frame 0.

        What was recorded until the middle of the time for which the frame is seen is known in it.
        """
        time = float(self._index / self._fps)
        tick = Tick(time, time, float(1 / self._fps) if self._index else 0.0)
        self._played.time = float((self._index + Fraction(1, 2)) / self._fps)
        self._show.step(self._controls.take(self._inbox.poll(tick), time), tick)
        self._index += 1

    def draw(self) -> None:
        """Draw the frame."""
        scene = self._show.scene
        self._screen.draw(scene.mix, scene.look, scene.effects, scene.moment)

    def read(self) -> Frame:
        """The frame that was drawn: uint8 ``(height, width, 3)``, top row first."""
        return self._screen.read_frame()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()


def _refuse(what: str, reason: str) -> None:
    log.warning("%s: refused: %s", what, reason)
