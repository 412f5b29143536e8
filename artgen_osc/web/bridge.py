"""The bridge to browsers: the OSC stream over WebSocket, as JSON or as it goes out by UDP, and control back.

JavaScript in a page can't open a UDP port; it hears and steers the show through this.
"""

import asyncio
import json
import logging
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from artgen_osc.config.contract import Contract
from artgen_osc.errors import OscError
from artgen_osc.http.acceptor import plain
from artgen_osc.http.part import Part
from artgen_osc.http.server import Page, WebServer, here
from artgen_osc.osc.codec import decode, encode_bundle, encode_message
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import local_target
from artgen_osc.schema.address import Address, Value, extra
from artgen_osc.web.client import BridgeClient, Bundle, read_subscription
from artgen_osc.web.reference import Reference

if TYPE_CHECKING:
    import ssl

    from aiohttp import web

log = logging.getLogger("artgen.bridge")

MOST_A_SECOND = 2_000
"""Bundles to all clients together, and values from all of them, so that the analysis always has room beside them."""


def _read(message: str | bytes) -> list[tuple[str, tuple[object, ...]]]:
    """Addresses and their arguments in JSON text or binary OSC.

    Raises
    ------
    ValueError, OscError
    """
    if isinstance(message, bytes):
        return [(said.path, said.arguments) for said in decode(message)]
    wrong = "is not an object"
    try:
        values = json.loads(message)
    except (ValueError, RecursionError) as error:
        values, wrong = None, f"is not JSON ({str(error)[:200]})"
    if not isinstance(values, dict):
        raise ValueError(f'message: {wrong}; send an object such as {{"/visuals/seed": 7}}, or binary OSC')
    return [(path, () if value is None else (value,)) for path, value in values.items()]


def _check(path: str, arguments: tuple[object, ...], contract: Contract) -> tuple[Address, Value]:
    """A control and its value as the schema and the setting want it.

    Raises
    ------
    ValueError
    """
    row = contract.addresses.controls.get(path) or (extra(path) if path.startswith("/visuals/") else None)
    if row is None:
        raise ValueError(f"{path[:200]}: unknown address; GET / lists those of /artgen/control and /visuals")
    try:
        value = row.check(arguments)
        if isinstance(value, str) and "\0" in value:
            raise ValueError("a string with a zero byte in it")
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {str(error)[:200]}; GET / lists the range of each address") from None
    setting = contract.settings.get(row.setting)
    if isinstance(value, str) and setting is not None and not setting.adds:
        # The renderer would refuse it too, but could tell nobody who asked.
        try:
            setting.check(value)
        except ValueError as error:
            raise ValueError(f"{path}: {str(error)[:200]}") from None
    return row, value


class Bridge(WebServer[BridgeClient]):
    """The server.

    Parameters
    ----------
    host, port : where to listen; port 0 takes a free one
    contract : the show's
    receiver : where control of the daemon goes
    renderer : host and port where control of the renderer goes, over UDP
    origins : sites, such as ``https://editor.p5js.org``, whose pages may listen and steer too
    parts, token, tls, hosts : as for `WebServer`

    Attributes
    ----------
    port : where it listens

    Raises
    ------
    OscError
        The port is taken, or a host isn't known.
    """

    advice = "open it from localhost, or list its site in web.origins"

    def __init__(
        self,
        host: str,
        port: int,
        contract: Contract,
        receiver: OscReceiver,
        renderer: tuple[str, int],
        origins: Iterable[str] = (),
        parts: Sequence[Part] = (),
        token: str = "",
        tls: "ssl.SSLContext | None" = None,
        hosts: Collection[str] = (),
    ) -> None:
        self._origins = frozenset(origins)
        self._told: dict[str, Value] = {}
        self._refused = 0
        self._contract = contract
        self._table, self._reference = contract.addresses, Reference(contract)
        super().__init__("the web page", host, port, receiver, self._table.sent, {}, parts, token, tls, hosts)
        try:
            self._renderer = OscSender([local_target(*renderer)])
        except OscError:
            self._socket.close()
            self._loop.close()
            raise
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Values that slow clients missed, and values that were refused or could not be sent on, so far."""
        return super().dropped + self._refused + self._renderer.dropped

    @property
    def refused(self) -> int:
        """As `WebServer.refused`, and messages."""
        return super().refused + self._refused

    def close(self) -> None:
        """Say goodbye to everyone and free the port; may be called again."""
        super().close()
        self._renderer.close()

    def _may_listen(self, origin: str, host: str) -> bool:
        # "null" is a file from disk, but any site can make itself a frame without an origin.
        return origin == "null" or self._may_steer(origin, host)

    def _may_steer(self, origin: str, host: str) -> bool:
        return origin.lower() in self._origins or super()._may_steer(origin, host)

    def _page(self, request: "web.Request") -> Page:
        return self._reference.page(request.path, f"{here(request)}:{self.port}")

    async def _greet(self, connection: "web.WebSocketResponse", request: "web.Request") -> BridgeClient | None:
        try:
            subscription = read_subscription(request.raw_path, self._table)
        except ValueError as error:
            # A page is told nothing of a refused handshake, so it is let in to hear the reason.
            await connection.send_str(json.dumps({"error": str(error)}))
            await connection.close(code=1008)
            return None
        origin = request.headers.get("Origin")
        may_steer = origin is None or self._may_steer(origin, request.headers.get("Host", ""))
        client = BridgeClient(connection, request, subscription, may_steer)
        self._tell()  # what comes from here on is news to all
        if not self._clients:
            self._told = {}
        state = self._values.copy()
        client.put(Bundle({**state, **{path: 0.0 for path in self._table.pulses if path in state}}, self._table))
        return client

    def _inform(self, values: Iterable[tuple[Address, Value]]) -> None:
        whole = Bundle({row.path: value for row, value in values}, self._table)
        changed = whole.only([p for p, v in whole.values.items() if p in self._table.pulses or self._told.get(p) != v])
        self._told.update(whole.values)
        for client in self._clients:
            client.put(whole if client.subscription.binary else changed)

    def _catch_up(self) -> None:
        values = self._values.copy()
        for path in self._table.pulses:  # those that were lost show in the counter
            if path in values:
                values[path] = float(values[f"{path}/count"] != self._told.get(f"{path}/count"))
        self._inform([(self._table.sent[path], value) for path, value in values.items()])

    def _rest(self, client: BridgeClient, sent: int) -> float:
        return max(client.pause(), sent * len(self._clients) / MOST_A_SECOND)

    async def _hear(self, client: BridgeClient, message: str | bytes) -> None:
        said: Sequence[tuple[str, tuple[object, ...]]] = ()
        controls: list[tuple[Address, Value]] = []
        visuals: list[tuple[Address, Value]] = []
        if not client.may_steer:
            self._refuse(
                client, "Origin null: may listen, not steer; serve the folder (python -m http.server), open localhost"
            )
        else:
            try:
                said = _read(message)
            except (ValueError, OscError) as error:
                self._refuse(client, str(error))
        for path, arguments in said:
            try:
                row, value = _check(path, arguments, self._contract)
            except ValueError as error:
                self._refuse(client, str(error))
                continue
            (visuals if path.startswith("/visuals/") else controls).append((row, value))
        if visuals:
            self._renderer.send(visuals)
        if controls:
            packet = encode_bundle([encode_message(row.path, row.tag, value) for row, value in controls])
            # Whoever may steer here is on this machine or has shown the token.
            await self._pass_on(packet, plain(client.request.remote or ""), trusted=True)
        await asyncio.sleep(max(1, len(said)) * len(self._clients) / MOST_A_SECOND)

    def _refuse(self, client: BridgeClient, reason: str) -> None:
        """Count it, tell the client, and log the first and then one a minute."""
        self._refused += 1
        client.answer(reason)
        self._complain("%s (%d refused so far)", reason, self._refused)
