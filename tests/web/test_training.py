"""The newest sheet of a training run, as the page gets it."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.web.training import TOLD, TrainingPart
from tests.web.part_server import serve_parts
from tests.web.test_choices import ask

SAID: dict[str, Any] = {"step": 12, "lines": ["step 12 of 100, 1.0 s each, about 88 s to go", "variety: 0.80"]}


def sheet(port: int) -> bytes | int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/training/sheet.jpg", timeout=20) as answer:
            assert answer.headers["Content-Type"] == "image/jpeg"
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.code


def test_without_a_run_there_is_nothing() -> None:
    with serve_parts(lambda: [TrainingPart("")]) as port:
        assert ask(port, "/training") == {}
        assert sheet(port) == 404


def test_a_run_is_told_as_it_goes_on(tmp_path: Path) -> None:
    run = tmp_path / "paintings"
    with serve_parts(lambda: [TrainingPart(str(run))]) as port:
        assert ask(port, "/training") == {"run": "paintings"}
        (run / "samples").mkdir(parents=True)
        (run / TOLD).write_text(json.dumps(SAID))
        assert ask(port, "/training") == {"run": "paintings", **SAID}
        assert sheet(port) == 404
        (run / "samples" / "000012.jpg").write_bytes(b"a sheet")
        assert sheet(port) == b"a sheet"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        '{"step": "x", "lines": []}',
        '{"step": 1e999, "lines": []}',
        '{"step": 1, "lines": 5}',
        "[" * 9000,
    ],
)
def test_a_damaged_word_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / TOLD).write_text(text)
    with serve_parts(lambda: [TrainingPart(str(tmp_path))]) as port:
        assert ask(port, "/training") == {"run": tmp_path.name}
        assert sheet(port) == 404
