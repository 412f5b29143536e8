"""What an extractor promises; see `artgen_osc.analysis.kind.Extractor`."""

from collections.abc import Iterable
from time import perf_counter

import numpy as np

from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, RATE, Hop
from artgen_osc.schema.address import Address, Value
from artgen_osc.testing import signals
from artgen_osc.testing.check import Case, Check, CheckFailed, require, require_quick, settings_at_their_ends

BUDGET = 0.005
"""s that a hop may take."""

SPLIT_S, LENGTH_S = 2.0, 4.0

Values = list[tuple[Value, ...]]


def _heard(extractor: object, hops: Iterable[Hop]) -> Values:
    return [tuple(extractor.hop(hop)) for hop in hops]  # type: ignore[attr-defined]


def _fit(case: Case, extractor: object, name: str, sound: np.ndarray) -> None:
    """Hear sound, and look at every value."""
    rows = case.plugin.outputs
    for hop in signals.hops(sound):
        values = tuple(extractor.hop(hop))  # type: ignore[attr-defined]
        require(len(values) == len(rows), f"{name}: hop gives {len(values)} values for {len(rows)} outputs")
        for row, value in zip(rows, values, strict=True):
            try:
                row.check((value.item() if isinstance(value, np.generic) else value,))
            except ValueError as error:
                raise CheckFailed(f"{name}: {row.path} at {hop.time:.2f} s: {error}") from None


def _hears(case: Case, name: str) -> None:
    """Hear a signal with settings at their ends, then a tone: what was wrong before harms nothing after."""
    for each in settings_at_their_ends(case):
        extractor = each.plugin(each.settings)
        _fit(each, extractor, name, signals.all_signals(1.0)[name])
        _fit(each, extractor, f"tone after {name}", signals.tone(0.2))


def outputs_are_addresses(case: Case) -> None:
    """``outputs`` is a tuple of `Address`, at least one, of different paths."""
    rows = getattr(case.plugin, "outputs", None)
    require(isinstance(rows, tuple) and rows, "outputs is not a tuple with an Address in it")
    for row in case.plugin.outputs:
        require(isinstance(row, Address), f"outputs holds {row!r}, which is not an Address")
    paths = [row.path for row in case.plugin.outputs]
    require(len(set(paths)) == len(paths), "two of outputs have one path")


def values_are_in_range(case: Case) -> None:
    """One value for each output, finite and within its row's range, for a tone, clicks and noise."""
    for name in ("tone", "clicks", "pink noise"):
        _hears(case, name)


def hears_silence(case: Case) -> None:
    """Silence gives values in range."""
    _hears(case, "silence")


def hears_nan(case: Case) -> None:
    """Sound in which a driver left NaN and infinity gives values in range."""
    _hears(case, "NaN")


def hears_dc(case: Case) -> None:
    """A direct current gives values in range."""
    _hears(case, "DC")


def hears_clipping(case: Case) -> None:
    """A tone that is clipped gives values in range."""
    _hears(case, "clipping")


def is_causal(case: Case) -> None:
    """What will be heard changes no value of now; and the same sound gives the same values."""
    begin = signals.clicks(SPLIT_S) + signals.pink_noise(SPLIT_S)
    futures = (signals.tone(LENGTH_S - SPLIT_S), signals.silence(LENGTH_S - SPLIT_S))
    both = [_heard(case.plugin(case.settings), list(signals.hops(np.concatenate((begin, after))))) for after in futures]
    hops = int(SPLIT_S * RATE) // HOP_LENGTH
    for number, (one, other) in enumerate(zip(both[0][:hops], both[1][:hops], strict=True)):
        time = (number + 1) * HOP_TIME
        require(one == other, f"at {time:.2f} s it gives {one} or {other}, as the sound after {SPLIT_S:.0f} s is")


def forgets_at_reset(case: Case) -> None:
    """After `reset` it gives what a new one gives."""
    second = list(signals.hops(signals.clicks(LENGTH_S) + signals.tone(LENGTH_S, hz=220.0)))
    extractor = case.plugin(case.settings)
    _heard(extractor, signals.hops(signals.pink_noise(SPLIT_S)))
    extractor.reset()
    again, fresh = _heard(extractor, second), _heard(case.plugin(case.settings), second)
    for number, (one, other) in enumerate(zip(again, fresh, strict=True)):
        time = (number + 1) * HOP_TIME
        require(one == other, f"{time:.2f} s after reset it gives {one}, a new one {other}")


def takes_new_settings(case: Case) -> None:
    """``settings`` may be replaced between two hops."""
    extractor = case.plugin(case.settings)
    for each in settings_at_their_ends(case):
        extractor.settings = each.settings
        _fit(case, extractor, "pink noise", signals.pink_noise(0.2))


def keeps_pace(case: Case) -> None:
    """A hop takes 5 ms at most, by the median over noise."""
    extractor = case.plugin(case.settings)
    taken = []
    for hop in signals.hops(signals.pink_noise(LENGTH_S)):
        start = perf_counter()
        extractor.hop(hop)
        taken.append(perf_counter() - start)
    require_quick(taken, BUDGET, float("inf"), "a hop")


CHECKS: tuple[Check, ...] = (
    outputs_are_addresses,
    values_are_in_range,
    hears_silence,
    hears_nan,
    hears_dc,
    hears_clipping,
    is_causal,
    forgets_at_reset,
    takes_new_settings,
    keeps_pace,
)
"""All of them."""
