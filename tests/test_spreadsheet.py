"""Tables as spreadsheets write them."""

import math
import os
from pathlib import Path

import pytest

from artgen_osc.errors import ConfigError
from training.spreadsheet import read_number, read_table

NEEDED = ("file", "valence", "energy")
PLAIN = "file,valence,energy,artist\na.wav,0.25,0.5,Ann\nb.wav,0.75,,Bob\n"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("file,valence,energy", "File, VALENCE ,\xa0Energy"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "|"),
        PLAIN.replace(",", ";").replace("0.", "0,"),
        PLAIN.replace(",", "\t").replace("0.", "0,"),
        PLAIN.replace("0.25", '"0,25"').replace("0.5", "50 %").replace("0.75", "75%"),
        PLAIN.replace("0.25", "25e-2").replace("0.5", " .5 "),
        PLAIN.replace("0.75,,", "0.75,NA,"),
        "\n\n" + PLAIN.replace("Ann\n", "Ann\n,,,\n\n   \n"),
        PLAIN.replace("Ann", "Ann,,,").replace("artist\n", "artist,,,\n"),
        "sep=;\r\n" + PLAIN.replace(",", ";"),
        '"sep=|"\n' + PLAIN.replace(",", "|"),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.replace("file,valence,energy,artist", "Title;with,file,valence,energy,artist").replace("\n", "\nx,")[:-2],
        PLAIN.replace("Ann", '"Ann ""the"" Great,\nsecond line"'),
        PLAIN.replace("Ann", '"Heroes" (live)'),
        PLAIN.replace("Ann", '12" mix'),
        PLAIN.rstrip("\n"),
    ],
    ids=range(26),
)
def test_what_is_plain_is_read(tmp_path: Path, content: str | bytes) -> None:
    table = read_table(write(tmp_path, content), NEEDED)
    assert table.notes == []
    assert [row.cells["file"] for row in table.rows] == ["a.wav", "b.wav"]
    assert [read_number(row.cells["valence"]) for row in table.rows] == [0.25, 0.75]
    assert read_number(table.rows[0].cells["energy"]) == 0.5
    assert math.isnan(read_number(table.rows[1].cells["energy"]))
    assert table.rows[1].cells["artist"] == "Bob"


def test_latin_1_is_read_with_a_word(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN.replace("Ann", "Björk").encode("latin-1"))
    table = read_table(path, NEEDED)
    assert table.rows[0].cells["artist"] == "Björk"
    assert table.notes == [f"{path}: row 2 isn't UTF-8; read as Windows-1252, so check names with accents"]


def test_a_row_that_is_short_or_long_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    text = "valence,energy,file\n0.5,0.5,a.wav\n0.2,0.3\n0,10,0,90,c.wav\n0.7,0.1,d.wav\n"
    path = write(tmp_path, text)
    table = read_table(path, NEEDED)
    assert [(row.number, row.cells["file"]) for row in table.rows] == [(2, "a.wav"), (5, "d.wav")]
    assert table.notes[0] == f"{path}: row 3 lacks file: it has 2 of 3 cells"
    assert table.notes[1].startswith(f"{path}: row 4 has 5 cells under 3 columns; decimal commas")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (PLAIN.replace("Ann", '"Ann'), 'row 2 opens a quote (") that never closes'),
        (PLAIN.replace("Ann", '"Ann').replace("Bob", 'Bob"'), 'row 2 opens a quote (") that never closes'),
        (PLAIN.replace("Bob", '"Bob'), 'row 3 opens a quote (") that never closes'),
        (PLAIN.replace("Ann", '"Ann' + "\nx" * 200 + '"'), 'row 2 opens a quote (") that never closes'),
        (PLAIN.replace("Bob", "B" * 140_000), "row 3 has a cell of more than 131,072 letters"),
        (PLAIN.replace("valence", "happy"), "lacks valence; file, valence, energy are needed, and its first row has"),
        (PLAIN.replace("artist", "Energy"), "has the column energy twice"),
        ("", "lacks energy, file, valence; file, valence, energy are needed, and it is empty"),
        (PLAIN.replace("Bob", "\x81\x8d").encode("latin-1"), "row 3 isn't text in UTF-8"),
        (b"PK\x03\x04\x14\0\x06\0", "is a workbook or an archive; save it as CSV UTF-8"),
        (PLAIN.replace("Bob", "B\0b"), "isn't text"),
    ],
    ids=range(11),
)
def test_what_is_not_plain_is_one_line_with_file_and_row(tmp_path: Path, content: str | bytes, says: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ConfigError) as error:
        read_table(path, NEEDED)
    assert str(error.value).startswith(f"{path}: {says}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["nowhere.csv", "x" * 300, "a\0b", "folder", "pipe"])
def test_what_is_no_file_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="a CSV file is needed"):
        read_table(Path(f"{tmp_path}/{name}"), NEEDED)


@pytest.mark.parametrize("text", ["loud", "1_0", "0x1", "inf", "1.234,5", "0,2,5", "--1", "%", "٫5"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="isn't a number"):
        read_number(text)


@pytest.mark.parametrize(("text", "value"), [("−0,5", -0.5), ("1e-1", 0.1), ("100 %", 1.0), ("+1.", 1.0)])
def test_numbers_of_other_keyboards(text: str, value: float) -> None:
    assert read_number(text) == value
