"""A show on one sheet: small pictures, evenly spread over its length."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from artgen_osc.errors import ConfigError
from visuals.generator import Frame

COLUMNS = 4
MOST = 16
WIDTH = 480
GAP = 8


class Strip:
    """Keeps at most sixteen pictures; when there are more, every second one goes and the distance doubles.

    Parameters
    ----------
    path : the PNG or JPEG that `save` writes
    every : s between two pictures at first

    Raises
    ------
    ConfigError
        `path` is not a picture's name, or its folder can't be made.
    """

    def __init__(self, path: Path, every: float = 1.0) -> None:
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise ConfigError(f"--record: {path} is not a picture; a .png or .jpg file is allowed; choose such a name")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"--record: {path.parent} can't be made ({error.strerror}); a folder that can be written is needed; "
                "choose another one"
            ) from None
        self.path = path
        self._every = every
        self._due = every
        self._pictures: list[Frame] = []

    def offer(self, time: float, frame: Callable[[], Frame]) -> None:
        """Take the frame at `time` (s since the start), where a picture is due."""
        if time < self._due:
            return
        from PIL import Image

        image = Image.fromarray(frame())
        height = max(1, round(WIDTH * image.height / image.width))
        self._pictures.append(np.asarray(image.resize((WIDTH, height), Image.Resampling.BILINEAR)))
        if len(self._pictures) > MOST:
            # The first was taken at `every`, so those at even places lie on the wider distance.
            self._pictures = self._pictures[1::2]
            self._every *= 2.0
        self._due = (int(time / self._every) + 1) * self._every

    def save(self) -> int:
        """Write the sheet, if there is anything on it, and return the number of its pictures."""
        from PIL import Image

        if not self._pictures:
            return 0
        height, width = self._pictures[-1].shape[:2]
        columns = min(COLUMNS, len(self._pictures))
        rows = -(-len(self._pictures) // columns)
        sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP), (12, 12, 14))
        for index, picture in enumerate(self._pictures):
            place = (GAP + index % columns * (width + GAP), GAP + index // columns * (height + GAP))
            sheet.paste(Image.fromarray(picture), place)
        sheet.save(self.path)
        return len(self._pictures)
