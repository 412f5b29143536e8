"""A million random and mutated packets: ``python benchmarks/osc_fuzz.py [--packets 1000000] [--seed 1]``.

Each is decoded, and taken by a receiver as if it had come in. Any exception but `OscError` ends the
run with the packet that caused it; at the end stands by how much the process grew.
"""

import argparse
import contextlib
import logging
import random
import resource
import time
from collections.abc import Iterator

from artgen_osc.config.contract import Contract
from artgen_osc.errors import OscError
from artgen_osc.osc.codec import decode, encode_bundle, encode_message
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.schedule import time_tag

TABLE = Contract().addresses
ROWS = {**TABLE.sent, **TABLE.controls}
PATTERNS = ("/visuals/*", "//mood/{valence,energy}", "/artgen/bands/[0-9]", "/visuals/[!a-m]?ee?", "/{a,b}*//?*[x-z]")
TYPES = {"i": 1, "h": 2**40, "f": 0.5, "d": 0.25, "s": "text", "S": "é", "b": b"blob", "t": 1, "c": "x", "r": 255}


def seeds() -> list[bytes]:
    """Well-formed packets of every kind that there is."""
    messages = [encode_message(row.path, row.tag, "x" if row.tag == "s" else 1) for row in ROWS.values()]
    messages += [encode_message(pattern, "f", 0.5) for pattern in PATTERNS]
    messages += [encode_message("/visuals/speed", f"[{tag}]TF[NI]{tag}", value, value) for tag, value in TYPES.items()]
    inner = encode_bundle(messages[:3], time_tag(5.0))
    bundles = [encode_bundle(messages[:40]), encode_bundle([inner, messages[5]]), encode_bundle([encode_bundle([])])]
    return messages + bundles + [inner, encode_bundle(messages[:2], time_tag(0.001))]


def mutated(packet: bytes, chance: random.Random) -> bytes:
    """A packet with bytes changed, cut out, doubled, or a length replaced by a telling one."""
    damaged = bytearray(packet)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(damaged) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(damaged):
            damaged[at] = chance.randrange(256)
        elif kind == 1 and at < len(damaged):
            damaged[at] = chance.choice(b"/,*?[]{}!-#\0ifsbhtdScrmTFNI\xff\x80")
        elif kind == 2:
            del damaged[at // 4 * 4 : at // 4 * 4 + 4 * chance.randint(1, 3)]
        elif kind == 3:
            damaged[at:at] = damaged[at // 2 : at]
        else:
            telling = (0, 1, 4, 2**31 - 1, -1, len(damaged), -(2**31))
            damaged[at // 4 * 4 : at // 4 * 4 + 4] = chance.choice(telling).to_bytes(4, "big", signed=True)
    return bytes(damaged[:65_536])


def packets(count: int, seed: int) -> Iterator[bytes]:
    """So many packets, a fifth of them random throughout."""
    chance, whole = random.Random(seed), seeds()
    for _ in range(count):
        random_one = chance.random() < 0.2
        yield chance.randbytes(chance.randrange(200)) if random_one else mutated(chance.choice(whole), chance)


def feed(receiver: OscReceiver, packet: bytes) -> int:
    """Decode a packet, and let the receiver take it; returns the values.

    Raises
    ------
    RuntimeError
        With the packet, on any exception but `OscError`.
    """
    values = 0
    try:
        with contextlib.suppress(OscError):
            decode(packet)
        assert receiver.put(packet, "fuzz")
        while receiver._put.packets or receiver._messages:
            values += len(receiver.poll())
    except Exception as error:
        raise RuntimeError(f"{packet!r}: {error!r}") from error
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    receiver = OscReceiver("127.0.0.1", 0, ROWS)
    start, values = time.monotonic(), 0
    grown: list[float] = []
    for tenth in range(10):
        for packet in packets(options.packets // 10, 10 * options.seed + tenth):
            values += feed(receiver, packet)
        # kilobytes on Linux
        grown.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
        done = (tenth + 1) * options.packets // 10
        print(f"{done} packets, {values} values, {receiver.refused} refused, {grown[-1]:.1f} MB at most", flush=True)
    print(f"{time.monotonic() - start:.0f} s; from half of the way on it grew by {grown[-1] - grown[4]:.2f} MB")


if __name__ == "__main__":
    main()
