"""The loop of the renderer: messages in, one frame out."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from artgen_osc.errors import DisplayError
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.throttle import Throttle
from visuals.clock import FrameClock, Tick
from visuals.compositor.screen import Screen
from visuals.control.controls import Control, Controls
from visuals.control.inbox import Inbox
from visuals.help import Overlay
from visuals.outputs.kind import Showing
from visuals.outputs.outputs import Outputs
from visuals.scene import Scene
from visuals.show import Show
from visuals.status import Report

log = logging.getLogger(__name__)

GIVE_UP_S = 10.0


class LostFrames:
    """One lost frame is told, `GIVE_UP_S` of them end the show.

    Attributes
    ----------
    count : frames that were lost so far
    drawn : whether the last one was drawn
    """

    def __init__(self) -> None:
        self.drawn = False
        self._throttle = Throttle()
        self._last = monotonic()

    @property
    def count(self) -> int:
        return self._throttle.count

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Draw a frame in the block under it.

        Raises
        ------
        DisplayError
            None could be drawn for `GIVE_UP_S`.
        """
        self.drawn = False
        try:
            yield
        except Exception as error:  # drivers raise anything; one lost frame doesn't end a show
            if self._throttle.due():
                log.warning("frame: not drawn (%s); the show goes on", error)
            if monotonic() - self._last > GIVE_UP_S:
                raise DisplayError(
                    f"OpenGL: no frame could be drawn for {GIVE_UP_S:.0f} s ({error}); a working driver is needed; "
                    "start artgen again"
                ) from error
            return
        self._last = monotonic()
        self.drawn = True


class RenderLoop:
    """Runs what `visuals.app.run` has put together.

    Parameters
    ----------
    clock, inbox, controls, show, overlay, screen, outputs, showing, lost, status : what the renderer is made of
    guard : bears what nobody has foreseen
    spare : called after each drawn frame once there are pictures, with the s of the loop: does what can wait until then
    on_frame : called after each drawn frame

    Attributes
    ----------
    scene : the newest
    """

    def __init__(
        self,
        clock: FrameClock,
        inbox: Inbox,
        controls: Controls,
        show: Show,
        overlay: Overlay,
        screen: Screen,
        outputs: Outputs,
        showing: Showing,
        lost: LostFrames,
        status: Report,
        guard: Guard,
        spare: Callable[[float], None],
        on_frame: "Callable[[RenderLoop, Control], None] | None" = None,
    ) -> None:
        self._clock, self._inbox, self._controls, self._show = clock, inbox, controls, show
        self._overlay, self._screen, self._outputs, self._showing = overlay, screen, outputs, showing
        self._lost, self._status, self._guard = lost, status, guard
        self._spare, self._on_frame = spare, on_frame
        self._stopping = threading.Event()
        self._lit = False

    @property
    def scene(self) -> Scene:
        return self._show.scene

    def run(self, seconds: float | None) -> None:
        """Run until somebody stops it or its time is over.

        Raises
        ------
        DisplayError
            See `LostFrames`.
        """
        for tick in self._clock.ticks(seconds):
            messages = self._inbox.poll(tick)
            control = self._controls.take(messages, tick.now)
            if control.quit or self._stopping.is_set():
                return
            scene = self._step(control, tick)
            with self._lost.frame():
                size = self._outputs.prepare(tick.time)
                if size != self._screen.size:
                    self._screen.resize(size)
                self._screen.apart = self._outputs.apart
                self._screen.draw(scene.mix, scene.look, scene.effects, scene.moment)
                self._outputs.publish(self._screen.read, tick.time)
                self._outputs.show(self._screen.shown)
            with self._guard("status"):
                self._status.tell(scene, tick)
            if self._lost.drawn:
                self._drawn(control, scene, tick)

    def stop(self) -> None:
        """End the show with the frame that is drawn now, from any thread."""
        self._stopping.set()

    def _step(self, control: Control, tick: Tick) -> Scene:
        """The scene of this turn; the last one where it fails."""
        with self._guard("frame"):
            self._show.step(control, tick)
        self._showing.control, self._showing.scene = control, self._show.scene
        self._showing.began = tick.now - tick.time
        with self._guard("overlay"):
            self._overlay.step(control, self._show.scene, tick)
        return self._show.scene

    def _drawn(self, control: Control, scene: Scene, tick: Tick) -> None:
        if scene.pictures and not self._lit:
            self._lit = True
            log.info("first picture %.2f s after the loop began", tick.time)
        elif self._lit:
            with self._guard("spare time"):
                self._spare(tick.time)
        if self._on_frame is not None:
            self._on_frame(self, control)
