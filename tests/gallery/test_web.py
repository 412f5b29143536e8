"""The gallery's server, as a browser or a stranger meets it."""

import io
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.gallery.conftest import START, put
from tests.gallery.served import Served, serving
from tests.live.servers import ROOT
from tests.support.waiting import wait_for
from visuals.gallery.folder import Gallery

pytestmark = pytest.mark.slow

COUNT = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A gallery that no test changes, and its ids, the oldest first."""
    folder = tmp_path_factory.mktemp("read") / "gallery"
    folder.mkdir()
    made = [
        put(folder, 24 * 60 * number, title=("So what", "Ärger")[number % 2], valence=number / 10, energy=0.5).id
        for number in range(COUNT)
    ]
    Gallery(folder).favour(made[1])
    (folder.parent / "secret.png").write_bytes(b"secret")
    return folder, made


@pytest.fixture(scope="module")
def server(made: tuple[Path, list[str]]) -> Iterator[Served]:
    with serving(made[0]) as server:
        wait_for(lambda: len(server.ids()) == COUNT, what="the pictures")
        yield server


@pytest.fixture
def own(gallery: Gallery) -> Iterator[tuple[Served, Gallery, list[str]]]:
    """A gallery of this test alone."""
    made = [put(gallery.folder, number).id for number in range(4)]
    with serving(gallery.folder) as server:
        wait_for(lambda: len(server.ids()) == 4, what="the pictures")
        yield server, gallery, made


def test_pages_and_filters(server: Served, made: tuple[Path, list[str]]) -> None:
    _, ids = made
    newest = ids[::-1]
    assert server.ids() == newest
    first = server.get("list?limit=4")
    assert [row["id"] for row in first["pictures"]] == newest[:4]
    assert first["count"] == COUNT
    assert first["bytes"] == sum((made[0] / f"{id}.png").stat().st_size for id in ids)
    assert [row["id"] for row in server.get(f"list?limit=4&before={newest[3]}")["pictures"]] == newest[4:]
    for filters, expected in {
        "near=0.1,0.5,0.11": ids[2::-1],
        "valence=0.2,0.3&energy=0,1": [ids[3], ids[2]],
        "energy=0,0.4": [],
        "title=%C3%A4RG": ids[5::-2],
        "favourite=1": [ids[1]],
        "favourite=0": newest,
        "since=2026-05-02T20:00:00Z&until=2026-05-03T20:00:00Z": [ids[1]],
        f"ids={ids[0]},{ids[4]}": [ids[4], ids[0]],
    }.items():
        assert server.ids(filters) == expected, filters
    day = START.astimezone().date()
    assert server.ids(f"since={day}&until={day}") == [ids[0]], "the last day belongs to it"
    columns = server.get("all")
    assert columns["valence"] == [500, 400, 300, 200, 100, 0]
    assert columns["favourite"] == "000010"
    assert [columns["titles"][title] for title in columns["title"]][:2] == ["Ärger", "So what"]
    assert server.get("songs") == [["So what", 3], ["Ärger", 3]]
    assert [count for _, count in server.get("days")] == [1] * COUNT


@pytest.mark.parametrize(
    "query",
    ["near=1", "near=a,b,c", "near=nan,0,0", "limit=0", "limit=1001", "limit=-1", "before=..", "since=today",
     "favourite=yes", "ids=../secret", "ids=", "nonsense=1", "title=" + "x" * 201, "limit=" + "9" * 5000],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(server: Served, query: str) -> None:
    answer = server.ask(f"/gallery/api/list?{query}")
    assert answer.status == 400
    assert answer.body.count(b"\n") == 1
    assert query.partition("=")[0].encode() in answer.body


def test_pictures_thumbnails_and_records(server: Served, made: tuple[Path, list[str]]) -> None:
    folder, ids = made
    picture = server.ask(f"/gallery/picture/{ids[0]}.png")
    assert picture.body == (folder / f"{ids[0]}.png").read_bytes()
    assert picture.headers["Content-Type"] == "image/png"
    part = server.ask(f"/gallery/picture/{ids[0]}.png", Range="bytes=1-3")
    assert (part.status, part.body) == (206, b"PNG")
    small = server.ask(f"/gallery/thumbnail/{ids[0]}.jpg")
    assert small.body == Gallery(folder).read(ids[0]).thumbnail
    for answer in (picture, small):
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    about = server.get(f"about/{ids[0]}")
    assert (about["id"], about["strokes"][0]["model"]) == (ids[0], "idle")
    for path in ("picture/{}.png", "thumbnail/{}.jpg", "api/about/{}"):
        assert server.ask("/gallery/" + path.format("0" * 12)).status == 404


def test_the_page_and_its_files(server: Served) -> None:
    for path in ("/", "/gallery"):
        assert (server.ask(path).status, server.ask(path).headers["Location"]) == (302, "/gallery/")
    page = server.ask("/gallery/")
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(rb"<script(?![^>]*src=)|style=|\bon\w+=|https?://", page.body)
    for name in re.findall(rb'(?:src|href)="(static/[\w.]+)"', page.body):
        assert server.ask(f"/gallery/{name.decode()}").status == 200
    script = server.ask("/gallery/static/gallery.js")
    assert script.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "target",
    ["/gallery/picture/../../secret.png", "/gallery/picture/..%2F..%2Fsecret.png", "/gallery/picture/%2e%2e/secret.png",
     "/gallery/picture//etc/passwd", "/gallery/static/../web.py", "/gallery/static/..%2fweb.py",
     "/gallery/static/%2Fetc%2Fpasswd", "/gallery/../gallery/picture/secret.png", "/gallery/api/about/..%2Fsecret",
     "/gallery/picture/favourites.txt", "/gallery/picture/index.sqlite", "/gallery/thumbnail/..%5Csecret.jpg",
     "/gallery/picture/trash%2F000001-0k2m9x4c7tqf.png", "/gallery/picture/0k2m9x4c7tq%00.png", "/secret.png"],
)  # fmt: skip
def test_no_path_leaves_the_folder(server: Served, target: str) -> None:
    answer = server.ask(target)
    assert answer.status in (400, 404), answer.body
    assert b"secret" not in answer.body.replace(target.encode(), b"")


def test_links_are_not_followed(own: tuple[Served, Gallery, list[str]], tmp_path: Path) -> None:
    server, gallery, _ = own
    about = put(tmp_path, 50)
    (gallery.folder / f"{about.id}.png").symlink_to(tmp_path / f"{about.id}.png")
    new = put(gallery.folder, 60).id
    wait_for(lambda: new in server.ids(), what="the new one")
    assert about.id not in server.ids()
    assert server.ask(f"/gallery/picture/{about.id}.png").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:9105"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Host": "127.0.0.1"}, 200),
    ],
)
def test_strangers_are_held_off(server: Served, headers: dict[str, str], status: int) -> None:
    assert server.ask("/gallery/api/all", **headers).status == status
    assert server.ask("/gallery/", **headers).headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_change_needs_json_and_sense(own: tuple[Served, Gallery, list[str]]) -> None:
    server, gallery, made = own
    body = json.dumps({"ids": made}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert server.ask("/gallery/api/delete", "POST", body, Content_Type=kind).status == 415, "a form of any site"
    assert server.ask("/gallery/api/delete").status == 405
    for action, value in (
        ("delete", {}), ("delete", {"ids": []}), ("delete", {"ids": ["../secret"]}), ("delete", {"ids": "x"}),
        ("favourite", {"id": made[0], "favourite": 1}), ("favourite", {"id": 5, "favourite": True}),
        ("undo", {"ids": [None]}),
    ):  # fmt: skip
        assert server.post(action, **value).status == 400, (action, value)
    for damaged in (b"{", b"[]", b"\xff", b"[" * 100_000):
        assert server.ask("/gallery/api/undo", "POST", damaged, Content_Type="application/json").status == 400
    large = b'"' + b"x" * 2**21 + b'"'
    assert server.ask("/gallery/api/undo", "POST", large, Content_Type="application/json").status == 413
    assert server.post("undo").status == 409
    assert sorted(gallery.names()) == sorted(f"{id}.png" for id in made)


def test_favourite_delete_and_undo(own: tuple[Served, Gallery, list[str]]) -> None:
    server, gallery, made = own
    server.post("favourite", id=made[2], favourite=True).json()
    assert gallery.favourites() == {made[2]}
    assert server.ids("favourite=1") == [made[2]]
    assert server.post("delete", ids=made[1:3]).json() == {"ids": made[1:3]}
    assert server.ids() == [made[3], made[0]], "at once, not with the next look"
    assert server.post("delete", ids=[made[0], made[1]]).status == 409, "one isn't there: all stay"
    server.post("delete", ids=[made[0]]).json()
    assert server.post("undo", ids=made[1:3]).json()["ids"] == sorted(made[1:3])
    assert server.ids() == made[:0:-1]
    assert server.ids("favourite=1") == [made[2]]
    server.post("favourite", id=made[2], favourite=False).json()
    assert server.post("undo").json() == {"ids": [made[0]]}
    assert server.ids() == made[::-1]
    assert server.ids("favourite=1") == []


def test_a_thumbnail_is_there_as_soon_as_its_picture(own: tuple[Served, Gallery, list[str]]) -> None:
    server, gallery, _ = own
    for number in range(5):
        id = put(gallery.folder, 100 + number).id
        assert server.ask(f"/gallery/thumbnail/{id}.jpg").body == gallery.read(id).thumbnail
        assert server.ids()[0] == id


def test_what_others_do_is_seen_and_told(own: tuple[Served, Gallery, list[str]]) -> None:
    server, gallery, made = own
    told: list[tuple[str, dict[str, object]]] = []
    events = socket.create_connection(("127.0.0.1", server.port))
    events.sendall(b"GET /gallery/api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def read() -> None:
        with events.makefile("rb") as lines:
            name = ""
            for line in lines:
                if line.startswith(b"event: "):
                    name = line[7:].decode().strip()
                elif line.startswith(b"data: "):
                    told.append((name, json.loads(line[6:])))

    reader = threading.Thread(target=read)
    reader.start()
    wait_for(lambda: told, what="hello")
    assert told[0][0] == "hello" and told[0][1]["ready"]
    new = put(gallery.folder, 60, title="New").id
    wait_for(lambda: len(told) > 1, what="a snapshot of another process")
    gallery.favour(made[0])
    wait_for(lambda: len(told) > 2, what="a favourite of another process")
    gallery.delete([made[3]])
    wait_for(lambda: len(told) > 3, what="a deletion of another process")
    server.post("favourite", id=new, favourite=True)
    wait_for(lambda: len(told) > 4, what="a favourite of a page")
    changes = [change for _, change in told[1:]]
    assert [change["version"] for change in changes] == [told[0][1]["version"] + step for step in (1, 2, 3, 4)]  # type: ignore[operator]
    assert changes[0]["added"]["ids"] == new and changes[0]["added"]["titles"] == ["New"]  # type: ignore[index]
    assert [change["favoured"] for change in changes] == [{}, {made[0]: True}, {}, {new: True}]
    assert changes[2]["removed"] == [made[3]]
    events.shutdown(socket.SHUT_RDWR)
    reader.join(30)
    events.close()


def test_a_file_that_is_being_copied_in_is_taken_when_it_is_whole(
    own: tuple[Served, Gallery, list[str]], tmp_path: Path
) -> None:
    server, gallery, made = own
    about = put(tmp_path, 70)
    data = (tmp_path / f"{about.id}.png").read_bytes()
    with (gallery.folder / f"{about.id}.png").open("wb", buffering=0) as file:
        file.write(data[:200])
        other = put(gallery.folder, 71).id
        wait_for(lambda: other in server.ids(), what="the other")
        assert about.id not in server.ids()
        file.write(data[200:])
    wait_for(lambda: about.id in server.ids(), what="the copied one")
    gallery.path(made[0]).write_bytes(b"broken")
    wait_for(lambda: made[0] not in server.ids(), what="a file that was spoilt in place")


def test_a_gallery_that_comes_later_goes_and_comes_again(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    with serving(folder) as server:
        assert server.get("all")["ready"] is False
        assert server.ask("/gallery/api/songs").status == 409
        assert b"no gallery yet" in server.post("undo").body
        assert not folder.exists(), "looking makes nothing"
        folder.mkdir()
        first = put(folder).id
        wait_for(lambda: server.ids() == [first], what="the first picture")
        shutil.rmtree(folder)
        wait_for(lambda: server.get("all")["ready"] is False, what="its end")
        folder.mkdir()
        second = put(folder, 2).id
        wait_for(lambda: server.ids() == [second], what="the next gallery")


def test_an_index_that_is_deleted_or_spoilt_is_made_anew(own: tuple[Served, Gallery, list[str]]) -> None:
    server, gallery, made = own
    for ending in ("", "-wal", "-shm"):
        (gallery.folder / f"index.sqlite{ending}").unlink(missing_ok=True)
    new = put(gallery.folder, 80).id
    wait_for(lambda: server.ids() == [new, *made[::-1]], what="all of them again")
    assert (gallery.folder / "index.sqlite").exists()


@pytest.mark.parametrize("chosen", [False, True])
def test_export_is_the_static_gallery(server: Served, made: tuple[Path, list[str]], chosen: bool) -> None:
    folder, ids = made
    wanted = [ids[4], ids[2]] if chosen else ids[::-1]
    answer = server.ask("/gallery/api/export.zip" + (f"?ids={','.join(wanted)}" if chosen else ""))
    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as file:
        assert file.testzip() is None
        assert sorted(file.namelist()) == sorted(
            ["index.html", *(f"{kind}" for id in wanted for kind in (f"pictures/{id}.png", f"thumbnails/{id}.jpg"))]
        )
        assert file.read(f"pictures/{wanted[0]}.png") == (folder / f"{wanted[0]}.png").read_bytes()
        page = file.read("index.html").decode()
    told = json.loads(re.findall(r"const PICTURES = (\[.*?),\n\n?\];", page, re.DOTALL)[0] + "]")
    assert [picture["id"] for picture in told] == wanted


def test_killed_at_any_moment_it_leaves_a_whole_index(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    folder.mkdir()
    made = [put(folder, number).id for number in range(250)]
    for _ in range(4):
        with serving(folder) as server:
            wait_for(server.ids, what="a picture")  # then it is killed, as it reads
    with serving(folder) as server:
        wait_for(lambda: server.ids() == made[::-1], what="all of them")
        for id in (made[0], made[-1]):
            assert server.ask(f"/gallery/thumbnail/{id}.jpg").status == 200


WRITER = """
import sys
from pathlib import Path
from tests.gallery.conftest import put
for number in range(10_000):
    print(put(Path(sys.argv[1]), number).id, flush=True)
"""


def test_a_writer_that_is_killed_leaves_no_broken_picture(gallery: Gallery) -> None:
    written: list[str] = []
    with serving(gallery.folder) as server:
        for lines in (3, 7, 12):
            with subprocess.Popen(
                [sys.executable, "-c", WRITER, str(gallery.folder)], stdout=subprocess.PIPE, cwd=ROOT
            ) as writer:
                assert writer.stdout
                written += [writer.stdout.readline().decode().strip() for _ in range(lines)]
                writer.kill()
                written += writer.stdout.read().decode().split()
        wait_for(lambda: set(written) <= set(server.ids()), what="all that were finished")
        for id in server.ids():
            Image.open(io.BytesIO(server.ask(f"/gallery/picture/{id}.png").body)).load()
        assert len(server.ids()) <= len(written) + 3, "one each may have been finished and not told"
