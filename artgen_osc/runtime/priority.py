"""The show comes first: what else works gets less of the processor."""

import os
import sys
import threading


def lower_thread(niceness: int) -> None:
    """Give this thread a lower priority, where a thread has one of its own (Linux).

    Parameters
    ----------
    niceness : 1 to 19, as of the command ``nice``
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)


def lower_process(niceness: int) -> None:
    """Give this process a lower priority, where the system lets it choose.

    Parameters
    ----------
    niceness : 1 to 19, as of the command ``nice``
    """
    if hasattr(os, "nice"):
        os.nice(niceness)
