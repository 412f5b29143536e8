"""Pictures and logos as layers: kinds of files, what is too large or damaged, and a file that is saved again."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.errors import PluginError
from tests.layers.show import BELOW, close, saved
from tests.support.waiting import wait_for
from visuals.compositor.layers import picture
from visuals.compositor.layers.picture import load


def quarters(mode: str = "RGB") -> Image.Image:
    """Red, green, blue and white, from the upper left by rows."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:16, :16], pixels[:16, 16:], pixels[16:, :16], pixels[16:, 16:] = (
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
    )
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "RGB"),
        ("a.png", "P"),
        ("a.jpg", "RGB"),
        ("a.jpg", "CMYK"),
        ("a.webp", "RGBA"),
        ("a.gif", "P"),
        ("a.bmp", "RGB"),
    ],
)
def test_kinds_of_files(tmp_path: Path, name: str, mode: str) -> None:
    quarters(mode).save(tmp_path / name)
    pixels = load(tmp_path / name)
    assert pixels.shape == (32, 32, 4) and pixels[..., 3].min() == 255
    for at, colour in (((24, 8), (255, 0, 0)), ((24, 24), (0, 255, 0)), ((8, 8), (0, 0, 255))):
        assert close(pixels[at][:3].astype(int), colour, 12), "its bottom row is the first"


def test_it_is_upright_as_the_camera_was_held(tmp_path: Path) -> None:
    turned = quarters().transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    turned.save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert close(load(tmp_path / "a.jpg")[24, 8, :3].astype(int), (255, 0, 0), 12)


def test_its_alpha_is_multiplied_into_the_colours(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (200, 100, 50, 128)).save(tmp_path / "a.png")
    assert close(load(tmp_path / "a.png").astype(int), (100, 50, 25, 128), 1)


def png_of(width: int, height: int) -> bytes:
    """The head of a picture of any size, without pixels."""
    data = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", data), (b"IDAT", zlib.compress(b"\0" * 64)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (png_of(30_000, 30_000), "has far too many pixels, where 80 million are the most; make it smaller"),
        (png_of(9_000, 9_000), "has 9000x9000 pixels, where 80 million are the most; make it smaller"),
        (png_of(100, 100), "can't be read ("),
        (b"", "can't be read (it is damaged, or no picture); save it anew, as PNG, JPEG or WebP"),
        (b"no picture" * 100, "can't be read (it is damaged, or no picture); save it anew, as PNG, JPEG or WebP"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(PluginError) as told:
        load(tmp_path / "a.png")
    assert str(told.value).startswith(says)


@pytest.mark.parametrize("name", ["gone.png", "a\0b.png", "."])
def test_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(PluginError, match=r"^can't be read \(.*\); check the path"):
        load(tmp_path / name)


def test_a_large_one_is_made_smaller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "LARGEST_SIDE", 64)
    Image.new("RGB", (640, 100), (255, 0, 0)).save(tmp_path / "a.png")
    assert load(tmp_path / "a.png").shape == (10, 64, 4)


def test_a_broken_half_of_a_jpeg_is_told(tmp_path: Path) -> None:
    data = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(data, "JPEG")
    (tmp_path / "a.jpg").write_bytes(data.getvalue()[: len(data.getvalue()) // 2])
    with pytest.raises(PluginError, match="can't be read"):
        load(tmp_path / "a.jpg")


@pytest.mark.slow
def test_a_file_that_is_saved_again_is_shown_and_a_bad_one_leaves_the_last(slots: Any, tmp_path: Path) -> None:
    show = slots()
    show.set(1, source=saved(tmp_path / "a.png", (255, 0, 0)))
    assert close(show.shows(1), (255, 0, 0))
    saved(tmp_path / "a.png", (0, 255, 0), (32, 18))
    wait_for(lambda: close(show.frame(), (0, 255, 0)), what="the new one")
    (tmp_path / "a.png").write_bytes(b"half")
    wait_for(lambda: "; the last good one stays" in show.trouble(1), what="what is wrong")
    assert close(show.frame(), (0, 255, 0))
    saved(tmp_path / "a.png", (0, 0, 255))
    wait_for(lambda: close(show.frame(), (0, 0, 255)), what="the mended one")
    assert show.trouble(1) == ""
    show.set(1, source="")
    assert close(show.frame(), BELOW)
