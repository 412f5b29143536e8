"""What a generator is as a plugin: a class of the group ``artgen.generators``, which opens what paints."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from visuals.generators.generator import Generator


EXPORTED = 10
"""What ours say of files that artgen has exported, which are always theirs; of any other ONNX file they say 1."""


class GeneratorKind(Protocol):
    """Opens generators for ``--visuals-model``. The entry point names the class; its module is light to import.

    ``NAME`` and ``NAME:REST`` name it directly, with the entry point's name; a file goes to whoever accepts it most.
    It is opened first in a process of its own, which paints one picture and is ended where that takes too long.
    """

    @staticmethod
    def accepts(path: Path) -> int:
        """How well it can open a file, looking at it for 5 s at most; the highest answer of all wins.

        Parameters
        ----------
        path : which may not be there

        Returns
        -------
        0: not at all. Ours open what artgen has exported, whatever others say, and say 1 for any other ONNX file. One
        that takes anything, such as a file that isn't there, comes last.
        """
        ...

    @staticmethod
    def open(model: str, threads: int, engine: str) -> "Generator":
        """Open one; it may take seconds.

        Parameters
        ----------
        model : the file, or what follows ``NAME:``, often empty
        threads : cores it may use
        engine : as in the settings

        Raises
        ------
        ModelError
            It can't be used; says why.
        EngineError
            The engine isn't available here.
        """
        ...
