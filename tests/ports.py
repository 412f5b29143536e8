"""Ports for tests, so that two runs side by side don't collide."""

import socket


def free_port() -> int:
    """A port of this machine that is free now, for UDP and for TCP."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def daemon_ports() -> tuple[str, ...]:
    """Flags of ``artgen daemon``: a free port for control, no OSCQuery and no bridge."""
    return f"--osc-port={free_port()}", "--osc-query-port=0", "--web-port=0"


def live_ports() -> tuple[str, ...]:
    """Likewise of ``artgen live``."""
    return *daemon_ports(), f"--visuals-port={free_port()}", "--visuals-query-port=0"
