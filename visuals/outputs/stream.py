"""The stream as an output: picture and sound of the show, live to a streaming server."""

import importlib.util
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from artgen_osc.errors import OutputError
from artgen_osc.schema.address import COUNT_MAX, Address
from artgen_osc.schema.setting import setting
from visuals.outputs.filmed import ENCODERS, LOOK_S, PYAV, FilmedOutput
from visuals.outputs.kind import OutputHost
from visuals.outputs.retry import Retry

SCHEMES = ("rtmp", "rtmps", "srt", "udp")
LASTING_S = 10.0
"""A stream that has lasted so long has been a good one: the next failure begins with the shortest wait."""

PATIENCE_S = 20.0
"""A server that hasn't taken anything for so long is given up, and tried again."""

CLOSE_S = 2.0


def _server(value: str) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        port, known = parts.port, parts.scheme in SCHEMES and parts.hostname and value.isprintable()
    except ValueError:  # brackets or a port that can't be
        port, known = None, False
    if not known:
        begins = ", ".join(f"{one}://" for one in SCHEMES)
        raise ValueError(f"{value!r} is not the address of a server; it begins with {begins}")
    if not port and not parts.scheme.startswith("rtmp"):
        raise ValueError(f"{value!r} has no port; write one such as {parts.scheme}://{parts.hostname}:5000")


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Where to, and how."""

    on: bool = setting(False, "send the show to a streaming server", scene=False)
    address: str = setting(
        "",
        "the server, without the key, such as rtmp://a.rtmp.youtube.com/live2",
        scene=False,
        check=_server,
    )
    key: str = setting("", "the platform's stream key; of an srt:// server its streamid", scene=False, secret=True)
    width: int = setting(0, "width of the next stream; 0: that of the show", 0, 8192, "pixels", scene=False)
    height: int = setting(0, "height of the next stream; 0: that of the show", 0, 8192, "pixels", scene=False)
    fps: float = setting(30.0, "frames a second of the next stream", 1.0, 120.0, "fps", scene=False)
    bit_rate: float = setting(4.5, "of the next stream's picture", 0.1, 100.0, "Mbit/s", scene=False)
    encoder: str = setting(
        "auto",
        f"of the next stream, in H.264: {', '.join(ENCODERS)}; auto: the graphics card's where one works",
        choices=ENCODERS,
        scene=False,
    )


def whole_address(address: str, key: str) -> str:
    """The address that FFmpeg opens.

    >>> whole_address("rtmp://live.example/app/", "abc")
    'rtmp://live.example/app/abc'
    >>> whole_address("srt://live.example:9000?latency=200000", "abc")
    'srt://live.example:9000?latency=200000&streamid=abc'

    Parameters
    ----------
    address : of the server
    key : of the stream; with ``=`` in it what follows the ``?`` of an srt:// address; empty: there is none
    """
    scheme, _, rest = address.strip().partition("://")
    address = f"{scheme.lower()}://{rest}"  # FFmpeg knows no capitals
    if not key:
        return address
    if address.startswith("rtmp"):
        return f"{address.rstrip('/')}/{key}"
    return f"{address}{'&' if '?' in address else '?'}{key if '=' in key else f'streamid={key}'}"


class StreamOutput(FilmedOutput):
    """Sends picture and sound, and connects again where that ends. See `FilmedOutput`.

    Parameters
    ----------
    settings : StreamSettings
    host : OutputHost

    Attributes
    ----------
    state : ``off``, ``starting``, ``streaming``, or why it has failed and when it is tried again
    """

    Settings = StreamSettings
    tells = (
        Address("state", "string", "off, starting, streaming, or why it has failed and when it is tried again"),
        Address("seconds", "float", "since it is connected", 0.0, 1e9, "s"),
        Address("rate_mbit", "float", "its bit rate, of the last seconds", 0.0, 1e6, "Mbit/s"),
        Address("dropped", "int", "frames that were lost so far", 0, COUNT_MAX),
    )

    def __init__(self, settings: StreamSettings, host: OutputHost) -> None:
        super().__init__(settings, host)
        self.state = "off"
        self._name = host.name or "stream"
        self._on = False
        self._next_look = self._grew = 0.0
        self._retry = Retry()

    @classmethod
    def here(cls) -> str:
        """What it works with; see `visuals.outputs.kind.Output`.

        Raises
        ------
        OutputError
            What is missing.
        """
        if importlib.util.find_spec("av") is None:
            raise OutputError(PYAV)
        from visuals.outputs.encoders import here, protocols

        return f"{', '.join(protocols(SCHEMES))}; H.264 by {', '.join(here())}"

    def prepare(self, time: float) -> None:
        """Connect, connect again, and look how it goes; see `visuals.outputs.kind.Direct`."""
        if self.settings.on != self._on:
            self._on = self.settings.on
            self.end()
            self._retry.begin()
            self._next_look = time
            self.state = "off"
        if self._on and self.recording is None and self._retry.due(time):
            self._begin(time)
        if time >= self._next_look:
            self._next_look = time + LOOK_S
            self._look(time)

    def close(self) -> None:
        """Say goodbye to the server."""
        self.end()
        until = monotonic() + CLOSE_S
        for one in self.ending:
            if not one.join(max(0.0, until - monotonic())):
                one.give_up("the show is over")

    def _begin(self, time: float) -> None:
        given = self.settings
        server = urlsplit(given.address)
        name = f"{server.scheme}://{server.hostname}"  # without what may be secret
        if importlib.util.find_spec("av") is None:
            self._fail(PYAV, time)
            return
        if not given.address:
            self._fail(f"plugin.{self._name}.address: is empty; give it the server's address", time)
            return
        self._grew, self.seconds, self.state = time, 0.0, "starting"
        self.begin(name, sound=True, address=whole_address(given.address, given.key))

    def _fail(self, reason: str, time: float) -> None:
        self.state, self.rate_mbit = self._retry.failed(reason, time), 0.0

    def _look(self, time: float) -> None:
        """How it goes."""
        recording = self.recording
        self.let_go()
        if recording is None:
            return
        if recording.over:
            self.end()
            self._fail(recording.error or f"{recording.wish.name}: has ended", time)
            return
        if recording.seconds != self.seconds:
            self._grew = time
        elif time > self._grew + PATIENCE_S:
            recording.give_up(f"{recording.wish.name}: hasn't taken anything for {PATIENCE_S:.0f} s")
        if recording.seconds > LASTING_S:
            self._retry.succeeded()
        self.measure(recording, time)
        self.state = "streaming" if recording.film else "starting"
