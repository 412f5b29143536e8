"""Files that look like pictures of the gallery, and aren't: what others write, and what goes wrong on a disk."""

import json
import os
import struct
import zlib
from pathlib import Path

from tests.gallery.conftest import an_about
from visuals.gallery.record import to_json

HEAD = b"\x89PNG\r\n\x1a\n"
SIZE = struct.pack(">IIBBBBB", 32, 18, 8, 2, 0, 0, 0)
PIXELS = zlib.compress(bytes((32 * 3 + 1) * 18))
ID = "0k2m9x4c7tqf"
JPEG = b"\xff\xd8\xff\xd9"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    """A PNG file of 32x18 pixels with chunks before its pixels."""
    return HEAD + chunk(b"IHDR", SIZE) + b"".join(chunks) + chunk(b"IDAT", PIXELS) + chunk(b"IEND", b"")


def with_text(text: bytes) -> bytes:
    """A PNG file whose text chunk of ours holds these bytes."""
    return png(chunk(b"iTXt", b"artgen\0\0\0\0\0" + text), chunk(b"arTH", JPEG))


def told(**changes: object) -> bytes:
    """What the picture `ID` tells of itself, changed."""
    return json.dumps(json.loads(to_json(an_about(id=ID))) | changes).encode()


TEXTS = {
    "half a character in the title": told(title="\ud800"),
    "half a character in the key": told(key="a\udfff"),
    "half a character in an effect": told(effects={"\udc00": 1.0}),
    "not UTF-8": b"\xff\xfe\x00",
    "empty": b"",
    "cut": told()[:-40],
    "NaN": told(valence=float("nan")),
    "infinite": told(tempo_bpm=float("inf")),
    "1e400": told().replace(b'"seed": 0', b'"seed": 1e400'),
    "400 digits": told(mix=10**400),
    "5000 digits": told().replace(b'"seed": 0', b'"seed": ' + b"9" * 5000),
    "400 digits for the version": told(artgen=10**400),
    "nested": told().replace(b'"seed": 0', b'"seed": ' + b"[" * 50_000),
    "a long value of a wrong type": told(valence="x" * 500_000),
    "a list": b"[1]",
    "a number": b"1",
    "no strokes": told(strokes=None),
    "strokes of letters": told(strokes="ab"),
    "look of a list": told(look=[1]),
    "effects of a list": told(effects=[1]),
    "time without end": told(time="9" * 100_000),
    "another's id": told(id="1k2m9x4c7tqf"),
    "id of a path": told(id="../../x"),
}
OTHERS = {
    "a bomb of text": png(chunk(b"zTXt", b"artgen\0\0" + zlib.compress(b"x" * 50_000_000))),
    "a NUL in a keyword": png(chunk(b"tEXt", b"a\0b\0c"), chunk(b"iTXt", b"\0\0\0\0\0")),
    "text chunks without text": png(chunk(b"iTXt", b""), chunk(b"zTXt", b""), chunk(b"tEXt", b"")),
    "a length past the end": HEAD + chunk(b"IHDR", SIZE) + b"\x7f\xff\xff\xffiTXt" + bytes(60) + chunk(b"IEND", b""),
    "short chunks": png(chunk(b"gAMA", b""), chunk(b"pHYs", b"\0"), chunk(b"iCCP", b"x"), chunk(b"eXIf", b"MM")),
    "a small picture of 2 MB": png(chunk(b"iTXt", b"artgen\0\0\0\0\0" + told()), chunk(b"arTH", JPEG + bytes(2 << 20))),
    "of no bytes": b"",
}


def files(id: str = ID) -> dict[str, bytes]:
    """A file of each kind, by what is wrong with it; this is its id, if it has one."""
    texts = {name: text.replace(ID.encode(), id.encode()) for name, text in TEXTS.items()}
    return {name: with_text(text) for name, text in texts.items()} | OTHERS


def plant(folder: Path) -> list[str]:
    """Put one of each kind into a gallery; returns their names. Whoever follows it sees each as a whole."""
    made = folder.parent / "made"
    made.mkdir()
    names = _plant(made)
    for name in names:
        (made / name).rename(folder / name)
    made.rmdir()
    return names


def _plant(folder: Path) -> list[str]:
    names = []
    for number, kind in enumerate(files()):
        id = f"0000000{number:05}"
        names.append(f"{id}.png")
        (folder / names[-1]).write_bytes(files(id)[kind])
    (folder / "folder.png").mkdir()
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "dead.png").symlink_to("nowhere")
    names += ["folder.png", "loop.png", "dead.png"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")
        (folder / "device.png").symlink_to("/dev/zero")
        names += ["pipe.png", "device.png"]
    for odd in (b"caf\xe9.png", b"line\nbreak.png", b"\x1b[2J.png"):
        name = os.fsdecode(odd)
        try:
            (folder / name).write_bytes(b"x")
        except OSError:
            continue  # this system allows no such names
        names.append(name)
    return names
