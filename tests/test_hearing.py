"""What others are told of what the daemon hears."""

import pytest

from artgen_osc.daemon.hearing import LONGEST_SILENCE_S, SILENCE_DB, Silence, public_name


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("demo", "demo"),
        ("USB Mic", "USB Mic"),
        ("file:/home/ann/caf\udce9.mp3", r"file:caf\xe9.mp3"),
        ("file:C:\\Users\\Ann\\song.mp3", "file:song.mp3"),
        ("url:https://ann:secret@radio.test/live?key=1", "url:https://…@radio.test/live?…"),
        ("a\x1b[2J\nb", r"a\x1b[2J\nb"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_a_name_is_safe_to_show(name: str, public: str) -> None:
    assert public_name(name) == public


def test_silence_is_timed_from_the_last_sound() -> None:
    silence = Silence()
    silence.step(5.0, -120.0)
    assert silence.seconds == 0.0
    silence.step(8.0, SILENCE_DB - 1.0)
    assert silence.seconds == pytest.approx(3.0)
    silence.step(9.0, SILENCE_DB)
    assert silence.seconds == 0.0
    silence.step(1e9, -120.0)
    assert silence.seconds == LONGEST_SILENCE_S
