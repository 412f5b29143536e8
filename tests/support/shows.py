"""A show in a process of its own, as a user starts it."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.live.servers import ARTGEN, running
from tests.ports import free_port
from tests.support.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Show:
    """Where it listens, and what it has said so far."""

    folder: Path
    osc_port: int
    query_port: int
    web_port: int
    log: Path

    @property
    def address(self) -> str:
        """Of its page."""
        return f"http://127.0.0.1:{self.web_port}/"


@contextlib.contextmanager
def a_show(
    command: str, *flags: str, folder: Path, web_port: int = 0, env: dict[str, str] | None = None
) -> Iterator[Show]:
    """Start a show without sound and window, wait until its page answers, and end it with the block.

    Parameters
    ----------
    command : ``daemon`` or ``live``
    flags : beside those for ports and folders; they win over these
    folder : for everything that the show keeps
    web_port : of its page; 0 takes a free one
    env : beside the environment of the tests
    """
    log = folder / f"log{len(list(folder.glob('log*')))}"
    show = Show(folder, free_port(), free_port(), web_port or free_port(), log)
    ports = (f"--osc-port={show.osc_port}", f"--osc-query-port={show.query_port}", f"--web-port={show.web_port}")
    kept = (f"--web-songs={folder / 'songs'}",)
    if command == "live":
        ports = (*ports, f"--visuals-port={free_port()}", f"--visuals-query-port={free_port()}", "--headless")
        kept = (*kept, f"--gallery={folder / 'kept'}", f"--visuals-scenes={folder / 'scenes'}")
    with running(*ARTGEN, command, "--mute", *ports, *kept, *flags, log=log, env=os.environ | (env or {})):
        wait_for(lambda: "page: http" in log.read_text(), what="the show", evidence=log.read_text)
        yield show
    assert "Traceback" not in log.read_text(), log.read_text()
