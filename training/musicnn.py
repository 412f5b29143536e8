"""What MusiCNN hears in a window: features of a network that learned from 200,000 tagged songs.

MusiCNN (Pons & Serra, 2019, *musicnn: Pre-trained Convolutional Neural Networks for Music Audio
Tagging*) looks at 96 mel bands every 16 ms. Here its kernels are resampled to the show's columns, one
every 40.4 ms, so that the mel that the show computes anyway is all it needs.

``weights/musicnn.safetensors`` was made from the package's ``MSD_musicnn`` (see MODELS.md):

    pip download --no-deps musicnn && unzip musicnn-*.whl
    python -m training.musicnn musicnn/MSD_musicnn training/weights/musicnn.safetensors
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from artgen_osc.dsp.core import hz_to_mel, mel_to_hz
from artgen_osc.mood.mel import FMAX, FMIN, HOP, N_MELS, SAMPLE_RATE
from artgen_osc.runtime.files import whole
from training.command import Parser, named_path, run_command
from training.output import need_writable

WEIGHTS = Path(__file__).parent / "weights" / "musicnn.safetensors"
COLUMNS = 74
"""How much it hears: 3.0 s, as when it was trained. The latest columns of a window."""

_BANDS, _HIGHEST_HZ = 96, 8000.0
_FRAME = 256 / 16000 * SAMPLE_RATE / HOP
"""Columns from one of its own frames to the next."""
_LEVEL_DB = 20.0
"""A window's maximum in its scale, as in loud recordings."""
_BAND_STEP = 2
_DEAD = 1e-4
"""Filters without a larger weight say the same of everything."""
_TEMPORAL = 5
_EPSILON = 1e-3


def _bands() -> Tensor:
    """``(96, 128)``: its bands from the show's, by interpolation in dB."""

    def centres(count: int, low: float, high: float) -> np.ndarray:
        return mel_to_hz(np.linspace(hz_to_mel(np.array(low)), hz_to_mel(np.array(high)), count + 2))[1:-1]

    have, want = centres(N_MELS, FMIN, FMAX), centres(_BANDS, 0.0, _HIGHEST_HZ)
    place = np.interp(want, have, np.arange(N_MELS))
    distance = np.abs(place[:, None] - np.arange(N_MELS)[None])
    return torch.from_numpy(np.maximum(0.0, 1.0 - distance)).float()


class Musicnn(nn.Module):
    """Features of the last `COLUMNS` of a window; fixed.

    ``(n, 128, t)`` dB relative to the window's maximum, to ``(n, size)``: mean, spread
    and peaks over time of its feature maps.
    """

    bands: Tensor
    alive: Tensor

    def __init__(self, weights: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        weights = load_file(WEIGHTS) if weights is None else weights
        for name, value in weights.items():
            self.register_buffer(name.replace(".", "_"), value.float(), persistent=False)
        self.register_buffer("bands", _bands(), persistent=False)
        alive = torch.cat([_alive(weights[f"conv{i}.kernel"]) for i in range(_TEMPORAL + 3)])
        self.register_buffer("alive", alive.nonzero()[:, 0], persistent=False)
        self.size = 3 * len(self.alive)

    def _conv(self, x: Tensor, index: int) -> Tensor:
        kernel: Tensor = getattr(self, f"conv{index}_kernel")
        bias: Tensor = getattr(self, f"conv{index}_bias")
        gain: Tensor = getattr(self, f"norm{index + 1}_gain")
        shift: Tensor = getattr(self, f"norm{index + 1}_shift")
        if index < _TEMPORAL:
            # The maximum over bands follows, and needs not look at each of them.
            x = F.conv2d(x, kernel, bias, stride=(1, _BAND_STEP), padding=(kernel.shape[2] // 2, 0))
            return (F.relu(x) * gain[:, None, None] + shift[:, None, None]).amax(3)
        return F.relu(F.conv1d(x, kernel, bias, padding=1)) * gain[:, None] + shift[:, None]

    def forward(self, db: Tensor) -> Tensor:
        db = self.bands @ db[:, :, -COLUMNS:] + _LEVEL_DB
        x = (1e4 * torch.pow(10.0, db / 10.0) + 1.0).log() / float(np.log(10.0))
        gain: Tensor = self.norm0_gain  # type: ignore[assignment]
        shift: Tensor = self.norm0_shift  # type: ignore[assignment]
        x = (x * gain + shift).transpose(1, 2)[:, None]
        front = torch.cat([self._conv(x, i) for i in range(_TEMPORAL)], 1)
        first = self._conv(front, _TEMPORAL)
        second = self._conv(first, _TEMPORAL + 1) + first
        third = self._conv(second, _TEMPORAL + 2) + second
        maps = torch.cat([front, first, second, third], 1)[:, self.alive]
        mean = maps.mean(2)
        spread = ((maps - mean[:, :, None]).square().mean(2) + 1e-6).sqrt()
        third_of = maps.shape[2] // 3
        peaks = maps[:, :, : 3 * third_of].unflatten(2, (3, third_of)).amax(3).mean(2)
        return torch.cat([mean, spread, peaks], 1)


def _resampled(kernel: np.ndarray, reach: int | None) -> np.ndarray:
    """A kernel over its frames as one over columns, on axis 0: what it would see of columns interpolated in time.

    Parameters
    ----------
    reach : columns to each side, for kernels hardly longer than a column; as far as it goes by default
    """
    frames = (np.arange(len(kernel)) - (len(kernel) - 1) // 2) * _FRAME
    reach = int(np.ceil(np.abs(frames).max())) if reach is None else reach
    columns = np.arange(-reach, reach + 1)
    share = np.maximum(0.0, 1.0 - np.abs(frames.clip(-reach, reach)[None] - columns[:, None]))
    return np.tensordot(share, kernel, 1)


def _alive(kernel: Tensor) -> Tensor:
    """Which filters of a kernel ``(n, …)`` hear anything."""
    return kernel.flatten(1).abs().amax(1) > _DEAD


def _without_dead(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same network without the filters of its first layer that training left at zero, which are most.

    What they add up to for the next layer becomes one map that is always 1.
    """
    kept, constant, behind = dict(weights), 0.0, weights[f"conv{_TEMPORAL}.kernel"]
    parts = behind.split([len(weights[f"conv{i}.kernel"]) for i in range(_TEMPORAL)], 1)
    heard = []
    for i, part in enumerate(parts):
        names = (f"conv{i}.kernel", f"conv{i}.bias", f"norm{i + 1}.gain", f"norm{i + 1}.shift")
        alive = _alive(weights[names[0]])
        bias, gain, shift = (weights[name][~alive] for name in names[1:])
        constant = constant + (part[:, ~alive] * (bias.relu() * gain + shift)[None, :, None]).sum(1, keepdim=True)
        heard.append(part[:, alive])
        # The last one gets the filter that is always 1.
        last = i == _TEMPORAL - 1
        for name, value in zip(names, (0.0, 0.0, 0.0, 1.0), strict=True):
            kept[name] = weights[name][alive]
            if last:
                kept[name] = torch.cat([kept[name], torch.full_like(weights[name][:1], value)])
    kept[f"conv{_TEMPORAL}.kernel"] = torch.cat([*heard, constant], 1)
    return kept


def convert(checkpoint: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """The package's weights in the form that `Musicnn` takes, float16."""

    def numbered(name: str, index: int) -> str:
        return f"{name}_{index}" if index else name

    weights: dict[str, np.ndarray] = {}
    for i in range(_TEMPORAL + 3):
        name = numbered("conv2d", i)
        kernel = checkpoint[f"{name}/kernel"]
        if i < _TEMPORAL:
            weights[f"conv{i}.kernel"] = _resampled(kernel, 1 if i < 2 else None).transpose(3, 2, 0, 1)
        else:
            weights[f"conv{i}.kernel"] = _resampled(kernel[:, :, 0], 1).transpose(2, 1, 0)
        weights[f"conv{i}.bias"] = checkpoint[f"{name}/bias"]
    for i in range(_TEMPORAL + 4):
        name = numbered("batch_normalization", i)
        gain = checkpoint[f"{name}/gamma"] / np.sqrt(checkpoint[f"{name}/moving_variance"] + _EPSILON)
        weights[f"norm{i}.gain"] = gain
        weights[f"norm{i}.shift"] = checkpoint[f"{name}/beta"] - checkpoint[f"{name}/moving_mean"] * gain
    tensors = {name: torch.tensor(np.ascontiguousarray(value), dtype=torch.float32) for name, value in weights.items()}
    return {name: value.half().contiguous() for name, value in _without_dead(tensors).items()}


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _table_block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of one block of a LevelDB table without compression."""
    block = table[offset : offset + size]
    end = len(block) - 4 - 4 * struct.unpack("<I", block[-4:])[0]
    place, key = 0, b""
    while place < end:
        shared, place = _varint(block, place)
        fresh, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + fresh]
        place += fresh
        yield key, block[place : place + length]
        place += length


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """Fields of a protocol buffer by number."""
    found: dict[int, list[int | bytes]] = {}
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value: int | bytes
        if tag & 7 == 0:
            value, place = _varint(message, place)
        else:
            length, place = (4, place) if tag & 7 == 5 else _varint(message, place)
            value = message[place : place + length]
            place += length
        found.setdefault(tag >> 3, []).append(value)
    return found


def read_checkpoint(folder: Path) -> dict[str, np.ndarray]:
    """Float32 variables of a TensorFlow checkpoint (a table of names, and a file of numbers) by name."""
    table, data = (folder / ".index").read_bytes(), (folder / ".data-00000-of-00001").read_bytes()
    place = len(table) - 48
    for _ in range(2):
        _, place = _varint(table, place)
    offset, place = _varint(table, place)
    size, _ = _varint(table, place)
    variables = {}
    for _, handle in _table_block(table, offset, size):
        start, place = _varint(handle, 0)
        for name, entry in _table_block(table, start, _varint(handle, place)[0]):
            about = _fields(entry)
            if not name or about.get(1) != [1]:
                continue
            sides = [_fields(side).get(1, [0])[0] for side in _fields(about.get(2, [b""])[0]).get(2, [])]  # type: ignore[arg-type]
            first = int(about.get(4, [0])[0])
            numbers = np.frombuffer(data[first : first + int(about[5][0])], "<f4")
            variables[name.decode()] = numbers.reshape([int(side) for side in sides])
    return variables


def _convert() -> None:
    parser = Parser(prog="python -m training.musicnn", description="Convert the weights of the package musicnn.")
    parser.add_argument("folder", type=named_path, help="of the checkpoint MSD_musicnn")
    parser.add_argument("file", type=named_path, help="the safetensors file to write")
    given = parser.parse_args()
    need_writable("", given.file)
    weights = convert(read_checkpoint(given.folder))
    with whole(given.file) as fresh:
        save_file(weights, fresh)


if __name__ == "__main__":
    sys.exit(run_command("musicnn", _convert))
