"""A sheet of what each direction of a generator does: what ``artgen directions`` paints."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import ConfigError, ModelError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import say
from visuals.generators.directions import COUNT, Directions, turned
from visuals.generators.generator import FloatArray, Frame, Generator
from visuals.generators.opening import open_generator
from visuals.generators.sphere import direction

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {".png": "PNG", ".jpg": "JPEG"}
AMOUNTS = (-1.0, 0.0, 1.0)
PICTURES = 2
SIDE, GAP, MARGIN, TOP = 176, 10, 28, 24
"""Of the sheet, in pixels: a picture, between two z, at the left for the numbers, and at the top."""


def run(given: argparse.Namespace, file: ConfigFile) -> int:
    """Run ``artgen directions``; returns the exit status.

    Parameters
    ----------
    given : the arguments
    file : settings and plugins

    Raises
    ------
    ArtgenError
        The model can't be used, or the file can't be written.
    """
    path: Path = given.output
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"-o: {path} is not a picture; end its name in {' or '.join(FORMATS)}")
    config = file.config.visuals
    generator = open_generator(config.model, 2, config.engine, file.registry)
    found = Directions(beside=False).of(generator)
    if found is None or not found.any():
        raise ModelError(f"{generator.name}: nothing that z changes was found in it; choose another --visuals-model")
    sheet = sheet_of(generator, found, config, given.seed)
    try:
        with whole(path) as part:
            sheet.save(part, format=FORMATS[path.suffix.lower()], optimize=True, quality=80)
    except OSError as error:
        raise ConfigError(f"{path}: can't be written ({error.strerror or error}); choose another") from None
    say(f"{path}: {generator.name}, each direction at -1, 0 and 1")
    return 0


def sheet_of(generator: Generator, directions: FloatArray, settings: VisualsConfig, seed: int) -> "Image.Image":
    """A row for each direction, the strongest first; a group of `AMOUNTS` for each of `PICTURES` z.

    Parameters
    ----------
    generator : what paints
    directions : its own, as `Directions` finds them
    settings : truncation, valence and energy
    seed : number of the first picture
    """
    from PIL import Image, ImageDraw, ImageFont

    mood = np.array([settings.valence, settings.energy], np.float32)
    group = len(AMOUNTS) * SIDE + GAP
    sheet = Image.new("RGB", (MARGIN + PICTURES * group - GAP, TOP + COUNT * SIDE), "white")
    text, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for column in range(PICTURES):
        unit = direction(seed + column, generator.z_dim)
        z = (unit * np.sqrt(generator.z_dim)).astype(np.float32)
        for place, amount in enumerate(AMOUNTS):
            left = MARGIN + column * group + place * SIDE
            text.text((left + SIDE // 2, TOP // 2), f"{amount:+.0f}" if amount else "0", "black", font, anchor="mm")
            for row in range(COUNT):
                amounts = np.zeros(COUNT)
                amounts[row] = amount
                frame = generator(turned(z, directions, amounts), mood, settings.truncation)
                sheet.paste(_square(frame), (left, TOP + row * SIDE))
    for row in range(COUNT):
        text.text((MARGIN // 2, TOP + row * SIDE + SIDE // 2), str(row + 1), "black", font, anchor="mm")
    return sheet


def _square(frame: Frame) -> "Image.Image":
    """The middle of a picture, in the size of the sheet."""
    from PIL import Image

    side = min(frame.shape[:2])
    top, left = ((length - side) // 2 for length in frame.shape[:2])
    cut = Image.fromarray(frame[top : top + side, left : left + side])
    return cut.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
