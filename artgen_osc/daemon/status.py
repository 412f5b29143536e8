"""What a show tells of itself once a second."""

import logging
import time

from artgen_osc.audio.sources import AudioBlock, block_length
from artgen_osc.daemon.hearing import TOLD_S, Hearing, public_name
from artgen_osc.daemon.inputs import Inputs
from artgen_osc.daemon.outlets import Outlets
from artgen_osc.daemon.renderer import Renderer
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.plugins.registry import Registry
from artgen_osc.runtime.text import lines_lost
from artgen_osc.schema import values as schema
from artgen_osc.schema.address import Address, Value

log = logging.getLogger("artgen.daemon")

KINDS = ("input", "extractor")
"""The kinds of plugins that the daemon uses."""


class Report:
    """Counts what nobody else does, and says how all the others are.

    Parameters
    ----------
    inputs, hearing, receiver, outlets, registry : of the show
    renderer : None: there is none
    page : address of the page, without its token, or empty
    """

    def __init__(
        self,
        inputs: Inputs,
        hearing: Hearing,
        receiver: OscReceiver,
        outlets: Outlets,
        registry: Registry,
        renderer: Renderer | None,
        page: str,
    ) -> None:
        self._inputs, self._hearing, self._receiver, self._outlets = inputs, hearing, receiver, outlets
        self._registry, self._renderer, self._page = registry, renderer, page
        self._heartbeat = 0
        self._latency_ms = 0.0
        self._told = 0.0

    def time(self, block: AudioBlock, arrived: float) -> None:
        """Note that all of a block has been sent by now.

        Parameters
        ----------
        block : of the input that is heard
        arrived : s, monotonic, when it came
        """
        waited = time.monotonic() - arrived
        self._latency_ms = 1000.0 * (waited + len(block.samples) / self._inputs.source.sample_rate)

    def values(self) -> list[tuple[Address, Value]]:
        """The state of the show, and what was refused since the last call."""
        self._heartbeat += 1
        source = self._inputs.source
        heard, silence = public_name(source.name), self._hearing.silence
        if silence.is_news():
            log.warning("%s: nothing has been heard for %.0f s; is it the right input, and is it on?", heard, TOLD_S)
        restarts = self._inputs.reconnects + (self._renderer.restarts if self._renderer else 0)
        status = schema.Status(
            heartbeat=self._heartbeat,
            latency_ms=self._latency_ms,
            dropped=self._dropped() % schema.COUNT_MAX,
            refused=(self._receiver.refused + self._outlets.refused) % schema.COUNT_MAX,
            restarts=restarts % schema.COUNT_MAX,
            overtaken=self._hearing.extractors.overtaken % schema.COUNT_MAX,
            title=source.title,
            input=heard,
            silent=silence.seconds,
            page=self._page,
            plugins=self._registry.troubles(KINDS),
        )
        values = schema.values_of(schema.STATUS, status)
        values += [(schema.REFUSAL, text) for text in self._receiver.refused_since(self._told)]
        self._told = time.monotonic()
        return values

    def _dropped(self) -> int:
        """All that is counted as lost or refused."""
        unplayed = -(-self._inputs.unplayed // block_length(self._inputs.source.sample_rate))
        lost = self._hearing.lost + unplayed + self._hearing.extractors.failures + lines_lost()
        lost += self._renderer.unheard if self._renderer else 0
        return lost + self._outlets.dropped + self._receiver.refused
