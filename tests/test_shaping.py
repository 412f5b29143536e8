"""Maps at work: values in, messages out."""

import math

import pytest

from artgen_osc.osc.codec import Message, decode
from artgen_osc.osc.mapping.rows import preset, read_rows
from artgen_osc.osc.mapping.shaping import Shaper
from artgen_osc.schema.values import Value
from tests import show_table


class Run:
    """A map, its values and its clock."""

    def __init__(self, **row: object) -> None:
        (of,), mistakes = read_rows([{"to": "/x", **row}], "test", show_table.TABLE.sent)
        assert not mistakes
        self.shaper = Shaper(of)
        self.now = 50.0
        self.latest: dict[str, Value] = {}

    def __call__(self, *values: Value, names: tuple[str, ...] = (), passed: float = 0.01) -> tuple[object, ...] | None:
        """Arguments of the message that is sent, or None."""
        self.now += passed
        names = names or self.shaper._map.sources
        hop = {f"/artgen/{n}" if n[0] != "/" else n: v for n, v in zip(names, values, strict=True)}
        self.latest |= hop
        self.shaper.put(hop)
        packet = self.shaper.get(self.latest, self.now)
        if packet is None:
            return None
        (message,) = decode(packet)
        assert message.path == "/x"
        return message.arguments


def test_ranges_and_curves() -> None:
    def at(value: float, **row: object) -> object:
        sent = Run(**{"from": "level", **row})(value)
        assert sent
        return sent[0]

    assert at(0.25) == 0.25
    assert at(0.25, range=[10, 30]) == 15
    assert at(0.25, range=[1, 0]) == 0.75
    assert at(0.25, input=[0, 0.5]) == 0.5
    assert at(0.75, input=[0, 0.5]) == 1
    assert at(0.25, input=[1, 0]) == 0.75
    assert at(0.5, curve=2) == at(0.5, curve="square") == 0.25
    assert at(0.25, curve="root") == 0.5
    assert at(0.25, curve="smooth") == pytest.approx(0.15625)
    assert at(0.3, type="i", range=[0, 255]) == 76
    assert at(0.6, type="T") is True
    assert at(0.4, type="T", range=[5, 9]) is False
    assert at(-30.0, **{"from": "level_db"}) == 0.5
    assert at(400.0, **{"from": "pitch_hz", "curve": "log", "input": [100, 1600]}) == pytest.approx(0.5)
    assert at(0.25, type="s") == "0.25"
    assert at(2**31 - 2, **{"from": "beat/count"}) == 2**31 - 2


def test_arguments_come_before_the_value() -> None:
    assert Run(**{"from": "level", "arguments": [3, 0.5, "a"]})(0.25) == (3, 0.5, "a", 0.25)
    assert Run(**{"from": "key", "arguments": [3]})("A minor") == (3, "A minor")
    assert Run(**{"from": "beat", "type": "bang", "arguments": [3]})(1.0) == (3,)


def test_what_is_unknown_is_not_sent() -> None:
    assert Run(**{"from": "tempo_bpm"})(0.0) is None
    assert Run(**{"from": "key"})("") is None
    run = Run(**{"from": ["level", "chroma/0"]})
    assert run(0.5, names=("level",)) is None
    assert run(0.25, names=("chroma/0",)) == (0.5, 0.25)


def test_the_same_value_is_repeated_once_a_second() -> None:
    run = Run(**{"from": "level"})
    assert [run(0.5, passed=0.25) is not None for _ in range(9)] == [True, *[False] * 3, True, *[False] * 3, True]
    assert run(0.25, passed=0.01) == (0.25,)


def test_another_bundle_says_nothing_new() -> None:
    run = Run(**{"from": "level"})
    assert run(0.5)
    assert run("A minor", names=("key",), passed=2) is None


@pytest.mark.parametrize("rate", [20, 90, 500])
def test_smoothing_is_the_same_at_any_rate(rate: int) -> None:
    run = Run(**{"from": "level", "smoothing": [0.2, 0.5]})
    run(0.0)
    up = [run(1.0, passed=1 / rate) for _ in range(rate)][rate * 2 // 10 - 1]
    assert up and up[0] == pytest.approx(1 - math.exp(-1), abs=1e-5)
    down = [run(0.0, passed=1 / rate) for _ in range(rate)][rate // 2 - 1]
    assert down and down[0] == pytest.approx(math.exp(-1), abs=0.01)


def test_a_pulse_that_falls_slowly() -> None:
    run = Run(**{"from": "beat", "smoothing": [0, 0.1]})
    run(0.0)
    assert run(1.0) == (1.0,)
    assert run(0.0, passed=0.1) == (pytest.approx(math.exp(-1)),)


@pytest.mark.parametrize(("kind", "sent"), [("bang", ()), ("I", (math.inf,))])
def test_events(kind: str, sent: tuple[object, ...]) -> None:
    run = Run(**{"from": "onset", "type": kind})
    assert [run(value) for value in (0.0, 1.0, 0.0, 0.0, 1.0)] == [None, sent, None, None, sent]
    high = Run(**{"from": "level", "type": kind})
    assert [high(value) for value in (0.4, 0.6, 0.9, 0.5, 0.7)] == [None, sent, None, None, sent]


def test_a_slow_map_loses_no_event() -> None:
    run = Run(**{"from": "onset", "type": "bang", "rate": 10})
    events = [run(float(hop in (5, 42)), passed=1 / 86) for hop in range(86)]
    assert events.count(()) == 2


def test_the_rate_of_a_map() -> None:
    run = Run(**{"from": "level", "rate": 10})
    sent = [run(hop / 1000, passed=1 / 86) for hop in range(860)]
    assert 99 <= sum(values is not None for values in sent) <= 101


def test_audio0_sends_the_documented_types() -> None:
    latest: dict[str, Value] = {"/artgen/level": 0.5, "/artgen/beat": 1.0, "/artgen/onset": 1.0}
    latest |= {f"/artgen/bands/{i}": i / 16 for i in range(16)}
    latest |= {"/artgen/tempo_bpm": 128.0, "/artgen/pitch_hz": 440.0}
    sent = {}
    for of in preset("audio0"):
        shaper = Shaper(of)
        shaper.put(latest)
        packet = shaper.get(latest, 1.0)
        assert packet
        (message,) = decode(packet)
        sent[message.path] = message
    assert sent.pop("/audio/0/beats") == Message("/audio/0/beats", (True,) * 4)
    assert sent.pop("/audio/0/fft") == Message("/audio/0/fft", tuple(i / 16 for i in range(16)))
    assert sent["/audio/0/bpm"].arguments == (128.0,)
    assert sent["/audio/0/pitch"].arguments == (pytest.approx(0.6),)
    assert all(isinstance(value, float) for message in sent.values() for value in message.arguments)
    assert set(sent) == {
        f"/audio/0/{name}" for name in ("samplerate", "level", "bpm", "periodpower", "peakpower", "pitch")
    }
