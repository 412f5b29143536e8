"""Each source by itself: shapes, envelopes, steps, events, and the clock that the beat gives."""

import numpy as np
import pytest

from artgen_osc.config.modulation_sources import WAVES, Adsr, Every, Lfo, Steps
from tests.modulation.rows import DT, Bench
from visuals.modulation.beat_clock import LOST_S, BeatClock
from visuals.modulation.modulators import Envelopes, Lfos, Sequences

TO = 'target = "plugin.bloom.amount", amount = 1, attack = 0, release = 0'


def turned(wave: str, times: list[float], every: float = 1.0, phase: float = 0.0) -> list[float]:
    lfos = Lfos([Lfo(wave, Every(every, "s"), phase)])
    return [float(lfos.step(time, BeatClock())[0]) for time in times]


@pytest.mark.parametrize(
    ("wave", "values"),
    [
        ("sine", [0.0, 0.5, 1.0, 0.5, 0.0]),
        ("triangle", [0.0, 0.5, 1.0, 0.5, 0.0]),
        ("saw", [0.0, 0.25, 0.5, 0.75, 0.0]),
        ("square", [1.0, 1.0, 0.0, 0.0, 1.0]),
    ],
)
def test_an_oscillator_has_its_shape_and_its_phase(wave: str, values: list[float]) -> None:
    assert turned(wave, [0.0, 0.25, 0.5, 0.75, 1.0]) == pytest.approx(values)
    assert turned(wave, [0.0, 0.5, 1.0], every=2.0, phase=0.25) == pytest.approx(values[1:4])


def test_the_random_one_glides_and_is_the_same_every_evening() -> None:
    times = np.arange(0.0, 40.0, DT).tolist()
    values = turned("random", times)
    assert values == turned("random", times)
    assert min(values) >= 0.0
    assert max(values) <= 1.0
    assert np.ptp(values) > 0.8
    assert max(abs(np.diff(values))) < 2.0 * DT


@pytest.mark.parametrize("wave", WAVES)
def test_every_wave_stays_within_0_and_1_for_a_whole_night(wave: str) -> None:
    values = turned(wave, [36000.0 + k * 0.013 for k in range(500)])
    assert 0.0 <= min(values) < max(values) <= 1.0


def clock_at(beats: float, tempo: float = 120.0, meter: int = 4, rate: float = 60.0) -> BeatClock:
    """A clock that has heard so many beats."""
    clock = BeatClock()
    for frame in range(round(beats * 60.0 / tempo * rate) + 1):
        heard = frame / rate * tempo / 60.0
        clock.step(tempo, heard % 1.0, heard / meter % 1.0, 1.0 / rate)
    return clock


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("rate", [24.0, 60.0, 144.0])
def test_the_clock_is_on_the_beat_and_on_the_bar(meter: int, rate: float) -> None:
    clock = clock_at(24.0, meter=meter, rate=rate)
    assert clock.meter == meter
    assert clock.beats % 1.0 == pytest.approx(0.0, abs=0.05) or clock.beats % 1.0 == pytest.approx(1.0, abs=0.05)
    assert abs(clock.bars - round(clock.bars)) < 0.02


def test_the_clock_moves_on_without_a_jump_when_the_phase_comes_in_steps() -> None:
    clock, values = BeatClock(), []
    for frame in range(600):
        heard = (frame // 3) * 3 * DT * 2.0  # as from a daemon that is slower than the picture
        clock.step(120.0, heard % 1.0, heard / 4 % 1.0, DT)
        values.append(clock.beats % 1.0)
    steps = np.mod(np.diff(values[120:]), 1.0)
    assert steps.min() > 0.3 * 2.0 * DT
    assert steps.max() < 2.5 * 2.0 * DT


def test_beats_that_have_passed_neither_leap_nor_go_back() -> None:
    clock, passed, beats = BeatClock(), [], []
    for frame in range(900):
        heard = frame * DT * 2.0 + (0.4 if frame > 300 else 0.0)  # the beat is found elsewhere
        clock.step(120.0, heard % 1.0, (heard + (2.0 if frame > 600 else 0.0)) / 4 % 1.0, DT)
        passed.append(clock.passed)
        beats.append(clock.beats)
    assert max(abs(step) for step in np.diff(beats)) == pytest.approx(2.0, abs=0.2), "the bar is found elsewhere"
    steps = np.diff(passed)
    assert steps.min() >= 0.0 and steps.max() < 0.2
    assert passed[-1] % 1.0 == pytest.approx(beats[-1] % 1.0)


def test_without_a_beat_the_clock_runs_on_at_the_last_tempo() -> None:
    clock = clock_at(16.0, tempo=90.0)
    before = clock.beats
    for _ in range(600):
        clock.step(0.0, 0.0, 0.0, DT)
    assert clock.tempo_bpm == 90.0
    assert clock.beats - before == pytest.approx(15.0)
    assert clock.lost == pytest.approx(10.0)
    clock.step(0.0, 0.5, 0.5, 0.0)
    assert clock.beats - before == pytest.approx(15.0)


def test_steps_follow_one_another_and_begin_again() -> None:
    steps = Sequences([Steps((0.1, 0.2, 0.3), Every(1.0, "s")), Steps((1.0,), Every(1.0, "beat"))])
    found = [tuple(steps.step(time, BeatClock())) for time in (0.0, 0.99, 1.0, 2.5, 3.0)]
    assert found == [(0.1, 1.0), (0.1, 1.0), (0.2, 1.0), (0.3, 1.0), (0.1, 1.0)]


ADSR = Adsr("/artgen/onset", attack=0.1, decay=0.2, sustain=0.4, hold=0.5, release=0.4)


def envelope(rate: int, seconds: float, held: float = 0.0) -> dict[float, float]:
    """Its value by the time since the event, which is in the first frame."""
    envelopes, values = Envelopes([ADSR]), {}
    for frame in range(round(seconds * rate) + 1):
        time = frame / rate
        value = envelopes.step(np.array([frame == 0]), np.array([time < held]), 1.0 / rate)
        values[round(time, 4)] = float(value[0])
    return values


@pytest.mark.parametrize("rate", [20, 60, 200])
def test_an_envelope_is_the_same_at_every_frame_rate(rate: int) -> None:
    values = envelope(rate, 1.0)
    for time, value in {0.0: 0.0, 0.1: 1.0, 0.2: 0.7, 0.4: 0.4, 0.5: 0.4, 0.7: 0.2, 0.9: 0.0, 1.0: 0.0}.items():
        assert values[time] == pytest.approx(value, abs=1e-6), time


def test_an_envelope_is_held_as_long_as_what_began_it() -> None:
    values = envelope(60, 2.0, held=1.5)
    assert values[1.4] == pytest.approx(0.4)
    assert values[1.9] == pytest.approx(0.0, abs=0.02)


def test_an_envelope_that_is_begun_again_goes_on_from_where_it_is() -> None:
    envelopes, none = Envelopes([ADSR]), np.array([False])
    values = [float(envelopes.step(np.array([frame in (0, 33)]), none, DT)[0]) for frame in range(60)]
    assert values[33] == pytest.approx(values[32], abs=0.05)
    assert max(abs(np.diff(values))) < 0.2


def test_what_is_heard_drives_over_its_own_range() -> None:
    bench = Bench(f'source = "centroid_hz", {TO}').run(1.0, heard={"/artgen/centroid_hz": 4050.0})
    assert bench.get("plugin.bloom.amount") == pytest.approx(0.5, abs=1e-3)
    bench.run(heard={"/artgen/centroid_hz": 99999.0})
    assert bench.get("plugin.bloom.amount") == pytest.approx(1.0)


def test_a_pitch_drives_as_it_is_heard_by_its_logarithm() -> None:
    bench = Bench(f'source = "pitch_hz", curve = "log", input = [100, 400], {TO}')
    bench.run(1.0, heard={"/artgen/pitch_hz": 200.0})
    assert bench.get("plugin.bloom.amount") == pytest.approx(0.5, abs=1e-3)


def test_what_is_not_heard_or_no_longer_drives_nothing() -> None:
    bench = Bench(f'source = "low", {TO}').run(1.0)
    assert bench.get("plugin.bloom.amount") == 0.0
    bench.run(heard={"/artgen/low": 1.0})
    assert bench.get("plugin.bloom.amount") == pytest.approx(1.0)
    bench.run(heard={})
    assert bench.get("plugin.bloom.amount") == 0.0


def test_values_of_extractors_and_of_any_program_drive() -> None:
    bench = Bench(f'source = "x/punch/value", {TO}', f'source = "/visuals/value/fader", {TO}')
    bench.run(1.0, extra={"/artgen/x/punch/value": 0.25}, heard={"/visuals/value/fader": 0.5})
    assert bench.get("plugin.bloom.amount") == pytest.approx(0.75, abs=1e-3)


def test_the_mood_that_leads_the_picture_drives() -> None:
    bench = Bench(f'source = "energy", {TO}').run(1.0, energy=0.3)
    assert bench.get("plugin.bloom.amount") == pytest.approx(0.3, abs=1e-3)


def test_a_place_of_the_plane_drives_by_how_near_the_mood_is() -> None:
    bench = Bench(f"source = {{ mood = [0.8, 0.8], reach = 0.5 }}, {TO}").run(1.0, valence=0.8, energy=0.8)
    assert bench.get("plugin.bloom.amount") == pytest.approx(1.0)
    assert bench.run(valence=0.5, energy=0.4).get("plugin.bloom.amount") == 0.0
    assert bench.run(valence=0.8, energy=0.55).get("plugin.bloom.amount") == pytest.approx(0.5)


@pytest.mark.parametrize(("event", "field"), [("onset", "onsets"), ("beat", "beats")])
def test_an_event_is_up_at_once_and_dies_away(event: str, field: str) -> None:
    bench = Bench(f'source = "{event}", target = "plugin.bloom.amount", amount = 1, release = 0.2')
    bench.run(1.0, **{field: 7})
    assert bench.get("plugin.bloom.amount") == 0.0
    bench.run(**{field: 8})
    assert bench.get("plugin.bloom.amount") == pytest.approx(1.0, abs=0.01)
    assert bench.run(0.2).get("plugin.bloom.amount") == pytest.approx(np.exp(-1.0), abs=0.05)
    assert bench.run(3.0).get("plugin.bloom.amount") == 0.0


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        ("x/drums/kick", {"/artgen/x/drums/kick/count": 3.0}, {"/artgen/x/drums/kick/count": 4.0}),
        ("x/gate", {"/artgen/x/gate": 0.0}, {"/artgen/x/gate": 1.0}),
    ],
)
def test_an_envelope_begins_with_any_counter_or_number_that_rises(
    path: str, low: dict[str, float], high: dict[str, float]
) -> None:
    bench = Bench(f'source = {{ adsr = "{path}", attack = 0 }}, {TO}').run(1.0, extra=low)
    assert bench.get("plugin.bloom.amount") == 0.0
    assert bench.run(2 * DT, extra=high).get("plugin.bloom.amount") > 0.8


def test_without_a_beat_it_is_said_once_and_that_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(f'source = {{ lfo = "sine", every = "1 beat" }}, {TO}').run(2.0, tempo_bpm=90.0)
    assert not bench.matrix.trouble
    bench.run(2.0 * LOST_S, tempo_bpm=0.0)
    assert bench.matrix.trouble == "no beat is heard; what follows it runs at 90 bpm"
    bench.run(1.0, tempo_bpm=100.0)
    assert not bench.matrix.trouble
    assert [record.getMessage() for record in caplog.records] == [
        "modulate: no beat is heard; what follows it runs at 90 bpm",
        "modulate: there is a beat; what follows it is locked again",
    ]


def test_a_free_one_misses_no_beat(caplog: pytest.LogCaptureFixture) -> None:
    Bench(f'source = {{ lfo = "sine", every = 2 }}, {TO}').run(2.0 * LOST_S)
    assert not caplog.records
