"""The recording as an output: it begins and ends while it plays, names nothing over, and harms nobody."""

import errno
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from artgen_osc.config.plugins import own_contract
from artgen_osc.errors import OutputError
from artgen_osc.schema.sound import Sound
from tests.outputs.films import in_a_process, lengths, times
from tests.support.shows import a_show
from tests.support.waiting import wait_for
from visuals.outputs import record
from visuals.outputs.ear import Ear
from visuals.outputs.film_names import create_new, dated
from visuals.outputs.kind import OutputHost
from visuals.outputs.record import RecordOutput, RecordSettings
from visuals.outputs.recorder import Counted
from visuals.testing.outputs import default_host

pytestmark = pytest.mark.slow

GREY = np.full((36, 64, 3), 100, np.uint8)


def is_whole(film: Path) -> bool:
    """Whether it has been finished: one that isn't, in fragments, doesn't say how many frames it has."""
    with av.open(film) as container:
        return container.streams.video[0].frames > 0


class Show:
    """A loop around one output."""

    def __init__(self, settings: RecordSettings, ear: Ear | None = None) -> None:
        self.host: OutputHost = replace(default_host(), ear=ear)
        self.host.showing.size = 64, 36
        self.host.showing.began = self.began = time.monotonic()
        self.output = RecordOutput(settings, self.host)
        self.given = 0

    def turn(self) -> None:
        now = time.monotonic() - self.began
        self.output.prepare(now)
        size = self.output.wants(now)
        if size is not None:
            channels = 4 if self.output.alpha else 3
            self.output.take(np.full((size[1], size[0], channels), self.given % 200, np.uint8), now)
            self.given += 1

    def until(self, condition: Callable[[], object], what: str) -> None:
        wait_for(lambda: (self.turn(), condition())[1], 60.0, what, lambda: self.output.state)

    def set(self, **settings: Any) -> None:
        self.output.settings = replace(self.output.settings, **settings)


@contextmanager
def show(folder: Path, ear: Ear | None = None, **settings: Any) -> Iterator[Show]:
    made = Show(RecordSettings(**{"file": str(folder / "film.mp4"), **settings}), ear)
    with closing(made.output):
        yield made


def test_a_film_begins_and_ends_while_it_plays_and_is_told_of(tmp_path: Path) -> None:
    with show(tmp_path) as playing:
        playing.until(lambda: playing.output.state == "off", "nothing")
        playing.set(on=True)
        playing.until(lambda: playing.output.seconds >= 2.0, "two seconds")
        assert (playing.output.state, playing.output.film) == ("recording", "film.mp4")
        playing.set(on=False)
        playing.until(lambda: playing.output.state == "off", "the end")
        assert playing.output.size_mb == pytest.approx((tmp_path / "film.mp4").stat().st_size / 1e6, rel=0.5)
        playing.set(on=True)
        playing.until(lambda: playing.output.film == "film-2.mp4" and playing.output.seconds > 0.5, "the second film")
    for name in ("film.mp4", "film-2.mp4"):
        with av.open(tmp_path / name) as container:
            assert [one.type for one in container.streams] == ["video"], "no daemon, no sound"
        assert np.allclose(np.diff(times(tmp_path / name)), 1 / 30, atol=1e-6)
    assert set(tmp_path.iterdir()) == {tmp_path / "film.mp4", tmp_path / "film-2.mp4"}


def test_a_film_has_the_sound_of_the_daemon(tmp_path: Path) -> None:
    ear = Ear()
    with show(tmp_path, ear, on=True) as playing:
        heard = playing.began

        def hear() -> bool:
            nonlocal heard
            while heard < time.monotonic():
                tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(441) / 44100)
                ear.feed(Sound(tone[:, None].astype(np.float32), 44100, heard).pack())
                heard += 0.01
            return playing.output.seconds >= 3.0

        playing.until(hear, "three seconds")
        playing.set(on=False)
        playing.until(lambda: hear() and playing.output.state == "off", "the end")
    picture, sound = lengths(tmp_path / "film.mp4")
    assert picture >= 3.0 and sound == pytest.approx(picture, abs=0.1)
    with av.open(tmp_path / "film.mp4") as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    assert np.sqrt(np.mean(samples[4800 : round(2.5 * 48000)] ** 2)) == pytest.approx(0.354, abs=0.04)


@pytest.mark.parametrize(("alpha", "name"), [(True, "film.mov"), (True, "film.webm"), (False, "film.mkv")])
def test_every_form_is_written_at_its_own_size_and_rate(tmp_path: Path, alpha: bool, name: str) -> None:
    wanted = {"alpha": alpha, "width": 99, "height": 51, "fps": 25.0, "bit_rate": 1.0}
    with show(tmp_path, on=True, file=str(tmp_path / name), **wanted) as playing:
        playing.until(lambda: playing.output.seconds >= 1.0, "a second")
    with av.open(tmp_path / name) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (98, 50, 25), "sides are even"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"file": "{tmp}/none/film.mp4"}, "none/film.mp4: can't be written (there is no folder"),
        ({"file": "{tmp}/file/film.mp4"}, "can't be written (there is no folder"),
        ({"alpha": True}, "film.mp4: can't keep what is transparent; end it in .mov, .webm"),
    ],
)
def test_what_cannot_be_written_is_one_line_and_the_show_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, settings: dict[str, Any], says: str
) -> None:
    (tmp_path / "file").touch()
    given = {key: value.replace("{tmp}", str(tmp_path)) if key == "file" else value for key, value in settings.items()}
    with show(tmp_path, on=True, **given) as playing:
        playing.until(lambda: says in playing.output.state, "the reason")
        playing.until(lambda: not playing.output.wants(1e6), "no more frames")
        wait_for(lambda: warnings(caplog), what="a line")
        playing.set(on=False)
        playing.set(on=True, file=str(tmp_path / "good.mp4"), alpha=False)
        playing.output.settings = replace(playing.output.settings, on=False)
        playing.turn()
        playing.set(on=True)
        playing.until(lambda: playing.output.seconds > 0.5 and playing.output.film == "good.mp4", "the next one")
    assert [one.name for one in tmp_path.iterdir() if one.suffix] == ["good.mp4"]
    assert len(warnings(caplog)) == 1


def test_without_pyav_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record.importlib.util, "find_spec", lambda name: None)
    with show(tmp_path, on=True) as playing:
        playing.turn()
        assert playing.output.state == record.PYAV and playing.output.wants(1.0) is None
    assert [one.getMessage() for one in caplog.records] == [f"{record.PYAV}; the show goes on without it"]


def test_a_disk_that_is_full_leaves_a_film_that_plays(tmp_path: Path) -> None:
    done = in_a_process(
        "import logging, resource, sys, time; from pathlib import Path; from tests.outputs.test_record import *\n"
        "logging.basicConfig(level=logging.WARNING)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))\n"
        "noise = np.random.default_rng(0)\n"
        "with show(Path(sys.argv[1]), on=True, width=128, height=72) as playing:\n"
        "    playing.output.take, taken = lambda frame, now: taken(noise.integers(0, 255, frame.shape, np.uint8), now),"
        " playing.output.take\n"
        "    playing.until(lambda: 'written' in playing.output.state, 'the failure')\n"
        "    print(playing.output.state, playing.output.seconds, sep='|')\n",
        str(tmp_path),
    )
    state, seconds = done.stdout.strip().split("|")
    assert state.startswith("film.mp4: can't be written (File too large)"), done.stderr
    assert done.stderr.count("\n") == 1 and "the show goes on" in done.stderr
    assert times(tmp_path / "film.mp4")[-1] > float(seconds) - 2.0


def test_after_a_failure_nothing_is_written_over_what_plays() -> None:
    written: list[bytes] = []

    class Full:
        def write(self, data: memoryview) -> int:
            if written:
                raise OSError(errno.ENOSPC, "No space left on device")
            written.append(bytes(data[:3]))
            return 3

        def tell(self) -> int:
            return 3

        seek = tell

    file = Counted(Full())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space"):
        file.write(b"abcdef")
    assert file.write(b"the end of the film") == 19
    assert written == [b"abc"]


def test_a_writer_that_is_stuck_costs_its_own_frames_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from visuals.outputs import recording

    stuck, write_all = threading.Event(), recording.write_all
    monkeypatch.setattr(recording, "write_all", lambda pipe, data: (stuck.wait(), write_all(pipe, data)))
    stuck.set()
    with show(tmp_path, on=True) as playing:
        playing.until(lambda: playing.given > 3, "frames")
        stuck.clear()
        playing.until(lambda: playing.output.dropped > 20, "lost frames")
        longest = []
        for _ in range(20):
            start = time.perf_counter()
            playing.turn()
            longest.append(time.perf_counter() - start)
        assert sorted(longest)[10] < 0.002
        stuck.set()
        seconds = playing.output.seconds
        playing.until(lambda: playing.output.seconds > seconds + 0.5, "the film to go on")
    assert np.diff(times(tmp_path / "film.mp4")).max() < 2.5


def test_names_have_the_date_in_them_and_none_is_taken_twice(tmp_path: Path) -> None:
    assert dated("%Y-%m-%d %H.%M.%S 100%.mp4", datetime(2026, 5, 1, 20, 5, 9)) == "2026-05-01 20.05.09 100%.mp4"
    said: list[str] = []
    (tmp_path / "a.mp4").mkdir()
    for number in (2, 3):
        path, file = create_new(str(tmp_path / "a.mp4"), said.append)
        file.close()
        assert path.name == f"a-{number}.mp4"
    assert said[0] == f"{tmp_path / 'a.mp4'} is there already; a-2.mp4 is written"
    with pytest.raises(OutputError, match=r"no file can have this name"):
        create_new(str(tmp_path / "a\0.mp4"), said.append)
    with pytest.raises(OutputError, match=r"is too long a name; choose a shorter one"):
        create_new(str(tmp_path / f"{'a' * 300}.mp4"), said.append)


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes another way")
def test_ctrl_c_reaches_no_writer(tmp_path: Path) -> None:
    with show(tmp_path, on=True) as playing:
        playing.until(lambda: playing.output.state == "recording", "a film")
        assert os.getsid(playing.output.recording._process.pid) != os.getsid(0)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["film", "film.avi", "", "/dev/full", "recordings/", "a\0.mp4"])
def test_a_name_that_is_no_films_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"can't be the name of a film; end it in .mp4, .mov, .mkv, .webm"):
        own_contract().check("plugin.record.file", name)


@pytest.mark.parametrize("settings", [{}, {"alpha": True, "file": "film.mov"}])
def test_it_keeps_the_promises_of_an_output(
    conforms: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    conforms("output", RecordOutput, on=True, **settings)


def test_a_film_is_finished_though_its_show_was_killed(tmp_path: Path) -> None:
    done = in_a_process(
        "import os, signal, sys; from pathlib import Path; from tests.outputs.test_record import *\n"
        "with show(Path(sys.argv[1]), on=True) as playing:\n"
        "    playing.until(lambda: playing.output.seconds > 3.0, 'three seconds')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        str(tmp_path),
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    film = tmp_path / "film.mp4"
    wait_for(lambda: is_whole(film), what="the end")
    assert times(film)[-1] > 2.5


@pytest.mark.usefixtures("gl_context")
def test_a_show_is_recorded_with_what_is_seen_and_heard(tmp_path: Path) -> None:
    film = tmp_path / "show.mp4"
    size = ("--visuals-width=160", "--visuals-height=90", "--visuals-model=idle")
    with a_show("live", "--input=demo", f"--record={film}", *size, folder=tmp_path) as live:
        wait_for(lambda: film.exists() and film.stat().st_size > 60_000, 120.0, "a film", live.log.read_text)
    wait_for(lambda: is_whole(film), what="the writer's end")
    assert np.allclose(np.diff(times(film)), 1 / 30, atol=1e-6)
    picture, sound = lengths(film)
    assert picture > 1.0 and sound == pytest.approx(picture, abs=0.1)
    with av.open(film) as container:
        assert [*container.decode(video=0)][-1].to_ndarray(format="gray").mean() > 10.0
    with av.open(film) as container:
        assert max(np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0)) > 0.01
