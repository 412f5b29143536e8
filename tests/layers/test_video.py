"""Video files as layers: in a loop, at any pace, led by beats; and files that are cut off, damaged or gone."""

import itertools
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.layers.show import BELOW, Slots, close
from tests.support.waiting import wait_for
from visuals.compositor.kind import Moment
from visuals.compositor.layers import decoder
from visuals.compositor.layers.video import VideoLayer

av = pytest.importorskip("av")
pytestmark = pytest.mark.slow

FPS, SECONDS = 10, 2
SIZE = (64, 36)


def brightness(number: int) -> int:
    return 20 + 10 * (number % 20)


def clip(path: Path, frames: int = FPS * SECONDS, size: tuple[int, int] = SIZE, wide: int = 1) -> str:
    """The source of a video each frame of which is brighter than the one before; its upper half is black."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        stream.codec_context.sample_aspect_ratio = Fraction(wide, 1)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.gop_size = 5
        for number in range(frames):
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[size[1] // 2 :] = brightness(number)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return f"video:{path.name}"


def decoded(video: decoder.Video, position: float) -> int:
    """Number of the frame that is decoded for a position."""
    kind, content = video.at(position, (1000, 1000))
    assert kind == b"F"
    assert decoder.SIZE.unpack_from(content) == SIZE
    pixels = np.frombuffer(content, np.uint8, offset=8).reshape(SIZE[1], SIZE[0], 4)
    assert pixels[-1].max(initial=0, where=np.array([True, True, True, False])) < 12, "the black half is up"
    return round((float(pixels[:16, :, :3].mean()) - 20) / 10)


def test_each_position_has_its_frame(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4")
    video = decoder.Video(str(tmp_path / "a.mp4"))
    assert video.duration == pytest.approx(SECONDS, abs=0.05)
    positions = [0.0, 0.15, 0.55, 1.95, 0.3, 1.0, 0.05]
    assert [decoded(video, position) for position in positions] == [0, 1, 5, 19, 3, 10, 0]
    assert video.at(0.06, (1000, 1000)) == (b"S", b"")
    kind, content = video.at(0.06, (32, 32))
    assert kind == b"F" and decoder.SIZE.unpack_from(content) == (32, 18), "no larger than is wanted"


def test_pixels_that_are_no_squares(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", frames=2, size=(32, 36), wide=2)
    kind, content = decoder.Video(str(tmp_path / "a.mp4")).at(0.0, (1000, 1000))
    assert kind == b"F" and decoder.SIZE.unpack_from(content) == (64, 36)


def test_a_whole_file_keeps_its_length(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4")
    video = decoder.Video(str(tmp_path / "a.mp4"))
    assert video.at(video.duration - 0.001, (64, 36))[0] == b"F"
    assert video.at(video.duration - 0.001, (64, 36))[0] == b"S"
    kind, content = video.at(video.duration + 0.5, (64, 36))
    assert kind == b"T" and decoder.SECONDS.unpack(content)[0] == pytest.approx(SECONDS, abs=0.01)


def test_a_cut_off_file_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    clip(tmp_path / "a.avi", frames=100)
    data = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(data[: len(data) // 2])
    asked = iter([[0.0, 64, 36], *([t / 10, 64, 36] for t in range(1, 120))])
    kinds = list(decoder.answers(("file", str(tmp_path / "a.avi")), asked))
    assert [kind for kind, _ in kinds[:2]] == [b"O", b"F"] and not any(kind == b"E" for kind, _ in kinds)
    assert sum(kind == b"F" for kind, _ in kinds) < 90
    ends = [content[8:] for kind, content in kinds if kind == b"T"]
    assert ends and ends[0].decode().endswith("s: it is damaged")


@pytest.mark.parametrize("data", [b"", b"no video" * 1000, b"\0" * 5000])
def test_what_is_no_video_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    records = list(decoder.answers(("file", str(tmp_path / "a.mp4")), iter(())))
    assert records == [(b"E", b"there is no video in it that can be decoded")]


def test_a_sound_file_has_no_picture(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert list(decoder.answers(("file", str(tmp_path / "a.wav")), iter(()))) == [(b"E", b"there is no picture in it")]


@pytest.mark.parametrize(
    ("given", "moments", "position"),
    [
        ({}, [Moment(dt=0.5)] * 3, 1.5),
        ({"speed": 2.0}, [Moment(dt=0.5)] * 3, 1.0),
        ({"speed": 0.0}, [Moment(dt=0.5)] * 3, 0.0),
        ({"loop": False}, [Moment(dt=0.5)] * 9, 2.0),
        ({"beats": 4}, [Moment(dt=0.5, passed=5.5)], 0.75),
        ({"beats": 4}, [Moment(dt=0.5, beats=5, beat_phase=0.5)], 0.5),
    ],
)
def test_where_it_is(given: dict[str, Any], moments: list[Moment], position: float) -> None:
    """Of a video of two seconds; before there is a tempo the beat leads nothing."""
    layer = VideoLayer(None)
    layer.duration = 2.0
    settings = SimpleNamespace(**{"speed": 1.0, "loop": True, "beats": 0} | given)
    positions = [layer.moved(settings, moment) for moment in moments]
    assert positions[-1] == pytest.approx(position)


@pytest.fixture
def playing(slots: Any, tmp_path: Path) -> Callable[..., Slots]:
    def play(source: str, **given: Any) -> Slots:
        show: Slots = slots()
        show.set(1, source=source, fit="stretch", **given)
        return show

    return play


def lit(show: Slots, dt: float) -> int:
    return round((float(show.frame(dt)[24:34].mean()) - 20) / 10)


def test_it_plays_and_begins_again(playing: Any, tmp_path: Path) -> None:
    show = playing(clip(tmp_path / "a.mp4"))
    assert close(show.shows(1)[2:16], (0, 0, 0), 12), "its black half is up"
    seen: list[int] = []
    wait_for(
        lambda: (seen.append(lit(show, 0.02)), len(set(seen)) > 10 and seen[-1] < max(seen) - 10)[1], what="a loop"
    )
    rising = [b for a, b in itertools.pairwise(seen) if b < a]
    assert len(rising) <= 2 and show.trouble(1) == ""


def test_it_ends_with_its_process(playing: Any, tmp_path: Path) -> None:
    show = playing(clip(tmp_path / "a.mp4"))
    show.shows(1)
    process = show.slot(1).source._used.instance._process
    assert process.poll() is None
    show.set(1, source="")
    show.frame()
    wait_for(lambda: process.poll() is not None, what="the decoder's end")
    assert close(show.frame(), BELOW)


def test_a_decoder_that_is_killed_is_started_again(playing: Any, tmp_path: Path) -> None:
    show = playing(clip(tmp_path / "a.mp4"), speed=0.5)
    show.shows(1)
    layer = show.slot(1).source._used.instance
    first = layer._process
    os.kill(first.pid, 9)
    wait_for(lambda: (show.frame(0.05), "crashed" in layer.trouble)[1], what="the crash told")
    wait_for(lambda: (show.frame(0.05), layer._process is not first and not layer.trouble)[1], what="another one")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.mp4", "video:gone.mp4: can't be played (is no file); check the file"),
        ("bad.mp4", "video:bad.mp4: can't be played (there is no video in it that can be decoded); check the file"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(playing: Any, tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"bad" * 1000)
    show = playing(f"video:{name}")
    wait_for(lambda: show.trouble(1) == says, what=says, evidence=lambda: show.trouble(1))
    assert close(show.frame(), BELOW)
