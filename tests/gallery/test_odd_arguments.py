"""``artgen gallery`` with arguments that nobody should give: one line, or the right answer."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.cli import main
from tests.gallery.conftest import put
from tests.odd_paths import odd_paths
from tests.signals import song
from visuals.gallery.files import read
from visuals.gallery.folder import Gallery

ID = "0k2m9x4c7tqf"
ANALYSIS = {"valence": 0.8, "energy": 0.3, "tempo_bpm": 98.0, "key": "D major", "title": ""}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import soundfile

    monkeypatch.chdir(tmp_path)
    Path("song.json").write_text(json.dumps(ANALYSIS))
    soundfile.write("song.wav", song(1.0, 22050), 22050)
    return tmp_path


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[dict[str, str]]:
    folder = tmp_path / "odd"
    folder.mkdir()
    yield odd_paths(folder)
    if (folder / "closed").is_dir():
        (folder / "closed").chmod(0o700)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command says when it refuses: one line."""
    capsys.readouterr()
    assert main(["gallery", *words]) == 2, words
    out, err = capsys.readouterr()
    assert not out, words
    assert err.startswith("artgen: "), words
    assert err.count("\n") == 1, words
    assert "\x1b" not in err, words
    assert "Errno" not in err, words
    return err


ACTIONS = (["list"], ["show", ID], ["render", ID], ["favourite", ID], ["delete", ID], ["undo"], ["export", "site"])


@pytest.mark.parametrize("action", ACTIONS, ids=[action[0] for action in ACTIONS])
def test_of_a_gallery(action: list[str], odd: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for what, name in {**odd, "empty": "", "a file above": "odd/../odd/a file"}.items():
        told = refused(capsys, *action, f"--gallery={name}")
        assert ("there is no such gallery" in told) != (what in ("empty", "NUL")), (what, told)
    assert not Path("site").exists()


def test_where_a_song_is_painted_to(gl_context: Any, odd: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    words = ("paint", "song.wav", "--analysis=song.json", "--size=64", "--visuals-model=idle")
    for name in odd.values():
        told = refused(capsys, *words, f"--gallery={name}")
        assert "can't be written" in told or "can't be the name of a folder" in told


def test_of_songs_and_analyses(odd: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for what, name in {**odd, "empty": "", "a folder": "odd"}.items():
        if what != "a file":
            assert "can't be read" in refused(capsys, "paint", "--", name), what
            assert "can't be read" in refused(capsys, "paint", "--analysis=song.json", "--", name), what
        told = refused(capsys, "paint", "song.wav", f"--analysis={name or 'odd'}")
        assert "can't be read" in told or what == "a file", what
    assert not Path("gallery").exists()


def test_of_a_folder_to_export_to(gallery: Gallery, odd: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    put(gallery.folder)
    for what, name in {**odd, "empty": "", "a folder with files": "odd", "the gallery": "gallery"}.items():
        told = refused(capsys, "export", "--", name)
        assert any(part in told for part in ("can't be written", "is not a folder", "is not empty")), what
    assert len(list(gallery.folder.glob("*.png"))) == 1


def test_a_model_that_cannot_be_read_is_none_that_is_needed(tmp_path: Path) -> None:
    import hashlib

    import numpy as np

    from artgen_osc.errors import ModelError
    from visuals.gallery.repaint import find_model
    from visuals.painting.painter import Stroke

    Path("b.onnx").write_bytes(b"b")
    z, mood = np.ones(2, np.float32), np.ones(2, np.float32)
    assert find_model(Stroke("b", hashlib.sha256(b"b").hexdigest(), z, mood, 1.0), ["a.onnx", "b.onnx"]) == "b.onnx"
    with pytest.raises(ModelError, match=r"a\.onnx"):
        find_model(Stroke("c", "ab" * 32, z, mood, 1.0), ["a.onnx", "b.onnx"])


def test_of_a_file_to_render_to(
    gl_context: Any, gallery: Gallery, odd: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    about = put(gallery.folder)
    words = ("render", about.id, "--size=64")
    for what, name in {**odd, "empty": "", "a folder": "odd"}.items():
        assert "is not a PNG file" in refused(capsys, *words, f"--output={name}"), what
        if what not in ("empty", "a folder"):
            assert "can't be written" in refused(capsys, *words, f"--output={name}/x.png"), what
    Path("folder.png").mkdir()
    assert "can't be written" in refused(capsys, *words, "--output=folder.png")
    Path("victim").write_bytes(b"dear")
    for name in ("link.png", ".link.part"):
        Path(name).symlink_to("victim")
    assert main(["gallery", *words, "--output=link.png"]) == 0
    assert Path("victim").read_bytes() == b"dear"
    assert read(Path("link.png")).about.id == about.id


def test_names_in_any_bytes_are_painted(gl_context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name, folder = os.fsdecode(b"caf\xe9.wav"), os.fsdecode(b"m\xe9lange")
    try:
        Path("song.wav").rename(name)
    except OSError:
        pytest.skip("this system allows no such names")
    words = ("--size=64", "--visuals-model=idle", "--analysis=song.json", f"--gallery={folder}")
    assert main(["gallery", "paint", *words, "--", name]) == 0
    path = Path(folder) / f"{capsys.readouterr().out.strip()}.png"
    assert read(path).about.title == "caf\ufffd"
    assert main(["gallery", "show", path.stem, words[3]]) == 0
    assert f"m\\xe9lange/{path.name}" in capsys.readouterr().out
    assert main(["gallery", "list", words[3], "--title", os.fsdecode(b"caf\xe9")]) == 0
    assert "1 picture" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_an_analysis_as_shells_write_it(gl_context: Any, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("song.json").write_text(json.dumps(ANALYSIS), encoding=encoding)
    words = ("song.wav", "--analysis", "song.json", "--size", "64", "--visuals-model", "idle")
    assert main(["gallery", "paint", *words]) == 0
    assert read(Path("gallery") / f"{capsys.readouterr().out.strip()}.png").about.key == "D major"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--until", "9999-12-31"], 3),
        (["--since", "9999-12-31"], 0),
        (["--since", "0001-01-01"], 3),
        (["--until", "0001-01-01"], 0),
        (["--until", "1970-01-01"], 0),
        (["--since", "0001-01-01", "--until", "9999-12-31"], 3),
        (["--limit", str(10**30)], 3),
        (["--limit", str(2**63)], 3),
        (["--near", "0.3,0.7", "--within", "2"], 3),
        (["--near", "0.3,0.7", "--within", "1e-300"], 3),
        (["--title", "\ud800"], 0),
        (["--title", "\0"], 0),
        (["--title", "x" * 100_000], 0),
        (["--before", "z" * 12], 3),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_dates_and_numbers_at_their_ends(
    gallery: Gallery,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    count: int,
    zone: str,
) -> None:
    import time

    for number in range(3):
        put(gallery.folder, number)
    monkeypatch.setenv("TZ", zone)
    if hasattr(time, "tzset"):
        time.tzset()
    try:
        assert main(["gallery", "list", "--json", *words]) == 0
        assert len(capsys.readouterr().out.splitlines()) == count
    finally:
        monkeypatch.undo()
        if hasattr(time, "tzset"):
            time.tzset()


@pytest.mark.parametrize("before", ["x", "../x", "\ud800", "\0", "x" * 5000])
def test_before_is_an_id(gallery: Gallery, capsys: pytest.CaptureFixture[str], before: str) -> None:
    assert "is not the id of a picture" in refused(capsys, "list", f"--before={before}")


@pytest.mark.parametrize("size", ["0", "-1", str(10**30)])
def test_sizes(gl_context: Any, gallery: Gallery, capsys: pytest.CaptureFixture[str], size: str) -> None:
    about = put(gallery.folder)
    assert "out of range" in refused(capsys, "render", about.id, f"--size={size}")
    words = ("paint", "song.wav", "--analysis=song.json", "--visuals-model=idle")
    assert "out of range" in refused(capsys, *words, f"--size={size}")
