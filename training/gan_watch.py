"""What a run of the generator shows while it trains: sheets, a walk through latent space, figures, warnings."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.evaluate_gan import coarse_bytes, diversity, nearest_neighbour, r2, sliced_wasserstein
from training.gan import FRAMED
from training.gan_trainer import ALONE, Trainer
from training.pictures import measure_mood, to_bytes

MEASURED = 64
SEARCHED = 2_000
"""Pictures of a large collection among which copies are looked for."""
WIDE_COLUMNS = 28
"""Of the sheet of wide pictures: 16:9."""
WALK_SECONDS = 3
WALK_FPS = 20
COLLAPSED = 0.5
COPIED = 0.5
LEARNED_BY_HEART = 1.5
"""The generator's loss by pixels above which the discriminator knows each picture: until then it is below 1."""
SEEN_FIRST = 8_000
"""Pictures before which nothing is said of collapse: a generator begins with pictures that are alike."""

Paint = Callable[[Tensor, Tensor], Tensor]
"""z ``(n, z_dim)`` and moods ``(n, 2)`` to uint8 ``(n, 3, size, size)``."""


def painter(trainer: Trainer, columns: int = FRAMED) -> Paint:
    """The averaged generator of a run.

    Parameters
    ----------
    trainer : of the run
    columns : of the pictures; `FRAMED` of them are a square
    """
    places = trainer.average.middle(columns)

    @torch.no_grad()
    def paint(z: Tensor, mood: Tensor) -> Tensor:
        parts = []
        for some_z, some_mood in zip(z.split(8), mood.split(8), strict=True):
            pictures = trainer.average(some_z.to(trainer.device), some_mood.to(trainer.device), places)
            parts.append(to_bytes(pictures).cpu())
        return torch.cat(parts)

    return paint


def sample_sheet(paint: Paint, z_dim: int, side: int = 128, n: int = 6) -> Image.Image:
    """Two grids: one z over all moods (valence to the right, energy upwards), then many z in many moods.

    Parameters
    ----------
    paint : the generator
    z_dim : length of z
    side : pixels of each picture on the sheet
    n : pictures in a row and in a column of each grid
    """
    draw = torch.Generator().manual_seed(1)
    line = torch.linspace(0.1, 0.9, n)
    moods = torch.stack([line.repeat(n), line.flip(0).repeat_interleave(n)], 1)
    one = torch.randn(1, z_dim, generator=draw).repeat(n * n, 1)
    many = torch.randn(n * n, z_dim, generator=draw)
    sheet = Image.new("RGB", (2 * n * side + 16, n * side), "white")
    for part, z in enumerate((one, many)):
        for i, picture in enumerate(paint(z, moods)):
            place = (part * (n * side + 16) + i % n * side, i // n * side)
            pixels = Image.fromarray(picture.permute(1, 2, 0).numpy())
            sheet.paste(pixels.resize((side, side), Image.Resampling.LANCZOS), place)
    return sheet


def wide_sheet(trainer: Trainer, height: int = 128, across: int = 4, down: int = 7) -> Image.Image:
    """Pictures of 16:9, each with a z and a mood of its own.

    Parameters
    ----------
    trainer : of the run
    height : of each picture on the sheet, pixels
    across, down : pictures in a row, and rows
    """
    draw = torch.Generator().manual_seed(4)
    z = torch.randn(across * down, trainer.options.z_dim, generator=draw)
    mood = 0.1 + 0.8 * torch.rand(across * down, 2, generator=draw)
    columns = min(WIDE_COLUMNS, round(FRAMED * trainer.options.widest))
    width = height * columns // FRAMED
    sheet = Image.new("RGB", (across * (width + 4), down * (height + 4)), "white")
    paint = painter(trainer, columns)
    for i, picture in enumerate(paint(z, mood)):
        pixels = Image.fromarray(picture.permute(1, 2, 0).numpy()).resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(pixels, (i % across * (width + 4), i // across * (height + 4)))
    return sheet


def write_walk(path: Path, paint: Paint, z_dim: int, size: int) -> None:
    """A video of a slow way from one z to another, from a calm sad mood to a wild happy one.

    Parameters
    ----------
    path : of the MP4 file; one that is there is replaced
    paint : the generator
    z_dim : length of z
    size : side of its pictures, pixels

    Raises
    ------
    OSError, av.FFmpegError
        The file can't be written.
    """
    draw = torch.Generator().manual_seed(2)
    start, end = torch.randn(2, z_dim, generator=draw)
    way = torch.linspace(0, 1, WALK_SECONDS * WALK_FPS)[:, None]
    # Nearly orthogonal ends, so that this is the arc between them; the generator takes the direction alone.
    z = torch.cos(way * torch.pi / 2) * start + torch.sin(way * torch.pi / 2) * end
    # Opened here: FFmpeg can't open every name.
    with path.open("wb") as data, av.open(data, "w", format="mp4") as file:
        stream = file.add_stream("libx264", WALK_FPS, options={"crf": "20"})
        stream.pix_fmt, stream.width, stream.height = "yuv420p", size, size
        for some_z, some_mood in zip(z.split(8), (0.15 + 0.7 * way).repeat(1, 2).split(8), strict=True):
            for picture in paint(some_z, some_mood):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
                file.mux(stream.encode(frame))
        file.mux(stream.encode())


def told(figures: Mapping[str, float]) -> list[str]:
    """Figures of `Watch.measure` in plain words, each line below 80 letters."""
    say = {name: f"{value:.2f}" if math.isfinite(value) else "unknown" for name, value in figures.items()}
    obeyed = {value: say[f"mood_r2_{value}"] for value in ("valence", "energy")}
    obeyed = {name: "not yet" if text.startswith("-") else text for name, text in obeyed.items()}
    return [
        f"  distance from your pictures: {figures['swd']:.0f} (two halves of them: {figures['swd_floor']:.0f})",
        f"  mood obeyed: valence {obeyed['valence']}, energy {obeyed['energy']} (1: fully)",
        f"  variety: {say['diversity']} (1: as varied as your pictures)",
        f"  newness: {say['nearest_neighbour']} (near 0: copies of your pictures)",
    ]


class Watch:
    """Measures a run now and then, and says when it goes wrong.

    Parameters
    ----------
    trainer : Trainer
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        draw = torch.Generator().manual_seed(3)
        n = min(MEASURED, len(trainer.pictures) // 2)
        chosen = torch.randperm(len(trainer.pictures), generator=draw)[: 2 * n]
        some = torch.randperm(len(trainer.pictures), generator=draw)[:SEARCHED]
        self._real, self._others = trainer.pictures[chosen[:n]], trainer.pictures[chosen[n:]]
        self._searched = torch.cat([coarse_bytes(trainer.pictures[part]) for part in some.split(64)])
        self._z = torch.randn(n, trainer.options.z_dim, generator=draw)
        self._mood = torch.rand(n, 2, generator=draw)

    def measure(self) -> dict[str, float]:
        """Quick figures, of few pictures: those of `training.evaluate_gan`, and `swd_floor`."""
        fake = painter(self._trainer)(self._z, self._mood)
        valence, energy = r2(self._mood, self._trainer.scale.to_mood(measure_mood(fake))).tolist()

        def swd(pictures: Tensor) -> float:
            return float(np.mean(sliced_wasserstein(self._real, pictures, torch.Generator().manual_seed(0))))

        return {
            "swd": swd(fake),
            "swd_floor": swd(self._others),
            "mood_r2_valence": valence,
            "mood_r2_energy": energy,
            "diversity": diversity(self._real, fake),
            "nearest_neighbour": nearest_neighbour(self._searched, fake),
        }

    def warnings(self, figures: dict[str, float], lead: float) -> list[str]:
        """What there is to say of a run.

        Parameters
        ----------
        figures : as `measure` gives them
        lead : mean loss of the generator by pixels of late, as the discriminator sees it

        Returns
        -------
        a sentence on each thing that goes wrong
        """
        said = []
        if figures["diversity"] < COLLAPSED and self._trainer.images_seen >= SEEN_FIRST:
            said.append(
                f"the pictures are alike (variety {figures['diversity']:.2f}): a sign of "
                "collapse; go back to an earlier model with --init, or raise --anchor-weight"
            )
        if figures["nearest_neighbour"] < COPIED:
            said.append(
                f"the pictures come close to copies (newness {figures['nearest_neighbour']:.2f}): a sign of learning "
                "by heart; stop here, add pictures, or start anew from a generator that can paint (--init)"
            )
        # A generator that is started from waits for the discriminator at first, and loses by that.
        if lead > LEARNED_BY_HEART and not (self._trainer.before and self._trainer.step_count < 2 * ALONE):
            said.append(
                f"the discriminator knows the pictures by heart (the generator's loss is {lead:.1f}; it is "
                "below 1 while both learn), and what it asks for now is noise: go back to an earlier model "
                "with --init, lower --discriminator-rate or --discriminator-width, or add pictures"
            )
        return said
