import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.gallery.conftest import a_frame, an_about, put
from visuals.gallery.files import KEYWORD, read, write
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.record import to_json
from visuals.gallery.writer import Writer


def test_a_picture_and_what_is_known_of_it_come_back(tmp_path: Path) -> None:
    about, path = an_about(title="Milés"), tmp_path / "a.png"
    write(path, a_frame(), about)
    entry = read(path)
    assert to_json(entry.about) == to_json(about)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), a_frame())
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_the_thumbnail_is_small_and_alike(tmp_path: Path) -> None:
    frame = np.full((360, 640, 3), (200, 40, 90), np.uint8)
    write(tmp_path / "a.png", frame, an_about(width=640, height=360))
    (tmp_path / "small.jpg").write_bytes(read(tmp_path / "a.png").thumbnail)
    small = Image.open(tmp_path / "small.jpg")
    assert small.size == (192, 108)
    assert np.abs(np.asarray(small).mean((0, 1)) - (200, 40, 90)).max() < 3


def test_other_programs_see_a_plain_png(tmp_path: Path) -> None:
    put(tmp_path)
    (path,) = tmp_path.glob("*.png")
    data, at, kinds = path.read_bytes(), 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length]) == (zlib.crc32(body),)
        kinds.append(body[:4])
        at += 12 + length
    assert kinds == [b"IHDR", b"iTXt", b"arTH", b"IDAT", b"IEND"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visuals.gallery.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.png", a_frame(), an_about())
    assert not list(tmp_path.iterdir())


def resaved(path: Path) -> None:
    Image.open(path).save(path)


def resized(path: Path) -> None:
    info = PngInfo()
    info.add_itxt(KEYWORD, to_json(an_about()))
    Image.open(path).resize((8, 8)).save(path, pnginfo=info)


def without_thumbnail(path: Path) -> None:
    info = PngInfo()
    info.add_itxt(KEYWORD, to_json(an_about()))
    Image.open(path).save(path, pnginfo=info)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)


def text_bomb(path: Path) -> None:
    info = PngInfo()
    info.add_itxt(KEYWORD, "x" * 50_000_000, zip=True)
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)


def pixel_bomb(path: Path) -> None:
    data = path.read_bytes()
    head = b"IHDR" + struct.pack(">II", 60000, 60000) + data[24:29]
    path.write_bytes(data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:])


DAMAGES = {
    "empty": (lambda path: path.write_bytes(b""), "not a PNG"),
    "text": (lambda path: path.write_text("a" * 500), "not a PNG"),
    "a head alone": (lambda path: path.write_bytes(path.read_bytes()[:20]), "not a PNG"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-100]), "lacks its end"),
    "a bit flipped in the head": (flipped, "damaged"),
    "saved by another program": (resaved, "not written by artgen"),
    "made smaller by another program": (resized, "another size"),
    "kept its text alone": (without_thumbnail, "small picture is gone"),
    "a bomb of text": (text_bomb, "too large"),
    "a bomb of pixels": (pixel_bomb, "larger than a screen"),
}


@pytest.mark.parametrize(("damage", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_and_foreign_files_are_refused_with_a_word(tmp_path: Path, damage: object, reason: str) -> None:
    path = tmp_path / "a.png"
    write(path, a_frame(), an_about())
    assert callable(damage)
    damage(path)
    with pytest.raises(ValueError, match=reason):
        read(path)


def test_any_cut_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write(path, a_frame(), an_about())
    data = path.read_bytes()
    for length in range(0, len(data), 37):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError):
            read(path)


def test_frames_that_come_too_fast_are_dropped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(tmp_path / "new" / "gallery", waiting=2)
    frame = a_frame(0, 400, 400)
    start = time.monotonic()
    for index in range(50):
        writer.write(frame, an_about(index, width=400, height=400))
    assert time.monotonic() - start < 10.0
    writer.close()
    assert writer.written + writer.dropped == 50
    assert writer.dropped > 0
    assert len(list(writer.folder.glob("*.png"))) == writer.written
    assert sum("the show goes on" in record.message for record in caplog.records) == 1, "said once a minute"


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    writer = Writer(tmp_path / "file" / "gallery")
    writer.write(a_frame(), an_about())
    writer.close()
    assert (writer.written, writer.dropped) == (0, 1)
    assert "can't be written" in caplog.text


CHILD = """
import sys
import threading
from pathlib import Path
from tests.gallery.conftest import a_frame, an_about
from visuals.gallery.writer import Writer
writer = Writer(Path(sys.argv[1]), waiting=1)
number = int(sys.argv[2])
while True:
    number += 1
    written = writer.written
    writer.write(a_frame(number, 640, 360), an_about(number, width=640, height=360))
    while writer.written == written:
        pass
    print(writer.written, flush=True)
"""


@pytest.mark.slow
def test_kill_9_at_any_moment_loses_no_finished_picture_and_leaves_no_broken_one(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    finished = 0
    delays = np.random.default_rng(5).uniform(0.0, 0.15, 8)
    for attempt, delay in enumerate(delays):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder), str(attempt * 100_000)], stdout=subprocess.PIPE, text=True
        )
        with child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(delay)
            child.kill()
            finished += 1 + len(child.stdout.read().splitlines())
    index = Index(Gallery(folder))
    synced = index.sync()
    assert synced.skipped == ()
    assert finished <= synced.added <= finished + len(delays)
    for path in folder.glob("*.png"):
        assert np.asarray(Image.open(path)).shape == (360, 640, 3)
    index.close()


def test_a_disk_that_hangs_does_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    monkeypatch.setattr("visuals.gallery.writer.write", lambda *parts: free.wait(30.0))
    monkeypatch.setattr("visuals.gallery.writer.CLOSE_S", 0.2)
    writer = Writer(tmp_path, waiting=1)
    for number in range(5):
        writer.write(a_frame(), an_about(number))
    start = time.monotonic()
    writer.close()
    assert time.monotonic() - start < 20.0
    free.set()


def test_one_that_fails_does_not_keep_the_others_from_being_written(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(np.zeros((2, 2), np.uint16), an_about(1))
    writer.write(a_frame(), an_about(2))
    writer.close()
    assert (writer.written, writer.dropped) == (1, 1)
