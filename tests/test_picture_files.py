"""Pictures as other people have them: none stops a training, each is used or named once."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402

from artgen_osc.errors import ConfigError  # noqa: E402
from training import picture_files  # noqa: E402
from training.picture_files import find_pictures, quiet_pillow, read_picture  # noqa: E402
from training.pictures import load_pictures, open_pictures, read_square  # noqa: E402


def halves(width: int = 64, height: int = 64) -> Image.Image:
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 255
    pixels[:, width // 2 :, 2] = 255
    return Image.fromarray(pixels)


def corner(path: Path) -> list[int]:
    with quiet_pillow():
        return [int(value) for value in np.asarray(read_picture(path))[4, 4]]


def exif(tag: int, kind: int, count: int, value: bytes) -> bytes:
    """One entry of a directory, as a camera would write it but for what is in it."""
    return b"Exif\0\0II*\0" + struct.pack("<IHHHI4sI", 8, 1, tag, kind, count, value, 0)


@pytest.mark.parametrize(
    "block",
    [
        exif(0x0112, 2, 4, b"six\0"),
        exif(0x0112, 5, 1, b"\xff\xff\xff\x7f"),
        exif(0x0112, 12, 1, struct.pack("<I", 8)),
        exif(0x0112, 3, 0x7FFFFFFF, b"\x06\0\0\0"),
        exif(0x0112, 3, 2, b"\x06\0\x06\0"),
        exif(0x8769, 4, 1, struct.pack("<I", 0xFFFFFFF0)),
        exif(0x8769, 2, 4, b"abc\0"),
        exif(0x829A, 5, 0, b"\0\0\0\0"),
        exif(0x010F, 10, 1, struct.pack("<I", 26)),
        exif(0x0112, 3, 1, b"\x06\0\0\0")[:-9],
        b"Exif\0\0II*\0",
        b"Exif\0\0\xff\xff\xff\xff" * 9,
    ],
    ids=range(12),
)
def test_odd_exif_costs_no_picture(tmp_path: Path, block: bytes) -> None:
    halves().save(tmp_path / "odd.jpg", exif=block)
    red, _, blue = corner(tmp_path / "odd.jpg")
    assert red > 200 > 60 > blue


def test_a_camera_that_was_turned(tmp_path: Path) -> None:
    marks = Image.Exif()
    marks[0x0112] = 3
    for kind in ("jpg", "png", "tif"):
        halves().save(tmp_path / f"turned.{kind}", exif=marks, quality=95)
        red, _, blue = corner(tmp_path / f"turned.{kind}")
        assert blue > 200 > 60 > red


def write_odd(folder: Path) -> None:
    """Everything that is no good, beside two pictures that are."""
    for name in ("a.png", "b.jfif"):
        halves().save(folder / name, "PNG" if name == "a.png" else "JPEG")
    whole = (folder / "b.jfif").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.jpg").write_text("I am no picture")
    (folder / "gone.jpg").symlink_to("nowhere")
    (folder / "circle.jpg").symlink_to("circle.jpg")
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"x")
    for name in ("._a.png", ".b.jpg"):
        (folder / name).write_bytes(b"\0\5\x16\7")
    (folder / ".thumbnails").mkdir()
    halves().save(folder / ".thumbnails" / "small.png")
    for name in ("1.svg", "2.SVG", "3.cr2"):
        (folder / name).write_bytes(b"?")


def test_what_is_bad_is_named_once_and_passed_over(tmp_path: Path) -> None:
    write_odd(tmp_path)
    pictures, skipped = load_pictures(tmp_path, 64)
    assert len(pictures) == 2
    told = dict(line.split(": ", 1) for line in skipped if ": " in line)
    assert len(told) == len(skipped) - 1
    assert "runcated" in told["cut.jpg"]
    assert told["empty.png"] == "is empty"
    assert told["text.jpg"] == "isn't a picture that can be read here"
    assert "No such file" in told["gone.jpg"]
    assert "links" in told["circle.jpg"]
    assert "pipe" in told["pipe.jpg"]
    assert told["2 .svg files"].startswith("that kind can't be read here")
    assert "1 .cr2 file" in told
    assert "2 hidden files, named with a dot in front" in skipped
    assert not any("thumbnails" in line or "a.png" in line for line in skipped)


def test_links_are_followed_and_a_circle_ends(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    real.mkdir()
    for name in ("a.png", "b.png"):
        halves().save(real / name)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "linked").symlink_to(real)
    (real / "back").symlink_to(folder)
    (folder / "again").symlink_to(real)
    files, notes = find_pictures(folder)
    assert len(files) == 2 and not notes
    assert len(find_pictures(folder / "linked")[0]) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    write_odd(tmp_path)
    (tmp_path / "a.png").chmod(0)
    (tmp_path / "folder.jpg").chmod(0)
    _, notes = find_pictures(tmp_path)
    (tmp_path / "folder.jpg").chmod(0o700)
    assert "folder.jpg: Permission denied" in notes
    with pytest.raises(ValueError, match="Permission denied"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["nowhere", "x" * 300, "a\0b", "file.txt"])
def test_a_folder_that_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("")
    with pytest.raises(ConfigError, match=r"^--images: .*; give a folder of pictures$"):
        load_pictures(str(tmp_path / name), 64)


def test_a_kind_that_this_pillow_can_not_read_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "_readable", lambda: {".png"})
    for i in range(3):
        halves().save(tmp_path / f"{i}.png")
        (tmp_path / f"{i}.avif").write_bytes(b"?")
    files, notes = find_pictures(tmp_path)
    assert len(files) == 3
    assert notes == ["3 .avif files: that kind can't be read here; save as JPEG or PNG"]


Save = Callable[[Path], None]


def save_animation(path: Path) -> None:
    halves().save(path, save_all=True, append_images=[Image.new("RGB", (64, 64), "white")])


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("cmyk.jpg", lambda path: halves().convert("CMYK").save(path)),
        ("palette.png", lambda path: halves().convert("P").save(path)),
        ("moves.gif", save_animation),
        ("moves.webp", save_animation),
        ("pages.tif", save_animation),
        ("x.bmp", lambda path: halves().save(path)),
        ("x.jp2", lambda path: halves().save(path)),
        ("x.avif", lambda path: halves().save(path)),
        ("wrong.png", lambda path: halves().save(path, "JPEG")),
    ],
)
def test_every_kind_is_seen_as_meant(tmp_path: Path, name: str, save: Save) -> None:
    Image.init()
    if Path(name).suffix not in picture_files._readable():
        pytest.skip("this Pillow can't read it")
    save(tmp_path / name)
    red, _, blue = corner(tmp_path / name)
    assert red > 180 > 60 > blue


@pytest.mark.parametrize(
    "grey",
    [
        np.linspace(0, 1, 64 * 64, dtype=np.float32),
        np.linspace(0, 255, 64 * 64, dtype=np.float32),
        np.linspace(0, 65535, 64 * 64, dtype=np.float32),
        np.linspace(0, 65535, 64 * 64).astype(np.uint16),
        np.linspace(0, 65535, 64 * 64).astype(np.int32),
        np.linspace(0, 255, 64 * 64).astype(np.int32),
    ],
    ids=lambda grey: f"{grey.dtype} to {grey.max():g}",
)
def test_deep_greys_run_from_black_to_white(tmp_path: Path, grey: np.ndarray) -> None:
    Image.fromarray(grey.reshape(64, 64)).save(tmp_path / "deep.tif")
    seen = np.asarray(read_picture(tmp_path / "deep.tif"))
    assert seen.mean() == pytest.approx(127.5, abs=1.5)
    assert (seen.min(), seen.max()) == (0, 255)


def test_holes_in_floating_point_are_black(tmp_path: Path) -> None:
    grey = np.full((64, 64), 0.5, np.float32)
    grey[:8] = np.nan
    Image.fromarray(grey).save(tmp_path / "deep.tif")
    seen = np.asarray(read_picture(tmp_path / "deep.tif"))
    assert seen[0, 0, 0] == 0 and seen[-1, -1, 0] == 128


def test_a_picture_of_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    halves(2000, 1100).save(tmp_path / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(ValueError, match="more than 2 million pixels"):
        read_picture(tmp_path / "huge.png")


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_large_picture_comes_smaller_and_looks_the_same(tmp_path: Path, kind: str) -> None:
    x, y = np.meshgrid(np.linspace(0, 1, 1500), np.linspace(0, 1, 1300))
    pixels = np.stack([x, y, (np.sin(12 * x) + 1) / 2], 2) * 255
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"large.{kind}", quality=95)
    small = read_picture(tmp_path / f"large.{kind}", 256)
    assert 256 <= min(small.size) < 512
    square = read_square(tmp_path / f"large.{kind}", 64)
    assert isinstance(square, np.ndarray)
    whole = read_picture(tmp_path / f"large.{kind}").resize((64, 64), Image.Resampling.LANCZOS, (100, 0, 1400, 1300))
    assert np.abs(square.transpose(1, 2, 0).astype(float) - np.asarray(whole)).mean() < 2.0


def test_what_was_passed_over_is_told_again_from_the_cache(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    write_odd(folder)
    first = open_pictures(folder, 64, tmp_path / "cache")
    assert json.loads((tmp_path / "cache" / "pictures.json").read_text())["n"] == 2
    again = open_pictures(folder, 64, tmp_path / "cache")
    assert again[1] == first[1] and torch.equal(again[0], first[0])
