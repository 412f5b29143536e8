"""What a generator is as a plugin: a class of the group ``artgen.generators``, which opens what paints."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from visuals.generators.generator import Generator


class GeneratorKind(Protocol):
    """Opens generators for ``--visuals-model``. The entry point names the class; its module is light to import.

    ``NAME`` and ``NAME:REST`` name it directly, with the entry point's name; a file goes to whoever accepts it most.
    It is opened first in a process of its own, which paints one picture and is ended where that takes too long.
    """

    @staticmethod
    def accepts(path: Path) -> int:
        """How well it can open a file; the highest answer of all wins.

        Parameters
        ----------
        path : which may not be there

        Returns
        -------
        0: not at all. Ours say 10 for files that artgen has exported, and 1 for any other ONNX file.
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
