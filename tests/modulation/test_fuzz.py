"""Whatever is sent or written as a row, the show goes on."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.config.modulation import Connection, read_connections
from tests.modulation.rows import DT, TARGETS, Bench

WORDS = st.sampled_from(
    [
        *("source", "target", "amount", "every", "lfo", "steps", "mood", "adsr", "input", "curve"),
        *("=", "{", "}", "[", "]", ",", '"', "'", "#", ".", "low", '"low"', '"visuals.grain"'),
        *("1", "-0.5", "nan", "inf", "1e999", "true"),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=30).map(" ".join))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=8,
)
KEYS = st.sampled_from(["source", "target", "amount", "input", "curve", "attack", "polarity", "on", "name", "x"])


@given(TEXTS)
def test_any_text_is_a_row_or_is_refused_with_a_reason(text: str) -> None:
    bench, refused = Bench(), []
    bench.controls.connections._refuse = lambda what, reason: refused.append(reason)
    bench.obey("add", text)
    bench.run(2 * DT, heard={"/artgen/low": 0.5})
    assert len(bench.control.connections) + len(refused) == 1
    assert all(refused)


@given(st.one_of(VALUES, st.lists(st.dictionaries(KEYS, VALUES, max_size=5), max_size=3)))
def test_any_table_is_rows_and_mistakes(rows: Any) -> None:
    found, mistakes = read_connections(rows, TARGETS)
    assert all(isinstance(one, Connection) for one in found)
    assert mistakes or isinstance(rows, list)
    assert all(isinstance(one, str) for one in mistakes)


@given(st.floats(), st.floats(0.0, 1.0), st.integers(0, 10), st.sampled_from(["low", "onset", "valence"]))
def test_whatever_is_heard_what_draws_is_in_its_range(heard: float, level: float, events: int, source: str) -> None:
    bench = Bench(
        f'source = "{source}", target = "plugin.bloom.amount", amount = 1, curve = 0.5',
        'source = { adsr = "/visuals/value/a", attack = 0 }, target = "plugin.bloom.amount"',
        'source = "/visuals/value/a", target = "visuals.beat_next", polarity = "bipolar"',
    )
    for number in range(4):
        given = {"/artgen/low": level, "/visuals/value/a": heard if number % 2 else -heard}
        bench.run(heard=given, onsets=events * number, valence=level)
        assert 0.0 <= bench.get("plugin.bloom.amount") <= 1.0
        assert 0 <= bench.get("visuals.beat_next") <= 64
