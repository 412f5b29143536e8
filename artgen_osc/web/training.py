"""The newest sheet of a training run on the page, so that an artist sees from the sofa how far it is."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artgen_osc.runtime.files import read_regular

if TYPE_CHECKING:
    from aiohttp import web

TOLD = "told.json"
"""What a run says of itself, beside its sheets; ``training.train_gan`` writes it."""

LARGEST_TOLD, LARGEST_SHEET = 1 << 16, 1 << 24
"""Bytes."""


class TrainingPart:
    """Part of the server: ``/training`` says how a run is doing, ``/training/sheet.jpg`` is its newest sheet.

    Parameters
    ----------
    folder : of the run; empty: there is none
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def routes(self) -> "list[web.AbstractRouteDef]":
        """See `Part`."""
        from aiohttp import web

        return [web.get("/training", self._tell), web.get("/training/sheet.jpg", self._show)]

    async def close(self) -> None:
        """See `Part`."""

    async def _tell(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        return web.json_response(await asyncio.to_thread(self._told))

    async def _show(self, request: "web.Request") -> "web.StreamResponse":
        from aiohttp import web

        sheet = await asyncio.to_thread(self._sheet)
        if sheet is None:
            return web.Response(status=404, text="no sheet has been written yet\n")
        return web.Response(body=sheet, content_type="image/jpeg")

    def _told(self) -> dict[str, Any]:
        """``run``, ``step`` and ``lines``; without a step where the run hasn't said anything yet."""
        if not self._folder:
            return {}
        known: dict[str, Any] = {"run": Path(self._folder).name}
        try:
            said = json.loads(read_regular(Path(self._folder) / TOLD, LARGEST_TOLD))
            lines = [str(line) for line in said["lines"]]
            return known | {"step": int(said["step"]), "lines": lines}
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return known

    def _sheet(self) -> bytes | None:
        step = self._told().get("step")
        if step is None:
            return None
        try:
            return read_regular(Path(self._folder) / "samples" / f"{step:06d}.jpg", LARGEST_SHEET)
        except (OSError, ValueError):
            return None
