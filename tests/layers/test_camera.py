"""Cameras as layers: found by name among those of a made-up machine, and a picture of FFmpeg's own as a camera."""

import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.layers.show import BELOW, close
from tests.support.waiting import wait_for
from visuals.compositor.layers import cameras, decoder
from visuals.compositor.layers.cameras import device

av = pytest.importorskip("av")
linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux lists cameras in files")
PATTERN = "testsrc=size=64x36:rate=50"


def has_lavfi() -> bool:
    try:
        av.open(PATTERN, format="lavfi").close()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def plugged(system: Path, **names: str) -> Path:
    for number, name in names.items():
        (system / number).mkdir(parents=True)
        (system / number / "name").write_text(f"{name}\n")
    return system


@linux
@pytest.mark.parametrize(
    ("wanted", "path"), [("logi", "/dev/video2"), ("2", "/dev/video2"), ("Cam", "/dev/video0"), ("0", "/dev/video0")]
)
def test_a_camera_is_found_by_its_name(tmp_path: Path, wanted: str, path: str) -> None:
    """Each has two devices here, the first of which has the picture."""
    names = {"video0": "Cam", "video1": "Cam", "video2": "Logitech BRIO Cam", "video3": "Logitech BRIO Cam"}
    assert device(wanted, plugged(tmp_path, **names)) == (path, "v4l2")


@linux
@pytest.mark.parametrize(
    ("names", "wanted", "says"),
    [
        ({}, "Cam", "none is called 'Cam'; there are: none is plugged in"),
        ({"video0": "A Cam"}, "B", "none is called 'B'; there are: A Cam"),
        ({"video0": "A Cam", "video1": "B Cam"}, "cam", "several are called 'cam'; there are: A Cam, B Cam"),
    ],
)
def test_what_isnt_there_is_told(tmp_path: Path, names: dict[str, str], wanted: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{says}$"):
        device(wanted, plugged(tmp_path, **names))


@pytest.mark.skipif(not has_lavfi(), reason="this FFmpeg has no pictures of its own")
def test_the_newest_picture_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    # As fast as a camera, and no longer than the test may take: a thread of this process looks at it.
    monkeypatch.setattr(cameras, "device", lambda name: (f"{PATTERN}:duration=40,realtime", "lavfi"))
    wishes = ([float(number), 64, 36] for number in itertools.count())
    records = decoder.answers(("camera", "any"), wishes)
    assert next(records) == (b"O", decoder.SECONDS.pack(0.0))
    seen: set[bytes] = set()
    wait_for(lambda: (seen.add(next(records)[1]), len(seen - {b""}) > 3)[1], what="pictures that change")
    frame = max(seen, key=len)
    assert decoder.SIZE.unpack_from(frame) == (64, 36)
    assert len(np.unique(np.frombuffer(frame, np.uint8, offset=decoder.SIZE.size))) > 4


@pytest.mark.skipif(not has_lavfi(), reason="this FFmpeg has no pictures of its own")
def test_a_camera_that_is_pulled_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "device", lambda name: (f"{PATTERN}:duration=0.1", "lavfi"))
    kinds = [kind for kind, _ in decoder.answers(("camera", "any"), itertools.repeat([0.0, 64, 36]))]
    assert kinds[0] == b"O" and kinds[-1] == b"E"


@linux
@pytest.mark.slow
def test_one_that_isnt_there_is_told_and_looked_for_again(slots: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def none(name: str) -> tuple[str, str]:
        looks.append(name)
        raise ValueError("none is called 'Cam'; there are: none is plugged in")

    monkeypatch.setattr(cameras, "device", none)
    show = slots()
    show.set(1, source="camera:Cam")
    wait_for(lambda: show.trouble(1) and len(looks) > 1, what="two looks")
    assert show.trouble(1) == (
        "camera:Cam: can't be played (none is called 'Cam'; there are: none is plugged in); "
        "it is tried again until it is there"
    )
    assert close(show.frame(), BELOW)
