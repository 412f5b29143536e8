"""Films that tests write, and what is seen and heard in them."""

import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from artgen_osc.schema.sound import Sound
from visuals.outputs.cadence import Cadence
from visuals.outputs.encoders import chosen, form_of
from visuals.outputs.film import FilmFile
from visuals.outputs.sound_track import RATE
from visuals.outputs.timeline import Timeline

SIZE, FPS = (64, 36), Fraction(30)
EVERY_S, FIRST_S = 2.0, 1.0
"""A flash and a click at 1 s, 3 s, and so on."""

BLOCK = 512


def open_film(file: object, path: Path, alpha: bool = False) -> FilmFile:
    form = form_of(path)
    video, _ = chosen(path, alpha, "software", 0, SIZE, FPS)
    return FilmFile(file, form.container, form.options, video, SIZE, FPS, form.audio, RATE, RATE, key_frames_s=1.0)


def heard(seconds: float, sample_rate: int, parts_per_million: float) -> list[Sound]:
    """Clicks through a device whose clock is off, with the times of the right clock."""
    real = sample_rate * (1.0 + parts_per_million * 1e-6)
    samples = np.zeros((round(seconds * real), 2), np.float32)
    for click in np.arange(FIRST_S, seconds, EVERY_S):
        samples[round(click * real) :][:24] = 0.9
    return [Sound(samples[at : at + BLOCK], sample_rate, at / real) for at in range(0, len(samples) - BLOCK + 1, BLOCK)]


def play(line: Timeline, seconds: float, show_fps: float, sounds: list[Sound]) -> None:
    """A show that flashes when it clicks, at a rate of its own."""
    cadence, waiting = Cadence(FPS), list(reversed(sounds))
    black = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    white = np.full_like(black, 255)
    for time in np.arange(0.0, seconds, 1.0 / show_fps):
        index = cadence.due(time)
        if index is not None:
            line.picture(white if (time - FIRST_S) % EVERY_S < 0.1 else black, index, time)
        while waiting and waiting[-1].end <= time:
            line.hear(waiting.pop())
        line.silence(time - 0.5)


def flashes(path: Path) -> list[float]:
    found, before = [], 0.0
    with av.open(path) as container:
        for frame in container.decode(video=0):
            light = frame.to_ndarray(format="gray").mean()
            if light > 128 >= before:
                found.append(float(frame.pts * frame.time_base))
            before = light
    return found


def clicks(path: Path) -> list[float]:
    found: list[float] = []
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.3)
            time = float(frame.pts * frame.time_base) + (loud[0] / frame.rate if len(loud) else 0.0)
            if len(loud) and (not found or time > found[-1] + 0.5):
                found.append(time)
    return found


def times(path: Path) -> list[float]:
    """Of all frames, up to one that isn't whole: there a player stops, too."""
    found = []
    with av.open(path) as container, suppress(av.error.InvalidDataError):
        found.extend(float(frame.pts * frame.time_base) for frame in container.decode(video=0))
    return found


def lengths(path: Path) -> tuple[float, float]:
    """s of picture and of sound."""
    with av.open(path) as container:
        sound = sum(frame.samples / frame.rate for frame in container.decode(audio=0))
    return times(path)[-1] + float(1 / FPS), sound


def in_a_process(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=120)
