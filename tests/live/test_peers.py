"""OSC programs and libraries that others wrote, both ways: each subscribes to a real daemon, and steers.

What the daemon sends is heard as a float, an integer and a string, out of bundles; what the peers send is
taken by the receiver of the daemon and of the renderer, a bundle that is dated ahead at its time.
"""

import contextlib
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_server import BlockingOSCUDPServer
from pythonosc.osc_tcp_server import MODE_1_0, MODE_1_1, ThreadingOSCTCPServer
from pythonosc.tcp_client import SimpleTCPClient
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.schema.values import Value
from tests import show_table
from tests.conftest import need_programs
from tests.live.servers import ARTGEN, NODE, ROOT, run_npm, running
from tests.ports import free_port
from tests.support.waiting import wait_for

pytestmark = pytest.mark.live

VALENCE, BEATS, KEY = "/artgen/valence", "/artgen/beat/count", "/artgen/key"
SUBSCRIBE, UNSUBSCRIBE = "/artgen/control/subscribe", "/artgen/control/unsubscribe"
PEERS = ROOT / "tests/live/peers"
AHEAD_S = 1.0
"""How far ahead the peers date a bundle, which they send before anything else."""
AT_ONCE = [("/visuals/speed", 2.5), ("/visuals/seed", 7), ("/visuals/model", "idle"), ("/visuals/freeze", 1)]
LATER = [("/visuals/mood/valence", 0.75), ("/visuals/mood/energy", 0.25)]


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where it listens, for control and for OSCQuery."""

    port: int
    query_port: int

    def ask(self, path: str, target: str) -> None:
        """Subscribe a target to the stream, or end that."""
        with SimpleUDPClient("127.0.0.1", self.port) as client:
            client.send_message(path, target)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One that plays the demo and has found a mood, a beat and a key."""
    daemon, log = Daemon(free_port(), free_port()), tmp_path_factory.mktemp("daemon") / "log"
    command = (*ARTGEN, "daemon", "--input=demo", "--mute", "--seconds=300", "--web-port=0")
    ports = (f"--osc-port={daemon.port}", f"--osc-query-port={daemon.query_port}")
    with running(*command, *ports, log=log), capture() as port:

        def has_all() -> bool:
            daemon.ask(SUBSCRIBE, f":{port.port}")
            last = {message.path: message.arguments[0] for _, message in port.read(0.5)}
            return bool(last.get(VALENCE, 0.5) != 0.5 and last.get(BEATS) and last.get(KEY))

        wait_for(has_all, 60, "a mood, a beat and a key", log.read_text)
        daemon.ask(UNSUBSCRIBE, f":{port.port}")
        yield daemon
    assert "refused" not in log.read_text() and "Traceback" not in log.read_text(), log.read_text()


class Controls:
    """The receiver of the daemon and the renderer, and what it has taken: time of arrival, path, value."""

    def __init__(self) -> None:
        rows = show_table.by_path(show_table.DAEMON, show_table.VISUALS)
        self.receiver = OscReceiver("127.0.0.1", 0, rows)
        self.port = self.receiver.port
        self.taken: list[tuple[float, str, Value]] = []

    def wait(self, count: int, told: Callable[[], str] = str) -> list[tuple[str, Value]]:
        """The first `count` values."""

        def enough() -> bool:
            values = self.receiver.poll()
            self.taken.extend((time.monotonic(), row.path, value) for row, value in values)
            return len(self.taken) >= count

        wait_for(enough, 60, f"{count} values", lambda: f"{self.taken}\n{list(self.receiver.refusals)}\n{told()}")
        assert self.receiver.refused == 0, list(self.receiver.refusals)
        assert len(self.taken) == count
        return [(path, value) for _, path, value in self.taken]

    def wait_in_time(self, told: Callable[[], str] = str) -> None:
        """`AT_ONCE`, and `LATER` when it is due."""
        assert self.wait(len(AT_ONCE + LATER), told) == AT_ONCE + LATER
        times = [at for at, _, _ in self.taken]
        assert AHEAD_S / 2 < times[-1] - times[0] < AHEAD_S + 2


@pytest.fixture
def controls() -> Iterator[Controls]:
    controls = Controls()
    yield controls
    controls.receiver.close()


def hears(told: Callable[[], str]) -> None:
    """Wait until a peer has told ten values of each kind, a line each: path, in oscdump's case the type, value."""

    def values(path: str) -> list[str]:
        return re.findall(rf"{path}:? (?:[fis] )?\"?(.*?)\"?\n", told().replace("\\", ""))

    wait_for(lambda: min(len(values(path)) for path in (VALENCE, BEATS, KEY)) >= 10, 40, "ten values of each", told)
    valences = [float(value) for value in values(VALENCE)]
    assert 0.0 < min(valences) <= max(valences) < 1.0
    counts = [int(value) for value in values(BEATS)]
    assert counts == sorted(counts) and counts[0] > 0
    assert all(re.fullmatch(r"[A-G][#b]? (major|minor)", value) for value in values(KEY)), values(KEY)


class Told:
    """Lines of a peer in this process, as `hears` wants them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dispatcher = Dispatcher(strict_timing=False)
        for path in (VALENCE, BEATS, KEY):
            self.dispatcher.map(path, lambda path, value: self.lines.append(f"{path} {value}\n"))

    def __call__(self) -> str:
        return "".join(self.lines)


@contextlib.contextmanager
def serving(server: BlockingOSCUDPServer | ThreadingOSCTCPServer) -> Iterator[int]:
    """A server of python-osc on a thread; yields its port."""
    thread = threading.Thread(target=server.serve_forever)
    with server:
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def python_osc_steers(client: SimpleUDPClient | SimpleTCPClient) -> None:
    bundle = OscBundleBuilder(time.time() + AHEAD_S)
    for path, value in LATER:
        message = OscMessageBuilder(path)
        message.add_arg(value)
        bundle.add_content(message.build())
    client.send(bundle.build())
    for path, value in AT_ONCE:
        client.send_message(path, bool(value) if path == "/visuals/freeze" else value)


def test_python_osc(daemon: Daemon, controls: Controls) -> None:
    told = Told()
    with serving(BlockingOSCUDPServer(("127.0.0.1", 0), told.dispatcher)) as port:
        daemon.ask(SUBSCRIBE, f":{port}")
        hears(told)
        daemon.ask(UNSUBSCRIBE, f":{port}")
    with SimpleUDPClient("127.0.0.1", controls.port) as client:
        python_osc_steers(client)
    controls.wait_in_time()


@pytest.mark.parametrize(("option", "mode"), [("tcp", MODE_1_0), ("slip", MODE_1_1)])
def test_python_osc_over_tcp(daemon: Daemon, controls: Controls, option: str, mode: str) -> None:
    told = Told()
    with serving(ThreadingOSCTCPServer(("127.0.0.1", 0), told.dispatcher, mode)) as port:
        daemon.ask(SUBSCRIBE, f":{port},{option}")
        hears(told)
        daemon.ask(UNSUBSCRIBE, f":{port},{option}")  # which ends the connection, and with it the server's thread
    with SimpleTCPClient("127.0.0.1", controls.port, mode=mode) as client:
        python_osc_steers(client)
        controls.wait_in_time()


TYPES = [
    (("/visuals/speed", "f", "2.5"), 2.5),
    (("/visuals/smoothing", "d", "0.25"), 0.25),
    (("/visuals/seed", "i", "7"), 7),
    (("/visuals/beat/next", "h", "8"), 8),
    (("/visuals/model", "s", "idle"), "idle"),
    (("/visuals/freeze", "T"), 1),
    (("/visuals/blackout", "F"), 0),
    (("/visuals/seed/next", "I"), 1),
]


# liblo knows SLIP by the first bytes of a stream: END and an address, but not END and a bundle.
@pytest.mark.parametrize(("scheme", "option"), [("osc.udp", ""), ("osc.tcp", ",tcp"), ("osc.tcp", ",slip,messages")])
def test_liblo(daemon: Daemon, controls: Controls, tmp_path: Path, scheme: str, option: str) -> None:
    need_programs("oscdump", "oscsend")
    port, log = free_port(), tmp_path / "log"
    with running("oscdump", "-L", f"{scheme}://:{port}", log=log):
        subscribe = ("oscsend", f"osc.udp://127.0.0.1:{daemon.port}", SUBSCRIBE, "s", f":{port}{option}")
        subprocess.run(subscribe, check=True)
        hears(log.read_text)
        daemon.ask(UNSUBSCRIBE, f":{port}{option}")
    for words, _ in TYPES:
        subprocess.run(("oscsend", f"{scheme}://127.0.0.1:{controls.port}", *words), check=True)
    assert sorted(controls.wait(len(TYPES))) == sorted((words[0], value) for words, value in TYPES)


PD = r"""#N canvas 0 0 700 400 10;
#X obj 10 10 netreceive -u -b LISTEN;
#X obj 10 40 oscparse;
#X obj 10 70 list trim;
#X obj 10 100 route artgen;
#X obj 10 130 route valence beat key;
#X obj 10 160 print /artgen/valence;
#X obj 90 160 route count;
#X obj 90 190 print /artgen/beat/count;
#X obj 170 160 route confidence;
#X obj 170 190 s unused;
#X obj 250 190 print /artgen/key;
#X obj 300 10 loadbang;
#X obj 300 40 t b b b b b b;
#X msg 300 70 symbol :LISTEN;
#X obj 300 100 oscformat -f s artgen control subscribe;
#X obj 300 130 list prepend send;
#X obj 300 160 list trim;
#X obj 300 190 netsend -u -b;
#X msg 400 70 1;
#X msg 450 70 symbol idle;
#X msg 500 70 7;
#X msg 550 70 2.5;
#X obj 400 220 oscformat visuals freeze;
#X obj 450 250 oscformat visuals model;
#X obj 500 280 oscformat -f i visuals seed;
#X obj 550 310 oscformat visuals speed;
#X obj 400 340 list prepend send;
#X obj 400 360 list trim;
#X obj 400 380 netsend -u -b;
#X msg 600 70 connect 127.0.0.1 DAEMON;
#X msg 600 100 connect 127.0.0.1 CONTROLS;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 2 0 3 0;
#X connect 3 0 4 0;
#X connect 4 0 5 0;
#X connect 4 1 6 0;
#X connect 6 0 7 0;
#X connect 4 2 8 0;
#X connect 8 0 9 0;
#X connect 8 1 10 0;
#X connect 11 0 12 0;
#X connect 12 5 29 0;
#X connect 12 5 30 0;
#X connect 12 4 21 0;
#X connect 12 3 20 0;
#X connect 12 2 19 0;
#X connect 12 1 18 0;
#X connect 12 0 13 0;
#X connect 29 0 17 0;
#X connect 30 0 28 0;
#X connect 13 0 14 0;
#X connect 14 0 15 0;
#X connect 15 0 16 0;
#X connect 16 0 17 0;
#X connect 18 0 22 0;
#X connect 19 0 23 0;
#X connect 20 0 24 0;
#X connect 21 0 25 0;
#X connect 22 0 26 0;
#X connect 23 0 26 0;
#X connect 24 0 26 0;
#X connect 25 0 26 0;
#X connect 26 0 27 0;
#X connect 27 0 28 0;
"""


def filled_in(path: Path, text: str, listen: int, daemon: Daemon, controls: Controls) -> str:
    """Write a peer's program with its ports."""
    ports = {"LISTEN": listen, "DAEMON": daemon.port, "CONTROLS": controls.port}
    path.write_text(re.sub("|".join(ports), lambda name: str(ports[name[0]]), text))
    return str(path)


def test_pure_data(daemon: Daemon, controls: Controls, tmp_path: Path) -> None:
    """It has no bundles to send."""
    need_programs("pd")
    log = tmp_path / "log"
    patch = filled_in(tmp_path / "peer.pd", PD, free_port(), daemon, controls)
    with running("pd", "-nogui", "-noaudio", "-nomidi", "-stderr", patch, log=log):
        assert controls.wait(len(AT_ONCE), log.read_text) == AT_ONCE
        hears(log.read_text)


SUPERCOLLIDER = r"""
var controls = NetAddr("127.0.0.1", CONTROLS);
thisProcess.openUDPPort(LISTEN);
['/artgen/valence', '/artgen/beat/count', '/artgen/key'].do { |path|
    OSCFunc({ |message| "% %".format(*message).postln }, path, recvPort: LISTEN)
};
NetAddr("127.0.0.1", DAEMON).sendMsg('/artgen/control/subscribe', ":LISTEN");
controls.sendBundle(1.0, ['/visuals/mood/valence', 0.75], ['/visuals/mood/energy', 0.25]);
controls.sendMsg('/visuals/speed', 2.5);
controls.sendMsg('/visuals/seed', 7);
controls.sendMsg('/visuals/model', 'idle');
controls.sendMsg('/visuals/freeze', true);
{
    2.0.wait;
    controls.connect;
    controls.sendMsg('/visuals/beat/cut', true);
    controls.sendBundle(nil, ['/visuals/blackout', false], ['/visuals/seed/next']);
}.fork(AppClock);
"""


def test_supercollider(daemon: Daemon, controls: Controls, tmp_path: Path) -> None:
    """And over TCP at last."""
    need_programs("sclang")
    log = tmp_path / "log"
    script = filled_in(tmp_path / "peer.scd", SUPERCOLLIDER, free_port(), daemon, controls)
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}  # as root too
    with running("sclang", "-D", script, log=log, env=env):
        controls.wait_in_time(log.read_text)
        hears(log.read_text)
        over_tcp = controls.wait(len(AT_ONCE + LATER) + 3, log.read_text)[-3:]
    assert over_tcp == [("/visuals/beat/cut", 1), ("/visuals/blackout", 0), ("/visuals/seed/next", 1)]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment in which Node finds the packages; what they would build isn't needed."""
    folder = tmp_path_factory.mktemp("npm")
    wanted = ("osc@2.4.5", "node-osc@11.7.1", "oscquery@1.1.1")
    run_npm(folder, "install", *wanted, "--omit=optional", "--ignore-scripts", "--silent")
    return os.environ | {"NODE_PATH": str(folder / "node_modules")}


@pytest.mark.parametrize("script", ["osc_udp.js", "osc_tcp.js", "node_osc.js"])
def test_node(daemon: Daemon, controls: Controls, packages: dict[str, str], tmp_path: Path, script: str) -> None:
    log = tmp_path / "log"
    command = (NODE, str(PEERS / script), str(free_port()), str(daemon.port), str(controls.port))
    with running(*command, log=log, env=packages):
        controls.wait_in_time(log.read_text)
        hears(log.read_text)
    assert "error" not in log.read_text()


def test_the_oscquery_client_of_npm_reads_the_tree_and_steers(daemon: Daemon, packages: dict[str, str]) -> None:
    """It knows no LISTEN."""
    command = (NODE, str(PEERS / "oscquery.js"), str(daemon.query_port))
    answer = subprocess.run(command, env=packages, capture_output=True, text=True, check=True, timeout=60)
    found, lead = map(json.loads, answer.stdout.splitlines())
    assert (found["host"]["oscPort"], found["host"]["wsPort"]) == (daemon.port, daemon.query_port)
    methods = {method["full_path"]: method for method in found["methods"]}
    rows = (*show_table.SENT, *show_table.DAEMON)
    assert methods.keys() == {row.path for row in rows}
    for row in rows:
        (argument,) = methods[row.path]["arguments"]
        assert (methods[row.path]["description"], argument["type"]) == (row.doc, row.tag)
        assert row.tag == "s" or argument["range"] == {"min": row.low, "max": row.high}
    assert isinstance(methods[BEATS]["arguments"][0]["value"], int)
    assert lead["arguments"][0]["value"] == 0.25
