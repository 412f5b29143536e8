"""Names of scenes, in any script, and the files that they are kept in on any system."""

import re
import unicodedata
from urllib.parse import unquote

from artgen_osc.errors import SceneError
from artgen_osc.runtime.text import is_printable, shortened

LONGEST_NAME = 40

_UNSAFE = re.compile(r'[<>:"/\\|?*%]|^\.')
"""What some system doesn't take in a file's name, and what marks the others."""

_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""Windows has devices of these names, and a folder of scenes may travel."""


def check_name(name: str) -> str:
    """Return a name as it is kept, in composed form (NFC): a Mac writes the same letter in two parts.

    Raises
    ------
    SceneError
        It can't be seen, or is too long.
    """
    composed = unicodedata.normalize("NFC", name)
    if not composed or len(composed) > LONGEST_NAME or composed != composed.strip() or not is_printable(composed):
        wrong = f"it has 1 to {LONGEST_NAME} letters, digits, signs, and spaces between them"
    elif "," in composed:
        wrong = "it has no comma, since commas stand between names in a list"
    else:
        return composed
    raise SceneError(f"{shortened(name, 80)!r} can't be the name of a scene; {wrong}; choose another name")


def key_of(name: str) -> str:
    """The same for names that differ in capital and small letters only, or in how a letter is written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())


def stem_of(name: str) -> str:
    """Name of a scene's file, without its ending: what not every system takes is written as in a web address."""
    safe = _UNSAFE.sub(_escaped, name)
    return _DEVICE.sub(lambda found: _escaped(found) + found[0][1:], safe) if _DEVICE.match(safe) else safe


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0][0]):02X}"


def name_in(stem: str) -> str:
    """The name that a file's name, without its ending, stands for; see `check_name`.

    Raises
    ------
    SceneError
        It stands for none.
    """
    try:
        return check_name(unquote(stem, errors="strict"))
    except UnicodeDecodeError:
        return check_name(stem)
