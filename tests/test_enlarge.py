"""Material made larger: the teacher read from ncnn's files, its tiles and checks, and the folders it fills."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from artgen_osc.errors import ModelError
from training import enlarge, teacher
from training.enlarge import ART, PAIRS, Job, enlarged, in_turn, painted_jobs, picture_jobs, work_off
from training.teacher import RrdbNet, Teacher, check, network_of, read_ncnn


def write_ncnn(network: RrdbNet, stem: Path, half: bool) -> tuple[Path, Path]:
    """A network as ncnn keeps it: a text file and a binary one."""
    lines, data = ["7767517", "2 2", "Input in 0 1 data"], b""
    for index, layer in enumerate(module for module in network.modules() if isinstance(module, nn.Conv2d)):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        lines.append(f"Convolution c{index} 1 1 a b 0={len(bias)} 1=3 4=1 5=1 6={weight.size} 9=2 -23310=1,2.0e-01")
        raw = weight.astype("<f2" if half else "<f4").tobytes()
        data += (0x01306B47 if half else 0).to_bytes(4, "little") + raw + bytes(-len(raw) % 4) + bias.tobytes()
    lines.append("Interp up 1 1 b c 0=1 1=2.0 2=2.0")
    paths = stem.with_suffix(".param"), stem.with_suffix(".bin")
    paths[0].write_text("\n".join(lines))
    paths[1].write_bytes(data)
    return paths


@pytest.fixture(scope="module")
def tiny() -> RrdbNet:
    torch.manual_seed(0)
    network = RrdbNet(5, 3, 1).eval().requires_grad_(False)
    for value in network.parameters():
        value.copy_(value.half().float())
    return network


@pytest.mark.parametrize("half", [True, False])
def test_a_network_of_ncnn_is_read_exactly(half: bool, tiny: RrdbNet, tmp_path: Path) -> None:
    read = network_of(read_ncnn(*write_ncnn(tiny, tmp_path / "x", half)))
    assert list(read.state_dict()) == list(tiny.state_dict())
    x = torch.rand(1, 3, 12, 20)
    assert torch.equal(read(x), tiny(x))
    picture = (x[0].permute(1, 2, 0) * 255).byte().numpy()
    wanted = tiny(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)[0]
    result = Teacher(read, 1, exact=True)._engine(picture.transpose(2, 0, 1)[None].astype(np.float32) / 255)[0][0]
    np.testing.assert_allclose(result, wanted.numpy(), atol=1e-5)


def test_damaged_files_of_ncnn_are_refused(tiny: RrdbNet, tmp_path: Path) -> None:
    param, data = write_ncnn(tiny, tmp_path / "x", True)
    whole, text = data.read_bytes(), param.read_text()
    for raw, word in ((whole[:-6], "doesn't fit"), (whole + b"1234", "are needed"), (b"\1" + whole[1:], "of the type")):
        data.write_bytes(raw)
        with pytest.raises(ModelError, match=word):
            read_ncnn(param, data)
    data.write_bytes(whole)
    param.write_text(text.replace("1=3", "1=5"))
    with pytest.raises(ModelError, match="a kernel of 5"):
        read_ncnn(param, data)
    param.write_text("something else")
    with pytest.raises(ModelError, match="isn't a network of ncnn"):
        read_ncnn(param, data)
    with pytest.raises(ModelError, match="can't be read"):
        read_ncnn(tmp_path / "absent.param", data)
    param.write_text(text)
    found = read_ncnn(param, data)
    with pytest.raises(ModelError, match="20 convolutions"):
        network_of(found[:-1])
    with pytest.raises(ModelError, match="is needed"):
        network_of([found[0], *found[:0:-1]])


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=r"isn't installed; pip install 'artgen-osc\[enlarge"):
        teacher.find_teacher()


def test_tiles_make_the_same_picture_as_the_whole(tiny: RrdbNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "check", lambda *_: None)
    picture = np.random.default_rng(0).integers(0, 256, (70, 100, 3), dtype=np.uint8)
    whole = Teacher(tiny, 1, exact=True)(picture)
    tiled = Teacher(tiny, 1, exact=True, largest=80)(picture)
    assert whole.shape == (280, 400, 3)
    assert np.abs(whole.astype(int) - tiled).max() <= 1


def nearest(picture: np.ndarray) -> np.ndarray:
    """A teacher that adds nothing."""
    return picture.repeat(4, 0).repeat(4, 1)


def test_a_result_that_is_another_picture_is_refused() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    check(picture, nearest(picture))
    black = np.zeros((8, 8, 3), np.uint8)
    check(black, nearest(black))
    for other in (255 - picture, np.full_like(picture, 128), picture // 2):
        with pytest.raises(ValueError, match="isn't the same picture"):
            check(picture, nearest(other))


def test_large_pictures_keep_their_own_detail() -> None:
    asked = []

    def ask(picture: np.ndarray) -> np.ndarray:
        asked.append(picture.shape)
        return nearest(picture)

    shapes = {(16, 16): (64, 64), (32, 48): (64, 96), (64, 64): (64, 64), (200, 100): (128, 64)}
    for shape, wanted in shapes.items():
        assert enlarged(ask, np.zeros((*shape, 3), np.uint8), 64).shape == (*wanted, 3)
    # What is large enough needs no teacher.
    assert asked == [(16, 16, 3), (32, 48, 3)]


class Painter:
    """A generator of flat pictures."""

    name, z_dim, size = "flat", 4, 8

    def __call__(self, z: np.ndarray, mood: np.ndarray, truncation: float) -> np.ndarray:
        assert np.square(z).sum() == pytest.approx(4) and 0.7 <= truncation <= 1 and mood.shape == (2,)
        return np.full((8, 8, 3), 40 + 50 * mood[0], np.uint8)


def test_both_folders_grow_in_turn_and_what_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, to = tmp_path / "source", tmp_path / "to"
    (source / "below").mkdir(parents=True)
    for name, side in (("large.png", 32), ("below/small.png", 16), ("twice.png", 16), ("twice.webp", 16)):
        Image.new("RGB", (side, side), "red").save(source / name)
    (source / "broken.jpg").write_bytes(b"no picture")
    pictures, skipped = picture_jobs(source, to / ART)
    assert [job.work for job in pictures] == [256, 256, 1024]
    assert len(skipped) == 2 and "broken.jpg" in skipped[0] and "twice.webp: another picture" in skipped[1]
    jobs = list(in_turn(painted_jobs(Painter(), 2, to / PAIRS), pictures))  # type: ignore[arg-type]
    assert [job.work for job in jobs] == [64, 256, 64, 256, 1024]

    told = []

    def ask(picture: np.ndarray) -> np.ndarray:
        told.append(picture.shape[0])
        if picture.shape[0] == 32:
            raise ValueError("the result isn't the same picture")
        return nearest(picture)

    assert work_off(jobs, ask) == 1
    assert "large.png: the result isn't the same picture; it is passed over" in capsys.readouterr().err
    made = sorted(str(path.relative_to(to)) for path in to.rglob("*.*"))
    pairs = [f"{PAIRS}/0000{i}.{suffix}" for i in "01" for suffix in ("jpg", "png")]
    assert made == [f"{ART}/below/small.jpg", f"{ART}/twice.jpg", *pairs]
    # Again: only what failed is tried.
    told.clear()
    before = {path: path.read_bytes() for path in to.rglob("*.*")}
    assert work_off(jobs, ask) == 1 and told == [32]
    assert {path: path.read_bytes() for path in to.rglob("*.*")} == before


def test_a_result_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    job = Job("one", tmp_path / "deep" / "one.jpg", 64, lambda: np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space"):
        work_off([job], nearest)
    assert not list(tmp_path.rglob("*.jpg"))


def test_the_command_says_what_is_wrong_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enlarge.main(["--images", str(tmp_path), "--to", str(tmp_path / "to")]) == 2
    assert capsys.readouterr().err == f"enlarge: --images: {tmp_path}: holds no picture; give a folder that does\n"

    class Fake:
        about = "a teacher that adds nothing"

        def __init__(self, network: Callable[..., object], threads: int) -> None:
            self.threads = threads

        def __call__(self, picture: np.ndarray) -> np.ndarray:
            return nearest(picture)

    monkeypatch.setattr(enlarge, "Teacher", Fake)
    monkeypatch.setattr(enlarge, "find_teacher", lambda: None)
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "one.png")
    assert enlarge.main(["--images", str(tmp_path / "one.png").rpartition("/")[0], "--to", str(tmp_path / "to")]) == 0
    assert "done; 0 are passed over" in capsys.readouterr().out
    assert (tmp_path / "to" / ART / "one.jpg").exists()
