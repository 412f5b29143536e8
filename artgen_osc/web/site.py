"""The page itself: its files, the cookie that holds the token, and the QR code of its address."""

import io
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from artgen_osc.http.access import COOKIE, is_loopback, network_addresses
from artgen_osc.http.page_files import PageFiles

if TYPE_CHECKING:
    from aiohttp import web

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class SitePart:
    """Part of the server: ``/``, ``/static/…`` and ``/qr.svg``.

    Parameters
    ----------
    addresses : under which the page can be opened, the one for a phone last
    token : what the page has to show; empty for none
    """

    def __init__(self, addresses: list[str], token: str) -> None:
        self._addresses, self._token = addresses, token
        self._files = PageFiles(STATIC, POLICY)

    def routes(self) -> "list[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [
            web.get("/", self._index),
            web.get("/static/{name}", self._file),
            web.get("/qr.svg", self._qr),
            web.get("/addresses", self._told),
        ]

    async def close(self) -> None:
        """See `Part`."""

    async def _index(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        if "websocket" in request.headers.get("Upgrade", "").lower():
            return web.Response(status=404, text="/: no WebSocket is here; /json and /osc are; GET /api says more\n")
        response = self._files.answer("index.html")
        assert response is not None
        if self._token:
            response.set_cookie(
                COOKIE, self._token, max_age=30 * 86400, httponly=True, samesite="Strict", secure=request.secure
            )
        return response

    async def _file(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        name = request.match_info["name"]
        missing = web.Response(status=404, text=f"{name[:200]}: nothing is here; / is the page; open that\n")
        return self._files.answer(name) or missing

    async def _qr(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        address = for_a_phone(self._addresses)
        if address is None:
            return web.Response(status=404, text="only this computer can open the page; --web-host 0.0.0.0 opens it\n")
        return web.Response(body=qr_svg(address), content_type="image/svg+xml")

    async def _told(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        return web.json_response({"addresses": self._addresses, "phone": for_a_phone(self._addresses)})


def qr_svg(address: str) -> bytes:
    """A QR code as an SVG file, black on white."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=6, light="white")
    return out.getvalue()


def qr_text(address: str) -> str:
    """A QR code for a terminal."""
    import segno

    out = io.StringIO()
    segno.make(address, error="l").terminal(out, compact=True)
    return out.getvalue()


def for_a_phone(addresses: list[str]) -> str | None:
    """The address for another machine; None where only this one can open the page."""
    last = addresses[-1]
    return None if is_loopback(urlsplit(last).hostname or "") else last


def addresses(host: str, port: int, token: str, secure: bool = False) -> list[str]:
    """Under which the page can be opened: on this machine, then from the network, if it can.

    Parameters
    ----------
    host : where the server listens
    port, token : of the server
    secure : whether it serves https
    """
    query = f"?token={token}" if token else ""
    everywhere = host in ("0.0.0.0", "::")
    hosts = [] if not everywhere and not is_loopback(host) else ["::1" if host == "::1" else "127.0.0.1"]
    if everywhere:
        # "::" is both kinds; the likelier one comes last.
        hosts += [*(network_addresses(six=True) if host == "::" else ()), *network_addresses(six=False)]
    elif not is_loopback(host):
        hosts.append(host)
    scheme = "https" if secure else "http"
    return [f"{scheme}://{f'[{each}]' if ':' in each else each}:{port}/{query}" for each in hosts]
