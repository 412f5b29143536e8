"""A show in one picture: frames from its whole length, side by side."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.generators.generator import Frame

log = logging.getLogger(__name__)

MOST = 24
COLUMNS = 6
GAP = 4
FADED_IN = 2.0
"""Seconds after which the first picture is there to be seen."""


class Strip:
    """Collects small frames; when there are too many, every second one goes and the pace halves.

    Parameters
    ----------
    path : the PNG or JPEG file to write
    width : of one frame in the strip, pixels

    Raises
    ------
    ConfigError
        The file's name ends in something else.
    """

    def __init__(self, path: Path, width: int = 320) -> None:
        if path.suffix.lower() not in (".png", ".jpg"):
            raise ConfigError(f"--strip: {path} is not a picture; choose a name that ends in .png or .jpg")
        self.path = path
        self._width = width
        self._every = 1.0
        self._next = FADED_IN
        self._frames: list[Frame] = []

    @property
    def empty(self) -> bool:
        """Whether it has no frame yet."""
        return not self._frames

    def size_of(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) of a frame in the strip.

        Parameters
        ----------
        width, height : of the show, pixels
        """
        return self._width, max(1, round(height * self._width / width))

    def due(self, time: float) -> bool:
        """Whether a frame is wanted, `time` seconds after the start."""
        return time >= self._next

    def add(self, time: float, frame: "Frame") -> None:
        """Take a frame.

        Parameters
        ----------
        time : s since the start
        frame : uint8 ``(height, width, 3)``
        """
        import numpy as np
        from PIL import Image

        size = self.size_of(frame.shape[1], frame.shape[0])
        small = Image.fromarray(frame)
        self._frames.append(np.asarray(small.resize(size, Image.Resampling.BILINEAR) if small.size != size else small))
        if len(self._frames) > MOST:
            self._frames = self._frames[::2]
            self._every *= 2
        self._next = time + self._every

    def close(self) -> None:
        """Write the file; without a frame there is none, and that is said."""
        import numpy as np
        from PIL import Image

        if not self._frames:
            log.warning("%s: not written, since the show ended before its first picture; let it run longer", self.path)
            return
        if len(self._frames) > COLUMNS:
            # Whole rows only, still spread over the show.
            count = len(self._frames) // COLUMNS * COLUMNS
            chosen = np.linspace(0, len(self._frames) - 1, count).round().astype(int)
            self._frames = [self._frames[index] for index in chosen]
        height, width = self._frames[0].shape[:2]
        columns = min(COLUMNS, len(self._frames))
        rows = -(-len(self._frames) // columns)
        sheet = np.zeros((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), np.uint8)
        for index, frame in enumerate(self._frames):
            y, x = index // columns * (height + GAP), index % columns * (width + GAP)
            sheet[y : y + height, x : x + width] = frame[:height, :width]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with whole(self.path) as part:  # it may be a pipe that nobody reads
                Image.fromarray(sheet).save(part, Image.registered_extensions()[self.path.suffix.lower()])
        except (OSError, ValueError) as error:
            log.warning("%s: can't be written (%s); a .png file in a folder with room is needed", self.path, error)


class StripOutput:
    """The strip as an output, where one is asked for.

    Parameters
    ----------
    settings : it has none
    host : OutputHost

    Raises
    ------
    ConfigError
        As `Strip`.
    """

    direct = True

    def __init__(self, settings: None, host: OutputHost) -> None:
        self.settings = settings
        self._host = host
        self._strip = Strip(host.strip) if host.strip is not None else None

    def prepare(self, time: float) -> None:
        """Nothing to do before a frame."""

    def wants(self, time: float) -> tuple[int, int] | None:
        """See `visuals.outputs.kind.Output`; nothing before there is a picture."""
        scene = self._host.showing.scene
        if self._strip is None or scene is None or not scene.pictures or not self._strip.due(time):
            return None
        return self._strip.size_of(*self._host.showing.size)

    def take(self, frame: "Frame", time: float) -> None:
        """See `visuals.outputs.kind.Output`."""
        if self._strip is not None:
            self._strip.add(time, frame)

    def close(self) -> None:
        """Write the file; a show that was short leaves what there is."""
        if self._strip is None:
            return
        if self._strip.empty and (still := self._host.still()) is not None:
            self._strip.add(0.0, still[0])
        self._strip.close()
