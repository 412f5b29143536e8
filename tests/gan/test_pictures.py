"""The pictures that a generator learns from: read, cut, measured."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.tiny_gan import TinyFeatures, make_pictures, new_trainer
from training import train_gan
from training.anchors import picture_codes
from training.gan_trainer import Options
from training.pictures import MoodScale, colour_mood, load_pictures, measure_mood, open_pictures, to_float

pytestmark = pytest.mark.slow


def test_bad_pictures_are_listed_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_pictures(tmp_path / "pictures")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    pictures, skipped = load_pictures(folder, 64)
    assert pictures.shape == (6, 3, 64, 64)
    assert len(skipped) == 1
    assert skipped[0].startswith("broken.jpg")
    (tmp_path / "empty").mkdir()
    assert train_gan.main([f"--images={tmp_path / 'empty'}", f"--run={tmp_path / 'run'}"]) == 2
    assert "0 pictures can be used; at least 2 are needed" in capsys.readouterr().err


def test_what_is_too_small_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_pictures(tmp_path / "pictures", size=8)
    assert train_gan.main([f"--images={folder}", f"--run={tmp_path / 'run'}", "--size=256"]) == 2
    said = capsys.readouterr().err
    assert "0 pictures can be used; 6 are passed over" in said
    assert "too small (8x8); each side needs 64 pixels or more" in said


def test_pictures_without_a_difference_are_refused(options: Options, tmp_path: Path) -> None:
    folder = tmp_path / "same"
    folder.mkdir()
    for i in range(3):
        Image.new("RGB", (64, 64), (9, 99, 199)).save(folder / f"{i}.png")
    with pytest.raises(ValueError, match="too much alike"):
        new_trainer(dataclasses.replace(options, images=str(folder)))


def test_deep_and_transparent_pictures_are_seen_as_meant(tmp_path: Path) -> None:
    grey = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "b.png")
    (deep, clear), skipped = load_pictures(tmp_path, 64)
    assert not skipped
    assert deep.float().mean() == pytest.approx(127.5, abs=1)
    assert (clear == 255).all()


def test_pictures_are_kept_in_a_file_until_one_changes(options: Options, tmp_path: Path) -> None:
    kept, _ = open_pictures(options.images, 64, tmp_path / "cache")
    read, _ = load_pictures(options.images, 64)
    assert torch.equal(kept, read)
    written = (tmp_path / "cache" / "pictures.u8").stat().st_mtime_ns
    open_pictures(options.images, 64, tmp_path / "cache")
    assert (tmp_path / "cache" / "pictures.u8").stat().st_mtime_ns == written
    (Path(options.images) / "6.png").write_bytes((Path(options.images) / "0.png").read_bytes())
    more, _ = open_pictures(options.images, 64, tmp_path / "cache")
    assert len(more) == 7


def test_bars_and_captions_are_cut(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    pixels = draw.integers(60, 200, (256, 256, 3), dtype=np.uint8)
    pixels[248:] = 0
    pixels[:, :6] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels).save(tmp_path / "b.png")
    pictures, _ = load_pictures(tmp_path, 128)
    assert pictures.float().std(3).min() > 5
    assert pictures.float().std(2).min() > 5


def test_mood_of_colours_orders_as_the_paper_says() -> None:
    def plain(*rgb: float) -> Tensor:
        return (torch.tensor(rgb).view(1, 3, 1, 1) * 2 - 1).expand(1, 3, 8, 8)

    pale, dark, red = (colour_mood(plain(*rgb))[0] for rgb in ((0.9, 0.9, 1.0), (0.1, 0.1, 0.12), (1.0, 0.1, 0.1)))
    assert pale[0] > red[0] > dark[0]
    assert red[1] > dark[1] > pale[1]


def test_the_scale_puts_the_mean_at_a_half_and_two_deviations_at_one() -> None:
    pictures = torch.randint(0, 255, (40, 3, 8, 8), dtype=torch.uint8)
    measured = measure_mood((pictures * torch.linspace(0.2, 1, 40).view(40, 1, 1, 1)).byte())
    mood = MoodScale.of(measured).to_mood(measured)
    torch.testing.assert_close(mood.mean(0), torch.full((2,), 0.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(mood.std(0), torch.full((2,), 0.25), atol=1e-4, rtol=0)


def test_codes_are_normal_and_tell_pictures_apart() -> None:
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 255, (40, 3, 8, 8), dtype=torch.uint8, generator=draw)
    pictures = pictures.repeat_interleave(8, 2).repeat_interleave(8, 3)
    moods = torch.rand(40, 2, generator=draw)
    features = TinyFeatures()
    codes = picture_codes(pictures, features, moods, 16)
    assert codes.shape == (2, 40, 16)
    flat = codes.flatten(0, 1)
    torch.testing.assert_close(flat.mean(0), torch.zeros(16), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.std(0), torch.ones(16), atol=0.1, rtol=0)
    assert torch.pdist(flat).min() > 1
    torch.testing.assert_close(codes, picture_codes(pictures, features, moods, 16), atol=1e-4, rtol=1e-4)


def test_what_the_pictures_do_not_fill_of_z_is_random_but_the_same() -> None:
    pictures = torch.randint(0, 255, (3, 3, 64, 64), dtype=torch.uint8)
    codes = [picture_codes(pictures, TinyFeatures(), torch.rand(3, 2), 32)[..., 6:] for _ in range(2)]
    assert codes[0].std() > 0.5
    torch.testing.assert_close(*codes)


def test_pictures_are_drawn_with_their_own_codes_and_moods(options: Options) -> None:
    trainer = new_trainer(options)
    pictures, z, mood = trainer.real(16)
    for picture, code, asked in zip(pictures, z, mood, strict=True):
        mirrored, chosen = (trainer.codes == code).all(2).nonzero()[0].tolist()
        original = to_float(trainer.pictures[chosen])
        torch.testing.assert_close(picture, original.flip(2) if mirrored else original)
        torch.testing.assert_close(asked, trainer.moods[chosen])
