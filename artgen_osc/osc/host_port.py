"""``HOST:PORT`` as people write it: understood where it is plain, else what is wrong with it. No input or output."""

import contextlib
import ipaddress
import re

LOCALHOST = "127.0.0.1"

MOST_NAME, MOST_LABEL = 253, 63
"""Characters of a host's name, and of one part of it (RFC 1035)."""


class HostPortError(ValueError):
    """This is no place to send to.

    Parameters
    ----------
    wrong : what is wrong with it; empty where nothing else than that is known
    meant : what is meant, where that is plain
    """

    def __init__(self, wrong: str = "", meant: str = "") -> None:
        super().__init__(wrong)
        self.wrong, self.meant = wrong, meant


def port_number(text: str) -> int | None:
    """1..65535, or None where the text is something else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535 else None


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that is meant, one of IPv4 even where it is written as IPv6; None where it is a name.

    >>> ip_address("::ffff:10.0.0.7"), ip_address("lamp.local")
    (IPv4Address('10.0.0.7'), None)
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def check_host(host: str) -> None:
    """Refuse what can never be a host; whether there is one is for the network to say.

    Raises
    ------
    HostPortError
    """
    if ip_address(host):
        return
    if ":" in host:
        raise HostPortError(f"{host!r} is no IPv6 address")
    if re.fullmatch(r"[\d.]+", host):
        raise HostPortError(f"{host!r} is no IPv4 address, which is four numbers from 0 to 255")
    labels = [""]
    if len(host) <= MOST_NAME:  # IDNA takes its time over long ones
        with contextlib.suppress(UnicodeError):
            labels = host.removesuffix(".").encode("idna").decode("ascii").split(".")
    if not all(re.fullmatch(r"[\w-]+", label) and len(label) <= MOST_LABEL for label in labels):
        raise HostPortError(f"{host[:80]!r} is no host's name")


def read_host_and_port(text: str, default: int | None = None) -> tuple[str, int]:
    """Of ``HOST:PORT``, ``[IPV6]:PORT``, ``:PORT`` or ``PORT``; of ``HOST`` too where there is a default port.

    >>> read_host_and_port("lamp.local:9001"), read_host_and_port("9001"), read_host_and_port("[::1]", 7000)
    (('lamp.local', 9001), ('', 9001), ('::1', 7000))

    Parameters
    ----------
    text : as it was written
    default : the port where the text has none

    Returns
    -------
    host : empty where it isn't given
    port : 1..65535

    Raises
    ------
    HostPortError
    """
    if (port := port_number(text)) is not None:
        return "", port
    bracketed = re.fullmatch(r"\[(.*:.*)\](?::(.*))?", text)
    if bracketed:
        host, port_text = bracketed[1], bracketed[2]
    elif text.count(":") > 1:  # an IPv6 address has colons of its own
        host, port_text = text, None
        if not default:
            raise _without_brackets(text)
    else:
        host, colon, last = text.partition(":")
        port_text = last if colon else None
    if port_number(host) and port_text:
        raise HostPortError("the host comes first", f"{port_text}:{host}")
    if host:
        check_host(host)
    if not port_text and not default:
        raise HostPortError("no port", f"{text.removesuffix(':')}:9001")
    if port_text is None:
        assert default
        return host, default
    if (port := port_number(port_text)) is None:
        raise _bad_port(host, port_text)
    return host, port


def _without_brackets(text: str) -> HostPortError:
    host, _, port = text.rpartition(":")
    if ip_address(host) and port_number(port):
        return HostPortError("an IPv6 address has brackets before its port", f"[{host}]:{port}")
    return HostPortError("no port", f"[{text}]:9001") if ip_address(text) else HostPortError()


def _bad_port(host: str, text: str) -> HostPortError:
    if not text:
        return HostPortError("no port after the colon")
    if digits := re.match(r"(\d+)[;|&?/]", text):
        what = "a target has no path" if "/" in text else "options follow after a comma"
        return HostPortError(what, f"{host}:{digits[1]}")
    return HostPortError(f"{text[:40]!r} is no port, which is a number from 1 to 65535")
