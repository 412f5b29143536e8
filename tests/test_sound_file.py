"""One way to open sound: what is odd, damaged, chained or of many channels is heard by all that read files."""

import contextlib
import io
import logging
import os
import socket
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from artgen_osc.audio.sound_file import SoundFile, Unreadable
from artgen_osc.audio.sources import open_source
from artgen_osc.errors import AudioError
from artgen_osc.web.song_decoder import convert
from tests import signals
from tests.radio import encode
from tests.sound_files import read_file
from tests.support.texts import is_told

pytestmark = pytest.mark.slow

RATE = 22050
MUSIC = signals.music(4.0, RATE)
MONO = MUSIC[:, 0]
TONE = signals.tone(440.0, 2.0, 0.5, RATE)


def heard(path: Path, pyav: bool = True) -> np.ndarray:
    """The left channel of a file."""
    blocks = list(SoundFile(path, pyav).blocks())
    assert all(block.dtype == np.float32 and np.isfinite(block).all() and block.shape[1] <= 2 for block in blocks)
    return np.concatenate([block[:, 0] for block in blocks])


def everywhere(path: Path, seconds: float, within: float = 0.1) -> None:
    """Every reader of files hears so much."""
    assert len(heard(path)) / SoundFile(path, True).sample_rate == pytest.approx(seconds, abs=within)
    rate, blocks = read_file(path)
    assert sum(len(block.samples) for block in blocks) / rate == pytest.approx(seconds, abs=within)
    assert convert(path, path.with_suffix(".out"), 60.0)["duration"] == pytest.approx(seconds, abs=within)


def write(path: Path, form: str, subtype: str, sound: np.ndarray, rate: int = RATE) -> bytes:
    soundfile.write(path, sound, rate, format=form, subtype=subtype)
    return path.read_bytes()


def with_picture(form: str, codec: str, picture: str) -> bytes:
    """Sound beside a picture: a cover, or a film."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        video = container.add_stream(picture, rate=25)
        video.width, video.height = 64, 64
        video.pix_fmt = "yuvj420p" if picture == "mjpeg" else "yuv420p"
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        if form == "mp3":
            video.disposition = av.stream.Disposition.attached_pic
        for number in range(1 if form == "mp3" else 50):
            shown = av.VideoFrame(64, 64, video.pix_fmt)
            shown.pts = number
            container.mux(video.encode(shown))
        container.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(TONE[None].copy(), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        cut = av.AudioResampler(
            format=stream.codec_context.format.name, layout="mono", rate=RATE, frame_size=stream.frame_size or 1024
        )
        for piece in (*cut.resample(frame), *cut.resample(None), None):
            container.mux(stream.encode(piece))
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "codec", "picture"),
    [("mp4", "aac", "mpeg4"), ("matroska", "aac", "mpeg4"), ("mp3", "libmp3lame", "mjpeg")],
)
def test_sound_beside_pictures(tmp_path: Path, form: str, codec: str, picture: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(with_picture(form, codec, picture))
    everywhere(path, 2.0)
    assert np.abs(np.fft.rfft(heard(path)[: 2 * RATE])).argmax() == pytest.approx(880, abs=2)


@pytest.mark.parametrize("pyav", [True, False], ids=["pyav", "soundfile"])
def test_songs_of_different_forms_in_one_ogg_file(tmp_path: Path, pyav: bool) -> None:
    songs = [
        write(tmp_path / "1", "OGG", "VORBIS", TONE),
        write(tmp_path / "2", "OGG", "VORBIS", np.stack((TONE, TONE), axis=1)),
        write(tmp_path / "3", "OGG", "VORBIS", signals.tone(440.0, 2.0, 0.5, 44100), 44100),
    ]
    path = tmp_path / "a.ogg"
    path.write_bytes(b"".join(songs))
    sound = heard(path, pyav)
    assert len(sound) / RATE == pytest.approx(6.0, abs=0.05)
    for second in (0.5, 2.5, 4.5):
        assert np.abs(np.fft.rfft(sound[round(second * RATE) :][:RATE])).argmax() == 440
    everywhere(path, 6.0)


def test_a_chain_with_a_damaged_page_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    song = bytearray(write(tmp_path / "1", "OGG", "VORBIS", MONO))
    song[len(song) // 2 : len(song) // 2 + 50] = bytes(50)
    path = tmp_path / "a.ogg"
    path.write_bytes(bytes(song) + write(tmp_path / "2", "OGG", "VORBIS", MUSIC))
    assert len(heard(path)) / RATE > 5.0
    path.write_bytes(b"OggS" + bytes(90_000) + bytes(song))
    with contextlib.suppress(Unreadable):
        heard(path)


def crashed(path: Path, form: str, subtype: str) -> None:
    """A file whose recorder ended before it wrote how much sound there is."""
    content = bytearray(write(path, form, subtype, MUSIC))
    unknown = {"WAV": [(4, 4), (b"data", 4)], "WAVEX": [(b"data", 4)], "RF64": [(b"ds64", 24)], "AU": [(8, 4)]}
    for place, length in unknown.get(form, [(4, 4), (b"SSND", 4)]):
        first = place if isinstance(place, int) else content.index(place) + (8 if place == b"ds64" else 4)
        content[first : first + length] = bytes(length)
    if form == "AIFF":
        first = content.index(b"COMM") + 10
        content[first : first + 4] = bytes(4)
    path.write_bytes(content)


@pytest.mark.parametrize("pyav", [True, False], ids=["pyav", "soundfile"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF", "AU"])
def test_a_recorder_that_crashed(tmp_path: Path, pyav: bool, form: str) -> None:
    crashed(tmp_path / "a", form, "PCM_16")
    assert len(heard(tmp_path / "a", pyav)) == len(MUSIC)
    crashed(tmp_path / "a", form, "FLOAT")
    everywhere(tmp_path / "a", 4.0)


def test_an_empty_file_stays_empty(tmp_path: Path) -> None:
    content = write(tmp_path / "a.wav", "WAV", "PCM_16", np.zeros((0, 1), np.float32))
    for more in (b"", b"LIST\x04\0\0\0INFO"):
        (tmp_path / "a.wav").write_bytes(content + more)
        with pytest.raises(AudioError, match="sound"):
            read_file(tmp_path / "a.wav")


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 7, 8, 16, 32])
@pytest.mark.parametrize("pyav", [True, False], ids=["pyav", "soundfile"])
def test_many_channels_are_heard_and_never_clipped(tmp_path: Path, channels: int, pyav: bool) -> None:
    loud = np.repeat(signals.tone(440.0, 1.0, 0.99, RATE)[:, None], channels, axis=1)
    for form, subtype in (("WAVEX", "PCM_16"), ("CAF", "FLOAT")):
        write(tmp_path / "a", form, subtype, loud)
        sound = heard(tmp_path / "a", pyav)
        assert np.abs(sound).max() <= 1.0
        assert np.abs(sound[RATE // 2 :]).max() == pytest.approx(0.99, abs=0.01)
    everywhere(tmp_path / "a", 1.0)


def test_two_headers_in_a_row(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As what joins files leaves them: a tag, sound, another tag, more sound."""
    tag = b"ID3\x03\0\0\0\0\0\x14TIT2\0\0\0\x0a\0\0\0Caf\xe9 Noir"
    song = encode("mp3", "libmp3lame", np.repeat(TONE[:, None], 2, 1), RATE)
    (tmp_path / "a.mp3").write_bytes(tag + song + tag + song)
    everywhere(tmp_path / "a.mp3", 4.0, within=0.2)
    assert SoundFile(tmp_path / "a.mp3", True).title == "Café Noir"
    assert "damaged" not in caplog.text


def test_rates_beyond_what_is_analysed_are_brought_there(tmp_path: Path) -> None:
    for rate in (4000, 384000):
        write(tmp_path / "a.wav", "WAV", "PCM_16", signals.tone(440.0, 1.0, 0.5, rate), rate)
        everywhere(tmp_path / "a.wav", 1.0)
        assert read_file(tmp_path / "a.wav")[0] == 44100


# Damage


@pytest.mark.parametrize(
    ("form", "codec"), [("mp3", "libmp3lame"), ("flac", "flac"), ("ogg", "libopus"), ("adts", "aac"), ("mp4", "aac")]
)
@pytest.mark.parametrize("hurt", ["noise", "zeros", "hole"])
def test_what_is_behind_a_dent_is_heard_and_the_dent_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, form: str, codec: str, hurt: str
) -> None:
    rate = 48000 if codec == "libopus" else 44100
    content = encode(form, codec, signals.music(6.0, rate), rate)
    middle = len(content) // 2
    noise = np.random.default_rng(0).bytes(3000)
    put = {"noise": noise, "zeros": bytes(3000), "hole": b""}[hurt]
    if hurt == "hole" and form == "mp4":
        return  # all that says where the sound is comes after it
    path = tmp_path / "a"
    path.write_bytes(content[:middle] + put + content[middle + 3000 :])
    with open_source(f"file:{path}", realtime=False) as source:
        seconds = sum(len(block.samples) for block in source.blocks()) / source.sample_rate
    assert seconds > (3.4 if form == "ogg" else 5.3)  # a page of Ogg is a second
    assert [record.name for record in caplog.records] == ["artgen.sound"]
    assert f"{path}: is damaged at " in caplog.text
    assert convert(path, tmp_path / "out", 60.0)["duration"] == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize(("form", "codec"), [("mp3", "libmp3lame"), ("flac", "flac")])
def test_a_file_that_breaks_off(tmp_path: Path, caplog: pytest.LogCaptureFixture, form: str, codec: str) -> None:
    content = encode(form, codec, signals.music(6.0, 44100))
    (tmp_path / "a").write_bytes(content[: len(content) // 2])
    assert 2.5 < len(heard(tmp_path / "a")) / 44100 < 3.5
    assert caplog.text.count("is damaged at") == 1


def test_samples_that_are_none_are_silence_in_their_channel(tmp_path: Path) -> None:
    good = MUSIC.copy()
    good[500:700, 0] = good[900] = 0.0
    bad = good.copy()
    bad[500:600, 0], bad[600:700, 0], bad[900] = np.nan, np.inf, 3e38
    for name, sound in (("good", good), ("bad", bad)):
        write(tmp_path / name, "WAV", "FLOAT", sound)
    np.testing.assert_array_equal(heard(tmp_path / "bad"), heard(tmp_path / "good"))
    np.testing.assert_array_equal(heard(tmp_path / "bad", pyav=False), good[:, 0])


# Without PyAV, and what nobody reads


def test_what_the_extra_reads_is_hinted_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(encode("mp4", "aac", MUSIC, RATE))
    everywhere(tmp_path / "a.m4a", 4.0)
    monkeypatch.setattr("artgen_osc.audio.sources.has_pyav", lambda: False)
    with pytest.raises(
        AudioError, match=r"a\.m4a: can't be read .*; convert it to wav, or pip install 'artgen-osc\[stream\]' .*m4a"
    ):
        read_file(tmp_path / "a.m4a")


def test_a_codec_that_nobody_knows(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "a.wav", "WAV", "PCM_16", MUSIC))
    content[20:22] = b"\x77\x77"
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioError, match=r"a\.wav: the codec of its sound is not known; "):
        read_file(tmp_path / "a.wav")


def odd_names(folder: Path) -> dict[str, str]:
    """Names of things that are no sound files, and what is said of them."""
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dead").symlink_to(folder / "nothing")
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket"))
    (folder / "closed.wav").touch(0)
    return {
        "x" * 300: "File name too long",
        "a\0b": "no file can have this name",
        "a\nb": "does not exist",
        "caf\udce9": "does not exist",
        "\ud800": "no file can have this name",
        "loop": "symbolic links",
        "dead": "does not exist",
        "fifo": "is a device or a pipe",
        "socket": "can't be read",
        "closed.wav": "Permission denied" if os.getuid() else "can't be read",
        "": "is a folder",
        "..": "is a folder",
        "/dev/zero": "is a device or a pipe",
        "~nobody-of-that-name/a": "does not exist",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="names as Unix has them")
def test_odd_names_are_one_error(tmp_path: Path) -> None:
    for name, words in odd_names(tmp_path).items():
        path = f"{tmp_path}/{name}" if name[:1] not in ("/", "~") else name
        for action in (lambda path=path: read_file(path), lambda path=path: open_source(f"file:{path}", mute=True)):
            with pytest.raises(AudioError) as caught:
                action()
            assert words in str(caught.value) and is_told(str(caught.value)), name
        with pytest.raises(AudioError, match="isn't known"):
            open_source(path)  # the forgotten prefix


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", "WAV", "PCM_16", MUSIC)
    path = (tmp_path / "a.wav").rename(tmp_path / os.fsdecode(b"caf\xe9.wav"))
    (tmp_path / "caf\udce8.m4a").write_bytes(encode("mp4", "aac", MUSIC, RATE))
    everywhere(path, 4.0)
    everywhere(tmp_path / "caf\udce8.m4a", 4.0)


@pytest.mark.parametrize("encoding", ["cp1251", "cp932"])
def test_titles_of_other_encodings(tmp_path: Path, encoding: str) -> None:
    title = {"cp1251": "Группа крови", "cp932": "丸の内サディスティック"}[encoding]
    data = title.encode(encoding)
    song = encode("mp3", "libmp3lame", MUSIC, RATE)
    size = len(data) + 11
    tag = b"ID3\x03\0\0\0\0\0" + bytes([size]) + b"TIT2\0\0\0" + bytes([len(data) + 1]) + b"\0\0\0" + data
    (tmp_path / "a.mp3").write_bytes(tag + song)
    assert SoundFile(tmp_path / "a.mp3", True).title == title
    wav = write(tmp_path / "a.wav", "WAV", "PCM_16", MUSIC)
    data += bytes(len(data) % 2)
    info = b"LIST" + (12 + len(data)).to_bytes(4, "little") + b"INFOINAM" + len(data).to_bytes(4, "little") + data
    (tmp_path / "a.wav").write_bytes(wav + info)
    assert SoundFile(tmp_path / "a.wav", True).title == title


def test_closing_while_it_is_read_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "a.mp3").write_bytes(encode("mp3", "libmp3lame", signals.music(6.0, 44100)))
    file = SoundFile(tmp_path / "a.mp3", True)
    blocks = file.blocks()
    next(blocks)
    file.close()
    assert sum(map(len, blocks)) < 6 * 44100 and not caplog.records
