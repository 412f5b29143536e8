"""What a generator's training begins with, and what it says of the time that it takes."""

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from artgen_osc.errors import ConfigError  # noqa: E402
from artgen_osc.inference.modelfile import installed_generator, load  # noqa: E402
from tests.tiny_gan import TinyFeatures, new_trainer, tiny_options  # noqa: E402
from training import gan_start, train_gan  # noqa: E402
from training.export import export_generator  # noqa: E402
from training.gan import Generator  # noqa: E402
from training.gan_start import AUTO, FEW, NOTHING, choose_start, few  # noqa: E402
from training.gan_trainer import ALONE, Options  # noqa: E402
from training.gan_watch import LEARNED_BY_HEART, Watch, told  # noqa: E402
from training.pace import LATEST, MEASURED, WARMING, Pace, spoken  # noqa: E402

pytestmark = pytest.mark.slow

CARD = {"kind": "generator", "size": 64, "width": 8, "z_dim": 8, "n_mood": 2, "trained_on": "sunsets", "licence": "CC0"}


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return dataclasses.replace(tiny_options(tmp_path), init=AUTO)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny generator in the place of the one that is installed."""
    torch.manual_seed(5)
    generator = Generator(64, 8, 8)
    for weight in generator.parameters():
        torch.nn.init.trunc_normal_(weight, 0.0, 0.2)
    export_generator(generator, tmp_path / "installed.onnx", CARD)
    monkeypatch.setattr(gan_start, "installed_generator", lambda: tmp_path / "installed.onnx")
    return tmp_path / "installed.onnx"


def test_the_installed_generator_is_begun_with_where_it_fits(options: Options, installed: Path, tmp_path: Path) -> None:
    chosen, word = choose_start(options, tmp_path)
    assert chosen.init == str(installed)
    assert "--init none starts from nothing" in word
    other, word = choose_start(dataclasses.replace(options, width=16), tmp_path)
    assert other.init == ""
    assert "the installed generator has --width 8 --z-dim 8" in word
    assert choose_start(dataclasses.replace(options, init=NOTHING), tmp_path)[0].init == ""
    assert choose_start(dataclasses.replace(options, detail=True), tmp_path)[0].init == ""
    with pytest.raises(ConfigError, match=r"--init: .*gone\.onnx: can't be read"):
        choose_start(dataclasses.replace(options, init=str(tmp_path / "gone.onnx")), tmp_path)


def test_the_shipped_generator_fits_the_default_flags() -> None:
    card = load(installed_generator(), "generator").card
    defaults, _ = train_gan.parse(["--images=x"])
    assert defaults.init == AUTO
    assert (card["width"], card["z_dim"]) == (defaults.width, defaults.z_dim)


def test_a_run_that_is_gone_on_with_keeps_what_it_began_with(options: Options, installed: Path, tmp_path: Path) -> None:
    run = tmp_path / "old"
    run.mkdir()
    (run / "state.pt").write_bytes(b"")
    assert choose_start(options, run)[0].init == ""
    for kept, init in (("", ""), (str(tmp_path / "gone.onnx"), ""), (str(installed), str(installed)), (7, "")):
        (run / "options.json").write_text(json.dumps({"init": kept}))
        assert choose_start(options, run)[0].init == init


def test_a_whole_run_from_the_installed_generator_says_so_and_its_card_too(
    options: Options, installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_gan, "pretrained_features", TinyFeatures)
    monkeypatch.setattr(train_gan, "Pace", lambda total, done: Pace(total + 500, done))
    flags = ["--size=64", "--width=8", "--z-dim=8", "--batch=2", f"--images={options.images}", f"--run={options.run}"]
    assert train_gan.main([*flags, f"--steps={WARMING + MEASURED}", "--name=my oils", "--licence=mine"]) == 0
    said = capsys.readouterr()
    lines = [line.strip() for part in said.err.split("\r") for line in part.splitlines() if line.strip()]
    assert "starts from the installed generator, which can paint already; --init none starts from nothing" in lines
    assert any(line.startswith("6 pictures are few, 300 or more are better") for line in lines)
    (foretold,) = [line for line in lines if line.startswith("500 steps will take about")]
    assert "Ctrl-C stops" in foretold
    assert [line for line in lines if line.startswith("the first pictures can be seen in about")]
    progress = [line for line in lines if line.startswith("step ") and " of 507" in line]
    assert progress and all(len(line) < 80 for line in progress)
    assert not any("knows the pictures by heart" in line for line in lines)
    card = load(Path(options.run) / "generator.onnx", "generator").card
    assert card["trained_on"] == "sunsets; then my oils: 6 pictures"
    assert card["licence"] == "CC0; then mine"


def test_what_a_run_was_made_of_is_known_when_the_file_is_gone(options: Options, installed: Path) -> None:
    first = new_trainer(dataclasses.replace(options, init=str(installed)))
    again = new_trainer(dataclasses.replace(options, init=""))
    assert not again.before
    again.load_state(first.state())
    assert train_gan.card(again)["trained_on"] == "sunsets; then pictures: 6 pictures"


def test_a_run_without_a_checkpoint_exports_nothing(options: Options, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_gan.main([f"--images={options.images}", f"--run={options.run}", "--export-only"]) == 2
    assert "no checkpoint is there yet" in capsys.readouterr().err


def test_few_pictures_are_told_of() -> None:
    options = Options(images="x")
    assert "so start from a generator that can paint (--init)" in few(40, options)
    assert "stop when they become copies" in few(40, dataclasses.replace(options, init="m.onnx"))
    assert few(FEW, options) == ""


def test_a_lead_of_the_discriminator_is_no_sign_while_it_learns_alone(options: Options, installed: Path) -> None:
    trainer = new_trainer(dataclasses.replace(options, init=str(installed)))
    watch = Watch(trainer)
    figures = {"diversity": 1.0, "nearest_neighbour": 1.0}
    trainer.step_count = ALONE
    assert not watch.warnings(figures, LEARNED_BY_HEART + 1)
    trainer.step_count = 2 * ALONE
    assert watch.warnings(figures, LEARNED_BY_HEART + 1)


def test_figures_in_plain_words_fit_a_terminal() -> None:
    figures = {"swd": 1234.5, "swd_floor": 456.7, "mood_r2_valence": -15.14, "mood_r2_energy": 0.93}
    lines = told(figures | {"diversity": 0.81, "nearest_neighbour": float("nan")})
    assert all(len(line) < 80 for line in lines)
    assert "valence not yet, energy 0.93" in lines[1]
    assert "newness: unknown" in lines[3]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (40, "40 s"),
        (99.9, "100 s"),
        (720, "12 min"),
        (3599, "1 h"),
        (27000, "7 h 30 min"),
        (86400, "1 day"),
        (273600, "3 days 4 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def test_the_time_is_foretold_once_from_steps_that_are_warm() -> None:
    pace = Pace(20_000, 0)
    told_at = [step for step in range(1, 100) if pace.add(30.0 if step <= WARMING else 1.35)]
    assert told_at == [WARMING + MEASURED]
    assert pace.step == pytest.approx(1.35)
    assert pace.left == pytest.approx(1.35 * (20_000 - 99))
    assert pace.foretell(300, "runs/x/samples")[0].startswith("19,901 steps will take about 7 h 28 min here")
    assert pace.foretell(300, "runs/x/samples")[1].endswith("in about 5 min: runs/x/samples")
    for _ in range(LATEST):
        pace.add(2.0)
    assert pace.step == pytest.approx(2.0)


def test_the_line_of_progress_is_narrow() -> None:
    pace = Pace(1_000_000_000, 999_000_000)
    for _ in range(WARMING + MEASURED):
        assert len(pace.line()) < 80
        pace.add(1234.5)
    assert len(pace.line()) < 80
    short = Pace(1, 0)
    assert not short.add(0.5)
    assert short.line() == "step 1 of 1, 0.5 s each"
