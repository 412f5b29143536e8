"""Songs may be recordings of people: nobody else on the machine reads them, and no link leads out of their folder."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artgen_osc.web.song_jobs import Limits
from artgen_osc.web.song_store import Store, new_song
from artgen_osc.web.songs import SongsPart
from tests.song_server import PAINT, SongServer
from tests.test_songs import WAV, Client

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """What a careless system gives everybody: no mask at all."""
    before = os.umask(0)
    yield
    os.umask(before)


def serve(folder: Path) -> tuple[SongServer, Client]:
    words = (*PAINT, f"--gallery={folder / 'gallery'}")
    server = SongServer(lambda: SongsPart(folder / "songs", words, limits=Limits(spare=0)))
    return server, Client(server.url, folder / "songs")


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.rglob("*"))}


def stored(folder: Path, **changes: object) -> tuple[str, Path]:
    """A song that was worked on to the end, by its id and its own folder."""
    store = Store(folder / "songs")
    assert store.acquire()
    song = replace(new_song("ours"), **({"state": "done"} | changes))  # type: ignore[arg-type]
    part = store.part(song)
    part.write_bytes(WAV)
    store.add(song, part)
    store.release()
    return song.id, folder / "songs" / song.id


def test_nobody_else_can_read_what_was_sent(tmp_path: Path) -> None:
    server, client = serve(tmp_path)
    try:
        client.end(client.send(WAV))
        found = modes(client.folder)
        assert {"song.json", "sound.wav", "analysis.json"} <= {Path(name).name for name in found}
        assert not any(mode & 0o077 for mode in found.values()), found
    finally:
        server.close()


def test_an_older_versions_songs_are_closed_too(tmp_path: Path) -> None:
    _, folder = stored(tmp_path)
    folder.chmod(0o755)
    server, _ = serve(tmp_path)
    server.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["link", "folder is a link", "pipe", "folder", "loop"])
def test_only_a_songs_own_sound_is_served(tmp_path: Path, what: str) -> None:
    id, folder = stored(tmp_path)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "sound.wav").write_bytes(b"secret")
    server, client = serve(tmp_path)
    sound = folder / "sound.wav"
    try:
        if what == "link":
            sound.symlink_to(secret / "sound.wav")
        elif what == "pipe":
            os.mkfifo(sound)
        elif what == "folder":
            sound.mkdir()
        elif what == "loop":
            sound.symlink_to(sound)
        else:
            folder.rename(tmp_path / "moved")
            folder.symlink_to(secret)
        status, answer = client.ask("GET", f"/songs/{id}/sound")
        assert status == 404 and "no such one" in answer["error"]
    finally:
        server.close()


@pytest.mark.parametrize("name", ["original", "sound.wav", "analysis.json"])
def test_the_work_on_a_song_follows_no_link(tmp_path: Path, name: str) -> None:
    """A link in place of a file of a song that still waits: the file that it leads to is neither read nor changed."""
    id, folder = stored(tmp_path, state="waiting")
    secret = tmp_path / "secret"
    secret.write_bytes(WAV)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    server, client = serve(tmp_path)
    try:
        song = client.end(id, "failed" if name == "original" else "done")
        assert name != "original" or "a link" in song["reason"]
        assert secret.read_bytes() == WAV
        assert not (folder / name).is_symlink() or name == "original"
    finally:
        server.close()


def test_what_is_written_goes_through_no_link(tmp_path: Path) -> None:
    id, folder = stored(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("mine")
    store = Store(tmp_path / "songs")
    (folder / "song.json.part").symlink_to(secret)
    store.save(replace(new_song("ours"), id=id))
    assert secret.read_text() == "mine" and not (folder / "song.json").is_symlink()


@pytest.mark.parametrize(
    "change",
    [
        {"duration": float("inf")}, {"duration": "x"}, {"duration": 10**400}, {"starts": "1"}, {"title": 5},
        {"mood": [[1, 2]]}, {"mood": 5}, {"mood": [[1, float("nan"), 0]]}, {"key": None}, {"received": []},
    ],
    ids=lambda change: str(change)[:40],
)  # fmt: skip
def test_a_song_that_says_nonsense_is_passed_over(tmp_path: Path, change: dict[str, object]) -> None:
    _, folder = stored(tmp_path)
    good, _ = stored(tmp_path)
    known = json.loads((folder / "song.json").read_text())
    (folder / "song.json").write_text(json.dumps(known | change))
    assert [song.id for song in Store(tmp_path / "songs").load()] == [good]


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "", "5", "null", "\udcff"])
def test_a_song_that_is_no_json_is_passed_over(tmp_path: Path, text: str) -> None:
    _, folder = stored(tmp_path)
    (folder / "song.json").write_bytes(text.encode(errors="surrogateescape"))
    assert Store(tmp_path / "songs").load() == []
