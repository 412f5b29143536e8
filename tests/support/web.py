"""The page of a show without the show."""

import contextlib
from collections.abc import Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

from artgen_osc.config.tables import Config, OscConfig, VisualsConfig, WebConfig
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.web.page import ShowPage, open_page
from tests import show_table
from tests.ports import free_port
from tests.support.oscquery import Peer

TOKEN = "correct-horse"


class Server(Peer):
    """A page without a daemon."""

    def __init__(
        self, host: str = "127.0.0.1", token: str = "", queries: tuple[int, int] = (0, 0), **more: Any
    ) -> None:
        self.receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(show_table.DAEMON))
        web = WebConfig(host=host, port=free_port(), token=token, **more)
        osc, visuals = OscConfig(query_port=queries[0]), VisualsConfig(query_port=queries[1], port=free_port())
        page = open_page(Config(osc=osc, web=web, visuals=visuals), show_table.CONTRACT, self.receiver)
        assert page
        self.page: ShowPage = page
        super().__init__(page.port)

    @contextlib.contextmanager
    def open(self, target: str, **options: Any) -> Iterator[ClientConnection]:
        with connect(f"ws://127.0.0.1:{self.port}{target}", compression=None, **options) as client:
            yield client

    def close(self) -> None:
        self.page.close()
        self.receiver.close()
