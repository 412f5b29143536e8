"""Hotkeys: each does what a message to its address would do, and says so."""

from typing import Any

import pytest

from artgen_osc.config.tables import Config, VisualsConfig
from tests import show_table
from visuals.control.controls import Controls
from visuals.control.keys import ARROWS, CLOSE, EDIT, HELP, KEYS, Keyboard, Pressed

ROWS = show_table.by_path(show_table.VISUALS)
SCENES = ["calm", "club", "Übergang"]


def press(name: str, time: float = 0.0, keyboard: Keyboard | None = None, **settings: Any) -> Pressed:
    values = Controls(Config(visuals=VisualsConfig(**settings)), show_table.CONTRACT).values()
    return (keyboard or Keyboard(show_table.TABLE.visuals)).press(name, values, time, SCENES)


def sent(pressed: Pressed) -> dict[str, object]:
    return {row.path: value for row, value in pressed.messages}


def test_each_key_sends_a_message_that_changes_something_and_says_what() -> None:
    for key in KEYS:
        if key.path in ("/visuals/quit", "/visuals/help/page"):
            continue
        for name in key.names:
            pressed = press(name)
            if name in "456789":
                assert pressed == Pressed((), f"there is no scene {name}")
                continue
            ((row, value),) = pressed.messages
            assert row == ROWS[key.path] and row.check((value,)) == value
            assert (pressed.note != "") is (key.path not in ("/visuals/help", EDIT)) and pressed.seconds == 1.5
            if row.kind == "toggle":
                controls = Controls(Config(visuals=VisualsConfig()), show_table.CONTRACT)
                controls.receive(pressed.messages, 0.0)
                assert show_table.CONTRACT.get(controls.config, row.setting) is True
                again = Keyboard(show_table.TABLE.visuals).press(name, controls.values(), 0.0, SCENES)
                assert sent(again) == {key.path: 0}


def test_tab_turns_the_page_of_the_help_and_opens_it_at_what_drives_what() -> None:
    assert sent(press("tab")) == {"/visuals/help": 1, "/visuals/help/page": 1}
    assert sent(press("tab", help=True)) == {"/visuals/help": 1, "/visuals/help/page": 1}
    assert sent(press("tab", help=True, help_page=1)) == {"/visuals/help": 1, "/visuals/help/page": 0}
    assert sent(press("h", help=True, help_page=1)) == {"/visuals/help": 0}


def test_keys_are_unambiguous_and_in_the_help() -> None:
    every = [name for key in KEYS for name in key.names]
    assert len(every) == len(set(every))
    assert {"/visuals/mood/valence", "/visuals/mood/energy"} == {path for path, _ in ARROWS.values()}
    assert len(HELP) == len(KEYS) + 1
    assert press("x") == press("left") == Pressed()


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("s", "snapshot"),
        ("space", "freeze on"),
        ("3", "scene 3: Übergang"),
        ("9", "there is no scene 9"),
        ("m", "mood by hand: the arrows move it"),
        ("right", "next picture"),
    ],
)
def test_what_is_said(name: str, note: str) -> None:
    assert press(name).note == note
    assert press("m", manual=True).note == "mood from the music"


def test_arrows_move_the_mood_by_hand_and_stop_at_its_ends() -> None:
    values = Controls(
        Config(visuals=VisualsConfig(manual=True, valence=0.5, energy=0.93)), show_table.CONTRACT
    ).values()
    keyboard = Keyboard(show_table.TABLE.visuals)
    for name, valence, energy in (("left", 0.45, 0.93), ("right", 0.5, 0.93), ("up", 0.5, 0.98), ("up", 0.5, 1.0)):
        pressed = keyboard.press(name, values, 0.0, SCENES)
        ((row, value),) = pressed.messages
        values = {**values, row.path: value}
        assert (values["/visuals/mood/valence"], values["/visuals/mood/energy"]) == (valence, energy)
        assert pressed.note == f"valence {valence:.2f}  energy {energy:.2f}"
    assert sent(press("down", manual=True, energy=0.02)) == {"/visuals/mood/energy": 0.0}


@pytest.mark.parametrize("name", ["escape", "q"])
def test_quitting_takes_two_presses_within_two_seconds(name: str) -> None:
    keyboard = Keyboard(show_table.TABLE.visuals)
    first = press(name, 10.0, keyboard)
    assert (first.messages, first.note, first.seconds) == ((), "press again to quit", 2.0)
    assert press(name, 12.1, keyboard).messages == ()
    assert press("space", 12.5, keyboard).messages
    assert sent(press(name, 14.0, keyboard)) == {"/visuals/quit": 1}


def test_escape_leaves_fullscreen_first_and_the_windows_button_asks_nothing() -> None:
    keyboard = Keyboard(show_table.TABLE.visuals)
    assert sent(press("escape", 0.0, keyboard, fullscreen=True)) == {"/visuals/fullscreen": 0}
    assert press("escape", 0.1, keyboard).messages == ()
    assert sent(press("escape", 0.2, keyboard)) == {"/visuals/quit": 1}
    assert press("q", fullscreen=True).messages == ()
    assert sent(press(CLOSE, fullscreen=True)) == {"/visuals/quit": 1}
