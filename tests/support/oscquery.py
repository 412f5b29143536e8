"""A client of a namespace over HTTP and WebSocket, and one without a daemon behind it."""

import contextlib
import http.client
import json
from collections.abc import Iterator
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.sync.client import ClientConnection, connect

from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.schema import values as schema
from artgen_osc.schema.values import Address, Value
from tests import show_table
from tests.support.waiting import wait_for

DAEMON = (*show_table.SENT, *show_table.DAEMON)
RENDERER = (*show_table.VISUALS, *show_table.SENT)
VALENCE, ENERGY = schema.OUTPUTS[0].address, schema.OUTPUTS[1].address
WRITE_ONLY = {
    "/artgen/control/target/add",
    "/artgen/control/target/remove",
    "/artgen/control/subscribe",
    "/artgen/control/unsubscribe",
    "/visuals/subscribe",
    "/visuals/unsubscribe",
    "/artgen/control/beat/tap",
    "/visuals/path/mark",
    "/visuals/path/remove",
    "/visuals/path/undo",
    "/visuals/path/clear",
    "/visuals/scene/number",
    "/visuals/scene/save",
    "/visuals/scene/delete",
    "/visuals/seed/next",
    "/visuals/model/load",
    "/visuals/modulate/add",
    "/visuals/modulate/remove",
    "/visuals/snapshot",
    "/visuals/quit",
}


class Peer:
    """What a client needs of a server: its port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, target: str, method: str = "GET", **headers: str) -> tuple[int, Any, dict[str, str]]:
        """Status, what the body says as JSON, and the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            is_json = answer.headers.get("Content-Type", "").startswith("application/json")
            return answer.status, json.loads(body) if body and is_json else body.decode(), dict(answer.headers)
        finally:
            connection.close()

    @contextlib.contextmanager
    def connect(self, **options: Any) -> Iterator[ClientConnection]:
        with connect(f"ws://127.0.0.1:{self.port}", compression=None, **options) as client:
            yield client

    @contextlib.contextmanager
    def listen(self, *paths: str) -> Iterator[ClientConnection]:
        with self.connect() as client:
            for path in paths:
                client.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
            yield client


class Server(Peer):
    """The daemon's namespace without a daemon, or the renderer's."""

    def __init__(self, sent: tuple[Address, ...], controls: tuple[Address, ...], host: str = "127.0.0.1") -> None:
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(controls))
        self.query = OscQuery("artgen test", host, 0, self.receiver, sent, controls)
        super().__init__(self.query.port)

    def received(self, count: int) -> list[tuple[str, Value]]:
        """The next `count` values that came in."""
        values: list[tuple[str, Value]] = []
        wait_for(
            lambda: len(values) >= count or values.extend((r.path, v) for r, v in self.receiver.poll()), what="values"
        )
        return values

    def settle(self, client: ClientConnection) -> None:
        """Wait until everything that the client has sent so far is obeyed."""
        client.send(packet("/artgen/control/gain_db", 0.0))
        assert self.received(1) == [("/artgen/control/gain_db", 0.0)]

    def close(self) -> None:
        self.query.close()
        self.receiver.close()


def message(client: ClientConnection) -> tuple[str, Any]:
    """The next message, read by an independent decoder."""
    packet = client.recv(timeout=20)
    assert isinstance(packet, bytes)
    read = OscMessage(packet)
    return read.address, read.params[0]


def packet(path: str, value: float | int | str) -> bytes:
    """One message, written by an independent encoder."""
    builder = OscMessageBuilder(path)
    builder.add_arg(value)
    return builder.build().dgram
