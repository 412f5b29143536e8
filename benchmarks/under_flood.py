"""A daemon that plays the demo under floods: what `osc_flood.py` and `door_flood.py` share."""

import contextlib
import itertools
import socket
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import Capture
from artgen_osc.runtime.child import python_module

WARM_UP_S = 4.0


def free_ports(count: int) -> list[int]:
    """Ports of this machine that are free for UDP now."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(count)]
        for peer in peers:
            peer.bind(("127.0.0.1", 0))
        return [int(peer.getsockname()[1]) for peer in peers]


@contextlib.contextmanager
def daemon(listener: Capture, *flags: str) -> Iterator[None]:
    """A daemon that sends to `listener`, has done so for `WARM_UP_S`, and ends with the block."""
    command = python_module("artgen_osc", "daemon", "--input", "demo", "--mute", *flags)
    process = subprocess.Popen([*command, "--osc", f"127.0.0.1:{listener.port}"], stderr=subprocess.DEVNULL)
    try:
        while not listener.read(0.5):
            assert process.poll() is None, "the daemon doesn't start"
        listener.read(WARM_UP_S)
        yield
    finally:
        process.terminate()
        process.wait()


def hop_figures(heard: Sequence[tuple[float, Message]]) -> dict[str, float]:
    """How evenly the hops came."""
    times = [at for at, message in heard if message.path == "/artgen/valence"]
    intervals = sorted(1000 * (b - a) for a, b in itertools.pairwise(times))
    return {
        "hops_a_second": (len(times) - 1) / (times[-1] - times[0]),
        "interval_median_ms": statistics.median(intervals),
        "interval_p99_ms": intervals[int(0.99 * len(intervals))],
        "interval_max_ms": intervals[-1],
    }


def print_table(results: Mapping[str, Mapping[str, float]], width: int) -> None:
    """A column for each kind of flood, a row for each figure."""
    print(f"{'':22}" + "".join(f"{kind:>{width}}" for kind in results))
    for name in next(iter(results.values())):
        print(f"{name:22}" + "".join(f"{result[name]:{width}.2f}" for result in results.values()))
