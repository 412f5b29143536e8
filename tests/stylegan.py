"""A small StyleGAN2 with random weights: a mapping network, modulated convolutions, no mood input."""

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _Modulated(nn.Module):
    """Karras et al. (2020): the style scales the weights, which are then brought back to length one."""

    def __init__(self, n_in: int, n_out: int, w_dim: int, side: int, normalised: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, side, side))
        self.style = nn.Linear(w_dim, n_in)
        nn.init.normal_(self.style.weight, 0.0, w_dim**-0.5)
        nn.init.ones_(self.style.bias)
        self.normalised = normalised

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weight = self.weight * self.style(w)[0][None, :, None, None]
        if self.normalised:
            weight = weight * torch.rsqrt(weight.square().sum((1, 2, 3), keepdim=True) + 1e-8)
        else:
            weight = weight * self.weight.shape[1] ** -0.5
        return F.conv2d(x, weight, padding=self.weight.shape[-1] // 2)


class StyleGan(nn.Module):
    """z ``(1, z_dim)`` and truncation_psi to an image ``(1, 3, size, size)`` of about -1..1, and its w."""

    def __init__(self, z_dim: int = 24, size: int = 32, channels: int = 12, layers: int = 4) -> None:
        super().__init__()
        torch.manual_seed(5)
        sizes = [nn.Linear(z_dim, z_dim) for _ in range(layers)]
        for layer in sizes:
            nn.init.normal_(layer.weight, 0.0, (2.0 / z_dim) ** 0.5)
            nn.init.normal_(layer.bias, 0.0, 0.1)
        self.mapping = nn.ModuleList(sizes)
        self.start = nn.Parameter(torch.randn(1, channels, 4, 4))
        blocks = (size // 4).bit_length() - 1
        self.convs = nn.ModuleList(_Modulated(channels, channels, z_dim, 3) for _ in range(blocks))
        self.colours = nn.ModuleList(_Modulated(channels, 3, z_dim, 1, normalised=False) for _ in range(blocks))
        with torch.no_grad():
            self.register_buffer("average", self._map(torch.randn(2000, z_dim)).mean(0, keepdim=True))

    def _map(self, z: Tensor) -> Tensor:
        w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.mapping:
            w = F.leaky_relu(layer(w), 0.2)
        return w

    def forward(self, z: Tensor, truncation_psi: Tensor) -> tuple[Tensor, Tensor]:
        assert isinstance(self.average, Tensor)
        w = self.average + truncation_psi * (self._map(z) - self.average)
        x, image = self.start, torch.zeros(1, 3, 4, 4)
        for conv, colour in zip(self.convs, self.colours, strict=True):
            x, image = F.interpolate(x, scale_factor=2.0), F.interpolate(image, scale_factor=2.0, mode="bilinear")
            x = F.leaky_relu(conv(x, w), 0.2) * 1.4
            image = image + 0.25 * colour(x, w)
        return image, w[:, None].repeat(1, len(self.convs), 1)


def export(network: StyleGan, path: Path, z_dim: int = 24) -> Path:
    """As an ONNX file without a card."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.randn(1, z_dim), torch.tensor(1.0)),
            str(path),
            input_names=["z", "truncation_psi"],
            output_names=["image", "w"],
            opset_version=17,
            dynamo=False,
        )
    return path
