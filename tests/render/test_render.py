"""``artgen render``: each frame at its moment, with its sound, and the same every time."""

import json
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from artgen_osc.cli import main
from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.offline import analyze
from artgen_osc.errors import RenderError
from artgen_osc.osc.recording import Recording, read
from tests import show_table, signals
from tests.support.texts import is_told
from visuals.compositor.budget import FrameBudget, unhurried
from visuals.render import render as rendering
from visuals.render.render import Progress, render

pytestmark = pytest.mark.slow

RATE = 44100
SIZE, FPS = (96, 64), Fraction(24)
LENGTH = 1.75
SMALL = ("--size=96x64", "--fps=24", "--visuals-model=idle")


def settings(**visuals: Any) -> ConfigFile:
    return ConfigFile(None, {f"visuals.{name}": value for name, value in {"model": "idle", **visuals}.items()})


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, signals.song(LENGTH, RATE), RATE)
    return path


@pytest.fixture(scope="module")
def film(song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    done = render(settings(), str(song), path, size=SIZE, fps=FPS)
    assert (done.frames, done.duration) == (42, LENGTH)
    return path


def frames(path: Path) -> list[np.ndarray]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def sound(path: Path) -> tuple[np.ndarray, int]:
    """The sound as mono, from time 0 on, and its rate."""
    with av.open(path) as container:
        rate = container.streams.audio[0].rate
        pieces = [(float(frame.pts * frame.time_base), frame.to_ndarray()) for frame in container.decode(audio=0)]
    assert pieces[0][0] == pytest.approx(0.0, abs=0.001)
    return np.concatenate([piece for _, piece in pieces], axis=1).mean(axis=0), rate


def test_a_film_has_every_frame_its_sound_and_its_colours_named(film: Path) -> None:
    with av.open(film) as container:
        video = container.streams.video[0]
        assert (video.frames, video.average_rate, video.start_time) == (42, 24, 0)
        assert video.duration * video.time_base == Fraction(7, 4)
        context: Any = video.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        times = [frame.pts * frame.time_base for frame in container.decode(video=0)]
    assert times == [Fraction(index, 24) for index in range(42)]
    heard, rate = sound(film)
    assert len(heard) / rate == pytest.approx(LENGTH, abs=0.03)
    shown = frames(film)
    assert shown[0].mean() < 2.0 and shown[-1].mean() > 30.0  # fades in
    assert len({frame.tobytes() for frame in shown}) > 35


def test_it_is_the_same_to_the_bit_and_tells_its_progress(
    song: Path, film: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visuals.render.arguments.TELL_S", 0.0)
    again = tmp_path / "again.mp4"
    assert main(["render", str(song), "-o", str(again), "--json", *SMALL]) == 0
    assert again.read_bytes() == film.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.mp4"]
    *progress, result = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [told["frame"] for told in progress if told["frame"]] == list(range(1, 43))
    assert all(told["of"] == 42 and told["left"] >= 0.0 for told in progress if told["frame"])
    assert (result["output"], result["frames"], result["duration"]) == (str(again), 42, LENGTH)
    assert result["ratio"] == pytest.approx(result["took"] / LENGTH, abs=0.01)


def test_pictures_and_a_still_are_the_frames_before_they_are_encoded(song: Path, film: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "new" / "%04d.png"
    done = render(settings(), str(song), pictures, size=SIZE, fps=FPS, start=1.0, end=1.25)
    assert done.frames == 6
    written = sorted(pictures.parent.iterdir())
    assert [path.name for path in written] == [f"{index:04d}.png" for index in range(24, 30)]
    still = tmp_path / "still.png"
    render(settings(), str(song), still, size=SIZE, fps=FPS, still=27 / 24)
    assert still.read_bytes() == (pictures.parent / "0027.png").read_bytes()
    shown = frames(film)[24:30]
    for path, frame in zip(written, shown, strict=True):
        before = np.asarray(Image.open(path)).astype(int)
        assert np.abs(before - frame).mean() < 6.0
        assert np.abs(before.mean(axis=(0, 1)) - frame.mean(axis=(0, 1))).max() < 3.0


def test_a_part_has_its_own_sound(film: Path, song: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.mov"
    assert main(["render", str(song), "-o", str(part), "--from=0.5", "--to=1.25", *SMALL]) == 0
    assert len(frames(part)) == 18
    whole, rate = sound(film)
    heard, _ = sound(part)
    first = round(0.5 * rate) + 4096
    wanted, found = whole[first:][:16384], heard[4096:][:16384]
    assert np.corrcoef(wanted, found)[0, 1] > 0.98


def test_a_click_and_what_it_does_are_within_a_frame(tmp_path: Path) -> None:
    samples = np.zeros(2 * RATE, np.float32)
    click = 1.02
    samples[round(click * RATE) :][:400] = 0.8 * np.random.default_rng(1).uniform(-1, 1, 400)
    soundfile.write(tmp_path / "click.wav", samples, RATE)
    film = tmp_path / "click.mkv"
    still = settings(speed=0.0, manual=True, smoothing=0.0, onset_effect=1.0, beat_pulse=0.0)
    render(still, str(tmp_path / "click.wav"), film, size=(192, 128), fps=Fraction(30), start=0.8, end=1.4)
    heard, rate = sound(film)
    at = float(np.flatnonzero(np.abs(heard) > 0.2)[0]) / rate
    assert at == pytest.approx(click - 0.8, abs=0.003)
    shown = frames(film)
    change = np.array([np.abs(after - before).mean() for before, after in pairwise(shown)])
    kick = 1 + int(np.flatnonzero(change > 3.0 * np.median(change))[0])
    assert kick / 30 == pytest.approx(at, abs=1.01 / 30)


def test_cues_are_played_at_their_times(song: Path, tmp_path: Path) -> None:
    rows = show_table.by_path(show_table.VISUALS, show_table.SENT)
    cues = Recording(tmp_path / "cues.osc")
    cues.write([(rows["/visuals/blackout"], 0)], 0.0)
    cues.write([(rows["/visuals/blackout"], 1), (rows["/artgen/level"], 0.0)], 0.5)
    cues.close()
    lit, dark = tmp_path / "lit.png", tmp_path / "dark.png"
    for path, given in ((lit, None), (dark, tmp_path / "cues.osc")):
        render(settings(), str(song), path, size=SIZE, fps=FPS, still=1.7, cues=given)
    assert np.asarray(Image.open(lit)).mean() > 30.0
    assert np.asarray(Image.open(dark)).mean() < 0.3 * np.asarray(Image.open(lit)).mean()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-o", "a.avi"], "end it in .mp4, .mov, .mkv, .webm or %06d.png"),
        (["-o", "a.png"], "give it a number in the name"),
        (["-o", "%d-%d.png"], "give it a number in the name"),
        (["-o", "a.mp4", "--still", "1"], "end it in .png"),
        (["-o", "%06d.png", "--still", "1"], "give it a plain name"),
        (["-o", "a.mp4", "--size", "641x361"], "choose 640x360"),
        (["-o", "song.wav/a.mp4"], "can't be written (is not a folder)"),
        (["-o", "a.mp4", "--from", "9"], "choose less than that, not 9"),
        (["-o", "a.mp4", "--from", "1", "--to", "0.5"], "leaves no frame after --from 1"),
    ],
)
def test_mistakes_are_told_in_a_line(
    song: Path,
    tmp_path: Path,
    words: list[str],
    told: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("visuals.render.arguments.TELL_LOG_S", 3600.0)
    Path("song.wav").write_bytes(song.read_bytes())
    assert main(["render", "song.wav", *words]) == 2
    printed = capfd.readouterr().err
    assert printed.count("\n") == 1 and told in printed and is_told(printed.removeprefix("artgen: ").strip())
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_what_has_no_sound_is_told_by_the_analysis(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visuals.render.arguments.TELL_LOG_S", 3600.0)
    (tmp_path / "words.mp3").write_text("no sound in here")
    assert main(["render", str(tmp_path / "words.mp3"), "-o", str(tmp_path / "a.mp4"), *SMALL]) == 2
    printed = capfd.readouterr().err
    assert printed.startswith(f"artgen: {tmp_path / 'words.mp3'}: ") and printed.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["words.mp3"]


def test_no_effect_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        def finish(self) -> None:
            pass

    def told() -> list[str]:
        budget, answers = FrameBudget(Context()), []
        for _ in range(5):
            budget.begin()
            answers.append(budget.end("the same"))
        return answers

    now = iter(range(0, 10000, 7))
    monkeypatch.setattr("visuals.compositor.budget.perf_counter", lambda: float(next(now)))
    assert any(told())
    with unhurried():
        assert not any(told())
    assert any(told())


def test_a_folder_is_no_song(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="is a folder; name one song in it"):
        render(settings(), str(tmp_path), tmp_path / "new" / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_song_is_never_written_over(song: Path, tmp_path: Path) -> None:
    taken = tmp_path / "song.mp4"
    taken.write_bytes(song.read_bytes())
    with pytest.raises(RenderError, match="is the song itself; choose another name"):
        render(settings(), str(taken), taken)
    assert taken.read_bytes() == song.read_bytes()


def test_without_pyav_the_extra_is_named(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visuals.render.film.importlib.util.find_spec", lambda name: None)
    with pytest.raises(RenderError, match=r"pip install 'artgen-osc\[stream\]'"):
        render(settings(), str(song), tmp_path / "a.mp4")


def test_an_interrupted_film_leaves_nothing(song: Path, tmp_path: Path) -> None:
    before = tmp_path / "film.mp4"
    before.write_bytes(b"of yesterday")

    def tell(progress: Progress) -> None:
        if progress.frame == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(settings(), str(song), before, size=SIZE, fps=FPS, tell=tell)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert before.read_bytes() == b"of yesterday"


def test_the_analysis_ends_with_us(song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    class Noted(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            started.append(self)

    def tell(progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rendering.Song.__init__.__globals__["subprocess"], "Popen", Noted)
    with pytest.raises(KeyboardInterrupt):
        render(settings(), str(song), tmp_path / "a.mp4", size=SIZE, fps=FPS, tell=tell)
    assert started[0].returncode not in (None, 0)


def test_the_stream_of_a_song_is_what_a_show_sends(song: Path, tmp_path: Path) -> None:
    stream, kept = tmp_path / "song.osc", tmp_path / "song.flac"
    assert main(["analyze", str(song), f"--record={stream}", f"--sound={kept}"]) == 0
    bundles = list(read(stream))
    hops = [one for one in bundles if any(message.path == "/artgen/valence" for message in one.messages)]
    assert np.diff([one.time for one in hops]) == pytest.approx(256 / 22050, abs=1e-6)
    assert hops[-1].time == pytest.approx(LENGTH, abs=0.05)
    assert {message.path for one in bundles for message in one.messages} >= {"/artgen/title", "/artgen/key"}
    onsets = [message.arguments[0] for one in hops for message in one.messages if message.path == "/artgen/onset/count"]
    assert onsets[-1] == len(analyze(str(song))["onsets"])
    samples, rate = soundfile.read(kept, always_2d=True)
    assert (samples.shape, rate) == ((round(LENGTH * RATE), 2), RATE)
    assert np.abs(samples - soundfile.read(song, always_2d=True)[0]).max() < 1e-4


def test_one_file_at_a_time_is_kept(song: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(song), str(song), f"--record={tmp_path / 'a.osc'}"]) == 2
    assert "take one file of sound, not 2; name one" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
