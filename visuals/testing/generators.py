"""What a generator promises; see `visuals.generators.generator.Generator`."""

from pathlib import Path

import numpy as np

from artgen_osc.errors import EngineError
from artgen_osc.testing.check import Case, Check, NotHere, require
from visuals.generators.generator import Frame, Generator, WideGenerator
from visuals.generators.opening import NO_MODELS

MOODS = ((0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (0.0, 1.0))
ASPECTS = (0.5, 1.0, 16 / 9, 21 / 9)
TRUNCATIONS = (0.0, 0.7, 1.0)


def _opened(case: Case) -> Generator:
    try:
        return case.plugin.open(case.rest, 1, "openvino")  # type: ignore[no-any-return]
    except EngineError as error:
        raise NotHere(str(error)) from error


def _point(generator: Generator, seed: int) -> np.ndarray:
    z = np.random.default_rng(seed).standard_normal(generator.z_dim).astype(np.float32)
    return np.asarray(z * np.float32(np.sqrt(generator.z_dim) / np.linalg.norm(z)))


def _painted(generator: Generator, seed: int, mood: tuple[float, float] = MOODS[0], truncation: float = 1.0) -> Frame:
    return generator(_point(generator, seed), np.array(mood, np.float32), truncation)


def accepts_what_it_opens(case: Case) -> None:
    """`accepts` is above 0 for the file that is checked, and 0 for one that isn't there or is no model."""
    given = Path(case.rest)
    for path, right in ((given, True), *((path, False) for path in NO_MODELS)):
        if path.is_file() or not right:
            answer = case.plugin.accepts(path)
            require(isinstance(answer, int), f"accepts({path.name}) is {answer!r}; a whole number is needed, 0 for no")
            needed = "above 0" if right else "0"
            require((answer > 0) == right, f"accepts({path.name}) is {answer}; {needed} is needed")


def says_what_it_is(case: Case) -> None:
    """``name``, ``z_dim`` and ``sha256`` are there."""
    generator = _opened(case)
    require(isinstance(generator.name, str) and generator.name, f"its name is {generator.name!r}; a text is needed")
    require(isinstance(generator.z_dim, int) and generator.z_dim > 0, f"its z_dim is {generator.z_dim!r}")
    require(isinstance(generator.sha256, str), f"its sha256 is {generator.sha256!r}; a text is needed, empty if none")


def paints_one_size(case: Case) -> None:
    """Every picture is uint8 ``(height, width, 3)`` of one size, whatever the point, the mood and the truncation."""
    generator = _opened(case)
    size = None
    for seed, mood in enumerate(MOODS):
        for truncation in TRUNCATIONS:
            picture = _painted(generator, seed, mood, truncation)
            right = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim == 3
            require(
                right and picture.shape[2] == 3,
                f"a picture is {getattr(picture, 'dtype', type(picture))} "
                f"{getattr(picture, 'shape', '')}; uint8 (height, width, 3) is needed",
            )
            size = size or picture.shape
            require(picture.shape == size, f"a picture is {picture.shape}, the one before {size}; one size is needed")


def same_point_gives_same_picture(case: Case) -> None:
    """The same z, mood and truncation give the same picture, after others too, and from another one as well."""
    generator = _opened(case)
    first = _painted(generator, 1)
    _painted(generator, 2, MOODS[2])
    require(np.array_equal(first, _painted(generator, 1)), "the same z gives another picture")
    require(np.array_equal(first, _painted(_opened(case), 1)), "opened again, the same z gives another picture")


def paints_what_it_is_given(case: Case) -> None:
    """It doesn't write into z and mood, and another z gives another picture."""
    generator = _opened(case)
    z, mood = _point(generator, 1), np.array(MOODS[0], np.float32)
    z.flags.writeable = mood.flags.writeable = False
    one = generator(z, mood, 1.0)
    require(not np.array_equal(one, _painted(generator, 2)), "its picture is the same whatever z is")


def paints_the_widths_that_it_says(case: Case) -> None:
    """One that paints many shapes paints the widths that it says, all of one height."""
    generator = _opened(case)
    if not isinstance(generator, WideGenerator):
        return
    z, mood = _point(generator, 1), np.array(MOODS[0], np.float32)
    height = len(generator(z, mood, 1.0))
    for aspect in ASPECTS:
        width = generator.width_for(aspect)
        if width:
            shape = generator.paint_wide(z, mood, 1.0, width).shape
            require(shape == (height, width, 3), f"a picture is {shape}; {(height, width, 3)} is needed")


CHECKS: tuple[Check, ...] = (
    accepts_what_it_opens,
    says_what_it_is,
    paints_one_size,
    same_point_gives_same_picture,
    paints_what_it_is_given,
    paints_the_widths_that_it_says,
)
"""All of them."""
