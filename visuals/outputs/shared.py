"""What the outputs have in common that share a texture with other programs on the same graphics card: nothing is copied
through the processor.
"""

import importlib.util
import logging
import sys
from abc import ABC, abstractmethod
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import OutputError
from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.text import printable, unexpected
from artgen_osc.runtime.throttle import Throttle
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from visuals.outputs.cadence import Cadence
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0


def name_setting(doc: str) -> Any:
    """The setting of the name under which other programs see the picture.

    Parameters
    ----------
    doc : what name it is
    """
    return setting("artgen", doc, scene=False, check=_name)


def _name(value: str) -> None:
    if not 0 < len(value.encode()) <= 200 or not value.isprintable():
        raise ValueError(f"{value!r} can't be the name of a source; write 1 to 200 letters")


class SharedOutput(ABC):
    """Shares what was drawn while it is asked what it wants, and wants no frame itself.

    Its settings have ``on``, ``name``, ``width``, ``height`` and ``fps``; a change of any begins anew.

    Parameters
    ----------
    settings : its own
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``sharing``, or why it has failed and when it is tried again
    """

    direct = True
    module: ClassVar[str]
    """The library that it needs, as it is imported."""

    platform: ClassVar[str]
    """Where it is to be had, as Python calls it."""

    missing: ClassVar[str]
    """What to say where that isn't installed."""

    elsewhere: ClassVar[str]
    """What to say on another system."""

    tells = (Address("state", "string", "off, sharing, or why it has failed and when it is tried again"),)

    def __init__(self, settings: Any, host: OutputHost) -> None:
        self.settings = settings
        self.state = "off"
        self._showing, self._share = host.showing, host.share
        self._seen: Any = None
        self._sharing: Any = None
        self._cadence = Cadence(Fraction(60))
        self._began = self._next_try = 0.0
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        self._throttle = Throttle()

    @abstractmethod
    def open(self, name: str) -> Any:
        """Begin to share.

        Parameters
        ----------
        name : under which others see it

        Returns
        -------
        What `publish` and `end` are given
        """

    @abstractmethod
    def publish(self, sharing: Any, texture: Any, size: tuple[int, int]) -> None:
        """Share a frame.

        Parameters
        ----------
        sharing : what `open` gave
        texture : moderngl texture, bottom row first, alpha multiplied into the colours
        size : (width, height), pixels
        """

    @abstractmethod
    def end(self, sharing: Any) -> None:
        """Share no more.

        Parameters
        ----------
        sharing : what `open` gave
        """

    @classmethod
    def here(cls) -> str:
        """What it works with; see `visuals.outputs.kind.Output`.

        Raises
        ------
        OutputError
            What is missing.
        """
        if sys.platform != cls.platform:
            raise OutputError(cls.elsewhere)
        if importlib.util.find_spec(cls.module) is None:
            raise OutputError(cls.missing)
        return cls.module

    def prepare(self, time: float) -> None:
        """Begin anew where a setting has changed; see `visuals.outputs.kind.Direct`."""
        if self.settings is not self._seen:
            self._seen = self.settings
            self.close()
            self._backoff.reset()
            self._next_try, self._began = time, time
            self._cadence = Cadence(Fraction(self.settings.fps).limit_denominator(1001))
            self.state = "off"

    def wants(self, time: float) -> None:
        """Share what was just drawn; see `visuals.outputs.kind.Output`."""
        if not self.settings.on or time < self._next_try or self._cadence.due(time - self._began) is None:
            return
        try:
            self._publish()
        except OutputError as error:
            self._fail(str(error), time)
        except Exception as error:  # whatever a library and a driver come up with
            foreseen = isinstance(error, (OSError, RuntimeError, ImportError))
            self._fail(f"{type(self).__name__}: {error if foreseen else unexpected(error)}", time)

    def _publish(self) -> None:
        given, (width, height) = self.settings, self._showing.size
        size = given.width or width, given.height or height
        if self._share is None:
            return
        if self._sharing is None:
            self.here()
            self._sharing = self.open(given.name)
        self.publish(self._sharing, self._share(size), size)
        self._backoff.reset()
        self.state = "sharing"

    def _fail(self, reason: str, time: float) -> None:
        self.close()
        wait = self._backoff.next()
        self._next_try = time + wait
        self.state = printable(f"{reason}; it is tried again in {wait:.0f} s")
        if self._throttle.due(reason):
            log.warning("%s; it is tried again and again; the show goes on", printable(reason))

    def take(self, frame: "Frame", time: float) -> None:
        """It wants none. See `visuals.outputs.kind.Output`."""
        return

    def close(self) -> None:
        """Share no more."""
        sharing, self._sharing = self._sharing, None
        if sharing is not None:
            self.end(sharing)
