"""The kit finds what is wrong with inputs and extractors."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from artgen_osc.audio.sources import AudioBlock, ClosesItself
from artgen_osc.errors import AudioError
from artgen_osc.testing import check, extractors, inputs, signals
from tests.support.kit import ROW, fails


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


def test_hops_are_what_a_show_hears() -> None:
    hops = list(signals.hops(signals.tone(1.0, hz=43 * 22050 / 1024, amplitude=1.0)))
    assert len(hops) == 86
    last = hops[-1]
    assert (last.sound.shape, last.window.shape, last.power.shape) == ((256,), (1024,), (513,))
    assert last.power.max() == pytest.approx(1.0, abs=1e-3) and last.power.argmax() == 43
    assert last.level_db == pytest.approx(-3.01, abs=0.01)
    assert np.isfinite(last.window).all() and last.time == pytest.approx(86 * 256 / 22050)
