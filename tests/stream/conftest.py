"""What the tests of streams share."""

from collections.abc import Iterator

import pytest

from tests.radio import Radio, Server
from tests.support.streams import MP3


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def radio(server: Server) -> Iterator[Radio]:
    station = Radio(MP3)
    server.pages["/live"] = station
    yield station
    station.silent = False
    station.drop()
