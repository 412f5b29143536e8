"""Picture and sound stay together and come at a constant rate; what is written plays, whatever ends it."""

import signal
from pathlib import Path

import av
import numpy as np
import pytest

from artgen_osc.errors import OutputError
from artgen_osc.schema.sound import Sound
from tests.outputs.films import (
    FPS,
    SIZE,
    clicks,
    flashes,
    heard,
    in_a_process,
    lengths,
    open_film,
    play,
    times,
)
from visuals.outputs.cadence import Cadence
from visuals.outputs.encoders import FORMS, chosen
from visuals.outputs.sound_track import RATE, SoundTrack
from visuals.outputs.timeline import Timeline

pytestmark = pytest.mark.slow

SECONDS = 40.0


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize(("sample_rate", "off"), [(48000, 1000.0), (44100, -1000.0)])
def test_picture_and_sound_stay_together_though_the_devices_clock_drifts(
    tmp_path: Path, ending: str, sample_rate: int, off: float
) -> None:
    path = tmp_path / f"film{ending}"
    with path.open("wb", buffering=0) as file:
        film = open_film(file, path)
        line = Timeline(film, FPS, sound=True)
        play(line, SECONDS, 60.0, heard(SECONDS, sample_rate, off))  # after 40 s it is 40 ms off
        line.finish()
        film.close()
    seen, rung = np.array(flashes(path)), np.array(clicks(path))
    assert len(seen) == len(rung) == 20
    assert np.abs(seen - rung).max() < 0.020
    assert np.allclose(np.diff(times(path)), 1 / float(FPS), atol=0.0011), "a constant rate"
    assert lengths(path) == (pytest.approx(SECONDS, abs=0.04), pytest.approx(SECONDS, abs=0.06))


@pytest.mark.parametrize("ending", FORMS)
def test_a_film_whose_writer_is_killed_plays_to_the_last_second(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film{ending}"
    done = in_a_process(
        "import os, signal, sys; from pathlib import Path; from tests.outputs.films import *\n"
        "path = Path(sys.argv[1]); file = path.open('wb', buffering=0)\n"
        "play(Timeline(open_film(file, path), FPS, sound=True), 12.0, 60.0, heard(12.0, 48000, 0.0))\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        str(path),
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert min(lengths(path)) > 10.0
    assert flashes(path)[-1] == pytest.approx(clicks(path)[-1], abs=0.02)


@pytest.mark.parametrize("show_fps", [19.0, 30.0, 47.3, 144.0])
def test_the_rate_is_constant_whatever_the_shows(tmp_path: Path, show_fps: float) -> None:
    path = tmp_path / "film.mp4"
    with path.open("wb", buffering=0) as file:
        film = open_film(file, path)
        line = Timeline(film, FPS, sound=True)
        play(line, 5.0, show_fps, [])
        line.finish()
        film.close()
    assert np.allclose(np.diff(times(path)), 1 / float(FPS), atol=1e-6)
    assert lengths(path) == (pytest.approx(5.0, abs=0.06), pytest.approx(5.0, abs=0.1)), "it is silent, but there"
    assert flashes(path) == [pytest.approx(1.0, abs=0.06), pytest.approx(3.0, abs=0.06)]


def test_the_frame_nearest_to_the_middle_of_its_time_is_chosen() -> None:
    cadence = Cadence(FPS)
    chosen_at = {cadence.due(tick / 120): tick / 120 for tick in range(240)}
    chosen_at.pop(None)
    assert list(chosen_at) == list(range(60))
    for index, time in list(chosen_at.items())[1:]:
        assert abs(time - (index + 0.5) / 30) <= 0.5 / 120 + 1e-9


def test_an_encoder_that_is_far_behind_leaves_frames_out_and_stays_in_time(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    frame = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    with path.open("wb", buffering=0) as file:
        film = open_film(file, path)
        line = Timeline(film, FPS, sound=False)
        line.picture(frame, 0, 0.0)
        line.picture(frame, 90, 5.0)  # what is drawn at 3 s comes at 5 s
        line.picture(frame, 60, 5.0)
        line.picture(frame, 93, 3.2)
        line.finish()
        film.close()
    assert line.late == 1
    assert times(path) == pytest.approx([0.0, 3.0, 3.033, 3.067, 3.1], abs=0.001)


def test_sound_is_placed_by_its_times_and_silence_fills_what_is_missing() -> None:
    track, rate = SoundTrack(), 22050
    one = np.ones((rate // 10, 1), np.float32) * 0.5

    def push(*at: float) -> list[np.ndarray]:
        return [piece for time in at for piece in track.push(Sound(one, rate, time))]

    ready = push(-0.3, -0.05)
    ready += push(*np.arange(0.05, 0.95, 0.1), *np.arange(2.0, 2.95, 0.1))  # for a second nothing came
    ready += track.fill(4.0)
    ready += track.push(Sound(np.ones((4800, 2), np.float32) * 0.5, 48000, 4.0))  # another device
    ready += track.end()
    samples = np.concatenate(ready)
    assert samples.shape == (pytest.approx(4.1 * RATE, abs=0.02 * RATE), 2) and samples.dtype == np.float32

    def level(start: float, end: float) -> float:
        return float(np.sqrt(np.mean(samples[round(start * RATE) : round(end * RATE)] ** 2)))

    assert level(0.02, 0.93) > 0.3 and level(2.02, 2.98) > 0.3 and level(4.02, 4.08) > 0.3
    assert level(0.98, 1.98) < 0.01 and level(3.02, 3.98) < 0.01


@pytest.mark.parametrize("ending", [".mov", ".webm"])
def test_what_is_transparent_stays_so_and_colours_are_beside_it(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film{ending}"
    frame = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    frame[:, 32:] = 100, 50, 0, 128  # 200, 100, 0 at a half, as it is drawn
    with path.open("wb", buffering=0) as file:
        film = open_film(file, path, alpha=True)
        line = Timeline(film, FPS, sound=False)
        for index in range(3):
            line.picture(frame, index, index / 30)
        line.finish()
        film.close()
    decoder = {".mov": "prores", ".webm": "libvpx-vp9"}[ending]
    with av.open(path) as container:
        context = av.CodecContext.create(decoder, "r")
        if container.streams.video[0].codec_context.extradata:
            context.extradata = container.streams.video[0].codec_context.extradata
        packets = [packet for packet in container.demux(video=0) if packet.size]
        shown = [one for packet in packets for one in context.decode(packet)] + context.decode(None)
    seen = shown[0].to_ndarray(format="rgba").astype(int)
    assert np.abs(seen[18, 48] - (200, 100, 0, 128)).max() < 12
    assert seen[18, 8, 3] < 4


def test_what_an_ending_cannot_hold_is_refused() -> None:
    with pytest.raises(OutputError, match=r"film.mp4: can't keep what is transparent; end it in .mov, .webm"):
        chosen(Path("film.mp4"), True, "auto", 0, SIZE, FPS)
    with pytest.raises(OutputError, match=r"film.avi: isn't the name of a film; end it in .mp4"):
        chosen(Path("film.avi"), False, "auto", 0, SIZE, FPS)


def test_an_encoder_that_is_not_here_is_replaced_and_that_is_said() -> None:
    video, why = chosen(Path("film.mp4"), False, "videotoolbox", 0, SIZE, FPS)
    assert video.name == "libx264" and why == "h264_videotoolbox isn't in this PyAV"
    assert chosen(Path("film.mp4"), False, "software", 8_000_000, SIZE, FPS)[0].bit_rate == 8_000_000
