"""Targets as they are written: ``resolume@10.0.0.5,preset=resolume,rate=30``. No input or output.

::

    HOST:PORT  PORT  PROGRAM  PROGRAM@HOST  PROGRAM@HOST:PORT  osc.udp://HOST:PORT  osc.tcp://HOST:PORT

and after it any options, each after a comma.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from artgen_osc.errors import OscError
from artgen_osc.osc.host_port import LOCALHOST as LOCALHOST
from artgen_osc.osc.host_port import HostPortError, ip_address, port_number, read_host_and_port
from artgen_osc.runtime.text import nearest

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

PRESETS = Path(__file__).parent / "mapping" / "presets"
LEASE = 60.0
MOST_LONG = 1000
"""Characters of a target."""
MOST_SHOWN = 200
"""Characters of a target in a message about it."""

TransportName = Literal["udp", "tcp", "slip"]

TRANSPORTS: dict[str, TransportName] = {
    "osc": "udp",
    "udp": "udp",
    "osc.udp": "udp",
    "tcp": "tcp",
    "osc.tcp": "tcp",
    "slip": "slip",
    "osc.slip": "slip",
}
"""What other programs write before ``://``."""


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
    transport: TransportName = "udp"
    rate: float = 0.0
    preset: str = ""
    broadcast: bool = False
    ttl: int = 1
    messages: bool = False
    echo: bool = False
    lease: float = 0.0

    @property
    def endpoint(self) -> tuple[str, int, TransportName]:
        """What two targets can't both have without sending everything twice."""
        return self.host, self.port, self.transport


def presets() -> tuple[str, ...]:
    """Names of the presets that are installed."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.toml")))


def _number(low: float, high: float) -> Callable[[str], float]:
    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"{text!r} is not a number from {low:g} to {high:g}")
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
    name, equals, value = (part.strip() for part in text.partition("="))
    name = name.lower()
    if not equals and name in _FLAGS:
        return _FLAGS[name]
    try:
        if equals and name in _VALUES:
            return {name: _VALUES[name](value)}
    except ValueError as error:
        raise OscError(f"{target}: {name}: {error}; correct it") from None
    near = difflib.get_close_matches(name, [option.rstrip("=") for option in OPTIONS], n=1)
    hint = f"did you mean {near[0]}{'=' * (near[0] in _VALUES)}?" if near else "such as rate=30"
    raise OscError(f"{target}: {text!r} is not an option of a target; there are {', '.join(OPTIONS)}; {hint}")


def _program(text: str) -> str:
    """A program by its name, however it is written: ``TouchDesigner``, ``Pure Data``; empty where there is none."""
    name = "".join(filter(str.isalnum, text.lower()))
    return name if name in PORTS else ""


def _near_program(text: str) -> str:
    name = "".join(filter(str.isalnum, text.lower()))
    return next(iter(difflib.get_close_matches(name, PORTS, n=1)), "")


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands before the options: parts that aren't given are empty, 0 or None."""

    program: str
    host: str
    port: int
    transport: TransportName | None


def _read_head(text: str) -> _Head:
    """Understand what stands before the options.

    Raises
    ------
    HostPortError
    """
    transport: TransportName | None = None
    scheme, url, rest = text.partition("://")
    if url:
        if scheme.lower() not in TRANSPORTS:
            raise HostPortError(f"{scheme[:40]}:// isn't OSC", rest.partition("/")[0])
        transport, text = TRANSPORTS[scheme.lower()], rest
    text = text.removesuffix("/")
    before, at, there = text.partition("@")
    if program := _program(before):
        if at and not there:
            raise HostPortError("no host after the @", program)
        host, port = read_host_and_port(there, PORTS[program]) if at else ("", 0)
        return _Head(program, host, port, transport)
    name, colon, digits = before.partition(":")
    if colon and not at and (program := _program(name)) and (number := port_number(digits)):
        return _Head(program, "", number, transport)
    near = "" if ":" in before else _near_program(before)
    if any(map(str.isspace, text)):
        raise HostPortError("a space in it", near or ":".join(text.replace(":", " ").split()))
    if at:
        raise HostPortError(f"{before[:40]!r} is no program", near)
    try:
        return _Head("", *read_host_and_port(text), transport)
    except HostPortError as error:
        raise HostPortError(error.wrong, near or error.meant) from None


def _is_head(text: str) -> bool:
    try:
        _read_head(text)
    except HostPortError:
        return False
    return True


def parse_target(text: str, host: str = LOCALHOST) -> Target:
    """Understand a target.

    >>> parse_target("touchdesigner@10.0.0.2,rate=30")  # doctest: +ELLIPSIS
    Target(host='10.0.0.2', port=10000, transport='udp', rate=30.0, ...)
    >>> parse_target("osc.tcp://lamp.local:9000/")  # doctest: +ELLIPSIS
    Target(host='lamp.local', port=9000, transport='tcp', rate=0.0, ...)

    Parameters
    ----------
    text : as it was written, such as in ``--osc``
    host : where it is when the text names no host

    Raises
    ------
    OscError
        With what is wrong, and the nearest target that there is.
    """
    if len(text) > MOST_LONG:
        raise OscError(f"{text[:40]}…: is too long for a target ({len(text)} characters); {MOST_LONG} are the most")
    first, *options = (part.strip() for part in text.split(","))
    name = text[:MOST_SHOWN]
    try:
        head = _read_head(first)
    except HostPortError as error:
        meant = f"{first}:{options[0]}" if options and port_number(options[0]) else error.meant
        hint = f"did you mean {meant[:MOST_SHOWN]}?" if _is_head(meant) else f"such as {LOCALHOST}:9001"
        wrong = f"is not a target ({error.wrong})" if error.wrong else "is not a target"
        known = ", ".join(PORTS)
        raise OscError(f"{name or repr(name)}: {wrong}; write HOST:PORT or one of {known}; {hint}") from None
    given: dict[str, Any] = {"transport": head.transport} if head.transport else {}
    for option in options:
        new = _option(option, name)
        if twice := new.keys() & given.keys():
            raise OscError(f"{name}: says twice what the {twice.pop()} is; leave one out")
        given |= new
    target = replace(Target(head.host or host, head.port or PORTS[head.program]), **given)
    _check(name, target, given)
    return target


def _check(text: str, target: Target, given: dict[str, Any]) -> None:
    """Refuse options that don't go together."""
    address = ip_address(target.host)
    group = address is not None and address.is_multicast
    if "ttl" in given and not group:
        raise OscError(f"{text}: ttl is for multicast groups; such as 239.1.2.3:9000,ttl=2; leave it out")
    if target.transport != "udp" and (group or target.broadcast):
        raise OscError(f"{text}: {target.transport} reaches one program only; leave {target.transport} out")


def local_target(host: str, port: int) -> str:
    """The target at which one of our own programs is reached.

    >>> local_target("0.0.0.0", 9101), local_target("::1", 9101)
    ('127.0.0.1:9101', '[::1]:9101')

    Parameters
    ----------
    host : on which it listens; an address that means all of them is reached by loopback
    port : 1..65535
    """
    there = {"0.0.0.0": LOCALHOST, "::": "::1"}.get(host, host)
    return f"[{there}]:{port}" if ":" in there else f"{there}:{port}"


def with_host(text: str, host: str) -> str:
    """A target whose host is filled in where it names none; one that can't be understood stays as it is.

    >>> with_host("9110,rate=30", "10.0.0.7"), with_host("max", "10.0.0.7"), with_host("10.0.0.2:9000", "10.0.0.7")
    ('10.0.0.7:9110,rate=30', 'max@10.0.0.7', '10.0.0.2:9000')

    Parameters
    ----------
    text : as it was written
    host : an IP address or a name
    """
    if len(text) > MOST_LONG:
        return text
    first, comma, options = text.partition(",")
    try:
        head = _read_head(first.strip())
    except HostPortError:
        return text
    if head.host:
        return text
    there = f"[{host}]" if ":" in host else host
    filled = f"{there}:{head.port}" if head.port else f"{head.program}@{there}"
    return filled + (f",{head.transport}" if head.transport not in (None, "udp") else "") + comma + options


def check_asker(text: str, asker: str) -> None:
    """Refuse a target that isn't at the one who asks for it: everybody could have others flooded.

    Parameters
    ----------
    text : a target
    asker : IP address of the one who asks

    Raises
    ------
    OscError
        It can't be understood or names another host.
    """
    own = ip_address(asker.partition("%")[0])
    there = ip_address(parse_target(text).host.partition("%")[0])
    if own is None or there != own:
        raise OscError(
            f"{text[:MOST_SHOWN]}: isn't an address of the one who asks, {asker or 'who is unknown'}; only programs on "
            "this machine and the page may name other hosts; write your own IP address, or put it into the show file"
        )
