"""``artgen analyze`` as people call it: folders, odd names, damage; and times that rise."""

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from artgen_osc.cli import main
from artgen_osc.daemon.offline import analyze, sound_files
from tests import signals
from tests.radio import encode
from tests.support.texts import is_told

pytestmark = pytest.mark.slow

RATE = 22050


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    return signals.song(4.0, RATE)


def test_times_rise_strictly_from_the_first_on(tmp_path: Path, song: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", song, RATE)
    told = analyze(str(tmp_path / "a.wav"))
    assert len(told["pitch"]) > 300 and len(told["onsets"]) > 3 and len(told["beats"]) > 1
    for key in ("pitch", "mood", "onsets", "beats"):
        assert all(later[0] > earlier[0] >= 0.0 for earlier, later in pairwise(told[key])), key
    assert all(later[1] > earlier[1] for key in ("onsets", "beats") for earlier, later in pairwise(told[key]))


def tree(folder: Path, song: np.ndarray) -> list[str]:
    """A folder with sound in it, and other things; the sound, sorted."""
    (folder / "b" / "c").mkdir(parents=True)
    names = ["a.WAV", "b/c/z.flac", "b/y.wav", os.fsdecode(b"caf\xe9.wav")]
    for name in names:
        soundfile.write(folder / "new.wav", song[:RATE], RATE, format="FLAC" if "flac" in name else "WAV")
        (folder / "new.wav").rename(folder / name)
    for name in ("cover.jpg", "._a.wav", "b/notes.txt", "wav"):
        (folder / name).write_bytes(b"no sound")
    (folder / "b" / "c" / "up").symlink_to(folder)
    return sorted(str(folder / name) for name in names)


def test_a_folder_is_all_the_sound_in_it(tmp_path: Path, song: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    names = tree(tmp_path, song)
    assert sound_files(str(tmp_path)) == (names, 4)
    assert main(["analyze", "--json", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["file"] for line in printed.out.splitlines()] == names
    assert printed.err == f"artgen: {tmp_path}: 4 files of sound, 4 others passed over\n"


def test_a_folder_without_sound_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(tmp_path)]) == 2
    count, error = capsys.readouterr().err.splitlines()
    assert "0 files of sound, 0 others" in count and "is a folder; " in error


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="names as Unix has them")
def test_what_can_not_be_read_is_one_line_and_the_next_goes_on(
    tmp_path: Path, song: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(tmp_path / "caf\udce9.wav")
    soundfile.write(tmp_path / "a.wav", song, RATE)
    (tmp_path / "a.wav").rename(good)
    os.mkfifo(tmp_path / "fifo")
    bad = ["x" * 300, "a\0b", "a\nb\x1b[31m", "\ud800", str(tmp_path / "fifo"), "/dev/zero", ""]
    assert main(["analyze", *bad, good]) == 2
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    assert len(lines) == len(bad) and all(is_told(line.removeprefix("artgen: ")) for line in lines)
    assert printed.out.startswith(f"{tmp_path}/caf\\xe9.wav: 4.0 s, ") and "\x1b" not in printed.err
    assert main(["analyze", "--json", *bad, good]) == 2
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["file"] for each in told] == [*bad, good]
    assert ["error" in each for each in told] == [True] * len(bad) + [False]


def test_a_dent_costs_no_result_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    content = encode("mp3", "libmp3lame", signals.song(6.0, 44100)[:, None].repeat(2, 1))
    middle = len(content) // 2
    (tmp_path / "dent.mp3").write_bytes(content[:middle] + bytes(3000) + content[middle + 3000 :])
    assert main(["analyze", "--json", str(tmp_path / "dent.mp3")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["duration"] > 5.3 and told["mood"][-1][0] > 5.0
    assert told["damage"].startswith("is damaged at 3.")
    assert len(caplog.records) == 1


def test_what_cancels_is_heard(tmp_path: Path, song: np.ndarray) -> None:
    results = []
    for sign in (1.0, -1.0):
        soundfile.write(tmp_path / "a.wav", np.stack((song, sign * song), axis=1), RATE)
        results.append(analyze(str(tmp_path / "a.wav")))
    same, opposite = results
    assert opposite["confidence"] > 0.5 * same["confidence"] > 0.0
    assert opposite["energy"] == pytest.approx(same["energy"], abs=0.05)
