"""What strangers at the doors do to a show: ``python benchmarks/door_flood.py [--seconds 15] [KIND …]``.

A real daemon plays the demo, once left alone and then with one kind of stranger after another, each as fast as one
core goes: ``burning`` only takes that core, ``connecting`` opens and closes connections to the page, ``half-sent``
keeps 300 requests that never end, ``guessing`` tries tokens, ``listening`` has 500 WebSockets that ask OSCQuery for
every address. Printed are the intervals between the hops that go out by UDP, and how long the page took meanwhile
for somebody who has the token.
"""

import argparse
import contextlib
import http.client
import multiprocessing
import selectors
import socket
import statistics
import threading
import time

from under_flood import daemon, free_ports, hop_figures, print_table

from artgen_osc.config.contract import Contract
from artgen_osc.osc.receiver import capture

TOKEN = "a-token-for-the-benchmark"
LISTENERS, HALF_SENT = 500, 300
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def _frame(text: str) -> bytes:
    """A WebSocket frame of a client; its mask is zero."""
    data = text.encode()
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data


LISTEN = b"".join(
    _frame(f'{{"COMMAND": "LISTEN", "DATA": "{row.path}"}}') for row in Contract().addresses.sent.values()
)


def _connect(port: int) -> socket.socket | None:
    peer = socket.socket()
    peer.setblocking(False)
    try:
        peer.connect_ex(("127.0.0.1", port))
    except OSError:
        peer.close()
        return None
    return peer


def keep(port: int, count: int, words: bytes, ends: float) -> int:
    """Keep `count` connections that say `words` and then read whatever comes; returns how many were opened."""
    opened, selector = 0, selectors.DefaultSelector()
    while time.monotonic() < ends:
        while len(selector.get_map()) < count and (peer := _connect(port)):
            selector.register(peer, selectors.EVENT_WRITE)
            opened += 1
        for key, events in selector.select(0.01):
            peer = key.fileobj
            assert isinstance(peer, socket.socket)
            try:
                if events & selectors.EVENT_WRITE:
                    peer.send(words)
                    selector.modify(peer, selectors.EVENT_READ)
                elif not peer.recv(65536):
                    raise ConnectionError
            except OSError:
                selector.unregister(peer)
                peer.close()
    return opened


def guess(port: int, ends: float) -> int:
    """Try one token after another over one connection, and a new one whenever that is closed; returns how many."""
    number = 0
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            while time.monotonic() < ends:
                number += 1
                peer.sendall(b"GET /?token=guess%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % number)
                if not peer.recv(4096):
                    break
    return number


def flood(kind: str, page: int, query: int, seconds: float, done: "multiprocessing.Queue[int]") -> None:
    ends, count = time.monotonic() + seconds, 0
    if kind == "half-sent":
        count = keep(page, HALF_SENT, b"GET / HTTP/1.1\r\nHost: loc", ends)
    elif kind == "listening":
        count = keep(query, LISTENERS, UPGRADE + LISTEN, ends)
    elif kind == "guessing":
        count = guess(page, ends)
    while time.monotonic() < ends:
        count += 1
        if kind == "connecting" and (peer := _connect(page)):
            peer.close()
    done.put(count)


def visit(port: int, ends: float, took: list[float]) -> None:
    """Open the page four times a second, with a new connection each; s, or infinity where it failed."""
    while (start := time.monotonic()) < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/schema", headers={"Cookie": f"artgen_token={TOKEN}"})
            took.append(time.monotonic() - start if connection.getresponse().read(1) == b"{" else float("inf"))
        except (OSError, http.client.HTTPException):
            took.append(float("inf"))
        connection.close()
        time.sleep(0.25)


def measure(kind: str, seconds: float) -> dict[str, float]:
    """Run a daemon with one kind of stranger; `quiet` is none."""
    control, query, page = free_ports(3)
    done: multiprocessing.Queue[int] = multiprocessing.Queue()
    ports = ("--osc-port", str(control), "--osc-query-port", str(query), "--web-port", str(page))
    with capture() as listener, daemon(listener, *ports, "--web-token", TOKEN):
        if kind != "quiet":
            flooding = multiprocessing.Process(target=flood, args=(kind, page, query, seconds + 1, done))
            flooding.start()
        took: list[float] = []
        visitor = threading.Thread(target=visit, args=(page, time.monotonic() + seconds, took))
        visitor.start()
        heard = listener.read(seconds)
        visitor.join()
        count = 0
        if kind != "quiet":
            count = done.get()
            flooding.join()
    return {
        "tries_a_second": count / (seconds + 1),
        **hop_figures(heard),
        "page_median_ms": 1000 * statistics.median(took),
        "page_max_ms": 1000 * max(took),
    }


def main() -> None:
    kinds = ("burning", "connecting", "half-sent", "guessing", "listening")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="some of them; without: all")
    options = parser.parse_args()
    results = {kind: measure(kind, options.seconds) for kind in ("quiet", *(options.kinds or kinds))}
    print_table(results, 13)


if __name__ == "__main__":
    main()
