"""The kit finds what is wrong: for each check there is a plugin that doesn't keep what it promises."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from artgen_osc.audio.sources import AudioBlock, ClosesItself
from artgen_osc.errors import AudioError
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting
from artgen_osc.testing import check, extractors, inputs, signals
from visuals.generators.idle import IdleGenerator
from visuals.testing import effects, generators, layers, outputs, surfaces

ROW = Address("/artgen/x/it/value", "float", "a value")


def wait(seconds: float) -> None:
    """Take too long, as a slow disk would."""
    time.sleep(seconds)


def fails(one: Callable[..., None], plugin: Any, rest: str = "") -> str:
    result = check.run_check(one, check.case_of(plugin, rest))
    assert result.result == "failed", result
    return result.reason


class Extractor:
    outputs = (ROW,)

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.heard = 0

    def reset(self) -> None:
        self.heard = 0

    def hop(self, hop: Any) -> tuple[Any, ...]:
        self.heard += 1
        return (self.value(hop),)

    def value(self, hop: Any) -> float:
        return min(1.0, float(abs(hop.sound).max()))


class NoOutputs(Extractor):
    outputs = ()


class Dotted(Extractor):
    def value(self, hop: Any) -> float:
        return float(hop.sound.max()) * 4.0


class NanInSilence(Extractor):
    def value(self, hop: Any) -> float:
        with np.errstate(invalid="ignore"):
            return float(np.float32(0.0) / np.float32(hop.sound.max())) if not hop.sound.any() else 0.5


class Remembers(Extractor):
    def reset(self) -> None:
        pass

    def value(self, hop: Any) -> float:
        return self.heard / 1e6


class Foresees(Extractor):
    """Looks at the array beyond its window, which is the sound that comes after."""

    def value(self, hop: Any) -> float:
        base = hop.window
        while isinstance(base.base, np.ndarray):
            base = base.base
        return min(1.0, float(abs(base[-100:]).max()))


class Writes(Extractor):
    def value(self, hop: Any) -> float:
        hop.sound[0] = 0.0
        return 0.0


class Slow(Extractor):
    def value(self, hop: Any) -> float:
        end = time.perf_counter() + 0.006
        while time.perf_counter() < end:
            pass
        return 0.0


class Stubborn(Extractor):
    @property
    def settings(self) -> Any:
        return self._settings

    @settings.setter
    def settings(self, value: Any) -> None:
        if self.__dict__:
            raise RuntimeError("settings can't be replaced")
        self._settings = value


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (extractors.outputs_are_addresses, NoOutputs, "not a tuple with an Address in it"),
        (extractors.values_are_in_range, Dotted, "is outside 0..1"),
        (extractors.values_are_in_range, Writes, "read-only"),
        (extractors.hears_silence, NanInSilence, "is not a finite number"),
        (extractors.hears_clipping, Dotted, "clipping: /artgen/x/it/value"),
        (extractors.hears_dc, Dotted, "DC: /artgen/x/it/value"),
        (extractors.hears_nan, Dotted, "NaN: /artgen/x/it/value"),
        (extractors.is_causal, Foresees, "as the sound after 2 s is"),
        (extractors.forgets_at_reset, Remembers, "after reset it gives"),
        (extractors.takes_new_settings, Stubborn, "can't be replaced"),
        (extractors.keeps_pace, Slow, "5 ms is the most"),
    ],
)
def test_extractors(one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)


def test_a_good_extractor_passes_all() -> None:
    results = [check.run_check(one, check.case_of(Extractor)) for one in extractors.CHECKS]
    assert {result.result for result in results} == {"passed"}, results


class Source(ClosesItself):
    """Gives blocks as the class says."""

    name, sample_rate = "source", 48000
    pause = 0.05

    def __init__(self) -> None:
        self.closed = False

    @classmethod
    def open(cls, rest: str, settings: Any, host: Any) -> "Source":
        return cls()

    def blocks(self) -> Iterator[AudioBlock]:
        number = 0
        while not self.closed:
            time.sleep(self.pause)
            yield self.block(number)
            number += 1

    def block(self, number: int) -> AudioBlock:
        return AudioBlock(np.zeros((0, 1), np.float32), number * self.pause)

    def close(self) -> None:
        self.closed = True


class Nameless(Source):
    name = ""


class Pauses(Source):
    pause = 0.6


class Flat(Source):
    def block(self, number: int) -> AudioBlock:
        return AudioBlock(np.zeros(10, np.float32), 0.0)


class Backwards(Source):
    def block(self, number: int) -> AudioBlock:
        return AudioBlock(np.zeros((1, 1), np.float32), -number)


class Raises(Source):
    def block(self, number: int) -> AudioBlock:
        raise OSError("unplugged")


class StaysOpen(Source):
    def close(self) -> None:
        self.ended = True

    def blocks(self) -> Iterator[AudioBlock]:
        for number in range(80):
            time.sleep(self.pause)
            yield self.block(number)


class Absent(Source):
    @classmethod
    def open(cls, rest: str, settings: Any, host: Any) -> "Source":
        raise AudioError("no microphone")


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (inputs.says_what_it_is, Nameless, "its name is ''"),
        (inputs.blocks_come_in_time, Pauses, "nothing came for 0."),
        (inputs.blocks_are_sound, Flat, "float32 (frames, channels) is needed"),
        (inputs.blocks_are_sound, Backwards, "time goes back"),
        (inputs.blocks_are_sound, Raises, "unplugged"),
        (inputs.closes_from_another_thread, StaysOpen, "2 s after close"),
    ],
)
def test_inputs(one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)


@pytest.mark.parametrize("one", inputs.CHECKS)
def test_a_good_input_passes_and_an_absent_one_is_skipped(one: Callable[..., None]) -> None:
    assert check.run_check(one, check.case_of(Source)).result == "passed"
    assert check.run_check(one, check.case_of(Absent)).result == "skipped"


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


class Output:
    def __init__(self, settings: Any, host: Any) -> None:
        self.frames: list[Any] = []

    def wants(self, time: float) -> Any:
        return (64, 36)

    def take(self, frame: Any, time: float) -> None:
        pass

    def close(self) -> None:
        pass


class OddSize(Output):
    def wants(self, time: float) -> Any:
        return 64


class Waits(Output):
    def take(self, frame: Any, time: float) -> None:
        wait(0.004)


class WaitsOnce(Output):
    def take(self, frame: Any, time: float) -> None:
        if time == 1.0:
            wait(0.03)


class KeepsAll(Output):
    def take(self, frame: Any, time: float) -> None:
        self.frames.append(frame)


class CantClose(Output):
    def close(self) -> None:
        raise OSError("stuck")


class WantsNothing(Output):
    def wants(self, time: float) -> Any:
        return None


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (outputs.takes_frames, OddSize, "wants returns 64"),
        (outputs.takes_at_once, Waits, "2 ms is the most"),
        (outputs.takes_at_once, WaitsOnce, "20 ms is the most"),
        (outputs.keeps_few_frames, KeepsAll, "150 of 150 frames wait"),
        (outputs.closes, CantClose, "stuck"),
    ],
)
def test_outputs(one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)


@pytest.mark.parametrize("one", [outputs.takes_frames, outputs.keeps_few_frames, outputs.closes])
def test_a_good_output_passes(one: Callable[..., None]) -> None:
    assert check.run_check(one, check.case_of(Output)).result == "passed"


def test_an_output_that_wants_nothing_is_not_praised() -> None:
    for one in (outputs.takes_at_once, outputs.keeps_few_frames):
        assert check.run_check(one, check.case_of(WantsNothing)).result == "skipped"


class Surface:
    def __init__(self, settings: Any, host: Any) -> None:
        pass

    def poll(self) -> Any:
        return [(ROW, 0.5)]

    def show(self, values: Any) -> None:
        pass

    def close(self) -> None:
        pass


class OutOfRange(Surface):
    def poll(self) -> Any:
        return [(ROW, 2.0)]


class Paths(Surface):
    def poll(self) -> Any:
        return [("/artgen/x/it/value", 0.5)]


class SlowPoll(Surface):
    def poll(self) -> Any:
        wait(0.004)
        return ()


class KnowsOne(Surface):
    def show(self, values: Any) -> None:
        values["/artgen/only/this"]


class StuckSurface(Surface):
    def close(self) -> None:
        raise OSError("stuck")


@pytest.mark.parametrize(
    ("one", "plugin", "says"),
    [
        (surfaces.gives_messages, OutOfRange, "is outside 0..1"),
        (surfaces.gives_messages, Paths, "(Address, value) is needed"),
        (surfaces.poll_returns_at_once, SlowPoll, "2 ms is the most"),
        (surfaces.shows_values, KnowsOne, "KeyError"),
        (surfaces.closes, StuckSurface, "stuck"),
    ],
)
def test_surfaces(one: Callable[..., None], plugin: Any, says: str) -> None:
    assert says in fails(one, plugin)


@pytest.mark.parametrize("one", [surfaces.gives_messages, surfaces.closes])
def test_a_good_surface_passes(one: Callable[..., None]) -> None:
    assert check.run_check(one, check.case_of(Surface)).result == "passed"


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


class Frozen:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(0.5, "how much")


class Loose:
    @dataclass
    class Settings:
        amount: float = setting(0.5, "how much")


class Bare:
    @dataclass(frozen=True)
    class Settings:
        amount: float = 0.5


class Undescribed:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(0.5, "")


class WrongDefault:
    @dataclass(frozen=True)
    class Settings:
        amount: float = setting(1.5, "how much")


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        (Loose, "not a frozen dataclass"),
        (Bare, "not made by setting"),
        (Undescribed, "has no doc"),
        (WrongDefault, "doesn't pass its own check"),
    ],
)
def test_settings(plugin: Any, says: str) -> None:
    assert says in fails(check.settings_are_declared, plugin)
    assert check.run_check(check.settings_are_declared, check.case_of(Frozen)).result == "passed"


def test_a_heavy_import_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "artgen_heavy.py").write_text("import PIL\nclass It: pass\n")
    (tmp_path / "artgen_light.py").write_text("class It: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    import artgen_heavy  # type: ignore[import-not-found]
    import artgen_light  # type: ignore[import-not-found]

    assert "imports PIL too" in fails(check.import_is_light, artgen_heavy.It)
    assert check.run_check(check.import_is_light, check.case_of(artgen_light.It)).result == "passed"


def test_ends_of_settings() -> None:
    amounts = [case.settings.amount for case in check.settings_at_their_ends(check.case_of(Effect))]
    assert amounts == [0.5, 0.0, 1.0]
    assert check.at_rest(check.case_of(Effect)).settings.amount == 0.0


def test_hops_are_what_a_show_hears() -> None:
    hops = list(signals.hops(signals.tone(1.0, hz=43 * 22050 / 1024, amplitude=1.0)))
    assert len(hops) == 86
    last = hops[-1]
    assert (last.sound.shape, last.window.shape, last.power.shape) == ((256,), (1024,), (513,))
    assert last.power.max() == pytest.approx(1.0, abs=1e-3) and last.power.argmax() == 43
    assert last.level_db == pytest.approx(-3.01, abs=0.01)
    assert np.isfinite(last.window).all() and last.time == pytest.approx(86 * 256 / 22050)
