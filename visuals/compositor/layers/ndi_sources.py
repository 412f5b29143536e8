"""The NDI sources of the network, for `visuals.compositor.layers.decoder`."""

from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

from artgen_osc.runtime.text import short

LOOK_S = 3.0
"""So long it may take until a source is heard of."""

WAIT_S = 0.2
POLL_S = 0.004
"""Between two looks for a newer picture: cyndilib's own waiting would hold Python's lock, which others need."""


def found(wanted: str) -> Any:
    """A source of the network.

    Parameters
    ----------
    wanted : a part of its name

    Returns
    -------
    cyndilib's ``Source``

    Raises
    ------
    ValueError
        There is none, or there are several; the text names what there is.
    """
    from cyndilib.finder import Finder

    finder = Finder()
    finder.open()
    until = monotonic() + LOOK_S
    while True:
        finder.wait_for_sources(WAIT_S)
        finder.update_sources()
        names = finder.get_source_names()
        alike = [name for name in names if wanted.casefold() in name.casefold()]
        chosen = [name for name in names if wanted in (name, name.partition(" (")[2].removesuffix(")"))] or alike
        if len(chosen) == 1:
            return finder.get_source(chosen[0])
        if monotonic() > until:
            there = ", ".join(names) or "none is in the network"
            raise ValueError(f"{'several are' if chosen else 'none is'} called {short(wanted)}; there are: {there}")


def pictures(source: Any) -> Iterator[Any]:
    """What a source sends, until it is gone.

    Parameters
    ----------
    source : of `found`

    Yields
    ------
    PyAV's ``VideoFrame``
    """
    import numpy as np
    from av import VideoFrame
    from cyndilib.receiver import Receiver
    from cyndilib.video_frame import VideoFrameSync
    from cyndilib.wrapper.ndi_recv import RecvBandwidth, RecvColorFormat
    from cyndilib.wrapper.ndi_structs import FourCC

    receiver = Receiver(
        color_format=RecvColorFormat.RGBX_RGBA, bandwidth=RecvBandwidth.highest, allow_video_fields=False
    )
    newest = VideoFrameSync()
    receiver.frame_sync.set_video_frame(newest)
    receiver.set_source(source)
    connected, before = False, 0.0
    while receiver.is_connected() or not connected:
        connected = connected or receiver.is_connected()
        receiver.frame_sync.capture_video()
        width, height = newest.get_resolution()
        time = newest.get_timestamp_posix()
        if not width or time == before:
            sleep(POLL_S)
            continue
        before = time
        pixels = np.array(newest.get_array()).reshape(height, -1, 4)[:, :width]
        if newest.get_fourcc() is FourCC.RGBX:
            pixels[..., 3] = 255
        yield VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgba")
