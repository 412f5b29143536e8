"""Models are tried in a process that can be ended."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from artgen_osc.errors import EngineError, ModelError
from tests.odd import odd_names, write_trap
from tests.support.waiting import wait_for
from tests.test_foreign import write
from tests.test_generator import write_model
from visuals.generators import trial
from visuals.generators.opening import IDLE, SHIPPED
from visuals.generators.trial import Trials, needs_trial
from visuals.painting.worker import ThreadWorker


def test_a_good_model_is_tried_and_paints(tmp_path: Path) -> None:
    for path in (write(tmp_path / "foreign.onnx"), write_model(tmp_path / "ours.onnx")):
        assert needs_trial(str(path)), "a card is no proof"
        paint = Trials().open(str(path))
        assert paint.name == path.stem
        assert paint(np.ones(paint.z_dim, np.float32), np.full(2, 0.5, np.float32), 1.0).dtype == np.uint8


@pytest.mark.skipif(not SHIPPED.exists(), reason="no generator is installed")
def test_only_the_installed_generator_is_spared(tmp_path: Path) -> None:
    data = SHIPPED.read_bytes()
    (tmp_path / "same.onnx").write_bytes(data)
    (tmp_path / "other.onnx").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert not any(needs_trial(name) for name in ("", IDLE, str(SHIPPED), str(tmp_path / "same.onnx")))
    assert all(needs_trial(name) for name in (str(tmp_path / "other.onnx"), "none.onnx"))


def test_a_network_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "LONGEST_S", 1.5)
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"endless\.onnx: had no picture after 2 s"):
        Trials().open(str(write_trap(tmp_path / "endless.onnx", "endless")))
    assert time.monotonic() - start < 60.0


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system tells memory in another way")
def test_a_network_that_takes_all_memory_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MOST_MEMORY", 600 << 20)
    with pytest.raises(ModelError, match=r"vast\.onnx: takes more than 1 GB of memory"):
        Trials().open(str(write_trap(tmp_path / "vast.onnx", "vast")))


def test_one_that_crashes_what_runs_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.onnx")
    monkeypatch.setattr(trial, "python_module", lambda *words: ["sh", "-c", "kill -SEGV $$"])
    with pytest.raises(ModelError, match=r"m\.onnx: ends what runs it \(status -11\)"):
        Trials().open(str(path))


def test_what_is_wrong_is_told_as_without_a_trial(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the same whatever z is"):
        Trials().open(str(write(tmp_path / "dead.onnx", dead=True)))
    with pytest.raises(EngineError, match=r"visuals\.engine: coreml isn't available"):
        Trials(engine="coreml").open(str(write(tmp_path / "m.onnx")))


def test_what_is_no_model_is_refused_at_once(tmp_path: Path) -> None:
    for name in odd_names(tmp_path).values():
        with pytest.raises(ModelError):
            Trials().open(name)


def test_another_choice_and_the_end_wait_for_no_trial(tmp_path: Path) -> None:
    endless = str(write_trap(tmp_path / "endless.onnx", "endless"))
    good = str(write(tmp_path / "good.onnx"))
    trials = Trials()
    worker = ThreadWorker(IDLE, trials.open)
    trials.wanted = worker.wants
    worker.load(endless)
    wait_for(lambda: worker.state.loading == endless)
    worker.load(good)
    wait_for(lambda: worker.state.name == "good")
    assert worker.state.error == ""
    worker.prepare((endless,))
    wait_for(lambda: worker.state.loading == endless)
    start = time.monotonic()
    worker.close()
    assert time.monotonic() - start < 20.0
    assert not [thread for thread in threading.enumerate() if thread.name == "models"]
