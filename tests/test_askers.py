"""Who may have whom sent to, by the doors beside UDP and TCP."""

import contextlib
import json

import pytest

from artgen_osc.osc import receiver as osc
from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.osc.sockets import Sender
from artgen_osc.web.bridge import Bridge
from tests import show_table
from tests.support import bridge, oscquery
from tests.support.waiting import wait_for

SUBSCRIBE = "/artgen/control/subscribe"

NOWHERE = ("no.such.host.invalid", 9101)


@pytest.fixture
def from_afar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is not trusted by the door itself comes from another machine."""
    monkeypatch.setattr(osc, "sender_at", lambda address: Sender("10.0.0.7", trusted=False))


def test_osc_query_has_the_rule_of_udp(from_afar: None) -> None:
    with contextlib.closing(oscquery.Server(show_table.SENT, show_table.DAEMON)) as server:
        with server.connect() as client:
            client.send(oscquery.packet(SUBSCRIBE, "10.0.0.8:9000"))
            client.send(oscquery.packet(SUBSCRIBE, "9000"))
            assert server.received(1) == [(SUBSCRIBE, "10.0.0.7:9000")]
        assert "isn't an address of the one who asks" in server.receiver.refusals[-1].reason


def test_the_page_may_name_any_host_since_it_has_shown_its_token(from_afar: None) -> None:
    with capture() as renderer, contextlib.closing(bridge.Server(renderer)) as server:
        with server.open() as client:
            client.send(json.dumps({SUBSCRIBE: "10.0.0.8:9000"}))
            assert server.received(1) == [(SUBSCRIBE, "10.0.0.8:9000")]
        assert not server.receiver.refused


@pytest.mark.parametrize("depth", [10, 900])
def test_a_page_that_nests_too_deeply_is_refused(depth: int) -> None:
    with capture() as renderer, contextlib.closing(bridge.Server(renderer)) as server, server.open() as client:
        client.send('{"/artgen/control/gain_db": ' + "[" * depth + "]" * depth + "}")

        def refused() -> bool:
            server.receiver.poll()
            return bool(server.bridge._refused or server.receiver.refused)

        wait_for(refused, what="the refusal")
        client.send(json.dumps({"/artgen/control/gain_db": 3.0}))
        assert server.received(1) == [("/artgen/control/gain_db", 3.0)]


def test_a_renderer_whose_host_is_not_known_yet_leaves_the_page(caplog: pytest.LogCaptureFixture) -> None:
    with (
        contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver,
        contextlib.closing(Bridge("127.0.0.1", 0, show_table.CONTRACT, receiver, NOWHERE)) as bridge,
    ):
        wait_for(lambda: caplog.records, what="the line")
        assert bridge.port
    assert caplog.records[0].getMessage().startswith("no.such.host.invalid:9101: the host isn't known now (")
