"""What SDL knows and pygame doesn't hand on: displays by name and place, and which window OpenGL draws into.

It is the very library that pygame has loaded: another copy would know of no window.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_QUIET = "SDL_WINDOW_NO_ACTIVATION_WHEN_SHOWN"
"""A hint of SDL's."""


@dataclass(frozen=True, slots=True)
class Display:
    """A display as the system has it.

    Attributes
    ----------
    number : from 0
    name : as it calls itself; where two have one name, the second has ``#2`` after it
    x, y : of its upper left corner on the desktop, pixels
    width, height : pixels
    hz : how often it is drawn anew; 0 where that isn't known
    """

    number: int
    name: str
    x: int
    y: int
    width: int
    height: int
    hz: int = 0

    def __str__(self) -> str:
        rate = f" at {self.hz} Hz" if self.hz else ""
        return f"{self.number} {self.name}, {self.width}x{self.height}{rate}"


def find_display(displays: list[Display], wanted: str) -> Display | None:
    """The display that somebody means: by its name, its number, or a part of its name; None: it isn't there.

    Parameters
    ----------
    displays : all that there are
    wanted : what was written
    """
    word = wanted.strip().casefold()
    by_name = [one for one in displays if one.name.casefold() == word]
    by_number = [one for one in displays if str(one.number) == word]
    by_part = [one for one in displays if word and word in one.name.casefold()]
    found = by_name or by_number or by_part
    return found[0] if found else None


class _Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("x", "y", "w", "h")]


class _Mode(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_uint32),
        ("w", ctypes.c_int),
        ("h", ctypes.c_int),
        ("hz", ctypes.c_int),
        ("driver", ctypes.c_void_p),
    ]


class Sdl:
    """SDL 2, once pygame's display is open.

    Parameters
    ----------
    library : the loaded one
    """

    def __init__(self, library: Any) -> None:
        self._sdl = library
        for name in ("SDL_GetDisplayName", "SDL_GetError"):
            getattr(library, name).restype = ctypes.c_char_p
        for name in ("SDL_GL_GetCurrentContext", "SDL_GL_GetCurrentWindow", "SDL_GetKeyboardFocus"):
            getattr(library, name).restype = ctypes.c_void_p
        library.SDL_GL_MakeCurrent.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        library.SDL_GL_SwapWindow.argtypes = [ctypes.c_void_p]
        library.SDL_GL_SwapWindow.restype = None
        library.SDL_SetWindowInputFocus.argtypes = [ctypes.c_void_p]

    def displays(self) -> list[Display]:
        """All displays, in the system's order."""
        found: list[Display] = []
        named: dict[str, int] = {}
        for number in range(max(0, self._sdl.SDL_GetNumVideoDisplays())):
            area, mode = _Rect(), _Mode()
            if self._sdl.SDL_GetDisplayBounds(number, ctypes.byref(area)) != 0:
                continue
            told = self._sdl.SDL_GetDisplayName(number)
            name = told.decode("utf-8", "replace").strip() if told else f"display {number}"
            named[name] = named.get(name, 0) + 1
            if named[name] > 1:
                name = f"{name} #{named[name]}"
            known = self._sdl.SDL_GetDesktopDisplayMode(number, ctypes.byref(mode)) == 0
            found.append(Display(number, name, area.x, area.y, area.w, area.h, mode.hz if known else 0))
        return found

    def current(self) -> tuple[Any, Any]:
        """The window that OpenGL draws into and its context."""
        return self._sdl.SDL_GL_GetCurrentWindow(), self._sdl.SDL_GL_GetCurrentContext()

    def make_current(self, window: Any, context: Any) -> str:
        """Have OpenGL draw into another window.

        Parameters
        ----------
        window, context : as `current` gave them

        Returns
        -------
        Why it can't; empty: it does
        """
        if self._sdl.SDL_GL_MakeCurrent(window, context) == 0:
            return ""
        return str(self._sdl.SDL_GetError().decode("utf-8", "replace"))

    @contextmanager
    def beside_the_current(self) -> Iterator[None]:
        """What is opened in the block under it takes neither OpenGL nor the keyboard from the current window."""
        window, context = self.current()
        typed_in = self._sdl.SDL_GetKeyboardFocus() == window
        before = os.environ.get(_QUIET)
        os.environ[_QUIET] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[_QUIET]
            else:
                os.environ[_QUIET] = before
            self.make_current(window, context)
            if typed_in:  # without a window manager SDL gives it away in spite of all
                self._sdl.SDL_SetWindowInputFocus(window)

    def wait_for_display(self, wait: bool) -> None:
        """Whether the current window's frames wait until its display is drawn anew; without effect where it can't.

        Parameters
        ----------
        wait : whether they do
        """
        self._sdl.SDL_GL_SetSwapInterval(int(wait))

    def swap(self, window: Any) -> None:
        """Show what was drawn into the current window.

        Parameters
        ----------
        window : as `current` gave it
        """
        self._sdl.SDL_GL_SwapWindow(window)


def _candidates(package: Path) -> Iterator[str]:
    if sys.platform == "win32":
        yield str(package / "SDL2.dll")
    elif sys.platform == "darwin":
        yield from map(str, sorted((package / ".dylibs").glob("libSDL2-2*.dylib")))
    else:
        for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
            path = line.partition("/")[2]
            if path.rpartition("/")[2].startswith("libSDL2-2"):
                yield f"/{path}"


def loaded_sdl() -> Sdl | None:
    """The SDL that pygame uses; None where it can't be found, or isn't SDL 2. pygame has to be imported already."""
    package = getattr(sys.modules.get("pygame"), "__file__", None)
    if package is None:
        return None
    try:
        for path in _candidates(Path(package).parent):
            return Sdl(ctypes.CDLL(path))
    except (OSError, AttributeError):
        pass
    return None
