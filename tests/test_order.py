"""The order of the effects: how it is written, what it draws, and what a scene says of it."""

from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.order import names_in
from artgen_osc.config.plugins import KINDS
from artgen_osc.config.settings import load
from artgen_osc.errors import ConfigError
from artgen_osc.plugins.registry import Registry, own
from tests import show_table
from tests.strange_effects import Amount, Invert, Negative
from visuals.compositor.gl import Pass
from visuals.compositor.kind import Moment
from visuals.compositor.pixel import PixelEffect
from visuals.compositor.screen import Screen
from visuals.control.controls import Controls
from visuals.control.scenes.file import Scene, held_by, write
from visuals.control.scenes.folder import SHIPPED, Library
from visuals.control.scenes.recall import Present, Scenes
from visuals.modulation.motion import Look

ROWS = show_table.by_path(show_table.VISUALS)
SIZE = (16, 8)
DARK = """#version 330 core
uniform sampler2D picture;
in vec2 uv;
out vec4 colour;
void main() { colour = vec4(0.5 * texture(picture, uv).rgb, 1.0); }
"""


class Dark(Invert):
    def __init__(self, context: Any) -> None:
        self.context, self.calls = context, 0
        self.shader = Pass(context, DARK)

    def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
        self.calls += 1
        source.use(0)
        target.use()
        self.shader.render()
        return True


class Dim(PixelEffect):
    Settings = Amount
    function = "dim"
    glsl = "vec3 dim(vec3 rgb) { return 0.5 * rgb; }"

    def uniforms(self, settings: Amount, moment: Moment) -> dict[str, Any]:
        return {}


def registry(**made: type) -> Registry:
    class Entry(EntryPoint):
        def load(self) -> Any:
            return made[self.name]

    def found(group: str) -> Iterable[EntryPoint]:
        here = made if group == "artgen.effects" else ()
        return [*own(group), *(Entry(name, "somewhere:thing", group) for name in here)]

    return Registry(KINDS, found)


@pytest.fixture
def draw(gl_context: Any) -> Iterator[Callable[..., int]]:
    screens: dict[Registry, Screen] = {}

    def drawn(known: Registry, order: str, **settings: Any) -> int:
        """One colour, of a picture of 200."""
        if known not in screens:
            screens[known] = Screen(gl_context, SIZE, registry=known)
            screens[known].take(np.full((32, 32, 3), 200, np.uint8), 1.0)
        screen = screens[known]
        screen.order = order
        screen.draw(1.0, Look(zoom=1.0), settings, Moment())
        return int(screen.read_frame()[4, 8, 0])

    yield drawn
    for screen in screens.values():
        screen.release()


@pytest.mark.slow
@pytest.mark.parametrize("effects", [(Invert, Dark), (Negative, Dim)], ids=["frame", "finish"])
def test_effects_are_drawn_in_the_order_that_is_set_and_it_changes_while_it_plays(
    draw: Callable[..., int], effects: tuple[type, type]
) -> None:
    known = registry(a=effects[0], b=effects[1])
    both = {"a": Amount(1.0), "b": Amount(1.0)}
    turned_and_dimmed, dimmed_and_turned = (255 - 200) // 2, 255 - 100
    for order, colour in (
        ("", turned_and_dimmed),
        ("b, a", dimmed_and_turned),
        ("a,b", turned_and_dimmed),
        ("b", dimmed_and_turned),
        ("grain, b", dimmed_and_turned),
        ("a", turned_and_dimmed),
        ("", turned_and_dimmed),
    ):
        assert draw(known, order, **both) == pytest.approx(colour, abs=2), order
    assert draw(known, "b, a", a=Amount(0.0), b=Amount(1.0)) == pytest.approx(100, abs=2)


@pytest.mark.slow
def test_an_effect_stays_at_its_place_wherever_it_is_named(draw: Callable[..., int]) -> None:
    known = registry(a=Negative, b=Dark)
    both = {"a": Amount(1.0), "b": Amount(1.0)}
    assert draw(known, "a, b", **both) == draw(known, "b, a", **both) == pytest.approx(255 - 100, abs=2)


@pytest.mark.slow
def test_those_that_are_not_named_keep_their_order_after_the_others(gl_context: Any) -> None:
    screen = Screen(gl_context, SIZE)
    usual = screen.at("frame")
    assert list(usual) == sorted(usual) and len(usual) > 16
    for order, first in (("tunnel, glass", ("tunnel", "glass")), ("", ())):
        screen.order = order
        screen.draw(1.0, Look())
        assert screen.at("frame") == (*first, *(name for name in usual if name not in first))
    screen.release()


def test_spaces_and_empty_names_do_not_count() -> None:
    assert names_in(" glass ,bloom,, ") == ("glass", "bloom") and names_in("") == ()


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ("glass, blom", "visuals.order: 'blom' is no effect; did you mean bloom?"),
        ("glass bloom", "visuals.order: 'glass bloom' is no effect; "),
        ("glass, bloom, glass", "visuals.order: glass is there twice; name each effect once"),
    ],
)
def test_an_order_that_is_none_is_one_clear_line(tmp_path: Path, order: str, wrong: str) -> None:
    show = tmp_path / "show.toml"
    show.write_text(f'[visuals]\norder = "{order}"\n')
    with pytest.raises(ConfigError) as told:
        load(show)
    assert wrong in str(told.value) and "\n" not in str(told.value)
    refused: list[tuple[str, str]] = []
    controls = Controls(show_table.config(order="film"), show_table.CONTRACT, lambda *what: refused.append(what))
    control = controls.take([(ROWS["/visuals/order"], order)], 0.0)
    assert control.settings.order == "film", "nothing else happens"
    ((path, reason),) = refused
    assert path == "/visuals/order" and f"visuals.order: {reason}".startswith(wrong)


class Stage:
    """Scenes of a folder, recalled at once."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.library = Library(folder, held_by(show_table.CONTRACT))
        self.refused: list[str] = []
        self.controls = Controls(show_table.config(scene_fade=0.0, **settings), show_table.CONTRACT)
        self.scenes = Scenes(
            self.library,
            show_table.CONTRACT,
            lambda _, reason: self.refused.append(reason),
            self.controls.connections,
        )
        self.time = 100.0

    def send(self, path: str, value: float | str, given: tuple[str, ...] = ()) -> None:
        self.time += 1.0
        present = Present(self.controls.config, 0, (0.5, 0.5))
        out = self.scenes.receive([(ROWS[path], value)], present, self.time, 1.0, given)
        self.controls.receive(out, self.time)

    def amount(self, name: str) -> float:
        return float(self.controls.config.plugin[name].amount)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    write(tmp_path, Scene("one", {"order": "tunnel, bloom", "plugin.tunnel.amount": 0.5, "plugin.bloom.amount": 1.0}))
    write(tmp_path, Scene("part", {"speed": 2.0}))
    stage = Stage(tmp_path)
    yield stage
    stage.library.close()


def test_a_scene_says_which_effects_are_on_and_in_which_order(stage: Stage) -> None:
    stage.send("/visuals/scene", "one")
    assert (stage.controls.config.visuals.order, stage.amount("tunnel"), stage.amount("bloom")) == (
        "tunnel, bloom",
        0.5,
        1.0,
    )
    stage.send("/visuals/effect/film/amount", 0.7)
    stage.send("/visuals/effect/brush", 0.1)
    stage.send("/visuals/effect/film/age", 0.25)
    stage.send("/visuals/scene", "part")
    assert stage.controls.config.visuals.order == ""
    assert {stage.amount(name) for name in ("film", "tunnel", "bloom")} == {0.0}
    assert stage.amount("brush") == 0.1, "what is on by default stays as it is"
    assert stage.controls.config.plugin["film"].age == 0.25
    assert not stage.refused


def test_an_effect_that_was_about_to_come_goes_again(stage: Stage) -> None:
    stage.send("/visuals/scene/fade", 60.0)
    stage.send("/visuals/scene", "one")
    stage.send("/visuals/scene/fade", 0.0)
    stage.send("/visuals/scene", "part")
    stage.send("/visuals/speed", 1.0)
    assert stage.amount("bloom") == 0.0


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_preset_switches_off_what_it_does_not_use(stage: Stage, path: Path) -> None:
    stage.send("/visuals/scene", "one")
    stage.send("/visuals/scene", path.stem)
    text = path.read_text(encoding="utf-8")
    assert "tunnel" in text or stage.amount("tunnel") == 0.0
    assert "order" in text or stage.controls.config.visuals.order == ""


def test_what_the_show_file_gives_stays(stage: Stage) -> None:
    stage.send("/visuals/effect/film/amount", 0.7)
    stage.send("/visuals/order", "film")
    stage.send("/visuals/scene", "part", given=("order", "plugin.film.amount"))
    assert (stage.controls.config.visuals.order, stage.amount("film")) == ("film", 0.7)
