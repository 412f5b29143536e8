"""Targets as they are written."""

import pytest

from artgen_osc.errors import OscError
from artgen_osc.target_syntax import PORTS, Target, parse_target, presets, with_host


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9001", ("127.0.0.1", 9001)),
        (":9001", ("127.0.0.1", 9001)),
        ("9001", ("127.0.0.1", 9001)),
        ("lamp.local:9001", ("lamp.local", 9001)),
        ("touchdesigner", ("127.0.0.1", 10000)),
        ("max@10.0.0.7", ("10.0.0.7", 7400)),
        ("max@10.0.0.7:7401", ("10.0.0.7", 7401)),
        ("max@[fe80::1]:7401", ("fe80::1", 7401)),
        ("max@::1", ("::1", 7400)),
        ("[::1]:9001", ("::1", 9001)),
    ],
)
def test_places(text: str, place: tuple[str, int]) -> None:
    target = parse_target(text)
    assert (target.host, target.port) == place
    assert target == Target(*place)


def test_options() -> None:
    assert parse_target("resolume@10.0.0.5,preset=resolume,rate=30") == Target(
        "10.0.0.5", 7000, rate=30.0, preset="resolume"
    )
    assert parse_target("10.0.0.5:9,tcp,messages") == Target("10.0.0.5", 9, "tcp", messages=True)
    assert parse_target("10.0.0.5:9,slip").transport == "slip"
    assert parse_target("239.1.2.3:9000,ttl=4").ttl == 4
    assert parse_target("10.0.0.255:9,broadcast,lease=5") == Target("10.0.0.255", 9, broadcast=True, lease=5.0)


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", "host:0", "host:65536", "host:00065536", "host:x", "nobody@host", "max@", "::1:9", "a b:9"],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(OscError, match="is not a target"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resolum", "did you mean resolume?"),
        ("max,rat=30", "'rat=30' is not an option .*messages, echo, rate=.*did you mean rate=?"),
        ("max,broadcats", "did you mean broadcast?"),
        ("max,tcp=1", "did you mean tcp?"),
        ("max,rate", "did you mean rate=?"),
        ("max,", "'' is not an option"),
        ("max,rate=fast", "rate: 'fast' isn't allowed; a number from 0.1 to 1000"),
        ("max,rate=nan", "rate: 'nan' isn't allowed"),
        ("max,rate=0", "rate: '0' isn't allowed"),
        ("max,preset=resolme", "'resolme' isn't known; did you mean resolume?"),
        ("max,preset=../x", f"choose from {', '.join(presets())}"),
        ("max,tcp,slip", "says twice what the transport is"),
        ("10.0.0.5:9,ttl=2", "ttl is for multicast"),
        ("239.1.2.3:9,tcp", "reaches one program only"),
    ],
)
def test_bad_options_say_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(OscError, match=said.replace("?", r"\?").replace("../", r"\.\./")):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("9110", "10.0.0.7:9110"),
        (":9110,rate=30", "10.0.0.7:9110,rate=30"),
        ("max", "max@10.0.0.7"),
        ("max@10.0.0.2", "max@10.0.0.2"),
        ("10.0.0.2:9000", "10.0.0.2:9000"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_a_target_without_a_host_is_at_the_sender(text: str, full: str) -> None:
    assert with_host(text, "10.0.0.7") == full


def test_a_sender_with_an_ipv6_address() -> None:
    assert parse_target(with_host("9110", "::1")) == Target("::1", 9110)
    assert parse_target(with_host("max", "::1")) == Target("::1", PORTS["max"])
