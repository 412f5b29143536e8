"""Connections at work: what they add up to, what stays as it is set, and that nothing jumps."""

from dataclasses import replace

import numpy as np
import pytest

from tests.modulation.rows import DT, Bench
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.matrix import Matrix

BLOOM = "plugin.bloom.amount"
LOW = f'source = "low", target = "{BLOOM}", attack = 0, release = 0'


def heard(low: float) -> dict[str, float]:
    return {"/artgen/low": low}


def test_without_connections_all_is_the_very_same_object() -> None:
    bench = Bench().run(1.0)
    assert bench.matrix.driven(bench.control) is bench.control
    assert bench.matrix.effects(bench.control.plugin) is bench.control.plugin
    assert bench.matrix.levels.size == 0


def test_an_effect_that_nothing_is_added_to_is_the_very_same_object() -> None:
    bench = Bench(f"{LOW}, amount = 1").run(1.0, heard=heard(0.0))
    assert bench.matrix.effects(bench.control.plugin) is bench.control.plugin


def test_what_is_set_stays_and_what_draws_is_driven() -> None:
    bench = Bench(f"{LOW}, amount = 0.5").run(1.0, heard=heard(0.5))
    assert bench.get(BLOOM) == pytest.approx(0.25, abs=1e-3)
    assert bench.control.plugin["bloom"].amount == 0.0
    assert bench.controls.values()["/visuals/effect/bloom/amount"] == 0.0


def test_several_on_one_add_up_and_end_at_the_ends_of_the_range() -> None:
    bench = Bench(
        f"{LOW}, amount = 0.3",
        f'source = "high", target = "{BLOOM}", amount = 0.5, attack = 0, release = 0',
        f'source = "mid", target = "{BLOOM}", amount = -0.2, attack = 0, release = 0',
    )
    bench.run(1.0, heard={"/artgen/low": 1.0, "/artgen/high": 0.5, "/artgen/mid": 1.0})
    assert bench.get(BLOOM) == pytest.approx(0.35, abs=1e-3)
    bench.run(heard={"/artgen/mid": 1.0})
    assert bench.get(BLOOM) == 0.0


def test_an_amount_is_of_the_whole_range_of_its_target() -> None:
    bench = Bench('source = "low", target = "visuals.speed", amount = 0.25, attack = 0, release = 0', speed=1.0)
    assert bench.run(1.0, heard=heard(1.0)).get("visuals.speed") == pytest.approx(3.0, abs=0.01)


def test_whole_numbers_are_rounded_and_switches_are_on_from_the_middle() -> None:
    bench = Bench(
        'source = "low", target = "visuals.beat_next", amount = 0.1, attack = 0, release = 0',
        'source = "high", target = "visuals.beat_cut", amount = 1, attack = 0, release = 0',
    )
    bench.run(1.0, heard={"/artgen/low": 1.0, "/artgen/high": 0.49})
    assert bench.get("visuals.beat_next") == 6
    assert type(bench.get("visuals.beat_next")) is int
    assert bench.get("visuals.beat_cut") is False
    assert bench.run(heard={"/artgen/high": 0.51}).get("visuals.beat_cut") is True


def test_the_mood_is_driven_whoever_leads_it() -> None:
    bench = Bench('source = "low", target = "visuals.energy", amount = 0.5, attack = 0, release = 0')
    bench.run(1.0, heard=heard(1.0), energy=0.3, valence=0.6)
    driven = bench.matrix.driven(bench.control)
    assert (driven.energy, driven.valence) == (pytest.approx(0.8, abs=1e-3), 0.6)


def test_bipolar_moves_to_both_sides() -> None:
    bench = Bench(f'{LOW}, amount = 0.4, polarity = "bipolar"')
    bench.controls.config = bench.controls.contract.replace(bench.controls.config, BLOOM, 0.5)
    assert bench.run(1.0, heard=heard(0.0)).get(BLOOM) == pytest.approx(0.1, abs=1e-3)
    assert bench.run(heard=heard(0.5)).get(BLOOM) == pytest.approx(0.5, abs=1e-3)
    assert bench.run(heard=heard(1.0)).get(BLOOM) == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize(
    ("curve", "value"),
    [('"linear"', 0.25), ('"square"', 0.0625), ('"root"', 0.5), ('"smooth"', 0.15625), ("3", 1 / 64)],
)
def test_curves(curve: str, value: float) -> None:
    bench = Bench(f"{LOW}, amount = 1, curve = {curve}").run(2.0, heard=heard(0.25))
    assert bench.get(BLOOM) == pytest.approx(value, abs=1e-3)


def test_an_input_may_be_narrower_or_turned_round() -> None:
    bench = Bench(f"{LOW}, amount = 1, input = [0.8, 0.3]").run(1.0, heard=heard(0.3))
    assert bench.get(BLOOM) == pytest.approx(1.0)
    assert bench.run(heard=heard(0.55)).get(BLOOM) == pytest.approx(0.5)
    assert bench.run(heard=heard(0.9)).get(BLOOM) == 0.0


@pytest.mark.parametrize("rate", [30.0, 60.0, 120.0])
def test_attack_and_release_are_in_seconds_at_every_frame_rate(rate: float) -> None:
    bench = Bench(f'source = "low", target = "{BLOOM}", amount = 1, attack = 0.2, release = 1')
    bench.run(2.0, rate, heard=heard(0.0)).run(0.2, rate, heard=heard(1.0))
    assert bench.get(BLOOM) == pytest.approx(1.0 - np.exp(-1.0), abs=1e-3)
    bench.run(3.0, rate).run(1.0, rate, heard=heard(0.0))
    assert bench.get(BLOOM) == pytest.approx(np.exp(-1.0), abs=1e-3)


def changes(bench: Bench, seconds: float) -> list[float]:
    return [float(bench.run().get(BLOOM)) for _ in range(round(seconds / DT))]


def test_a_row_that_comes_changes_and_goes_makes_no_jump() -> None:
    bench = Bench().run(1.0, heard=heard(1.0))
    values = [bench.get(BLOOM)]
    bench.obey("add", f'name = "a", {LOW}, amount = 1')
    values += changes(bench, 2.0)
    assert values[-1] == 1.0
    for path, value, end in (("a/amount", 0.3, 0.3), ("a/on", 0, 0.0), ("a/on", 1, 0.3), ("remove", "a", 0.0)):
        bench.obey(path, value)
        values += changes(bench, 2.0)
        assert values[-1] == pytest.approx(end, abs=1e-4)
    assert max(abs(np.diff(values))) < 0.15
    assert bench.matrix.effects(bench.control.plugin) is bench.control.plugin
    assert bench.matrix.levels.size == 0


def test_a_row_that_is_removed_in_the_middle_of_coming_goes_from_there() -> None:
    bench = Bench().run(1.0, heard=heard(1.0))
    bench.obey("add", f'name = "a", {LOW}, amount = 1')
    values = changes(bench, 0.1)
    bench.obey("remove", "a")
    values += changes(bench, 0.1)
    bench.obey("add", f'name = "a", {LOW}, amount = 1')
    values += changes(bench, 2.0)
    assert max(abs(np.diff(values))) < 0.15
    assert values[-1] == 1.0


def test_the_others_go_on_as_they_are_when_one_comes() -> None:
    texts = (f'source = {{ adsr = "beat", attack = 1, hold = 3 }}, target = "{BLOOM}", amount = 1',)
    alone, joined = Bench(*texts), Bench(*texts)
    for bench in (alone, joined):
        bench.run(1.0, beats=1).run(0.5, beats=2)
    joined.obey("add", 'source = "low", target = "visuals.grain"')
    assert joined.run(0.3).get(BLOOM) == pytest.approx(alone.run(0.3).get(BLOOM), abs=1e-9)
    assert joined.get(BLOOM) > 0.5


def test_a_frozen_picture_holds_what_drives_it_and_still_obeys_the_hand() -> None:
    bench = Bench(f'name = "a", source = {{ lfo = "saw", every = 8 }}, target = "{BLOOM}", polarity = "unipolar"')
    bench.run(2.0)
    before = bench.get(BLOOM)
    bench.run(3.0, frozen=True)
    assert bench.get(BLOOM) == pytest.approx(before, abs=1e-3)
    bench.obey("a/on", 0)
    assert bench.run(3.0, frozen=True).get(BLOOM) == 0.0


def test_two_of_the_same_source_move_together() -> None:
    random = 'source = { lfo = "random", every = 2 }, polarity = "unipolar", amount = 1, attack = 0, release = 0'
    bench = Bench(f'{random}, target = "{BLOOM}"', f'{random}, target = "plugin.film.amount"')
    for _ in range(200):
        bench.run()
        assert bench.get(BLOOM) == bench.get("plugin.film.amount")


def test_an_oscillator_is_locked_to_the_beat_that_is_heard() -> None:
    bench = Bench(
        f'source = {{ lfo = "saw", every = "1 bar" }}, target = "{BLOOM}", amount = 1, polarity = "unipolar", '
        "attack = 0, release = 0"
    )
    for frame in range(1200):
        beats = frame * DT * 100.0 / 60.0
        bench.run(tempo_bpm=100.0, beat_phase=beats % 1.0, bar_phase=beats / 4.0 % 1.0)
        if frame > 600 and 0.1 < beats / 4.0 % 1.0 < 0.9:
            assert bench.get(BLOOM) == pytest.approx(beats / 4.0 % 1.0, abs=0.02)


def test_a_plugin_that_is_not_drawn_is_passed_over() -> None:
    bench = Bench(f"{LOW}, amount = 1").run(1.0, heard=heard(1.0))
    assert "bloom" not in bench.matrix.effects({"film": bench.control.plugin["film"]})


def test_nothing_heard_is_not_a_number_of_the_picture() -> None:
    """Whatever is sent, what draws is finite and within its range."""
    bench = Bench(f"{LOW}, amount = 1", f'source = "/visuals/value/a", target = "{BLOOM}", amount = 1')
    for value in (1e300, -1e300, 0.0):
        bench.run(0.5, heard={"/artgen/low": value, "/visuals/value/a": value})
        assert 0.0 <= bench.get(BLOOM) <= 1.0


def test_a_matrix_takes_other_rows_at_any_time() -> None:
    bench, matrix = Bench(f"{LOW}, amount = 1"), Matrix(BeatClock())
    rows = bench.control.connections
    for number in range(60):
        control = replace(bench.control, connections=rows if number % 3 else (), heard=heard(1.0))
        matrix.step(control, DT, DT)
        matrix.effects(control.plugin)
    assert matrix.levels.tolist() == [1.0]
