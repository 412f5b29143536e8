"""Sound files of all kinds, whole and damaged, become WAV files."""

import io
import json
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from artgen_osc.errors import AudioError
from artgen_osc.web import song_decoder
from artgen_osc.web.song_decoder import convert
from tests import signals
from tests.radio import encode
from tests.support.texts import is_told

RATE = 44100
MUSIC = signals.music(4.0, RATE)


def recorded(sound: np.ndarray = MUSIC) -> bytes:
    """WebM with Opus as MediaRecorder makes it: written as a stream, so that no length stands in its head."""

    class Pipe(io.RawIOBase):
        """Takes what is written, and can't go back."""

        def __init__(self) -> None:
            self.content = b""

        def writable(self) -> bool:
            return True

        def write(self, piece: object) -> int:
            self.content += bytes(piece)  # type: ignore[call-overload]
            return len(bytes(piece))  # type: ignore[call-overload]

    pipe = Pipe()
    with av.open(pipe, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = RATE
        cut = av.AudioResampler(format=stream.codec_context.format.name, layout="stereo", rate=48000, frame_size=960)
        for piece in (*cut.resample(frame), *cut.resample(None), None):
            container.mux(stream.encode(piece))
    return pipe.content


def samples(path: Path) -> np.ndarray:
    """int16 ``(frames, 2)``."""
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_a_wav_file_comes_back_sample_by_sample(tmp_path: Path) -> None:
    exact = np.round(MUSIC * 32767).astype(np.int16)
    exact[:4] = [[-32768, 32767], [0, 1], [-1, 0], [5, 6]]
    soundfile.write(tmp_path / "a.wav", exact, RATE)
    assert convert(tmp_path / "a.wav", tmp_path / "b.wav", 60.0)["duration"] == 4.0
    assert np.array_equal(samples(tmp_path / "b.wav"), exact)


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "aiff"])
@pytest.mark.parametrize("pyav", [True, False], ids=["pyav", "soundfile"])
def test_files_with_and_without_pyav(tmp_path: Path, ending: str, pyav: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not pyav:
        monkeypatch.setattr(song_decoder, "has_pyav", lambda: False)
    mono = signals.tone(440.0, 3.0, 0.5, 48000)
    with soundfile.SoundFile(tmp_path / f"a.{ending}", "w", 48000, 1) as file:
        file.artist, file.title = "Someone", "Some song"
        file.write(mono)
    told = convert(tmp_path / f"a.{ending}", tmp_path / "b.wav", 60.0)
    assert told["duration"] == pytest.approx(3.0, abs=0.1)
    assert told["title"] == "Someone - Some song" or ending == "aiff"
    sound = samples(tmp_path / "b.wav")[RATE : 2 * RATE, 1] / 32768
    assert np.abs(np.fft.rfft(sound)).argmax() == 440
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize(("form", "codec"), [("mp4", "aac"), ("adts", "aac"), ("matroska", "aac"), ("ogg", "libopus")])
def test_what_only_pyav_reads(tmp_path: Path, form: str, codec: str) -> None:
    rate = 48000 if codec == "libopus" else RATE
    (tmp_path / "a").write_bytes(encode(form, codec, signals.music(3.0, rate), rate))
    assert convert(tmp_path / "a", tmp_path / "b.wav", 60.0)["duration"] == pytest.approx(3.0, abs=0.1)


def test_a_recording_of_a_browser_whole_and_broken_off(tmp_path: Path) -> None:
    content = recorded()
    (tmp_path / "a").write_bytes(content)
    with av.open(str(tmp_path / "a")) as container:
        assert container.duration is None
    assert convert(tmp_path / "a", tmp_path / "b.wav", 60.0)["duration"] == pytest.approx(4.0, abs=0.05)
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    assert 1.5 < convert(tmp_path / "a", tmp_path / "b.wav", 60.0)["duration"] < 2.5
    hurt = bytearray(content)
    hurt[len(hurt) // 3 : len(hurt) // 3 + 400] = bytes(400)
    (tmp_path / "a").write_bytes(hurt)
    assert convert(tmp_path / "a", tmp_path / "b.wav", 60.0)["duration"] > 1.0


def unknown() -> bytes:
    """A WAV file of a kind of sound that nobody knows."""
    file = io.BytesIO()
    soundfile.write(file, MUSIC, RATE, format="WAV")
    content = bytearray(file.getvalue())
    content[20:22] = b"\x77\x77"
    return bytes(content)


PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        bytes(5000),
        np.random.default_rng(1).bytes(100_000),
        b"<html>" * 900,
        recorded()[:300],
        unknown(),
        b"ffconcat version 1.0\nfile 'secret.wav'\n",
    ],
)
def test_what_is_no_sound_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    soundfile.write(tmp_path / "secret.wav", MUSIC, RATE)
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(AudioError, match=r"no sound that can be decoded .*; "):
        convert(tmp_path / "a", tmp_path / "b.wav", 60.0)


@pytest.mark.parametrize("name", ["{}", "file:{}", "secret.wav"])
def test_a_playlist_opens_no_other_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.wav").write_bytes(encode("adts", "aac", MUSIC))
    (tmp_path / "a").write_text(PLAYLIST.format(name.format(tmp_path / "secret.wav")))
    with pytest.raises(AudioError, match="no sound"):
        convert(tmp_path / "a", tmp_path / "b.wav", 60.0)


def test_without_pyav_it_says_what_reads_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(song_decoder, "has_pyav", lambda: False)
    (tmp_path / "a").write_bytes(recorded())
    with pytest.raises(AudioError, match=r"pip install 'artgen-osc\[stream\]'"):
        convert(tmp_path / "a", tmp_path / "b.wav", 60.0)


@pytest.mark.parametrize("seed", range(20))
def test_damage_gives_sound_or_a_sentence(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for content in (recorded(MUSIC[:RATE]), encode("mp4", "aac", MUSIC[:RATE]), unknown()):
        hurt = bytearray(content)
        for place in rng.integers(0, min(len(hurt), 500), 6):
            hurt[place] = rng.integers(256)
        (tmp_path / "a").write_bytes(hurt)
        try:
            assert convert(tmp_path / "a", tmp_path / "b.wav", 60.0)["duration"] > 0
        except AudioError as error:
            assert is_told(str(error))


def test_the_command_and_its_limits(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", MUSIC, RATE)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "artgen_osc.runtime.background", "artgen_osc.web.song_decoder", *words]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout and process.stderr
            out, err = process.stdout.read(), process.stderr.read()
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    done = run(str(tmp_path / "a.wav"), str(tmp_path / "b.wav"), "60")
    assert (done.returncode, json.loads(done.stdout)["duration"]) == (0, 4.0)
    assert done.stderr.startswith("progress 0.")
    done = run(str(tmp_path / "a.wav"), str(tmp_path / "b.wav"), "3")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("artgen: song: is longer than 0.05 minutes; ")
