"""The window."""

import logging
import os
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from artgen_osc.errors import DisplayError
from artgen_osc.schema.setting import setting
from visuals.control.kind import Message
from visuals.outputs.kind import OutputHost
from visuals.outputs.mapping import MappingSettings, of_window
from visuals.outputs.x11 import has_window_manager

if TYPE_CHECKING:
    from visuals.compositor.mapped import Shown
    from visuals.compositor.window_picture import WindowPicture
    from visuals.generators.generator import Frame

log = logging.getLogger("artgen.windows")


@dataclass(frozen=True, slots=True)
class FirstSettings:
    """Where it opens."""

    display: int = setting(0, "number of the display, from 0", 0, 15, key="visuals.display")
    overlay: bool = setting(True, "show the help and notes here")


WindowSettings = of_window(FirstSettings, MappingSettings)


class Window:
    """A window of pygame's, the first of a show.

    Parameters
    ----------
    settings : WindowSettings
    host : OutputHost

    Attributes
    ----------
    name : as an output
    pygame, desktop : what further windows are opened with
    apart : whether it wants the frame as a texture, since its settings change what it shows
    size, window_size : (width, height) of the frame and of the window, pixels
    fills : whether it fills its display

    Raises
    ------
    DisplayError
        There is no display, no such display, or no OpenGL 3.3.
    """

    Settings = WindowSettings
    direct = target = window = True

    def __init__(self, settings: Any, host: OutputHost) -> None:
        from visuals.outputs.desktop import Desktop

        self.settings, self.name = settings, host.name
        self.apart = self.fills = False
        self._plain: tuple[Any, bool] = None, True
        self._picture: WindowPicture | None = None
        self._front: Any = None
        self._told = ""
        self._showing, self._frame = host.showing, (host.config.frame_width, host.config.frame_height)
        size, display = (host.config.width, host.config.height), settings.display
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        if sys.platform == "linux":
            # Left to itself, SDL falls back to drivers that show nothing to anybody.
            wayland = "wayland," if "WAYLAND_DISPLAY" in os.environ else ""
            os.environ.setdefault("SDL_VIDEODRIVER", f"x11,{wayland}kmsdrm")
        import moderngl
        import pygame

        self.pygame = pygame
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
        self._display = display
        self._measure()
        self._place = (0, 0), self.window_size
        self.desktop = Desktop(pygame, self, host)
        self._waits = True

    def _open(self, size: tuple[int, int], display: int) -> None:
        pygame = self.pygame
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
        """Names of the keys pressed since the last call, in all windows."""
        names = self.desktop.pressed()
        self._measure()
        return names

    def edited(self) -> list[Message]:
        """What has been changed in the windows since the last call."""
        return self.desktop.messages()

    def _measure(self) -> None:
        self.window_size = self.pygame.display.get_window_size()
        self.size = self._frame if all(self._frame) else self.window_size

    def wants(self, time: float) -> None:
        """Nothing to read: frames are drawn here."""

    def take(self, frame: "Frame", time: float) -> None:
        """Frames are drawn here, and none is given to it. See `Output`."""

    def prepare(self, time: float) -> None:
        """Fill the screen, or don't; see whether anything is between the frame and the window.

        Raises
        ------
        DisplayError
            The window system refuses.
        """
        self.settings = self.desktop.settings(self.name) or self.settings
        self._fill_screen(self._showing.control.settings.fullscreen)
        self.desktop.step()
        if self._plain[0] is not self.settings:
            from visuals.compositor.mapped import plain

            self._plain = self.settings, self.settings.overlay and plain(self.settings, MappingSettings)
        self.apart = not self._plain[1] or self.size != self.window_size

    def _fill_screen(self, on: bool) -> None:
        if on == self.fills:
            return
        self.fills = on
        pygame = self.pygame
        try:
            if pygame.display.get_driver() == "x11" and not has_window_manager():
                self._fill(on)
            else:
                pygame.display.toggle_fullscreen()
        except pygame.error as error:
            raise DisplayError(
                f"fullscreen: was refused ({error}); a desktop that allows it is needed; enlarge the window by hand"
            ) from None
        self._measure()

    def _fill(self, on: bool) -> None:
        """Fullscreen where no window manager does it: a window without a frame as large as the display."""
        pygame = self.pygame
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

    def show(self, shown: "Shown | None") -> None:
        """Put the frame on screen.

        Parameters
        ----------
        shown : the frame, to be drawn as the window's settings say; None: it is in the window already
        """
        if shown is not None:
            if self._picture is None:
                from visuals.compositor.window_picture import WindowPicture

                self._picture, self._front = WindowPicture(self.context), self.context.detect_framebuffer(0)
            self._front.use()
            marks = self.desktop.marks(self.name, self.window_size)
            self._picture.draw(shown, self.settings, self.window_size, self.desktop.name_of(self._display), marks)
            if self._picture.trouble != self._told:
                self._told = self._picture.trouble
                if self._told:
                    log.warning("%s: %s; the show goes on", self.name, self._told)
        waits = self.desktop.waiting == self.name
        if waits != self._waits and self.desktop.sdl is not None:
            self._waits = waits
            self.desktop.sdl.wait_for_display(waits)
        self.pygame.display.flip()

    def close(self) -> None:
        """Close the window."""
        if self._picture is not None:
            self._picture.release()
        self.context.release()
        self.pygame.display.quit()
