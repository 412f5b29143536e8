"""What can be chosen on the page: inputs of this computer, and where to send."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from artgen_osc.osc.targets import PORTS
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.text import printable

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger("artgen.web")

COMMAND = tuple(python_module("artgen_osc", "devices", "--json"))
PATIENCE_S = 15.0
"""So long may drivers take to tell what devices there are."""
FRESH_S = 5.0
"""So long an answer counts for everybody who asks."""
NOTHING: dict[str, Any] = {"devices": [], "loopback": {"name": "", "reason": ""}}


class ChoicesPart:
    """Part of the server: ``/inputs`` and ``/targets``.

    Devices are looked for in a child: drivers may hang or crash, and only a new process sees what was plugged in
    since the show began.

    Parameters
    ----------
    command : prints what ``artgen devices --json`` does

    Attributes
    ----------
    targets : to which the show sends now, as they were given
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self.targets: tuple[str, ...] = ()
        self._command = command
        self._turn = asyncio.Lock()
        self._found = NOTHING
        self._fresh_until = 0.0

    def routes(self) -> "list[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [web.get("/inputs", self._inputs), web.get("/targets", self._targets)]

    async def close(self) -> None:
        """See `Part`."""

    async def _inputs(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        loop = asyncio.get_running_loop()
        async with self._turn:
            if loop.time() >= self._fresh_until:
                self._found = await self._look()
                self._fresh_until = loop.time() + FRESH_S
        return web.json_response(self._found, headers={"Cache-Control": "no-store"})

    async def _targets(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        found = {"targets": self.targets, "programs": PORTS}
        return web.json_response(found, headers={"Cache-Control": "no-store"})

    async def _look(self) -> dict[str, Any]:
        """What the child says, and why not where it says nothing."""
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            child = await asyncio.create_subprocess_exec(*self._command, stdin=null, stdout=pipe, stderr=pipe)
        except OSError as error:
            return NOTHING | {"reason": f"the devices can't be listed ({error.strerror})"}
        try:
            async with asyncio.timeout(PATIENCE_S):
                said, complained = await child.communicate()
            found: dict[str, Any] = json.loads(said)
            return NOTHING | found
        except TimeoutError:
            return NOTHING | {"reason": f"the sound system has not answered for {PATIENCE_S:.0f} s; is it running?"}
        except ValueError:
            reason = printable(complained.decode("utf-8", "replace").strip().removeprefix("artgen: "))[:500]
            return NOTHING | {"reason": reason or "the sound system has failed; artgen doctor may tell why"}
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()  # the server may end meanwhile, and leaves nobody behind
