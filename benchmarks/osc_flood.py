"""What a flood of OSC does to the analysis: ``python benchmarks/osc_flood.py [--seconds 15] [--rate 50000]``.

A real daemon plays the demo, once left alone and then under floods, by turns: to a port that isn't
its own (what the flood alone takes from this machine), and to its own with valid, unknown, malformed
and pattern packets. Printed are the intervals between its hops, its own latency, and how many hops
are missing, each against the flood to the other port.
"""

import argparse
import multiprocessing
import socket
import statistics
import time

from under_flood import daemon, free_ports, hop_figures, print_table

from artgen_osc.osc.codec import encode_bundle, encode_message
from artgen_osc.osc.receiver import capture

GAIN = encode_message("/artgen/control/gain_db", "f", 0.0)
FLOODS = {
    "elsewhere": [GAIN],
    "valid": [GAIN],
    "valid bundles": [encode_bundle([GAIN] * 20)],
    "largest": [encode_bundle([GAIN] * 249)],
    "unknown": [encode_message(f"/nowhere/{number}", "f", 1.0) for number in range(1000)],
    "malformed": [GAIN[:-4], b"rubbish", GAIN + bytes(4)],
    "patterns": [encode_message(f"/artgen//{{{number},gain_db}}", "f", 0.0) for number in range(1000)],
}


def flood(packets: list[bytes], port: int, rate: int, seconds: float, sent: "multiprocessing.Queue[int]") -> None:
    """Send `rate` packets a second, in bursts of a millisecond."""
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start = time.monotonic()
    number = 0
    while (elapsed := time.monotonic() - start) < seconds:
        while number < elapsed * rate:
            number += 1
            peer.sendto(packets[number % len(packets)], ("127.0.0.1", port))
        time.sleep(0.001)
    sent.put(number)


def measure(kind: str, rate: int, seconds: float) -> dict[str, float]:
    """Run a daemon under one kind of flood; `quiet` is none."""
    (port,), sent = free_ports(1), multiprocessing.Queue()
    with capture() as listener, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        with daemon(listener, "--osc-port", str(port), "--osc-query-port", "0"):
            if kind != "quiet":
                target = nobody.getsockname()[1] if kind == "elsewhere" else port
                arguments = (FLOODS[kind], target, rate, seconds + 1, sent)
                flooding = multiprocessing.Process(target=flood, args=arguments)
                flooding.start()
                listener.read(0.5)
            heard = listener.read(seconds)
            packets = 0
            if kind != "quiet":
                packets = sent.get()
                flooding.join()
    latency = [float(message.arguments[0]) for _, message in heard if message.path == "/artgen/status/latency_ms"]
    refused = [int(message.arguments[0]) for _, message in heard if message.path == "/artgen/status/refused"]
    return {
        "packets_a_second": packets / (seconds + 1),
        **hop_figures(heard),
        "latency_median_ms": statistics.median(latency),
        "latency_max_ms": max(latency),
        "refused_a_second": (refused[-1] - refused[0]) / (len(refused) - 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=int, default=50_000, help="packets a second")
    options = parser.parse_args()
    results = {kind: measure(kind, options.rate, options.seconds) for kind in ("quiet", *FLOODS)}
    print_table(results, 15)
    for name in ("hops_a_second", "interval_p99_ms", "latency_median_ms"):
        base = results["elsewhere"][name]
        print(f"{name + ' x':22}" + "".join(f"{result[name] / base:15.3f}" for result in results.values()))


if __name__ == "__main__":
    main()
