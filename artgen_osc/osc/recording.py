"""A recorded OSC stream in a file, with its timing: written by ``artgen monitor --record``, read by ``artgen replay``.

The file is what a TCP connection of OSC 1.0 would carry: bundles, each after its length as a
big-endian int32. The time tag of a bundle tells the seconds since the recording began.
"""

import logging
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from artgen_osc.errors import OscError
from artgen_osc.osc.codec import BUNDLE, MAX_PACKET, Message, decode, encode_bundle, encode_message
from artgen_osc.osc.framing import length_prefixed
from artgen_osc.runtime.files import open_regular
from artgen_osc.schema.values import Address, Value

FRACTIONS = 2**32
"""Of a second, in a time tag."""

LONGEST_S = 7 * 24 * 3600.0
"""A time after this is damage."""

MOST_MESSAGES = 200
"""In one bundle, so that it stays a packet."""

log = logging.getLogger("artgen.recording")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Messages that came together; `time` in s since the recording began."""

    time: float
    messages: list[Message]


class Recording:
    """Writes values as they come. What is written before a crash can be read.

    Parameters
    ----------
    path : the file; one that exists is an error, so that no recording is lost

    Attributes
    ----------
    bundles : written so far

    Raises
    ------
    OscError
        The file exists or can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("xb")
        except ValueError:  # a NUL
            raise OscError(f"{path}: no file can have this name; choose another one") from None
        except FileExistsError:
            raise OscError(f"{path}: exists already; choose another name or remove it") from None
        except OSError as error:
            raise OscError(f"{path}: can't be written ({error.strerror}); choose another place") from None
        self._start: float | None = None
        self._flushed = 0.0
        self.bundles = 0

    def write(self, values: Sequence[tuple[Address, Value]], now: float) -> None:
        """Write what came.

        Parameters
        ----------
        values : at the same time
        now : s, monotonic

        Raises
        ------
        OscError
            The disk is full or gone; what was written before stays.
        """
        if self._start is None:
            self._start = self._flushed = now
        tag = round((now - self._start) * FRACTIONS)
        for first in range(0, len(values), MOST_MESSAGES):
            some = values[first : first + MOST_MESSAGES]
            bundle = encode_bundle([encode_message(row.path, row.tag, value) for row, value in some], tag)
            try:
                self._file.write(length_prefixed(bundle))
                self.bundles += 1
                if now - self._flushed >= 1.0:
                    self._flushed = now
                    self._file.flush()
            except OSError as error:
                raise OscError(
                    f"{self._path}: can't be written any more ({error.strerror}); what came before is kept; "
                    "make room and record to another file"
                ) from None

    def close(self) -> None:
        """Finish the file; one without a bundle is removed."""
        try:
            self._file.close()
            if not self.bundles:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s: its last second may be lost (%s)", self._path, error.strerror)


def read(path: Path) -> Iterator[Recorded]:
    """What a recording holds, in order.

    A file that ends within a bundle, since its recorder was killed, ends before it with a warning.

    Raises
    ------
    OscError
        The file can't be read or isn't a recording.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise OscError(f"{path}: can't be read ({error.strerror}); check the path") from None
    bundles = 0
    with file:
        while head := file.read(4):
            size = int.from_bytes(head, "big")
            bundle = file.read(size) if len(head) == 4 and size <= MAX_PACKET else b""
            if bundles and (len(head) < 4 or len(bundle) < size <= MAX_PACKET):
                log.warning("%s: ends within a bundle; what came before is played", path)
                return
            try:
                yield _recorded(bundle)
            except (OscError, ValueError, struct.error):
                raise OscError(
                    f"{path}: is no recording of artgen monitor --record, or damaged after {bundles} bundles; "
                    "record again"
                ) from None
            bundles += 1
    if not bundles:
        raise OscError(f"{path}: is a recording without anything in it; record again")


def _recorded(bundle: bytes) -> Recorded:
    if not bundle.startswith(BUNDLE):
        raise ValueError("no bundle")
    (tag,) = struct.unpack_from(">Q", bundle, len(BUNDLE))
    if tag / FRACTIONS > LONGEST_S:
        raise ValueError("a time that can't be")
    return Recorded(tag / FRACTIONS, decode(bundle))
