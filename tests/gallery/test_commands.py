"""``artgen gallery …`` as it is typed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.cli import main
from tests.gallery.conftest import put
from tests.support.texts import is_told
from visuals.gallery.files import read
from visuals.gallery.folder import Gallery


@pytest.fixture(autouse=True)
def here(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(gallery.folder.parent)


def test_list(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = put(gallery.folder, 1, valence=0.9), put(gallery.folder, 2, title="evil \x1b[2J", energy=0.1)
    (gallery.folder / "bad\x1b.png").write_bytes(b"")
    gallery.favour(old.id)
    assert main(["gallery", "list"]) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    lines = told.out.splitlines()
    assert [line.split()[0] for line in lines] == [new.id, old.id, "2"]
    assert "evil \\x1b[2J" in lines[0]
    assert f"{old.id} * 2026-05-01 20:01:00  valence 0.90  energy 0.70  idle  136 bpm  D minor  So what" in lines[1]
    assert r"bad\x1b.png: is not a PNG file; it is left alone" in told.err


def test_list_as_json_with_filters_and_pages(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    made = [put(gallery.folder, number, valence=number / 10).id for number in range(6)]
    gallery.favour(made[4])

    def listed(*words: str) -> list[str]:
        assert main(["gallery", "list", "--json", *words]) == 0
        return [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]

    assert listed() == made[::-1]
    assert listed("--limit", "2") == [made[5], made[4]]
    assert listed("--limit", "2", "--before", made[4]) == [made[3], made[2]]
    assert listed("--near", "0.5,0.7", "--within", "0.11") == [made[5], made[4]]
    assert listed("--favourite") == [made[4]]
    assert listed("--title", "SO WHAT", "--since", "2026-04-30", "--until", "2026-05-02") == made[::-1]
    assert listed("--until", "2026-04-20") == []


def test_favourite_delete_undo_and_show(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    about = put(gallery.folder)
    for words in (["favourite", about.id], ["delete", about.id], ["undo"], ["show", about.id]):
        assert main(["gallery", *words]) == 0
    told = capsys.readouterr().out
    assert "32x18, a favourite" in told
    assert "model idle, no file, z of 64, truncation 0.80" in told
    assert main(["gallery", "favourite", about.id, "--no"]) == 0
    assert gallery.favourites() == set()
    capsys.readouterr()
    assert main(["gallery", "show", about.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == about.id


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["show", "../x"], "is not the id"),
        (["show", "0k2m9x4c7tqf"], "no such picture"),
        (["delete", "0k2m9x4c7tqf"], "no such picture"),
        (["undo"], "nothing is left"),
        (["list", "--gallery", "elsewhere"], "there is no such gallery"),
        (["export", "gallery"], "is not empty"),
    ],
)
def test_mistakes_are_one_line(
    gallery: Gallery, capsys: pytest.CaptureFixture[str], words: list[str], what: str
) -> None:
    put(gallery.folder)
    assert main(["gallery", *words]) == 2
    told = capsys.readouterr().err
    assert what in told
    assert told.startswith("artgen: ") and is_told(told.removeprefix("artgen: ").removesuffix("\n"))


@pytest.mark.parametrize("words", [["--near", "1"], ["--near", "2,0"], ["--since", "today"], ["--limit", "0"]])
def test_arguments_that_make_no_sense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["gallery", "list", *words])
    assert f"artgen: {words[0]}: " in capsys.readouterr().err


def test_render(gl_context: Any, gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    about = put(gallery.folder)
    assert main(["gallery", "render", about.id, "--size", "640"]) == 0
    path = Path(f"{about.id}-640.png")
    told = f"{path}: 640x360; the model paints 256x256; the rest is enlargement, which adds no detail\n"
    assert capsys.readouterr().out == told
    assert np.asarray(Image.open(path)).std() > 5
    assert read(path).about.id == about.id, "it can be painted again too"
    for words, what in (
        (["-o", "a.jpg"], "is not a PNG file"),
        (["-o", "nowhere/a.png"], "can't be written"),
        (["--size", "9"], "out of range"),
    ):
        assert main(["gallery", "render", about.id, "--size", "64", *words]) == 2
        assert what in capsys.readouterr().err


def test_render_without_the_model(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    from visuals.painting.painter import Stroke

    stroke = Stroke("fire", "ab" * 32, np.ones(8, np.float32), np.ones(2, np.float32), 1.0)
    about = put(gallery.folder, strokes=(stroke,))
    assert main(["gallery", "render", about.id]) == 2
    told = capsys.readouterr().err
    assert told.startswith("artgen: fire: the model of this picture (sha256 abababababab…) isn't here")
    assert not list(Path().glob("*.png"))


def test_export(gallery: Gallery, capsys: pytest.CaptureFixture[str]) -> None:
    put(gallery.folder)
    assert main(["gallery", "export", "site"]) == 0
    assert "index.html: 1 picture\n" in capsys.readouterr().out
    assert Path("site/index.html").exists()
