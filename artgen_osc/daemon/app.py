"""The daemon: sound in, analysis, mood, OSC out and control in. Here it is put together; `Loop` runs it."""

import math
from contextlib import ExitStack

from artgen_osc.analysis.extractors import Extractors
from artgen_osc.audio.sources import AudioSource, open_source
from artgen_osc.config.settings import ConfigFile
from artgen_osc.config.tables import Config
from artgen_osc.daemon.hearing import Hearing, public_name
from artgen_osc.daemon.inbox import Inbox
from artgen_osc.daemon.inputs import Inputs
from artgen_osc.daemon.loop import Loop
from artgen_osc.daemon.meters import Meters
from artgen_osc.daemon.outlets import Outlets
from artgen_osc.daemon.renderer import Renderer
from artgen_osc.daemon.status import Report
from artgen_osc.daemon.steering import Steering
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.osc.sender import OscSender
from artgen_osc.osc.targets import local_target
from artgen_osc.oscquery.server import open_query
from artgen_osc.plugins.watch import PluginWatch
from artgen_osc.runtime.guard import Guard
from artgen_osc.web.page import open_page


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
    query : OSCQuery, or None
    receiver, sender : of OSC
    inputs, hearing : what is heard

    Raises
    ------
    ArtgenError
        The input, the model, the control port or a target can't be used.
    """

    def __init__(self, file: ConfigFile, renderer: Renderer | None = None, meters: Meters | None = None) -> None:
        self._file = file
        self._steering: Steering | None = None
        config, contract, registry = file.config, file.contract, file.registry
        table, osc, audio = contract.addresses, config.osc, config.audio
        with ExitStack() as stack:
            self.receiver = OscReceiver(osc.host, osc.port, table.daemon, osc.time_tags)
            stack.callback(self.receiver.close)
            sent, understood = table.sent.values(), table.daemon.values()
            self.query = open_query("artgen daemon", osc.host, osc.query_port, self.receiver, sent, understood)
            self.page = open_page(config, contract, self.receiver, file.origins["web.token"])
            servers = [server for server in (self.query, self.page) if server]
            for server in servers:
                stack.callback(server.close)
            self.sender = OscSender(osc.targets, config.map)
            stack.callback(self.sender.close)
            if renderer:
                self.sender.subscribe(local_target(config.visuals.host, config.visuals.port), math.inf)
                if self.page:
                    renderer.show_on(self.page.renderer_address)
            self.inputs = Inputs(audio.input, self._open, self._refuse_input, self._hear_another)
            stack.callback(self.inputs.close)
            extractors = Extractors(registry, config.plugin, live=True)
            stack.callback(extractors.close)
            self.hearing = Hearing(self.source.sample_rate, extractors, audio.gain_db)
            guard = Guard(lambda what, reason: self.receiver.refuse(what, reason, ""))
            choices = self.page.choices if self.page else None
            self._steering = Steering(
                contract, config, guard, self.sender, self.inputs, self.hearing, self.query, choices
            )
            outlets = Outlets(table, self.sender, servers, meters)
            address = self.page.addresses[-1].partition("?")[0] if self.page else ""
            status = Report(self.inputs, self.hearing, self.receiver, outlets, registry, renderer, address)
            inbox = Inbox(self.receiver, file, self.sender.echo)
            self._loop = Loop(self.inputs, self.hearing, outlets, inbox, self._steering, status, renderer, guard)
            for part in (renderer, meters):
                if part:
                    stack.callback(part.close)
            stack.callback(PluginWatch(registry).close)
            self._resources = stack.pop_all()

    def _open(self, spec: str) -> AudioSource:
        browser = self.page.sound if self.page else None
        return open_source(
            spec,
            mute=self.config.audio.mute,
            browser=browser,
            registry=self._file.registry,
            settings=self.config.plugin,
        )

    def _hear_another(self) -> None:
        if self._steering:
            self._steering.hear_another()

    def _refuse_input(self, reason: str) -> None:
        self.receiver.refuse("/artgen/control/input", reason, "")

    @property
    def config(self) -> Config:
        """The settings as they are now."""
        return self._steering.config if self._steering else self._file.config

    @property
    def source(self) -> AudioSource:
        """What is heard now."""
        return self.inputs.source

    @property
    def hears(self) -> str:
        """The input, as it may be shown to anybody."""
        return public_name(self.source.name)

    @property
    def ended(self) -> str:
        """Why the show is over, once it is."""
        return self._loop.ended

    def run(self, seconds: float | None = None) -> int:
        """Run until the input ends, the time is over, the user closes the picture or `stop` is called.

        Parameters
        ----------
        seconds : after which the show is over; None: never

        Returns
        -------
        Exit status: 0, or the renderer's own if it could not start.
        """
        try:
            return self._loop.run(seconds)
        finally:
            self.close()

    def stop(self) -> None:
        """End the show, from any thread."""
        self._loop.stop()

    def close(self) -> None:
        """Free everything; may be called again."""
        self._resources.close()
