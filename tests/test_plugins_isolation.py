"""What a plugin does wrong harms nothing else, and is told."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from math import inf
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.plugins import KINDS, contract_of, own_contract
from artgen_osc.config.settings import WORDS, ConfigFile
from artgen_osc.plugins import worker
from artgen_osc.plugins.factory import make
from artgen_osc.plugins.isolation import MOST_IN_A_ROW, IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry, State, own
from artgen_osc.plugins.worker import PluginThread
from artgen_osc.schema.setting import setting
from tests.support.registries import Effect, NoDataclass, Stolen, registry
from tests.support.waiting import wait_for


class Fake:
    """Does what the test says."""

    def __init__(self) -> None:
        self.do: Callable[[], Any] = lambda: 1
        self.closed = 0

    def hop(self) -> Any:
        return self.do()

    def wants(self) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1
        raise OSError("even this")


def plugin() -> Plugin:
    return Plugin("extractor", "drums", "some-package", "1.0")


def raising() -> Any:
    raise ZeroDivisionError("by nothing")


def test_the_last_value_is_kept_and_the_failure_told_once(caplog: pytest.LogCaptureFixture) -> None:
    fake = Fake()
    running = IsolatedPlugin(plugin(), fake)
    assert running.call("hop") == 1
    fake.do = raising
    assert [running.call("hop") for _ in range(MOST_IN_A_ROW - 1)] == [1] * (MOST_IN_A_ROW - 1)
    assert running.alive and running.failures == MOST_IN_A_ROW - 1
    assert len(caplog.records) == 1 and "extractor drums: unexpected ZeroDivisionError" in caplog.text
    fake.do = lambda: 2
    assert running.call("hop") == 2
    fake.do = raising
    assert running.call("hop") == 2 and running.alive, "a good call begins the row anew"


def test_fifty_in_a_row_end_it(caplog: pytest.LogCaptureFixture) -> None:
    fake, registered = Fake(), plugin()
    running = IsolatedPlugin(registered, fake)
    fake.do = raising
    for _ in range(MOST_IN_A_ROW):
        assert running.call("hop") is None
    assert (registered.state, fake.closed) == (State.ENDED, 1)
    assert "ended after too many failures (unexpected ZeroDivisionError" in caplog.text
    fake.do = lambda: 3
    assert running.call("hop") is None and not running.alive


def test_a_method_that_works_hides_none_that_does_not() -> None:
    fake, registered = Fake(), plugin()
    running = IsolatedPlugin(registered, fake)
    fake.do = raising
    for _ in range(MOST_IN_A_ROW):
        assert running.call("wants") is True
        running.call("hop")
    assert registered.state is State.ENDED


def test_one_that_takes_too_long_is_named_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    fake, registered = Fake(), plugin()
    now = [0.0]
    monkeypatch.setattr("artgen_osc.plugins.isolation.perf_counter", lambda: now[0])
    running = IsolatedPlugin(registered, fake, budget=0.005)

    def slow() -> None:
        now[0] += 0.1

    fake.do = slow
    for _ in range(10):
        assert running.alive
        running.call("hop")
    running.call("hop")
    assert not running.alive and now[0] < 1.15, "a second is lost, not five"
    assert registered.state is State.ENDED and "where 5 ms is the most" in registered.reason


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_an_exit_is_a_failure_like_any_other(error: BaseException) -> None:
    def leaves() -> Any:
        raise error

    fake = Fake()
    running = IsolatedPlugin(plugin(), fake)
    fake.do = leaves
    assert running.call("hop") is None and running.alive and running.failures == 1
    registered = plugin()
    assert make(registered, leaves) is None and registered.state is State.UNLOADABLE
    known = registry(good=Effect, gone=error)
    contract_of(known)
    assert known.plugin("output", "gone").state is State.UNLOADABLE
    assert known.plugin("effect", "good").state is State.READY


def test_the_user_can_always_stop_it() -> None:
    def stopped() -> Any:
        raise KeyboardInterrupt

    fake = Fake()
    fake.do = stopped
    with pytest.raises(KeyboardInterrupt):
        IsolatedPlugin(plugin(), fake).call("hop")


def test_what_takes_long_to_be_made_holds_nobody_up_and_joins_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "MAKING_S", 0.01)
    registered, blocked, fake = plugin(), threading.Event(), Fake()

    def build() -> Fake:
        blocked.wait()
        fake.do = threading.get_ident
        return fake

    thread = PluginThread(registered, build, inf)
    assert thread.running is None and not thread.idle
    registered.fail(State.BLOCKED, "hasn't come back for 2 s")  # as the watch does
    blocked.set()
    wait_for(lambda: thread.idle)
    assert registered.state is State.READY and registered.reason == "" and "has been made now" in caplog.text
    thread.start(("hop",))
    thread.wait(30.0)
    assert thread.running is not None and thread.running.failures == 0
    thread.close()
    assert fake.closed == 1


def test_what_is_made_when_the_show_is_over_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAKING_S", 0.01)
    monkeypatch.setattr(worker, "CLOSE_S", 0.01)
    blocked, fake = threading.Event(), Fake()
    thread = PluginThread(plugin(), lambda: fake if blocked.wait() else None, inf)
    thread.close()
    blocked.set()
    wait_for(lambda: fake.closed)


def test_one_that_cant_be_made_takes_no_calls() -> None:
    registered = plugin()
    thread = PluginThread(registered, raising, inf)
    assert not thread.idle and registered.state is State.UNLOADABLE and "by nothing" in registered.reason
    thread.close()


def test_the_contract_takes_what_is_right_and_says_why_the_rest_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    known = registry(good=Effect, stolen=Stolen, wrong=NoDataclass, gone=ImportError("no such module"))
    contract = contract_of(known)
    assert contract.settings["plugin.good.amount"].address == "/visuals/effect/good/amount"
    assert {p.name: p.state for p in known.plugins() if p.state is not State.READY} == {
        "gone": State.UNLOADABLE,
        "stolen": State.MISCONFIGURED,
        "wrong": State.MISCONFIGURED,
    }
    assert contract.unusable == {"plugin.gone", "plugin.stolen", "plugin.wrong"}
    assert "begins with /artgen/x/stolen/" in caplog.text and len(caplog.records) == 3


@dataclass(frozen=True)
class OutOfRange:
    amount: float = setting(9.0, "how much", 0.0, 4.0)


@dataclass
class Thawed:
    amount: float = setting(0.5, "how much")


@dataclass(frozen=True)
class Plain:
    amount: float = 0.5


@dataclass(frozen=True)
class NotMade:
    amount: float = setting(0.5, "how much")

    def __post_init__(self) -> None:
        raise OSError("not today")


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (OutOfRange, "default of Settings.amount doesn't pass its own check: 9.0 is out of range"),
        (Thawed, "Settings is not a frozen dataclass"),
        (Plain, "Settings.amount is not made by setting"),
        (NotMade, "unexpected OSError: not today"),
        (int, "Settings is not a frozen dataclass"),
    ],
)
def test_settings_that_cant_be_used_say_why(declared: type, says: str) -> None:
    known = registry(wrong=type("Wrong", (), {"Settings": declared}), good=Effect)
    contract = contract_of(known)
    wrong = known.plugin("effect", "wrong")
    assert wrong.state is State.MISCONFIGURED and says in wrong.reason
    assert contract.unusable == {"plugin.wrong"} and "plugin.good.amount" in contract.settings


def test_names_that_no_address_can_have() -> None:
    known = registry(**{"a b": Effect, "*": Effect, "good": Effect})
    contract_of(known)
    assert [one.name for one in known.plugins() if one.state is State.READY] == ["good"]


def test_troubles_that_are_too_long_are_names() -> None:
    known = registry(good=Effect, gone=ImportError("x" * 200), stolen=ImportError("y" * 200))
    contract_of(known)
    assert known.troubles(KINDS) == "extractor stolen; output gone"
    assert known.troubles(("output",)).startswith("output gone: ImportError: xxx")


def test_what_is_switched_off_is_not_even_imported(tmp_path: Path) -> None:
    show = tmp_path / "show.toml"
    show.write_text('[plugins]\noff = ["gone"]\n[plugin.gone]\nloud = 1\n')
    for path, flags in (
        (show, {}),
        (None, {"plugins.off": ["gone"]}),
        (None, {WORDS: ["plugins.off=gone", "plugin.gone.loud=1"]}),
    ):
        known = registry(good=Effect, gone=AssertionError("imported"))
        file = ConfigFile(path, flags, known)
        assert known.plugin("output", "gone").state is State.OFF
        assert "plugin.good.amount" in file.contract.settings


def test_a_setting_of_what_cant_be_loaded_is_passed_over() -> None:
    file = ConfigFile(None, {WORDS: ["plugin.gone.loud=1"]}, registry(gone=ImportError("no such module")))
    assert "gone" not in file.config.plugin


def test_one_table_belongs_to_one_plugin(caplog: pytest.LogCaptureFixture) -> None:
    def found(group: str) -> Iterable[EntryPoint]:
        wanted = (f"artgen.{kind}s" for kind in ("layer", "effect"))
        return [EntryPoint("twice", f"{__name__}:Effect", group)] if group in wanted else []

    known = Registry(KINDS, found)
    contract = contract_of(known)
    assert sorted(str(plugin.state) for plugin in known.plugins()) == ["has wrong settings", "ready"]
    assert contract.tables["plugin.twice"] is Effect.Settings and not contract.unusable
    assert "[plugin.twice] belongs to another plugin of this name; rename this" in caplog.text


def test_a_name_of_ours_is_ours_whatever_the_kind() -> None:
    def found(group: str) -> Iterable[EntryPoint]:
        added = EntryPoint("mood", f"{__name__}:Effect", group)  # before ours in the order of kinds
        return [*own(group), *([added] if group == "artgen.effects" else [])]

    known = Registry(KINDS, found)
    contract = contract_of(known)
    assert contract.tables["plugin.mood"] is own_contract().tables["plugin.mood"]
    assert known.plugin("effect", "mood").state is State.MISCONFIGURED


def test_our_own_contract_has_no_strangers() -> None:
    assert not [key for key in own_contract().settings if key.startswith("plugin.good")]


def test_what_is_switched_off_is_off_and_a_wrong_name_is_told() -> None:
    known = registry(good=Effect)
    assert known.switch_off(("good", "nobody")) == ["nobody"]
    assert known.plugin("effect", "good").state is State.OFF
    running = IsolatedPlugin(known.plugin("effect", "good"), Fake())
    assert running.call("hop") is None
