"""What is written is what was drawn: colours, times and sound of each kind of film."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from artgen_osc.errors import RenderError
from visuals.render.film import FILMS, check, sink

pytestmark = pytest.mark.slow

SIZE = (128, 64)
COLOURS = ((255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (200, 120, 40))


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.flac"
    times = np.arange(22050 * 2) / 22050
    soundfile.write(path, np.stack([0.5 * np.sin(2 * np.pi * hz * times) for hz in (440, 660)], axis=1), 22050)
    return path


def write(path: Path, fps: Fraction, sound: Path) -> None:
    """Four frames of each colour, with a moving edge in them."""
    with sink(path, SIZE, fps, sound, 0) as film:
        for index in range(4 * len(COLOURS)):
            frame = np.full((SIZE[1], SIZE[0], 3), COLOURS[index // 4], np.uint8)
            frame[:, : 4 * index] //= 2
            film.take(frame, index)


@pytest.mark.parametrize("ending", FILMS)
def test_the_same_frames_are_the_same_file(tmp_path: Path, tone: Path, ending: str) -> None:
    for name in "abcd":
        write(tmp_path / f"{name}{ending}", Fraction(30), tone)
    assert len({(tmp_path / f"{name}{ending}").read_bytes() for name in "abcd"}) == 1


@pytest.mark.parametrize("ending", FILMS)
def test_colours_and_times_survive(tmp_path: Path, tone: Path, ending: str) -> None:
    path, fps = tmp_path / f"film{ending}", Fraction(30000, 1001)
    check(path, SIZE, still=False)
    with sink(path, SIZE, fps, tone, 0) as film:
        for index, colour in enumerate(COLOURS):
            for repeat in range(4):
                film.take(np.full((SIZE[1], SIZE[0], 3), colour, np.uint8), 4 * index + repeat)
        assert not path.exists()
    with av.open(path) as container:
        shown = list(container.decode(video=0))
        assert container.streams.audio[0].channels == 2
    with av.open(path) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        assert heard.shape[1] / container.streams.audio[0].rate == pytest.approx(28 / fps, abs=0.06)
    assert len(shown) == 28
    step = 0.0015 if ending in (".mkv", ".webm") else 1e-6  # these count in milliseconds
    for index, frame in enumerate(shown):
        assert float(frame.pts * frame.time_base) == pytest.approx(float(index / fps), abs=step)
        wanted = np.array(COLOURS[index // 4])
        assert np.abs(frame.to_ndarray(format="rgb24").mean(axis=(0, 1)) - wanted).max() < 6.0, wanted


def test_a_disk_that_is_full_is_told_and_nothing_is_left(tone: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with pytest.raises(RenderError, match=r"film.mp4: can't be written \(No space left on device\); a folder with"):  # noqa: SIM117
        with sink(path, SIZE, Fraction(24), tone, 0) as film:
            film.take(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), 0)
            raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == [tone]
