"""Whatever a PNG file says of itself: it is a picture that can be listed, or it is skipped with a reason."""

import json
import math
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gallery.conftest import put
from tests.gallery.forged import ID, JPEG, chunk, png, told, with_text
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.record import from_json, to_json

many = settings(max_examples=250)

LETTERS = st.characters(exclude_categories=()) | st.sampled_from("\ud800\udfff\0\x1b\x9b\u2028\N{SNOWMAN}")
NUMBERS = (
    st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.sampled_from([0, 1, 0.5, 2**31, math.inf, math.nan])
)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(LETTERS, max_size=20)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(LETTERS, max_size=5), inner, max_size=4)
)
TOLD: dict[str, Any] = json.loads(told(title="x", scene="y"))
KINDS = st.sampled_from(
    [b"iTXt", b"tEXt", b"zTXt", b"arTH", b"gAMA", b"iCCP", b"eXIf", b"pHYs", b"tRNS", b"acTL", b"IDAT"]
)
NUMBERED = [(key,) for key, value in TOLD.items() if isinstance(value, (int, float))]
NUMBERED += [("look", key) for key in TOLD["look"]] + [("effects", "grain"), ("strokes", 0, "truncation")]
LETTERED = [(key,) for key, value in TOLD.items() if isinstance(value, str)]
LETTERED += [("strokes", 0, key) for key in ("model", "sha256", "z")]
OURS = [chunk(b"iTXt", b"artgen\0\0\0\0\0" + json.dumps(TOLD).encode()), chunk(b"arTH", JPEG)]


class Place:
    """A gallery with one good picture, into which files are put one after another."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery, self.index = gallery, Index(gallery)
        self.good = put(gallery.folder, 1)
        self.index.sync()

    def holds(self, data: bytes) -> None:
        """A file with these bytes has become a picture or is skipped, and the good one is still there."""
        path = self.gallery.folder / f"{ID}.png"
        path.write_bytes(data)
        changes = self.index.update([path.name])
        listed = self.index.page(Query())
        if changes.added:
            assert [row.id for row in listed] == sorted([self.good.id, path.stem], reverse=True)
            told = to_json(self.gallery.read(path.stem).about)
            assert to_json(from_json(told)) == told
        else:
            ((name, reason),) = changes.skipped
            assert name == path.name
            assert reason.isprintable()
            assert 0 < len(reason) <= 200
            assert [row.id for row in listed] == [self.good.id]
        path.unlink()
        self.index.update([path.name])


@pytest.fixture
def place(gallery: Gallery) -> Iterator[Place]:
    place = Place(gallery)
    yield place
    place.index.close()
    shutil.rmtree(gallery.folder)


def changed(path: tuple[Any, ...], value: object) -> bytes:
    """What a picture tells, with another value in one place."""
    changed = json.loads(json.dumps(TOLD))
    *way, last = path
    inner = changed
    for step in way:
        inner = inner[step]
    inner[last] = value
    return with_text(json.dumps(changed).encode())


def test_any_value_in_any_place(place: Place) -> None:
    @many
    @given(st.sampled_from([*NUMBERED, *LETTERED, ("strokes",), ("look",), ("effects",)]), VALUES)
    def check(path: tuple[Any, ...], value: object) -> None:
        place.holds(changed(path, value))

    check()


def test_any_number_where_one_belongs(place: Place) -> None:
    @many
    @given(st.sampled_from(NUMBERED), NUMBERS)
    def check(path: tuple[Any, ...], value: float) -> None:
        place.holds(changed(path, value))

    check()


def test_any_letters_where_text_belongs(place: Place) -> None:
    @many
    @given(st.sampled_from(LETTERED), st.text(LETTERS, min_size=1, max_size=300))
    def check(path: tuple[Any, ...], value: str) -> None:
        place.holds(changed(path, value))

    check()


def test_any_text(place: Place) -> None:
    @many
    @given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
    def check(text: bytes) -> None:
        place.holds(with_text(text))

    check()


def test_any_chunks(place: Place) -> None:
    chunks = st.builds(chunk, KINDS, st.binary(max_size=40)) | st.sampled_from(OURS)

    @many
    @given(st.lists(chunks, max_size=6))
    def check(parts: list[bytes]) -> None:
        place.holds(png(*parts))

    check()


def test_any_bytes_changed(place: Place) -> None:
    whole = png(*OURS)

    @many
    @given(st.dictionaries(st.integers(0, len(whole) - 1), st.integers(0, 255), min_size=1, max_size=8))
    def check(changes: dict[int, int]) -> None:
        data = bytearray(whole)
        for position, value in changes.items():
            data[position] = value
        place.holds(bytes(data))

    check()
