"""The kit finds what is wrong with outputs and surfaces."""

from collections.abc import Callable
from typing import Any

import pytest

from artgen_osc.testing import check
from tests.support.kit import ROW, fails, wait
from visuals.testing import outputs, surfaces


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
