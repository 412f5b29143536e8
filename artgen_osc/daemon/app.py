"""The daemon: sound in, analysis, mood, OSC out and control in, on one thread."""

import logging
import math
import sys
import time
from contextlib import ExitStack
from typing import Any

from artgen_osc.audio.sources import AudioBlock, AudioSource, block_length, shown
from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.hearing import TOLD_S, Hearing, Silence, public_name
from artgen_osc.daemon.inputs import Inputs
from artgen_osc.daemon.meters import Meters
from artgen_osc.daemon.renderer import Renderer
from artgen_osc.errors import ArtgenError
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import place
from artgen_osc.oscquery.server import open_query
from artgen_osc.runtime.guard import Guard
from artgen_osc.runtime.text import lines_lost
from artgen_osc.schema import table as schema
from artgen_osc.schema.table import Address, Features, Mood, Value
from artgen_osc.web.page import open_page

log = logging.getLogger("artgen.daemon")

SWITCH_S = 0.001
"""So long may another thread of the show keep the analysis waiting each time; Python's own is five times as long."""


class Daemon:
    """One show.

    Parameters
    ----------
    file : the settings; read again when the show's file is saved
    renderer : supervised while the show runs, or None
    meters : drawn from what is sent, or None

    Attributes
    ----------
    page : in the browser, or None
    ended : why the show is over, once it is

    Raises
    ------
    ArtgenError
        The input, the model, the control port or a target can't be used.
    """

    def __init__(self, file: ConfigFile, renderer: Renderer | None = None, meters: Meters | None = None) -> None:
        self._file, self._table = file, file.contract.addresses
        config = self._config = file.config
        self._renderer, self._meters = renderer, meters
        self._dropped = 0
        self._latency_ms = 0.0
        self._heartbeat = 0
        self._clock = 0.0
        self._hops = 0
        self._told = 0.0
        self._silence = Silence()
        self._harmony: list[tuple[Address, Value]] = []
        self.ended = ""
        with ExitStack() as stack:
            osc, table = config.osc, self._table
            self._receiver = OscReceiver(osc.host, osc.port, table.daemon, osc.time_tags)
            stack.callback(self._receiver.close)
            self._guard = Guard(lambda what, reason: self._receiver.refuse(what, reason, ""))
            sent, understood = table.sent.values(), table.daemon.values()
            self._query = open_query("artgen daemon", osc.host, osc.query_port, self._receiver, sent, understood)
            if self._query:
                stack.callback(self._query.close)
            self.page = open_page(config, file.contract, self._receiver, file.origins["web.token"])
            if self.page:
                stack.callback(self.page.close)
                if renderer:
                    renderer.show_on(self.page.renderer_address)
            self._sender = OscSender(config.osc.targets, config.map)
            stack.callback(self._sender.close)
            if renderer:
                self._sender.subscribe(place(config.visuals.host, config.visuals.port), math.inf)
            hub, audio = self.page.sound if self.page else None, config.audio
            self._inputs = Inputs(audio.input, audio.mute, hub, self._refuse_input)
            stack.callback(self._inputs.close)
            self._hearing = Hearing(
                self._source.sample_rate,
                config.mood.model or None,
                config.mood.smoothing,
                audio.gain_db,
                background=True,
            )
            stack.callback(self._hearing.close)
            self._steer()
            if renderer:
                stack.callback(renderer.close)
            if meters:
                stack.callback(meters.close)
            self._resources = stack.pop_all()

    @property
    def hears(self) -> str:
        """The input, as it may be shown to anybody."""
        return public_name(self._source.name)

    @property
    def _source(self) -> AudioSource:
        return self._inputs.source

    def _refuse_input(self, reason: str) -> None:
        self._receiver.refuse("/artgen/control/input", reason, "")

    def run(self, seconds: float | None = None) -> int:
        """Run until the input ends, the time is over or the user closes the picture.

        Returns
        -------
        Exit status: 0, or the renderer's own if it could not start.
        """
        sys.setswitchinterval(SWITCH_S)
        start = time.monotonic()
        next_second = start + 1.0
        try:
            while True:
                for block in self._source.blocks():
                    self._hear(block)
                    with self._guard("messages"):
                        self._obey()
                    now = time.monotonic()
                    if now >= next_second:
                        next_second = max(next_second + 1.0, now)
                        with self._guard("status"):
                            self._once_a_second()
                    if self._renderer:
                        self._renderer.supervise()
                        if self._renderer.status is not None:
                            self.ended = "the renderer can't run" if self._renderer.status else "the picture was closed"
                            return self._renderer.status
                    if seconds is not None and now - start >= seconds:
                        self.ended = "its time is over"
                        return 0
                    if self._inputs.next(now):
                        break
                else:
                    if not self._inputs.ended():
                        self.ended = "the input has ended"
                        return 0
                self._config = self._file.contract.replace(self._config, "audio.input", self._inputs.spec)
                self._silence = Silence()
                self._hearing.tune(self._source.sample_rate)
                self._steer()
        except KeyboardInterrupt:
            self.ended = "it was stopped"
            return 0
        finally:
            self.close()

    def _hear(self, block: AudioBlock) -> None:
        arrived = time.monotonic()
        if self._source.sample_rate != self._hearing.sample_rate:
            self._hearing.tune(self._source.sample_rate)  # a device has come back with another rate
        self._dropped += -(-block.dropped // max(1, len(block.samples)))
        hops = self._hearing.hear(block)
        for features, mood in hops:
            self._clock = features.time
            self._silence.step(features.time, features.level_db)
            self._send(features, mood)
        if hops:
            waited = time.monotonic() - arrived
            self._latency_ms = 1000.0 * (waited + len(block.samples) / self._source.sample_rate)

    def _send(self, features: Features, mood: Mood) -> None:
        values = [(output.address, output.read(features, mood)) for output in self._table.hop]
        self._publish(values)
        if self._hops % schema.HOPS_PER_HARMONY == 0:
            self._harmony = [(output.address, output.read(features, mood)) for output in self._table.harmony]
            self._publish(self._harmony)
        self._hops += 1
        if self._meters:
            self._meters.show({row.path: value for row, value in (*values, *self._harmony)}, time.monotonic())

    def _publish(self, values: list[tuple[Address, Value]]) -> None:
        self._sender.send(values)
        for server in (self._query, self.page):
            if server:
                server.publish(values)

    def _steer(self) -> None:
        """Hand the settings to those who follow them."""
        rhythm, heard = self._config.rhythm, self._hearing.analyzer
        heard.gain_db = self._config.audio.gain_db
        heard.rhythm.lead, heard.rhythm.octave = rhythm.lead, rhythm.octave
        settings, mood = self._config.mood, self._hearing.mood
        mood.smoothing = settings.smoothing
        mood.manual = (settings.valence, settings.energy) if settings.manual else None
        mood.freeze = settings.freeze
        if self.page:
            self.page.choices.targets = self._config.osc.targets
        if self._query:
            public = self._file.contract.replace(self._config, "audio.input", shown(self._config.audio.input))
            self._query.publish(self._file.contract.current(self._table.daemon.values(), public))

    def _once_a_second(self) -> None:
        self._heartbeat += 1
        heard = self.hears
        if self._silence.is_news():
            log.warning("%s: nothing has been heard for %.0f s; is it the right input, and is it on?", heard, TOLD_S)
        servers = [server for server in (self._query, self.page) if server]
        restarts = self._inputs.reconnects + (self._renderer.restarts if self._renderer else 0)
        status = schema.Status(
            self._heartbeat,
            self._latency_ms,
            (self._lost() + sum(server.dropped for server in servers)) % schema.COUNT_MAX,
            (self._receiver.refused + sum(server.refused for server in servers)) % schema.COUNT_MAX,
            restarts % schema.COUNT_MAX,
            self._hearing.mood.stale % schema.COUNT_MAX,
            self._source.title,
            heard,
            self._silence.seconds,
            self.page.addresses[-1].partition("?")[0] if self.page else "",
        )
        values: list[tuple[Address, Value]] = schema.values_of(schema.STATUS, status)
        values += [(schema.REFUSAL, text) for text in self._receiver.refused_since(self._told)]
        self._told = time.monotonic()
        self._publish(values)
        try:
            changes = self._file.changes()
        except ArtgenError as error:
            for line in str(error).split("\n"):
                log.warning("%s; the old values are kept", line)
            return
        for key, value in changes.items():
            if key.startswith("visuals."):
                continue
            if key != "map" and key not in self._table.followed:
                log.warning("%s: counts from the next start on", key)
                continue
            with self._guard(key):
                try:
                    self._change(key, value)
                except ArtgenError as error:
                    log.warning("%s; the old value is kept", error)

    def _lost(self) -> int:
        """All that is counted as lost or refused, but for what the servers count themselves."""
        unplayed = -(-self._inputs.unplayed // block_length(self._source.sample_rate))
        lost = self._dropped + unplayed + self._hearing.mood.failures + lines_lost()
        return lost + self._sender.dropped + self._receiver.refused

    def _obey(self) -> None:
        received = self._receiver.poll()
        self._sender.echo(received)
        newest = {row.path: at for at, (row, _) in enumerate(received)}
        for at, (row, value) in enumerate(received):
            if row.holds_value and at != newest[row.path]:
                continue  # so a flood costs no more than one change of each setting
            with self._guard(row.path):
                try:
                    self._control(row, value)
                except (ArtgenError, ValueError) as error:
                    self._receiver.refuse(row.path, str(error), "")

    def _control(self, row: Address, value: Value) -> None:
        targets = self._config.osc.targets
        if row.path == "/artgen/control/beat/tap":
            if value:
                self._hearing.analyzer.rhythm.tap(self._clock)
        elif row.adds:
            self._change(
                row.setting, tuple(dict.fromkeys((*self._file.contract.get(self._config, row.setting), str(value))))
            )
        elif row.path == "/artgen/control/target/remove":
            self._change("osc.targets", tuple(target for target in targets if target != value))
        elif row.path == "/artgen/control/subscribe":
            self._sender.subscribe(str(value))
        elif row.path == "/artgen/control/unsubscribe":
            self._sender.unsubscribe(str(value))
        else:
            self._change(row.setting, bool(value) if row.kind == "toggle" else value)

    def _change(self, key: str, value: Any) -> None:
        """Change one setting while the show runs; on an error the old one stays."""
        if key == "map":
            self._sender.set_maps(value)
            return
        config = self._file.contract.replace(self._config, key, value)
        if key == "audio.input":
            self._inputs.want(config.audio.input)
            return
        if key == "osc.targets":
            self._sender.set_targets(config.osc.targets)
        self._config = config
        self._steer()

    def close(self) -> None:
        """Free everything; may be called again."""
        self._resources.close()
