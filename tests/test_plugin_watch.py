"""Who doesn't come back is named, ended where that can be, and left out of the next show."""

from collections.abc import Iterator

import pytest

from artgen_osc.config.plugins import KINDS
from artgen_osc.plugins import hung
from artgen_osc.plugins.registry import OWN_PACKAGE, Registry, State
from artgen_osc.plugins.watch import LOOKS, PluginWatch
from artgen_osc.plugins.worker import Guarded
from artgen_osc.runtime.guard import Guard
from tests.support.registries import Effect, Stolen, registry


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Registry, PluginWatch]]:
    """Some that could be called, one of them ours, and who looks whether they come back."""
    monkeypatch.setattr(PluginWatch, "_run", lambda self: None)
    known = registry(good=Effect, slot=Effect, stolen=Stolen)
    known.plugin("effect", "slot").package = OWN_PACKAGE
    looking = PluginWatch(known)
    yield known, looking
    looking.close()


def look(looking: PluginWatch, times: int = LOOKS) -> None:
    for _ in range(times):
        looking.look()


def hung_now(**named: object) -> list[str]:
    """Which of them a show that begins now leaves out."""
    known = registry(**named)
    hung.leave_out(known)
    return [one.name for one in known.plugins() if one.state is State.BLOCKED]


def test_one_with_a_thread_of_its_own_that_doesnt_come_back_is_ended(
    watched: tuple[Registry, PluginWatch], caplog: pytest.LogCaptureFixture
) -> None:
    stuck = watched[0].plugin("extractor", "stolen")
    stuck.beside = True
    with stuck.called():
        look(watched[1], LOOKS - 1)
        assert stuck.state is State.READY
        look(watched[1])
    assert caplog.messages == ["extractor stolen: blocks (hasn't come back for 2 s); the show goes on without it"]
    assert hung_now(stolen=Stolen) == []


def test_one_that_stands_the_show_still_is_named_and_left_out_of_the_next(
    watched: tuple[Registry, PluginWatch], caplog: pytest.LogCaptureFixture
) -> None:
    known, looking = watched
    told: list[str] = []
    looking.tell = lambda: told.append(known.troubles(KINDS))
    stuck, around = known.plugin("effect", "good"), known.plugin("effect", "slot")
    with around.called():
        with stuck.called():
            look(looking, 3 * LOOKS)
            assert told == ["effect good: hasn't come back for 2 s"], "the innermost, once, and nobody else"
            assert hung_now(good=Effect, slot=Effect) == ["good"], "so it is if the show is killed now"
        look(looking)
        assert hung_now(good=Effect, slot=Effect) == [] and stuck.reason == "" and stuck.state is State.READY
        assert told[1:] == ["effect slot: hasn't come back for 2 s"], "ours are named, and stay"
    look(looking, 1)
    assert [text for text in caplog.messages if "has come back" in text] == [
        "effect good: has come back; the show goes on",
        "effect slot: has come back; the show goes on",
    ]


def test_another_version_of_what_stood_a_show_still_is_tried_again(watched: tuple[Registry, PluginWatch]) -> None:
    stuck = watched[0].plugin("effect", "good")
    stuck.version = "0.9"
    with stuck.called():
        look(watched[1])
        assert hung_now(good=Effect) == []
    look(watched[1])


def test_calls_that_come_back_are_nobodys_fault(
    watched: tuple[Registry, PluginWatch], caplog: pytest.LogCaptureFixture
) -> None:
    busy = watched[0].plugin("effect", "good")
    for _ in range(3 * LOOKS):
        with busy.called():
            look(watched[1], LOOKS - 1)
    assert not caplog.messages


def test_one_of_ours_may_take_its_time_to_close(watched: tuple[Registry, PluginWatch]) -> None:
    known, looking = watched
    plugin = known.plugin("effect", "slot")

    class Film:
        def close(self) -> None:
            look(looking, 3 * LOOKS)

    Guarded(plugin, Film(), Guard(lambda what, reason: None)).close()
    assert (plugin.state, plugin.reason) == (State.READY, "")
