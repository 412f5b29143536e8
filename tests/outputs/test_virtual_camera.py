"""The virtual camera, against a stand-in for pyvirtualcam: no device can be had on a machine that tests."""

import sys
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.errors import OutputError
from tests.outputs.driving import Driven
from visuals.outputs.virtual_camera import CameraSettings, VirtualCameraOutput

pytestmark = pytest.mark.slow

STAND_IN = '''
import os

import numpy as np


class Camera:
    """As pyvirtualcam's, but writes a file."""

    def __init__(self, width, height, fps, device=None):
        if device == "/dev/none":
            raise RuntimeError(f"'v4l2loopback' backend: Device {device} does not exist.\\n")
        self.size, self.device = (height, width, 3), device or "stand-in"

    def send(self, frame):
        assert frame.shape == self.size and frame.dtype == np.uint8 and frame.flags.c_contiguous
        np.save(os.environ["STAND_IN"] + ".part.npy", frame)
        os.replace(os.environ["STAND_IN"] + ".part.npy", os.environ["STAND_IN"])

    def close(self):
        open(os.environ["STAND_IN"] + ".closed", "w").close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
'''


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the newest frame."""
    (tmp_path / "pyvirtualcam.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pyvirtualcam", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path.cwd()}")
    monkeypatch.setenv("STAND_IN", str(tmp_path / "seen.npy"))
    return tmp_path / "seen.npy"


def test_frames_come_to_the_camera(seen: Path) -> None:
    def paint(size: tuple[int, int], time: float) -> np.ndarray:
        return np.full((size[1], size[0], 4), (1, 2, 3, 255), np.uint8)

    show = Driven(VirtualCameraOutput, CameraSettings(on=True, width=64, height=36), paint)
    show.until(seen.exists, "a frame")
    frame = np.load(seen)
    assert frame.shape == (36, 64, 3) and (frame == (1, 2, 3)).all()
    show.until(lambda: show.output.source == "stand-in", "the device's name")
    show.set(on=False)
    show.until(lambda: seen.with_name("seen.npy.closed").exists(), "the camera is given back")
    show.output.close()


def test_a_device_that_isnt_there_is_told_with_what_to_do(seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show = Driven(VirtualCameraOutput, CameraSettings(on=True, device="/dev/none"))
    show.until(lambda: "again" in show.output.state, "what is wrong")
    assert show.output.state.startswith(
        "virtual camera: 'v4l2loopback' backend: Device /dev/none does not exist; apt install v4l2loopback-dkms"
        if sys.platform == "linux"
        else "virtual camera: "
    )
    show.output.close()


def test_what_is_here(seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert VirtualCameraOutput.here() == "stand-in"
    monkeypatch.setattr(VirtualCameraOutput, "module", "no_such_module")
    with pytest.raises(OutputError, match=r"pip install 'artgen-osc\[virtual-camera\]'"):
        VirtualCameraOutput.here()
