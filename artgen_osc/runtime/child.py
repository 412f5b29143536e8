"""Command lines of our own child processes."""

import sys


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
