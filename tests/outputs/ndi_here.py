"""NDI on this machine alone, for tests."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONFIG = {"ndi": {"networks": {"ips": "127.0.0.1"}, "adapters": {"allowed": ["127.0.0.1"]}}}


def keep_ndi_here(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "ndi-config.v1.json").write_text(json.dumps(CONFIG))
    patch.setenv("NDI_CONFIG_DIR", str(folder))


class Found:
    """NDI's own finder and receiver."""

    def __init__(self) -> None:
        from cyndilib.finder import Finder
        from cyndilib.receiver import Receiver
        from cyndilib.video_frame import VideoFrameSync
        from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat

        self._finder = Finder()
        self._finder.open()
        self._receiver = Receiver(color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest)
        self._frame = VideoFrameSync()
        self._receiver.frame_sync.set_video_frame(self._frame)

    def names(self) -> list[str]:
        self._finder.update_sources()
        return list(self._finder.get_source_names())

    def connect(self, name: str) -> None:
        self._receiver.set_source(self._finder.get_source(name))

    def picture(self) -> np.ndarray | None:
        self._receiver.frame_sync.capture_video()
        width, height = self._frame.get_resolution()
        return np.array(self._frame.get_array()).reshape(height, width, 4) if width else None

    def close(self) -> None:
        self._receiver.disconnect()
        self._finder.close()


class Source:
    """NDI's own sender of one colour."""

    def __init__(self, name: str, colour: tuple[int, int, int, int]) -> None:
        from fractions import Fraction

        from cyndilib.sender import Sender
        from cyndilib.video_frame import VideoSendFrame
        from cyndilib.wrapper.ndi_structs import FourCC

        self._sender: Any = Sender(name, clock_video=False, clock_audio=False)
        frame = VideoSendFrame()
        frame.set_resolution(64, 36)
        frame.set_frame_rate(Fraction(30))
        frame.set_fourcc(FourCC.RGBA)
        self._sender.set_video_frame(frame)
        self._sender.open()
        self._pixels = np.tile(np.array(colour, np.uint8), 64 * 36)

    def send(self) -> None:
        self._sender.write_video_async(self._pixels)

    def close(self) -> None:
        self._sender.close()
