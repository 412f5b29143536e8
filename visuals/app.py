"""The renderer as a program: puts it together, and runs until it is told to end."""

import functools
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.oscquery.server import open_query
from artgen_osc.plugins.watch import PluginWatch
from artgen_osc.runtime.guard import Guard
from visuals.clock import FrameClock
from visuals.compositor.screen import Screen
from visuals.control.connections import told
from visuals.control.controls import Control
from visuals.control.inbox import Inbox
from visuals.control.keyframes import Keyframes
from visuals.control.kind import SurfaceHost
from visuals.control.scenes.file import held_by
from visuals.control.scenes.folder import Library
from visuals.control.scenes.recall import Scenes, begun
from visuals.control.surfaces import Surfaces
from visuals.generators.finisher import Finisher
from visuals.generators.trial import Trials
from visuals.help import Around, Overlay
from visuals.isf.transition import Transitions
from visuals.loop import LostFrames, RenderLoop
from visuals.outputs.ear import Ear
from visuals.outputs.kind import OutputHost, Showing
from visuals.outputs.outputs import Outputs, open_target
from visuals.painting.worker import ThreadWorker
from visuals.show import Show
from visuals.status import Losses, Report

log = logging.getLogger(__name__)

KINDS = ("generator", "layer", "effect", "output", "surface")
"""The kinds of plugins that the renderer uses."""


def run(
    file: ConfigFile,
    *,
    seconds: float | None = None,
    strip: Path | None = None,
    child: bool = False,
    ear: Ear | None = None,
    on_frame: Callable[[RenderLoop, Control], None] | None = None,
) -> int:
    """Run the renderer.

    Parameters
    ----------
    file : the settings; read again when the show's file is saved
    seconds : end by itself after this time
    strip : a PNG file; leave a strip of pictures of the show there
    child : of a daemon that follows the same show file, and tells of the mistakes in it
    ear : is fed what that daemon hears
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
    with ExitStack() as stack:
        loop = _put_together(file, stack, strip, child, ear, on_frame)
        stack.enter_context(_signals(loop.stop))
        loop.run(seconds)
    return 0


def _put_together(
    file: ConfigFile,
    stack: ExitStack,
    strip: Path | None,
    child: bool,
    ear: Ear | None,
    on_frame: Callable[[RenderLoop, Control], None] | None,
) -> RenderLoop:
    """All parts, from those that the others need to the loop; the stack closes them the other way round."""
    table, registry = file.contract.addresses, file.registry
    watch = PluginWatch(registry)
    stack.callback(watch.close)
    library = Library(Path(file.config.visuals.scenes), held_by(file.contract))
    stack.callback(library.close)
    understood = {**table.visuals, **table.sent}
    listens = file.config.visuals
    receiver = OscReceiver(listens.host, listens.port, understood, file.config.osc.time_tags)
    stack.callback(receiver.close)

    def refuse(what: str, reason: str) -> None:
        receiver.refuse(what, reason, "")

    controls = begun(file, library, refuse)
    config, plugin = controls.config.visuals, controls.config.plugin
    driven = [row for row, _ in told(controls.connections.rows)]
    told_of, taken = [*table.painted.values(), *driven], [*understood.values(), *driven]
    query = open_query("artgen renderer", config.host, config.query_port, receiver, told_of, taken)
    if query:
        stack.callback(query.close)
    control = controls.now(0.0)
    showing = Showing(control, (config.width, config.height))
    host = OutputHost(config, file.contract, showing, strip, ear=ear)
    target = open_target(registry, plugin, host)
    stack.callback(target.close)
    screen = Screen(target.context, target.size, target.window, registry=registry, folder=file.folder)
    stack.callback(screen.release)
    transitions = Transitions(target.context, screen.crossing, file.folder)
    stack.callback(transitions.release)
    transitions.prepare(filter(None, {config.transition, *library.transitions()}))
    host = replace(host, picture=screen.picture, target=target, share=screen.shared)
    outputs = Outputs(registry, plugin, host, target, refuse)
    stack.callback(outputs.close)
    threads = max(1, (os.cpu_count() or 1) // 2)
    trials = Trials(threads, config.engine, registry)
    finisher = functools.partial(Finisher, None, threads, config.engine)
    worker = ThreadWorker(config.model, trials.open, finisher=finisher)
    stack.callback(worker.close)
    trials.wanted = worker.wants
    show = Show(screen, control, worker)
    lost = LostFrames()

    def around() -> Around:
        return Around(screen.size, receiver.refused, library.names(), registry.troubles(KINDS))

    def losses() -> Losses:
        return Losses(lost.count + outputs.dropped, registry.troubles(KINDS), outputs.values(table.painted))

    overlay = Overlay(screen, around, lambda: target.window_size[1])
    report = Report(receiver, query, library, controls, table.visuals, losses)
    stack.callback(report.close)
    watch.tell = lambda: report.tell_plugins(registry.troubles(KINDS))
    surface_host = SurfaceHost(
        table,
        library.names,
        overlay.note,
        target.pressed,
        receiver.poll,
        file,
        child,
        controls.connections.follow,
        target.edited,
    )
    surfaces = Surfaces(registry, plugin, surface_host, understood, refuse)
    stack.callback(surfaces.close)
    inbox = Inbox(
        surfaces,
        Scenes(library, file.contract, refuse, controls.connections, transitions),
        Keyframes(table.visuals, refuse),
        controls,
        lambda: show.present(controls.config),
        report.receive,
        refuse,
    )
    log.info("listens on %s:%d, paints with %s", config.host, receiver.port, worker.state.name)
    return RenderLoop(
        FrameClock(config.fps),
        inbox,
        controls,
        show,
        overlay,
        screen,
        outputs,
        showing,
        lost,
        report,
        Guard(refuse),
        transitions.make_ahead,
        on_frame,
    )


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM stop the show, as long as the block lasts."""

    def told(number: int, frame: FrameType | None) -> None:
        stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
