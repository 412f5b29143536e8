"""OSC packets in a stream of bytes, such as TCP: where one ends and the next begins. No input or output.

There are two ways, and both are in use: OSC 1.0 puts the length before each packet, OSC 1.1 frames
it by SLIP with an END on either side. The first byte of a stream tells which it is.

Specifications: https://opensoundcontrol.stanford.edu/spec-1_0.html,
https://opensoundcontrol.stanford.edu/files/2009-NIME-OSC-1.1.pdf, RFC 1055 (SLIP)
"""

import struct
from typing import Literal

from artgen_osc.errors import OscError

MAX_STREAM_PACKET = 65_536

END, ESC, ESC_END, ESC_ESC = b"\xc0", b"\xdb", b"\xdc", b"\xdd"

Framing = Literal["slip", "length"]

_FIRST: dict[int, Framing] = {END[0]: "slip", ord("/"): "slip", ord("#"): "slip", 0: "length"}
"""The first byte of a stream. RFC 1055 itself ends packets only: then an address or a bundle comes first.
A length has no other first byte, since 64 KiB are the most."""


def slip(packet: bytes) -> bytes:
    """One packet framed as OSC 1.1 says: END before and after it.

    >>> slip(bytes([0x2F, 0xC0, 0xDB])).hex(" ")
    'c0 2f db dc db dd c0'
    """
    return END + packet.replace(ESC, ESC + ESC_ESC).replace(END, ESC + ESC_END) + END


def length_prefixed(packet: bytes) -> bytes:
    """One packet framed as OSC 1.0 says: its length before it, a big-endian int32.

    >>> length_prefixed(b"/a\\0\\0")
    b'\\x00\\x00\\x00\\x04/a\\x00\\x00'
    """
    return struct.pack(">i", len(packet)) + packet


class Unframer:
    """Finds the packets in a stream that comes in pieces, whichever framing it has.

    Put one piece in, get until there is None, then put in the next: so it never holds more than
    one piece and one packet.

    Attributes
    ----------
    framing : ``"slip"`` or ``"length"``, None before the first byte

    Examples
    --------
    >>> unframer = Unframer()
    >>> unframer.put(length_prefixed(b"/a\\0\\0") + b"\\0\\0")
    >>> unframer.get(), unframer.get(), unframer.framing
    (b'/a\\x00\\x00', None, 'length')
    """

    def __init__(self) -> None:
        self.framing: Framing | None = None
        self._buffer = bytearray()
        self._searched = 0

    @property
    def partial(self) -> bool:
        """Whether a packet has begun and its end is still to come, once `get` has no more."""
        return bool(self._buffer.strip(END))

    def put(self, data: bytes) -> None:
        """Take the next piece of the stream, of any length."""
        self._buffer += data

    def get(self) -> bytes | None:
        """The next whole packet, or None where more has to be fed first.

        Raises
        ------
        OscError
            This isn't OSC, or a packet is too long. Where the next one begins can't be known: close the stream.
        """
        if not self._buffer:
            return None
        if self.framing is None:
            self.framing = _FIRST.get(self._buffer[0])
        if self.framing is None:
            raise OscError(
                f"a stream that starts with {bytes(self._buffer[:16])!r}: isn't OSC; "
                "send SLIP, or each packet after its length"
            )
        return self._get_slip() if self.framing == "slip" else self._get_length()

    def _get_length(self) -> bytes | None:
        if len(self._buffer) < 4:
            return None
        (size,) = struct.unpack_from(">i", self._buffer)
        if not 0 < size <= MAX_STREAM_PACKET:
            raise OscError(f"a packet of {size} bytes, where 1 to {MAX_STREAM_PACKET} can be; check the sender")
        if len(self._buffer) < 4 + size:
            return None
        return self._take(4 + size)[4:]

    def _get_slip(self) -> bytes | None:
        if self._buffer.startswith(END):
            self._buffer = self._buffer.lstrip(END)
            self._searched = 0
        end = self._buffer.find(END, self._searched)
        if end >= 0:
            self._searched = 0
            return _unescaped(self._take(end))
        self._searched = len(self._buffer)
        if self._searched > 2 * MAX_STREAM_PACKET:
            raise OscError(f"a packet without an end within {MAX_STREAM_PACKET} bytes; check the sender")
        return None

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _unescaped(framed: bytes) -> bytes:
    pieces = framed.split(ESC)
    for piece in pieces[1:]:
        if piece[:1] not in (ESC_END, ESC_ESC):
            raise OscError(f"SLIP: byte {piece[:1].hex() or 'END'} after ESC, where dc or dd can be; check the sender")
    packet = pieces[0] + b"".join((END if piece[:1] == ESC_END else ESC) + piece[1:] for piece in pieces[1:])
    if len(packet) > MAX_STREAM_PACKET:
        raise OscError(f"a packet of {len(packet)} bytes, where {MAX_STREAM_PACKET} are the most; check the sender")
    return packet
