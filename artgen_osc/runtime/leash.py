"""Runs a module of ours as a child of the page's server: ``python -m artgen_osc.runtime.leash MODULE ARGUMENT…``.

It works at low priority, since the show comes first, and ends when its input closes: a server that is killed
leaves nothing behind.
"""

import contextlib
import os
import runpy
import sys
import threading

NICENESS = 10
_INPUT = 0


def _leave_with_parent() -> None:
    with contextlib.suppress(OSError):
        # Not by sys.stdin: its lock would be held when a finished program wants to leave.
        while os.read(_INPUT, 64):
            continue
    os._exit(1)


def main() -> None:
    """Run the module as if it had been called alone."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
