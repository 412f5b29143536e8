"""Runs a module of ours in the background: ``python -m artgen_osc.runtime.background MODULE ARGUMENT…``.

It works at low priority, since the show comes first, and ends when its input closes: a server that is killed
leaves nothing behind.
"""

import runpy
import sys

from artgen_osc.runtime.child import end_with_parent
from artgen_osc.runtime.priority import lower_process

NICENESS = 10


def main() -> None:
    """Run the module as if it had been called alone."""
    lower_process(NICENESS)
    end_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
