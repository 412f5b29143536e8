"""An ISF file and what lies beside it, read within limits."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from artgen_osc.errors import PluginError
from artgen_osc.runtime.files import read_regular, stamp
from artgen_osc.runtime.text import short
from visuals.isf.head import Head, read_head

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = (".fs", ".isf")
LARGEST_TEXT = 1 << 20
LARGEST_IMAGE, LARGEST_SIDE = 32 << 20, 8192
"""Bytes and pixels."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was read.

    Attributes
    ----------
    path : of the fragment shader
    head : Head
    fragment, vertex : the texts; `vertex` is empty where none lies beside it
    """

    path: Path
    head: Head
    fragment: str
    vertex: str


def read(path: Path) -> File:
    """Read a file, and the ``.vs`` file of the same name if there is one.

    Raises
    ------
    PluginError
        It can't be used; the text begins with its name.
    """
    try:
        text, beside = _text(path), path.with_suffix(".vs")
        vertex = _text(beside) if path.suffix != ".vs" and stamp(beside) else ""
        return File(path, read_head(text), text, vertex)
    except PluginError as error:
        raise PluginError(f"{path.name}: {error}") from None


def _text(path: Path) -> str:
    try:
        return read_regular(path, LARGEST_TEXT).decode("utf-8-sig", "replace")
    except OSError as error:
        raise PluginError(f"can't be read ({error.strerror})") from None


def stamps(path: Path) -> tuple[object, ...]:
    """What changes when somebody saves the file, or the one beside it."""
    return stamp(path), stamp(path.with_suffix(".vs"))


def name_of(path: Path) -> str:
    """What a file is called in addresses: small letters, digits and dashes.

    >>> name_of(Path("CMYK Halftone-Lookaround.fs"))
    'cmyk-halftone-lookaround'
    """
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:40].strip("-")


def picture(file: File, said: str) -> "np.ndarray":
    """A picture that a head imports: uint8 ``(height, width, 4)``, bottom row first.

    Parameters
    ----------
    file : whose head it is
    said : the path as it is written there

    Raises
    ------
    PluginError
        It isn't there, isn't a picture, is too large, or lies elsewhere than beside the file.
    """
    import numpy as np
    from PIL import Image

    folder = file.path.parent.resolve()
    try:
        path = (folder / said).resolve()
        if not path.is_relative_to(folder):
            raise PluginError(f"IMPORTED: {short(said)} is not beside the file; copy it there")
        with Image.open(path) as opened:
            if path.stat().st_size > LARGEST_IMAGE or max(opened.size) > LARGEST_SIDE:
                raise PluginError(f"IMPORTED: {short(said)} is too large; {LARGEST_SIDE} pixels a side at most")
            return np.ascontiguousarray(np.asarray(opened.convert("RGBA"))[::-1])
    except PluginError:
        raise
    except FileNotFoundError:
        raise PluginError(f"IMPORTED: there is no {short(said)} beside the file") from None
    except Exception as error:  # a damaged picture raises anything
        raise PluginError(f"IMPORTED: {short(said)} is not a picture that can be read ({error})") from None
