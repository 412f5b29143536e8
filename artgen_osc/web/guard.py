"""Who may use the server: checks of ``Host``, ``Origin`` and the token. No input or output."""

import hmac
import ipaddress
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from artgen_osc.errors import ConfigError

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


def is_this_machine(host: str) -> bool:
    """Whether a request's ``Host`` names this machine: by an IP address or by a name that is its own.

    Anyone can let their domain point to 127.0.0.1 while the user looks at their page (DNS rebinding);
    the browser then says the domain's name here.
    """
    name, own = _hostname(host), machine()
    known = ("localhost", socket.gethostname().lower(), own, f"{own}.local", f"artgen-{own}.local")
    return name in known or _is_address(name)


def is_own_page(origin: str, host: str) -> bool:
    """Whether a browser's page may steer the show: one from this machine, or from the server's own address.

    Other sites must not reach a server on 127.0.0.1 through the user's browser. A name other than
    ``localhost`` isn't trusted, since anyone can let their name point here.
    """
    page = _hostname(origin.partition("://")[2])
    return page in ("localhost", "127.0.0.1", "::1") or (_is_address(page) and page == _hostname(host))


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
        # Without the last argument, a key with a password would ask for it in the terminal.
        context.load_cert_chain(file, key or None, password="")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigError(
            f"web.certificate: {file} can't be used ({error}); a PEM file with a certificate and, there or in web.key, "
            "its key without a password are allowed; mkcert makes one"
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
        f"web.origins: {text!r} is not a site; http or https and a host are allowed; such as https://editor.p5js.org"
    )


def knows_token(token: str, query: str, cookies: str) -> bool:
    """Whether a request shows the token: ``?token=`` in its address, or the cookie that the page was given then.

    Parameters
    ----------
    token : the right one
    query : of the address, as it stands there
    cookies : the header
    """
    shown = parse_qs(query).get("token", [])
    try:
        cookie = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        cookie = None
    if cookie:
        shown.append(cookie.value)
    return any(hmac.compare_digest(each.encode(errors="replace"), token.encode()) for each in shown)
