"""Songs over http against a real server: whole ones, broken ones, too large and too slow ones, and killed shows."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.web.song_jobs import MOST_POINTS, Limits, thinned
from artgen_osc.web.song_store import STATES, Song, Store, clean, new_song
from artgen_osc.web.songs import MOST_LISTED, SongsPart
from tests.ports import free_port
from tests.song_server import PAINT, SongServer
from tests.support.songs import RATE, WAV, Client, wav
from tests.support.waiting import wait_for
from visuals.gallery.files import read
from visuals.gallery.folder import sweep

pytestmark = pytest.mark.slow


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    # Children look for modules in no folder that they start in, and the decoders of these tests are installed nowhere.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    servers: list[SongServer] = []

    def begin(decoder: str = "", beside: bool = False, **limits: float) -> Client:
        while servers and not beside:
            servers.pop().close()
        chosen = {"decoder": f"tests.{decoder}"} if decoder else {}
        words = (*PAINT, f"--gallery={tmp_path / 'gallery'}")
        made = Limits(**({"spare": 0} | limits))  # type: ignore[arg-type]
        servers.append(SongServer(lambda: SongsPart(tmp_path / "songs", words, limits=made, **chosen)))
        return Client(servers[-1].url, tmp_path / "songs")

    yield begin
    for server in servers:
        server.close()


def left_over(folder: Path) -> list[str]:
    hidden = [path for path in folder.rglob(".*") if path.name != ".lock"]
    return [str(path) for path in (*hidden, *folder.rglob("*.part"))]


def names(folder: Path) -> list[str]:
    """What is in the folder of the songs, but the lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def children(folder: Path) -> list[str]:
    """Command lines of processes that work on songs in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if "artgen_osc.runtime.background" in line and str(folder) in line:
            found.append(line)
    return found


def test_a_song_from_the_upload_to_the_picture(start: Callable[..., Client], tmp_path: Path) -> None:
    client = start()
    assert client.ask("GET", "/songs")[1]["songs"] == []
    assert not client.folder.exists(), "the folder is made with the first song"
    id = client.send(WAV, "../Über allen\x1b[2J Gipfeln.wav")
    seen = set()

    def done() -> bool:
        song = client.song(id)
        seen.add(song["state"])
        assert 0 <= song["progress"] <= 1
        return song["state"] == "done"

    wait_for(done, 60.0)
    assert "analysing" in seen
    song = client.song(id)
    assert song["title"] == "Über allen [2J Gipfeln"
    assert song["duration"] == pytest.approx(12.0)
    assert song["tempo_bpm"] == pytest.approx(132.0, rel=0.03)
    assert 0 < song["valence"] < 1
    assert len(song["mood"]) > 30
    assert song["progress"] == 1
    assert (song["reason"], song["key"] != "") == ("", True)
    about = read(tmp_path / "gallery" / f"{song['picture']}.png").about
    assert (about.cause, about.title, about.key) == ("song", song["title"], song["key"])
    assert about.valence == song["valence"]
    assert sorted(path.name for path in (client.folder / id).iterdir()) == ["analysis.json", "song.json", "sound.wav"]
    (listed,) = client.ask("GET", "/songs")[1]["songs"]
    assert listed == {name: value for name, value in song.items() if name != "mood"}

    status, sound = client.ask("GET", f"/songs/{id}/sound")
    assert (status, len(sound)) == (200, 44 + 12 * RATE * 4)
    assert client.ask("GET", f"/songs/{id}/sound", Range="bytes=40-47") == (206, sound[40:48])

    other = client.send(WAV, "the same.wav")
    pictures = [read(tmp_path / "gallery" / f"{client.end(each)['picture']}.png").about for each in (id, other)]
    assert pictures[0].seed == pictures[1].seed, "the same sound, the same picture"
    assert client.ask("DELETE", f"/songs/{id}")[0] == 204
    assert client.ask("DELETE", f"/songs/{id}")[0] == 404
    assert client.ask("GET", f"/songs/{id}")[0] == 404
    assert [song["id"] for song in client.ask("GET", "/songs")[1]["songs"]] == [other]
    assert names(client.folder) == [other]


@pytest.mark.parametrize("content", [bytes(9000), WAV[:30], np.random.default_rng(2).bytes(50_000)])
def test_what_is_no_sound_fails_with_a_sentence_and_the_next_one_works(
    start: Callable[..., Client], content: bytes
) -> None:
    client = start()
    bad, good = client.send(content), client.send(wav(3.0))
    assert "no sound that can be decoded" in client.end(bad, "failed")["reason"]
    assert client.end(good)["duration"] == 3.0
    assert client.ask("GET", f"/songs/{bad}/sound")[0] == 404
    assert [path.name for path in (client.folder / bad).iterdir()] == ["song.json"]


def test_a_decoder_that_hangs_and_one_that_is_slow(start: Callable[..., Client]) -> None:
    client = start("decoder_that_hangs", stall_s=1.5)
    assert "the decoder hung for 1.5 s; " in client.end(client.send(WAV), "failed")["reason"]
    client = start("decoder_that_hangs", job_s=2.0)
    assert "the decoder took longer than 2 s; " in client.end(client.send(WAV), "failed")["reason"]
    assert not children(client.folder)


def test_a_decoder_that_crashes(start: Callable[..., Client]) -> None:
    client = start("decoder_that_crashes")
    assert "the decoder crashed (status -11); " in client.end(client.send(WAV), "failed")["reason"]
    assert client.ask("GET", "/songs")[0] == 200


def test_a_song_that_is_too_long(start: Callable[..., Client]) -> None:
    client = start(sound_s=6.0)
    assert "is longer than 0.1 minutes; " in client.end(client.send(WAV), "failed")["reason"]
    assert not left_over(client.folder)


def test_a_picture_that_cannot_be_painted_leaves_the_analysis(tmp_path: Path) -> None:
    server = SongServer(lambda: SongsPart(tmp_path / "songs", ("--visuals-model=none.onnx",), limits=Limits(spare=0)))
    try:
        client = Client(server.url, tmp_path / "songs")
        song = client.end(client.send(WAV), "failed")
        assert "none.onnx" in song["reason"]
        assert song["mood"] and song["tempo_bpm"]
        assert client.ask("GET", f"/songs/{song['id']}/sound")[0] == 200
    finally:
        server.close()


def test_uploads_that_are_refused(start: Callable[..., Client]) -> None:
    client = start(size=1 << 20)
    status, told = client.ask("POST", "/songs", bytes((1 << 20) + 1))
    assert (status, told["error"]) == (413, "song: is larger than 1 MiB; send it as mp3, ogg or m4a")
    connection = http.client.HTTPConnection(client.url.removeprefix("http://"), timeout=20)
    connection.request("POST", "/songs", iter([bytes(1 << 19)] * 4), encode_chunked=True)
    assert connection.getresponse().status == 413, "the length isn't told before"
    connection.close()
    assert client.ask("POST", "/songs", b"")[0] == 400
    for path in ("/songs/..%2f..%2fetc", "/songs/0123456789abcdef", "/songs/x/sound"):
        assert client.ask("GET", path)[0] == 404
        assert client.ask("DELETE", path)[0] in (404, 405)
    assert client.ask("GET", "/songs")[1]["songs"] == []
    assert not left_over(client.folder)


def test_a_disk_that_is_full(start: Callable[..., Client]) -> None:
    client = start(spare=1 << 60)
    status, told = client.ask("POST", "/songs", WAV)
    assert (status, "room" in told["error"]) == (507, True)
    shutil.rmtree(client.folder)
    client.folder.write_bytes(b"a file is in the way")
    assert client.ask("POST", "/songs", WAV)[0] == 507


def begun(client: Client, content: bytes = b"RIFF", length: int = 1000) -> socket.socket:
    """An upload that has begun and doesn't go on."""
    host, _, port = client.url.removeprefix("http://").partition(":")
    peer = socket.create_connection((host, int(port)), 20)
    peer.sendall(f"POST /songs?name=x HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode() + content)
    return peer


def test_uploads_that_are_too_slow_or_break_off(start: Callable[..., Client]) -> None:
    client = start(pause_s=1.0)
    with begun(client) as peer:
        assert peer.recv(100).startswith(b"HTTP/1.1 408 ")
    with begun(client):
        wait_for(lambda: bool(left_over(client.folder)))
    wait_for(lambda: not left_over(client.folder))
    client = start(upload_s=1.0)
    with begun(client) as peer:
        peer.settimeout(30)
        for _ in range(4):
            time.sleep(0.2)
            peer.sendall(b"x")
        assert peer.recv(100).startswith(b"HTTP/1.1 408 ")
    assert client.ask("GET", "/songs")[1]["songs"] == []


def test_the_queue_is_bounded(start: Callable[..., Client]) -> None:
    client = start("decoder_that_hangs", waiting=2)
    first = client.send(WAV)
    wait_for(lambda: client.song(first)["state"] == "converting")
    with begun(client):
        wait_for(lambda: bool(left_over(client.folder)))
        second = client.send(WAV)
        status, told = client.ask("POST", "/songs", WAV)
        assert (status, told["error"]) == (429, "songs: 2 are waiting, which is the most; wait until one is done")
    assert client.song(second)["state"] == "waiting"
    assert client.ask("DELETE", f"/songs/{second}")[0] == 204
    client.send(WAV)


def test_deleting_ends_the_work(start: Callable[..., Client]) -> None:
    client = start("decoder_that_hangs")
    ids = [client.send(WAV) for _ in range(2)]
    wait_for(lambda: len(children(client.folder)) == 1 and client.song(ids[0])["state"] == "converting")
    begin = time.monotonic()
    assert client.ask("DELETE", f"/songs/{ids[0]}")[0] == 204
    assert time.monotonic() - begin < 20.0
    assert names(client.folder) == [ids[1]]
    wait_for(lambda: client.song(ids[1])["state"] == "converting")


def test_closing_ends_the_children_and_the_next_show_goes_on(tmp_path: Path) -> None:
    words = (*PAINT, f"--gallery={tmp_path / 'gallery'}")

    def part(decoder: str) -> SongsPart:
        return SongsPart(tmp_path / "songs", words, limits=Limits(spare=0), decoder=decoder)

    server = SongServer(lambda: part("tests.decoder_that_hangs"))
    client = Client(server.url, tmp_path / "songs")
    id = client.send(wav(4.0))
    wait_for(lambda: len(children(client.folder)) == 1)
    begin = time.monotonic()
    server.close()
    assert time.monotonic() - begin < 20.0
    assert not children(client.folder)
    server = SongServer(lambda: part("artgen_osc.web.song_decoder"))
    client = Client(server.url, tmp_path / "songs")
    try:
        assert client.end(id)["picture"]
    finally:
        server.close()


def test_a_song_that_ends_the_show_again_and_again_is_given_up(start: Callable[..., Client], tmp_path: Path) -> None:
    store = Store(tmp_path / "songs")
    song = new_song("poison")
    assert store.acquire()
    part = store.part(song)
    part.write_bytes(WAV)
    store.add(song, part)
    store.release()
    told = tmp_path / "songs" / song.id / "song.json"
    told.write_text(told.read_text().replace('"starts": 0', '"starts": 3'))
    assert "each time" in start().end(song.id, "failed")["reason"]


def test_a_second_show_takes_no_songs_and_sweeps_nothing_away(
    start: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    first = start()
    id = first.send(b"no sound")
    first.end(id, "failed")
    with begun(first):
        wait_for(lambda: bool(left_over(first.folder)))
        second = start(beside=True)
        assert left_over(first.folder), "an upload on its way to the first show stays"
        assert "another show uses it" in caplog.text
        assert second.ask("GET", "/songs")[1]["songs"] == []
        status, told = second.ask("POST", "/songs", WAV)
        assert status == 409 and "another show uses their folder" in told["error"]
    assert [song["id"] for song in first.ask("GET", "/songs")[1]["songs"]] == [id]


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.8, 1.5, 2.2])
def test_kill_at_any_time_leaves_no_broken_song(tmp_path: Path, moment: float) -> None:
    """The server is killed during an upload and the work on a song; the next one finishes what it has taken."""

    def serve() -> tuple[subprocess.Popen[bytes], Client]:
        port = free_port()
        command = [sys.executable, "-m", "tests.song_server", str(port), str(tmp_path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        return process, Client(f"http://127.0.0.1:{port}", tmp_path / "songs")

    process, client = serve()
    with process:
        id = client.send(wav(6.0))
        with begun(client):
            time.sleep(moment)
            process.kill()
    wait_for(lambda: not children(client.folder))
    process, client = serve()
    with process:
        try:
            song = client.end(id)
            assert [each["id"] for each in client.ask("GET", "/songs")[1]["songs"]] == [id]
            assert read(tmp_path / "gallery" / f"{song['picture']}.png").about.title == "song"
            # Of a picture that was being written; swept an hour later.
            for part in (tmp_path / "gallery").glob(".*.part"):
                os.utime(part, (0.0, 0.0))
            sweep(tmp_path / "gallery")
            assert not left_over(tmp_path)
        finally:
            process.send_signal(signal.SIGKILL)


def test_what_is_no_song_in_the_folder_is_left_alone(start: Callable[..., Client], tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    for name in ("0123456789abcdef", "fedcba9876543210", "holiday", ".hidden"):
        (folder / name).mkdir(parents=True)
    (folder / "0123456789abcdef" / "song.json").write_text("[]")
    (folder / "link").symlink_to("/etc")
    assert start().ask("GET", "/songs")[1]["songs"] == []
    assert len(names(folder)) == 5


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Song.mp3", "Song"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Music\\A – B.flac", "A – B"),
        ("a\r\nb\x00c.wav", "a b c"),
        ("No. 5", "No. 5"),
        ("..", ""),
        ("x" * 900, "x" * 200),
        ("", ""),
    ],
)
def test_titles_from_names(name: str, title: str) -> None:
    assert clean(name) == title


def test_a_curve_is_thinned_by_means() -> None:
    mood = [[float(time), time / 1000, 0.5] for time in range(1000)]
    thin = thinned(mood)
    assert len(thin) <= MOST_POINTS
    assert thin[0] == (1.5, 0.0015, 0.5)
    assert np.mean([point[1] for point in thin]) == pytest.approx(0.4995)
    assert thinned([]) == ()
    assert thinned(mood[:5]) == tuple(tuple(point) for point in mood[:5])


def test_the_guide_has_the_limits_and_all_that_is_told() -> None:
    guide = (Path(__file__).parents[1] / "docs/songs.md").read_text(encoding="utf-8")
    limits = Limits()
    for text in (
        f"{limits.size >> 20} MiB",
        f"{limits.upload_s / 60:g} minutes; {limits.pause_s:g} s",
        f"| {limits.sound_s / 60:g} minutes |",
        f"| songs that wait | {limits.waiting} |",
        f"| {limits.spare >> 30} GiB |",
        f"{MOST_POINTS} points",
        f"{MOST_LISTED} at most",
        *(f"`{state}`" for state in STATES),
        *(f"`{item.name}`" for item in fields(Song) if item.name != "starts"),
    ):
        assert text in guide, text
