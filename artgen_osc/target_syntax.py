"""Targets as they are written: ``resolume@10.0.0.5,preset=resolume,rate=30``. No input or output.

::

    HOST:PORT  PORT  PROGRAM  PROGRAM@HOST  PROGRAM@HOST:PORT

and after it any options, each after a comma.
"""

import difflib
import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from artgen_osc.errors import OscError

PORTS = {
    "touchdesigner": 10000,
    "max": 7400,
    "supercollider": 57120,
    "processing": 12000,
    "resolume": 7000,
    "vdmx": 1234,
    "puredata": 9001,
    "madmapper": 8010,
    "qlcplus": 7700,
    "ableton": 11000,
    "chataigne": 12000,
    "touchosc": 9000,
}
"""Programs, and where they listen unless they are told otherwise; ableton is the AbletonOSC script."""

PRESETS = Path(__file__).parent / "presets"
LOCALHOST = "127.0.0.1"
LEASE = 60.0

Transport = Literal["udp", "tcp", "slip"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send, and how.

    Attributes
    ----------
    host, port : as given; the host may be a name, an IP address or a multicast group
    transport : ``udp``, ``tcp`` (each packet after its length) or ``slip`` (OSC 1.1 over TCP)
    rate : bundles a second at most; 0: all
    preset : the maps of this preset are sent instead of our own addresses; empty: none
    broadcast : the host may be a broadcast address
    ttl : routers that a multicast packet may pass
    messages : single messages instead of bundles
    echo : what comes in is sent there too
    lease : s for which a subscription lasts; 0: not given
    """

    host: str
    port: int
    transport: Transport = "udp"
    rate: float = 0.0
    preset: str = ""
    broadcast: bool = False
    ttl: int = 1
    messages: bool = False
    echo: bool = False
    lease: float = 0.0

    @property
    def place(self) -> tuple[str, int, Transport]:
        """What two targets can't both have without sending everything twice."""
        return self.host, self.port, self.transport


def presets() -> tuple[str, ...]:
    """Names of the presets that are installed."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.toml")))


def nearest(word: str, words: Iterable[str]) -> str:
    """``did you mean …?``, or the choice."""
    words = list(words)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else f"choose from {', '.join(words)}"


def _number(low: float, high: float) -> Callable[[str], float]:
    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"{text!r} isn't allowed; a number from {low:g} to {high:g} is allowed")
        return value

    return check


def _preset(text: str) -> str:
    if text not in presets():
        raise ValueError(f"{text!r} isn't known; {nearest(text, presets())}")
    return text


_FLAGS: dict[str, dict[str, Any]] = {
    "tcp": {"transport": "tcp"},
    "slip": {"transport": "slip"},
    "broadcast": {"broadcast": True},
    "messages": {"messages": True},
    "echo": {"echo": True},
}
_VALUES: dict[str, Callable[[str], Any]] = {
    "rate": _number(0.1, 1000),
    "preset": _preset,
    "ttl": lambda text: int(_number(0, 255)(text)),
    "lease": _number(1, 3600),
}
OPTIONS = (*_FLAGS, *(f"{name}=" for name in _VALUES))


def _option(text: str, target: str) -> dict[str, Any]:
    name, equals, value = text.partition("=")
    if not equals and name in _FLAGS:
        return _FLAGS[name]
    try:
        if equals and name in _VALUES:
            return {name: _VALUES[name](value)}
    except ValueError as error:
        raise OscError(f"{target}: {name}: {error}; correct it") from None
    near = difflib.get_close_matches(name, [option.rstrip("=") for option in OPTIONS], n=1)
    hint = f"did you mean {near[0]}{'=' * (near[0] in _VALUES)}?" if near else "such as rate=30"
    raise OscError(f"{target}: {text!r} is not an option of a target; {', '.join(OPTIONS)} are allowed; {hint}")


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535 else None


def _host_and_port(text: str, default: int | None) -> tuple[str, int] | None:
    """Of ``HOST:PORT``, ``:PORT`` or ``PORT``, or of ``HOST`` where there is a default port; None where it isn't."""
    host, colon, port_text = text.rpartition(":")
    if default and (not colon or text.endswith("]") or (":" in host and not host.startswith("["))):
        host, port = text, default  # an IPv6 address has colons of its own
    elif (given := _port(port_text)) is not None and (":" not in host or host.startswith("[")):
        port = given
    else:
        return None
    return host.removeprefix("[").removesuffix("]"), port


def parse_target(text: str, host: str = LOCALHOST) -> Target:
    """Understand a target.

    >>> parse_target("touchdesigner@10.0.0.2,rate=30")  # doctest: +ELLIPSIS
    Target(host='10.0.0.2', port=10000, transport='udp', rate=30.0, ...)

    Parameters
    ----------
    host : where it is when the text names no host

    Raises
    ------
    OscError
        With what is wrong, and the nearest thing that is allowed.
    """
    head, *options = text.split(",")
    program, at, there = head.partition("@")
    if program in PORTS:
        place = _host_and_port(there, PORTS[program]) if there or not at else None
    else:
        place = None if at else _host_and_port(head, None)
    if place is None or any(character.isspace() for character in head):
        near = difflib.get_close_matches(program, PORTS, n=1) if program else []
        hint = f"did you mean {near[0]}?" if near and near[0] != program else f"such as {LOCALHOST}:9001"
        raise OscError(f"{text}: is not a target; HOST:PORT or one of {', '.join(PORTS)} is allowed; {hint}")
    given: dict[str, Any] = {}
    for option in options:
        new = _option(option, text)
        if twice := new.keys() & given.keys():
            raise OscError(f"{text}: says twice what the {twice.pop()} is; once is allowed; leave one out")
        given |= new
    target = replace(Target(place[0] or host, place[1]), **given)
    _check(text, target, given)
    return target


def _check(text: str, target: Target, given: dict[str, Any]) -> None:
    """Refuse options that don't go together."""
    try:
        group = ipaddress.ip_address(target.host).is_multicast
    except ValueError:
        group = False
    if "ttl" in given and not group:
        raise OscError(f"{text}: ttl is for multicast groups; such as 239.1.2.3:9000,ttl=2; leave it out")
    if target.transport != "udp" and (group or target.broadcast):
        raise OscError(f"{text}: {target.transport} reaches one program only; leave {target.transport} out")


def place(host: str, port: int) -> str:
    """The target at which one of our own programs is reached that listens on `host`.

    >>> place("0.0.0.0", 9101), place("::1", 9101)
    ('127.0.0.1:9101', '[::1]:9101')
    """
    there = {"0.0.0.0": LOCALHOST, "::": "::1"}.get(host, host)
    return f"[{there}]:{port}" if ":" in there else f"{there}:{port}"


def with_host(text: str, host: str) -> str:
    """A target whose host is filled in where it names none; one that can't be understood stays as it is.

    >>> with_host("9110,rate=30", "10.0.0.7"), with_host("max", "10.0.0.7"), with_host("10.0.0.2:9000", "10.0.0.7")
    ('10.0.0.7:9110,rate=30', 'max@10.0.0.7', '10.0.0.2:9000')
    """
    head, comma, options = text.partition(",")
    there = f"[{host}]" if ":" in host else host
    if head in PORTS:
        head = f"{head}@{there}"
    elif _port(head.removeprefix(":")) is not None:
        head = f"{there}:{head.removeprefix(':')}"
    return head + comma + options
