"""Open Sound Control: messages and bundles as bytes, and back. No input or output.

It is strict where lenient decoders turn damage into numbers: a packet that is cut short,
misaligned or of an unknown type is an `OscError`. All types of OSC 1.0 and 1.1 are known:

======= ============================= ==============================
tag     meaning                       value in Python
======= ============================= ==============================
i h     integer of 32, 64 bits        int
f d     float of 32, 64 bits          float
s S     string, symbol                str
b       blob                          bytes
t       time tag (NTP)                int, 2**-32 s since 1900
c       one ASCII character           str of length 1
r       colour, RGBA                  int, 8 bits each
m       MIDI                          bytes: port, status, two data
T F     true, false                   bool, no bytes of its own
N I     nil, impulse                  None, ``math.inf``, likewise
[ ]     what is between is an array   tuple
======= ============================= ==============================

Written by hand: python-osc reads a float that is cut short as 0, leaves out types that it doesn't know and sleeps until
a bundle is due. Where both read a packet they read the same; `tests/reference` holds that.

Specifications: https://opensoundcontrol.stanford.edu/spec-1_0.html,
https://opensoundcontrol.stanford.edu/files/2009-NIME-OSC-1.1.pdf
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from artgen_osc.errors import OscError

Argument: TypeAlias = "float | int | str | bool | bytes | tuple[Argument, ...] | None"

IMMEDIATELY = 1
BUNDLE = b"#bundle\0"
MAX_PACKET = 65_507
MAX_DEPTH = 8
"""Of bundles in bundles, and of arrays in arrays."""
MAX_PARTS = 500
"""Messages, bundles and type tags of one packet: so much is read in a few milliseconds, whatever is sent."""

_FORMS = {"i": "i", "h": "q", "f": "f", "d": "d", "t": "Q", "r": "I", "c": "I", "m": "4s"}
_PACK = {tag: struct.Struct(">" + form).pack for tag, form in _FORMS.items()}
_CONSTANTS: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": math.inf}
_TAGS = "i h f d s S b t c r m T F N I [ ]"


@dataclass(frozen=True, slots=True)
class Message:
    """An address and its arguments, and when they count.

    Attributes
    ----------
    path : the address, or an address pattern
    arguments : see above
    time_tag : of the bundle around it: 2**-32 s since 1900 by NTP, or `IMMEDIATELY`
    """

    path: str
    arguments: tuple[Argument, ...]
    time_tag: int = IMMEDIATELY


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (4 - len(data) % 4)


@lru_cache(1024)
def _encoded_head(path: str, tags: str) -> bytes:
    return _padded(path.encode()) + _padded(f",{tags}".encode())


def _encoded(tag: str, value: Argument) -> bytes:
    if tag in "sS":
        text = str(value).encode(errors="replace")  # a file's name may be no text
        return _padded(text.replace(b"\0", b"?"))
    if tag == "b" and isinstance(value, bytes):
        return struct.pack(">i", len(value)) + value + bytes(-len(value) % 4)
    if tag == "c" and isinstance(value, str) and len(value) == 1 and value.isascii():
        value = ord(value)
    return _PACK[tag](value)


def encode_message(path: str, tags: str, *values: Argument) -> bytes:
    """One message; the types are those of `tags`. ``T F N I [ ]`` take no value.

    >>> encode_message("/a", "f", 0.5)
    b'/a\\x00\\x00,f\\x00\\x00?\\x00\\x00\\x00'
    >>> encode_message("/a", "T[ic]", 1, "x")
    b'/a\\x00\\x00,T[ic]\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x00\\x00x'

    Parameters
    ----------
    path : begins with ``/``
    tags : OSC's type tags, without the comma; ``T F N I [ ]`` take no value
    *values : one for each other tag

    Raises
    ------
    OscError
        A type isn't known, a value doesn't fit its type, or there are more or fewer values than types.
    """
    head = _encoded_head(path, tags)
    try:
        if tags in ("f", "i"):  # nearly all
            return head + _PACK[tags](*values)
        taking = [tag for tag in tags if tag not in "TFNI[]"]
        return head + b"".join([_encoded(tag, value) for tag, value in zip(taking, values, strict=True)])
    except (KeyError, ValueError, struct.error) as error:
        raise OscError(
            f"{path}: {values!r:.100} can't be sent as {tags!r:.40} ({error}); "
            f"correct the value or its type, one of {_TAGS}"
        ) from None


def encode_bundle(elements: Sequence[bytes], time_tag: int = IMMEDIATELY) -> bytes:
    """Messages or bundles in one bundle.

    >>> encode_bundle([])
    b'#bundle\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x01'

    Parameters
    ----------
    elements : encoded messages or bundles
    time_tag : NTP's 64 bits: s since 1900 and fractions of 2⁻³² s
    """
    sized = (struct.pack(">i", len(element)) + element for element in elements)
    return b"".join([BUNDLE, struct.pack(">Q", time_tag), *sized])


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at)
    after = (end | 3) + 1
    if end < 0 or after > len(data) or data[end:after].strip(b"\0"):
        raise OscError(f"byte {at}: a string without its end; OSC strings end in 1 to 4 zero bytes; check the sender")
    try:
        return data[at:end].decode(), after
    except UnicodeDecodeError:
        raise OscError(f"byte {at}: a string that isn't ASCII or UTF-8; check the sender") from None


def _argument(tag: str, data: bytes, at: int) -> tuple[Argument, int]:
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], at
    if tag in "sS":
        return _string(data, at)
    form = ">" + _FORMS.get(tag, "i")
    size = struct.calcsize(form)
    if at + size > len(data):
        raise OscError(
            f"byte {at}: an argument of type {tag!r} is cut short; {size} bytes are needed; check the sender"
        )
    (value,) = struct.unpack_from(form, data, at)
    at += size
    if tag == "b":
        after = at + (value + 3) // 4 * 4
        if value < 0 or after > len(data):
            raise OscError(f"byte {at}: a blob of {value} bytes is cut short; so many must follow; check the sender")
        return data[at : at + value], after
    if tag == "c":
        if value > 127:
            raise OscError(f"byte {at}: {value} is not a character of ASCII; check the sender")
        return chr(value), at
    return value, at


@lru_cache(1024)
def _head(head: bytes) -> tuple[str, str, struct.Struct | None]:
    """Address and type tags; and how all arguments are read at once where they are plain numbers."""
    path, at = _string(head, 0)
    if not path.startswith("/"):
        raise OscError(f"address {path[:40]!r}: doesn't start with '/'; check the sender")
    if at == len(head):
        return path, "", None
    tags, at = _string(head, at)
    if not tags.startswith(","):
        raise OscError(f"type tags {tags[:40]!r}: don't start with ','; check the sender")
    tags = tags[1:]
    if unknown := set(tags) - set(_TAGS.split()):
        raise OscError(f"type {min(unknown)!r}: isn't known; use one of {_TAGS}")
    numbers = all(tag in "ihfdtr" for tag in tags)
    return path, tags, struct.Struct(">" + "".join(_FORMS[tag] for tag in tags)) if numbers else None


def _mixed(tags: str, data: bytes, at: int) -> tuple[tuple[Argument, ...], int]:
    """Arguments of any type, and where they end."""
    arrays: list[list[Argument]] = [[]]
    for tag in tags:
        if tag == "[":
            if len(arrays) > MAX_DEPTH:
                raise OscError(
                    f"type tags {tags[:40]!r}: arrays are nested more than {MAX_DEPTH} deep; check the sender"
                )
            arrays.append([])
        elif tag == "]":
            if len(arrays) == 1:
                raise OscError(f"type tags {tags[:40]!r}: ']' without '['; check the sender")
            array = tuple(arrays.pop())
            arrays[-1].append(array)
        else:
            value, at = _argument(tag, data, at)
            arrays[-1].append(value)
    if len(arrays) > 1:
        raise OscError(f"type tags {tags[:40]!r}: '[' without ']'; check the sender")
    return tuple(arrays[0]), at


def _message(data: bytes, time_tag: int) -> tuple[Message, int]:
    """A message, and how many parts it has."""
    tags_at = (data.find(b"\0") | 3) + 1
    at = (data.find(b"\0", tags_at) | 3) + 1 or len(data)
    # Heads repeat all the time; only short ones are kept.
    path, tags, numbers = _head(data[:at]) if at <= 128 else _head.__wrapped__(data[:at])
    if len(tags) >= MAX_PARTS:
        raise OscError(f"{path[:40]}: {len(tags)} arguments, where {MAX_PARTS - 1} are the most; send several messages")
    if numbers and at + numbers.size == len(data):
        return Message(path, numbers.unpack_from(data, at), time_tag), 1 + len(tags)
    arguments, at = _mixed(tags, data, at)
    if at != len(data):
        raise OscError(f"{path[:40]}: {len(data) - at} bytes too many after the arguments; check the sender")
    return Message(path, arguments, time_tag), 1 + len(tags)


def _bundle(data: bytes, earliest: int, depth: int, parts: int, messages: list[Message]) -> int:
    """Add the messages of a bundle to `messages`; returns the parts so far."""
    if len(data) < 16 or depth > MAX_DEPTH:
        raise OscError(f"a bundle that is cut short or nested more than {MAX_DEPTH} deep; check the sender")
    (time_tag,) = struct.unpack_from(">Q", data, 8)
    if time_tag <= IMMEDIATELY:  # some senders write 0
        time_tag = earliest  # as soon as the bundle around it is opened
    elif time_tag < earliest:
        raise OscError("a bundle that is due before the one around it; give it the same time or a later one")
    at = 16
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        element = data[at + 4 : at + 4 + size]
        if size <= 0 or size % 4 or len(element) < size:
            raise OscError(f"byte {at}: a bundle element of {size} bytes is cut short or uneven; check the sender")
        if element.startswith(BUNDLE):
            parts = _bundle(element, time_tag, depth + 1, parts + 1, messages)
        else:
            message, more = _message(element, time_tag)
            messages.append(message)
            parts += more
        if parts > MAX_PARTS:
            raise OscError(f"a bundle of more than {MAX_PARTS} messages and arguments; send several bundles")
        at += 4 + size
    return parts


def decode(packet: bytes) -> list[Message]:
    """Messages of a packet, those of nested bundles included, each with the time tag of its bundle.

    Raises
    ------
    OscError
        The packet isn't well-formed; none of its messages is returned.
    """
    if len(packet) % 4 or not packet:
        raise OscError(f"a packet of {len(packet)} bytes; OSC packets are multiples of 4; check the sender")
    if not packet.startswith(BUNDLE):
        return [_message(packet, IMMEDIATELY)[0]]
    messages: list[Message] = []
    _bundle(packet, IMMEDIATELY, 0, 0, messages)
    return messages
