"""Bytes through pipes to and from other processes, whole, however they are cut on the way."""

import contextlib
from io import BufferedReader
from typing import IO

WIDE_BYTES = 1 << 20


def widen(pipe: IO[bytes]) -> None:
    """Let more into a pipe at once, where that can be set (Linux).

    Parameters
    ----------
    pipe : a file
    """
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE_BYTES)


def write_all(pipe: IO[bytes], data: "bytes | memoryview") -> None:
    """Write all of it, however long the other end takes.

    Parameters
    ----------
    pipe : a file without a buffer
    data : bytes

    Raises
    ------
    OSError
        The other end has gone, or the disk is full.
    """
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def read_all(stream: BufferedReader, size: int) -> bytearray | None:
    """So many bytes; None where the other end has gone before.

    Parameters
    ----------
    stream : with a buffer
    size : bytes
    """
    data = bytearray(size)
    left = memoryview(data)
    while left and (read := stream.readinto(left)):
        left = left[read:]
    return None if left else data
