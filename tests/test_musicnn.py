"""The features of MusiCNN, and how its published weights become those of the show."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from artgen_osc.mood.mel import N_MELS, WINDOW_COLUMNS  # noqa: E402 (torch decides whether this file runs)
from training import musicnn  # noqa: E402


def test_hears_the_latest_three_seconds() -> None:
    features = musicnn.Musicnn()
    db = torch.rand(2, N_MELS, WINDOW_COLUMNS) * -60
    wanted = features(db)
    assert wanted.shape == (2, features.size)
    db[:, :, : -musicnn.COLUMNS] = -80.0
    torch.testing.assert_close(features(db), wanted)
    db[:, :, -1] = -80.0
    assert not torch.allclose(features(db), wanted)


def test_bands_are_where_its_own_are() -> None:
    bands = musicnn._bands()
    assert bands.shape == (96, N_MELS)
    torch.testing.assert_close(bands.sum(1), torch.ones(96))
    assert (bands.argmax(1).diff() >= 0).all()


def test_a_resampled_kernel_sees_the_same_of_a_line() -> None:
    """On what changes evenly over time, columns and frames tell the same."""
    kernel = np.random.default_rng(0).normal(size=(32, 1))
    columns = musicnn._resampled(kernel, None)
    reach = len(columns) // 2
    frames = (np.arange(32) - 15) * musicnn._FRAME
    assert (columns.T @ np.arange(-reach, reach + 1)).item() == pytest.approx((kernel.T @ frames).item())
    assert columns.sum() == pytest.approx(kernel.sum())


def test_checkpoint_and_conversion(tmp_path: Path) -> None:
    """A checkpoint written here in TensorFlow's form, at a tiny width, becomes a network that runs."""
    rng = np.random.default_rng(1)
    kernels = {"conv2d": (7, 38, 1, 4), "conv2d_1": (7, 67, 1, 4), "conv2d_2": (128, 1, 1, 2)}
    kernels |= {"conv2d_3": (64, 1, 1, 2), "conv2d_4": (32, 1, 1, 2), "conv2d_5": (7, 14, 1, 3)}
    kernels |= {"conv2d_6": (7, 3, 1, 3), "conv2d_7": (7, 3, 1, 3)}
    variables = {"global_step/Adam": np.zeros((), np.float32)}
    widths = [1]
    for name, shape in kernels.items():
        variables[f"{name}/kernel"] = rng.normal(size=shape).astype(np.float32)
        variables[f"{name}/bias"] = rng.normal(size=shape[-1:]).astype(np.float32)
        widths.append(shape[-1])
    for i, width in enumerate(widths):
        for part in ("gamma", "beta", "moving_mean", "moving_variance"):
            name = f"batch_normalization{f'_{i}' if i else ''}/{part}"
            variables[name] = rng.uniform(0.5, 1, width).astype(np.float32)
    write_checkpoint(tmp_path, variables)
    read = musicnn.read_checkpoint(tmp_path)
    assert read.keys() == variables.keys()
    for name, value in variables.items():
        np.testing.assert_array_equal(read[name], value)
    features = musicnn.Musicnn(musicnn.convert(read))
    assert features(torch.rand(1, N_MELS, WINDOW_COLUMNS) * -60).shape == (1, 3 * (14 + 3 * 3))


def write_checkpoint(folder: Path, variables: dict[str, np.ndarray]) -> None:
    """TensorFlow's bundle: numbers in one file, and a table of two levels that says where."""

    def varint(value: int) -> bytes:
        head = bytes([value & 127 | (128 if value > 127 else 0)])
        return head + varint(value >> 7) if value > 127 else head

    def block(rows: list[tuple[bytes, bytes]]) -> bytes:
        out, last = b"", b""
        for key, value in rows:
            shared = next((i for i, (a, b) in enumerate(zip(last, key)) if a != b), min(len(last), len(key)))  # noqa: B905
            out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
            last = key
        return out + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")

    data, rows = b"", [(b"", b"\x08\x01")]
    for name in sorted(variables):
        value = variables[name]
        shape = b"".join(b"\x12" + varint(len(side)) + side for n in value.shape for side in [b"\x08" + varint(n)])
        entry = b"\x08\x01\x12" + varint(len(shape)) + shape + b"\x20" + varint(len(data))
        rows.append((name.encode(), entry + b"\x28" + varint(value.nbytes) + b"\x35" + bytes(4)))
        data += value.tobytes()
    first = block(rows)
    index = block([(b"z", varint(0) + varint(len(first)))])
    place = len(first) + 5
    footer = varint(0) + varint(0) + varint(place) + varint(len(index))
    table = first + bytes(5) + index + bytes(5) + footer.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    (folder / ".index").write_bytes(table)
    (folder / ".data-00000-of-00001").write_bytes(data)
