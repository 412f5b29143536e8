"""The daemon in its loop, steered over OSC."""

import itertools
import threading
import time
from collections.abc import Iterator
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
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


class Show:
    """A daemon with a show file, and its listener."""

    def __init__(self, listener: Capture, show_file: Path) -> None:
        self.targets = f'[osc]\ntargets = ["127.0.0.1:{listener.port}"]\n'
        show_file.write_text(self.targets)
        self.file = show_file
        self.listener = listener
        self.running = RunningDaemon(file=show_file)
        self.daemon, self.send = self.running.daemon, self.running.send

    def hear(self, seconds: float) -> list[Message]:
        return [message for _, message in self.listener.read(seconds)]

    def last(self, path: str, seconds: float = 0.5) -> float:
        """The newest value after `seconds`, or on a machine that is held up, the first after that."""
        deadline = time.monotonic() + 10.0
        while True:
            values = [message.arguments[0] for message in self.hear(seconds) if message.path == path]
            if values or time.monotonic() > deadline:
                return values[-1]


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
    show.hear(1.5)
    assert show.last("/artgen/valence") == pytest.approx(0.9, abs=0.02)
    assert show.last("/artgen/energy") == pytest.approx(0.1, abs=0.02)
    show.send("/artgen/control/freeze", 1)
    show.send("/artgen/control/mood/valence", 0.2)
    show.hear(1.0)
    assert show.last("/artgen/valence") == pytest.approx(0.9, abs=0.02)
    show.send("/artgen/control/freeze", 0)
    show.hear(1.0)
    assert show.last("/artgen/valence") == pytest.approx(0.2, abs=0.02)


def test_gain(show: Show) -> None:
    show.hear(1.5)
    before = max(m.arguments[0] for m in show.hear(2.0) if m.path == "/artgen/level_db")
    show.send("/artgen/control/gain_db", -40.0)
    show.hear(0.5)
    after = max(m.arguments[0] for m in show.hear(2.0) if m.path == "/artgen/level_db")
    assert after < before - 25


def test_targets_come_and_go(show: Show) -> None:
    with capture() as other:
        show.send("/artgen/control/target/add", f"127.0.0.1:{other.port}")
        assert len(other.read(1.0)) > 100
        show.send("/artgen/control/target/remove", f"127.0.0.1:{other.port}")
        other.read(0.5)
        assert not other.read(0.5)
    assert show.hear(0.3)


def test_a_subscription_goes_to_the_sender_and_changes_no_setting(show: Show) -> None:
    with capture() as other:
        show.send("/artgen/control/subscribe", f"{other.port},rate=20,lease=2")
        assert 20 < sum(message.path == "/artgen/valence" for _, message in other.read(1.5)) < 40
        other.read(1.5)
        assert not other.read(0.5)
        show.send("/artgen/control/subscribe", f"{other.port}")
        assert other.read(0.5)
        show.send("/artgen/control/unsubscribe", f"{other.port}")
        other.read(0.3)
        assert not other.read(0.3)
    assert show.daemon.sender.targets == show.daemon.config.osc.targets
    assert len(show.daemon.config.osc.targets) == 1


def test_maps_follow_the_show_file_and_a_bad_one_changes_nothing(show: Show) -> None:
    with capture() as other:
        row = f'[[map]]\nfrom = "level_db"\ntarget = "{other.port}"\n'
        show.file.write_text(show.targets + row + 'to = "/lamp"\n')
        show.hear(3.0)
        assert {message.path for _, message in other.read(0.5)} == {"/lamp"}
        show.file.write_text(show.targets + row + 'to = "lamp"\n')
        show.hear(3.0)
        other.read(0.1)
        assert {message.path for _, message in other.read(0.5)} == {"/lamp"}
        show.file.write_text(show.targets)
        show.hear(3.0)
        other.read(0.2)
        assert not other.read(0.5)
    assert show.hear(0.3)


def test_input_is_switched_and_a_bad_one_changes_nothing(show: Show, tmp_path: Path) -> None:
    tone = tmp_path / "tone.wav"
    soundfile.write(tone, 0.5 * np.sin(2 * np.pi * 3000 * np.arange(48000 * 20) / 48000), 48000)
    show.send("/artgen/control/input", f"file:{tmp_path / 'nothing.wav'}")
    show.hear(0.5)
    show.send("/artgen/control/input", "tape")
    show.hear(1.5)
    assert show.last("/artgen/centroid_hz") != pytest.approx(3000, rel=0.05)
    show.send("/artgen/control/input", f"file:{tone}")
    show.hear(1.0)
    assert show.last("/artgen/centroid_hz") == pytest.approx(3000, rel=0.05)
    assert show.last("/artgen/status/dropped", 1.5) == 2


def test_the_show_goes_on_while_an_input_is_opened(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = threading.Event()

    def slow(spec: str, **options: Any) -> AudioSource:
        opened.wait(10)
        return open_source(spec, **options)

    monkeypatch.setattr("artgen_osc.daemon.app.open_source", slow)
    before = show.daemon.source
    show.send("/artgen/control/input", "demo")
    hops = [time for time, message in show.listener.read(2.0) if message.path == "/artgen/energy"]
    assert max(later - earlier for earlier, later in itertools.pairwise(hops)) < 0.5
    assert show.daemon.source is before
    opened.set()
    show.hear(1.0)
    assert show.daemon.source is not before


def test_a_file_that_was_switched_to_ends_and_the_show_goes_on(show: Show, tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.zeros(48000), 48000)
    show.send("/artgen/control/input", f"file:{short}")
    names = []
    end = time.monotonic() + 10.0
    while names[-1:] != ["demo"] or "file:short.wav" not in names:
        assert time.monotonic() < end, names
        names += [m.arguments[0] for m in show.hear(0.3) if m.path == "/artgen/status/input"]
    assert show.last("/artgen/level_db", 1.0) > -100


@pytest.mark.parametrize(
    "value", ["x" * 300, "file:" + "x" * 300, "file:a\nb", "file:..", "file:/dev/zero", "url:http://["]
)
def test_an_odd_input_is_counted_told_and_changes_nothing(show: Show, value: str) -> None:
    before = show.daemon.source
    show.send("/artgen/control/input", value)
    refusals: list[str] = []
    end = time.monotonic() + 10.0
    while not any(refusals):
        assert time.monotonic() < end
        refusals += [str(m.arguments[0]) for m in show.hear(0.3) if m.path == "/artgen/status/refusal"]
    assert refusals[-1].startswith("/artgen/control/input: ")
    assert show.daemon.source is before and show.daemon.receiver.refused == 1


def test_a_message_that_fails_unexpectedly_ends_nothing(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(show.daemon.sender, "subscribe", fail)
    show.send("/artgen/control/subscribe", "9000")
    assert show.last("/artgen/status/refused", 1.5) == 1
    assert "RuntimeError: nobody foresaw this" in str(show.daemon.receiver.refusals[-1])


def test_the_show_tells_what_it_hears(show: Show) -> None:
    status = {message.path: message.arguments[0] for message in show.hear(2.0)}
    assert status["/artgen/status/input"] == "demo"
    assert status["/artgen/status/page"] == ""
    assert status["/artgen/status/silent"] < 1.0


def test_rhythm_and_harmony_are_sent_and_steered(show: Show) -> None:
    show.send("/artgen/control/beat/octave", 1)
    show.send("/artgen/control/beat/lead", 0.1)
    messages = show.hear(4.0)
    paths = {message.path for message in messages}
    assert {row.path for row in show_table.SENT} <= paths
    assert show.daemon.config.plugin["rhythm"] == RhythmSettings(pytest.approx(0.1), 1)
    keys = [message.arguments[0] for message in messages if message.path == "/artgen/key"]
    assert 30 < len(keys) < 60 and keys[-1].split()[1] in ("major", "minor")


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
    assert show.last("/artgen/tempo_bpm", 0.1) == pytest.approx(60.0 / np.median(np.diff(taps)), rel=0.15)


def test_a_device_may_come_back_with_another_rate(show: Show) -> None:
    show.send("/artgen/control/smoothing", 0.1)
    show.hear(1.0)
    source = show.daemon.source
    source.sample_rate = source.sample_rate * 2
    messages = show.hear(2.0)
    assert show.daemon.hearing.sample_rate == source.sample_rate
    assert sum(message.path == "/artgen/valence" for message in messages) > 10


def test_bad_control_is_counted(show: Show) -> None:
    for path, value in (("/artgen/control/gain_db", 99.0), ("/artgen/control/gain", 1.0), ("/visuals/seed", 1)):
        show.send(path, value)
    show.send("/artgen/control/target/add", "nowhere")
    show.hear(1.0)
    assert show.last("/artgen/status/dropped", 1.5) == 4


def test_a_saved_show_file_is_obeyed_and_a_bad_edit_is_not(show: Show) -> None:
    show.file.write_text(show.targets + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 0.8\n")
    show.hear(3.0)
    assert show.last("/artgen/valence") == pytest.approx(0.8, abs=0.02)
    show.file.write_text(show.targets + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 8\n")
    show.hear(3.0)
    assert show.last("/artgen/valence") == pytest.approx(0.8, abs=0.02)


def test_a_setting_that_can_not_be_followed_keeps_no_other_back(show: Show) -> None:
    nowhere = show.targets.replace('"]', '", "nowhere"]')
    show.file.write_text(nowhere + "[mood]\nsmoothing = 0.1\nmanual = true\nvalence = 0.8\n")
    show.hear(3.0)
    assert show.last("/artgen/valence") == pytest.approx(0.8, abs=0.02)


def test_what_counts_from_the_next_start_is_said(show: Show, caplog: pytest.LogCaptureFixture) -> None:
    show.file.write_text(show.targets + "[mood]\nmanual = true\nmodel = 'other.onnx'\n[visuals]\nwidth = 640\n")
    wait_for(lambda: caplog.records, what="a word about it")
    show.hear(1.5)  # it looks at the file again
    assert [record.getMessage() for record in caplog.records] == ["mood.model: counts from the next start on"]


def test_latency_is_that_of_a_block(show: Show) -> None:
    assert 1.0 < show.last("/artgen/status/latency_ms", 2.5) < 1000.0


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
        monitor.read(0.5)
        show.send("/artgen/control/gain_db", -3.0)
        show.send("/artgen/control/gain_bd", 1.0)
        show.send("/artgen/control/gain_db", 99.0)
        heard = [message for _, message in monitor.read(2.5)]
        assert [message.arguments for message in heard if message.path == "/artgen/control/gain_db"] == [(-3.0,)]
        refusals = [message.arguments[0] for message in heard if message.path == "/artgen/status/refusal"]
        assert "/artgen/control/gain_bd: unknown address" in refusals
        assert "/artgen/control/gain_db: 99 is outside -60..60" in refusals
        assert [message.arguments[0] for message in heard if message.path == "/artgen/status/refused"][-1] == 2
        assert not [message for message in show.hear(0.5) if message.path.startswith("/artgen/control/")]
