"""Detail for a generator that is good already: only the blocks of the highest sizes are trained, on windows.

What lies where stays that of the smaller generator, or what the generator itself painted where it has the size
already. A step costs about a quarter of one that trains everything, and pictures that are large enough are few:
512 px of brush strokes are learned from those that have them.
"""

import copy
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.gan import Canvas, Generator
from training.gan_trainer import Options, Trainer
from training.losses import augment
from training.pictures import MoodScale

WINDOW = 128
"""Side in pixels of what is painted and judged at once."""
MARGIN = 4
"""Pixels of the smaller picture around a window that are painted too: its rim would lack its neighbours."""
CONSISTENCY = 10.0
"""How strongly the detail is kept from changing what the smaller generator painted."""
HELD = 4
"""The means of so many of its pixels, in both directions, are held: below that, flaws may be painted over."""


class DetailTrainer(Trainer):
    """Trains the blocks above the size of ``--init``, or the last two where the sizes are equal.

    Parameters
    ----------
    options, pictures : as for `Trainer`

    Raises
    ------
    ValueError
        As `Trainer`; there is no ``--init``, or `size` is the smallest or less than a window.
    """

    judged = WINDOW

    def __init__(self, options: Options, pictures: Tensor) -> None:
        if not options.init:
            raise ValueError("--detail: there is nothing to add to; --init with a generator is needed")
        if options.size < 2 * WINDOW:
            raise ValueError(f"--detail: --size {options.size} is too small; choose {2 * WINDOW} or more")
        super().__init__(options, pictures, nn.Identity())
        mended = self.grown_from >= options.size
        self._base = options.size // 4 if mended else self.grown_from
        self._scale_up = options.size // self._base
        # Batch norms of what isn't new stay as they are in the show.
        self.generator.requires_grad_(False).eval()
        self._model = copy.deepcopy(self.generator) if mended else None
        for side in self.generator.sides:
            if side > self._base:
                for part in parts_of(self.generator, side):
                    part.requires_grad_(True).train(not mended)

    def judged_channels(self) -> list[int]:
        """None: windows are judged by their pixels."""
        return []

    def choose_scale(self, measured: Tensor) -> MoodScale:
        """That of the generator which is added to: here may be fewer pictures than it was trained on."""
        return MoodScale(torch.tensor(self.before["mood_mean"]), torch.tensor(self.before["mood_deviation"]))

    def place_pictures(self) -> Tensor:
        """None: nothing is anchored."""
        return torch.zeros(2, len(self.pictures), 0)

    def step(self) -> dict[str, float]:
        """One update of the new blocks and one of the discriminator, in one window of the pictures."""
        start = time.monotonic()
        n = self.options.batch
        real, _, _ = self.real(n)
        z, mood = (part.to(self.device) for part in self.ask(n))
        with torch.no_grad(), self.fast():
            canvas = self.generator.begin(z, mood)
            for side in self.generator.sides:
                if side <= self._base:
                    self.generator.enlarge(canvas, side)
        last = self._base - WINDOW // self._scale_up
        top, left = torch.randint(last + 1, (2,), generator=self.random).tolist()
        real = real[:, :, top * self._scale_up :, left * self._scale_up :][:, :, :WINDOW, :WINDOW]

        self.discriminator.requires_grad_(False)
        with self.fast():
            fake = self.paint_window(self.generator, canvas, top, left)
            fake_seen, real_seen = augment([fake, real], self.random)
            adversarial, _ = self.judged_together(real_seen, fake_seen)
        change = self.change(fake, canvas, top, left)
        rate = self.options.generator_rate * self.pace()[0]
        self.update(self.generator, self.generator_adam, adversarial + CONSISTENCY * change, rate)
        return self.judge({"generator": adversarial, "change": change}, real_seen, fake_seen, (), start)

    def change(self, fake: Tensor, canvas: Canvas, top: int, left: int) -> Tensor:
        """How far a window is from what was painted there before.

        Parameters
        ----------
        fake : float ``(n, 3, WINDOW, WINDOW)``, as painted now
        canvas : of the smaller picture
        top, left : of the window, pixels of the smaller picture

        Returns
        -------
        mean absolute difference of coarse pixels
        """
        if self._model is not None:
            with torch.no_grad(), self.fast():
                before = self.paint_window(self._model, canvas, top, left)
            return F.l1_loss(*(F.avg_pool2d(window.float(), self._scale_up) for window in (fake, before)))
        assert canvas.picture is not None
        side = WINDOW // self._scale_up
        before = torch.tanh(canvas.picture.float()[:, :, top : top + side, left : left + side])
        return F.l1_loss(F.avg_pool2d(fake.float(), self._scale_up * HELD), F.avg_pool2d(before, HELD))

    def paint_window(self, generator: Generator, canvas: Canvas, top: int, left: int) -> Tensor:
        """Paint a window of the larger picture.

        Parameters
        ----------
        generator : with all of its blocks
        canvas : of the smaller picture; it stays as it is
        top, left : of the window, pixels of the smaller picture

        Returns
        -------
        float ``(n, 3, WINDOW, WINDOW)``, -1..1
        """
        assert canvas.picture is not None
        side = WINDOW // self._scale_up
        rows = slice(max(0, top - MARGIN), top + side + MARGIN)
        columns = slice(max(0, left - MARGIN), left + side + MARGIN)
        part = Canvas(
            canvas.style, dict(canvas.maps), canvas.x[:, :, rows, columns], canvas.picture[:, :, rows, columns]
        )
        for larger in generator.sides:
            if larger > self._base:
                generator.enlarge(part, larger)
        y, x = (top - rows.start) * self._scale_up, (left - columns.start) * self._scale_up
        return torch.tanh(part.picture[:, :, y : y + WINDOW, x : x + WINDOW])


def parts_of(generator: Generator, side: int) -> list[nn.Module]:
    """What makes the maps and the picture of one size.

    Parameters
    ----------
    generator : Generator
    side : one of its sides
    """
    lists = (generator.to_rgb, generator.skips, generator.refine)
    return [generator.blocks[generator.sides.index(side)], *(parts[str(side)] for parts in lists if str(side) in parts)]
