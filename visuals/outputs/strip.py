"""A show in one picture: frames from its whole length, side by side."""

import logging
from pathlib import Path

import numpy as np

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import whole
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
            raise ConfigError(f"--strip: {path} is not a picture; .png and .jpg are allowed; choose such a name")
        self.path = path
        self._width = width
        self._every = 1.0
        self._next = FADED_IN
        self._frames: list[Frame] = []

    @property
    def empty(self) -> bool:
        """Whether it has no frame yet."""
        return not self._frames

    def due(self, time: float) -> bool:
        """Whether a frame is wanted, `time` seconds after the start."""
        return time >= self._next

    def add(self, time: float, frame: Frame) -> None:
        """Take a frame, uint8 ``(height, width, 3)``."""
        from PIL import Image

        height = max(1, round(frame.shape[0] * self._width / frame.shape[1]))
        small = Image.fromarray(frame).resize((self._width, height), Image.Resampling.BILINEAR)
        self._frames.append(np.asarray(small))
        if len(self._frames) > MOST:
            self._frames = self._frames[::2]
            self._every *= 2
        self._next = time + self._every

    def close(self) -> None:
        """Write the file; without a frame there is none, and that is said."""
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
