"""What plays: titles out of tags, in whatever encoding somebody wrote them."""

import re
from collections.abc import Mapping

LONGEST_TITLE = 200

_WIDE = r"\u3005\u3040-\u30ff\u4e00-\u9fff\uff10-\uff5a"
"""Kana, Han, and Latin letters in full width."""
_RUN = re.compile(f"[{_WIDE}]+")
_JAPANESE = re.compile(f"[\x00-\x7f{_WIDE}\u3000-\u303f\uff00-\uff9f\u2010-\u2026\u00d7\u2200-\u22ff\u25a0-\u266f]*")
_QUOTES = b"\x85\x91\x92\x93\x94\x95\x96\x97"
"""In Windows-1252: an ellipsis, quotes and dashes."""
_CYRILLIC_WORD = re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")
_LEAST_CYRILLIC = 4


def title_of(tags: Mapping[str, str]) -> str:
    """Artist and title from a file's or a stream's tags, on one line; empty without."""
    lower = {key.lower(): value for key, value in tags.items()}
    parts = (lower.get("artist", ""), lower.get("title", ""))
    return one_line(readable(lower.get("streamtitle", "") or " - ".join(part for part in parts if part)))


def one_line(text: str) -> str:
    """Text for people: printable, on one line, of at most `LONGEST_TITLE` letters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())[:LONGEST_TITLE]


def readable(text: str) -> str:
    """Text of a tag that was taken for Latin-1, or for UTF-8 with `surrogateescape`, as its writer meant it.

    What was read as proper UTF-8 stays as it is.
    """
    try:
        return guess(text.encode("latin-1"))
    except UnicodeEncodeError:
        pass
    if not any(0xDC80 <= ord(letter) <= 0xDCFF for letter in text):
        return text
    return guess(text.encode("utf-8", "surrogateescape"))


def guess(data: bytes) -> str:
    """Decode text that doesn't say its encoding.

    UTF-8 if it is that; else Shift-JIS or Windows-1251, where what comes out is plausible Japanese or Cyrillic; else
    Windows-1252, in which most of Latin-1 is written.

    Notes
    -----
    Japanese stands in runs, and its letters have first bytes of 0x81 to 0x9f, which no Latin-1 has; in Windows-1252
    some are quotes, but then single ones between ASCII. Cyrillic words have no ASCII letters in them, and are
    small, or large, or begin with a large one. Latin words with accents mostly have ASCII letters.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    for encoding, plausible in (("cp932", _is_japanese), ("cp1251", _is_cyrillic)):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if plausible(text, data):
            return text
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _is_japanese(text: str, data: bytes) -> bool:
    if not _JAPANESE.fullmatch(text) or not any(0x81 <= byte <= 0x9F for byte in data):
        return False
    if not any(_is_no_quote(letter.encode("cp932")) for run in _RUN.findall(text) for letter in run):
        return False
    runs = list(_RUN.finditer(text))
    glued = [run for run in runs if len(run[0]) == 1 and _between_letters(text, run)]
    return len(glued) < len(runs) - len(glued)


def _is_no_quote(pair: bytes) -> bool:
    return pair[0] not in _QUOTES or pair[1] >= 0x80


def _between_letters(text: str, run: re.Match[str]) -> bool:
    around = text[max(0, run.start() - 1) : run.start()] + text[run.end() : run.end() + 1]
    return any(letter.isascii() and letter.isalpha() for letter in around)


def _is_cyrillic(text: str, data: bytes) -> bool:
    words = [word for word in re.findall(r"\w+", text) if not word.isascii()]
    letters = sum(len(word) for word in words)
    return letters >= _LEAST_CYRILLIC and all(_CYRILLIC_WORD.fullmatch(word) for word in words)
