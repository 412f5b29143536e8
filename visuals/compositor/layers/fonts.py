"""Fonts by family or by file, and one that has the letters of a text, whatever their script."""

import functools
import logging
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from artgen_osc.runtime.text import short

log = logging.getLogger("artgen.layers")

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
FIND_S = 10.0

MOST_LETTERS = 200
"""Different ones, by which a font is looked for."""

ELSEWHERE = (
    "Segoe UI",
    "Helvetica",
    "Arial Unicode MS",
    "Arial",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "Nirmala UI",
    "Leelawadee UI",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Geeza Pro",
    "Arial Hebrew",
    "Kohinoor Devanagari",
)
"""Families that Windows and macOS bring, for one script or another, where there is no fontconfig."""


@dataclass(frozen=True, slots=True)
class Font:
    """Where a font is.

    Attributes
    ----------
    path : of its file; empty: the one within Pillow
    index : in a file of several
    trouble : why it isn't what was asked for, on one line; empty: it is
    """

    path: str = ""
    index: int = 0
    trouble: str = ""


def find(wanted: str, text: str, folder: Path) -> Font:
    """The font to write a text with.

    Parameters
    ----------
    wanted : a family, or a file; empty: any
    text : whose letters it should have
    folder : where a relative path begins
    """
    from PIL import features

    if not features.check("raqm") and any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text):
        _say_once("this Pillow is without raqm: text from right to left isn't right; install Pillow from PyPI")
    if wanted.lower().endswith(SUFFIXES):
        path = folder / Path(wanted)
        try:
            _opened(str(path), 0)
        except OSError as error:
            other = _family("", text)
            return Font(other.path, other.index, f"font {short(wanted)}: can't be read ({error}); another one is used")
        return Font(str(path))
    return _family(wanted, text)


@functools.cache
def _say_once(text: str) -> None:
    log.warning("%s", text)


def _opened(path: str, index: int) -> object:
    from PIL import ImageFont

    return ImageFont.truetype(path, 16, index=index)


def _family(wanted: str, text: str) -> Font:
    letters = sorted({letter for letter in text if unicodedata.category(letter)[0] in "LMN"})
    return _matched(wanted, "".join(letters[:MOST_LETTERS]))


@functools.lru_cache(64)
def _matched(wanted: str, letters: str) -> Font:
    try:
        found = _by_fontconfig(wanted, letters)
    except (OSError, subprocess.SubprocessError, LookupError):
        found = _by_pygame(wanted, letters)
    if has(found, letters):
        return found
    lacks = "text: no font here has all its letters; install one, such as Noto Sans for its script"
    return replace(found, trouble=lacks)


def _by_fontconfig(wanted: str, letters: str) -> Font:
    """The best by all the letters, then by the family: so fontconfig ranks them."""
    name = "".join(f"\\{sign}" if sign in "\\-:," else sign for sign in wanted) or "sans"
    pattern = f"{name}:charset={' '.join(f'{ord(letter):x}' for letter in letters)}" if letters else name
    command = ["fc-match", "-f", "%{file}\n%{index}\n%{family}\n", pattern]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=FIND_S, check=True, stdin=subprocess.DEVNULL, errors="replace"
    )
    path, index, families = (*done.stdout.split("\n"), "", "", "")[:3]
    if not path or not index.isdigit():
        raise LookupError("fontconfig has no font")
    _opened(path, int(index))
    known = [family.strip().casefold() for family in families.split(",")]
    other = wanted and wanted.casefold() not in known
    return Font(path, int(index), _other(wanted, families.split(",")[0]) if other else "")


def _other(wanted: str, family: str) -> str:
    return f"font {short(wanted)}: isn't here, or lacks letters of the text; {family} is used"


def _by_pygame(wanted: str, letters: str) -> Font:
    """The first family that this system has with all letters; else what Pillow brings."""
    first: Font | None = None
    for family in (wanted, *ELSEWHERE) if wanted else ELSEWHERE:
        for path in _installed(family):
            found = Font(path, 0, "" if not wanted or family == wanted else _other(wanted, family))
            first = first or found
            if has(found, letters):
                return found
    return first or Font(trouble=_other(wanted, "the one within Pillow") if wanted else "")


def _installed(family: str) -> Iterator[str]:
    if sys.platform == "linux":
        return  # pygame asks fontconfig there, as we have done
    from pygame import sysfont

    try:
        path = sysfont.match_font(family)
        if path:
            _opened(path, 0)
            yield path
    except OSError:
        return


def has(font: Font, letters: str) -> bool:
    """Whether a font has all of some letters: none looks as what it hasn't does.

    Parameters
    ----------
    font : Font
    letters : marks among them, which are drawn with what they belong to, don't count
    """
    from PIL import ImageFont

    made = ImageFont.truetype(font.path, 32, index=font.index) if font.path else ImageFont.load_default(32)
    lacking = bytes(made.getmask("\U000fffff"))
    return all(bytes(made.getmask(letter)) != lacking for letter in letters if unicodedata.category(letter)[0] != "M")
