"""The one door for text that goes to a terminal or a log.

What came out of a file, a message or the network may hold escape sequences, line breaks and characters that the
terminal's encoding lacks. Through here it is harmless, and nothing raises.
"""

import contextlib
import difflib
import logging
import os
import re
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from artgen_osc.runtime.text_writer import TextWriter

MOST_LISTED = 40
"""Words of a choice that are written out."""

_JOINERS = "\u200c\u200d"
"""Unprintable, but Persian, Hindi and many emojis are written with them."""


def is_printable(text: str) -> bool:
    """Whether all of it can be seen, or joins what can; it is one line then."""
    return text.isprintable() or all(letter.isprintable() or letter in _JOINERS for letter in text)


def printable(text: object) -> str:
    r"""One line of harmless text: what is not printable becomes an escape, such as ``\x1b``; bytes of a name that
    were not UTF-8 show as those bytes, such as ``\xe9``.

    Parameters
    ----------
    text : a string, or whatever `str` is to be taken of
    """
    text = str(text)
    return text if text.isprintable() else "".join(map(_harmless, text))


def is_harmless(letter: str) -> bool:
    """Whether a letter can go to a terminal as it is."""
    return letter.isprintable() or letter in _JOINERS


def short(value: object, most: int = 100) -> str:
    """As Python would write a value, cut where it is longer than `most` letters; never raises.

    Parameters
    ----------
    value : of any type
    most : letters of what is returned, >= 3
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python doesn't write numbers of thousands of digits, nor tables so deep
        return "something endless"
    return shortened(text, most)


def _harmless(letter: str) -> str:
    if is_harmless(letter):
        return letter
    if letter.isspace() and letter not in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029":
        return " "
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # as Python carries a byte that it could not decode
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def shortened(text: str, most: int) -> str:
    """A text of bounded length: of a longer one the beginning and the end, where a name and a reason are.

    Parameters
    ----------
    text : of any length
    most : letters of what is returned, >= 3
    """
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most - 1 - most // 2) :]}"


def nearest(word: str, words: Iterable[str]) -> str:
    """``did you mean …?``, or the choice.

    Parameters
    ----------
    word : what somebody wrote
    words : all that would do
    """
    words = list(words)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"did you mean {close[0]}?"
    listed = ", ".join(words[:MOST_LISTED])
    return f"choose from {listed}" + (f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else "")


_answers: TextIO | None = None


def keep_answers_apart() -> None:
    """From now on nothing but `say` writes to the standard output; what a plugin prints goes to the error output."""
    global _answers
    _answers, sys.stdout = sys.stdout, sys.stderr


def say(text: object, file: TextIO | None = None) -> None:
    """Print text of several lines, each made `printable`, and flush.

    Parameters
    ----------
    text : what to print
    file : where to; None: the standard output
    """
    lines = map(printable, re.split(r"\r?\n", str(text)))
    print("\n".join(lines), file=file or _answers or sys.stdout, flush=True)


def unexpected(error: BaseException) -> str:
    """What to tell of an exception that nobody has foreseen."""
    return " ".join(f"unexpected {type(error).__name__}: {error}".split())


def complain(text: object) -> None:
    """Print what is wrong, as one `printable` line that says whose it is, to the standard error output.

    Where that has no reader any more, nobody is told.
    """
    with contextlib.suppress(OSError):
        say(f"artgen: {printable(text)}", sys.stderr)


class LogFormatter(logging.Formatter):
    """Formats a record so that its message is one `printable` line; a traceback keeps its own lines.

    Parameters
    ----------
    format : of the message, as for `logging.Formatter`
    tracebacks : False: of an exception only its last line is shown
    """

    def __init__(self, format: str, tracebacks: bool = True) -> None:
        super().__init__(format)
        self._tracebacks = tracebacks

    def formatMessage(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.formatMessage`."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        """See `logging.Formatter.formatException`."""
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]
        return "\n".join(map(printable, lines if self._tracebacks else lines[-1:]))


def make_streams_safe() -> None:
    """Let the standard streams write what their encoding lacks as escapes, instead of raising.

    Where there is none (under ``pythonw`` or a service), what is written to it is lost.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 as long as we live
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def can_write(text: str, stream: TextIO) -> bool:
    """Whether the stream's encoding has every letter of `text`.

    Parameters
    ----------
    text : what would be written
    stream : one without an encoding counts as UTF-8
    """
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


class WriterHandler(logging.Handler):
    """Logs through a `TextWriter`: nothing that is logged waits for who reads it."""

    def __init__(self, writer: TextWriter) -> None:
        super().__init__()
        self._writer = writer
        self._told = 0

    @property
    def lost(self) -> int:
        """Lines that nobody took in time."""
        return self._writer.lost

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        try:
            text = self.format(record)
        except Exception:  # a record that can't be formatted must not end what logs it
            self.handleError(record)
            return
        if lost := self._writer.lost - self._told:
            text = f"{lost} lines were lost, since nobody read them\n{text}"
        if self._writer.write(f"{text}\n"):
            self._told += lost


def lines_lost() -> int:
    """Lines of the log that nobody took in time, so far."""
    return sum(handler.lost for handler in logging.getLogger().handlers if isinstance(handler, WriterHandler))


def start_logging(verbose: bool) -> None:
    """Log to the standard error output, through `LogFormatter`, without ever waiting for its reader.

    Parameters
    ----------
    verbose : from DEBUG on, instead of from WARNING on, and with tracebacks
    """
    handler = WriterHandler(TextWriter(sys.stderr))
    handler.setFormatter(LogFormatter("%(name)s: %(message)s", tracebacks=verbose))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, handlers=[handler])
