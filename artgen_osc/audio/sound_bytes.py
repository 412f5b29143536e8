"""A sound file as the pieces that it really consists of, each to be opened by itself.

An Ogg file may hold one song after another, with other channels and another rate (RFC 3533 calls that chained). A
recorder that crashed leaves a file whose head says that there is nothing in it.
"""

import contextlib
import io
import struct
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, BinaryIO

_PAGE = struct.Struct("<4sBBqIIIB")
_MARK = b"OggS"
_KIND, _FIRST_PAGE = 5, 2
_LARGEST_PAGE = 65307
_MOST = 0xFFFFFFF0


class Piece(io.RawIOBase):
    """A part of a file as a file of its own; reading it past an error of the disk gives its end.

    Parameters
    ----------
    file : seekable; it stays open
    first, last : bytes of the file, without the last
    patches : what stands in place of the bytes from an offset on, counted from `first`
    """

    def __init__(self, file: BinaryIO, first: int, last: int, patches: Mapping[int, bytes] | None = None) -> None:
        self._file, self._first, self._length = file, first, last - first
        self._patches = dict(patches or {})
        self._offset = 0

    def twin(self) -> "Piece":
        """The same piece, read at an offset of its own."""
        return Piece(self._file, self._first, self._first + self._length, self._patches)

    def readable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def seekable(self) -> bool:
        """See `io.IOBase`."""
        return True

    def tell(self) -> int:
        """See `io.IOBase`."""
        return self._offset

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See `io.IOBase`.

        Parameters
        ----------
        offset : bytes; before the beginning counts as there
        whence : from where, as for `io.IOBase.seek`
        """
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._offset, io.SEEK_END: self._length}[whence]
        self._offset = max(0, base + offset)
        return self._offset

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase`."""
        view = memoryview(buffer).cast("B")
        try:
            self._file.seek(self._first + self._offset)
            data = bytearray(self._file.read(max(0, min(len(view), self._length - self._offset))))
        except (OSError, ValueError):  # it may have been closed meanwhile
            return 0
        for offset, patch in self._patches.items():
            for number, byte in enumerate(patch, offset - self._offset):
                if 0 <= number < len(data):
                    data[number] = byte
        view[: len(data)] = data
        self._offset += len(data)
        return len(data)


class Chain:
    """The songs of an Ogg stream that can't be sought in, one after the other; each has to be read to its end.

    Parameters
    ----------
    file : has a ``read``; an error of it is the end
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._next = self._page()

    def __iter__(self) -> "Iterator[Song]":
        while self._next:
            yield Song(self)

    def _page(self) -> bytes:
        """The next page; what is between two is left out. Nothing at the end."""
        head = self._read(_PAGE.size)
        while head and not head.startswith(_MARK):
            offset = head.find(b"O", 1)
            head = head[offset if offset > 0 else len(head) :]
            more = self._read(_PAGE.size - len(head))
            head = head + more if more else b""
        if len(head) < _PAGE.size:
            return b""
        sizes = self._read(head[-1])
        return head + sizes + self._read(sum(sizes))

    def _read(self, size: int) -> bytes:
        try:
            return bytes(self._file.read(size)) if size else b""
        except (OSError, ValueError, HTTPException):
            return b""

    def next_page(self, others: bool) -> bytes:
        """The next page of a song that has had others than first pages, or none, before; nothing where it is over."""
        page = self._next
        if others and page and page[_KIND] & _FIRST_PAGE:
            return b""
        self._next = self._page() if page else b""
        return page


class Song:
    """One song of a `Chain`, as a file that can only be read."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._rest = b""
        self._others = False

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        if not self._rest:
            self._rest = self._chain.next_page(self._others)
            self._others |= bool(self._rest) and not self._rest[_KIND] & _FIRST_PAGE
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def pieces(file: BinaryIO) -> Iterator[Piece]:
    """The pieces of a seekable file, in its order; one that holds it whole where nothing is odd about it.

    Raises
    ------
    OSError
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head.startswith(_MARK):
        first = 0
        for offset in (*_chain(file, size), size):
            yield Piece(file, first, offset)
            first = offset
    else:
        yield Piece(file, 0, size, _sizes(file, head, size))


def _sizes(file: BinaryIO, head: bytes, size: int) -> dict[int, bytes]:
    """Patches for a file whose recorder crashed before it wrote how much there is; none where it did."""
    with contextlib.suppress(struct.error):  # it breaks off in its head
        if head[8:] == b"WAVE" and head[:4] in (b"RIFF", b"RF64", b"BW64"):
            return _wav_sizes(file, size, wide=head[:4] != b"RIFF")
        if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
            return _aiff_sizes(file, size)
    if head[:4] == b".snd" and not any(head[8:12]):
        return {8: b"\xff\xff\xff\xff"}
    return {}


def _chain(file: BinaryIO, size: int) -> Iterator[int]:
    """Where a new song begins in an Ogg file: at a first page that comes after others."""
    offset, others = 0, False
    while offset < size:
        file.seek(offset)
        head = file.read(_PAGE.size)
        if len(head) < _PAGE.size:
            return
        mark, version, kind, _, _, _, _, count = _PAGE.unpack(head)
        if mark != _MARK or version:  # damage: the next page will do
            file.seek(offset + 1)
            found = file.read(_LARGEST_PAGE).find(_MARK)
            offset += 1 + found if found >= 0 else _LARGEST_PAGE - 3
            continue
        if kind & _FIRST_PAGE and others:
            yield offset
        others = not kind & _FIRST_PAGE
        offset += _PAGE.size + count + sum(file.read(count))


def _chunks(file: BinaryIO, size: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, length and first byte of each chunk of a RIFF or IFF file."""
    offset = 12
    while offset + 8 <= size:
        file.seek(offset)
        name, length = struct.unpack(form, file.read(8))
        yield name, length, offset + 8
        offset += 8 + length + length % 2


def _wav_sizes(file: BinaryIO, size: int, wide: bool) -> dict[int, bytes]:
    long = 0
    for name, length, first in _chunks(file, size, "<4sI"):
        if name == b"ds64":
            long = first
            wide = wide and not any(file.read(16)[8:])
        elif name == b"data":
            rest = size - first
            file.seek(first)
            if not rest or _is_chunk(file.read(8), rest):
                return {}
            if long and wide:
                return {long: struct.pack("<QQ", size - 8, rest)}
            if length:
                return {}
            return {4: struct.pack("<I", min(size - 8, _MOST)), first - 4: struct.pack("<I", min(rest, _MOST))}
    return {}


def _aiff_sizes(file: BinaryIO, size: int) -> dict[int, bytes]:
    about = width = 0
    for name, length, first in _chunks(file, size, ">4sI"):
        if name == b"COMM":
            about = first
            channels, _, bits = struct.unpack(">HIH", file.read(8))
            width = channels * -(-bits // 8)
        elif name == b"SSND":
            rest = size - first
            if length > 8 or rest <= 8 or not width:
                return {}
            frames = struct.pack(">I", min((rest - 8) // width, _MOST))
            return {4: struct.pack(">I", min(size - 8, _MOST)), about + 2: frames, first - 4: struct.pack(">I", rest)}
    return {}


def _is_chunk(head: bytes, rest: int) -> bool:
    """Whether what follows an empty chunk of data is another chunk, and no sound."""
    return (
        len(head) == 8 and head[:4].decode("latin-1").isprintable() and int.from_bytes(head[4:], "little") <= rest - 8
    )
