"""Displays by name, and what further windows make of those that aren't there."""

from types import SimpleNamespace
from typing import Any

import pytest

from artgen_osc.config.tables import VisualsConfig
from artgen_osc.runtime.sdl import Display, Sdl, find_display
from tests import show_table
from visuals.compositor.mapped import Shown
from visuals.control.controls import Control
from visuals.outputs.further import Window2
from visuals.outputs.kind import OutputHost, Showing

LAPTOP, BENQ, SECOND = (
    Display(0, "eDP-1", 0, 0, 1920, 1080, 60),
    Display(1, "BenQ MH733", 1920, 0, 1280, 720),
    Display(2, "BenQ MH733 #2", 3200, 0, 1280, 720),
)
ALL = [LAPTOP, BENQ, SECOND]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("benq mh733", BENQ),
        ("BenQ MH733 #2", SECOND),
        ("mh", BENQ),
        (" 0 ", LAPTOP),
        ("2", SECOND),
        ("7", BENQ),
        ("9", None),
        ("", None),
        ("Epson", None),
    ],
)
def test_a_display_is_found_by_name_number_or_part(wanted: str, found: Display | None) -> None:
    assert find_display(ALL, wanted) is found


def test_a_display_is_told_as_people_choose_it() -> None:
    assert list(map(str, ALL[:2])) == ["0 eDP-1, 1920x1080 at 60 Hz", "1 BenQ MH733, 1280x720"]


def test_two_of_one_name_are_told_apart_and_odd_ones_bear_a_number() -> None:
    """Of four displays the last one can't say where it is."""
    names = [b"BenQ", b"BenQ", None, b"\xff"]

    def bounds(number: int, area: Any) -> int:
        area._obj.x, area._obj.w, area._obj.h = 100 * number, 100, 50
        return 0 if number < 3 else -1

    def mode(number: int, found: Any) -> int:
        found._obj.hz = 50
        return 0 if number == 0 else -1

    library = SimpleNamespace(
        SDL_GetNumVideoDisplays=lambda: len(names),
        SDL_GetDisplayName=lambda number: names[number],
        SDL_GetDisplayBounds=bounds,
        SDL_GetDesktopDisplayMode=mode,
        SDL_GetError=lambda: b"",
        SDL_GL_GetCurrentContext=lambda: 1,
        SDL_GL_GetCurrentWindow=lambda: 2,
        SDL_GetKeyboardFocus=lambda: 2,
        SDL_SetWindowInputFocus=lambda window: 0,
        SDL_GL_MakeCurrent=lambda window, context: 0,
        SDL_GL_SwapWindow=lambda window: None,
    )
    found = Sdl(library).displays()
    assert [(one.name, one.x, one.hz) for one in found] == [("BenQ", 0, 50), ("BenQ #2", 100, 0), ("display 2", 200, 0)]


class Desktop:
    """Stands for the displays of a show."""

    sdl: Any = object()

    def __init__(self, settings: Any) -> None:
        self.held, self.there = settings, [LAPTOP]

    def settings(self, name: str) -> Any:
        return self.held

    def display(self, wanted: str) -> Display | None:
        return find_display(self.there, wanted)

    def displays(self) -> list[Display]:
        return self.there


class Target:
    """Stands for the first window."""

    pygame = None

    def __init__(self, desktop: Any) -> None:
        self.desktop = desktop


def host(target: Any = None) -> OutputHost:
    config = VisualsConfig()
    return OutputHost(config, show_table.CONTRACT, Showing(Control(config), (160, 90)), target=target, name="window2")


def test_a_display_that_isnt_there_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    desktop = Desktop(Window2.Settings(on=True, display="BenQ"))
    further = Window2(Window2.Settings(), host(Target(desktop)))
    for time in range(50):
        further.prepare(float(time))
    assert not further.apart
    told = "no display 'BenQ'; it opens when that is there; there are: 0 eDP-1, 1920x1080 at 60 Hz"
    assert further.trouble == told
    assert [record.getMessage() for record in caplog.records] == [f"window2: {told}; the show goes on"]
    desktop.held = Window2.Settings()
    further.prepare(51.0)
    assert further.trouble == ""
    further.close()


@pytest.mark.parametrize(("fps", "drawn"), [(0, 120), (25, 50), (30, 60), (50, 100), (240, 120)])
def test_a_window_may_have_a_pace_of_its_own(fps: int, drawn: int) -> None:
    """Two seconds of a show of 60 frames a second."""
    desktop = Desktop(Window2.Settings(on=True, display="eDP", fps=fps, width=64))
    further = Window2(desktop.held, host(Target(desktop)))
    frames: list[Any] = []
    further._open = SimpleNamespace(  # type: ignore[assignment]
        show=lambda *given: frames.append(given) or "",
        picture=SimpleNamespace(trouble=""),
        move=lambda place, fills: True,
    )
    for number in range(120):
        further.prepare(number / 60)
        further.show(Shown(None, (1, 1)))
    assert len(frames) == pytest.approx(drawn, abs=1)


@pytest.mark.parametrize(
    ("target", "reason"),
    [(None, "needs a screen, and there is none here"), ("no SDL", "pygame's SDL 2 wasn't found")],
)
def test_where_no_window_can_be_that_is_told(target: Any, reason: str) -> None:
    settings = Window2.Settings(on=True)
    if target:
        desktop = Desktop(settings)
        desktop.sdl = None
        target = Target(desktop)
    further = Window2(settings, host(target))
    further.prepare(0.0)
    assert reason in further.trouble and not further.apart
    further.close()


def test_a_window_that_cant_be_opened_is_tried_again_and_the_show_goes_on() -> None:
    desktop = Desktop(Window2.Settings(on=True, display="eDP"))
    further = Window2(desktop.held, host(Target(desktop)))
    for time in range(3):
        further.prepare(float(time))
    assert "can't be opened" in further.trouble and "tried again" in further.trouble
    assert not further.apart
    further.close()
