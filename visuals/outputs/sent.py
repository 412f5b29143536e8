"""What the outputs have in common whose frames a process of their own sends on."""

import importlib.util
from abc import ABC, abstractmethod
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import OutputError
from artgen_osc.schema.address import COUNT_MAX, Address
from visuals.outputs.cadence import Cadence, frame_rate
from visuals.outputs.kind import OutputHost
from visuals.outputs.retry import Retry

if TYPE_CHECKING:
    from visuals.generators.generator import Frame
    from visuals.outputs.sender import Sender
    from visuals.outputs.sending import Wish

LASTING_S = 10.0
"""One that has lasted so long has been a good one: the next failure begins with the shortest wait."""

CLOSE_S = 2.5
LOOK_S = 0.5

STATE = Address("state", "string", "off, starting, sending, or why it has failed and when it is tried again")
DROPPED = Address("dropped", "int", "frames that were lost so far", 0, COUNT_MAX)


class SentOutput(ABC):
    """Hands the newest frame to a process, and starts that again where it has ended. It works beside the loop.

    Its settings have ``on``, ``width``, ``height`` and ``fps``; a change of any begins anew.

    Parameters
    ----------
    settings : its own
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``starting``, ``sending``, or why it has failed and when it is tried again
    dropped : frames that were lost since the show began
    """

    direct = True
    module: ClassVar[str]
    """The library that it needs, as it is imported."""

    missing: ClassVar[str]
    """What to say where that isn't installed."""

    def __init__(self, settings: Any, host: OutputHost) -> None:
        self.settings = settings
        self.state = "off"
        self._showing = host.showing
        self._seen: Any = None
        self._sender: Sender | None = None
        self._ending: list[Sender] = []
        self._cadence = Cadence(frame_rate(settings.fps))
        self._began = self._next_look = 0.0
        self._lost = 0
        self._retry = Retry()

    @abstractmethod
    def wish(self, size: tuple[int, int]) -> "Wish":
        """What its process is to do.

        Parameters
        ----------
        size : (width, height), even, pixels
        """

    @abstractmethod
    def explained(self, reason: str) -> str:
        """A reason for a failure, with what to do.

        Parameters
        ----------
        reason : as the library has said it
        """

    @classmethod
    def need(cls) -> None:
        """See whether its library is there.

        Raises
        ------
        OutputError
            It isn't.
        """
        if importlib.util.find_spec(cls.module) is None:
            raise OutputError(cls.missing)

    @property
    def dropped(self) -> int:
        """Frames that were lost since the show began."""
        alive = (*self._ending, self._sender) if self._sender else self._ending
        return self._lost + sum(one.dropped for one in alive)

    def prepare(self, time: float) -> None:
        """Begin, begin again, and look how it goes; see `visuals.outputs.kind.Direct`."""
        if self.settings is not self._seen:
            self._seen = self.settings
            self._end()
            self._retry.begin()
            self._next_look = time
            self.state = "off"
        if self.settings.on and self._sender is None and self._retry.due(time):
            self._begin(time)
        if time >= self._next_look:
            self._next_look = time + LOOK_S
            self._look(time)

    def wants(self, time: float) -> tuple[int, int] | None:
        """See `visuals.outputs.kind.Output`."""
        sender = self._sender
        if sender is None or not sender.ready or self._cadence.due(time - self._began) is None:
            return None
        return sender.wish.size

    def take(self, frame: "Frame", time: float) -> None:
        """See `visuals.outputs.kind.Output`."""
        if self._sender is not None and frame.shape[1::-1] == self._sender.wish.size:
            self._sender.put(frame)

    def close(self) -> None:
        """End what is sent."""
        self._end()
        until = monotonic() + CLOSE_S
        for one in self._ending:
            one.join(max(0.0, until - monotonic()))

    def _begin(self, time: float) -> None:
        from visuals.outputs.filmed import even
        from visuals.outputs.sender import Sender

        try:
            self.need()
        except OutputError as error:
            self.state = self._retry.failed(str(error), time)
            return
        given, (width, height) = self.settings, self._showing.size
        wish = self.wish((even(given.width or width), even(given.height or height)))
        self._cadence, self._began = Cadence(frame_rate(wish.fps)), time
        self._sender, self.state = Sender(wish), "starting"

    def _end(self) -> None:
        if self._sender is not None:
            self._sender.end()
            self._ending.append(self._sender)
            self._sender = None

    def _look(self, time: float) -> None:
        for one in list(self._ending):
            if one.over:
                self._lost += one.dropped
                self._ending.remove(one)
            elif one.overdue:
                one.join(0.0)
        sender = self._sender
        if sender is None:
            return
        if sender.over:
            self._end()
            self.state = self._retry.failed(self.explained(sender.error or "it has ended"), time)
            return
        if time > self._began + LASTING_S:
            self._retry.succeeded()
        self.state = "sending" if sender.ready else "starting"
        self.look(sender.told)

    @abstractmethod
    def look(self, told: dict[str, Any]) -> None:
        """Take what the process tells.

        Parameters
        ----------
        told : by name
        """
