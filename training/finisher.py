"""The finisher: a small network that makes four times the side out of a painted picture, with the texture of paint.

It works at the painted size throughout; its last convolution gives 16 pixels for each one, as bytes in the order of
the picture, so that nothing large is ever moved in floats. Beside the maps it sees the picture itself; it begins as a
smooth enlargement, and learns what has to be added.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

SCALE = 4
GRAIN_SIDE = 64
"""Side of the tile of noise, in pixels of the smaller picture."""
GRAIN_SEED = 0
FAINT = 0.02
"""How large the noise is at first, beside what He et al. would begin with."""
SMALL = 0.1
"""What the last convolution gives is this much of what its weights say: a step of theirs is a small step."""


def centred(levels: Tensor) -> Tensor:
    """Levels 0..255 to float -1..1, each exact in bfloat16."""
    return (levels.float() - 128.0) / 128.0


def levels(picture: Tensor) -> Tensor:
    """Inverse of `centred`: float ``(…)`` to uint8; what lies outside is clipped."""
    return (picture * 128.0 + 128.0).round().clamp(0.0, 255.0).to(torch.uint8)


class Finisher(nn.Module):
    """A picture to one of four times the side.

    Parameters
    ----------
    width : int > 0, channels
    depth : int >= 0, residual pairs of convolutions
    grains : int > 0, channels of noise

    Attributes
    ----------
    grained : whether it adds grain; without it, it is a mere enlargement of what is there

    Notes
    -----
    The network of the show, `forward`, takes uint8 ``(1, height, width, 3)`` and gives uint8
    ``(1, 4 height, 4 width, 3)``.

    Paint has grain of which a small picture says nothing. It can be learnt only from something that differs from
    place to place: noise, of which the maps say how much of it is where. It lies still on the canvas and never
    flickers. What isn't noise adds no grain, or it would add a pattern.
    """

    def __init__(self, width: int = 16, depth: int = 3, grains: int = 8) -> None:
        super().__init__()
        self.shape = {"width": width, "depth": depth, "grains": grains}
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.pairs = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(depth)
        )
        self.last = nn.Conv2d(width + 3, 3 * SCALE**2, 3, padding=1)
        self.amount = nn.Conv2d(width, grains, 1)
        self.grain = nn.Conv2d(grains, 3 * SCALE**2, 3, padding=1, bias=False)
        noise = torch.randn(grains, GRAIN_SIDE, GRAIN_SIDE, generator=torch.Generator().manual_seed(GRAIN_SEED))
        # Exact in 16 bits, as the model file keeps it.
        self.register_buffer("noise", noise.half().float(), False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                # After He et al. (2015): the maps stay as large from layer to layer.
                seen = layer.weight[0].numel()
                nn.init.normal_(layer.weight, 0.0, (2.0 / seen) ** 0.5)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        with torch.no_grad():
            for pair in self.pairs:
                pair[2].weight.mul_(0.1)
            self.last.weight.zero_()
            self.grain.weight.mul_(FAINT)
            # Some of it everywhere at first.
            self.amount.weight.mul_(0.1)
            nn.init.ones_(self.amount.bias)  # type: ignore[arg-type]
        self.grained = True
        # Apart from what is learnt, or the first steps would shake it.
        self.register_buffer("enlarge", torch.cat([torch.zeros(3 * SCALE**2, width, 3, 3), _smooth()], 1), False)

    def forward(self, picture: Tensor) -> Tensor:
        n, height, width, _ = picture.shape
        y = levels(self.details(centred(picture).permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        # Twelve bytes lie together all the way: 4 pixels of 3 colours.
        y = y.reshape(n, height, width, SCALE, SCALE * 3).permute(0, 1, 3, 2, 4)
        return y.reshape(n, height * SCALE, width * SCALE, 3)

    def only_grain(self) -> None:
        """Train nothing but the grain from now on."""
        self.grained = True
        self.requires_grad_(False)
        for part in (self.amount, self.grain):
            part.requires_grad_(True)

    def details(self, x: Tensor, shift: tuple[int, int] = (0, 0)) -> Tensor:
        """The 16 pixels that each pixel becomes.

        Parameters
        ----------
        x : float ``(n, 3, height, width)`` in -1..1
        shift : rows and columns by which the noise is moved, so that training sees it everywhere

        Returns
        -------
        float ``(n, 48, height, width)``: by row, column and colour
        """
        y = F.relu(self.first(x))
        for pair in self.pairs:
            y = y + pair(y)
        y = F.relu(y)
        seen, weight = [y, x], self.enlarge + self.last.weight * SMALL
        if self.grained:
            noise = self.noise.roll(shift, (1, 2)) if any(shift) else self.noise
            rows, columns = ((side + GRAIN_SIDE - 1) // GRAIN_SIDE for side in x.shape[2:])
            noise = noise.repeat(1, rows, columns)[:, : x.shape[2], : x.shape[3]]
            seen.append(F.relu(self.amount(y)) * noise)
            weight = torch.cat([weight, self.grain.weight * SMALL], 1)
        return F.conv2d(torch.cat(seen, 1), weight, self.last.bias * SMALL, padding=1)

    def paint(self, x: Tensor, shift: tuple[int, int] = (0, 0)) -> Tensor:
        """As `details`, put together.

        Parameters
        ----------
        x : float ``(n, 3, height, width)`` in -1..1
        shift : rows and columns by which the noise is moved

        Returns
        -------
        float ``(n, 3, 4 height, 4 width)``, -1..1 and a little beyond
        """
        y = self.details(x, shift).float()
        n, _, height, width = y.shape
        y = y.view(n, SCALE, SCALE, 3, height, width).permute(0, 3, 4, 1, 5, 2)
        return y.reshape(n, 3, height * SCALE, width * SCALE)


def _smooth() -> Tensor:
    """Kernel ``(48, 3, 3, 3)`` of an enlargement by quadratic B-splines.

    Straight lines from pixel to pixel would have a kink at each of them, a grid, and let single pixels stand out.
    """
    along = torch.zeros(SCALE, 3)
    for phase in range(SCALE):
        # Where the centre of the small pixel `phase` lies, from that of the large one.
        offset = (phase + 0.5) / SCALE - 0.5
        along[phase] = torch.tensor([(0.5 - offset) ** 2 / 2, 0.75 - offset**2, (0.5 + offset) ** 2 / 2])
    kernel = torch.einsum("ak,bl,co->abcokl", along, along, torch.eye(3))
    return kernel.reshape(3 * SCALE**2, 3, 3, 3)


def cubic(x: Tensor) -> Tensor:
    """What the finisher is compared with: ``(n, 3, height, width)`` enlarged to four times the side."""
    return F.interpolate(x, scale_factor=float(SCALE), mode="bicubic", align_corners=False)


class Judge(nn.Module):
    """Scores of windows of large pictures, place by place; high is real.

    It sees the window beside the small picture that it was made of, so that it asks for the texture that belongs
    there. Each score sees 62 pixels of the window at most: composition is the generator's.

    Parameters
    ----------
    width : int > 0, channels at half the size
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()

        def conv(n_in: int, n_out: int, side: int, stride: int = 1) -> nn.Module:
            return spectral_norm(nn.Conv2d(n_in, n_out, side, stride, (side - 1) // 2))

        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            conv(24, width, 3),
            nn.LeakyReLU(0.2),
            conv(width, 2 * width, 4, 2),
            nn.LeakyReLU(0.2),
            conv(2 * width, 2 * width, 3),
            nn.LeakyReLU(0.2),
            conv(2 * width, 4 * width, 4, 2),
            nn.LeakyReLU(0.2),
            conv(4 * width, 4 * width, 3),
            nn.LeakyReLU(0.2),
            conv(4 * width, 1, 3),
        )

    def forward(self, large: Tensor, small: Tensor) -> Tensor:
        """Score windows of large pictures.

        Parameters
        ----------
        large : float ``(n, 3, 4 side, 4 side)``, -1..1
        small : float ``(n, 3, side, side)``, what they were made of

        Returns
        -------
        scores, ``(n, 1, rows, columns)``
        """
        beside = F.interpolate(small, scale_factor=float(SCALE), mode="bilinear", align_corners=False)
        return self.layers(torch.cat([large, large - beside], 1))
