"""Titles out of tags in any encoding."""

import pytest

from artgen_osc.audio.titles import guess, title_of


@pytest.mark.parametrize(
    ("tags", "title"),
    [
        ({}, ""),
        ({"TITLE": "b"}, "b"),
        ({"artist": "a", "title": ""}, "a"),
        ({"artist": "a", "title": "b", "StreamTitle": "c - d"}, "c - d"),
        ({"title": "a\n\x1b[2Jb\0 "}, "a [2Jb"),
        ({"title": "x" * 999}, "x" * 200),
    ],
)
def test_title_from_tags(tags, title):
    assert title_of(tags) == title


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *(("cp1251", text) for text in ("Привет, мир", "КИНО - Группа крови", "ДДТ - Родина", "feat. ёлка 2007")),
        *(("cp932", text) for text in ("日本", "X Japan - 愛", "AKB48 - 恋するクッキー", "Tシャツ", "アイス")),
        *(("cp1252", text) for text in ("Don’t stop", "rock’n’roll", "“Hi” – yo…", "Björk – Jóga", "été", "ÆØÅ")),
        *(("utf-8", text) for text in ("Привет", "愛", "Dvořák", "Ελλάδα", "")),
    ],
)
def test_the_encoding_is_guessed_by_what_is_plausible(encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert guess(data) == text
    assert title_of({"title": data.decode("latin-1")}) == text
    assert title_of({"title": data.decode("utf-8", "surrogateescape")}) == text


def test_what_is_unicode_already_stays() -> None:
    assert title_of({"artist": "ДДТ", "title": "Café"}) == "ДДТ - Café"


@pytest.mark.parametrize("data", [b"\x81", b"\xff\xfe\x00", bytes(range(256))])
def test_nothing_is_no_text(data: bytes) -> None:
    assert isinstance(guess(data), str) and title_of({"title": data.decode("latin-1")}).isprintable()
