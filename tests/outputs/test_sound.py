"""Sound goes from the daemon to its renderer through a pipe, with the time at which it was heard."""

import os
import threading

import numpy as np
import pytest

from artgen_osc.audio.sources import AudioBlock
from artgen_osc.daemon.sound import MOST_WAITING, SoundClock, SoundPipe, placed
from artgen_osc.schema.sound import Sound, Unpacker
from tests.support.waiting import wait_for
from visuals.outputs.ear import MOST_KEPT, Ear


def some(time: float, frames: int = 100, channels: int = 2) -> Sound:
    return Sound(np.full((frames, channels), time % 1, np.float32), 48000, time)


@pytest.mark.parametrize("cut", [1, 7, 512, 10_000])
def test_sound_survives_the_pipe_however_its_bytes_are_cut(cut: int) -> None:
    sent = [some(1.25, 64), some(2.5, 1, 1), some(3.0, 0), some(4.0, 300)]
    data = b"".join(one.pack() for one in sent)
    unpacker = Unpacker()
    came = [one for at in range(0, len(data), cut) for one in unpacker.push(data[at : at + cut])]
    assert [(one.time, one.sample_rate) for one in came] == [(one.time, 48000) for one in sent]
    assert all(np.array_equal(one.samples, other.samples) for one, other in zip(came, sent, strict=True))


def test_what_is_no_sound_is_passed_over() -> None:
    ear = Ear()
    ear.feed(b"what a parent says that is no sound at all")
    listening = ear.listen()
    ear.feed(some(1.0).pack())
    assert len(listening) == 1


def test_of_many_channels_two_are_recorded() -> None:
    (came,) = Unpacker().push(some(0.5, 10, 6).pack())
    assert came.samples.shape == (10, 2)


def test_a_block_that_comes_late_was_heard_no_later() -> None:
    clock = SoundClock()
    late = [0.05, 0.012, 0.3, 0.2, 0.01, 0.4]
    heard = [clock.heard(end, 100.0 + end + by) for end, by in enumerate(late[:2])]
    assert heard == pytest.approx([100.05, 101.012])
    assert clock.heard(1.5, 101.8) == pytest.approx(101.512), "as early as the one before it"


def test_a_clock_that_drifts_is_followed() -> None:
    clock, off = SoundClock(), 1.0 + 300e-6
    for number in range(20_000):
        end = number * 0.01
        heard = clock.heard(end, end * off + 0.005 + (number % 7) * 0.002)
    assert heard == pytest.approx(end * off + 0.005, abs=0.001)


def test_a_stream_that_has_stood_still_is_placed_anew_after_a_second() -> None:
    clock = SoundClock()
    clock.heard(1.0, 1.0)
    ends = [clock.heard(1.0 + after, 4.0 + after) for after in np.arange(0.0, 1.5, 0.1)]
    assert ends[-1] == pytest.approx(5.4)


def test_a_block_has_the_time_of_its_first_sample() -> None:
    block = AudioBlock(np.zeros((480, 2), np.float32), 7.0)
    assert placed(block, 48000, 50.0, SoundClock()).time == pytest.approx(49.99)


def test_a_reader_that_does_not_read_holds_nobody_up_and_is_counted() -> None:
    reading, writing = os.pipe()
    pipe = SoundPipe(os.fdopen(writing, "wb", buffering=0))
    try:
        sent = 0
        while pipe.dropped < 10:
            pipe.put(some(float(sent), 2000))
            sent += 1
        assert sent < MOST_WAITING + 1000
        unpacker, times = Unpacker(), []

        def read() -> None:
            while data := os.read(reading, 1 << 16):
                times.extend(one.time for one in unpacker.push(data))

        reader = threading.Thread(target=read)
        reader.start()
        wait_for(lambda: times and times[-1] == sent - 1, what="the newest")
        pipe.close()
        reader.join(30)
        assert times == sorted(times) and len(times) >= sent - pipe.dropped
    finally:
        os.close(reading)


def test_a_reader_that_has_gone_is_no_trouble() -> None:
    reading, writing = os.pipe()
    pipe = SoundPipe(os.fdopen(writing, "wb", buffering=0))
    os.close(reading)
    for number in range(10):
        pipe.put(some(float(number)))
    pipe.close()


def test_who_begins_to_listen_gets_the_last_second_and_no_more_than_fits() -> None:
    ear = Ear()
    for number in range(300):
        ear.feed(some(number / 100, 480).pack())
    listening = ear.listen()
    assert 1.9 <= listening[0].time <= 2.0 and listening[-1].time == 2.99
    for number in range(300, 300 + 2 * MOST_KEPT):
        ear.feed(some(number / 100, 480).pack())
    assert len(listening) == MOST_KEPT and listening[-1].time == pytest.approx((299 + 2 * MOST_KEPT) / 100)
    ear.forget(listening)
    ear.feed(some(99.0).pack())
    assert listening[-1].time < 99.0
