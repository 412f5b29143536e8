"""The supervision of the renderer: what ends a show, and what is tried again."""

import subprocess
import sys
from subprocess import Popen
from typing import Any

import pytest

from artgen_osc.cli import build_parser
from artgen_osc.config.arguments import flags
from artgen_osc.daemon import renderer
from artgen_osc.daemon.renderer import USAGE_ERROR, Renderer
from tests.support.waiting import wait_for


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Statuses with which the renderer ends, one start after the other."""
    monkeypatch.setattr(renderer, "RESTART_SECONDS", 0.01)
    statuses: list[int] = []

    def popen(command: list[str], **options: Any) -> Popen[bytes]:
        assert command[1:4] == ["-P", "-m", "artgen_osc"]
        end = "os.kill(os.getpid(), 9)" if statuses[0] < 0 else f"sys.exit({statuses[0]})"
        del statuses[0]
        return Popen([sys.executable, "-c", f"import os, sys; {end}"], **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    return statuses


def supervised(one: Renderer, until: Any) -> None:
    def step() -> bool:
        one.supervise()
        return bool(until())

    wait_for(step)


@pytest.mark.parametrize("status", [0, USAGE_ERROR])
def test_one_that_is_closed_or_cannot_start_ends_the_show(ends: list[int], status: int) -> None:
    ends.append(status)
    one = Renderer({})
    supervised(one, lambda: one.status is not None)
    assert (one.status, one.restarts) == (status, 0)


def test_one_that_crashed_is_started_again_even_while_the_show_file_is_wrong(ends: list[int]) -> None:
    ends.extend([1, USAGE_ERROR, -9, 0])
    one = Renderer({})
    supervised(one, lambda: one.status is not None)
    assert (one.status, one.restarts) == (0, 3)


def test_one_that_had_run_for_long_is_started_again(ends: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "HEALTHY_SECONDS", 0.0)
    ends.extend([USAGE_ERROR, 0])
    one = Renderer({})
    supervised(one, lambda: one.status is not None)
    assert (one.status, one.restarts) == (0, 1)


def test_a_system_without_room_for_it_is_asked_again(
    ends: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start, full = subprocess.Popen, [True]

    def popen(*words: Any, **options: Any) -> Popen[bytes]:
        if full.pop() if full else False:
            raise OSError(11, "Resource temporarily unavailable")
        return start(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    ends.append(0)
    one = Renderer({})
    supervised(one, lambda: one.status is not None)
    assert "can't be started (Resource temporarily unavailable)" in caplog.text
    assert (one.status, one.restarts) == (0, 1)
    one.close()


def test_it_is_given_its_own_settings_and_whether_time_tags_count() -> None:
    given = {"visuals.fps": 30, "osc.port": 9000, "osc.time_tags": False, "audio.input": "demo"}
    words = Renderer(given)._command
    assert words[-3:] == ["--child", "--visuals-fps=30", "--no-osc-time-tags"]
    settings = vars(build_parser().parse_args(words[words.index("visuals") :]))
    assert settings["visuals.fps"] == 30 and settings["osc.time_tags"] is False


def test_it_takes_every_flag_of_the_plugins_that_the_show_was_given() -> None:
    given = build_parser().parse_args(
        ["live", "--plugins-off", "punch", "--plugins-copies=a=record", "--plugins-copies=b=stream"]
    )
    words = Renderer(flags(given))._command
    settings = flags(build_parser().parse_args(words[words.index("visuals") :]))
    assert settings["plugins.off"] == ["punch"] and settings["plugins.copies"] == ["a=record", "b=stream"]
