"""Our own child processes: their command lines, and that none outlives its parent."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable

MOST_READ = 1 << 16
"""Bytes of what a parent says that are read at once."""


def python_module(module: str, *words: str) -> list[str]:
    """Command line that runs a module of ours in this very Python.

    ``-P`` keeps the folder in which a show was started off the import path: a file there that has the name of a
    module would run in its place.

    Parameters
    ----------
    module : dotted name, such as ``artgen_osc``
    *words : its arguments
    """
    return [sys.executable, "-P", "-m", module, *words]


def end_with_parent(
    end: Callable[[], object] | None = None, patience: float = 0.0, said: Callable[[bytes], object] | None = None
) -> None:
    """In a child: end when its standard input closes, as it does when the parent ends, however that happens.

    The parent starts it with ``stdin=PIPE``.

    Parameters
    ----------
    end : asks the child to end, on a thread of its own; None: it ends at once
    patience : s that it has to do so
    said : is given what the parent says there, in pieces, on the same thread; None: that is passed over
    """

    def watch() -> None:
        with contextlib.suppress(OSError):
            # Not by sys.stdin: its lock would be held when a finished program wants to leave.
            while data := os.read(0, MOST_READ):
                if said:
                    said(data)
        if end:
            end()
            time.sleep(patience)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
