"""Loading labelled music: spectrograms, folders of sound files, splits by artist."""

import csv
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

import av  # noqa: E402 (torch decides whether this file runs)
import soundfile  # noqa: E402

from artgen_osc.errors import ConfigError  # noqa: E402
from artgen_osc.mood.mel import N_MELS, WINDOW_COLUMNS, MoodMel, relative_db  # noqa: E402
from training import music  # noqa: E402
from training.music import Songs  # noqa: E402


def make_songs(name: str, count: int, seed: int, columns: int = 260) -> Songs:
    """Clips whose first label is their tilt and whose second is how busy they are."""
    rng = np.random.default_rng(seed)
    labels = rng.uniform(0, 1, (count, 2)).astype(np.float32)
    mels = []
    for valence, energy in labels:
        db = -40 + 30 * (valence - 0.5) * np.linspace(-1, 1, N_MELS)[:, None]
        mels.append(music.to_uint8(relative_db(db + rng.normal(0, 1 + 9 * energy, (N_MELS, columns)))))
    artists = [f"artist {i // 2}" for i in range(count)]
    return Songs(name, mels, labels, artists, [f"title {i}" for i in range(count)])


class TestMusic:
    def test_db_and_back(self) -> None:
        mel = np.arange(256, dtype=np.uint8)
        np.testing.assert_array_equal(music.to_uint8(music.to_db(mel)), mel)
        assert music.to_db(mel)[[0, 255]].tolist() == [-80.0, 0.0]

    def test_npz(self, tmp_path: Path) -> None:
        songs = make_songs("x", 3, 0)
        path = tmp_path / "songs.npz"
        np.savez(path, mel=np.stack(songs.mel), valence=songs.labels[:, 0], energy=songs.labels[:, 1])
        loaded = music.load(path)
        np.testing.assert_array_equal(loaded.mel[1], songs.mel[1])
        np.testing.assert_array_equal(loaded.labels, songs.labels)
        assert loaded.name == "songs"

    def test_npz_of_another_form_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "songs.npz"
        np.savez(path, mel=np.zeros((2, 64, 9), np.uint8), valence=[0, 1], energy=[0, 1])
        with pytest.raises(ConfigError, match="mel is uint8"):
            music.load(path)
        np.savez(path, mel=np.zeros((2, 128, 9), np.uint8), valence=[0, 1])
        with pytest.raises(ConfigError, match="energy"):
            music.load(path)
        np.savez(path, mel=np.zeros((2, 128, 9), np.uint8), valence=[0, 1], energy=[0, 1], artist=["only one"])
        with pytest.raises(ConfigError, match="2 labels, 1 artists"):
            music.load(path)
        whole = path.read_bytes()
        for data in (b"", whole[: len(whole) // 2], whole[:200] + b"x" * 200 + whole[400:]):
            path.write_bytes(data)
            with pytest.raises(ConfigError, match=r"songs\.npz"):
                music.load(path)
        path.write_bytes(b"not a zip")
        with pytest.raises(ConfigError, match=r"songs\.npz"):
            music.load(path)

    def test_folder(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path)
        songs = music.load(folder)
        assert len(songs) == 3
        assert [line.split(":")[0] for line in songs.skipped] == ["bad.wav", "gone.wav"]
        assert np.isnan(songs.labels[2, 0])
        wanted = music.to_uint8(relative_db(MoodMel(44100).push(tone(44100)))).T
        np.testing.assert_array_equal(songs.mel[0], wanted)
        # The same sound at another rate and with two channels looks the same.
        audible = wanted[:60, 2:40] > 120
        np.testing.assert_allclose(songs.mel[1][:60, 2:40][audible], wanted[:60, 2:40][audible], atol=1.5)

    def test_any_format_that_ffmpeg_knows(self, tmp_path: Path) -> None:
        path = tmp_path / "sound.m4a"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=44100, layout="mono")
            frame = av.AudioFrame.from_ndarray(tone(44100)[None], format="fltp", layout="mono")
            frame.sample_rate = 44100
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
        wanted = music.to_uint8(relative_db(MoodMel(44100).push(tone(44100)))).T
        got = music.audio_mel(path)
        assert abs(got.shape[1] - wanted.shape[1]) <= 3
        assert np.corrcoef(got[:, 10:40].mean(1), wanted[:, 10:40].mean(1))[0, 1] > 0.95
        path.write_text("no sound")
        with pytest.raises(ValueError, match="can't be read"):
            music.audio_mel(path)

    def test_bad_sound_costs_no_clip_and_an_unknown_codec_one(self, tmp_path: Path) -> None:
        sound = np.stack((tone(44100), tone(44100)), axis=1)
        sound[1000, 0], sound[1001, 0], sound[2000] = np.inf, np.nan, 3e38
        soundfile.write(tmp_path / "inf.wav", sound, 44100, subtype="FLOAT")
        soundfile.write(tmp_path / "whole.flac", tone(44100), 44100)
        whole = (tmp_path / "whole.flac").read_bytes()
        middle = len(whole) // 2
        (tmp_path / "dent.flac").write_bytes(whole[:middle] + bytes(500) + whole[middle + 500 :])
        soundfile.write(tmp_path / "unknown.wav", tone(44100), 44100)
        content = bytearray((tmp_path / "unknown.wav").read_bytes())
        content[20:22] = b"\x77\x77"
        (tmp_path / "unknown.wav").write_bytes(content)
        names = ("inf.wav", "dent.flac", "unknown.wav", "x" * 300, "whole.flac")
        rows = "".join(f"{name},0.5,0.5\n" for name in names)
        (tmp_path / "labels.csv").write_text("file,valence,energy\n" + rows)
        songs = music.load(tmp_path, cache=tmp_path / "cache")
        assert len(songs) == 3 and all(mel.mean() > 20 for mel in songs.mel)
        codec, name = songs.skipped
        assert codec == "unknown.wav: the codec of its sound is not known" and "too long" in name

    def test_cache(self, tmp_path: Path) -> None:
        folder, cache = write_folder(tmp_path), tmp_path / "cache"
        first = music.load(folder, cache=cache)
        assert len(list(cache.glob("*.npy"))) == 3
        np.testing.assert_array_equal(music.load(folder, cache=cache).mel[0], first.mel[0])

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ("file,valence\na.wav,0.5\n", "lacks energy"),
            ("file,valence,energy\na.wav,0.5,1.5\nb.wav,0,1\nc.wav,-1,0\n", "rows 2, 4"),
            ("file,valence,energy\na.wav,0.5,loud\n", "'loud' in row 2"),
            ("file,valence,energy\ngone.wav,0.5,0.5\n", "none of its 1 files"),
            ("", "lacks"),
        ],
    )
    def test_bad_labels_are_refused(self, tmp_path: Path, rows: str, message: str) -> None:
        (tmp_path / "labels.csv").write_text(rows)
        with pytest.raises(ConfigError, match=message):
            music.load(tmp_path)

    def test_signed_labels_are_mapped_where_they_are_allowed(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path)
        text = (folder / "labels.csv").read_text().replace("0.2,0.3", "-0.2,1")
        (folder / "labels.csv").write_text(text)
        with pytest.raises(ConfigError, match="rows 2;"):
            music.load(folder)
        np.testing.assert_allclose(music.load(folder, signed=True).labels[0], [0.4, 1.0], rtol=1e-6)

    def test_what_spreadsheets_and_other_systems_make_of_a_table(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path)
        (folder / "part").mkdir()
        (folder / "mono.wav").rename(folder / "part" / unicodedata.normalize("NFD", "Zoë.wav"))
        os.mkfifo(folder / "pipe.wav")
        rows = ["File;Valence;ENERGY", "part\\Zoë.wav;0,2;30 %", "pipe.wav;0,1;0,1", ";0,5;0,5", "last.ogg;NA;0,7", "x"]
        (folder / "labels.csv").write_bytes("\r\n".join(rows).encode("cp1252"))
        songs = music.load(folder)
        np.testing.assert_allclose(songs.labels, [[0.2, 0.3], [np.nan, 0.7]], rtol=1e-6)
        assert songs.titles == ["part\\Zoë.wav", "last.ogg"]
        table = folder / "labels.csv"
        assert songs.skipped == (
            f"{table}: row 2 isn't UTF-8; read as Windows-1252, so check names with accents",
            f"{table}: row 6 lacks valence and energy: it has 1 of 3 cells",
            f"{table}: row 4 names no file",
            "pipe.wav: is a device or a pipe, not a file",
        )

    def test_missing_data_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="isn't there"):
            music.load("nowhere")

    def test_folds_keep_artists_apart(self) -> None:
        artists = [f"a{i % 7}" for i in range(30)]
        seen: list[int] = []
        for train, held in music.artist_folds(artists, 3, seed=1):
            assert not {artists[i] for i in train} & {artists[i] for i in held}
            assert len(train) + len(held) == 30
            seen += held.tolist()
        assert sorted(seen) == list(range(30))

    def test_windows(self) -> None:
        mel = make_songs("x", 1, 0, columns=743).mel[0]
        cut = music.windows(mel, 99)
        assert cut.shape == (6, N_MELS, WINDOW_COLUMNS)
        np.testing.assert_array_equal(music.relative_windows(mel, [99])[0], cut[1])
        assert (cut.max(axis=(1, 2)) == 0).all()
        assert music.windows(mel[:, :50]).shape == (1, N_MELS, WINDOW_COLUMNS)


def tone(rate: int) -> np.ndarray:
    t = np.arange(2 * rate) / rate
    sound = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 8)) * 0.2 * (1 + np.sin(2 * np.pi * 2 * t)) / 2
    return sound.astype(np.float32)


def write_folder(folder: Path) -> Path:
    soundfile.write(folder / "mono.wav", tone(44100), 44100, subtype="FLOAT")
    soundfile.write(folder / "stereo.flac", np.stack((tone(48000), tone(48000)), axis=1), 48000)
    soundfile.write(folder / "last.ogg", tone(22050), 22050)
    (folder / "bad.wav").write_text("not sound")
    rows = [
        ("mono.wav", 0.2, 0.3),
        ("stereo.flac", 0.4, 0.9),
        ("bad.wav", 0, 0),
        ("gone.wav", 0, 0),
        ("last.ogg", "", 0.7),
    ]
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "valence", "energy"), *rows])
    return folder
