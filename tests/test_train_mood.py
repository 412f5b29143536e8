"""Training the mood network and measuring it, at tiny width on sound made here."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")


from artgen_osc.errors import ConfigError, ModelError  # noqa: E402
from artgen_osc.inference.modelfile import Engine, load  # noqa: E402
from artgen_osc.mood.estimator import MoodEstimator  # noqa: E402
from artgen_osc.mood.mel import N_MELS, SAMPLE_RATE, WINDOW_COLUMNS  # noqa: E402
from tests.test_music import make_songs, write_folder  # noqa: E402
from training import evaluate, music, train_mood  # noqa: E402
from training.mood_cnn import Detector, Ensemble, Features, Kernel, Statistics  # noqa: E402
from training.mood_detector import fit_detector, random_windows  # noqa: E402
from training.mood_fit import Points, Settings, Split, Trainer, correlation, r2, to_first_scale  # noqa: E402
from training.mood_kernel import fit_axes, fit_expected, fit_kernel  # noqa: E402
from training.mood_material import CROPS, WINDOWS, Material, describe, fit_standardise  # noqa: E402
from training.mood_report import reliability, worst  # noqa: E402
from training.music_augment import crop, mixup  # noqa: E402
from training.not_music import KINDS, not_music  # noqa: E402

pytestmark = pytest.mark.slow

TINY = Settings(epochs=2, batch=8, width=8, dropout=0.2)


def process(rank: int, split: Split, points: list[Points], folder: str) -> None:
    """One of two that train together."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    trainer = Trainer(split, points, replace(TINY, dropout=0.0), Path(folder) / "both.pt")
    losses = [trainer.train_epoch()["loss"] for _ in range(2)]
    Path(folder, f"losses{rank}.json").write_text(json.dumps(losses))
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def split() -> Split:
    first, second = make_songs("first", 12, 1), make_songs("second", 8, 2)
    second.labels[0, 0] = np.nan
    parts = [next(iter(music.artist_folds(songs.artists, 3, 0))) for songs in (first, second)]
    return Split((first, second), [p[0] for p in parts], [p[1] for p in parts])


@pytest.fixture(scope="module")
def material(split: Split) -> list[Material]:
    return [describe(songs, seed=0) for songs in split.songs]


@pytest.fixture(scope="module")
def points(material: list[Material]) -> list[Points]:
    standardise = fit_standardise(material)
    return [Points(standardise(own.crops.float()), standardise(own.windows.float())) for own in material]


@pytest.fixture(scope="module")
def trained(split: Split, points: list[Points], tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    trainer = Trainer(split, points, TINY, tmp_path_factory.mktemp("run") / "member0.pt")
    trainer.train_epoch()
    trainer.train_epoch()
    return trainer


def kernel_of(material: list[Material], points: list[Points], rows: list[np.ndarray]) -> Kernel:
    return fit_kernel(material, points, rows, fit_axes([own.windows for own in points], Features().parts))


@pytest.fixture(scope="module")
def network(trained: Trainer, material: list[Material], points: list[Points], split: Split) -> Ensemble:
    torch.manual_seed(0)
    kernel = kernel_of(material, points, list(split.train))
    detector = Detector(points[0].crops.shape[2])
    expected = torch.tensor([[0.2, 0.1], [0.05, 0.0]])
    return Ensemble(fit_standardise(material), [trained.best_net()], kernel, detector, expected).eval().half().float()


@pytest.fixture(scope="module")
def model(network: Ensemble, split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "mood.onnx"
    train_mood.export(network, path, train_mood.card(list(split.songs), TINY, {}))
    return path


class TestMaterial:
    def test_crop_keeps_the_form(self) -> None:
        mel = make_songs("x", 1, 0).mel[0]
        for seed in range(30):
            window = crop(mel, np.random.default_rng(seed))
            assert window.shape == (N_MELS, WINDOW_COLUMNS)
            assert window.dtype == np.float32
            assert window.max() == 0.0
            assert window.min() >= -80.0
        np.testing.assert_array_equal(crop(mel, np.random.default_rng(3)), crop(mel, np.random.default_rng(3)))

    def test_crop_takes_short_clips(self) -> None:
        assert crop(make_songs("x", 1, 0, columns=30).mel[0], np.random.default_rng(0)).shape[1] == WINDOW_COLUMNS

    def test_mixup_stays_within_a_source(self) -> None:
        points = np.repeat(np.array([[0.0], [-10], [-60], [-70]], np.float32), 3, axis=1)
        labels = np.array([[0, 0], [1, 1], [0.2, 0.2], [np.nan, 0.4]], np.float32)
        mixup(points, labels, np.array([0, 0, 1, 1]), np.random.default_rng(0))
        assert points[:2].min() >= -10
        assert points[2:].max() <= -60
        np.testing.assert_allclose(points[0, 0], -10 * labels[0, 0], atol=1e-4)

    def test_every_kind_of_noise(self) -> None:
        pictures = not_music(len(KINDS), 0)
        assert all(picture.shape[0] == N_MELS and picture.max() == 255 for picture in pictures)


def test_detector_learns_what_is_not_music(points: list[Points], material: list[Material]) -> None:
    noises = random_windows(not_music(4, 1), 2, 0)
    standardise = fit_standardise(material)
    fitted = fit_detector(material[0].crops.flatten(0, 1), noises, standardise, seed=0)
    with torch.no_grad():
        assert fitted(standardise(noises)).sigmoid().max() < 0.3
        assert fitted(points[0].windows[:, 0]).sigmoid().min() > 0.7


class TestMaterialOfClips:
    def test_form_and_cache(self, split: Split, material: list[Material], tmp_path: Path) -> None:
        clips = split.songs[1]
        first = describe(clips, 0, tmp_path)
        assert first.crops.shape == (8, CROPS, Features().size)
        assert first.windows.shape == (8, WINDOWS, Features().size)
        assert len(list(tmp_path.glob("*.npy"))) == 8
        second = describe(clips, 0, tmp_path)
        torch.testing.assert_close(second.crops, first.crops, rtol=0, atol=0)
        torch.testing.assert_close(second.windows, material[1].windows)

    def test_labels_of_other_sources_get_the_scale_of_the_first(self) -> None:
        first = np.array([[0.2, 0.5], [0.4, 0.7]], np.float32)
        other = np.array([[0.0, np.nan], [1.0, 0.1], [0.5, 0.3]], np.float32)
        scaled = to_first_scale([first, other], [np.arange(2), np.arange(3)])
        np.testing.assert_array_equal(scaled[0], first)
        np.testing.assert_allclose(np.nanmean(scaled[1], axis=0), [0.3, 0.6], atol=1e-6)
        np.testing.assert_allclose(np.nanstd(scaled[1], axis=0), [0.1, 0.1], atol=1e-6)
        assert np.isnan(scaled[1][0, 1])


class TestNet:
    def test_statistics_know_a_rhythm(self) -> None:
        db = torch.full((1, N_MELS, WINDOW_COLUMNS), -60.0)
        hz = SAMPLE_RATE / 891
        db += 20 * torch.sin(2 * np.pi * 2.0 * torch.arange(WINDOW_COLUMNS) / hz)
        modulation = Statistics()(db)[0, 180 : 180 + 14]
        assert modulation.argmax() == 5

    def test_ensemble_stays_in_range(self, network: Ensemble) -> None:
        mood, sigma, likely = network(torch.rand(3, N_MELS, WINDOW_COLUMNS) * -80)
        assert mood.shape == sigma.shape == (3, 2)
        assert likely.shape == (3, 1)
        for values in (mood, likely):
            assert (values >= 0).all()
            assert (values <= 1).all()

    def test_kernel_is_support_vector_regression(self, material: list[Material], points: list[Points]) -> None:
        kernel = kernel_of(material[:1], points[:1], [np.arange(12)])
        with torch.no_grad():
            got = kernel(points[0].windows.flatten(0, 1))[0].unflatten(0, (12, WINDOWS)).mean(1).numpy()
        assert correlation(material[0].songs.labels[:, 0], got[:, 0]) > 0.9

    def test_what_is_unlike_all_is_new(self, material: list[Material], points: list[Points]) -> None:
        kernel = kernel_of(material[:1], points[:1], [np.arange(12)])
        known = points[0].windows[:, 0]
        with torch.no_grad():
            assert kernel(-2.0 * known)[1].min() > kernel(known)[1].max()

    def test_errors_are_expected_to_grow_with_novelty(self, network: Ensemble, split: Split) -> None:
        novelties = [np.linspace(-2, 2, 20), np.linspace(-1, 1, 10)]
        errors = [np.stack((0.2 + 0.05 * own, 0.1 + 0 * own), 1) for own in novelties]
        errors[1][3, 0] = np.nan
        torch.testing.assert_close(fit_expected(novelties, errors), network.expected, atol=1e-4, rtol=0)
        known = torch.from_numpy(music.relative_windows(split.songs[0].mel[0], [0]))
        with torch.no_grad():
            near, far = network(known)[1], network(torch.rand_like(known) * -80)[1]
        assert far[0, 0] > near[0, 0]
        assert far[0, 1] == near[0, 1]


def test_reliability_sorts_by_what_was_expected() -> None:
    rng = np.random.default_rng(0)
    expected = rng.uniform(0, 0.4, (200, 2))
    wanted = rng.uniform(0, 1, (200, 2))
    curve = reliability(wanted, wanted + expected * rng.normal(0, 1, (200, 2)), expected)
    assert len(curve) == 5
    assert [said for said, _ in curve] == sorted(said for said, _ in curve)
    assert curve[0][1] < curve[-1][1] / 2


def test_the_worst_are_named() -> None:
    songs = make_songs("x", 12, 1)
    got = songs.labels.copy()
    got[7] = 1 - got[7]
    lines = worst(songs, got, 3).splitlines()
    assert len(lines) == 5
    assert "title 7" in lines[2]


class TestTraining:
    def test_resume_is_exact(self, trained: Trainer, split: Split, points: list[Points], tmp_path: Path) -> None:
        path = tmp_path / "member0.pt"
        Trainer(split, points, TINY, path).train_epoch()
        resumed = Trainer(split, points, TINY, path)
        assert resumed.epoch == 1
        resumed.train_epoch()
        assert resumed.curve == trained.curve
        for model in ("net", "averaged"):
            wanted, got = getattr(trained, model).state_dict(), getattr(resumed, model).state_dict()
            assert all(torch.equal(wanted[name], got[name]) for name in wanted)
        assert resumed.finished

    def test_foreign_checkpoint_is_refused(self, trained: Trainer, split: Split, points: list[Points]) -> None:
        with pytest.raises(ValueError, match="other settings"):
            Trainer(split, points, replace(TINY, rate=1.0), trained.path)

    def test_stops_early(self, split: Split, points: list[Points], tmp_path: Path) -> None:
        trainer = Trainer(split, points, replace(TINY, epochs=50, patience=1), tmp_path / "m.pt")
        trainer.epoch, trainer.best_epoch = 9, 7
        assert trainer.finished

    def test_learns(self, split: Split, points: list[Points], tmp_path: Path) -> None:
        trainer = Trainer(split, points, replace(TINY, epochs=6), tmp_path / "m.pt")
        losses = [trainer.train_epoch()["loss"] for _ in range(6)]
        assert losses[-1] < losses[0]

    def test_two_processes_train_as_one_does(self, split: Split, points: list[Points], tmp_path: Path) -> None:
        alone = Trainer(split, points, replace(TINY, dropout=0.0), tmp_path / "alone.pt")
        wanted = [alone.train_epoch()["loss"] for _ in range(2)]
        torch.multiprocessing.spawn(process, (split, points, str(tmp_path)), nprocs=2)
        for rank in range(2):
            assert json.loads((tmp_path / f"losses{rank}.json").read_text()) == pytest.approx(wanted, rel=1e-4)

    def test_whole_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        songs = make_songs("mine", 8, 3)
        data = tmp_path / "mine.npz"
        np.savez(
            data, mel=np.stack(songs.mel), valence=songs.labels[:, 0], energy=songs.labels[:, 1], artist=songs.artists
        )
        run = tmp_path / "run"
        line = f"--data {data} --run {run} --folds 2 --epochs 1 --width 4 --batch 8 --noises 8"
        train_mood.run(train_mood.build_parser().parse_args(line.split()))
        assert "| mine (8) | r2 |" in capsys.readouterr().out
        for picture in ("curves.png", "report.png"):
            assert (run / picture).stat().st_size > 1000
        assert "judged worst" in (run / "report.md").read_text(encoding="utf-8")
        card = load(run / "mood.onnx", "mood").card
        assert card["trained_on"] == ["mine: 8 clips"]
        assert "mine_network_r2_valence" in card["figures"]
        assert json.loads((run / "mood.json").read_text())["figures"] == card["figures"]

    def test_no_data_and_too_many_folds_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="there is none"):
            train_mood.run(train_mood.build_parser().parse_args([f"--run={tmp_path / 'run'}"]))
        with pytest.raises(ConfigError, match=r"choose 2 to 6"):
            train_mood.splits([make_songs("x", 12, 0)], 7, 1, 0)

    @pytest.mark.parametrize(("label", "says"), [(np.nan, "valence: 0 labels"), (0.5, "valence: all 6 labels")])
    def test_labels_that_teach_nothing_are_refused_before_the_work(self, label: float, says: str) -> None:
        songs = make_songs("x", 12, 0)
        songs.labels[:, 0] = label
        with pytest.raises(ConfigError, match=says):
            train_mood.splits([songs], 2, 1, 0)


class TestModel:
    def test_engine_agrees_with_the_network(self, model: Path, network: Ensemble, split: Split) -> None:
        window = music.windows(split.songs[0].mel[0])[:1]
        with torch.no_grad():
            wanted = network(torch.from_numpy(window))
        for one, other in zip(wanted, Engine(load(model, "mood"), exact=True)(window), strict=True):
            np.testing.assert_allclose(other, one.numpy(), atol=1e-4)

    def test_estimator_runs_it(self, model: Path) -> None:
        estimator = MoodEstimator(44100, model)
        estimator.push(np.random.default_rng(0).normal(0, 0.1, (44100 * 3, 2)).astype(np.float32))
        now = estimator.mood(3.0)
        assert estimator.predictions > 4
        assert 0 <= now.raw_valence <= 1

    def test_model_for_another_rate_is_refused(self, network: Ensemble, split: Split, tmp_path: Path) -> None:
        path = tmp_path / "other.onnx"
        train_mood.export(network, path, train_mood.card(list(split.songs), TINY, {}) | {"sample_rate": 16000})
        with pytest.raises(ModelError, match="was made for sample_rate 16000, not 22050"):
            MoodEstimator(44100, path)

    def test_evaluate(self, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        folder = write_folder(tmp_path)
        assert evaluate.main(["mood", str(folder), "--model", str(model), "--json"]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert list(figures) == ["n", "r2_valence", "r2_energy", "r_valence", "r_energy", "mse"]
        assert figures["n"] == 3
        assert evaluate.main(["mood", str(folder), "--model", str(model)]) == 0
        assert "r2_energy" in capsys.readouterr().out

    def test_evaluate_says_what_is_wrong(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert evaluate.main(["mood", "nowhere", "--model", "nowhere.onnx"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_measures() -> None:
    wanted = np.array([0.0, 0.5, np.nan, 1.0])
    assert r2(wanted, wanted) == 1.0
    assert r2(wanted, np.full(4, 0.5)) == 0.0
    assert correlation(wanted, 1 - wanted) == pytest.approx(-1.0)
    assert np.isnan(r2(np.full(3, np.nan), np.zeros(3)))
