"""What a plugin does wrong harms nothing else, and is told."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from artgen_osc.config.plugins import KINDS, contract_of, own_contract
from artgen_osc.plugins.isolation import MOST_IN_A_ROW, IsolatedPlugin
from artgen_osc.plugins.registry import Plugin, Registry, State, own
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting


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


@dataclass(frozen=True, slots=True)
class Good:
    amount: float = setting(0.5, "how much")


class Effect:
    Settings = Good


class Stolen:
    outputs = (Address("/artgen/valence", "float", "not its own"),)


class NoDataclass:
    Settings = int


def registry(**named: object) -> Registry:
    class Entry(EntryPoint):
        def load(self) -> Any:
            found = named[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    def found(group: str) -> Iterable[EntryPoint]:
        kinds = {"good": "effect", "stolen": "extractor", "wrong": "effect", "gone": "output"}
        return [Entry(name, "somewhere:thing", group) for name in named if group == f"artgen.{kinds[name]}s"]

    return Registry(KINDS, found)


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
