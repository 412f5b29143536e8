"""The monitor: what is counted, how it is shown, and both directions of a real daemon and a real renderer."""

import contextlib
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pythonosc.udp_client import SimpleUDPClient

from artgen_osc import cli
from artgen_osc.commands.monitor_screen import SHOWN_IN, Traffic, _Display
from artgen_osc.daemon.meters import Meters
from artgen_osc.osc.receiver import capture
from artgen_osc.osc.recording import read
from artgen_osc.runtime.terminal import cells
from artgen_osc.schema.values import Address, Value
from tests import show_table
from tests.live.servers import ARTGEN, running
from tests.ports import free_port
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow

ROWS = show_table.by_path(show_table.SENT, show_table.PAINTED, show_table.DAEMON, show_table.VISUALS)


def values(**given: Value) -> list[tuple[Address, Value]]:
    return [(ROWS["/" + name.replace("__", "/")], value) for name, value in given.items()]


def test_rates_are_those_of_the_last_second() -> None:
    traffic = Traffic(show_table.TABLE.controls)
    for hop in range(0, 301):
        traffic.receive(values(artgen__valence=0.5), hop / 100)
        if hop % 10 == 0:
            traffic.receive(values(visuals__seed=hop), hop / 100)
    assert traffic.rate("/artgen/valence") == pytest.approx(100.0, rel=0.05)
    assert traffic.rate("/visuals/seed") == pytest.approx(10.0, rel=0.1)
    assert traffic.rate("/artgen/energy") == 0.0
    out, into = (line for line in traffic.summary() if line.startswith(("out", "in")))
    assert out.startswith("out      100 values/s, 100 hops/s")
    assert into.startswith("in       10 values/s")
    traffic.receive([], 4.2)
    assert traffic.rate("/artgen/valence") == 0.0


def test_control_messages_and_new_refusals_are_news() -> None:
    traffic = Traffic(show_table.TABLE.controls)
    assert not traffic.receive(values(artgen__valence=0.5, artgen__status__refusal=""), 0.0)
    assert traffic.receive(values(visuals__speed=2.0, artgen__control__gain_db=-3.0), 0.1) == [
        "in       /visuals/speed 2",
        "in       /artgen/control/gain_db -3",
    ]
    refusal = values(visuals__status__refusal="/visuals/sped: unknown address")
    assert traffic.receive(refusal, 0.2) == ["refused  /visuals/sped: unknown address (renderer)"]
    assert not traffic.receive(refusal, 1.2), "it is told once a second, and is news once"
    (long,) = traffic.receive(values(artgen__control__input="x" * 60_000), 1.2)
    assert len(long) < 200 and "…" in long
    for seed in range(20):
        traffic.receive(values(visuals__seed=seed), 1.3)
    assert list(traffic.controls) == [f"/visuals/seed {seed}" for seed in range(20 - SHOWN_IN, 20)]


def test_what_is_heard_is_shown_and_for_how_long_nothing_was() -> None:
    traffic = Traffic(show_table.TABLE.controls)
    traffic.receive(values(artgen__status__input="browser", artgen__status__silent=1.2), 0.0)
    assert traffic.summary()[0] == "sound    browser, heard"
    traffic.receive(values(artgen__status__silent=42.4), 1.0)
    assert traffic.summary()[0] == "sound    browser, nothing heard for 42 s"


def test_values_of_added_extractors_and_broken_plugins_are_shown() -> None:
    traffic = Traffic(show_table.TABLE.controls)
    assert not [line for line in traffic.summary() if line.startswith(("added", "plugins"))]
    kick = Address("/artgen/x/drums/kick", "float", "")
    hits = Address("/artgen/x/drums/hits", "int", "")
    traffic.receive([(kick, 0.25), (hits, 3), *values(artgen__status__plugins="input tape: no such module")], 0.0)
    shown = [line for line in traffic.summary() if line.startswith(("added", "plugins"))]
    assert shown == ["added    drums/kick 0.25, drums/hits 3", "plugins  input tape: no such module"]
    traffic.receive(values(artgen__status__plugins="", visuals__status__plugins="output wall: no such wall"), 1.0)
    assert "plugins  output wall: no such wall" in traffic.summary()


def test_the_table_has_value_unit_and_rate() -> None:
    traffic = Traffic(show_table.TABLE.controls)
    traffic.receive(values(artgen__tempo_bpm=128.02), 0.0)
    (line, missing) = traffic.table([ROWS["/artgen/tempo_bpm"], ROWS["/artgen/key"]])
    assert line.split() == ["/artgen/tempo_bpm", "128", "BPM", "0.0/s"]
    assert missing.split() == ["/artgen/key", "0.0/s"]


@contextlib.contextmanager
def clients(*ports: int) -> Iterator[list[SimpleUDPClient]]:
    senders = [SimpleUDPClient("127.0.0.1", port) for port in ports]
    yield senders
    for sender in senders:
        sender._sock.close()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_redrawn_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "4")
    terminal = Terminal()
    display = _Display(terminal)
    display.show(["one", "a line that is far too long for it", "three", "four", "five"], [], 1.0)
    assert terminal.getvalue().count("\n") == 3
    assert "a line that is far \x1b[K" in terminal.getvalue()
    before = len(terminal.getvalue())
    display.show(["too soon"], [], 1.01)
    assert len(terminal.getvalue()) == before
    display.show(["one"], [], 2.0)
    assert terminal.getvalue()[before:] == "\x1b[3A\rone\x1b[K\n\x1b[J"


def test_wide_letters_take_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    _Display(terminal).show(["夜" * 15, "キー 🎹 " * 5], [], 1.0)
    assert terminal.getvalue() == f"\r{'夜' * 9} \x1b[K\n\rキー 🎹 キー 🎹 キ \x1b[K\n\x1b[J"
    traffic = Traffic(show_table.TABLE.controls)
    traffic.receive(values(artgen__title="夜の歌", artgen__key="A minor"), 0.0)
    title, key = traffic.table([ROWS["/artgen/title"], ROWS["/artgen/key"]])
    assert cells(title) == cells(key)


def test_a_terminal_that_cant_be_drawn_over_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    display = _Display(terminal)
    display.show(["state"], [], 1.0)
    display.show(["state"], [], 2.1)
    assert terminal.getvalue() == "state\nstate\n"


@pytest.mark.parametrize(("term", "clear"), [("xterm", "\x1b[K"), ("dumb", "")])
def test_meters_are_cut_by_columns(monkeypatch: pytest.MonkeyPatch, term: str, clear: str) -> None:
    monkeypatch.setenv("TERM", term)
    terminal = Terminal()
    meters = Meters(terminal)
    for now, columns in ((1.0, "173"), (2.0, "31")):
        monkeypatch.setenv("COLUMNS", columns)
        meters.show({"/artgen/key": "夜" * 100}, now)
    first, second = terminal.getvalue().removeprefix("\r").split("\r")
    assert first.endswith(f"夜{clear}") or first.endswith(f"夜 {clear}")
    assert cells(first.removesuffix(clear)) == 172
    assert cells(second.removesuffix(clear)) == (30 if clear else 172), "the rest of a longer line is gone"


def test_into_a_pipe_news_are_printed_at_once_and_the_rest_once_a_second() -> None:
    pipe = io.StringIO()
    display = _Display(pipe)
    display.show(["state"], [], 1.0)
    display.show(["state"], ["in       /visuals/seed 7"], 1.5)
    display.show(["state"], [], 2.1)
    assert pipe.getvalue().splitlines() == ["state", "in       /visuals/seed 7", "state"]


def test_a_real_daemon_and_renderer_are_shown_and_recorded(
    gl_context: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both as processes; the monitor here, with a control of each and one that is refused."""
    recording = tmp_path / "show.osc"
    osc_port, visuals_port = free_port(), free_port()
    ports = [f"--osc-port={osc_port}", f"--visuals-port={visuals_port}"]
    off = ["--osc-query-port=0", "--web-port=0", "--visuals-query-port=0", "--visuals-model=idle"]
    live = [*ARTGEN, "live", "--input=demo", "--mute", "--headless", "--visuals-width=160", "--visuals-height=90"]
    log = tmp_path / "live"
    with running(*live, *ports, *off, log=log), clients(osc_port, visuals_port) as (daemon, renderer):
        with capture() as port:
            heard: set[str] = set()

            def both_run() -> bool:
                daemon.send_message("/artgen/control/subscribe", f":{port.port},lease=1")
                renderer.send_message("/visuals/subscribe", f":{port.port},lease=1")
                heard.update(message.path for _, message in port.read(1.0))
                return heard >= {"/artgen/status/heartbeat", "/visuals/status/heartbeat"}

            wait_for(both_run, 60, "the daemon and the renderer", log.read_text)

        def steer() -> None:
            time.sleep(3.0)
            daemon.send_message("/artgen/control/gain_db", 2.0)
            renderer.send_message("/visuals/seed", 7)
            renderer.send_message("/visuals/sed", 7)

        steering = threading.Thread(target=steer)
        steering.start()
        assert cli.main(["monitor", *ports, "--port=0", "--seconds=7", f"--record={recording}"]) == 0
        steering.join()
    printed = capsys.readouterr().out
    assert "in       /artgen/control/gain_db 2" in printed, printed
    assert "in       /visuals/seed 7" in printed
    assert "refused  /visuals/sed: unknown address (renderer)" in printed
    assert "hops/s" in printed and "pictures/s, idle" in printed
    played = [message.path for recorded in read(recording) for message in recorded.messages]
    assert {"/artgen/valence", "/artgen/key", "/visuals/status/fps", "/visuals/seed"} <= set(played)


def test_a_filter_that_means_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor", "--filter", "/artgen/nothing*"]) == 2
    assert "--filter /artgen/nothing*: means no address" in capsys.readouterr().err


def test_without_a_daemon_it_says_what_to_start(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    osc, visuals = free_port(), free_port()
    command = ["monitor", f"--osc-port={osc}", f"--visuals-port={visuals}", "--port=0", "--seconds=3.5"]
    assert cli.main([*command, f"--record={tmp_path / 'nothing.osc'}"]) == 0
    nothing = f"nothing comes from 127.0.0.1:{osc} or 127.0.0.1:{visuals}; start artgen live"
    assert nothing in capsys.readouterr().out
    assert not (tmp_path / "nothing.osc").exists()
