"""Time tags on this machine's clock, and the queue of what is due later."""

import datetime

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc import schedule as osc_schedule
from artgen_osc.osc.codec import IMMEDIATELY
from artgen_osc.osc.schedule import MOST_AHEAD_S, Schedule, seconds_until, time_tag
from tests import show_table

ROW = show_table.TABLE.visuals["/visuals/scene"]


def test_a_time_tag_is_ntp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_schedule.time, "time_ns", lambda: 1_500_000_000)
    since_1900 = datetime.datetime(1970, 1, 1) - datetime.datetime(1900, 1, 1)
    assert time_tag(0.0) / 2**32 == since_1900.total_seconds() + 1.5
    assert time_tag(0.25) - time_tag(0.0) == 2**30


@pytest.mark.parametrize("delay", [0.0, 0.001, 1.0, 3600.0])
def test_there_and_back(monkeypatch: pytest.MonkeyPatch, delay: float) -> None:
    monkeypatch.setattr(osc_schedule.time, "time_ns", lambda: 1_800_000_000_123_456_789)
    assert seconds_until(time_tag(delay)) == pytest.approx(delay, abs=1e-6)


def test_what_is_past_or_immediate_is_due_now() -> None:
    assert seconds_until(IMMEDIATELY) == seconds_until(0) == 0.0
    assert seconds_until(time_tag(-1.0)) == pytest.approx(-1.0, abs=0.1)


def test_first_due_first_out_and_then_in_order() -> None:
    schedule = Schedule()
    assert schedule.next() == float("inf")
    for due, value in ((5.0, 1), (3.0, 2), (5.0, 3), (3.0, 4)):
        schedule.put(due, ROW, value)
    assert len(schedule) == 4
    assert schedule.next() == 3.0
    assert [schedule.get() for _ in range(4)] == [(ROW, value) for value in (2, 4, 1, 3)]


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(osc_schedule, "MOST_SCHEDULED", 2)
    schedule = Schedule()
    schedule.check(MOST_AHEAD_S)
    with pytest.raises(OscError, match=r"10\.5 s ahead, .*; compare the clocks"):
        schedule.check(10.5)
    schedule.put(1.0, ROW, 1)
    schedule.put(2.0, ROW, 1)
    with pytest.raises(OscError, match="2 values wait"):
        schedule.check(1.0)
