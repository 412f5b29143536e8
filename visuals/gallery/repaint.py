"""A picture of the gallery, painted again by its own models and drawn larger."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import DisplayError, GalleryError, ModelError
from artgen_osc.inference.modelfile import file_sha256
from visuals.compositor.gl import standalone_context
from visuals.compositor.kind import Moment
from visuals.compositor.screen import ENLARGE, Screen
from visuals.gallery.record import LONGEST_SIDE, About, drawn_of, order_of, without
from visuals.generators.finisher import SCALE, Finisher
from visuals.generators.generator import Frame, Generator
from visuals.generators.generator import paint as paint_with
from visuals.generators.opening import IDLE, SHIPPED
from visuals.modulation.motion import Look
from visuals.painting.painter import Stroke, blend

SMALLEST_SIDE = 64
LARGEST_LAYER = 8192
"""Beyond this side the cubic enlargement would take too much memory; a plain one does the rest.
The finisher goes no further either."""

LEAST_GAIN, HALF_DOES = 1.5, 2.5
"""From a picture so many times too small on, the finisher runs; up to the second number half of what it makes does."""

LARGEST_PIECE = 640
"""Pixels of a side that go through the finisher in one piece."""


def candidates(settings: VisualsConfig) -> list[str]:
    """Model files that are known here."""
    named = (settings.model, *settings.models, settings.second_model)
    found = [name for name in named if name not in ("", IDLE)]
    return list(dict.fromkeys([*found, *([str(SHIPPED)] if SHIPPED.exists() else [])]))


def find_model(stroke: Stroke, files: Sequence[str]) -> str:
    """The one of `files` that made a stroke, by what is in it, not by its name.

    Parameters
    ----------
    stroke : one of the picture's
    files : paths, in the order in which they are tried

    Raises
    ------
    GalleryError
        It is none of them.
    ModelError
        It is none of those that can be read.
    """
    if not stroke.sha256 and stroke.name == IDLE:
        return IDLE
    unreadable: list[ModelError] = []
    for file in files:
        try:
            if file_sha256(file) == stroke.sha256:
                return file
        except ModelError as error:
            unreadable.append(error)
    if unreadable:
        raise unreadable[0]
    raise GalleryError(
        f"{stroke.name}: the model of this picture (sha256 {stroke.sha256[:12]}…) isn't here, only "
        f"{', '.join(files) or 'none'}; just that file paints it again; give it by --visuals-model FILE"
    )


def paint(about: About, open_model: Callable[[Stroke], Generator]) -> Frame:
    """The generator's picture, in its own size.

    Parameters
    ----------
    about : of the picture
    open_model : gives a fresh generator, one that has painted nothing yet

    Raises
    ------
    GalleryError
        The model takes another `z`.
    """
    frames = []
    for stroke in about.strokes:
        generator = open_model(stroke)
        if stroke.z.shape != (generator.z_dim,):
            raise GalleryError(
                f"{about.id}: has a z of {stroke.z.size} numbers, {generator.name} takes {generator.z_dim}; "
                "the same model as then is needed; look for another copy of the picture"
            )
        try:
            frames.append(paint_with(generator, stroke.z, stroke.mood, stroke.truncation, stroke.width))
        except ValueError as error:
            raise GalleryError(f"{about.id}: can't be painted again ({error}); look for another copy of it") from None
    return frames[0] if len(frames) == 1 else blend(frames[0], frames[1], about.mix)


def passes(shape: tuple[int, ...], about: About, size: int) -> list[int]:
    """How many times the side each run of the finisher makes, one after the other.

    At the size that the picture has, or below, they are those that it had; for a larger print, as many as it needs.

    Parameters
    ----------
    shape : of the generator's picture
    about : of the picture
    size : pixels of the longer side that are asked for
    """
    if size <= max(about.width, about.height):
        runs = [SCALE] * ((about.scale.bit_length() - 1) // 2)
        return runs if SCALE ** len(runs) == about.scale else [*runs, 2]
    return enough(shape, about, size)


def enough(shape: tuple[int, ...], about: About, size: int) -> list[int]:
    """As `passes`, for a print; none of what no network has painted, or where the finisher is off.

    Parameters
    ----------
    shape : of the painted picture, (height, width, 3)
    about : of the picture
    size : pixels of the longer side that are asked for
    """
    scales: list[int] = []
    if about.finish <= 0.0 or not any(stroke.sha256 for stroke in about.strokes):
        return scales
    side, needed = max(shape[:2]), size * about.look.zoom
    while needed >= LEAST_GAIN * side and 2 * side <= LARGEST_LAYER:
        scales.append(SCALE if needed > HALF_DOES * side and SCALE * side <= LARGEST_LAYER else 2)
        side *= scales[-1]
    return scales


def finish(
    pixels: Frame,
    about: About,
    scales: list[int],
    open_finisher: Callable[[], Finisher],
    file: ConfigFile | None = None,
) -> tuple[Frame, About]:
    """What `draw` takes: the picture out of the finisher, and what is known of it then.

    What effects do to the picture is done where the show does it, after the first run; what comes then makes it sharp.

    Parameters
    ----------
    pixels : uint8 ``(h, w, 3)``, of the generator
    about : of the picture
    scales : as `passes` gives them
    open_finisher : isn't called where there are none
    file : as for `draw`
    """
    about = replace(about, scale=math.prod(scales))
    if not scales:
        return pixels, about
    finisher = open_finisher()
    # In one piece, as in the show.
    small = max(pixels.shape[:2]) <= LARGEST_PIECE
    pixels = (finisher if small else finisher.by_tiles)(pixels, about.finish, scales[0])
    if scales[1:]:
        pixels, about = _touched(pixels, about, file or ConfigFile(None, {}))
    for scale in scales[1:]:
        pixels = finisher.by_tiles(pixels, about.finish, scale)
    return pixels, about


def _touched(pixels: Frame, about: About, file: ConfigFile) -> tuple[Frame, About]:
    """The picture out of the effects at ``picture``, and what is known of it without them."""
    context = standalone_context()
    try:
        screen = Screen(context, (pixels.shape[1], pixels.shape[0]), registry=file.registry)
        names, screen.order = screen.at("picture"), order_of(about)
        screen.take(pixels, 1.0, fine=True)
        frame = screen.picture(1.0, Look(zoom=1.0), drawn_of(about, names, file.contract))
        screen.release()
        return frame, without(about, names, file.contract)
    finally:
        context.release()


def draw(pixels: Frame, about: About, size: int, file: ConfigFile | None = None) -> Frame:
    """As the show has drawn it, camera included, off screen.

    The picture is enlarged to the full size by the show's own cubic filter; grain stays as fine as a pixel.

    Parameters
    ----------
    pixels : uint8 ``(h, w, 3)``, of the generator or the finisher
    about : of the picture; a `scale` above 1 says that `pixels` are finished
    size : pixels of the longer side
    file : the plugins that there are, and what can be set; None: ours alone

    Returns
    -------
    uint8 ``(height, width, 3)``

    Raises
    ------
    GalleryError
        The size isn't allowed.
    DisplayError
        There is no OpenGL, or it can't draw so large.
    """
    check_size(size)
    scale = size / max(about.width, about.height)
    target = max(1, round(about.width * scale)), max(1, round(about.height * scale))
    context = standalone_context()
    try:
        most = int(context.info["GL_MAX_TEXTURE_SIZE"])
        side = max(pixels.shape[:2])
        enlarge = min(math.ceil(size * about.look.zoom / side), min(LARGEST_LAYER, most) // side)
        if scale <= 1.0:
            enlarge = ENLARGE  # just as the show did
        if size > most:
            raise DisplayError(f"--size: {size} is more than OpenGL can draw here; choose {most} or less")
        file = file or ConfigFile(None, {})
        screen = Screen(context, target, enlarge=max(ENLARGE, enlarge), registry=file.registry)
        screen.order = order_of(about)
        screen.take(pixels, 1.0, fine=about.scale > 1)
        moment = Moment(about.look.time, valence=about.valence, energy=about.energy, tempo_bpm=about.tempo_bpm)
        frame = screen.picture(1.0, about.look, drawn_of(about, screen.plugins, file.contract), moment)
        screen.release()
        return frame
    finally:
        context.release()


def check_size(size: int) -> None:
    """Raises `GalleryError` for a size that is out of range."""
    if not SMALLEST_SIDE <= size <= LONGEST_SIDE:
        raise GalleryError(f"--size: {size} is out of range; choose {SMALLEST_SIDE} to {LONGEST_SIDE} pixels")


def output_name(about: About, size: int) -> Path:
    """Where a larger picture goes if nobody says where.

    Parameters
    ----------
    about : of the picture
    size : pixels of its longer side
    """
    return Path(f"{about.id}-{size}.png")
