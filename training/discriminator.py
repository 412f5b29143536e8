"""The discriminator that the generator learns from.

It is FastGAN's (Liu et al., 2021), which learns from the pixels themselves, at full size and at half of it. It also has
to redraw the real pictures from what it sees, which keeps it from learning a few hundred pictures by heart.
Beside it, small heads judge by the features of a network trained on photographs (Kumari et al., 2022): where the
first sees texture, they see shapes.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

REDRAWN = 64
"""Side of the pictures that are redrawn."""


def _conv(n_in: int, n_out: int, side: int, stride: int = 1, padding: int = 0) -> nn.Module:
    """A convolution under spectral normalisation."""
    return spectral_norm(nn.Conv2d(n_in, n_out, side, stride, padding, bias=False))


class _Halve(nn.Module):
    """Half the size by two ways, averaged: convolutions, and a mean with a 1x1 convolution."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            _conv(n_in, n_out, 4, 2, 1),
            nn.BatchNorm2d(n_out),
            nn.LeakyReLU(0.2),
            _conv(n_out, n_out, 3, 1, 1),
            nn.BatchNorm2d(n_out),
            nn.LeakyReLU(0.2),
        )
        self.direct = nn.Sequential(nn.AvgPool2d(2), _conv(n_in, n_out, 1), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2))

    def forward(self, x: Tensor) -> Tensor:
        return (self.main(x) + self.direct(x)) / 2


def _redraw(n_in: int, halvings: int) -> nn.Sequential:
    """A small decoder: maps to a picture `2 ** halvings` times as large, -1..1."""
    layers: list[nn.Module] = []
    for _ in range(halvings):
        n_out = max(n_in // 2, 8)
        layers += [
            nn.Upsample(scale_factor=2),
            nn.Conv2d(n_in, 2 * n_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(2 * n_out),
            nn.GLU(1),
        ]
        n_in = n_out
    return nn.Sequential(*layers, nn.Conv2d(n_in, 3, 3, 1, 1), nn.Tanh())


def _head(n_in: int, width: int = 64) -> nn.Sequential:
    """Scores from a map of fixed features."""
    return nn.Sequential(
        nn.BatchNorm2d(n_in, affine=False),
        _conv(n_in, width, 1),
        nn.LeakyReLU(0.2),
        _conv(width, width, 3, 1, 1),
        nn.LeakyReLU(0.2),
        _conv(width, 1, 1),
    )


class Discriminator(nn.Module):
    """Scores of pictures by their pixels, at full size and at half of it, and by maps of fixed features.

    Parameters
    ----------
    size : of the pictures, 64 or more
    width : channels at half the size
    channels : of the maps of features, if any
    """

    def __init__(self, size: int, width: int = 16, channels: Sequence[int] = ()) -> None:
        super().__init__()
        self.first = nn.Sequential(_conv(3, width, 4, 2, 1), nn.LeakyReLU(0.2))
        stages, n = [], width
        side = size // 2
        while side > 8:
            n_out = min(2 * n, 8 * width)
            stages.append(_Halve(n, n_out))
            n, side = n_out, side // 2
        self.stages = nn.ModuleList(stages)
        self.score = nn.Sequential(_conv(n, n, 1), nn.BatchNorm2d(n), nn.LeakyReLU(0.2), _conv(n, 1, 4))
        self.fine = nn.Sequential(
            _conv(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            _Halve(width, 2 * width),
            _Halve(2 * width, 4 * width),
            _conv(4 * width, 1, 4),
        )
        self.redraw = _redraw(n, 3)
        self.heads = nn.ModuleList(_head(n) for n in channels)

    def forward(self, pictures: Tensor, maps: Sequence[Tensor] = ()) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Score pictures.

        Parameters
        ----------
        pictures : float ``(n, 3, size, size)``, -1..1
        maps : features of the pictures, one for each of `channels`

        Returns
        -------
        by_pixels : scores at full and at half size; high is real
        by_features : scores by each map
        redrawn : float ``(n, 3, REDRAWN, REDRAWN)``, -1..1, as a decoder draws them from the last map
        """
        x = self.first(pictures)
        for stage in self.stages:
            x = stage(x)
        by_pixels = [self.score(x), self.fine(F.avg_pool2d(pictures, 2))]
        return by_pixels, [judge(part) for judge, part in zip(self.heads, maps, strict=True)], self.redraw(x)


def redrawing_loss(redrawn: Tensor, pictures: Tensor) -> Tensor:
    """Mean absolute difference from the pictures at `REDRAWN`.

    Parameters
    ----------
    redrawn : float ``(n, 3, REDRAWN, REDRAWN)``, -1..1
    pictures : float ``(n, 3, size, size)``, -1..1
    """
    return F.l1_loss(redrawn, F.adaptive_avg_pool2d(pictures, REDRAWN))
