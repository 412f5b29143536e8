"""The generators that come with artgen; entry points name them. Each imports what it opens when it does."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from artgen_osc.errors import ModelError
from artgen_osc.runtime.files import stamp
from visuals.generators.kind import EXPORTED

if TYPE_CHECKING:
    from visuals.generators.generator import Generator


@functools.lru_cache(maxsize=16)
def _has_card(path: Path, of: tuple[int, int] | None) -> bool | None:
    """Whether artgen has exported a file in this state; None: it is no ONNX file at all."""
    from artgen_osc.inference.modelfile import has_card

    try:
        return has_card(path) if of else None
    except ModelError:
        return None


class Card:
    """ONNX files that artgen has exported."""

    @staticmethod
    def accepts(path: Path) -> int:
        """See `visuals.generators.kind.GeneratorKind`."""
        return EXPORTED if _has_card(path, stamp(path)) else 0

    @staticmethod
    def open(model: str, threads: int = 1, engine: str = "openvino") -> "Generator":
        """See `visuals.generators.kind.GeneratorKind`."""
        from visuals.generators.generator import OnnxGenerator

        return OnnxGenerator(model, threads, engine)


class Onnx:
    """Any other ONNX file."""

    @staticmethod
    def accepts(path: Path) -> int:
        """See `visuals.generators.kind.GeneratorKind`."""
        return 1 if _has_card(path, stamp(path)) is False else 0

    @staticmethod
    def open(model: str, threads: int = 1, engine: str = "openvino") -> "Generator":
        """See `visuals.generators.kind.GeneratorKind`."""
        from visuals.generators.foreign import ForeignGenerator

        return ForeignGenerator(model, threads, engine)


class Idle:
    """Paints without a model; it has a name alone."""

    @staticmethod
    def accepts(path: Path) -> int:
        """See `visuals.generators.kind.GeneratorKind`."""
        return 0

    @staticmethod
    def open(model: str, threads: int = 1, engine: str = "openvino") -> "Generator":
        """See `visuals.generators.kind.GeneratorKind`."""
        from visuals.generators.idle import IdleGenerator

        return IdleGenerator()
