import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from artgen_osc.errors import GalleryError
from tests.gallery.conftest import put
from visuals.gallery.export import export
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query

NASTY = "</script><script>alert(1)</script> <!-- \u2028 ä"


@pytest.fixture
def index(gallery: Gallery) -> Iterator[Index]:
    for number in range(5):
        put(gallery.folder, number, title=NASTY if number == 2 else f"song {number}", valence=number / 5)
    index = Index(gallery)
    index.sync()
    yield index
    index.close()


class Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_a_folder_of_plain_files(gallery: Gallery, index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "site"
    assert export(index, Query(), folder) == (5, [])
    page = (folder / "index.html").read_text(encoding="utf-8")
    told = json.loads(re.findall(r"const PICTURES = (\[.*?\n\]);", page, re.DOTALL)[0])
    assert [picture["id"] for picture in told] == [row.id for row in index.page(Query())]
    assert told[2]["title"] == NASTY
    for picture in told:
        copied = folder / "pictures" / f"{picture['id']}.png"
        assert copied.read_bytes() == gallery.path(picture["id"]).read_bytes()
        assert (folder / "thumbnails" / f"{picture['id']}.jpg").read_bytes().startswith(b"\xff\xd8")


def test_the_page_needs_no_network_and_no_title_can_end_its_script(index: Index, tmp_path: Path) -> None:
    export(index, Query(), tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//cdn|fetch\(|import |innerHTML|eval", page)
    parser = Parser()
    parser.feed(page)
    tags = [tag for tag, _ in parser.tags]
    assert tags.count("script") == 1
    assert not [attributes for _, attributes in parser.tags if attributes.get("src")]
    assert ("html", {"lang": "en"}) in parser.tags
    inputs = [attributes["id"] for tag, attributes in parser.tags if tag == "input"]
    assert inputs == ["valence", "energy", "radius", "title", "favourites"]
    assert tags.count("label") == len(inputs), "each has a name for a screen reader"


def test_only_what_is_asked_for(gallery: Gallery, index: Index, tmp_path: Path) -> None:
    chosen = index.page(Query())[1].id
    gallery.favour(chosen)
    index.sync()
    assert export(index, Query(favourite=True), tmp_path / "site") == (1, [])
    assert [path.stem for path in (tmp_path / "site" / "pictures").iterdir()] == [chosen]


def test_a_picture_that_goes_meanwhile_is_left_out(gallery: Gallery, index: Index, tmp_path: Path) -> None:
    gone = index.page(Query())[0].id
    gallery.delete([gone])
    assert export(index, Query(), tmp_path / "site") == (4, [gone])


def test_nothing_is_overwritten(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(GalleryError, match="is not empty"):
        export(index, Query(), folder)
    with pytest.raises(GalleryError, match="is not a folder"):
        export(index, Query(), folder / "thesis.txt")
    with pytest.raises(GalleryError, match="can't be written"):
        export(index, Query(), folder / "thesis.txt" / "site")
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
