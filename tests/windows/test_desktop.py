"""Keys, mouse and pointer in several windows, without a screen."""

from types import SimpleNamespace
from typing import Any

import pytest

from artgen_osc.config.tables import VisualsConfig
from tests import show_table
from visuals.control.controls import Controls
from visuals.control.keys import CLOSE
from visuals.outputs import desktop as module
from visuals.outputs.desktop import Desktop
from visuals.outputs.kind import OutputHost, Showing

SIZE = (1000, 500)
QUIT, WINDOWCLOSE, WINDOWENTER, KEYDOWN, MOUSEBUTTONDOWN, MOUSEBUTTONUP, MOUSEMOTION = range(7)


class Room:
    """A show with windows, and somebody at its keyboard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "loaded_sdl", lambda: None)
        self.events: list[Any] = []
        self.pointer: list[bool] = []
        self.repeat: list[tuple[int, ...]] = []
        self.screensaver: list[bool] = []
        pygame = SimpleNamespace(
            QUIT=QUIT,
            WINDOWCLOSE=WINDOWCLOSE,
            WINDOWENTER=WINDOWENTER,
            KEYDOWN=KEYDOWN,
            MOUSEBUTTONDOWN=MOUSEBUTTONDOWN,
            MOUSEBUTTONUP=MOUSEBUTTONUP,
            MOUSEMOTION=MOUSEMOTION,
            KMOD_SHIFT=3,
            event=SimpleNamespace(get=self._take),
            mouse=SimpleNamespace(set_visible=self.pointer.append),
            key=SimpleNamespace(name=str, set_repeat=lambda *given: self.repeat.append(given)),
            display=SimpleNamespace(set_allow_screensaver=self.screensaver.append),
        )
        self.controls = Controls(show_table.CONTRACT.config({}), show_table.CONTRACT)
        self.showing = Showing(self.controls.now(0.0), SIZE)
        first = SimpleNamespace(name="window", fills=False, window_size=SIZE)
        self.desktop = Desktop(pygame, first, OutputHost(VisualsConfig(), show_table.CONTRACT, self.showing))
        for number in (2, 3):
            self.desktop.windows[number] = SimpleNamespace(name=f"window{number}", fills=True, window_size=SIZE)

    def _take(self) -> list[Any]:
        events, self.events = self.events, []
        return events

    def happens(self, kind: int, window: int = 0, **more: Any) -> None:
        self.events.append(SimpleNamespace(type=kind, window=SimpleNamespace(id=window), **more))

    def press(self, *keys: str, window: int = 0) -> None:
        for key in keys:
            *shift, name = key.split("+")
            self.happens(KEYDOWN, window, key=name, mod=len(shift))

    def turn(self) -> list[str]:
        """One turn of the loop; the keys that are left for the show."""
        left = self.desktop.pressed()
        self.controls.receive(self.desktop.messages(), 0.0)
        self.showing.control = self.controls.now(0.0)
        self.desktop.step()
        return left

    def edited(self) -> list[str]:
        plugin = self.controls.config.plugin
        return [name for name in ("window", "window2", "window3") if plugin[name].edit]

    def set(self, path: str, value: Any) -> None:
        self.controls.receive([(show_table.by_path(show_table.VISUALS)[f"/visuals/output/{path}"], value)], 0.0)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(monkeypatch)


def test_the_screen_saver_stays_away(room: Room) -> None:
    assert room.screensaver == [False]


def test_e_goes_from_window_to_window_however_fast_it_is_pressed(room: Room) -> None:
    room.press("e")
    assert room.turn() == [] and room.edited() == ["window"]
    room.press("e", "e")
    room.turn()
    assert room.edited() == ["window3"]
    room.press("e")
    room.turn()
    assert room.edited() == []
    room.press("e", "e", "right", "escape", "e", window=3)
    room.turn()
    assert room.edited() == ["window3"], "begun where it was pressed"
    held = (300, 40)
    assert room.repeat == [held, held, held, (), held, (), held], "and not in every frame"


def test_keys_that_mean_nothing_while_a_window_is_edited_are_left_for_the_show(room: Room) -> None:
    room.press("space", "right", window=2)
    assert room.turn() == ["space", "right"]
    room.press("e", window=2)
    room.turn()
    room.press("f11", "right", "shift+up", "tab", "r", "escape", "q", window=0)
    assert room.turn() == ["f11", "q"]
    assert room.edited() == []
    settings = room.controls.config.plugin["window2"]
    assert (settings.bottom_left_x, settings.bottom_left_y) == pytest.approx((0.001, 0.02))


def test_one_window_is_edited_at_a_time_whoever_asks(room: Room) -> None:
    room.set("window2/edit", 1)
    room.turn()
    assert room.edited() == ["window2"] and room.desktop.marks("window2", SIZE) is not None
    room.set("window3/edit", 1)
    for _ in range(2):
        room.turn()
    assert room.edited() == ["window3"]
    assert room.desktop.marks("window2", SIZE) is None and room.desktop.marks("window3", SIZE) is not None
    del room.desktop.windows[3]
    room.turn()
    assert room.desktop.marks("window3", SIZE) is None


def test_the_mouse_drags_in_the_window_that_is_edited_alone(room: Room) -> None:
    room.set("window2/edit", 1)
    room.turn()
    for window, place in ((3, (0, 500)), (2, (0, 500))):
        room.happens(MOUSEBUTTONDOWN, window, button=1, pos=place)
        room.happens(MOUSEMOTION, window, pos=(100, 450))
        room.happens(MOUSEBUTTONUP, window, button=1, pos=(100, 450))
        room.happens(MOUSEMOTION, window, pos=(500, 250))
    room.happens(MOUSEBUTTONDOWN, 2, button=3, pos=(0, 0))
    room.turn()
    plugin = room.controls.config.plugin
    assert (plugin["window2"].bottom_left_x, plugin["window2"].bottom_left_y) == pytest.approx((0.1, 0.1))
    assert plugin["window3"].bottom_left_x == 0.0


def test_closing_a_window(room: Room) -> None:
    room.set("window2/on", 1)
    room.happens(WINDOWCLOSE, 2)
    assert room.turn() == [] and not room.controls.config.plugin["window2"].on
    room.happens(WINDOWCLOSE, 0)
    room.happens(QUIT)
    assert room.turn() == [CLOSE], "that of the first one ends the show"


def test_the_pointer_is_hidden_over_a_projector_unless_it_has_something_to_drag(room: Room) -> None:
    room.turn()
    room.happens(WINDOWENTER, 2)
    room.turn()
    room.set("window2/edit", 1)
    room.turn()
    room.set("window2/edit", 0)
    room.turn()
    room.happens(WINDOWENTER, 0)
    room.turn()
    assert room.pointer == [False, True, False, True]


def test_one_window_alone_waits_for_its_display(room: Room) -> None:
    room.turn()
    assert room.desktop.waiting == "window"
    room.set("window3/vsync", 1)
    room.turn()
    assert room.desktop.waiting == "window3"
    room.set("window2/vsync", 1)
    room.turn()
    assert room.desktop.waiting == "window2", "never two"
    room.desktop.windows.clear()
    room.turn()
    assert room.desktop.waiting == "window"
