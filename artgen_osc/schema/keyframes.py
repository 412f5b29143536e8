"""Keyframes as text: each is a z in 16 bits and base64, with blanks between, so that a scene holds them on one line."""

import base64
import binascii
import math
import struct
from collections.abc import Sequence

Keyframe = tuple[float, ...]
"""z, of as many numbers as its generator takes; only its direction counts."""

MOST = 16
LONGEST = 3072
"""Numbers of one."""


def to_text(keyframes: Sequence[Keyframe]) -> str:
    """Keyframes as a setting holds them.

    Parameters
    ----------
    keyframes : each of any length

    Raises
    ------
    ValueError
        As `from_text`; or one has too many numbers, or one that is too large for 16 bits.
    """
    for z in keyframes:
        if len(z) > LONGEST:
            raise ValueError(f"its z has {len(z):,} numbers, and {LONGEST:,} are the most")
    try:
        text = " ".join(base64.b64encode(struct.pack(f"<{len(z)}e", *z)).decode() for z in keyframes)
    except OverflowError:
        raise ValueError("a keyframe holds a number beyond 65,504; mark another picture") from None
    from_text(text)
    return text


def from_text(text: str) -> list[Keyframe]:
    """The keyframes of a text.

    Parameters
    ----------
    text : as `to_text` writes it

    Raises
    ------
    ValueError
        It holds too many, or one that isn't whole.
    """
    words = text.split()
    if len(words) > MOST:
        raise ValueError(f"{len(words)} keyframes are too many; {MOST} are the most; remove one first")
    return [_keyframe(number, word) for number, word in enumerate(words, 1)]


def check_keyframes(text: str) -> None:
    """Raises ValueError where `from_text` does."""
    from_text(text)


def _keyframe(number: int, word: str) -> Keyframe:
    try:
        data = base64.b64decode(word, validate=True) if len(word) <= 8 * LONGEST // 3 else b""
        z: Keyframe = struct.unpack(f"<{len(data) // 2}e", data)
    except (binascii.Error, ValueError, struct.error):
        z = ()
    if len(z) < 2 or not all(map(math.isfinite, z)) or not any(z):
        raise ValueError(f"keyframe {number} isn't whole; mark it again, or take it out")
    return z
