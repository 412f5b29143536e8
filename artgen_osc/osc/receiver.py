"""What comes in over OSC: the receiver, which validates against the schema, and `capture` for tests."""

import contextlib
import logging
import math
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from artgen_osc.errors import OscError
from artgen_osc.osc.codec import MAX_PACKET, Message, decode
from artgen_osc.osc.pattern import is_pattern, matching
from artgen_osc.osc.schedule import MOST_AHEAD_S, Schedule, seconds_until
from artgen_osc.osc.sockets import Packet, Sender, Tcp, Udp, sender_at
from artgen_osc.osc.targets import check_asker, with_host
from artgen_osc.runtime.guard import survived
from artgen_osc.runtime.throttle import Throttle
from artgen_osc.schema.address import Address, Value, extra
from artgen_osc.schema.address_table import Rows

MOST_WAITING = 100
"""Packets that came another way than over UDP or TCP and wait for `OscReceiver.poll`."""

SHARE = 0.1
"""Of the time since the last poll, so much may go into reading: the rest is the caller's, whatever is sent.
All that the daemon sends takes the renderer a fortieth."""

LEAST_S, MOST_S = 0.001, 0.02
"""That time is at least and at most so long."""

MOST_REFUSALS = 20
MOST_STRANGERS = 20
"""Unknown addresses that are logged in a minute: a program that sends its own here by mistake has hundreds of them."""

UNKNOWN = "unknown address"
PLAINLY_OFF_S = 1.5
"""Whoever dates bundles further from now has another clock, or a plan: it is told once."""
FREE_PORTS = 20
"""Tries, where any free port is asked for, to find one that is free for UDP and TCP."""

MOST_LATE = 1000
"""Packets that `Capture.read` still takes when its time is over; there may be no end of them."""

MOST_PATTERNS = 256
"""Those that were used last keep their addresses."""

log_in = logging.getLogger("artgen.osc.in")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused, for people to see.

    Attributes
    ----------
    time : s, monotonic
    what : the address, or the packet where that isn't known
    reason : in a few words
    sender : IP address
    """

    time: float
    what: str
    reason: str
    sender: str

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"


class _Source(Protocol):
    def read(self) -> Packet | None: ...


class _Put:
    """Packets that came another way."""

    def __init__(self) -> None:
        self.packets: deque[Packet] = deque()

    def read(self) -> Packet | None:
        return self.packets.popleft() if self.packets else None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _shown(text: str) -> str:
    """Strangers' text, safe for a terminal."""
    text = text[:300]
    return text if text.isprintable() else text.encode("unicode_escape").decode()


class OscReceiver:
    """Receives over UDP and TCP and validates against the schema.

    Whatever is malformed, unknown or out of range is refused, counted in `refused`, and
    logged with its reason, for each address once and then once a minute.
    A bundle that is dated ahead waits for its time.
    An address pattern means every address that it matches and that takes the value.

    Parameters
    ----------
    host, port : where to listen; port 0 takes a free one
    addresses : what it understands, by path; where that is what a daemon sends, the value of an extractor that isn't
        installed here is let through too
    time_tags : whether a bundle that is dated ahead waits; otherwise all counts at once

    Attributes
    ----------
    port : where it listens, UDP and, unless another program has it, TCP
    refused : messages and packets that were refused, and datagrams that the system dropped
    lost : of these, the ones that the system dropped
    refusals : the last ones

    Raises
    ------
    OscError
        The UDP port is taken or the host isn't this machine's.
    """

    def __init__(self, host: str, port: int, addresses: Rows, time_tags: bool = True) -> None:
        self._addresses, self._time_tags = addresses, time_tags
        self._takes_extra = any(row.pulse for row in addresses.values())
        self._doubted = Throttle(every=math.inf)
        self._matching = lru_cache(MOST_PATTERNS)(lambda pattern: matching(pattern, addresses))
        self._throttle = Throttle()
        self._strangers = Throttle(most=MOST_STRANGERS)
        self._put = _Put()
        self._messages: deque[tuple[Message, Sender, float]] = deque()
        self._unfinished: list[_Source] = []
        self._schedule = Schedule()
        self._polled = time.monotonic()
        self.refused = 0
        self.lost = 0
        self.refusals: deque[Refusal] = deque(maxlen=MOST_REFUSALS)
        self._selector = selectors.DefaultSelector()
        for left in reversed(range(FREE_PORTS if port == 0 else 1)):
            try:
                self._udp = Udp(host, port, self._selector)
            except (OSError, OverflowError) as error:
                self._selector.close()
                raise OscError(
                    f"{host}:{port}: can't listen there ({_reason(error)}); "
                    "stop the other program or choose another UDP port"
                ) from None
            self.port = self._udp.port
            self._tcp: Tcp | None = None
            try:
                self._tcp = Tcp(host, self.port, self._selector, self.refuse)
                break
            except OSError as error:
                if left:  # any port would do, so one that is free for both
                    self._udp.close()
                    continue
                log_in.warning(
                    "%s:%d: no OSC over TCP (%s); UDP goes on; for TCP too, stop the other program or choose another "
                    "port",
                    host,
                    self.port,
                    _reason(error),
                )

    def poll(self, timeout: float = 0.0, limit: int = 1000) -> list[tuple[Address, Value]]:
        """Valid values that have arrived or are due, oldest first.

        It takes a tenth of the time since the last call at most, so that a flood can't hold up the
        caller. The rest waits in the system's buffers; what these can't hold the system drops.

        Parameters
        ----------
        timeout : s to wait for the first packet, or for a value that is due
        limit : values after which it stops
        """
        left_over = bool(self._messages or self._unfinished or self._put.packets)
        wait = 0.0 if left_over else max(0.0, min(timeout, self._schedule.next() - time.monotonic()))
        selected = [key.data for key, _ in self._selector.select(wait)]
        others = [self._put] if self._put.packets else []
        ready: deque[_Source] = deque(dict.fromkeys([*others, *self._unfinished, *selected]))
        now = start = time.monotonic()
        end = start + min(max((start - self._polled) * SHARE, LEAST_S), MOST_S)
        values: list[tuple[Address, Value]] = []
        while self._schedule.next() <= start and len(values) < limit:
            values.append(self._schedule.get())
        while len(values) < limit and now < end:
            if self._messages:
                self._take(*self._messages.popleft(), now, values)
            elif ready:
                # One packet of each in turn: a flood over one leaves room for the others.
                source = ready.popleft()
                if packet := source.read():
                    self._open(*packet, now)
                    ready.append(source)
            else:
                break
            now = time.monotonic()
        self._unfinished = list(ready)
        self._count_lost()
        self._polled = time.monotonic()
        return values

    def put(self, packet: bytes, sender: str, trusted: bool = False) -> bool:
        """Take a packet that came another way, as if it were a datagram; any thread may call.

        Parameters
        ----------
        packet : a message or a bundle, whatever it is made of
        sender : its IP address
        trusted : whether it may have other machines sent to, as programs on this one may anyhow

        Returns
        -------
        False where too many wait already: come again later.
        """
        if len(self._put.packets) >= MOST_WAITING:
            return False
        self._put.packets.append((packet, Sender(sender, True) if trusted else sender_at(sender)))
        return True

    def _open(self, packet: bytes, sender: Sender, now: float) -> None:
        try:
            messages = decode(packet)
        except OscError as error:
            self.refuse(f"packet from {sender.address}", str(error), sender.address)
            return
        except Exception as error:
            self._fail(f"packet from {sender.address}", error, sender.address)
            return
        delays = {message.time_tag: self._delay(message.time_tag, sender.address) for message in messages}
        self._messages.extend((message, sender, now + delays[message.time_tag]) for message in messages)

    def _delay(self, tag: int, address: str) -> float:
        """How long a message waits, s."""
        if not self._time_tags:
            return 0.0
        ahead = seconds_until(tag)
        if abs(ahead) > PLAINLY_OFF_S and self._doubted.due(address):
            log_in.warning(
                "packet from %s: is dated %s; if that isn't meant, set the clocks of both machines, or let "
                "osc.time_tags = false (--no-osc-time-tags) ignore what bundles are dated",
                address,
                f"{ahead:.1f} s ahead{', and waits' if ahead <= MOST_AHEAD_S else ''}"
                if ahead > 0
                else f"{-ahead:.1f} s ago, and counts at once",
            )
        return max(0.0, ahead)

    def _take(
        self, message: Message, sender: Sender, due: float, now: float, values: list[tuple[Address, Value]]
    ) -> None:
        """Add a message's value to `values`, or keep it until it is due, for each address that it means."""
        try:
            rows = self._rows(message.path)
            accepted: list[tuple[Address, Value]] = []
            reasons: list[Exception] = []
            for row in rows:
                try:
                    accepted.append((row, self._checked(row, message, sender)))
                except (OscError, ValueError) as error:
                    reasons.append(error)
            if not accepted:
                raise reasons[0]
            for row, value in accepted:
                if due <= now:
                    values.append((row, value))
                else:
                    self._schedule.check(due - now)
                    self._schedule.put(due, row, value)
        except (OscError, ValueError) as error:
            self.refuse(message.path, str(error), sender.address)
        except Exception as error:
            self._fail(message.path, error, sender.address)

    def _fail(self, what: str, error: Exception, address: str) -> None:
        """Refuse what nobody foresaw."""
        log_in.debug("%s", what, exc_info=error)
        self.refuse(what, survived(error), address)

    def _checked(self, row: Address, message: Message, sender: Sender) -> Value:
        value = row.check(message.arguments)
        if row.here:
            value = with_host(str(value), sender.address)
        if (row.here or row.own) and not sender.trusted:
            check_asker(str(value), sender.address)
        return value

    def _rows(self, path: str) -> list[Address]:
        """What an address or a pattern means: one row at least."""
        if path in self._addresses:
            return [self._addresses[path]]
        if not is_pattern(path):
            row = extra(path) if self._takes_extra else None
            if row is None:
                raise ValueError(UNKNOWN)
            return [row]
        rows = [self._addresses[matched] for matched in self._matching(path)]
        if not rows:
            raise ValueError("a pattern that matches no address")
        return rows

    def _count_lost(self) -> None:
        lost = self._udp.lost()
        if lost:
            self.lost += lost
            self.refuse("datagrams", "more came than could be read; the system dropped the rest; send less", "", lost)

    def refuse(self, what: str, reason: str, sender: str, times: int = 1, logged: bool = False) -> None:
        """Count and log what can't be used; for what turns out so later, too.

        Parameters
        ----------
        what, reason, sender : see `Refusal`
        times : how often it happened
        logged : whether the log has it already
        """
        self.refused += times
        refusal = Refusal(time.monotonic(), _shown(what), _shown(reason), sender)
        if self.refusals and replace(self.refusals[-1], time=refusal.time) == refusal:
            self.refusals.pop()  # a flood of one kind leaves the others in sight
        self.refusals.append(refusal)
        if not logged and (self._strangers if reason == UNKNOWN else self._throttle).due(refusal.what):
            log_in.warning("%s: refused: %s", refusal.what, refusal.reason)

    def refused_since(self, time: float) -> list[str]:
        """Refusals after `time` (s, monotonic), oldest first; without one the last before it, or an empty text."""
        last = str(self.refusals[-1]) if self.refusals else ""
        return [str(one) for one in self.refusals if one.time > time] or [last]

    def close(self) -> None:
        """Free the ports."""
        self._udp.close()
        if self._tcp:
            self._tcp.close()
        self._selector.close()


@contextlib.contextmanager
def capture(host: str = "127.0.0.1", port: int = 0) -> Iterator["Capture"]:
    """Collect every message that arrives on a port, for tests and for looking around.

    Parameters
    ----------
    host : an IPv4 address of this machine
    port : 0: any free one
    """
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        connection.bind((host, port))
        yield Capture(connection)
    finally:
        connection.close()


class Capture:
    """What `capture` yields: `port`, and `read` for the messages."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.port: int = connection.getsockname()[1]

    def read(self, seconds: float) -> list[tuple[float, Message]]:
        """Messages of the next `seconds`, each with its time of arrival (monotonic).

        What waits by then is read too, so that nothing is missed where this thread is held up.
        """
        messages: list[tuple[float, Message]] = []
        end, late = time.monotonic() + seconds, 0
        while late < MOST_LATE:
            left = end - time.monotonic()
            late += left <= 0.0
            self._connection.settimeout(max(0.0, left))
            try:
                packet = self._connection.recv(MAX_PACKET)
            except (TimeoutError, BlockingIOError):
                break
            now = time.monotonic()
            messages += [(now, message) for message in decode(packet)]
        return messages
