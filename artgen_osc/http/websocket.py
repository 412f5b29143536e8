"""One WebSocket to the show's values."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger("artgen.web")

BURST = 50
"""Most messages at once to one client, then it is another's turn."""

STUCK_S = 10.0
"""A client that takes nothing for so long is dropped."""


class Client(ABC):
    """One WebSocket and what waits for it.

    Parameters
    ----------
    connection : the WebSocket, open
    request : with which it was asked for
    """

    def __init__(self, connection: "web.WebSocketResponse", request: "web.Request") -> None:
        self.connection, self.request = connection, request
        self.dropped = 0
        self.burst = BURST
        self.filled = asyncio.Event()

    @property
    def listens(self) -> bool:
        """Whether it wants news at all."""
        return True

    @abstractmethod
    def get(self) -> bytes | str | None:
        """What is to be sent next; None where nothing waits."""

    def abort(self) -> None:
        """Break the line without a word."""
        if self.request.transport:
            self.request.transport.abort()

    async def send(self, rest: Callable[[int], float]) -> None:
        """Send what waits, until the client is gone or takes nothing any more.

        Parameters
        ----------
        rest : s to pause after so many messages, so that all clients have their share
        """
        with contextlib.suppress(ConnectionError):
            while True:
                await self.filled.wait()
                sent = 0
                while sent < self.burst:
                    packet = self.get()
                    if packet is None:
                        self.filled.clear()
                        break
                    sent += 1
                    try:
                        async with asyncio.timeout(STUCK_S):
                            if isinstance(packet, str):
                                await self.connection.send_str(packet)
                            else:
                                await self.connection.send_bytes(packet)
                    except TimeoutError:
                        log.warning("a listener took nothing for %.0f s; it is dropped, the show goes on", STUCK_S)
                        self.abort()
                        return
                await asyncio.sleep(rest(sent))
