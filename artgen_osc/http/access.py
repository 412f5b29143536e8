"""Who may use the server: checks of ``Host``, ``Origin`` and the token."""

import contextlib
import hmac
import ipaddress
import secrets
import socket
import threading
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import open_regular
from artgen_osc.runtime.text import printable

if TYPE_CHECKING:
    import ssl

TOKEN_BYTES = 9
"""72 bits, as 12 letters that can be typed from a screen if need be."""

COOKIE = "artgen_token"

GALLERY_TOKEN, GALLERY_HEADER = "ARTGEN_GALLERY_TOKEN", "X-Artgen-Token"
"""Environment variable and header by which the gallery's process knows the show that it works for."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the token is in the address
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer."""


def machine() -> str:
    """This machine's name, without a domain."""
    return socket.gethostname().split(".")[0].lower() or "here"


def _hostname(host: str) -> str:
    """``[::1]:9102`` to ``::1``, ``localhost:9102`` to ``localhost``; empty where it can't be understood."""
    try:
        place = urlsplit(f"//{host}")
        return (place.hostname or "").rstrip(".") if place.port is None or place.port else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to a server on `host`."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def network_addresses(six: bool) -> list[str]:
    """Addresses of this machine that others can reach; the likeliest last: that of a network at home or on stage."""
    import ifaddr

    ips = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv6 == six]
    found = [ipaddress.ip_address(str(ip.ip[0] if ip.is_IPv6 else ip.ip)) for ip in ips]
    reached = [each for each in found if not each.is_loopback and not each.is_link_local]
    return [str(each) for each in sorted(reached, key=lambda each: str(each).startswith("192.168."))]


class Names:
    """Names under which a server on this machine is reached, beside its addresses.

    A domain can be made to point to 127.0.0.1 while the user looks at its page (DNS rebinding), and on a network
    without a server for names anybody may answer for one that ends in ``.local``. So these are known, and no others.

    Parameters
    ----------
    reached : whether other machines can connect; then this one's name in their network is its own too
    more : such as those of a proxy
    """

    def __init__(self, reached: bool, more: Iterable[str] = ()) -> None:
        own = machine()
        near = (f"{own}.local", f"artgen-{own}.local") if reached else ()
        self._known = frozenset(("localhost", socket.gethostname().lower(), own, *near, *more))
        # It may have to ask the network, which can take seconds.
        threading.Thread(target=self._look_up, name="full name", daemon=True).start()

    def _look_up(self) -> None:
        with contextlib.suppress(OSError, UnicodeError):
            self._known |= {socket.getfqdn().lower().rstrip(".")}

    def __contains__(self, name: object) -> bool:
        return name in self._known


def is_this_machine(host: str, names: "Names | Collection[str]") -> bool:
    """Whether a request's ``Host`` names this machine: by an IP address, or by one of the names that are its own.

    Parameters
    ----------
    host : the request's header, with or without a port
    names : lower case
    """
    name = _hostname(host)
    return bool(name) and (name in names or _is_address(name))


def is_own_page(origin: str, host: str, names: "Names | Collection[str]" = ()) -> bool:
    """Whether a browser's page is from this machine, or from the server's own address, on whatever port.

    Other sites must not reach a server on 127.0.0.1 through the user's browser. Of names, only those are trusted
    that are known to be this machine's, since anyone can let theirs point here.

    Parameters
    ----------
    origin : as the browser says it
    host : header of the request
    names : lower case
    """
    page = _hostname(origin.partition("://")[2])
    near = page in ("localhost", "127.0.0.1", "::1") or is_page_of(origin, names)
    return near or (_is_address(page) and page == _hostname(host))


def is_page_of(origin: str, names: "Names | Collection[str]") -> bool:
    """Whether a browser's page is from a host that has one of these names, on whatever port.

    Parameters
    ----------
    origin : as the browser says it
    names : lower case
    """
    page = _hostname(origin.partition("://")[2])
    return bool(page) and page in names


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a browser's page came from this very server: the same host and port, under the same name.

    Parameters
    ----------
    origin : as the browser says it
    host : header of the request; that it names this machine has been checked
    """
    scheme, _, place = origin.lower().partition("://")
    return scheme in ("http", "https") and place == host.lower()


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def read_certificate(file: str, key: str) -> "ssl.SSLContext | None":
    """What a server needs for https; None without a file.

    Parameters
    ----------
    file : PEM, a certificate and perhaps its key; empty without one
    key : PEM, empty where `file` has the key

    Raises
    ------
    ConfigError
        A file can't be read, or they don't belong together.
    """
    import ssl

    if not file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        for name in filter(None, (file, key)):
            open_regular(name).close()  # a pipe would be waited for
        # Without the last argument, a key with a password would ask for it in the terminal.
        context.load_cert_chain(file, key or None, password="")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigError(
            f"web.certificate: {printable(file)} can't be used ({printable(error)}); choose a PEM file with a "
            "certificate and, there or in web.key, its key without a password; mkcert makes one"
        ) from None
    return context


def site(text: str) -> str:
    """``HTTPS://Editor.p5js.org/`` to ``https://editor.p5js.org``, as a browser says it.

    Raises
    ------
    ConfigError
    """
    plain = text.lower().rstrip("/")
    parts = urlsplit(plain)
    if parts.scheme in ("http", "https") and parts.netloc and plain == f"{parts.scheme}://{parts.netloc}":
        return plain
    raise ConfigError(
        f"web.origins: {text!r} is not a site; write http:// or https:// and a host, such as https://editor.p5js.org"
    )


def host_name(text: str) -> str:
    """A host's name as a browser says it.

    Raises
    ------
    ConfigError
    """
    plain = text.lower().rstrip(".")
    if plain and plain == _hostname(plain) and "@" not in plain:
        return plain
    raise ConfigError(
        f"web.hosts: {text!r} is not a name; write a host without https:// and port, such as show.example.org"
    )


def tokens_shown(query: str, cookies: str) -> list[str]:
    """What a request shows as the token: ``?token=`` in its address, and the cookie that the page was given then.

    Parameters
    ----------
    query : of the address, as it stands there
    cookies : the header
    """
    shown = parse_qs(query).get("token", [])[:1]  # many would be many guesses
    # Not by `http.cookies`, which takes 0.1 s for some headers; our own is never quoted.
    pairs = (part.strip().partition("=") for part in cookies.split(";"))
    return shown + [value for name, _, value in pairs if name == COOKIE][:1]


def is_token(token: str, shown: str) -> bool:
    """Whether a token is the right one, in a time that doesn't tell how much of it is.

    Parameters
    ----------
    token : the right one
    shown : the one to check, whatever it is made of
    """
    return hmac.compare_digest(shown.encode(errors="replace"), token.encode())
