import math
from typing import Any

from visuals.gallery.occasions import MOOD_REST_S, Occasions, OccasionSettings

CALM = (0.3, 0.3)


def control(snapshots: int = 0, every: float = 0.0, mood: float = 0.0) -> tuple[OccasionSettings, int]:
    return OccasionSettings(every, mood), snapshots


def run(
    occasions: Occasions, start: float, seconds: float, mood: Any = CALM, **settings: Any
) -> list[tuple[float, str]]:
    """Ask sixty times a second; what there was, and when."""
    found = []
    for frame in range(round(seconds * 60)):
        time = start + frame / 60
        cause = occasions.due(*control(**settings), mood(time) if callable(mood) else mood, time)
        if cause:
            found.append((time, cause))
    return found


def test_nothing_happens_by_itself() -> None:
    assert run(Occasions(), 100.0, 30.0, lambda time: (0.5 + 0.5 * math.sin(time), 0.5)) == []


def test_who_asks_gets_one_each_time() -> None:
    occasions = Occasions()
    assert [cause for _, cause in run(occasions, 0.0, 1.0, snapshots=1)] == ["asked"]
    assert [cause for _, cause in run(occasions, 1.0, 1.0, snapshots=3)] == ["asked"], (
        "two in one frame are one picture"
    )


def test_the_timer() -> None:
    occasions = Occasions()
    found = run(occasions, 50.0, 11.0, every=2.0)
    assert [round(time) for time, _ in found] == [52, 54, 56, 58, 60]
    assert {cause for _, cause in found} == {"timer"}
    assert run(occasions, 61.0, 10.0, every=0.0) == []
    assert [round(time) for time, _ in run(occasions, 71.0, 5.5, every=5.0)] == [76], "counts from when it is set"


def test_the_timer_is_bounded_and_does_not_catch_up() -> None:
    occasions = Occasions()
    assert 18 <= len(run(occasions, 0.0, 10.0, every=0.01)) <= 20
    occasions = Occasions()
    run(occasions, 0.0, 1.0, every=2.0)
    assert len(run(occasions, 60.0, 1.0, every=2.0)) == 1, "after a stall of a minute"


def test_a_change_of_mood_is_kept_and_then_there_is_a_rest() -> None:
    occasions = Occasions()
    assert run(occasions, 0.0, 5.0, mood=CALM, **{}) == []
    moods = [((0.3, 0.3), 5.0), ((0.35, 0.3), 5.0), ((0.7, 0.3), 5.0), ((0.3, 0.3), 5.0), ((0.3, 0.3), 20.0)]
    start, found = 5.0, []
    for mood, seconds in moods:
        for frame in range(round(seconds * 60)):
            cause = occasions.due(*control(mood=0.2), mood, start + frame / 60)
            if cause:
                found.append((round(start + frame / 60, 1), cause))
        start += seconds
    assert found == [(15.0, "mood"), (15.0 + MOOD_REST_S, "mood")], "the way back waits for the rest's end, and is one"


def test_a_slow_drift_counts_from_the_last_snapshot() -> None:
    occasions = Occasions()
    found = []
    for second in range(100):
        if occasions.due(*control(mood=0.25), (second / 100, 0.5), float(second)):
            found.append(second)
    assert found == [25, 50, 75]


def test_a_snapshot_by_hand_is_where_the_mood_is_measured_from() -> None:
    occasions = Occasions()
    occasions.due(*control(mood=0.3), (0.1, 0.5), 0.0)
    assert occasions.due(*control(mood=0.3, snapshots=1), (0.35, 0.5), 1.0) == "asked"
    assert occasions.due(*control(mood=0.3, snapshots=1), (0.6, 0.5), 2.0) == ""
    assert occasions.due(*control(mood=0.3, snapshots=1), (0.66, 0.5), 3.0) == "mood"
