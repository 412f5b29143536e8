"""What the outputs have in common that share a texture with other programs on the same graphics card: nothing is copied
through the processor.
"""

import importlib.util
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.errors import OutputError
from artgen_osc.runtime.text import unexpected
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from visuals.outputs.cadence import Cadence, frame_rate
from visuals.outputs.kind import OutputHost
from visuals.outputs.retry import Retry

if TYPE_CHECKING:
    from visuals.generators.generator import Frame


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


@dataclass(frozen=True, slots=True)
class SharedSettings:
    """What is shared, and under which name."""

    on: bool = setting(False, "share the picture with programs that draw on the same graphics card", scene=False)
    name: str = name_setting("under which they see it")
    width: int = setting(0, "width of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of what is shared; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(60.0, "frames a second", 1.0, 120.0, "fps", scene=False)


class SharedOutput(ABC):
    """Shares what was drawn while it is asked what it wants, and wants no frame itself.

    A change of any setting begins anew.

    Parameters
    ----------
    settings : SharedSettings
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``sharing``, or why it has failed and when it is tried again
    """

    Settings = SharedSettings
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

    def __init__(self, settings: SharedSettings, host: OutputHost) -> None:
        self.settings = settings
        self.state = "off"
        self._showing, self._share = host.showing, host.share
        self._seen: Any = None
        self._sharing: Any = None
        self._cadence = Cadence(frame_rate(settings.fps))
        self._began = 0.0
        self._retry = Retry()

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
            self._retry.begin()
            self._began, self._cadence = time, Cadence(frame_rate(self.settings.fps))
            self.state = "off"

    def wants(self, time: float) -> None:
        """Share what was just drawn; see `visuals.outputs.kind.Output`."""
        if not self.settings.on or not self._retry.due(time) or self._cadence.due(time - self._began) is None:
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
        self._retry.succeeded()
        self.state = "sharing"

    def _fail(self, reason: str, time: float) -> None:
        self.close()
        self.state = self._retry.failed(reason, time)

    def take(self, frame: "Frame", time: float) -> None:
        """It wants none. See `visuals.outputs.kind.Output`."""
        return

    def close(self) -> None:
        """Share no more."""
        sharing, self._sharing = self._sharing, None
        if sharing is not None:
            self.end(sharing)
