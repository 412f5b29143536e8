"""OSCQuery of a running daemon and a running renderer."""

import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.app import Daemon
from artgen_osc.osc.receiver import capture
from tests.ports import free_port
from tests.support.daemons import RunningDaemon
from tests.support.oscquery import Peer, Server, message, packet
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


class Show(Peer):
    """A daemon on a thread, with its server."""

    def __init__(self, show_file: Path, target: int) -> None:
        port = free_port()
        self.running = RunningDaemon({"osc.query_port": port, "osc.targets": [f"127.0.0.1:{target}"]}, show_file)
        super().__init__(port)


def test_a_running_daemon_is_heard_and_steered(tmp_path: Path) -> None:
    show_file = tmp_path / "show.toml"
    show_file.write_text("")
    with capture() as udp:
        show = Show(show_file, udp.port)
        with show.running:
            datagrams: list[tuple[str, Any]] = []
            over = threading.Event()

            def read() -> None:
                while not over.is_set():
                    datagrams.extend((m.path, m.arguments[0]) for _, m in udp.read(0.2))

            thread = threading.Thread(target=read)
            thread.start()
            heard: dict[str, list[Any]] = {
                path: []
                for path in ("/artgen/level_db", "/artgen/onset/count", "/artgen/status/heartbeat", "/artgen/chroma/3")
            }
            with show.listen(*heard) as client:
                while min(map(len, heard.values())) < 4:
                    path, value = message(client)
                    heard[path].append(value)
            over.set()
            thread.join()
            for path, values in heard.items():
                sent = [value for other, value in datagrams if other == path]
                changes = [value for at, value in enumerate(sent) if at == 0 or value != sent[at - 1]]
                values = values[1:]  # the first is what had been sent before
                assert any(changes[at : at + len(values)] == values for at in range(len(changes))), path

            with show.listen("/artgen/control/gain_db", "/artgen/control/mood/manual") as client:
                first = {message(client), message(client)}
                assert first == {("/artgen/control/gain_db", 0.0), ("/artgen/control/mood/manual", 0)}
                client.send(packet("/artgen/control/gain_db", -6.0))
                assert message(client) == ("/artgen/control/gain_db", -6.0)
                assert show.get("/artgen/control/gain_db?VALUE")[1] == {"VALUE": [-6.0]}
                show_file.write_text("[mood]\nmanual = true\n")
                assert message(client) == ("/artgen/control/mood/manual", 1)

                def dropped() -> int:
                    answer = show.get("/artgen/status/dropped?VALUE")[1]
                    return answer["VALUE"][0] if answer else 0

                before = dropped()
                client.send(packet("/artgen/control/gain_db", 99.0))
                client.send(b"garbage")
                wait_for(lambda: dropped() == before + 2, what="both counted")


def test_a_daemon_whose_port_is_taken_goes_on(server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    flags = {
        "audio.input": "demo",
        "audio.mute": True,
        "osc.port": free_port(),
        "osc.query_port": server.port,
        "web.port": 0,
    }
    assert Daemon(ConfigFile(None, flags)).run(0.5) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"127.0.0.1:{server.port}: OSCQuery can't listen there" in caplog.text


def test_a_running_renderer_tells_its_settings(gl_context: Any, tmp_path: Path) -> None:
    from visuals.app import run
    from visuals.control.controls import Control
    from visuals.loop import RenderLoop

    port = free_port()
    given = {"query_port": port, "width": 160, "height": 90, "model": "idle", "headless": True}
    given["port"] = free_port()
    peer = Peer(port)
    seen: list[Any] = []
    with contextlib.ExitStack() as stack:
        clients: list[ClientConnection] = []

        def on_frame(loop: RenderLoop, control: Control) -> None:
            if not clients:
                clients.append(stack.enter_context(peer.listen("/visuals/speed", "/visuals/freeze")))
                seen.extend([message(clients[0]), message(clients[0])])
                seen.append(peer.get("/visuals/model?VALUE")[1])
                seen.append(peer.get("/artgen/valence?ACCESS")[1])
                clients[0].send(packet("/visuals/speed", 2.5))
                clients[0].send(packet("/visuals/freeze", 1.0))
            elif control.settings.freeze:
                clients[0].send(packet("/visuals/quit", 1))

        assert run(ConfigFile(None, {f"visuals.{key}": value for key, value in given.items()}), on_frame=on_frame) == 0
        assert {seen[0], seen[1]} == {("/visuals/speed", 1.0), ("/visuals/freeze", 0)}
        assert seen[2:] == [{"VALUE": ["idle"]}, {"ACCESS": 2}]
        assert {message(clients[0]), message(clients[0])} == {("/visuals/speed", 2.5), ("/visuals/freeze", 1)}
