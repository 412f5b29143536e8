import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training takes torch")

from artgen_osc.errors import ModelError  # noqa: E402
from artgen_osc.inference.modelfile import load_weights  # noqa: E402
from tests.stylegan import StyleGan, export  # noqa: E402
from tests.test_foreign import write  # noqa: E402
from tests.test_generator import write_model  # noqa: E402
from training.fit_mood import fit, main, r2  # noqa: E402
from training.pictures import MoodScale, colour_mood, to_float  # noqa: E402
from visuals.generators.foreign import ForeignGenerator  # noqa: E402
from visuals.generators.mood_directions import KIND, SUFFIX, MoodDirections, directions_file  # noqa: E402
from visuals.generators.opening import open_generator  # noqa: E402
from visuals.generators.sphere import direction, slerp  # noqa: E402

pytestmark = pytest.mark.slow

DIM = 24


def z_of(seed: int) -> np.ndarray:
    return (direction(seed, DIM) * np.sqrt(DIM)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A StyleGAN without a mood input, with directions fitted through the command."""
    path = export(StyleGan(DIM), tmp_path_factory.mktemp("gan") / "wild.onnx", DIM)
    assert main([str(path), "--count", "400", "--check", "80", "--threads", "1"]) == 0
    return path


def measured(frames: list[np.ndarray]) -> torch.Tensor:
    return torch.cat([colour_mood(to_float(torch.from_numpy(frame).permute(2, 0, 1)[None])) for frame in frames])


def directions_of(model: Path) -> MoodDirections:
    directions = MoodDirections.load(model)
    assert directions is not None
    return directions


def test_a_stylegan_obeys_the_mood(model: Path) -> None:
    """Measured here anew, on points and moods of this test's own, through what the renderer opens."""
    plain, paint = ForeignGenerator(model, steered=False), open_generator(str(model))
    own = measured([plain(z_of(seed), np.full(2, 0.5, np.float32), 0.8) for seed in range(1000, 1150)])
    scale = MoodScale(own.mean(0), own.std(0))
    asked = np.random.default_rng(7).random((60, 2)).astype(np.float32)
    unsteered, first, settled = [], [], []
    for seed, mood in enumerate(asked):
        unsteered.append(plain(z_of(seed), mood, 0.8))
        first.append(open_generator(str(model))(z_of(seed), mood, 0.8) if seed < 20 else unsteered[-1])
        for _ in range(16):
            picture = paint(z_of(seed), mood, 0.8)
        settled.append(picture)
    wanted = torch.from_numpy(asked)
    assert max(r2(wanted, scale.to_mood(measured(unsteered)))) < 0.1
    assert min(r2(wanted[:20], scale.to_mood(measured(first[:20])))) > 0.2
    assert min(r2(wanted, scale.to_mood(measured(settled)))) > 0.6

    def diversity(frames: list[np.ndarray]) -> float:
        return float(torch.pdist(torch.from_numpy(np.stack(frames).reshape(len(frames), -1).astype(np.float32))).mean())

    assert diversity(settled) > 0.8 * diversity(unsteered)


def test_the_figures_are_told_and_lie_in_the_file(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = model.with_name("copy.onnx")
    shutil.copy(model, copy)
    assert main([str(copy), "--count", "100", "--check", "20", "--threads", "1", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    card = load_weights(directions_file(copy), KIND)[0].card
    assert {name: card[name] for name in figures} == figures
    assert figures["n"] == 20
    assert card["model"] == "copy.onnx"
    assert card["trained_on"] == "175 pictures that copy.onnx painted"


def test_the_way_is_smooth(model: Path) -> None:
    """A thousandth of the way turns the point by little, wherever it is and whatever is asked."""
    directions, rng = directions_of(model), np.random.default_rng(2)
    for seed in range(30):
        start, end = direction(seed, DIM), direction(seed + 1, DIM)
        mood, step = rng.random(2).astype(np.float32), 1e-3 * rng.standard_normal(2).astype(np.float32)
        here = directions.turn((start * np.sqrt(DIM)).astype(np.float32), mood)
        there = directions.turn((slerp(start, end, 1e-3) * np.sqrt(DIM)).astype(np.float32), mood + step)
        assert np.linalg.norm(here) == pytest.approx(np.sqrt(DIM), rel=1e-5)
        assert 0.0 < np.linalg.norm(here - there) / np.sqrt(DIM) < 0.03


def test_predicted_moods_come_closer(model: Path) -> None:
    directions, wanted = directions_of(model), np.array([0.9, 0.2], np.float32)
    for seed in range(10):
        before = np.abs(directions.predict(z_of(seed)) - wanted).sum()
        assert np.abs(directions.predict(directions.turn(z_of(seed), wanted)) - wanted).sum() < 0.2 * before + 0.02


def test_the_mood_is_measured_as_in_training(model: Path) -> None:
    weights = load_weights(directions_file(model), KIND)[1]
    scale = MoodScale(torch.from_numpy(weights["mean"]), torch.from_numpy(weights["deviation"]))
    frame = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    frame[:20] //= 8
    np.testing.assert_allclose(directions_of(model).measure(frame), scale.to_mood(measured([frame]))[0], atol=1e-5)


def test_what_is_seen_corrects_what_is_asked_within_bounds(model: Path) -> None:
    directions, mood = directions_of(model), np.array([0.5, 0.5], np.float32)
    black = np.zeros((8, 8, 3), np.uint8)
    plain = directions(z_of(1), mood)
    np.testing.assert_array_equal(plain, directions.turn(z_of(1), mood))
    for _ in range(200):
        directions.see(black, mood)
    ends = np.clip(np.sign(mood - directions.measure(black)), -1, 1) * 0.5
    np.testing.assert_array_equal(directions(z_of(1), mood), directions.turn(z_of(1), (mood + ends).astype(np.float32)))


def test_linear_colours_are_learned_almost_exactly() -> None:
    torch.manual_seed(0)
    points = torch.nn.functional.normalize(torch.randn(400, DIM)) * DIM**0.5
    moods = points @ torch.randn(DIM, 2) * 0.05 + 0.5
    weights, error = fit(points, moods)
    assert error < 1e-4
    assert weights["linear"].shape == (2, DIM)


def test_directions_that_do_not_belong(model: Path, tmp_path: Path) -> None:
    other = export(StyleGan(DIM, channels=8), tmp_path / "wild.onnx", DIM)
    shutil.copy(directions_file(model), directions_file(other))
    with pytest.raises(ModelError, match=r"fitted for another model than .* run python -m training.fit_mood"):
        open_generator(str(other))
    whole = directions_file(model).read_bytes()
    shutil.copy(model, other)
    for data in (whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], whole[: len(whole) // 2], b""):
        directions_file(other).write_bytes(data)
        with pytest.raises(ModelError, match=r"wild\.mood\.safetensors: can't be used"):
            open_generator(str(other))
    with pytest.raises(ValueError, match="have the shapes"):
        MoodDirections({**load_weights(directions_file(model), KIND)[1], "shift": np.zeros(3)})


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("ours", "obeys the mood already"),
        ("mood", "has a mood input already"),
        ("dark", "all have the same brightness or saturation"),
        ("absent", "can't be read"),
    ],
)
def test_what_can_not_be_fitted(tmp_path: Path, form: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.onnx"
    if form == "ours":
        write_model(path)
    elif form == "mood":
        write(path, others={"mood": (1, (1, 2))})
    elif form == "dark":
        write(path)
        path.with_suffix(".toml").write_text("range = [-1, 9000]")
    assert main([str(path), "--count", "50", "--check", "20"]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith(f"fit_mood: {path}: ")
    assert says in error
    assert not path.with_suffix(SUFFIX).exists()


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path / "m.onnx"), "--count", "5"])
