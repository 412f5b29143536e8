"""What the tests of OSCQuery share."""

from collections.abc import Iterator

import pytest

from tests import show_table
from tests.support.oscquery import Server


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(show_table.SENT, show_table.DAEMON)
    yield server
    server.close()
