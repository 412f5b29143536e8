"""Spout and Syphon, against stand-ins for their libraries: both need a system that no machine that tests has."""

import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import moderngl
import numpy as np
import pytest

from artgen_osc.errors import OutputError
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.modulation.motion import Look
from visuals.outputs.shared import SharedSettings
from visuals.outputs.spout import SpoutOutput
from visuals.outputs.syphon import SyphonOutput
from visuals.testing.outputs import default_host

COLOURS = ((200, 0, 0), (0, 0, 200))
"""Above and below."""


class Seen:
    """What the libraries are given: names, pictures and whether each was told to end."""

    def __init__(self, context: Any) -> None:
        self.names: list[str] = []
        self.pictures: list[np.ndarray] = []
        self.ended = 0
        self.takes = True
        self._context = context

    def look(self, glo: int, size: tuple[int, int]) -> None:
        texture = self._context.external_texture(glo, size, 4, 0, "f1")
        self.pictures.append(np.frombuffer(texture.read(), np.uint8).reshape(size[1], size[0], 4))


def spout(seen: Seen) -> ModuleType:
    class SpoutSender:
        def setSenderName(self, name: str) -> None:
            seen.names.append(name)

        def sendTexture(self, glo: int, target: int, width: int, height: int, invert: bool, host: int) -> bool:
            assert target == 0x0DE1 and invert and host == 0
            seen.look(glo, (width, height))
            return seen.takes

        def releaseSender(self) -> None:
            seen.ended += 1

    module = ModuleType("SpoutGL")
    module.SpoutSender = SpoutSender  # type: ignore[attr-defined]
    return module


def syphon(seen: Seen) -> ModuleType:
    class SyphonOpenGLServer:
        def __init__(self, name: str) -> None:
            seen.names.append(name)

        def publish_frame_texture(self, texture: int, size: tuple[int, int]) -> None:
            if not seen.takes:
                raise RuntimeError("no context")
            seen.look(texture, size)

        def stop(self) -> None:
            seen.ended += 1

    module = ModuleType("syphon")
    module.SyphonOpenGLServer = SyphonOpenGLServer  # type: ignore[attr-defined]
    return module


KINDS = [(SpoutOutput, SharedSettings, spout), (SyphonOutput, SharedSettings, syphon)]


@pytest.fixture
def drawn(gl_context: Any) -> Any:
    """A screen that shows red above blue."""
    made = Screen(gl_context, (64, 36))
    picture = np.empty((32, 32, 3), np.uint8)
    picture[:16], picture[16:] = COLOURS
    made.take(picture, 1.0)
    made.draw(1.0, Look(zoom=1.0), {}, Moment())
    yield made
    made.release()


def turn(output: Any, time: float) -> None:
    output.prepare(time)
    output.wants(time)


def shown(made: Any, settings: Any, screen: Any) -> Any:
    host = default_host()
    host.showing.size = screen.size
    return made(settings, replace(host, share=screen.shared))


@pytest.mark.parametrize(("made", "declared", "library"), KINDS)
def test_what_was_drawn_is_shared(
    made: Any, declared: Any, library: Any, drawn: Any, gl_context: moderngl.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Seen(gl_context)
    module = library(seen)
    module.__spec__ = type("Spec", (), {"name": module.__name__})()  # importlib looks for one
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(made, "platform", sys.platform)
    output = shown(made, declared(), drawn)
    turn(output, 0.0)
    assert not seen.names and output.state == "off"
    output.settings = declared(on=True, name="Bühne", fps=30.0)
    for tick in range(60):
        turn(output, 1.0 + tick / 60)
    assert seen.names == ["Bühne"] and output.state == "sharing" and 29 <= len(seen.pictures) <= 31
    below, above = seen.pictures[0][4, 32], seen.pictures[0][-4, 32]
    assert above[0] > above[2] and below[2] > below[0] and above[3] == 255, "its bottom row is the first"
    output.settings = replace(output.settings, width=32, height=18)
    turn(output, 3.0)
    assert seen.pictures[-1].shape == (18, 32, 4) and seen.ended == 1
    seen.takes = False
    turn(output, 3.1)
    assert output.state.endswith("it is tried again in 1 s") and seen.ended == 2
    count = len(seen.pictures)
    turn(output, 3.2)
    assert len(seen.pictures) == count, "it waits"
    seen.takes = True
    turn(output, 4.3)
    assert output.state == "sharing"
    output.close()
    assert seen.ended == 3 and gl_context.error == "GL_NO_ERROR"


@pytest.mark.parametrize(("made", "declared", "library"), KINDS)
def test_what_is_missing_is_said(
    made: Any, declared: Any, library: Any, drawn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "platform", "elsewhere")
    with pytest.raises(OutputError, match="alone"):
        made.here()
    monkeypatch.setattr(made, "platform", sys.platform)
    monkeypatch.setattr(made, "module", "no_such_module")
    output = shown(made, declared(on=True), drawn)
    turn(output, 0.0)
    assert "pip install 'artgen-osc[" in output.state and output.state.endswith("it is tried again in 1 s")
    output.close()
