"""What the tests of the bridge share."""

from collections.abc import Iterator

import pytest

from artgen_osc.osc.receiver import capture
from tests.support.bridge import SITE, Server


@pytest.fixture
def server() -> Iterator[Server]:
    with capture() as renderer:
        server = Server(renderer, (SITE,))
        yield server
        server.close()
