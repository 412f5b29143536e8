"""What a change of input does to the OSC stream: ``python benchmarks/input_switch.py``.

A daemon on this machine is switched back and forth between the demo and files of other sample rates, over OSC. The
gaps between the bundles that arrive are measured here, beside the gaps of the same time without a switch.
"""

import argparse
import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from under_flood import free_ports

from artgen_osc.osc.codec import encode_message
from artgen_osc.runtime.child import python_module

RATES = (44100, 48000, 22050)
BETWEEN_S = 2.0


def arrivals(connection: socket.socket, seconds: float) -> list[float]:
    """When datagrams came in the next `seconds`, s, monotonic."""
    times = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            connection.recv(65536)
        except TimeoutError:
            break
        times.append(time.monotonic())
    return times


def figures(times: list[float]) -> dict[str, float]:
    """Gaps in ms: p99 and the longest."""
    gaps = np.diff(times) * 1000.0
    return {"p99_ms": round(float(np.percentile(gaps, 99)), 1), "longest_ms": round(float(gaps.max()), 1)}


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--switches", type=int, default=12, help="how often to switch (12)")
    switches = parser.parse_args().switches
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection,
        tempfile.TemporaryDirectory() as folder,
    ):
        connection.bind(("127.0.0.1", 0))
        inputs = ["demo"]
        for rate in RATES:
            path = Path(folder, f"{rate}.wav")
            noise = np.random.default_rng(0).standard_normal((rate * 60, 2)) * 0.1
            soundfile.write(path, noise, rate)
            inputs.append(f"file:{path}")
        (port,) = free_ports(1)
        command = python_module("artgen_osc", "daemon", "--input", "demo", "--mute", f"--osc-port={port}")
        command += [f"--osc=127.0.0.1:{connection.getsockname()[1]}", "--web-port=0", "--osc-query-port=0"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as daemon:
            try:
                arrivals(connection, 5.0)
                quiet = arrivals(connection, switches * BETWEEN_S)
                switched: list[float] = []
                for number in range(switches):
                    message = encode_message("/artgen/control/input", "s", inputs[(number + 1) % len(inputs)])
                    connection.sendto(message, ("127.0.0.1", port))
                    switched += arrivals(connection, BETWEEN_S)
            finally:
                daemon.terminate()
    print(json.dumps({"switches": switches, "without": figures(quiet), "with": figures(switched)}, indent=1))


if __name__ == "__main__":
    main()
