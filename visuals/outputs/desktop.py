"""The displays of a show and what its people do in its windows: keys, the mouse, and the window that is edited."""

from time import monotonic
from typing import Any, Protocol

from artgen_osc.runtime.sdl import Display, Sdl, find_display, loaded_sdl
from artgen_osc.schema.address import Value
from visuals.compositor.mapped import Marks, Size
from visuals.control.keys import CLOSE
from visuals.control.kind import Message
from visuals.outputs.editing import Changes, Editing, changed
from visuals.outputs.kind import OutputHost

LOOK_S = 1.0
"""Between two looks at the displays."""

REPEAT_MS = 300, 40
"""A held key moves a point again after so long, and so often."""

EDIT = "e"
"""The key by which another window is edited."""

LEFT = 1
"""Number of the mouse's button."""


class Opened(Protocol):
    """A window that is open.

    Attributes
    ----------
    name : of the output
    fills : whether it fills its display, where a mouse's pointer has no place
    """

    name: str
    fills: bool

    @property
    def window_size(self) -> Size:
        """(width, height) in pixels."""
        ...


class Desktop:
    """What all windows share.

    Parameters
    ----------
    pygame : the module, its display open
    first : the window that is always there
    host : OutputHost

    Attributes
    ----------
    sdl : None where other windows than the first can't be opened
    windows : those that are open, by SDL's number, the first as 0
    waiting : name of the one whose frames wait for its display
    """

    def __init__(self, pygame: Any, first: Opened, host: OutputHost) -> None:
        self._pygame, self._main = pygame, first.name
        self._showing, self._contract = host.showing, host.contract
        self.sdl: Sdl | None = loaded_sdl()
        self.windows: dict[int, Opened] = {0: first}
        self.waiting = first.name
        self._editing = Editing()
        self._edited = ""
        self._over = first.name
        self._messages: list[Message] = []
        self._local: dict[str, Any] = {}
        self._displays: list[Display] = []
        self._next_look = 0.0
        self._pointer = True
        pygame.display.set_allow_screensaver(False)

    def displays(self) -> list[Display]:
        """All displays, as they were within the last second."""
        now = monotonic()
        if self.sdl is not None and now >= self._next_look:
            self._next_look = now + LOOK_S
            self._displays = self.sdl.displays()
        return self._displays

    def display(self, wanted: str) -> Display | None:
        """One of them; None while it isn't there.

        Parameters
        ----------
        wanted : its name, its number or a part of its name
        """
        return find_display(self.displays(), wanted)

    def name_of(self, number: int) -> str:
        """What a display is called.

        Parameters
        ----------
        number : of the display, from 0
        """
        return next((one.name for one in self.displays() if one.number == number), f"display {number}")

    def settings(self, name: str) -> Any:
        """Those of a window, None before there are any.

        Parameters
        ----------
        name : of the output
        """
        return self._local.get(name, self._showing.control.plugin.get(name))

    def marks(self, name: str, window: Size) -> Marks | None:
        """What is drawn over a window that is edited; None: it isn't.

        Parameters
        ----------
        name : of the output
        window : (width, height), pixels
        """
        settings = self.settings(name)
        if name != self._edited or settings is None:
            return None
        return self._editing.marks(settings, self._showing.size, window)

    def tell(self, name: str, changes: Changes) -> None:
        """Change settings of a window, as if it had come over OSC.

        Parameters
        ----------
        name : of the output
        changes : by their fields
        """
        for field, value in changes.items():
            row = self._contract.settings[f"plugin.{name}.{field}"].row
            if row is not None:
                told: Value = int(value) if isinstance(value, bool) else value
                self._messages.append((row, told))
        self._local[name] = changed(self.settings(name), changes)

    def messages(self) -> list[Message]:
        """What has been changed in windows since the last call."""
        messages, self._messages = self._messages, []
        return messages

    def step(self) -> None:
        """Before a frame: one window at a time is edited, and the pointer is seen where it has something to do."""
        self._local.clear()
        on = [window.name for window in self.windows.values() if getattr(self.settings(window.name), "edit", False)]
        if on != [self._edited] * bool(self._edited):
            newest = next((name for name in on if name != self._edited), "")
            for name in on:
                if name != newest:
                    self.tell(name, {"edit": False})
            self._edit(newest)
        waiting = [
            window.name for window in self.windows.values() if getattr(self.settings(window.name), "vsync", False)
        ]
        self.waiting = waiting[0] if waiting else self._main
        over = next((window for window in self.windows.values() if window.name == self._over), None)
        pointer = over is None or not over.fills or self._edited == over.name
        if pointer != self._pointer:
            self._pointer = pointer
            self._pygame.mouse.set_visible(pointer)

    def _go_on_to(self, name: str) -> None:
        """Edit another window than so far, or none."""
        if self._edited:
            self.tell(self._edited, {"edit": False})
        if name:
            self.tell(name, {"edit": True})
        self._edit(name)

    def _edit(self, name: str) -> None:
        self._edited = name
        self._editing.begin()
        self._pygame.key.set_repeat(*(REPEAT_MS if name else ()))

    def pressed(self) -> list[str]:
        """Names of the keys pressed since the last call that aren't for the window that is edited."""
        pygame = self._pygame
        names: list[str] = []
        for event in pygame.event.get():
            window = self.windows.get(getattr(getattr(event, "window", None), "id", 0), self.windows[0])
            name = window.name
            if event.type == pygame.QUIT or (event.type == pygame.WINDOWCLOSE and name == self._main):
                names += [CLOSE] if CLOSE not in names else []
            elif event.type == pygame.WINDOWCLOSE:
                self.tell(name, {"on": False})
            elif event.type == pygame.WINDOWENTER:
                self._over = name
            elif event.type == pygame.KEYDOWN:
                names += self._key(pygame.key.name(event.key), bool(event.mod & pygame.KMOD_SHIFT), name)
            elif name == self._edited:
                self._mouse(event, window)
        return names

    def _key(self, key: str, shift: bool, name: str) -> list[str]:
        """What remains of a key that was pressed in a window."""
        window = next((one for one in self.windows.values() if one.name == self._edited), None)
        if window is None:
            if key == EDIT:
                self._go_on_to(name)
            return [] if key == EDIT else [key]
        if key == "escape":
            self._go_on_to("")
        elif key == EDIT:
            names = [*(one.name for one in self.windows.values()), ""]
            self._go_on_to(names[names.index(window.name) + 1])
        else:
            settings = self.settings(window.name)
            changes = self._editing.press(key, shift, settings, self._showing.size, window.window_size)
            if changes is None:
                return [key]
            self.tell(window.name, changes)
        return []

    def _mouse(self, event: Any, window: Opened) -> None:
        pygame, settings = self._pygame, self.settings(window.name)
        if event.type == pygame.MOUSEBUTTONUP and event.button == LEFT:
            self._editing.let_go()
        if event.type not in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION):
            return
        place = float(event.pos[0]), float(window.window_size[1] - event.pos[1])
        if event.type == pygame.MOUSEMOTION:
            self.tell(window.name, self._editing.drag(place, settings, self._showing.size, window.window_size))
        elif event.button == LEFT:
            self._editing.grab(place, settings, self._showing.size, window.window_size)
