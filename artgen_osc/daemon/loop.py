"""The loop of a show: sound in, values out, messages in, once a second the state."""

import sys
import threading
import time

from artgen_osc.daemon.hearing import Hearing
from artgen_osc.daemon.inbox import Inbox
from artgen_osc.daemon.inputs import Inputs
from artgen_osc.daemon.outlets import Outlets
from artgen_osc.daemon.renderer import Renderer
from artgen_osc.daemon.status import Report
from artgen_osc.daemon.steering import Steering
from artgen_osc.runtime.guard import Guard

SWITCH_S = 0.001
"""So long may another thread of the show keep the analysis waiting each time; Python's own is five times as long."""


class ShowClock:
    """When a show's seconds have passed, and when it is over.

    Parameters
    ----------
    seconds : after which it is over, or None
    """

    def __init__(self, seconds: float | None) -> None:
        start = time.monotonic()
        self._next = start + 1.0
        self._end = start + seconds if seconds is not None else None

    def second_has_passed(self) -> bool:
        """Whether it is time for what is done once a second."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = max(self._next + 1.0, now)
        return True

    def is_over(self) -> bool:
        """Whether its time is over."""
        return self._end is not None and time.monotonic() >= self._end


class Loop:
    """Runs what `artgen_osc.daemon.app.Daemon` has put together.

    Parameters
    ----------
    inputs, hearing, outlets, inbox, steering, status : what a show is made of
    renderer : supervised, or None
    guard : bears what nobody has foreseen

    Attributes
    ----------
    ended : why the show is over, once it is
    """

    def __init__(
        self,
        inputs: Inputs,
        hearing: Hearing,
        outlets: Outlets,
        inbox: Inbox,
        steering: Steering,
        status: Report,
        renderer: Renderer | None,
        guard: Guard,
    ) -> None:
        self._inputs, self._hearing, self._outlets = inputs, hearing, outlets
        self._inbox, self._steering, self._status = inbox, steering, status
        self._renderer, self._guard = renderer, guard
        self._stopped = threading.Event()
        self.ended = ""

    def run(self, seconds: float | None) -> int:
        """Run until the input ends, the time is over, the user closes the picture or somebody stops it.

        Returns
        -------
        Exit status: 0, or the renderer's own if it could not start.
        """
        sys.setswitchinterval(SWITCH_S)
        show = ShowClock(seconds)
        self.ended = "the input has ended"
        try:
            for block in self._inputs.blocks():
                arrived = time.monotonic()
                if self._renderer:
                    self._renderer.hear(self._inputs.source, block, arrived)
                hops = self._hearing.hear(block)
                for hop in hops:
                    self._outlets.publish_hop(hop)
                if hops:
                    self._status.time(block, arrived)
                with self._guard("messages"):
                    for message in self._inbox.poll():
                        self._steering.obey(message)
                if show.second_has_passed():
                    with self._guard("status"):
                        self._outlets.publish(self._status.values())
                if self._renderer:
                    self._renderer.supervise()
                    if self._renderer.status is not None:
                        self.ended = "the renderer can't run" if self._renderer.status else "the picture was closed"
                        return self._renderer.status
                if show.is_over():
                    self.ended = "its time is over"
                    break
                if self._stopped.is_set():
                    self.ended = "it was stopped"
                    break
        except KeyboardInterrupt:
            self.ended = "it was stopped"
        return 0

    def stop(self) -> None:
        """End the show within a quarter of a second, from any thread."""
        self._stopped.set()
