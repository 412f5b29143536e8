"""A client of the bridge, and a bridge without a daemon behind it."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message_builder import OscMessageBuilder
from websockets.sync.client import ClientConnection, connect

from artgen_osc.config import tables
from artgen_osc.config.tables import Config
from artgen_osc.osc.receiver import Capture, OscReceiver
from artgen_osc.schema.values import Value
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.oscquery import Peer
from tests.support.waiting import wait_for

VALENCE, ENERGY, BEAT, COUNT = "/artgen/valence", "/artgen/energy", "/artgen/beat", "/artgen/beat/count"
SITE = "https://editor.example.org"


class Server(Peer):
    """A bridge without a daemon, and a UDP port for a renderer."""

    def __init__(self, renderer: Capture, origins: tuple[str, ...] = ()) -> None:
        self.renderer = renderer
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(show_table.DAEMON))
        web = tables.WebConfig(port=free_port(), origins=origins)
        settings = Config(web=web, visuals=tables.VisualsConfig(port=renderer.port, query_port=0))
        page = open_page(show_table.CONTRACT.replace(settings, "osc.query_port", 0), show_table.CONTRACT, self.receiver)
        assert page
        self.bridge = page
        super().__init__(page.port)

    @contextlib.contextmanager
    def open(self, target: str = "/json", **options: Any) -> Iterator[ClientConnection]:
        listeners = self.bridge._listeners
        with connect(f"ws://127.0.0.1:{self.port}{target}", compression=None, **options) as client:
            wait_for(lambda: self.bridge._listeners > listeners, what="the client")
            yield client

    def publish(self, values: dict[str, Value]) -> None:
        self.bridge.publish([(show_table.TABLE.sent[path], value) for path, value in values.items()])

    def received(self, count: int) -> list[tuple[str, Value]]:
        """The next `count` values that come in for the daemon."""
        values: list[tuple[str, Value]] = []
        wait_for(
            lambda: len(values) >= count or values.extend((r.path, v) for r, v in self.receiver.poll()), what="values"
        )
        return values

    def close(self) -> None:
        self.bridge.close()
        self.receiver.close()


def told(client: ClientConnection) -> dict[str, Any]:
    """The next object."""
    text = client.recv(timeout=20)
    assert isinstance(text, str)
    return dict(json.loads(text))


def until(client: ClientConnection, condition: Callable[[dict[str, Any]], object]) -> None:
    """Read, as fast as it comes, up to the object that is waited for."""
    end = time.monotonic() + 20.0
    while not condition(told(client)):
        assert time.monotonic() < end, "never"


def values_of(bundle: bytes) -> dict[str, Any]:
    """Values of a bundle, read by an independent decoder."""
    return {message.address: message.params[0] for message in OscBundle(bundle)}


def packet(path: str, value: float | int | str) -> bytes:
    builder = OscMessageBuilder(path)
    builder.add_arg(value)
    return builder.build().dgram
