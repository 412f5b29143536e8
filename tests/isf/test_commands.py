"""``artgen effects``, as it is typed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artgen_osc.cli import main
from tests.isf.files import IMAGE, PLAIN, write
from visuals.isf.source import OURS

pytestmark = pytest.mark.slow

SLIDER = {"INPUTS": [IMAGE, {"NAME": "heat", "TYPE": "float", "MIN": -1, "MAX": 3, "DEFAULT": 2, "LABEL": "Heat"}]}


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_check_as_json(gl_context: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write(tmp_path / "good.fs", PLAIN, SLIDER)
    bad = write(tmp_path / "bad.fs", "void main() {\n  oh no;\n}")
    assert main(["effects", "check", "--json", str(good), str(bad), str(tmp_path / "none.fs")]) == 1
    first, second, third = objects(capsys.readouterr().out)
    assert first == {
        "file": str(good),
        "ok": True,
        "kind": "filter",
        "inputs": [
            {"name": "inputImage", "type": "image", "label": "inputImage"},
            {"name": "heat", "type": "float", "label": "Heat", "default": [2.0], "min": [-1.0], "max": [3.0]},
        ],
        "error": "",
    }
    assert not second["ok"] and str(second["error"]).startswith("bad.fs: line 3: ")
    assert third["inputs"] == [] and str(third["error"]).startswith("none.fs: can't be read")


def test_check_in_words(gl_context: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["effects", "check", str(write(tmp_path / "good.fs", PLAIN, SLIDER))]) == 0
    assert capsys.readouterr().out.splitlines() == ["good.fs: filter, 2 inputs: draws", "1 of 1 file can be used"]


def test_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show, folder = tmp_path / "show.toml", tmp_path / "effects"
    show.touch()
    folder.mkdir()
    write(folder / "Melt It.fs", PLAIN, {**SLIDER, "DESCRIPTION": "Melts it."})
    write(folder / "wipe.fs", PLAIN, {"INPUTS": [{"NAME": n, "TYPE": "image"} for n in ("startImage", "endImage")]})
    (folder / "bad.fs").write_text("no shader")
    assert main(["effects", "list", "--config", str(show), "--json"]) == 0
    rows = {row["name"]: row for row in objects(capsys.readouterr().out)}
    assert rows["melt-it"] == {
        "name": "melt-it",
        "kind": "filter",
        "about": "Melts it.",
        "credit": "",
        "file": str(folder / "Melt It.fs"),
        "error": "",
    }
    assert rows["wipe"]["kind"] == "transition" and "has no ISF head" in str(rows["bad"]["error"])
    assert rows["vignette"]["kind"] == "effect"
    assert main(["effects", "list", "--config", str(show)]) == 0
    assert "melt-it" in capsys.readouterr().out


def test_of_two_files_with_one_name_the_one_that_plays_is_told(
    gl_context: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("effects")
    folder.mkdir()
    for name, about in (("bloom.fs", "Not ours."), ("Melt.isf", "First."), ("melt.fs", "Second.")):
        write(folder / name, "void main() { gl_FragColor = vec4(1.0); }", {"INPUTS": [IMAGE], "DESCRIPTION": about})
    assert main(["effects", "list", "--json"]) == 0
    rows = [row for row in objects(capsys.readouterr().out) if row["name"] in ("bloom", "melt")]
    told = [(row["name"], row["file"], row["error"]) for row in rows]
    assert told == [
        ("bloom", str(OURS / "bloom.fs"), ""),
        ("bloom", "effects/bloom.fs", "shadowed by artgen-osc"),
        ("melt", "effects/Melt.isf", ""),
    ]
    assert main(["effects", "preview", "bloom", "-o", "out.png", "--size", "32x16", "--at", "0.1"]) == 0
    with Image.open("out.png") as drawn:
        assert np.asarray(drawn).min() < 255, "the file in the folder draws white"


def test_preview(gl_context: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "red.png", tmp_path / "out.png"
    Image.new("RGB", (8, 8), (255, 0, 0)).save(source)
    body = "void main() { gl_FragColor = IMG_THIS_PIXEL(inputImage) * heat; }"
    words = ["effects", "preview", str(write(tmp_path / "good.fs", body, SLIDER)), "-o", str(out), "--size", "32x16"]
    assert main([*words, "--picture", str(source), "--value", "heat=0.5", "--at", "0.1"]) == 0
    picture = np.asarray(Image.open(out))
    assert picture.shape == (16, 32, 3) and abs(int(picture[8, 16, 0]) - 64) <= 1
    assert main([*words, "--at", "0.1"]) == 0
    assert np.asarray(Image.open(out)).std() > 10.0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["-o", "out.gif"], "is not a picture; end its name in .png or .jpg"),
        (["--value", "haet=1"], "did you mean heat"),
        (["--value", "heat=warm"], "'warm' is not 1 number"),
        (["--value", "heat=1,2"], "is not 1 number"),
        (["--picture", "none.png"], "is not a picture"),
        (["-o", "none/out.png"], "can't be written"),
    ],
)
def test_what_preview_refuses(
    gl_context: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "good.fs", PLAIN, SLIDER)
    assert main(["effects", "preview", str(path), "-o", "out.png", "--size", "16x16", "--at", "0.05", *more]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_a_name_that_isnt_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["effects", "preview", "nosuch", "-o", "out.png"]) == 2
    assert "nosuch: no ISF file has this name" in capsys.readouterr().err


def test_what_effects_cost(
    gl_context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "effects").mkdir()
    write(tmp_path / "effects" / "melt.fs", PLAIN)
    small = ["--size", "32x16", "--seconds", "0.01"]
    assert main(["effects", "cost", "melt", "ink", "--json", *small]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["size"] == [32, 16] and figures["without_ms"] > 0.0 and figures["chain_ms"] is None
    assert list(figures["effects_ms"]) == ["melt"] and list(figures["transitions_ms"]) == ["ink"]
    assert main(["effects", "cost", "melt", "ink", *small]) == 0
    told = capsys.readouterr().out
    assert "a frame of 32x16 takes" in told and "melt " in told and "ink " in told and "a chain" not in told
    assert main(["effects", "cost", "mlt", *small]) == 2
    assert "mlt: no such effect or transition; did you mean melt?" in capsys.readouterr().err
