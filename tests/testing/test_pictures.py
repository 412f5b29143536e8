"""The kit finds what is wrong with effects, layers and generators."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from artgen_osc.schema.setting import setting
from artgen_osc.testing import check
from tests.support.kit import fails
from visuals.generators.idle import IdleGenerator
from visuals.testing import effects, generators, layers


class Effect:
    @dataclass(frozen=True, slots=True)
    class Settings:
        amount: float = setting(0.5, "how much")

    def __init__(self, context: Any) -> None:
        self.context = context

    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        if settings.amount == 0.0:
            return False
        target.clear(1.0, 0.0, 0.0, 1.0)
        return True

    def release(self) -> None:
        pass


class Elsewhere(Effect):
    place = "behind"


class AlwaysRed(Effect):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        return super().draw(source, target, SimpleNamespace(amount=1.0), moment)


class SaysOnly(Effect):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        return True


class SaysNothing(Effect):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        return None


class GlError(Effect):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        self.context.line_width = -1.0
        return True


class Keeps(Effect):
    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.texture = context.texture((4, 4), 4)


class LeavesOneAFrame(Effect):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> Any:
        self.context.texture((4, 4), 4)
        return False


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (effects.place_is_known, Elsewhere, "'behind'"),
        (effects.draws_without_gl_error, SaysNothing, "True or False is needed"),
        (effects.draws_without_gl_error, GlError, "OpenGL has an error"),
        (effects.fills_its_target, SaysOnly, "leaves 100% of its target"),
        (effects.is_identity_at_rest, AlwaysRed, "return False instead"),
        (effects.leaves_nothing_behind, Keeps, "release leaves Texture"),
        (effects.leaves_nothing_behind, LeavesOneAFrame, "each frame leaves something"),
    ],
)
def test_effects(gl_context: Any, one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)


@pytest.mark.parametrize("one", effects.CHECKS)
def test_a_good_effect_passes(gl_context: Any, one: Callable[..., None]) -> None:
    assert check.run_check(one, check.case_of(Effect)) == check.Result(check.name_of(one), "passed")


class Layer:
    def __init__(self, context: Any) -> None:
        self.texture = context.texture((1, 1), 4)

    def frame(self, size: tuple[int, int], settings: Any, moment: Any) -> Any:
        return self.texture

    def release(self) -> None:
        self.texture.release()


class NoTexture(Layer):
    def frame(self, size: tuple[int, int], settings: Any, moment: Any) -> Any:
        return "picture"


class SmallOnly(Layer):
    def frame(self, size: tuple[int, int], settings: Any, moment: Any) -> Any:
        if size[0] > 200:
            raise ValueError("too large")
        return self.texture


class KeepsLayer(Layer):
    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (layers.draws_without_gl_error, NoTexture, "a texture or None is needed"),
        (layers.takes_any_size, SmallOnly, "too large"),
        (layers.leaves_nothing_behind, KeepsLayer, "release leaves Texture"),
    ],
)
def test_layers(gl_context: Any, one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)
    assert check.run_check(one, check.case_of(Layer)).result == "passed"


class Idle(IdleGenerator):
    @staticmethod
    def accepts(path: Path) -> int:
        return 0

    @classmethod
    def open(cls, model: str, threads: int, engine: str) -> Any:
        return cls(64)


class AcceptsAll(Idle):
    @staticmethod
    def accepts(path: Path) -> int:
        return 1


class Unnamed(Idle):
    name = ""


class Grows(Idle):
    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        return np.zeros((16, 16 + (truncation > 0.5), 3), np.uint8)


class Random(Idle):
    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        return np.random.default_rng().integers(0, 255, (16, 16, 3), np.uint8)


class Constant(Idle):
    def __call__(self, z: Any, mood: Any, truncation: float) -> Any:
        return np.zeros((16, 16, 3), np.uint8)


class Narrow(Idle):
    def width_for(self, aspect: float) -> int:
        return int(self.size * aspect)

    def paint_wide(self, z: Any, mood: Any, truncation: float, width: int) -> Any:
        return np.zeros((64, min(width, 64), 3), np.uint8)


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (generators.accepts_what_it_opens, AcceptsAll, "is 1; 0 is needed"),
        (generators.says_what_it_is, Unnamed, "its name is ''"),
        (generators.paints_one_size, Grows, "one size is needed"),
        (generators.same_point_gives_same_picture, Random, "the same z gives another picture"),
        (generators.paints_what_it_is_given, Constant, "the same whatever z is"),
        (generators.paints_the_widths_that_it_says, Narrow, "(64, 113, 3) is needed"),
    ],
)
def test_generators(one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)
    assert check.run_check(one, check.case_of(Idle)).result == "passed"


def test_ends_of_settings() -> None:
    amounts = [case.settings.amount for case in check.settings_at_their_ends(check.case_of(Effect))]
    assert amounts == [0.5, 0.0, 1.0]
    assert check.at_rest(check.case_of(Effect)).settings.amount == 0.0
