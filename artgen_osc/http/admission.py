"""What every request has to pass before it is looked at: its turn, its host, its token."""

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING

from artgen_osc.http.acceptor import neighbour
from artgen_osc.http.access import Names, is_this_machine, is_token, tokens_shown
from artgen_osc.http.lockout import Lockout
from artgen_osc.http.rate_limit import RateLimit
from artgen_osc.runtime.throttle import Throttle

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger("artgen.web")


class Admission:
    """The checks that don't depend on what is asked for.

    Parameters
    ----------
    what : for people, such as ``OSCQuery``
    names : of this machine
    token : what every request has to show; empty for none
    """

    def __init__(self, what: str, names: Names, token: str) -> None:
        self._what, self._names, self._token = what, names, token
        self._rate_limit, self._lockout = RateLimit(), Lockout()
        self._throttle = Throttle()

    @property
    def wrong(self) -> int:
        """Wrong tokens so far."""
        return self._lockout.wrong

    async def refusal(self, request: "web.Request") -> "web.Response | None":
        """Why a request isn't answered, or None; waits until it is its turn."""
        from aiohttp import web

        address, now = neighbour(request.remote or ""), time.monotonic()
        if (pause := self._rate_limit.wait(address, now)) > 0:
            await asyncio.sleep(pause)
        host = said(request, "Host")
        if host is not None and not is_this_machine(host, self._names):
            reason = (
                f"Host {host[:200]}: isn't this machine; use its IP address or localhost, or name it in web.hosts\n"
            )
            return web.Response(status=403, text=reason)
        if self._token and (refused := self._check_token(request, address)):
            return refused
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return web.Response(status=415, text="Content-Encoding: isn't understood; send the body as it is\n")
        return None

    def shows_token(self, request: "web.Request") -> bool:
        """Whether the address has the token in it. A cookie proves less: a browser sends it along whoever asks."""
        shown = tokens_shown(request.query_string, cookies="")
        return bool(self._token) and any(is_token(self._token, each) for each in shown)

    def _check_token(self, request: "web.Request", address: str) -> "web.Response | None":
        from aiohttp import web

        now = time.monotonic()
        # Apart, since any site can have a browser try tokens in addresses, as those of pictures, but not in our cookie,
        # and browsers say which requests are another site's: the page goes on.
        foreign = request.headers.get("Sec-Fetch-Site") == "cross-site"
        ways = {
            f"{address} {'other site' if foreign else 'address'}": tokens_shown(request.query_string, cookies=""),
            f"{address} cookie": tokens_shown("", request.headers.get("Cookie", "")),
        }
        waits = {way: self._lockout.wait(way, now) for way, shown in ways.items() if shown}
        open_ways = [way for way, wait in waits.items() if not wait]
        if any(is_token(self._token, shown) for way in open_ways for shown in ways[way]):
            return None
        if waits and not open_ways:
            wait = math.ceil(min(waits.values()))
            text = f"token: too many wrong ones came from {address}; wait {wait} s\n"
            return web.Response(status=429, text=text, headers={"Retry-After": str(wait)})
        guesses = [shown for way in open_ways for shown in ways[way] if self._lockout.mistake(way, shown, now)]
        if guesses and self._throttle.due():
            log.warning("%s: a wrong token from %s (%d wrong ones so far)", self._what, address, self._lockout.wrong)
        reason = "token: is missing or wrong; open the whole address that artgen printed\n"
        return web.Response(status=401, text=reason)


def said(request: "web.Request", name: str) -> str | None:
    """A header of a request. Said twice, it is joined, and so means nothing that is known.

    Parameters
    ----------
    request : of a browser or another program
    name : of the header

    Returns
    -------
    its value, None where the request doesn't have it
    """
    values = request.headers.getall(name, [])
    return ", ".join(values) if values else None
