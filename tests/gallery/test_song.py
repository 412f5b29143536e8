"""``artgen gallery paint``: a song's picture, and the same one again."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from artgen_osc.cli import main
from artgen_osc.config.tables import VisualsConfig
from tests import signals
from visuals.gallery import repaint
from visuals.gallery.files import read
from visuals.gallery.song import seed_of
from visuals.generators.opening import open_generator

pytestmark = pytest.mark.slow

RATE = 22050
ANALYSIS = {"valence": 0.8, "energy": 0.3, "tempo_bpm": 98.0, "key": "D major", "title": "Artist - Song"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("song.wav", signals.song(8.0, RATE), RATE)
    Path("song.json").write_text(json.dumps(ANALYSIS))
    return tmp_path


def painted(capsys: pytest.CaptureFixture[str], *words: str) -> Path:
    capsys.readouterr()
    assert main(["gallery", "paint", *words]) == 0
    return Path("gallery") / f"{capsys.readouterr().out.strip()}.png"


def test_a_song_is_analysed_and_painted(gl_context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = painted(capsys, "song.wav", "--size", "256")
    about = read(path).about
    assert (about.cause, about.title) == ("song", "song")
    assert main(["analyze", "song.wav", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (about.valence, about.energy) == (told["valence"], told["energy"])
    assert (about.tempo_bpm, about.key) == (told["tempo_bpm"], told["key"])
    pixels = np.asarray(Image.open(path))
    assert pixels.shape == (146, 256, 3), "the shape of the show's screen, as near as the model comes"
    assert pixels.std() > 10

    settings = VisualsConfig()
    files = repaint.candidates(settings)
    model = repaint.paint(about, lambda stroke: open_generator(repaint.find_model(stroke, files), 2, settings.engine))
    assert np.abs(repaint.draw(model, about, 256).astype(int) - pixels).max() <= 1, "the file alone paints it again"


def test_an_analysis_that_is_there_is_taken(gl_context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("song.wav", "--analysis", "song.json", "--size", "64", "--visuals-model", "idle")
    about = read(painted(capsys, *words)).about
    assert (about.valence, about.energy, about.tempo_bpm, about.key) == (0.8, 0.3, 98.0, "D major")
    assert about.title == "Artist - Song"
    again_there = read(painted(capsys, *words)).about
    assert again_there.seed == about.seed
    assert np.array_equal(again_there.strokes[0].z, about.strokes[0].z)
    other = read(painted(capsys, *words, "--seed", "5", "--title", "Mine")).about
    assert (other.seed, other.title) == (5, "Mine")
    assert not np.array_equal(other.strokes[0].z, about.strokes[0].z)


def test_the_seed_follows_from_the_sound_alone(here: Path) -> None:
    sound, rate = soundfile.read("song.wav", dtype="int16")
    with soundfile.SoundFile("other.flac", "w", rate, 1) as file:
        file.title = "another title"
        file.write(sound)
    assert seed_of(Path("other.flac")) == seed_of(Path("song.wav"))
    sound[1000] += 1
    soundfile.write("changed.wav", sound, rate)
    assert seed_of(Path("changed.wav")) != seed_of(Path("song.wav"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not the analysis of one song"),
        ('{"valence": 2}', "is not the analysis of one song"),
        ("[" * 100_000, "is not the analysis of one song"),
        (None, "read"),
    ],
)
def test_a_bad_analysis_is_one_line(text: str | None, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    if text is not None:
        Path("bad.json").write_text(text)
    assert main(["gallery", "paint", "song.wav", "--analysis", "bad.json"]) == 2
    told = capsys.readouterr().err
    assert what in told
    assert told.count("\n") == 1
    assert not Path("gallery").exists()


def test_files_without_sound(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.wav").write_bytes(b"RIFF")
    assert main(["gallery", "paint", "bad.wav"]) == 2
    assert "can't be read" in capsys.readouterr().err
    assert main(["gallery", "paint", "no.wav", "--analysis", "song.json"]) == 2
    assert "can't be read" in capsys.readouterr().err
    assert main(["gallery", "paint", "song.wav", "--analysis", "song.json", "--size", "9"]) == 2
    assert "out of range" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["gallery", "paint", "song.wav", "--seed", "-1"])


def test_a_folder_that_cannot_be_written(gl_context: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_bytes(b"")
    words = ["song.wav", "--analysis", "song.json", "--size", "64", "--visuals-model", "idle", "--gallery", "file"]
    assert main(["gallery", "paint", *words]) == 2
    assert "can't be written" in capsys.readouterr().err
