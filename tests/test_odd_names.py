"""Whatever a message or a setting names, the show goes on, and a start that can't be is one line."""

import errno
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.config.settings import ConfigFile
from artgen_osc.osc.receiver import OscReceiver
from tests import show_table
from tests.odd import odd_names, write_trap
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.waiting import wait_for
from visuals.app import run
from visuals.control.controls import Control, Controls
from visuals.control.scenes import recall as scenes
from visuals.generators.cache import GeneratorCache
from visuals.loop import RenderLoop

pytestmark = pytest.mark.slow

ON_DISK = ("mood.model", "web.songs", "web.certificate", "web.key", "web.run")
ON_DISK_OF_THE_RENDERER = (
    "visuals.model",
    "visuals.models",
    "visuals.second_model",
    "visuals.scenes",
    "visuals.scene",
    "visuals.gallery",
    "layer.1.source",
    "layer.1.font",
    "plugin.window2.mask",
)
STRINGS = [row.path for row in show_table.VISUALS if row.kind == "string"]
STRINGS_OF_THE_DAEMON = [row.path for row in show_table.DAEMON if row.kind == "string"]


def packet(path: str, value: str) -> bytes:
    """As any program may send it: text that is no UTF-8 too."""

    def padded(text: bytes) -> bytes:
        return text + b"\0" * (4 - len(text) % 4)

    return padded(path.encode()) + padded(b",s") + padded(value.encode("utf-8", "surrogatepass"))


class Sender:
    """Puts odd messages into a receiver, one a call."""

    def __init__(self, messages: list[tuple[str, str]]) -> None:
        self._left = messages

    def next(self, receiver: OscReceiver) -> bool:
        """Whether there was one."""
        if self._left and receiver.put(packet(*self._left[0]), "127.0.0.1"):
            self._left.pop(0)
        return bool(self._left)


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever lies in a folder ``gone``, on a network drive that is no more, can't be looked at."""
    for name, numbers in (("stat", [errno.ESTALE]), ("open", [errno.EIO, errno.EHOSTDOWN]), ("scandir", [errno.EIO])):
        real = getattr(os, name)

        def failing(path: Any, *args: Any, real: Any = real, numbers: list[int] = numbers, **named: Any) -> Any:
            if isinstance(path, (str, Path)) and "gone" in Path(path).parts:
                raise OSError(numbers[0], os.strerror(numbers[0]), str(path))
            return real(path, *args, **named)

        monkeypatch.setattr(os, name, failing)
    yield


def test_no_name_in_a_message_ends_the_renderer(
    gl_context: Any, gone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [*odd_names(tmp_path).values(), "gone/x.onnx", str(write_trap(tmp_path / "endless.onnx", "endless"))]
    receivers: list[OscReceiver] = []
    real = OscReceiver.__init__

    def remember(self: OscReceiver, *args: Any) -> None:
        real(self, *args)
        receivers.append(self)

    monkeypatch.setattr(OscReceiver, "__init__", remember)
    messages = [(path, name) for path in STRINGS for name in names]
    total = len(messages)
    sender = Sender([*messages, ("/visuals/model", ""), ("/visuals/model", "idle"), ("/visuals/model/second", "")])
    settings = {"port": free_port(), "query_port": 0, "width": 64, "height": 64, "model": "idle", "headless": True}
    settings |= {"help": True, "fps": 240}
    frames = 0

    def on_frame(loop: RenderLoop, control: Control) -> None:
        nonlocal frames
        frames += 1
        if not sender.next(receivers[0]) and loop.scene.worker.name == "idle" and not loop.scene.worker.second:
            receivers[0].put(packet("/visuals/quit", "")[:16] + b",\0\0\0", "127.0.0.1")

    file = ConfigFile(None, {f"visuals.{name}": value for name, value in settings.items()})
    with caplog.at_level(logging.WARNING):
        start = time.monotonic()
        assert run(file, seconds=120.0, on_frame=on_frame) == 0
    assert time.monotonic() - start < 100.0, "it was told to quit"
    assert frames > total
    assert receivers[0].refused > total / 4
    assert not [line for line in caplog.messages if "unexpected" in line]
    assert not [record for record in caplog.records if record.exc_info]


def test_no_name_in_a_message_ends_the_daemon(
    gone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [*odd_names(tmp_path).values(), "gone/x.wav"]
    names += [f"file:{name}" for name in names]
    sender = Sender([(path, name) for path in STRINGS_OF_THE_DAEMON for name in names])
    with caplog.at_level(logging.WARNING), RunningDaemon() as running:
        daemon = running.daemon

        def all_are_sent() -> bool:
            assert running.runs
            return not all(sender.next(daemon.receiver) for _ in range(50))

        def obeys() -> bool:
            running.send("/artgen/control/mood/valence", 0.75)
            assert running.runs
            return bool(daemon.config.plugin["mood"].valence == 0.75)

        wait_for(all_are_sent, 60, "the names to be sent")
        wait_for(obeys, 60, "what follows to be obeyed")
    assert daemon.receiver.refused
    assert not [line for line in caplog.messages if "unexpected" in line]


CHILD = """
import json, sys
from artgen_osc.cli import main
for words in json.load(sys.stdin):
    try:
        status = main(words)
    except SystemExit as error:
        status = error.code
    print("--", status, file=sys.stderr, flush=True)
"""


def flag(key: str, name: str) -> str:
    """What sets a setting to this name on the command line."""
    if key.startswith("layer."):
        return f"--set={key}={'picture:' if key.endswith('.source') else ''}{name}"
    return f"--{key.replace('.', '-').replace('_', '-')}={name}"


def started(command: list[str], keys: list[str], names: list[str], folder: Path) -> list[tuple[list[str], str, int]]:
    """Start a command for each setting and name, all in one process: its words, what was said, the status."""
    told = []
    every = [[*command, flag(key, name)] for key in keys for name in names]
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(every),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=240,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    said: list[str] = []
    for line in done.stderr.splitlines():
        if line.startswith("-- "):
            told.append((every[len(told)], "\n".join(said), int(line[3:])))
            said = []
        else:
            said.append(line)
    assert len(told) == len(every), done.stderr
    return told


FEW = ("long", "NUL", "newline", "surrogate", "folder", "below a file", "loop", "closed", "pipe", "zero")
"""Enough where each is a whole show."""


def check(told: list[tuple[list[str], str, int]]) -> None:
    for words, said, status in told:
        assert "Traceback" not in said and "unexpected" not in said, (words, said)
        assert status in (0, 2), (words, said)
        if status == 2:
            last = said.splitlines()[-1]
            assert last.startswith("artgen: "), (words, said)
            assert sum(line.startswith("artgen: ") for line in said.splitlines()) == 1, (words, said)


def test_every_setting_that_names_a_thing_on_disk_is_tried() -> None:
    """``audio.input`` is tried by its short flag."""
    words = ("file", "folder", "model", "scene to")
    named = {
        key
        for key, item in show_table.CONTRACT.settings.items()
        if item.default in ("", ()) and any(word in item.doc for word in words)
    }
    named = {
        key for key in named if key != "audio.input" and not re.match(r"layer\.[2-6]|plugin\.window[34]?\.", key)
    }  # as the one that is tried
    assert named | {"web.certificate"} == {
        *ON_DISK,
        *ON_DISK_OF_THE_RENDERER,
    } - {
        "visuals.scenes",
        "visuals.gallery",
        "web.songs",
    }


def test_a_renderer_starts_or_says_in_one_line_why_not(gl_context: Any, tmp_path: Path) -> None:
    odd = odd_names(tmp_path)
    few = [odd[what] for what in FEW if what in odd]
    command = ["visuals", "--headless", "--seconds=0.05", f"--visuals-port={free_port()}", "--visuals-query-port=0"]
    command += ["--visuals-width=64", "--visuals-height=64"]
    # What counts first is tried alone; the others with a model that needs no time.
    check(started(command, ["visuals.model"], [*odd.values()], tmp_path))
    check(started([*command, "--visuals-model=idle"], [*ON_DISK_OF_THE_RENDERER[1:], "config"], few, tmp_path))


def test_a_daemon_starts_or_says_in_one_line_why_not(tmp_path: Path) -> None:
    odd = odd_names(tmp_path)
    few = [odd[what] for what in FEW if what in odd]
    command = ["daemon", "--mute", "--seconds=0.05", f"--osc-port={free_port()}", "--osc-query-port=0"]
    check(started([*command, "--web-port=0", "--input=demo"], ["mood.model", "config"], [*odd.values()], tmp_path))
    check(started([*command, "--web-port=0"], ["input"], [f"file:{name}" for name in few], tmp_path))
    keys = ["web.songs", "web.certificate", "web.key"]
    check(started([*command, f"--web-port={free_port()}", "--input=demo"], keys, few, tmp_path))


def test_one_message_that_fails_unexpectedly_is_told_and_the_show_goes_on(
    gl_context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    port = free_port()
    places: list[tuple[type, str]] = [(Controls, "_visuals"), (scenes.Scenes, "_obey"), (GeneratorCache, "ready")]
    for owner, name in places:
        real = getattr(owner, name)

        def failing(self: Any, *args: Any, real: Any = real, name: str = name) -> Any:
            if any("bad" in str(part) for part in args[:2]):
                raise LookupError(f"a fault in {name}")
            return real(self, *args)

        monkeypatch.setattr(owner, name, failing)
    client = SimpleUDPClient("127.0.0.1", port)
    script: list[tuple[str, object]] = [
        ("/visuals/scene/save", "bad"),
        ("/visuals/model/second", "bad"),
        ("/visuals/speed", 2.0),
        ("/visuals/quit", 1),
    ]
    seen: list[Control] = []

    def on_frame(loop: RenderLoop, control: Control) -> None:
        seen.append(control)
        if len(seen) % 10 == 0 and script:
            client.send_message(*script.pop(0))

    settings = {"port": port, "query_port": 0, "width": 64, "height": 64, "model": "idle", "headless": True}
    file = ConfigFile(None, {f"visuals.{name}": value for name, value in settings.items()})
    assert run(file, seconds=60.0, on_frame=on_frame) == 0
    client._sock.close()
    assert seen[-1].settings.speed == 2.0
    for name in ("_obey", "_visuals"):
        assert sum(f"LookupError: a fault in {name}" in line for line in caplog.messages) == 1
