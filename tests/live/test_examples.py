"""The example patches in the programs that they are made for."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import capture
from tests.conftest import need_programs
from tests.live.servers import ROOT, running
from tests.osc_show import show
from tests.support.waiting import hear, wait_for

pytestmark = pytest.mark.live

SCREENLESS = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}  # for sclang, as root too
PD = ("pd", "-nogui", "-noaudio", "-nomidi", "-stderr")
MOVE_THE_SLIDER = r"""#N canvas 0 0 300 200 10;
#X obj 10 10 loadbang;
#X obj 10 40 metro 300;
#X msg 10 70 3.5;
#X obj 10 100 s artgen-speed;
#X msg 80 40 1;
#X connect 0 0 4 0;
#X connect 4 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
"""
PLAY_A_MOOD = r"""#N canvas 0 0 300 400 10;
#X obj 10 10 loadbang;
#X msg 10 40 \; pd dsp 1 \; artgen-valence VALENCE \; artgen-energy ENERGY \; artgen-tempo 120;
#X obj 10 70 metro 500;
#X obj 10 100 s artgen-beat;
#X msg 10 130 1;
#X obj 10 200 r~ artgen-sound;
#X obj 10 230 tabwrite~ sound;
#X obj 10 260 table sound 88200;
#X obj 10 300 delay 2100;
#X msg 10 330 write -wave FILE sound;
#X obj 10 360 soundfiler;
#X msg 10 390 \; pd quit;
#X connect 0 0 1 0;
#X connect 0 0 4 0;
#X connect 4 0 2 0;
#X connect 2 0 3 0;
#X connect 5 0 6 0;
#X connect 0 0 6 0;
#X connect 0 0 8 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
#X connect 10 0 11 0;
"""


def speeds(messages: list[Message]) -> list[tuple[object, ...]]:
    return [message.arguments for message in messages if message.path == "/visuals/speed"]


def test_the_slider_in_pure_data_steers_the_speed(tmp_path: Path) -> None:
    need_programs("pd")
    driver = tmp_path / "driver.pd"
    driver.write_text(MOVE_THE_SLIDER)
    patch = str(ROOT / "examples/puredata/artgen.pd")
    with capture(port=9101) as port, running(*PD, patch, str(driver), log=tmp_path / "log"):
        messages = hear(port, lambda messages: len(speeds(messages)) >= 3, what="speeds")
    assert set(speeds(messages)) == {(3.5,)}


def played(folder: Path, valence: float, energy: float) -> tuple[np.ndarray, int]:
    """Two seconds of `synth.pd` in a mood, faster than real time: samples and their rate.

    By way of a table: `writesf~` writes on a thread, which Pure Data does not wait for when it quits.
    """
    wav, driver, log = folder / f"{valence}-{energy}.wav", folder / "driver.pd", folder / "log"
    patch = PLAY_A_MOOD.replace("VALENCE", str(valence)).replace("ENERGY", str(energy)).replace("FILE", str(wav))
    driver.write_text(patch)
    with running(*PD, "-batch", str(ROOT / "examples/puredata/synth.pd"), str(driver), log=log) as process:
        wait_for(lambda: process.poll() is not None, 60, "the end of Pure Data")
    assert "error" not in log.read_text()
    samples, rate = soundfile.read(wav)
    return samples, rate


def strength(samples: np.ndarray, rate: int, hz: float) -> float:
    """How strong a tone is, by the largest line of the spectrum within 2 Hz of it."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    lines = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(spectrum[np.abs(lines - hz) < 2].max())


def test_the_chords_of_pure_data_follow_the_mood(tmp_path: Path) -> None:
    need_programs("pd")
    minor_third, major_third = 155.56, 164.81
    happy, rate = played(tmp_path, valence=0.9, energy=0.9)
    sad, _ = played(tmp_path, valence=0.1, energy=0.1)
    assert strength(happy, rate, major_third) > 5 * strength(happy, rate, minor_third)
    assert strength(sad, rate, minor_third) > 5 * strength(sad, rate, major_third)
    assert happy.std() > 2 * sad.std() > 0


def supercollider(*files: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command that runs files in sclang, and its environment, without a screen."""
    return ("sclang", "-D", *map(str, files)), os.environ | SCREENLESS


def test_supercollider_plays_in_the_mode_of_the_mood_and_steers_back(tmp_path: Path) -> None:
    need_programs("sclang")
    command, env = supercollider(ROOT / "examples/supercollider/artgen.scd")
    log = tmp_path / "log"
    with capture(port=9101) as port, running(*command, log=log, env=env):
        listens = wait_for(lambda: re.search(r"listening on port (\d+)", log.read_text()), 60, "sclang", log.read_text)

        def beats() -> list[str]:
            return re.findall(r"beat (\d+) tempo 300.0 valence 0.25 energy 0.75 mode minor notes 3", log.read_text())

        with show(int(listens[1]), valence=0.25, energy=0.75):  # 57120, unless another one has it
            wait_for(lambda: len(beats()) >= 20, 60, "twenty beats", log.read_text)
        messages = port.read(0.2)
    assert len(set(beats())) == len(beats())
    assert "/visuals/seed/next" in {message.path for _, message in messages}
    assert {message.arguments for _, message in messages if message.path == "/visuals/speed"} == {(3.5,)}


RENDER = """
"PATCH".load;
Score.recordNRT([
    [0, [\\d_recv, SynthDescLib.global[\\artgen].def.asBytes]],
    [0.1, [\\s_new, \\artgen, 1000, 0, 0, \\freq, 220]],
    [1, [\\c_set, 0, 0]]
], "FOLDER/score", "FOLDER/note.wav", headerFormat: "WAV", sampleRate: 44100, action: { 0.exit });
"""


def test_the_synth_of_supercollider_sounds(tmp_path: Path) -> None:
    need_programs("sclang", "scsynth")
    script, log = tmp_path / "render.scd", tmp_path / "log"
    patch = str(ROOT / "examples/supercollider/artgen.scd")
    script.write_text(RENDER.replace("PATCH", patch).replace("FOLDER", str(tmp_path)))
    command, env = supercollider(script)
    with running(*command, log=log, env=env) as process:
        wait_for(lambda: process.poll() is not None, 25, "the end of sclang")
    sound, rate = soundfile.read(tmp_path / "note.wav")
    assert np.isfinite(sound).all()
    assert strength(sound.mean(1), rate, 220.0) > 10 * strength(sound.mean(1), rate, 300.0)
