"""Tables as spreadsheets write them: CSV with commas, semicolons or tabs, in whatever encoding and form.

What is plain is read; a row that can't be is named with its number, as an editor counts lines.
"""

import codecs
import csv
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import decode_text, read_regular

LARGEST = 64 << 20
"""Bytes of a table at most."""
_DELIMITERS = ",;\t|"
_UNKNOWN = {"", "-", "–", "na", "n/a", "nan", "none", "null", "?"}
"""What people write, and what programs write for them, where there is no value."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_LONGEST_CELL = 100
"""Lines that a cell may go on for; a quote that is open longer was never closed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    number : the line of the file in which it begins, from 1
    cells : text by the name of the column, in small letters and without space around it
    """

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows.

    Attributes
    ----------
    path : of the file
    rows : those that can be used
    notes : a line on every other one, and on anything else that is odd
    """

    path: Path
    rows: list[Row]
    notes: list[str]


def read_table(path: Path, needed: Iterable[str]) -> Table:
    """Read a CSV file whose first row names the columns.

    Empty rows, cells behind the last column and all that stands around the text of a cell are dropped. A row that
    lacks a cell of a needed column, or has more cells than there are columns, is left out and noted.

    Parameters
    ----------
    path : of the file
    needed : columns that must be there, in small letters; others may be

    Raises
    ------
    ConfigError
        The file can't be read, lacks a column or has it twice, or a quote swallows rows.
    """
    needed = tuple(needed)
    try:
        data = read_regular(path, LARGEST)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; a CSV file is needed; check the path") from None
    if data.startswith(b"PK"):
        raise ConfigError(f"{path}: is a workbook or an archive; save it as CSV UTF-8 in the spreadsheet")
    text, notes = _decode(path, data)
    if "\0" in text:
        raise ConfigError(f"{path}: isn't text; save the table as CSV UTF-8 in the spreadsheet")
    lines = re.split(r"\r\n|\r|\n", text)
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    named = re.fullmatch(r'"?sep=(.)"?', lines[first].strip(" "), re.IGNORECASE)
    first += bool(named)
    while first < len(lines) and not lines[first].strip():
        first += 1
    header = lines[first] if first < len(lines) else ""
    delimiter = named[1] if named else max(_DELIMITERS, key=lambda mark: _fit(header, mark, needed))
    records = _records(path, lines, first, delimiter)
    _, names = next(records, (0, []))
    names = [name.casefold() for name in names]
    _check_columns(path, names, needed)
    rows = []
    for number, cells in records:
        if not any(cells):
            continue
        while len(cells) > len(names) and not cells[-1]:
            cells.pop()
        lacking = [name for name in needed if names.index(name) >= len(cells)]
        if lacking:
            notes.append(
                f"{path}: row {number} lacks {' and '.join(lacking)}: it has {len(cells)} of {len(names)} cells"
            )
        elif len(cells) > len(names):
            hint = "; decimal commas or a comma in a text need quotes" if delimiter == "," else ""
            notes.append(f"{path}: row {number} has {len(cells)} cells under {len(names)} columns{hint}")
        else:
            # Of a name that is there twice, the first column counts.
            rows.append(Row(number, dict(reversed(list(zip(names, cells, strict=False))))))
    return Table(path, rows, notes)


def read_number(text: str) -> float:
    """A number as people write it, with a point or a comma, or as a percentage; NaN where there is none.

    Raises
    ------
    ValueError
        It is something else.
    """
    text = re.sub(r"\s", "", text).replace("−", "-")
    if text.casefold() in _UNKNOWN:
        return math.nan
    number = text.removesuffix("%")
    if number.count(",") == 1 and "." not in number:
        number = number.replace(",", ".")
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"{text!r} isn't a number")
    return float(number) / (100.0 if text.endswith("%") else 1.0)


def _decode(path: Path, data: bytes) -> tuple[str, list[str]]:
    """The text of a table, and a note where its encoding had to be guessed."""
    start = data[:1000]
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and start.count(0) > len(start) // 4:
        return data.decode("utf-16-be" if start[0] == 0 else "utf-16-le", "replace"), []
    try:
        return decode_text(data), []
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            raise ConfigError(
                f"{path}: row {row} isn't text in UTF-8; save it as CSV UTF-8, which spreadsheets offer"
            ) from None
    return text, [f"{path}: row {row} isn't UTF-8; read as Windows-1252, so check names with accents"]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _fit(header: str, delimiter: str, needed: tuple[str, ...]) -> tuple[int, int]:
    """How well a delimiter fits: needed columns that it finds, then columns."""
    names = [name.casefold() for name in _cells(header, delimiter)]
    return len(set(names) & set(needed)), len(names)


def _records(path: Path, lines: list[str], first: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows from line `first` on, counted from 0: the number of the line in which each begins, and its cells."""
    done = first
    width = len(_cells(lines[first], delimiter)) if first < len(lines) else 0

    def feed() -> Iterator[str]:
        for number in range(first, len(lines)):
            inside = number > done  # a quote is open since line `done`
            whole_row = width > 1 and lines[number].count(delimiter) >= width - 1
            if inside and (whole_row or number - done > _LONGEST_CELL):
                raise _open_quote(path, done)
            yield lines[number] + "\n"
        if len(lines) > done:
            raise _open_quote(path, done)

    reader = csv.reader(feed(), delimiter=delimiter)
    try:
        for cells in reader:
            begun, done = done + 1, first + reader.line_num
            yield begun, [cell.strip() for cell in cells]
    except csv.Error as error:
        huge = "field larger" in str(error)
        reason = f"has a cell of more than {csv.field_size_limit():,} letters" if huge else f"can't be read ({error})"
        raise ConfigError(f"{path}: row {done + 1} {reason}; is it a CSV file?") from None


def _open_quote(path: Path, line: int) -> ConfigError:
    return ConfigError(f'{path}: row {line + 1} opens a quote (") that never closes; close it, or take it away')


def _check_columns(path: Path, names: list[str], needed: tuple[str, ...]) -> None:
    lacking = sorted(set(needed) - set(names))
    if lacking:
        found = f"its first row has {', '.join(filter(None, names))[:80]}" if any(names) else "it is empty"
        raise ConfigError(
            f"{path}: lacks {', '.join(lacking)}; {', '.join(needed)} are needed, and {found}; add the columns"
        )
    twice = [name for name in needed if names.count(name) > 1]
    if twice:
        raise ConfigError(f"{path}: has the column {twice[0]} twice; take one away")
