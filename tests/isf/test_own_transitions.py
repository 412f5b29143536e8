"""The transitions that come with artgen."""

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.isf.files import Bench
from visuals.isf.file import read as read_file
from visuals.isf.shader import Shader
from visuals.isf.source import files_in
from visuals.isf.stage import Stage
from visuals.isf.transition import TRANSITIONS

DOCS = Path(__file__).parents[2] / "docs"
FILES = files_in(TRANSITIONS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_of_ours_is_described(path: Path) -> None:
    head, docs = read_file(path).head, (DOCS / "effects.md").read_text(encoding="utf-8")
    assert head.kind == "transition" and head.about.endswith(".") and head.credit
    (row,) = re.findall(rf"^\| !\[{path.stem}\]\(transitions/{path.stem}\.jpg\) \| (.*) \|$", docs, re.MULTILINE)
    inputs = [one.name for one in head.numbers if one.name != "progress"]
    assert row == f"**`{path.stem}`**: {head.about} Inputs: {', '.join(f'`{name}`' for name in inputs)}."
    assert (DOCS / "transitions" / f"{path.stem}.jpg").is_file()
    assert f"`{path.stem}`" in (DOCS / "scenes.md").read_text(encoding="utf-8")


def test_no_others_are_described() -> None:
    pictured = re.findall(r"transitions/([\w-]+)\.jpg", (DOCS / "effects.md").read_text(encoding="utf-8"))
    assert pictured == [path.stem for path in FILES] and len(pictured) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_of_ours_leads_from_all_of_one_picture_to_all_of_the_other(path: Path, gl_context: Any) -> None:
    y, x = np.mgrid[:54, :96]
    first = np.stack((255 * x // 95, 255 * y // 53, 128 + 100 * np.sin(x / 5.0)), axis=2).astype(np.uint8)
    second = 255 - first[::-1, ::-1]
    stage, shader = Stage(gl_context, (96, 54), (first, second)), Shader(gl_context, read_file(path))
    steps = [stage.draw(shader, 1, {"progress": (at / 20,)}).astype(int) for at in range(21)]
    assert np.abs(steps[0] - first).max() <= 1 and np.abs(steps[-1] - second).max() <= 1
    between = [np.abs(b - a).mean() for a, b in itertools.pairwise(steps)]
    assert sum(step > 0.5 for step in between) >= 14, "it takes its time"
    assert max(between) < 40.0, "and never cuts"
    shader.release()
    stage.release()


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_seen_through_stays_so(path: Path, gl_context: Any) -> None:
    bench, shader = Bench(gl_context, (32, 18)), Shader(gl_context, read_file(path))
    # Alpha is multiplied into the colours of both.
    half = gl_context.texture((1, 1), 4, bytes((60, 50, 40, 128)))
    ends = {"startImage": half, "endImage": half}
    for progress in (0.0, 0.3, 0.6, 1.0):
        drawn = bench.draw(shader, {"progress": (progress,)}, images=ends)
        # Ink is as thick over what is clear.
        assert np.isfinite(drawn).all() and drawn[:, :, 3].min() > 0.49
        assert path.stem == "ink" or drawn[:, :, 3].max() < 0.51
    assert np.abs(drawn[:, :, 3] - 0.5).max() < 0.01
    gl_context.detect_framebuffer(0).use()
    half.release()
    shader.release()
    bench.release()
