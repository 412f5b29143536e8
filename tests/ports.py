"""Ports for tests, so that two runs side by side, or two workers of one run, don't collide."""

import itertools
import os
import socket

RANGE = range(12_000, 32_000)
"""Below the ports that systems hand out themselves: none of these is taken by a socket that asked for any port."""
_places = itertools.count(os.getpid() * 997)


def free_port() -> int:
    """A port of this machine that is free now, for UDP and for TCP; not the same twice in thousands of calls."""
    while True:
        port = RANGE[next(_places) % len(RANGE)]
        try:
            with socket.create_server(("127.0.0.1", port)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port


def daemon_ports() -> tuple[str, ...]:
    """Flags of ``artgen daemon``: a free port for control, no OSCQuery and no bridge."""
    return f"--osc-port={free_port()}", "--osc-query-port=0", "--web-port=0"


def visuals_ports() -> tuple[str, ...]:
    """Likewise of ``artgen visuals``."""
    return f"--visuals-port={free_port()}", "--visuals-query-port=0"


def live_ports() -> tuple[str, ...]:
    """Likewise of ``artgen live``."""
    return *daemon_ports(), *visuals_ports()
