"""Targets as they are written."""

import pytest

from artgen_osc.errors import OscError
from artgen_osc.osc.targets import PORTS, Target, check_asker, parse_target, presets, with_host


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
        ("TouchDesigner", ("127.0.0.1", 10000)),
        ("Pure Data@10.0.0.7", ("10.0.0.7", 9001)),
        ("max@fe80::1%eth0", ("fe80::1%eth0", 7400)),
        ("udp://10.0.0.7:9001", ("10.0.0.7", 9001)),
        ("OSC.UDP://lamp.local:9001/", ("lamp.local", 9001)),
        ("osc://max", ("127.0.0.1", 7400)),
        ("localhost:9001/", ("localhost", 9001)),
        (" localhost:9001 ", ("localhost", 9001)),
        ("bühne.local:9001", ("bühne.local", 9001)),
        ("stage_1.:9001", ("stage_1.", 9001)),
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
    assert parse_target("osc.tcp://10.0.0.5:9/,Rate = 5") == Target("10.0.0.5", 9, "tcp", rate=5.0)
    assert parse_target("10.0.0.5:9, SLIP").transport == "slip"
    assert parse_target("239.1.2.3:9000,ttl=4").ttl == 4
    assert parse_target("10.0.0.255:9,broadcast,lease=5") == Target("10.0.0.255", 9, broadcast=True, lease=5.0)


@pytest.mark.parametrize(
    "text",
    [
        *("", "host", "host:", "host:0", "host:65536", "host:00065536", "host:x", "nobody@host", "max@", "::1:9"),
        *(
            "a b:9",
            "[::1",
            "[::1:9",
            "[a]:9",
            "a..b:9",
            "a\0b:9",
            "-1",
            "\udce9:9",
            f"{'x' * 64}:9",
            "x." * 127 + "x:9",
        ),
        *(
            "10.0.0:9",
            "300.0.0.1:9",
            "1.2.3.4.5:9",
            "host:９０００",
            "://",
            "http://",
            "file:///dev/zero",
            "x" * 100_000,
        ),
        *("a/b:9", "host:9:10", "[::1]x:9", "max@nowhere:x"),
    ],
)
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(OscError, match=r"is (not a|too long for a) target") as error:
        parse_target(text)
    assert len(str(error.value)) < 800


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("localhost", "localhost:9001"),
        ("localhost:", "localhost:9001"),
        ("localhost,9000", "localhost:9000"),
        ("localhost 9000", "localhost:9000"),
        ("localhost: 9000,rate=30", "localhost:9000"),
        ("localhost:9000/foo", "localhost:9000"),
        ("localhost:9000;rate=30", "localhost:9000"),
        ("9000:localhost", "localhost:9000"),
        ("::1", "[::1]:9001"),
        ("::1:9000", "[::1]:9000"),
        ("http://10.0.0.7:9000/x", "10.0.0.7:9000"),
        ("ws://localhost:9000", "localhost:9000"),
        ("QLC+", "qlcplus"),
        ("Touch-Designr@10.0.0.7", "touchdesigner"),
        ("max@", "max"),
    ],
)
def test_what_is_meant_is_said_and_is_a_target(text: str, meant: str) -> None:
    with pytest.raises(OscError) as error:
        parse_target(text)
    assert str(error.value).endswith(f"did you mean {meant}?")
    parse_target(meant)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resolum", "did you mean resolume?"),
        ("max,rat=30", "'rat=30' is not an option .*messages, echo, rate=.*did you mean rate=?"),
        ("max,broadcats", "did you mean broadcast?"),
        ("max,tcp=1", "did you mean tcp?"),
        ("max,rate", "did you mean rate=?"),
        ("max,", "'' is not an option"),
        ("max,rate=fast", "rate: 'fast' is not a number from 0.1 to 1000"),
        ("max,rate=nan", "rate: 'nan' is not a number"),
        ("max,rate=0", "rate: '0' is not a number from 0.1"),
        ("max,preset=resolme", "'resolme' isn't known; did you mean resolume?"),
        ("max,preset=../x", f"choose from {', '.join(presets())}"),
        ("max,tcp,slip", "says twice what the transport is"),
        ("10.0.0.5:9,ttl=2", "ttl is for multicast"),
        ("239.1.2.3:9,tcp", "reaches one program only"),
    ],
)
def test_bad_options_say_which_there_are(text: str, said: str) -> None:
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
        ("Max", "max@10.0.0.7"),
        ("udp://:9110", "10.0.0.7:9110"),
        ("osc.tcp://9110,rate=3", "10.0.0.7:9110,tcp,rate=3"),
    ],
)
def test_a_target_without_a_host_is_at_the_sender(text: str, full: str) -> None:
    assert with_host(text, "10.0.0.7") == full


def test_a_sender_with_an_ipv6_address() -> None:
    assert parse_target(with_host("9110", "::1")) == Target("::1", 9110)
    assert parse_target(with_host("max", "::1")) == Target("::1", PORTS["max"])


@pytest.mark.parametrize(
    ("text", "asker"),
    [
        ("10.0.0.7:9000", "10.0.0.7"),
        ("max@10.0.0.7,rate=3", "10.0.0.7"),
        ("10.0.0.7:9000", "::ffff:10.0.0.7"),
        ("[fe80::1%eth0]:9000", "fe80::1%eth0"),
    ],
)
def test_everybody_may_ask_for_their_own_address(text: str, asker: str) -> None:
    check_asker(text, asker)


@pytest.mark.parametrize(
    ("text", "asker"),
    [
        ("10.0.0.8:9000", "10.0.0.7"),
        ("9000", "10.0.0.7"),
        ("lamp.local:9000", "10.0.0.7"),
        ("239.1.2.3:9000", "10.0.0.7"),
        ("10.0.0.255:9000,broadcast", "10.0.0.7"),
        ("10.0.0.7:9000", ""),
        ("nonsense", "10.0.0.7"),
    ],
)
def test_nobody_may_ask_for_another_host(text: str, asker: str) -> None:
    with pytest.raises(OscError):
        check_asker(text, asker)


def test_a_program_may_have_a_port_of_its_own() -> None:
    target = parse_target("TouchDesigner:10001,rate=30")
    assert (target.host, target.port, target.rate) == ("127.0.0.1", 10001, 30.0)
