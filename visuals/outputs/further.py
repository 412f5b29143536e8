"""Windows beside the first, such as those of projectors: each on a display that it finds by name."""

import logging
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.sdl import Display
from artgen_osc.runtime.text import printable, short
from artgen_osc.schema.setting import setting
from visuals.outputs.kind import OutputHost
from visuals.outputs.mapping import MappingSettings, of_window

if TYPE_CHECKING:
    from visuals.compositor.mapped import Shown
    from visuals.outputs.desktop import Desktop
    from visuals.outputs.opened import OpenedWindow

log = logging.getLogger("artgen.windows")


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """Where a window is, and how often it is drawn."""

    on: bool = setting(False, "open this window")
    display: str = setting("1", "its display: the name or a part of it, or its number from 0; artgen doctor lists them")
    x: int = setting(0, "pixels from the display's left edge", 0, 16384, "px")
    y: int = setting(0, "pixels from the display's upper edge", 0, 16384, "px")
    width: int = setting(0, "its width; 0: up to the display's right edge", 0, 16384, "px")
    height: int = setting(0, "its height; 0: down to the display's lower edge", 0, 16384, "px")
    fps: int = setting(0, "most frames a second; 0: as many as the show has", 0, 240)
    vsync: bool = setting(False, "wait for this display between frames instead of for that of the first window")
    overlay: bool = setting(False, "show the help and notes here too")


class FurtherWindow:
    """A window beside the first. See `visuals.outputs.kind.Direct`.

    It opens and closes as its settings say. While its display isn't there, that is told once, and it opens as soon as
    the display is.

    Parameters
    ----------
    settings : PlaceSettings and MappingSettings
    host : OutputHost

    Attributes
    ----------
    name : as it is registered
    trouble : what is wrong with it, on one line; empty: nothing
    """

    direct = shows = True
    Settings: ClassVar[Any]

    def __init__(self, settings: Any, host: OutputHost) -> None:
        self.settings, self.name = settings, host.name
        self.trouble = ""
        self._desktop: Desktop | None = getattr(host.target, "desktop", None)
        self._pygame: Any = getattr(host.target, "pygame", None)
        self._open: OpenedWindow | None = None
        self._display: Display | None = None
        self._place = (0, 0, 0, 0)
        self._again, self._backoff = 0.0, Backoff(1.0, 10.0)
        self._time = self._due = 0.0

    @property
    def apart(self) -> bool:
        """Whether it wants the frame as a texture."""
        return self._open is not None

    def wants(self, time: float) -> None:
        """Nothing to read: it is given a texture."""

    def take(self, frame: Any, time: float) -> None:
        """Nothing comes here. See `visuals.outputs.kind.Output`."""

    def prepare(self, time: float) -> None:
        """Open, close or move it."""
        self._time = time
        desktop = self._desktop
        settings = desktop.settings(self.name) if desktop else self.settings
        self.settings = settings or self.settings
        if not self.settings.on:
            self._close()
            self._tell("")
            return
        if desktop is None:
            self._tell("needs a screen, and there is none here; leave --headless out")
            return
        if desktop.sdl is None:
            self._tell("can't be opened, since pygame's SDL 2 wasn't found; install pygame-ce from PyPI")
            return
        display = desktop.display(self.settings.display)
        if display is None:
            self._close()
            names = ", ".join(map(str, desktop.displays())) or "none"
            self._tell(f"no display {short(self.settings.display)}; it opens when that is there; there are: {names}")
            return
        place = _place_on(display, self.settings)
        fills = place == (display.x, display.y, display.width, display.height)
        if self._open is not None and place != self._place and not self._open.move(place, fills):
            self._close()
        if self._open is None and monotonic() >= self._again:
            self._try_to_open(desktop, display, place, fills)
        self._display, self._place = display, place

    def _try_to_open(self, desktop: "Desktop", display: Display, place: tuple[int, int, int, int], fills: bool) -> None:
        from visuals.outputs.opened import OpenedWindow

        try:
            self._open = OpenedWindow(self.name, self._pygame, desktop, place, fills)
        except Exception as error:  # a driver raises anything; the show goes on without this window
            self._again = monotonic() + self._backoff.next()
            self._tell(f"can't be opened ({error}); it is tried again")
            return
        self._backoff.reset()
        log.info("%s: opened on display %s", self.name, printable(str(display)))
        self._tell("")

    def show(self, shown: "Shown") -> None:
        """Draw the frame and put it on screen.

        Parameters
        ----------
        shown : the frame
        """
        if self._open is None or self._display is None:
            return
        if self.settings.fps:
            if self._time < self._due:
                return
            self._due = max(self._due + 1.0 / self.settings.fps, self._time)
        self._tell(self._open.show(shown, self.settings, self._display.name) or self._open.picture.trouble)

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            if trouble:
                log.warning("%s: %s; the show goes on", self.name, printable(trouble))

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def close(self) -> None:
        """Close it."""
        self._close()


def _place_on(display: Display, settings: Any) -> tuple[int, int, int, int]:
    """Where a window is on the desktop: x, y, width and height in pixels; at least a part of it is on its display."""
    x, y = min(settings.x, display.width - 1), min(settings.y, display.height - 1)
    width = settings.width or display.width - x
    height = settings.height or display.height - y
    return display.x + x, display.y + y, width, height


class Window2(FurtherWindow):
    """The second window."""

    Settings = of_window(PlaceSettings, MappingSettings)


class Window3(FurtherWindow):
    """The third."""

    Settings = of_window(PlaceSettings, MappingSettings, display="2")


class Window4(FurtherWindow):
    """The fourth."""

    Settings = of_window(PlaceSettings, MappingSettings, display="3")
