"""What the page's server is made of."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aiohttp import web


class Part(Protocol):
    """One thing that the server can do, such as taking the browser's sound.

    The server has checked ``Host``, ``Origin`` and token before it calls a handler, WebSockets included, and runs
    all of them in one event loop on a thread of its own. A handler must not block it.
    """

    def routes(self) -> "Iterable[web.AbstractRouteDef]":
        """Paths and their handlers."""
        ...

    async def close(self) -> None:
        """Free everything; called once, in the event loop of the handlers."""
        ...
