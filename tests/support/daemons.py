"""A daemon on a thread of this process: steered and heard from outside, looked into where that is the point."""

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pythonosc.udp_client import SimpleUDPClient

from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.app import Daemon
from tests.ports import free_port


class RunningDaemon:
    """Plays the demo in silence, without servers, on a free port, unless the settings say otherwise.

    Ends with a ``with`` block, and has to end well.

    Parameters
    ----------
    settings : by their keys, such as ``audio.input``
    file : the show file
    seconds : after so long it ends by itself
    """

    def __init__(self, settings: Mapping[str, Any] | None = None, file: Path | None = None, seconds: float = 120.0):
        self.port = free_port()
        usual = {"audio.input": "demo", "audio.mute": True, "osc.port": self.port, "osc.query_port": 0, "web.port": 0}
        self.daemon = Daemon(ConfigFile(file, usual | dict(settings or {})))
        self.status: int | None = None
        self._seconds = seconds
        self._client = SimpleUDPClient("127.0.0.1", self.port)
        self._thread = threading.Thread(target=self._run, name="daemon")

    def _run(self) -> None:
        self.status = self.daemon.run(self._seconds)

    def __enter__(self) -> "RunningDaemon":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is None:
            assert self.status == 0

    @property
    def runs(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def send(self, path: str, value: object) -> None:
        """Steer it over OSC."""
        self._client.send_message(path, value)

    def stop(self) -> None:
        """End it."""
        self.daemon.stop()
        self._thread.join(20.0)
        self._client._sock.close()
        assert not self.runs
