"""What sending costs of a hop: ``python benchmarks/osc_out.py``.

The bundle of a hop goes to sockets on this machine that nobody reads. The best of several turns is taken;
the ratio to a hop is what counts.
"""

import json
import math
import socket
import time
import timeit
from contextlib import ExitStack

from artgen_osc.analysis.hop import HOP_TIME
from artgen_osc.config.contract import Contract
from artgen_osc.osc.mapping.rows import read_rows
from artgen_osc.osc.sender import OscSender
from artgen_osc.schema import values as schema

TURNS, SENDS = 9, 300
MAPS = 20


def hop(number: int) -> list[tuple[schema.Address, schema.Value]]:
    """Values that change from hop to hop, as in a show."""
    return [
        (row, number % 9 if row.tag == "i" else 0.5 + 0.5 * math.sin(number + index))
        for index, row in enumerate(output.address for output in schema.OUTPUTS)
    ]


def cost(targets: list[str], maps: int) -> float:
    """Seconds that one hop's sending takes."""
    hops = [hop(number) for number in range(SENDS)]
    paths = [output.address.path for output in schema.OUTPUTS]
    rows = [
        {"from": paths[i % 26], "to": f"/other/program/{i}", "curve": 2, "smoothing": 0.1, "target": targets[0]}
        for i in range(maps)
    ]
    sender = OscSender([] if maps else targets, read_rows(rows, "benchmark", Contract().addresses.sent)[0])
    time.sleep(0.2)  # for TCP to connect

    def send() -> None:
        for values in hops:
            sender.send(values)

    best = min(timeit.repeat(send, number=1, repeat=TURNS)) / SENDS
    sender.close()
    return best


def main() -> None:
    """Print one JSON object: µs and the part of a hop for each case."""
    with ExitStack() as stack:
        places = []
        for _ in range(8):
            peer = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            peer.bind(("127.0.0.1", 0))
            places.append(f"127.0.0.1:{peer.getsockname()[1]}")
        cases = {
            "1 target": (places[:1], 0),
            "8 targets": (places, 0),
            "8 targets, rate=30": ([f"{place},rate=30" for place in places], 0),
            "1 target, messages": ([f"{places[0]},messages"], 0),
            f"{MAPS} maps": (places[:1], MAPS),
            "preset=resolume": ([f"{places[0]},preset=resolume"], 0),
            "preset=audio0": ([f"{places[0]},preset=audio0"], 0),
            "1 target over TCP that isn't there": (["127.0.0.1:9,tcp"], 0),
        }
        figures = {name: cost(*case) for name, case in cases.items()}
    print(
        json.dumps(
            {n: {"us": round(1e6 * s), "of_a_hop": round(s / HOP_TIME, 4)} for n, s in figures.items()}, indent=1
        )
    )


if __name__ == "__main__":
    main()
