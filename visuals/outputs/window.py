"""The window."""

import os
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from artgen_osc.errors import DisplayError
from artgen_osc.schema.setting import setting
from visuals.control.keys import CLOSE
from visuals.outputs.kind import OutputHost
from visuals.outputs.x11 import has_window_manager

if TYPE_CHECKING:
    from visuals.generators.generator import Frame


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """Where it opens."""

    display: int = setting(0, "number of the display, from 0", 0, 15, key="visuals.display")


class Window:
    """A window of pygame's.

    Parameters
    ----------
    settings : WindowSettings
    host : OutputHost

    Raises
    ------
    DisplayError
        There is no display, no such display, or no OpenGL 3.3.
    """

    Settings = WindowSettings
    direct = target = window = True

    def __init__(self, settings: WindowSettings, host: OutputHost) -> None:
        self.settings = settings
        self._showing = host.showing
        size, display = (host.config.width, host.config.height), settings.display
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        if sys.platform == "linux":
            # Left to itself, SDL falls back to drivers that show nothing to anybody.
            wayland = "wayland," if "WAYLAND_DISPLAY" in os.environ else ""
            os.environ.setdefault("SDL_VIDEODRIVER", f"x11,{wayland}kmsdrm")
        import moderngl
        import pygame

        self._pygame = pygame
        try:
            pygame.display.init()
        except pygame.error as error:
            raise DisplayError(
                f"display: can't open one ({error}); a desktop session is needed; "
                "add --headless to render off screen, or set DISPLAY"
            ) from None
        try:
            count = pygame.display.get_num_displays()
            if display >= count:
                raise DisplayError(f"display: {display} doesn't exist; choose from 0 to {count - 1}")
            self._open(size, display)
            self.context = moderngl.create_context(require=330)
        except Exception as error:
            pygame.display.quit()
            if isinstance(error, DisplayError):
                raise
            raise DisplayError(
                f"OpenGL: can't draw in a window ({error}); OpenGL 3.3 is needed; install the graphics driver"
            ) from error
        pygame.display.set_caption("artgen")
        self.size = pygame.display.get_window_size()
        self._full = False
        self._display = display
        self._place = (0, 0), self.size

    def _open(self, size: tuple[int, int], display: int) -> None:
        pygame = self._pygame
        for attribute, value in (
            (pygame.GL_CONTEXT_MAJOR_VERSION, 3),
            (pygame.GL_CONTEXT_MINOR_VERSION, 3),
            (pygame.GL_CONTEXT_PROFILE_MASK, pygame.GL_CONTEXT_PROFILE_CORE),
            (pygame.GL_CONTEXT_FORWARD_COMPATIBLE_FLAG, 1),
        ):
            pygame.display.gl_set_attribute(attribute, value)
        flags = pygame.OPENGL | pygame.DOUBLEBUF | pygame.RESIZABLE
        try:
            pygame.display.set_mode(size, flags, display=display, vsync=1)
        except pygame.error:
            # Some drivers have no vsync to offer; the loop keeps the pace by itself.
            pygame.display.set_mode(size, flags, display=display)

    def pressed(self) -> list[str]:
        """Names of the keys pressed since the last call."""
        pygame = self._pygame
        names: list[str] = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                names.append(CLOSE)
            elif event.type == pygame.KEYDOWN:
                names.append(pygame.key.name(event.key))
        self.size = pygame.display.get_window_size()
        return names

    def wants(self, time: float) -> None:
        """Nothing to read: frames are drawn here."""

    def take(self, frame: "Frame", time: float) -> None:
        """Frames are drawn here, and none is given to it. See `Output`."""

    def prepare(self, time: float) -> None:
        """Fill the screen and hide the mouse, or don't.

        Raises
        ------
        DisplayError
            The window system refuses.
        """
        on = self._showing.control.settings.fullscreen
        if on == self._full:
            return
        self._full = on
        pygame = self._pygame
        try:
            if pygame.display.get_driver() == "x11" and not has_window_manager():
                self._fill(on)
            else:
                pygame.display.toggle_fullscreen()
        except pygame.error as error:
            raise DisplayError(
                f"fullscreen: was refused ({error}); a desktop that allows it is needed; enlarge the window by hand"
            ) from None
        pygame.mouse.set_visible(not on)
        self.size = pygame.display.get_window_size()

    def _fill(self, on: bool) -> None:
        """Fullscreen where no window manager does it: a window without a frame as large as the display."""
        pygame = self._pygame
        with warnings.catch_warnings():
            # pygame has no other way to move and resize its window without a new context.
            warnings.simplefilter("ignore", DeprecationWarning)
            window = pygame.Window.from_display_module()
        if on:
            self._place = window.position, window.size
            (x, y), (width, height) = self._place
            full_width, full_height = pygame.display.get_desktop_sizes()[self._display]
            # The window was opened in the middle of its display.
            corner = (x + (width - full_width) // 2, y + (height - full_height) // 2)
            window.borderless, window.size, window.position = True, (full_width, full_height), corner
        else:
            position, size = self._place
            window.borderless, window.size, window.position = False, size, position

    def show(self) -> None:
        """Swap the buffers."""
        self._pygame.display.flip()

    def close(self) -> None:
        """Close the window."""
        self.context.release()
        self._pygame.display.quit()
