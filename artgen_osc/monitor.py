"""``artgen monitor``: asks a daemon for its stream and draws it."""

import time

from artgen_osc import schema
from artgen_osc.config import OscConfig
from artgen_osc.meters import Meters
from artgen_osc.osc import OscReceiver
from artgen_osc.schema import Address, Value
from artgen_osc.targets import OscSender

ASK_AGAIN = 2.0
LEASE = 10
"""Seconds for which the daemon is asked each time; it forgets a monitor that has gone."""


def monitor(config: OscConfig, port: int, seconds: float | None, every: bool) -> int:
    """Show the meters until Ctrl-C.

    Parameters
    ----------
    config : where the daemon listens
    port : where to receive; the daemon is asked to send there too
    seconds : how long, or None
    every : print each address and value once a second rather than the meters

    Raises
    ------
    OscError
        The port is taken.
    """
    table = schema.by_path(schema.sent())
    receiver = OscReceiver("0.0.0.0" if config.host != "127.0.0.1" else "127.0.0.1", port, table)
    controls = schema.by_path(schema.DAEMON_CONTROLS)
    ask = OscSender([f"{config.host}:{config.port}"])
    here: Value = f"{receiver.port},lease={LEASE}"
    meters = Meters()
    values: dict[str, Value] = {}
    start = time.monotonic()
    asked = heard = printed = 0.0
    try:
        while seconds is None or time.monotonic() - start < seconds:
            now = time.monotonic()
            if now - asked > ASK_AGAIN:
                if asked and now - heard > ASK_AGAIN:
                    print(f"waiting for a daemon on {config.host}:{config.port}; start one with artgen live")
                ask.send([(controls["/artgen/control/subscribe"], here)])
                asked = now
            received: list[tuple[Address, Value]] = receiver.poll(0.1)
            if received:
                heard = time.monotonic()
                values.update((row.path, value) for row, value in received)
                if not every:
                    meters.show(values, heard)
                elif heard - printed >= 1.0:
                    printed = heard
                    print(
                        "\n".join(
                            f"{row.path:32} {values.get(row.path, '')!s:>12} {row.unit}" for row in table.values()
                        )
                    )
    except KeyboardInterrupt:
        pass
    finally:
        ask.send([(controls["/artgen/control/unsubscribe"], here)])
        ask.close()
        receiver.close()
        meters.close()
    return 0
