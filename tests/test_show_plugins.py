"""A show with inputs and extractors that somebody has added, good ones and broken ones."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from pythonosc.udp_client import SimpleUDPClient
from websockets.sync.client import connect

from artgen_osc.analysis.analyzer import Analyzer
from artgen_osc.analysis.extractors import BUDGET_S, ORDER, Extractors
from artgen_osc.analysis.hop import HOP_LENGTH, HOP_TIME, RATE, Hop
from artgen_osc.audio.isolation import IsolatedSource
from artgen_osc.audio.kind import InputHost
from artgen_osc.audio.sources import AudioBlock, AudioSource, ClosesItself, open_source
from artgen_osc.config.plugins import KINDS
from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.app import Daemon
from artgen_osc.errors import AudioError
from artgen_osc.osc.codec import encode_message
from artgen_osc.osc.receiver import Capture, capture
from artgen_osc.plugins.registry import Plugin, Registry, State, own
from artgen_osc.schema.address import Address, Value
from artgen_osc.schema.setting import setting
from tests import signals
from tests.ports import free_port
from tests.support.broken_extractors import (
    BLOCKED,
    Blocks,
    BlocksWhileMade,
    Broken,
    NeverMade,
    NoNumber,
    Nothing,
    OutOfRange,
    Slow,
    TooMany,
    Writes,
)
from tests.support.waiting import wait_for


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    BLOCKED.clear()
    yield
    BLOCKED.set()


@dataclass(frozen=True, slots=True)
class SteadySettings:
    amount: float = setting(0.5, "what it says")


class Steady:
    """Says what it is set to, and counts hops."""

    Settings = SteadySettings
    outputs = (
        Address("/artgen/x/steady/amount", "float", "as it is set"),
        Address("/artgen/x/steady/hops", "int", "hops so far", 0, 10**9),
        Address("/artgen/x/steady/word", "string", "a word"),
    )

    def __init__(self, settings: SteadySettings) -> None:
        self.settings = settings
        self._hops = 0

    def reset(self) -> None:
        self._hops = 0

    def hop(self, hop: Hop) -> Sequence[Value]:
        assert hop.sound.shape == (256,) and hop.window.shape == (1024,) and hop.power.shape == (513,)
        self._hops += 1
        return (np.float32(self.settings.amount), self._hops, "a\nb")  # type: ignore[return-value]


class Tape(ClosesItself):
    """A source that does what the test says after a few blocks."""

    name = "tape"
    sample_rate: Any = 44100

    def __init__(self, what: str) -> None:
        self._what = what
        self._closed = threading.Event()
        self._asked = False

    @property
    def title(self) -> str:  # type: ignore[override]
        if self._asked and self._what == "title":
            BLOCKED.wait()
            return "B side"
        self._asked = True
        return ""

    def blocks(self) -> Iterator[AudioBlock]:
        for number in range(5):
            yield AudioBlock(signals.tone(440.0, 0.01, rate=44100)[:, None], number * 0.01)
        if self._what == "raise":
            raise RuntimeError("the tape broke")
        if self._what == "shape":
            yield AudioBlock(np.zeros((3, 3, 3), np.float32), 0.05)
        if self._what == "whole":
            yield AudioBlock(np.full((441, 1), -32000, np.int16), 0.05)
        if self._what == "rate":
            self.sample_rate = "fast"
        if self._what == "end":
            return
        block = np.full((441, 1), np.nan if self._what == "nan" else 0.0, np.float32)
        yield AudioBlock(block, 0.05)
        while self._what == "race":
            yield AudioBlock(block, 0.05)
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()


@dataclass(frozen=True, slots=True)
class TapeSettings:
    what: str = setting("hold", "what happens after a few blocks")


class TapeInput:
    Settings = TapeSettings

    @staticmethod
    def open(rest: str, settings: TapeSettings, host: InputHost) -> AudioSource:
        if rest == "missing":
            raise AudioError("tape:missing: there is none; put one in")
        if rest == "stuck":
            BLOCKED.wait()
        if rest == "jammed":
            raise ZeroDivisionError("by nothing")
        return Tape(rest or settings.what)


def registry(**named: object) -> Registry:
    """Ours, and these as a stranger's: inputs by ``tape``, all others extractors."""

    class Entry(EntryPoint):
        def load(self) -> Any:
            found = named[self.name]
            if isinstance(found, Exception):
                raise found
            return found

    def found(group: str) -> Iterable[EntryPoint]:
        groups = {name: "artgen.inputs" if name == "tape" else "artgen.extractors" for name in named}
        return [*own(group), *(Entry(name, "somewhere:thing", of) for name, of in groups.items() if of == group)]

    return Registry(KINDS, found)


class Show:
    """A daemon on a thread, and who listens to it."""

    def __init__(self, listener: Capture, known: Registry, source: str = "demo") -> None:
        self.port, self.query, self.web = free_port(), free_port(), free_port()
        flags = {"audio.input": source, "audio.mute": True, "osc.targets": [f"127.0.0.1:{listener.port}"]}
        flags |= {"osc.port": self.port, "osc.query_port": self.query, "web.port": self.web}
        self.daemon = Daemon(ConfigFile(None, flags, known))
        self.listener = listener
        self.values: dict[str, Any] = {}
        self.hops = 0
        self.thread = threading.Thread(target=self.daemon.run)
        self.thread.start()

    def hear(self) -> dict[str, Any]:
        """The newest values by address."""
        for _, message in self.listener.read(0.05):
            self.values[message.path] = message.arguments[0]
            self.hops += message.path == "/artgen/energy"
        return self.values

    def goes_on(self) -> None:
        """Wait until hops come again."""
        self.hear()
        before = self.hops
        wait_for(lambda: self.hear() and self.hops > before + 20, what="hops")
        assert self.thread.is_alive()


@contextmanager
def show(known: Registry, source: str = "demo") -> Iterator[Show]:
    with capture() as listener:
        running = Show(listener, known, source)
        try:
            yield running
        finally:
            running.daemon.stop()
            running.thread.join(20)
            assert not running.thread.is_alive()


def test_an_added_extractor_is_heard_everywhere_and_steered() -> None:
    with show(registry(steady=Steady)) as running:
        wait_for(lambda: running.hear().get("/artgen/x/steady/hops", 0) > 10, what="its values by OSC")
        assert running.values["/artgen/x/steady/amount"] == pytest.approx(0.5)
        assert running.values["/artgen/x/steady/word"] == "a\\nb"

        def queried() -> Any:
            address = f"http://127.0.0.1:{running.query}/artgen/x/steady/amount"
            with urllib.request.urlopen(address, timeout=20) as answer:
                return json.load(answer)["VALUE"][0]

        assert queried() == pytest.approx(0.5)
        client = SimpleUDPClient("127.0.0.1", running.port)
        client.send_message("/artgen/control/x/steady/amount", 0.25)
        client._sock.close()
        wait_for(lambda: running.hear()["/artgen/x/steady/amount"] == 0.25, what="what it was set to")
        wait_for(lambda: queried() == 0.25, what="OSCQuery")
        assert running.daemon.config.plugin["steady"].amount == 0.25
        with connect(f"ws://127.0.0.1:{running.web}/json") as page:
            told: dict[str, Any] = {}
            wait_for(
                lambda: told.update(json.loads(page.recv(20))) or told.get("/artgen/x/steady/hops"), what="the page"
            )
            assert told["/artgen/x/steady/amount"] == 0.25
        wait_for(lambda: "/artgen/status/plugins" in running.hear(), what="the status")
        assert running.values["/artgen/status/plugins"] == ""


@pytest.mark.parametrize("broken", [Broken, NoNumber, OutOfRange, TooMany, Nothing, Writes, Slow, Blocks])
def test_a_broken_extractor_is_named_and_the_show_goes_on(broken: type[Broken]) -> None:
    with show(registry(broken=broken, steady=Steady)) as running:
        wait_for(lambda: "extractor broken: " in running.hear().get("/artgen/status/plugins", ""), what="its name")
        running.goes_on()
        assert running.values["/artgen/x/broken/value"] == 0.75, "the last good value is kept"
        before = running.values["/artgen/x/steady/hops"]
        wait_for(lambda: running.hear()["/artgen/x/steady/hops"] > before + 10, what="the one beside it")
        wait_for(lambda: running.hear()["/artgen/status/dropped"] >= 10, what="the count")


@pytest.mark.parametrize("broken", [ImportError("no such module"), NeverMade, 7])
def test_an_extractor_that_cant_be_made_is_named_and_the_show_starts(broken: object) -> None:
    with show(registry(broken=broken)) as running:
        wait_for(lambda: "extractor broken: " in running.hear().get("/artgen/status/plugins", ""), what="its name")
        running.goes_on()
        assert "/artgen/x/broken/value" not in running.values


def test_an_extractor_that_takes_long_to_be_made_joins_the_show_then() -> None:
    with show(registry(broken=BlocksWhileMade, steady=Steady)) as running:
        wait_for(lambda: "extractor broken: " in running.hear().get("/artgen/status/plugins", ""), what="its name")
        running.goes_on()
        assert "/artgen/x/broken/value" not in running.values and running.values["/artgen/x/steady/hops"] > 0
        BLOCKED.set()
        wait_for(lambda: running.hear().get("/artgen/x/broken/value") == 0.75, what="its values")


def test_an_added_input_that_is_never_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artgen_osc.audio.isolation.OPENING_S", 0.1)
    with show(registry(tape=TapeInput)) as running:
        running.daemon.receiver.put(encode_message("/artgen/control/input", "s", "tape:stuck"), "127.0.0.1")
        wait_for(lambda: "hasn't been opened" in running.hear().get("/artgen/status/refusal", ""), what="the refusal")
        running.goes_on()
        wait_for(lambda: running.hear().get("/artgen/status/plugins", "").startswith("input tape: "), what="its name")


def test_an_input_that_asks_somebody_for_its_title_holds_nobody_up() -> None:
    with show(registry(tape=TapeInput), "tape:title") as running:
        running.goes_on()
        wait_for(lambda: running.hear().get("/artgen/title") == "", what="no title")
        BLOCKED.set()
        wait_for(lambda: running.hear()["/artgen/title"] == "B side", what="the title")


@pytest.mark.parametrize("what", ["missing", "jammed"])
def test_an_added_input_that_cant_be_opened_is_refused(what: str) -> None:
    with show(registry(tape=TapeInput)) as running:
        running.daemon.receiver.put(encode_message("/artgen/control/input", "s", f"tape:{what}"), "127.0.0.1")
        wait_for(lambda: f"tape:{what}: " in running.hear().get("/artgen/status/refusal", ""), what="the refusal")
        running.goes_on()
        assert running.daemon.source.name == "demo"
        wait_for(lambda: running.hear().get("/artgen/status/plugins", "").startswith("input tape: "), what="its name")


@pytest.mark.parametrize("what", ["raise", "shape", "whole", "rate", "end"])
def test_an_added_input_that_breaks_off_gives_way_to_the_one_before(
    what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with show(registry(tape=TapeInput)) as running:
        running.daemon.receiver.put(encode_message("/artgen/control/input", "s", f"tape:{what}"), "127.0.0.1")
        wait_for(lambda: "tape" in caplog.text, what="the log")
        wait_for(lambda: running.daemon.source.name == "demo", what="the input before")
        running.goes_on()
        told = "" if what == "end" else "input tape: "
        wait_for(lambda: running.hear().get("/artgen/status/plugins", "?").startswith(told), what="the status")
    assert ("tape: has failed (" in caplog.text) == (what != "end")


def test_a_show_that_begins_with_an_input_that_breaks_off_opens_it_again(caplog: pytest.LogCaptureFixture) -> None:
    with show(registry(tape=TapeInput), "tape:raise") as running:
        wait_for(lambda: caplog.text.count("tape: has failed (unexpected RuntimeError: the tape broke)") >= 2)
        running.goes_on()


@pytest.mark.parametrize("what", ["hold", "nan", "race"])
def test_an_input_that_delivers_nothing_or_too_much_blocks_nothing(what: str) -> None:
    with show(registry(tape=TapeInput), "tape" if what == "hold" else f"tape:{what}") as running:
        running.goes_on()
        running.goes_on()
        assert running.values["/artgen/level_db"] <= 0.0
        start, before = time.monotonic(), running.hops
        running.goes_on()
        assert running.hops - before < 3.0 * 86 * (time.monotonic() - start) + 40, "no faster than the music"


def test_an_input_that_isnt_installed_or_cant_be_loaded_is_told() -> None:
    known = registry(tape=ImportError("no such module"))
    with pytest.raises(AudioError, match=r"input tape: can't be loaded \(ImportError: no such module\)"):
        open_source("tape:x", registry=known)
    with pytest.raises(AudioError, match=r"'taep' isn't known; did you mean tape\?; there are browser, demo, device"):
        open_source("taep", registry=known)
    assert known.troubles(("input",)) == "input tape: ImportError: no such module"
    known = registry(tape=TapeInput)
    known.switch_off(["tape"])
    with pytest.raises(AudioError, match="input tape: is switched off"):
        open_source("tape", registry=known)


def test_a_source_without_a_rate_is_none() -> None:
    class Rateless(Tape):
        sample_rate = None

    with pytest.raises(AudioError, match="is no sample rate"):
        IsolatedSource("tape", Rateless("hold"), Plugin("input", "tape", "", ""))


def test_ours_run_first_in_a_stated_order_and_every_one_is_used() -> None:
    known = registry(aaa=Steady)
    assert set(ORDER) == {plugin.name for plugin in known.plugins("extractor")} - {"aaa"}
    extractors = Extractors(known)
    assert [one.name for one in extractors._all] == [*ORDER, "aaa"]
    extractors.close()


def test_an_event_of_the_past_is_not_told_again() -> None:
    class Pulse(Broken):
        outputs = (Address("/artgen/x/broken/hit", "float", "a hit", pulse=True),)

        def hop(self, hop: Hop) -> Sequence[Value]:
            self._hops += 1
            return [1.0] if self._hops == 1 else self.fail(hop)

    known = registry(broken=Pulse)
    analyzer = Analyzer(RATE, extractors=Extractors(known))
    heard = analyzer.hear(np.zeros(HOP_LENGTH * 80, np.float32))
    assert [hop.extra[0][1] for hop in heard][:3] == [1.0, 0.0, 0.0]
    assert known.plugin("extractor", "broken").state is State.ENDED
    assert len(heard) == 80 and BUDGET_S < HOP_TIME
    analyzer.extractors.close()


class KeepsCounts(Broken):
    """Has what ours count by, and means something else by it."""

    failures = ("one", "two")

    @property
    def overtaken(self) -> int:
        raise OSError("not now")


def test_the_counts_of_ours_alone_are_told() -> None:
    extractors = Extractors(registry(broken=KeepsCounts), names=("level", "broken"))
    assert (extractors.failures, extractors.overtaken) == (0, 0)
