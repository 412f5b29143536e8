"""A window beside the first one, while it is open."""

from typing import Any

from visuals.compositor.mapped import Shown, Size
from visuals.compositor.window_picture import WindowPicture
from visuals.outputs.desktop import Desktop
from visuals.outputs.x11 import has_window_manager


class OpenedWindow:
    """A window that is open, with a context that shares textures with the first one's.

    Parameters
    ----------
    name : of the output
    pygame : the module
    desktop : Desktop
    place : x, y, width and height on the desktop, pixels
    fills : whether that is all of a display

    Attributes
    ----------
    name, fills : as given
    picture : what it shows
    """

    def __init__(self, name: str, pygame: Any, desktop: Desktop, place: tuple[int, int, int, int], fills: bool) -> None:
        import moderngl

        self.name, self.fills = name, fills
        self._desktop, self._sdl = desktop, desktop.sdl
        assert self._sdl is not None
        self._first = self._sdl.current()
        self._waits: bool | None = None
        with self._sdl.beside_the_current():
            self._window = _made(pygame, f"artgen {name}", place, fills)
            try:
                self._current = self._sdl.current()
                self.context = moderngl.create_context(require=330)
                self.picture = WindowPicture(self.context)
            except BaseException:
                self._window.destroy()
                raise
        desktop.windows[self._window.id] = self

    @property
    def window_size(self) -> Size:
        """(width, height) in pixels."""
        width, height = self._window.size
        return max(1, width), max(1, height)

    def move(self, place: tuple[int, int, int, int], fills: bool) -> bool:
        """Have it on another part of the desktop.

        Parameters
        ----------
        place, fills : as it was made with

        Returns
        -------
        Whether it is there; else it has to be opened anew
        """
        if self.fills or fills:
            return False
        try:
            self._window.position, self._window.size = place[:2], place[2:]
        except Exception:  # not every window system lets itself be told
            return False
        return True

    def show(self, shown: Shown, settings: Any, display: str) -> str:
        """Draw a frame and put it on screen.

        Parameters
        ----------
        shown : the frame
        settings : of the window
        display : name of the display

        Returns
        -------
        Why it can't; empty: it can
        """
        assert self._sdl is not None
        trouble = self._sdl.make_current(*self._current)
        if trouble:
            return trouble
        try:
            waits = self._desktop.waiting == self.name
            if waits != self._waits:
                self._waits = waits
                self._sdl.wait_for_display(waits)
            marks = self._desktop.marks(self.name, self.window_size)
            self.picture.draw(shown, settings, self.window_size, display, marks)
            self._sdl.swap(self._current[0])
        finally:
            self._sdl.make_current(*self._first)
        return ""

    def close(self) -> None:
        """Close it, and give back what it holds."""
        assert self._sdl is not None
        self._desktop.windows.pop(self._window.id, None)
        try:
            if not self._sdl.make_current(*self._current):
                self.picture.release()
                self.context.release()
        finally:
            self._sdl.make_current(*self._first)
            self._window.destroy()


def _made(pygame: Any, title: str, place: tuple[int, int, int, int], fills: bool) -> Any:
    """A window whose context shares textures with the current one."""
    x, y, width, height = place
    full = fills and (pygame.display.get_driver() != "x11" or has_window_manager())
    more = {"fullscreen_desktop": True} if full else {"borderless": True}
    pygame.display.gl_set_attribute(pygame.GL_SHARE_WITH_CURRENT_CONTEXT, 1)
    try:
        return pygame.Window(title, (width, height), (x, y), opengl=True, **more)
    finally:
        pygame.display.gl_set_attribute(pygame.GL_SHARE_WITH_CURRENT_CONTEXT, 0)
