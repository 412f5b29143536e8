"""The daemon in its loop, steered over OSC."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from artgen_osc.analysis.features import RhythmSettings
from artgen_osc.audio.sources import AudioSource, open_source
from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.app import Daemon
from artgen_osc.errors import ArtgenError
from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import Capture, capture
from tests import show_table
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.waiting import hear, wait_for

pytestmark = pytest.mark.slow

VALENCE, ENERGY, LEVEL, CENTROID = "/artgen/valence", "/artgen/energy", "/artgen/level_db", "/artgen/centroid_hz"
REFUSED = "/artgen/status/refused"
SECOND = 86
"""So many hops; what is told each hop is counted instead of timed."""


class Show:
    """A daemon with a show file, and its listener."""

    def __init__(self, listener: Capture, show_file: Path) -> None:
        self.targets = f'[osc]\ntargets = ["127.0.0.1:{listener.port}"]\n'
        show_file.write_text(self.targets)
        self.file = show_file
        self.listener = listener
        self.running = RunningDaemon(file=show_file)
        self.daemon, self.send = self.running.daemon, self.running.send

    def until(self, *conditions: tuple[str, Callable[[Any], object]]) -> list[Message]:
        """Everything that is heard until each of these addresses has had a value that is right."""
        return hear(
            self.listener,
            lambda heard: all(any(map(right, values(heard, path))) for path, right in conditions),
            what=" and ".join(path for path, _ in conditions),
        )

    def next(self, path: str, count: int) -> list[Any]:
        """So many values, or more, from now on."""
        return values(hear(self.listener, lambda heard: len(values(heard, path)) >= count, what=path), path)


def values(messages: list[Message], path: str) -> list[Any]:
    return [message.arguments[0] for message in messages if message.path == path]


def near(wanted: float, **tolerance: float) -> Callable[[Any], bool]:
    return lambda value: bool(value == pytest.approx(wanted, **tolerance or {"abs": 0.02}))


def until_quiet(port: Capture) -> list[Message]:
    """What comes until, for half a second, nothing comes."""
    heard: list[Message] = []

    def ends() -> bool:
        more = [message for _, message in port.read(0.5)]
        heard.extend(more)
        return not more

    wait_for(ends, what="silence")
    return heard


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    with capture() as listener:
        show = Show(listener, tmp_path / "show.toml")
        with show.running:
            yield show


def test_manual_mood_smoothing_and_freeze(show: Show) -> None:
    show.send("/artgen/control/smoothing", 0.1)
    show.send("/artgen/control/mood/manual", 1)
    show.send("/artgen/control/mood/valence", 0.9)
    show.send("/artgen/control/mood/energy", 0.1)
    show.until((VALENCE, near(0.9)), (ENERGY, near(0.1)))
    show.until((VALENCE, near(0.9)))
    show.send("/artgen/control/freeze", 1)
    show.send("/artgen/control/mood/valence", 0.2)
    wait_for(lambda: show.daemon.config.plugin["mood"].valence == pytest.approx(0.2), what="the message")
    assert all(map(near(0.9), show.next(VALENCE, SECOND)))
    show.send("/artgen/control/freeze", 0)
    show.until((VALENCE, near(0.2)))


def test_gain(show: Show) -> None:
    before = max(show.next(LEVEL, 3 * SECOND))
    show.send("/artgen/control/gain_db", -40.0)
    wait_for(lambda: show.daemon.config.audio.gain_db == -40.0, what="the message")
    after = max(show.next(LEVEL, 3 * SECOND)[SECOND:])
    assert after < before - 25


def test_targets_come_and_go(show: Show) -> None:
    with capture() as other:
        show.send("/artgen/control/target/add", f"127.0.0.1:{other.port}")
        hear(other, lambda heard: len(heard) > 100)
        show.send("/artgen/control/target/remove", f"127.0.0.1:{other.port}")
        until_quiet(other)
    assert show.next(VALENCE, SECOND)


def test_a_subscription_goes_to_the_sender_and_changes_no_setting(show: Show) -> None:
    with capture() as other:
        show.send("/artgen/control/subscribe", f"{other.port},rate=20,lease=2")
        heard = hear(other, bool)
        heard += until_quiet(other)
        assert 20 < len(values(heard, VALENCE)) < 53
        show.send("/artgen/control/subscribe", f"{other.port}")
        hear(other, bool)
        show.send("/artgen/control/unsubscribe", f"{other.port}")
        until_quiet(other)
    assert show.daemon.sender.targets == show.daemon.config.osc.targets
    assert len(show.daemon.config.osc.targets) == 1


def test_maps_follow_the_show_file_and_a_bad_one_changes_nothing(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    with capture() as other:
        row = f'[[map]]\nfrom = "level_db"\ntarget = "{other.port}"\n'
        show.file.write_text(show.targets + row + 'to = "/lamp"\n')
        assert {message.path for message in hear(other, lambda heard: len(heard) > SECOND)} == {"/lamp"}
        show.file.write_text(show.targets + row + 'to = "lamp"\n')
        wait_for(lambda: caplog.records, what="a word about it")
        assert {message.path for message in hear(other, lambda heard: len(heard) > SECOND)} == {"/lamp"}
        show.file.write_text(show.targets)
        until_quiet(other)
    assert show.next(VALENCE, SECOND)


def test_input_is_switched_and_a_bad_one_changes_nothing(show: Show, tmp_path: Path) -> None:
    tone = tmp_path / "tone.wav"
    soundfile.write(tone, 0.5 * np.sin(2 * np.pi * 3000 * np.arange(48000 * 20) / 48000), 48000)
    before = show.daemon.source
    for number, bad in enumerate((f"file:{tmp_path / 'nothing.wav'}", "tape"), 1):
        show.send("/artgen/control/input", bad)
        wait_for(lambda number=number: show.daemon.receiver.refused == number, what="the refusal")
    assert show.daemon.source is before
    assert show.next(CENTROID, SECOND)[-1] != pytest.approx(3000, rel=0.05)
    show.send("/artgen/control/input", f"file:{tone}")
    wait_for(lambda: show.daemon.source is not before, what="the file")
    assert show.next(CENTROID, 2 * SECOND)[-1] == pytest.approx(3000, rel=0.05)
    assert show.next("/artgen/status/dropped", 2)[-1] >= show.next(REFUSED, 1)[-1] == 2


def test_the_show_goes_on_while_an_input_is_opened(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, opened = threading.Event(), threading.Event()

    def slow(spec: str, **options: Any) -> AudioSource:
        begun.set()
        assert opened.wait(60)
        return open_source(spec, **options)

    monkeypatch.setattr("artgen_osc.daemon.app.open_source", slow)
    before = show.daemon.source
    show.send("/artgen/control/input", "demo")
    assert begun.wait(30)
    assert show.next(ENERGY, 2 * SECOND)
    assert show.daemon.source is before
    opened.set()
    wait_for(lambda: show.daemon.source is not before, what="the other input")


def test_a_file_that_was_switched_to_ends_and_the_show_goes_on(show: Show, tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(48000), 48000)
    show.send("/artgen/control/input", f"file:{short}")
    show.until(("/artgen/status/input", lambda name: name == "file:short.wav"))
    show.until(("/artgen/status/input", lambda name: name == "demo"))
    show.until((LEVEL, lambda level: level > -100))


@pytest.mark.parametrize(
    "value", ["x" * 300, "file:" + "x" * 300, "file:a\nb", "file:..", "file:/dev/zero", "url:http://["]
)
def test_an_odd_input_is_counted_told_and_changes_nothing(show: Show, value: str) -> None:
    before = show.daemon.source
    show.send("/artgen/control/input", value)
    refusals = values(show.until(("/artgen/status/refusal", bool)), "/artgen/status/refusal")
    assert refusals[-1].startswith("/artgen/control/input: ")
    assert show.daemon.source is before and show.daemon.receiver.refused == 1


def test_a_message_that_fails_unexpectedly_ends_nothing(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(show.daemon.sender, "subscribe", fail)
    show.send("/artgen/control/subscribe", "9000")
    show.until((REFUSED, lambda refused: refused == 1))
    assert "RuntimeError: nobody foresaw this" in str(show.daemon.receiver.refusals[-1])


def test_the_show_tells_what_it_hears(show: Show) -> None:
    status = {"input": lambda name: name == "demo", "page": lambda page: page == "", "silent": lambda s: s < 1.0}
    show.until(*((f"/artgen/status/{name}", right) for name, right in status.items()))


def test_rhythm_and_harmony_are_sent_and_steered(show: Show) -> None:
    show.send("/artgen/control/beat/octave", 1)
    show.send("/artgen/control/beat/lead", 0.1)
    rows = {row.path for row in show_table.SENT}
    messages = hear(
        show.listener,
        lambda heard: len(values(heard, ENERGY)) > 4 * SECOND and rows <= {message.path for message in heard},
        what="every address",
    )
    assert show.daemon.config.plugin["rhythm"] == RhythmSettings(pytest.approx(0.1), 1)
    keys, seconds = values(messages, "/artgen/key"), len(values(messages, ENERGY)) / SECOND
    assert 7.5 < len(keys) / seconds < 15 and keys[-1].split()[1] in ("major", "minor")


def test_taps_reach_the_rhythm(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    show.send("/artgen/control/beat/octave", 0)
    taps: list[float] = []  # as they arrive: between two sleeps more than the time asked for may go by
    heard = show.daemon.hearing.extractors
    tap = heard.tap
    monkeypatch.setattr(heard, "tap", lambda at: (taps.append(at), tap(at)))
    for count in range(1, 5):
        show.send("/artgen/control/beat/tap", 1)
        show.send("/artgen/control/beat/tap", 0)
        wait_for(lambda count=count: len(taps) == count, what="the tap")
        time.sleep(0.6)
    show.until(("/artgen/tempo_bpm", near(60.0 / float(np.median(np.diff(taps))), rel=0.15)))


def test_a_device_may_come_back_with_another_rate(show: Show) -> None:
    show.send("/artgen/control/smoothing", 0.1)
    assert show.next(VALENCE, SECOND)
    source = show.daemon.source
    source.sample_rate = source.sample_rate * 2
    wait_for(lambda: show.daemon.hearing.sample_rate == source.sample_rate, what="the other rate")
    assert show.next(VALENCE, SECOND)


def test_bad_control_is_counted(show: Show) -> None:
    for path, value in (("/artgen/control/gain_db", 99.0), ("/artgen/control/gain", 1.0), ("/visuals/seed", 1)):
        show.send(path, value)
    show.send("/artgen/control/target/add", "nowhere")
    show.until((REFUSED, lambda refused: refused == 4))
    assert show.next("/artgen/status/dropped", 2)[-1] >= show.next(REFUSED, 1)[-1] == 4


def test_a_saved_show_file_is_obeyed_and_a_bad_edit_is_not(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    show.file.write_text(show.targets + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 0.8\n")
    show.until((VALENCE, near(0.8)))
    show.file.write_text(show.targets + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 8\n")
    wait_for(lambda: caplog.records, what="a word about it")
    assert show.next(VALENCE, SECOND)[-1] == pytest.approx(0.8, abs=0.02)


def test_a_setting_that_can_not_be_followed_keeps_no_other_back(show: Show) -> None:
    nowhere = show.targets.replace('"]', '", "nowhere"]')
    show.file.write_text(nowhere + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 0.8\n")
    show.until((VALENCE, near(0.8)))


def test_what_counts_from_the_next_start_is_said(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    show.file.write_text(show.targets + "[mood]\nmanual = true\nmodel = 'other.onnx'\n[visuals]\nwidth = 640\n")
    wait_for(lambda: caplog.records, what="a word about it")
    show.listener.read(1.5)  # it looks at the file again
    assert [record.getMessage() for record in caplog.records] == ["mood.model: counts from the next start on"]


def test_latency_is_that_of_a_block(show: Show) -> None:
    assert 1.0 < min(show.next("/artgen/status/latency_ms", 3)[1:]) < 1000.0


def test_ends_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.zeros(22050), 44100)
    flags = {
        "audio.input": f"file:{path}",
        "audio.mute": True,
        "osc.port": free_port(),
        "osc.query_port": 0,
        "web.port": 0,
    }
    settings = ConfigFile(None, flags)
    start = time.monotonic()
    assert Daemon(settings).run() == 0
    assert 0.4 < time.monotonic() - start < 10


def test_a_failing_start_frees_the_port(tmp_path: Path) -> None:
    bad = ConfigFile(None, {"audio.input": "tape", "osc.port": free_port(), "osc.query_port": 0, "web.port": 0})
    for _ in range(2):
        with pytest.raises(ArtgenError, match="'tape' isn't known"):
            Daemon(bad)


def test_a_monitor_is_told_what_comes_in_and_what_was_refused(show: Show) -> None:
    with capture() as monitor:
        show.send("/artgen/control/subscribe", f"127.0.0.1:{monitor.port},echo,lease=30")
        hear(monitor, bool)
        show.send("/artgen/control/gain_db", -3.0)
        show.send("/artgen/control/gain_bd", 1.0)
        show.send("/artgen/control/gain_db", 99.0)
        heard = hear(monitor, lambda heard: values(heard, REFUSED)[-1:] == [2] and len(told(heard)) > 1)
        assert values(heard, "/artgen/control/gain_db") == [-3.0]
        assert "/artgen/control/gain_bd: unknown address" in told(heard)
        assert "/artgen/control/gain_db: 99 is outside -60..60" in told(heard)
        assert not [message for _, message in show.listener.read(0.5) if message.path.startswith("/artgen/control/")]


def told(messages: list[Message]) -> set[str]:
    """What was said of refusals."""
    return {*filter(None, values(messages, "/artgen/status/refusal"))}
