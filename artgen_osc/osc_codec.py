"""Open Sound Control 1.0: messages and bundles as bytes, and back. No input or output.

It is strict where lenient decoders turn damage into numbers: a packet that is cut short,
misaligned or of an unknown type is an `OscError`.

Specification: https://opensoundcontrol.stanford.edu/spec-1_0.html
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from artgen_osc.errors import OscError

Argument = float | int | str | bool | bytes | None

IMMEDIATELY = struct.pack(">Q", 1)
BUNDLE = b"#bundle\0"
MAX_PACKET = 65_507


@dataclass(frozen=True, slots=True)
class Message:
    """An address and its arguments."""

    path: str
    arguments: tuple[Argument, ...]


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


def encode_message(path: str, tags: str, *values: Argument) -> bytes:
    """One message of arguments of the types ``f i s``; ``T F I`` take no value.

    >>> encode_message("/a", "f", 0.5)
    b'/a\\x00\\x00,f\\x00\\x00?\\x00\\x00\\x00'
    """
    parts = [_padded(path.encode()), _padded(f",{tags}".encode())]
    for tag, value in zip([tag for tag in tags if tag not in "TFI"], values, strict=True):
        # a file's name may be no text
        parts.append(_padded(str(value).encode(errors="replace")) if tag == "s" else struct.pack(">" + tag, value))
    return b"".join(parts)


def encode_bundle(messages: Sequence[bytes]) -> bytes:
    """Messages in one bundle with the immediate time tag.

    >>> encode_bundle([])
    b'#bundle\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'
    """
    return b"".join([BUNDLE, IMMEDIATELY, *(struct.pack(">i", len(message)) + message for message in messages)])


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    after = (end // 4 + 1) * 4
    if end < 0 or after > len(data) or data[end:after].strip(b"\0"):
        raise OscError(f"byte {at}: a string without its end; OSC strings end in 1 to 4 zero bytes; check the sender")
    try:
        return data[at:end].decode(), after
    except UnicodeDecodeError:
        raise OscError(f"byte {at}: a string that isn't text; ASCII and UTF-8 are allowed; check the sender") from None


def _argument(tag: str, data: bytes, at: int) -> tuple[Argument, int]:
    if tag in "TFNI":
        return {"T": True, "F": False, "N": None, "I": math.inf}[tag], at
    if tag in "sS":
        return _string(data, at)
    form = {"f": ">f", "i": ">i", "d": ">d", "h": ">q", "t": ">Q", "b": ">i"}.get(tag)
    if form is None:
        raise OscError(f"type {tag!r}: isn't known; f i s b d h t T F N I are allowed; check the sender")
    size = struct.calcsize(form)
    if at + size > len(data):
        raise OscError(
            f"byte {at}: an argument of type {tag!r} is cut short; {size} bytes are needed; check the sender"
        )
    (number,) = struct.unpack_from(form, data, at)
    at += size
    if tag != "b":
        return number, at
    after = at + (number + 3) // 4 * 4
    if number < 0 or after > len(data):
        raise OscError(f"byte {at}: a blob of {number} bytes is cut short; check the sender")
    return data[at : at + number], after


def decode(packet: bytes, depth: int = 0) -> list[Message]:
    """Messages of a packet, those of nested bundles included. Time tags are ignored: everything is now.

    Raises
    ------
    OscError
        The packet isn't well-formed; none of its messages is returned.
    """
    if len(packet) % 4 or not packet:
        raise OscError(f"a packet of {len(packet)} bytes; OSC packets are multiples of 4; check the sender")
    if packet.startswith(BUNDLE):
        if len(packet) < 16 or depth > 8:
            raise OscError("a bundle that is cut short or nested too deeply; check the sender")
        messages: list[Message] = []
        at = 16
        while at < len(packet):
            (size,) = struct.unpack_from(">i", packet, at)
            if size <= 0 or at + 4 + size > len(packet):
                raise OscError(f"byte {at}: a bundle element of {size} bytes is cut short; check the sender")
            messages += decode(packet[at + 4 : at + 4 + size], depth + 1)
            at += 4 + size
        return messages
    path, at = _string(packet, 0)
    if not path.startswith("/"):
        raise OscError(f"address {path[:40]!r}: doesn't start with '/'; check the sender")
    if at == len(packet):
        return [Message(path, ())]
    tags, at = _string(packet, at)
    if not tags.startswith(","):
        raise OscError(f"type tags {tags[:40]!r}: don't start with ','; check the sender")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        value, at = _argument(tag, packet, at)
        arguments.append(value)
    if at != len(packet):
        raise OscError(f"{path}: {len(packet) - at} bytes too many after the arguments; check the sender")
    return [Message(path, tuple(arguments))]
