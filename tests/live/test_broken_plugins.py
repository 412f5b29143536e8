"""A show with a package in which all is broken goes on, and names each; for real, in processes of their own."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import capture
from tests.live import broken_plugins
from tests.live.servers import ARTGEN, ROOT, running
from tests.ports import free_port
from tests.support.waiting import hear, wait_for
from visuals.generators.opening import SHIPPED

pytestmark = pytest.mark.live

BROKEN = {
    "extractor": "nan_hops,raising_hops,slow_hops,stuck_hop,unmade_extractor",
    "effect": "absent,gl_error,raising_draw",
    "layer": "raising_layer,stuck",
    "output": "raising_output,stuck_output,unmade_output",
    "surface": "raising_surface,stuck_surface,unmade_surface",
    "input": "raising_input",
    "generator": "raising_generator",
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Of programs that find the package of broken plugins installed once a test has installed it."""
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    return os.environ | {"PYTHONPATH": path, "XDG_STATE_HOME": str(tmp_path / "state")}


def named(log: Path) -> set[str]:
    """The plugins that a log says are out of the show."""
    return set(re.findall(r"artgen\.plugins: \w+ (\w+): .*the show goes on without it", log.read_text()))


def goes_on(messages: list[Message], of: str) -> bool:
    """Whether a program has told its state a few times."""
    return len({message.arguments[0] for message in messages if message.path == f"/{of}/status/heartbeat"}) >= 3


def told(messages: list[Message], of: str) -> str:
    """The newest that a program says of its plugins; empty before it has."""
    said = [str(message.arguments[0]) for message in messages if message.path == f"/{of}/status/plugins"]
    return said[-1] if said else ""


def tells(messages: list[Message], of: str, broken: list[str]) -> bool:
    return all(one in told(messages, of) for one in broken)


@contextmanager
def client(port: int) -> Iterator[SimpleUDPClient]:
    sender = SimpleUDPClient("127.0.0.1", port)
    yield sender
    sender._sock.close()


def test_a_show_goes_on_with_a_broken_plugin_of_each_kind_and_names_each(env: dict[str, str], tmp_path: Path) -> None:
    broken_plugins.install(tmp_path, **BROKEN)
    log, osc, visuals = tmp_path / "log", free_port(), free_port()
    names = {name for kind in BROKEN.values() for name in kind.split(",")}
    ports = (f"--osc-port={osc}", f"--visuals-port={visuals}", "--osc-query-port=0", "--visuals-query-port=0")
    words = ("--mute", "--headless", "--web-port=0", "--input=demo", f"--visuals-model={SHIPPED}")
    with capture() as heard, capture() as seen, client(osc) as daemon, client(visuals) as renderer:
        live = (*ARTGEN, "live", *words, *ports, f"--osc=127.0.0.1:{heard.port}")
        with running(*live, log=log, env=env, cwd=tmp_path) as show:
            wait_for(lambda: names - {"raising_input"} <= named(log), 120, "all names", log.read_text)
            daemon.send_message("/artgen/control/input", "raising_input")
            renderer.send_message("/visuals/subscribe", f"127.0.0.1:{seen.port}")
            for port, of, kinds in (
                (heard, "artgen", ("extractor", "input")),
                (seen, "visuals", ("effect", "generator", "layer", "output", "surface")),
            ):
                broken = [f"{kind} {name}" for kind in kinds for name in BROKEN[kind].split(",")]
                hear(port, partial(tells, of=of, broken=broken), what=str(broken), evidence=log.read_text)
                hear(port, partial(goes_on, of=of), what=f"{of} going on", evidence=log.read_text)
            assert show.poll() is None
    assert show.returncode == 0 and "Traceback" not in log.read_text()


def test_an_effect_that_stands_the_picture_still_is_named_and_left_out_of_the_next_show(
    env: dict[str, str], tmp_path: Path
) -> None:
    broken_plugins.install(tmp_path, effect="stuck_draw")
    log, visuals = tmp_path / "log", free_port()
    words = (f"--visuals-port={visuals}", "--visuals-query-port=0", "--headless", "--visuals-model=idle")

    def plugin() -> dict[str, Any]:
        listed = subprocess.run((*ARTGEN, "plugins", "--json"), capture_output=True, text=True, env=env, check=True)
        return next(one for one in map(json.loads, listed.stdout.splitlines()) if one["name"] == "stuck_draw")

    def subscribe() -> bool:
        with client(visuals) as renderer:
            renderer.send_message("/visuals/subscribe", f"127.0.0.1:{seen.port}")
        return True

    with capture() as seen:
        with running(*ARTGEN, "visuals", *words, log=log, env=env, cwd=tmp_path) as show:
            hear(seen, lambda all_: subscribe() and goes_on(all_, "visuals"), what="frames", evidence=log.read_text)
            (tmp_path / "stand still").touch()
            reason = "effect stuck_draw: hasn't come back for 2 s"
            hear(seen, partial(tells, of="visuals", broken=[reason]), what=reason, evidence=log.read_text)
            assert "the show stands still until it does, and the next one leaves it out" in log.read_text()
            show.kill()
            show.wait()
        assert plugin()["reason"].startswith("a show ended while it didn't come back; artgen plugins check stuck_draw")
    with (
        capture() as seen,
        running(*ARTGEN, "visuals", *words, log=log, env=env, cwd=tmp_path),
    ):
        hear(seen, lambda all_: subscribe() and goes_on(all_, "visuals"), what="frames", evidence=log.read_text)
        assert "effect stuck_draw: blocks (a show ended" in log.read_text()
