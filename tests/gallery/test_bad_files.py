"""One bad file is that file's own affair: whatever lies in the gallery's folder, the others are there."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from artgen_osc.cli import main
from artgen_osc.runtime.text import printable
from tests.gallery.conftest import a_frame, an_about, put
from tests.gallery.forged import ID, files, plant, told, with_text
from tests.odd_paths import odd_paths
from visuals.gallery.files import read, write
from visuals.gallery.folder import Gallery
from visuals.gallery.follow import Followed
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.rows import look


@pytest.mark.parametrize("kind", files())
def test_each_is_refused_in_a_few_words(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"{ID}.png"
    path.write_bytes(files()[kind])
    looked = look(path)
    assert looked
    assert 0 < len(looked.reason) <= 200
    assert looked.reason.isprintable()
    assert not looked.retry


def test_the_forger_can_forge(tmp_path: Path) -> None:
    path = tmp_path / f"{ID}.png"
    path.write_bytes(with_text(told()))
    assert read(path).about.id == ID


def test_list_and_export_name_them_and_go_on(
    gallery: Gallery, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(gallery.folder.parent)
    monkeypatch.setattr("visuals.gallery.commands.NAMED", 999)
    there = put(gallery.folder).id
    names = plant(gallery.folder)
    for words in (["list", "--json"], ["export", "site"], ["list", "--json"]):
        assert main(["gallery", *words]) == 0
        out, err = capsys.readouterr()
        assert there in out or words[0] == "export"
        assert len(err.splitlines()) == len(names)
        for name in names:
            assert f"artgen: gallery/{printable(name)}: " in err
        assert max(map(len, err.splitlines())) < 300
    assert [path.name for path in Path("site/pictures").iterdir()] == [f"{there}.png"]


def follow(folder: Path, story: Callable[[Followed, Callable[..., None]], None]) -> None:
    """Follow a gallery while `story` happens; it is given what waits for a condition on the index."""

    async def both() -> None:
        followed = Followed(folder)
        following = asyncio.create_task(followed.follow())
        loop = asyncio.get_running_loop()

        def until(condition: Callable[[Index], object]) -> None:
            end = time.monotonic() + 20
            while not followed.ready or not asyncio.run_coroutine_threadsafe(followed.ask(condition), loop).result():
                assert not following.done()
                assert time.monotonic() < end
                time.sleep(0.01)

        try:
            await asyncio.to_thread(story, followed, until)
        finally:
            following.cancel()
            await asyncio.wait([following])
            await followed.close()

    asyncio.run(both())


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visuals.gallery.follow.LOOK_S", 0.01)
    monkeypatch.setattr("visuals.gallery.follow.NAMED", 999)


@pytest.mark.usefixtures("often")
def test_a_follower_names_each_once_and_sees_what_is_new(gallery: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    first = put(gallery.folder, 1).id
    mended = an_about(5, id="000000000000")

    def story(followed: Followed, until: Callable[..., None]) -> None:
        until(lambda index: index.thumbnail(first))
        names = plant(gallery.folder)
        until(lambda index: len(index.skipped(999)) == len(names))
        second = put(gallery.folder, 2).id
        until(lambda index: index.thumbnail(second))
        logged = [record.getMessage() for record in caplog.records]
        for name in names:
            assert sum(f"{gallery.folder / name}: " in line for line in logged) == 1, name
        write(gallery.folder / f"{mended.id}.png", a_frame(), mended)
        until(lambda index: index.thumbnail(mended.id))
        for name in names:
            path = gallery.folder / name
            path.rmdir() if name == "folder.png" else path.unlink()
        until(lambda index: not index.skipped(9))
        third = put(gallery.folder, 3).id
        until(lambda index: index.count(Query()) == 3 and index.thumbnail(third))

    follow(gallery.folder, story)


@pytest.mark.usefixtures("often")
def test_what_goes_wrong_with_the_folder_is_told_and_tried_again(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = threading.Event()
    names = Gallery.names

    def now_and_then(self: Gallery) -> set[str]:
        if broken.is_set():
            raise RuntimeError("nobody has thought of this")
        return names(self)

    monkeypatch.setattr(Gallery, "names", now_and_then)

    def story(followed: Followed, until: Callable[..., None]) -> None:
        first = put(gallery.folder, 1).id
        until(lambda index: index.thumbnail(first))
        broken.set()
        second = put(gallery.folder, 2).id
        until(lambda index: "nobody has thought of this; it is looked at again" in caplog.text)
        broken.clear()
        until(lambda index: index.thumbnail(second))
        assert caplog.text.count("nobody has thought") == 1

    follow(gallery.folder, story)


def test_a_picture_that_cannot_be_read_now_is_tried_again(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    about = put(gallery.folder)
    index = Index(gallery)

    def busy(path: Path) -> None:
        raise PermissionError(13, "used by another program", str(path))

    monkeypatch.setattr("visuals.gallery.rows.read", busy)
    name = f"{about.id}.png"
    assert index.update([name]).skipped == ((name, "used by another program"),)
    assert not index.update([name]).skipped, "said once"
    assert index.sync().skipped == ((name, "used by another program"),)
    monkeypatch.undo()
    assert index.update([name]).added == (about.id,)
    index.close()


def test_one_that_goes_while_it_is_read_is_no_bad_one(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    there, going = put(gallery.folder, 1).id, put(gallery.folder, 2).id

    def late(path: Path) -> object:
        if path.stem == going:
            path.unlink(missing_ok=True)
        return read(path)

    monkeypatch.setattr("visuals.gallery.rows.read", late)
    index = Index(gallery)
    synced = index.sync()
    assert (synced.added, synced.skipped) == (1, ())
    assert [row.id for row in index.page(Query())] == [there]
    index.close()


def test_a_clock_that_is_centuries_fast(gallery: Gallery) -> None:
    about = put(gallery.folder)
    part = gallery.folder / ".x.part"
    part.touch()
    for path in (gallery.path(about.id), part):
        os.utime(path, ns=(0, 2**63))
    index = Index(Gallery(gallery.folder))
    assert index.sync().added == 1
    assert index.sync().added == 0
    index.close()


def test_texts_are_stored_without_halves_of_characters(gallery: Gallery) -> None:
    about = put(gallery.folder, title=os.fsdecode(b"caf\xe9"), scene="\ud83d", key="\0\x1b")
    again = read(gallery.path(about.id)).about
    assert (again.title, again.scene, again.key) == ("caf\ufffd", "\ufffd", "\0\x1b")
    index = Index(gallery)
    index.sync()
    assert [row.title for row in index.page(Query(title=os.fsdecode(b"F\xe9")))] == ["caf\ufffd"]
    index.close()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_any_output_takes_what_files_say(gallery: Gallery, encoding: str) -> None:
    import subprocess

    from artgen_osc.runtime.child import python_module

    about = put(gallery.folder, title="Дождь \N{SNOWMAN} \x9b2J \x1b[2J", scene="é\n")
    plant(gallery.folder)
    for words in (["list"], ["list", "--json"], ["show", about.id], ["show", about.id, "--json"]):
        done = subprocess.run(
            python_module("artgen_osc", "gallery", *words, "--gallery", str(gallery.folder)),
            capture_output=True,
            env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert done.returncode == 0, done.stderr
        assert about.id in done.stdout.decode(encoding)
        assert not set(done.stdout + done.stderr) & {0x1B, 0x9B}
        if "--json" in words:
            assert json.loads(done.stdout)["title"] == about.title


def test_dates_that_are_none_never_reach_the_list(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    times = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-05-01")
    for number, moment in enumerate((*times, "2026-02-30", "", "10000-01-01")):
        id = f"00000000000{number}"
        (gallery.folder / f"{id}.png").write_bytes(with_text(told(id=id, time=moment)))
    assert main(["gallery", "list", "--gallery", str(gallery.folder)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(times) + 1


@pytest.mark.usefixtures("often")
def test_a_folder_that_is_none_is_told_of_once_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd").mkdir()
    looks = 0
    look_at = Followed._look

    def counted(self: Followed) -> object:
        nonlocal looks
        looks += 1
        return look_at(self)

    monkeypatch.setattr(Followed, "_look", counted)

    async def watch(folder: Path) -> None:
        followed = Followed(folder)
        following = asyncio.create_task(followed.follow())
        until = looks + 3
        async with asyncio.timeout(20):
            while looks < until and not following.done():
                await asyncio.sleep(0.005)
        assert not following.done()
        following.cancel()
        await asyncio.wait([following])
        await followed.close()

    for what, name in odd_paths(tmp_path / "odd").items():
        caplog.clear()
        asyncio.run(watch(Path(name)))
        assert len(caplog.records) == 1, what
        assert "Errno" not in caplog.text, what
