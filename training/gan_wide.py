"""Width for a generator that paints squares: it learns what lies beside them, on windows at any place.

Layout alone is trained, up to the maps of `training.gan.FRAMED` rows; how things are painted stays as it is. So does
what lies in the middle, which the generator painted before. The discriminator sees square windows of pictures of many
widths beside real squares: wherever it looks there has to be a picture.
"""

import copy
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.gan import FRAMED, Canvas, Generator, within_reach
from training.gan_detail import parts_of
from training.gan_trainer import JUDGED_FROM, Options, Trainer
from training.losses import augment, mood_loss, soften
from training.pictures import MoodScale, colour_mood
from training.windows import cut, draw_columns, draw_lefts

JUDGED = 128
"""Rows of the pictures that are judged: what is trained makes nothing that is finer."""
HELD_AT = 64
"""Rows of the picture whose middle is held."""
HELD = 10.0
"""How strongly the middle is held to what was painted there before."""


class WideTrainer(Trainer):
    """Trains the layout of a wide canvas around what ``--init`` paints.

    Parameters
    ----------
    options, pictures, features : as for `Trainer`

    Raises
    ------
    ValueError
        As `Trainer`; there is no ``--init``, it has another size, or the canvas is no wider than a square.
    """

    judged = JUDGED

    def __init__(self, options: Options, pictures: Tensor, features: nn.Module) -> None:
        if not options.init:
            raise ValueError("--widen: there is nothing to widen; --init with a generator is needed")
        if options.widest <= 1.0 or options.size < JUDGED:
            raise ValueError(f"--widen: needs a --widest above 1, such as 2.5, and a --size of {JUDGED} or more")
        super().__init__(options, pictures, features)
        if self.grown_from < options.size:
            raise ValueError(f"--widen: {options.init} paints {self.grown_from} pixels; give --size {self.grown_from}")
        # Batch norms stay as they are in the show.
        self.generator.requires_grad_(False).eval()
        self._model = copy.deepcopy(self.generator)
        self.generator.start.requires_grad_(True)
        for side in self.generator.sides:
            if side <= FRAMED:
                for part in parts_of(self.generator, side):
                    part.requires_grad_(True)

    def choose_scale(self, measured: Tensor) -> MoodScale:
        """That of the generator which is widened."""
        return MoodScale(torch.tensor(self.before["mood_mean"]), torch.tensor(self.before["mood_deviation"]))

    def place_pictures(self) -> Tensor:
        """None: nothing is anchored."""
        return torch.zeros(2, len(self.pictures), 0)

    def step(self) -> dict[str, float]:
        """One update of the layout and one of the discriminator."""
        start = time.monotonic()
        n = self.options.batch
        real = F.avg_pool2d(self.real(n)[0], self.options.size // JUDGED)
        z, mood = self.ask(n)
        z, mood = z.to(self.device), within_reach(mood).to(self.device)
        columns = draw_columns(self.options.widest, self.random)
        lefts = draw_lefts(n, (columns - FRAMED) * JUDGED // FRAMED, self.random)
        pace, settled = self.pace()

        self.discriminator.requires_grad_(False)
        with torch.set_grad_enabled(pace > 0), self.fast():
            fake, middle = self.paint(self.generator, z, mood, columns)
            small = F.avg_pool2d(fake, self.options.size // JUDGED)
            window = cut(small, lefts)
            fake_seen, real_seen = augment([window, real], self.random)
            fake_maps = self.features(soften(fake_seen))
            with torch.no_grad():
                real_maps = self.features(soften(real_seen))
                _, held = self.paint(self._model, z, mood, columns, HELD_AT)
            maps = [torch.cat(pair) for pair in zip(real_maps, fake_maps, strict=True)][JUDGED_FROM:]
            by_pixels, by_features = self.judged_together(real_seen, fake_seen, maps)
        change = _change(middle.float(), held.float())
        obedience = mood_loss(self.scale.to_mood(colour_mood(fake.float())), mood)
        if pace > 0:
            loss = by_pixels + self.options.feature_weight * settled * by_features
            loss = loss + self.options.mood_weight * obedience + HELD * change
            self.update(self.generator, self.generator_adam, loss, self.options.generator_rate * pace)
        losses = {"generator": by_pixels, "by_features": by_features, "mood": obedience, "change": change}
        return self.judge(losses, real_seen, fake_seen, maps, start)

    def paint(
        self, generator: Generator, z: Tensor, mood: Tensor, columns: int, until: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Paint a window in the middle of the canvas.

        Parameters
        ----------
        generator : Generator
        z : float ``(n, z_dim)``
        mood : float ``(n, 2)``
        columns : of the window
        until : rows of the picture; None: all

        Returns
        -------
        picture : float ``(n, 3, rows, width)``, -1..1
        middle : the square in the middle of it at `HELD_AT`, before the last tanh
        """
        canvas: Canvas = generator.begin(z, mood, generator.middle(columns))
        middle = torch.zeros(())
        for side in generator.sides:
            if side > (until or generator.size):
                break
            generator.enlarge(canvas, side)
            if side == HELD_AT:
                assert canvas.picture is not None
                left = (columns - FRAMED) * HELD_AT // FRAMED // 2
                middle = canvas.picture[:, :, :, left : left + HELD_AT]
        assert canvas.picture is not None
        return torch.tanh(canvas.picture), middle


def _change(middle: Tensor, held: Tensor) -> Tensor:
    """How far a middle is from the held one: most in its own middle, not at all at its rims, where it must join."""
    apart = [F.avg_pool2d(torch.tanh(part), 2) for part in (middle, held)]
    side = apart[0].shape[-1]
    weight = torch.sin(torch.pi * (torch.arange(side, device=middle.device) + 0.5) / side)
    return ((apart[0] - apart[1]).abs() * weight).mean()
