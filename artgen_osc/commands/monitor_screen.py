"""``artgen monitor``: asks a daemon and a renderer for their streams, and for what comes in to them, and shows both."""

import shutil
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO

from artgen_osc.config.tables import Config
from artgen_osc.daemon import meters
from artgen_osc.errors import OscError
from artgen_osc.osc.pattern import matching
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.recording import Recording
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import LOCALHOST, local_target
from artgen_osc.runtime.terminal import fit, padded, redraws
from artgen_osc.runtime.text import printable, say, shortened
from artgen_osc.schema import values as schema
from artgen_osc.schema.address import EXTRA, Address, Value
from artgen_osc.schema.address_table import AddressTable, Rows

LEASE_S = 10
"""A monitor that is killed is sent to no longer than this."""

SILENT_S = 2.0
"""After so long without a value, that is said."""

NOTHING_HEARD_S = 3.0
"""Shorter rests belong to the music."""

TROUBLES = ("/artgen/status/plugins", "/visuals/status/plugins")

LIVE_S, PRINTED_S = 0.1, 1.0
"""s between two pictures on a terminal, and between two reports into a pipe."""

SHOWN_IN, SHOWN_REFUSED = 6, 4
"""So many of the last control messages and refusals are shown."""

SHOWN_EXTRA = 8
"""So many values of extractors that were added are shown; --values shows all."""

LONGEST_VALUE = 100
"""Characters of a value that came in."""

REFUSALS = {schema.REFUSAL.path: "daemon", schema.VISUALS_REFUSAL.path: "renderer"}


class Traffic:
    """What went by: the newest value of each address, how often it came, control messages and refusals.

    Parameters
    ----------
    controls : addresses that are understood

    Attributes
    ----------
    values : by path, the newest
    controls : the last control messages, as text, newest last
    refusals : the last refused messages and why, newest last
    """

    def __init__(self, controls: Rows) -> None:
        self._understood = controls
        self.values: dict[str, Value] = {}
        self.controls: deque[str] = deque(maxlen=SHOWN_IN)
        self.refusals: deque[str] = deque(maxlen=SHOWN_REFUSED)
        self._counts: dict[str, int] = {}
        self._rates: dict[str, float] = {}
        self._since = 0.0

    def receive(self, values: Iterable[tuple[Address, Value]], now: float) -> list[str]:
        """Count values.

        Parameters
        ----------
        values : that came in one packet
        now : s, monotonic

        Returns
        -------
        Lines on what isn't part of the stream: control messages and new refusals.
        """
        news: list[str] = []
        for row, value in values:
            path, before = row.path, self.values.get(row.path, "")
            self.values[path] = value
            self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._understood:
                self.controls.append(f"{path} {shortened(_text(row, value), LONGEST_VALUE)}")
                news.append(f"in       {self.controls[-1]}")
            elif path in REFUSALS and value != before:
                self.refusals.append(f"{value} ({REFUSALS[path]})")
                news.append(f"refused  {self.refusals[-1]}")
        if now - self._since >= 1.0:
            self._rates = {path: count / (now - self._since) for path, count in self._counts.items()}
            self._counts.clear()
            self._since = now
        return news

    def rate(self, path: str) -> float:
        """Messages a second of one address, over the last second."""
        return self._rates.get(path, 0.0)

    def summary(self) -> list[str]:
        """Both directions, in a few lines."""
        coming = sum(rate for path, rate in self._rates.items() if path in self._understood)
        going = sum(rate for path, rate in self._rates.items() if path not in self._understood)
        silent, source = self._number("/artgen/status/silent"), self.values.get("/artgen/status/input", "")
        heard = f"nothing heard for {silent:.0f} s" if silent >= NOTHING_HEARD_S else "heard"
        lines = [f"sound    {source}, {heard}"] if source else []
        lines += [
            f"out      {going:.0f} values/s, {self.rate('/artgen/valence'):.0f} hops/s, "
            f"{self._number('/artgen/status/latency_ms'):.0f} ms late, "
            f"{self._number('/artgen/status/dropped'):.0f} dropped, "
            f"{self._number('/artgen/status/overtaken'):.0f} overtaken, "
            f"{self._number('/artgen/status/restarts'):.0f} restarts"
        ]
        extra = [(path.removeprefix(EXTRA), value) for path, value in self.values.items() if path.startswith(EXTRA)]
        if extra:
            told = (f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in extra)
            lines.append(f"added    {', '.join(islice(told, SHOWN_EXTRA))}")
        lines += [f"plugins  {self.values[path]}" for path in TROUBLES if self.values.get(path)]
        if "/visuals/status/fps" in self.values:
            lines.append(
                f"picture  {self._number('/visuals/status/fps'):.0f} fps, "
                f"{self._number('/visuals/status/pictures'):.1f} pictures/s, {self.values['/visuals/status/model']}, "
                f"valence {self._number('/visuals/status/valence'):.2f}, "
                f"energy {self._number('/visuals/status/energy'):.2f}, "
                f"{self._number('/visuals/status/overtaken'):.0f} overtaken, "
                f"{self._number('/visuals/status/dropped'):.0f} dropped"
            )
        refused = self._number("/artgen/status/refused") + self._number("/visuals/status/refused")
        lines.append(f"in       {coming:.0f} values/s, {refused:.0f} refused")
        lines += [f"         {control}" for control in self.controls]
        return lines + [f"refused  {refusal}" for refusal in self.refusals]

    def table(self, rows: Sequence[Address]) -> list[str]:
        """Newest value and rate of each address."""
        return [
            f"{row.path:32} {padded(_text(row, self.values.get(row.path, '')), 14)} {row.unit:8} "
            f"{self.rate(row.path):5.1f}/s"
            for row in rows
        ]

    def _number(self, path: str) -> float:
        return float(self.values.get(path, 0.0))


def _text(row: Address, value: Value) -> str:
    return f"{value:.4g}" if row.kind == "float" and value != "" else str(value)


class _Display:
    """Redraws in place on a terminal; into a pipe or file it prints once a second, and news at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = redraws(stream)
        self._drawn = 0
        self._next = 0.0

    def show(self, lines: Sequence[str], news: Sequence[str], now: float) -> None:
        lines, news = [*map(printable, lines)], [*map(printable, news)]
        if self._live:
            if now < self._next:
                return
            self._next = now + LIVE_S
            width, height = shutil.get_terminal_size()
            shown = [fit(line, width - 1) for line in lines[: height - 1]]
            up = f"\x1b[{self._drawn}A" if self._drawn else ""
            self._stream.write(up + "".join(f"\r{line}\x1b[K\n" for line in shown) + "\x1b[J")
            self._drawn = len(shown)
        else:
            due = now >= self._next
            self._next = now + PRINTED_S if due else self._next
            self._stream.write("".join(f"{line}\n" for line in (*news, *(lines if due else ()))))
        self._stream.flush()


class _Asking:
    """Subscribes with a daemon and a renderer, again and again, and says goodbye."""

    def __init__(self, config: Config, port: int, controls: Rows) -> None:
        self._controls = controls
        self.targets = (
            local_target(config.osc.host, config.osc.port),
            local_target(config.visuals.host, config.visuals.port),
        )
        self._senders = [OscSender([there]) for there in self.targets]
        self._value: Value = f"{port},echo,lease={LEASE_S}"
        self._next = 0.0

    def _send(self, what: str) -> None:
        for sender, start in zip(self._senders, ("/artgen/control", "/visuals"), strict=True):
            sender.send([(self._controls[f"{start}/{what}"], self._value)])

    def keep(self, now: float) -> None:
        """Renew what runs out."""
        if now >= self._next:
            self._next = now + LEASE_S / 5
            self._send("subscribe")

    def close(self) -> None:
        self._send("unsubscribe")
        for sender in self._senders:
            sender.close()


def monitor(
    config: Config,
    addresses: AddressTable,
    port: int,
    seconds: float | None = None,
    every: bool = False,
    pattern: str = "",
    record: Path | None = None,
) -> int:
    """Show what goes out and comes in until Ctrl-C.

    Parameters
    ----------
    config : where the daemon and the renderer listen
    addresses : what both send and understand
    port : where to receive; 0 takes a free one
    seconds : how long, or None
    every : list each address with its value and rate rather than the meters
    pattern : an OSC address pattern; list, and record, only the addresses that it means
    record : write what comes to this file, for `artgen_osc.commands.replay_player`

    Raises
    ------
    OscError
        The port is taken, the pattern means nothing, or the file exists or can't be written.
    """
    table = addresses.rows
    shown = tuple(table.values())
    if pattern:
        shown = tuple(table[path] for path in matching(pattern, table))
        if not shown:
            raise OscError(f"--filter {pattern}: means no address; artgen monitor --values lists them; such as //beat*")
    near = {config.osc.host, config.visuals.host} == {LOCALHOST}
    receiver = OscReceiver(LOCALHOST if near else "0.0.0.0", port, table)
    recording: Recording | None = None
    asking = _Asking(config, receiver.port, addresses.controls)
    traffic, display, glyphs = Traffic(addresses.controls), _Display(sys.stdout), meters.glyphs(sys.stdout)
    start = heard = time.monotonic()
    try:
        recording = Recording(record) if record else None
        while seconds is None or time.monotonic() - start < seconds:
            asking.keep(time.monotonic())
            values = receiver.poll(LIVE_S)
            now = time.monotonic()
            heard = now if values else heard
            chosen = [(row, value) for row, value in values if not pattern or row in shown]
            if recording and chosen:
                recording.write(chosen, now)
            news = traffic.receive(values, now)
            lines = (
                traffic.table(shown) if every or pattern else [meters.line(traffic.values, glyphs), *traffic.summary()]
            )
            if now - heard > SILENT_S:
                lines = [f"nothing comes from {' or '.join(asking.targets)}; start artgen live"]
            display.show(lines, news, now)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        asking.close()
        receiver.close()
        if recording:
            recording.close()
            say(f"{recording.bundles} bundles are in {printable(record)}; artgen replay plays them", sys.stderr)
    return 0
