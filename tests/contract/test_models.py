"""Models, their page, and the pages with their figures can't differ."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from artgen_osc.commands import doctor_checks as doctor
from artgen_osc.config.plugins import own_contract
from artgen_osc.inference import model_cards

ROOT = Path(__file__).parents[2]
PAGES = {"generator": "docs/generator.md", "mood": "docs/mood.md"}
"""The page with the figures of each model; those of the beat network are measured through the whole daemon."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_page_has_the_cards_of_the_files() -> None:
    page = read("MODELS.md")
    assert page == model_cards.insert(page), "run make docs"
    for kind, card in model_cards.cards().items():
        assert page.count(f"<!-- card of {kind}: make docs -->") == 1
        assert card["sha256"] in page and card["licence"] in page


def test_every_file_of_weights_has_a_part_of_the_page() -> None:
    folders = ("artgen_osc/models", "visuals/models", "training/weights")
    files = {path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).glob("*.*")}
    assert {name for name in files if name.endswith((".onnx", ".safetensors"))} == set(
        re.findall(r"^## `(.+)`$", read("MODELS.md"), re.MULTILINE)
    )


@pytest.mark.parametrize("kind", PAGES)
def test_figures_are_those_of_the_file_that_is_shipped(kind: str) -> None:
    """A new file makes this fail until its page is measured anew."""
    assert re.findall(r"sha256 `(\w+)`", read(PAGES[kind])) == [model_cards.cards()[kind]["sha256"]]
    assert f"]({PAGES[kind]})" in read("MODELS.md")


def test_figures_of_the_generator_stand_on_one_page() -> None:
    page = read("MODELS.md")
    assert not re.search(r"Wasserstein|R²|\bsteps\b", page)


@pytest.mark.parametrize("page", ["docs/mood.md", "training/README.md"])
def test_the_mood_network_is_as_good_as_its_card_says(page: str) -> None:
    figures = model_cards.cards()["mood"]["figures"]
    text = read(page)
    for source, count, measure in (
        ("spotify", 339, "r2"),
        ("spotify", 339, "correlation"),
        ("emotify", 320, "correlation"),
    ):
        wanted = [
            f"{figures[f'{source}_{model}_{measure}_{value}']:.3f}"
            for value in ("valence", "energy")
            for model in ("network", "svr")
        ]
        rows = [line for line in text.splitlines() if f"({count})" in line.split("|")[min(1, line.count("|"))]]
        assert any(re.findall(r"\| ([\d.]+) ±", row) == wanted for row in rows), (source, measure)


def test_the_page_goes_with_the_models_and_doctor_leads_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert set(project["license-files"]) == {"LICENSE", "MODELS.md"}
    assert model_cards.models_page() == ROOT / "MODELS.md"
    monkeypatch.setattr(doctor, "CHECKS", ())
    assert doctor.examine(own_contract().config({})) == 0
    assert f"may be used at a paid show: {ROOT / 'MODELS.md'}" in capsys.readouterr().out
    assert "](MODELS.md#may-i-use-them-at-a-paid-show)" in read("README.md")
    assert "## May I use them at a paid show?" in read("MODELS.md")


def test_an_installed_page_is_found(tmp_path: Path) -> None:
    """As pip lays it out, with no checkout beside."""
    package = tmp_path / "artgen_osc"
    package.mkdir()
    for name in ("__init__.py", "errors.py"):
        (package / name).write_text(read(f"artgen_osc/{name}"), encoding="utf-8")
    for room in ("inference", "runtime"):
        shutil.copytree(ROOT / "artgen_osc" / room, package / room)
    info = tmp_path / "artgen_osc-9.9.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: artgen-osc\nVersion: 9.9\n")
    (info / "RECORD").write_text("artgen_osc-9.9.dist-info/licenses/MODELS.md,,\n")
    (info / "licenses" / "MODELS.md").write_text("")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "import artgen_osc.inference.model_cards as m; print(m.models_page())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], env={}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(info / "licenses" / "MODELS.md")
