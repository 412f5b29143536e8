"""What is done when somebody steers the show."""

from typing import Any

from artgen_osc.audio.sources import shown
from artgen_osc.config.contract import Contract
from artgen_osc.config.tables import Config
from artgen_osc.daemon.hearing import Hearing
from artgen_osc.daemon.inbox import Message
from artgen_osc.daemon.inputs import Inputs
from artgen_osc.errors import ArtgenError
from artgen_osc.osc.sender import OscSender
from artgen_osc.oscquery.server import OscQuery
from artgen_osc.runtime.guard import Guard
from artgen_osc.schema.address import Address, Value
from artgen_osc.web.choices import ChoicesPart


class Steering:
    """Holds the settings as they are now, and hands them to those who follow them.

    Parameters
    ----------
    contract : what can be set
    config : the settings to begin with
    guard : bears what nobody has foreseen
    sender, inputs, hearing : what is steered
    query : is told the settings, or None
    choices : what the page may choose, or None

    Attributes
    ----------
    config : the settings now
    """

    def __init__(
        self,
        contract: Contract,
        config: Config,
        guard: Guard,
        sender: OscSender,
        inputs: Inputs,
        hearing: Hearing,
        query: OscQuery | None,
        choices: ChoicesPart | None,
    ) -> None:
        self.config = config
        self._contract, self._guard = contract, guard
        self._sender, self._inputs, self._hearing = sender, inputs, hearing
        self._query, self._choices = query, choices
        self._hand_on()

    def obey(self, message: Message) -> None:
        """Do what a message says; one that can't be obeyed is told why, and changes nothing."""
        with self._guard(message.name):
            try:
                if message.row is None:
                    self._change(message.name, message.value)
                else:
                    self._control(message.row, message.value)
            except (ArtgenError, ValueError) as error:
                message.refuse(str(error))

    def hear_another(self) -> None:
        """Follow the inputs: another one is heard, or the same with another rate."""
        self._hearing.tune(self._inputs.source.sample_rate)
        self.config = self._contract.replace(self.config, "audio.input", self._inputs.spec)
        self._hand_on()

    def _control(self, row: Address, value: Value) -> None:
        if row.path == "/artgen/control/beat/tap":
            if value:
                self._hearing.extractors.tap(self._hearing.time)
        elif row.adds:
            present = self._contract.get(self.config, row.setting)
            self._change(row.setting, tuple(dict.fromkeys((*present, str(value)))))
        elif row.path == "/artgen/control/target/remove":
            self._change("osc.targets", tuple(target for target in self.config.osc.targets if target != value))
        elif row.path == "/artgen/control/subscribe":
            self._sender.subscribe(str(value))
        elif row.path == "/artgen/control/unsubscribe":
            self._sender.unsubscribe(str(value))
        else:
            self._change(row.setting, bool(value) if row.kind == "toggle" else value)

    def _change(self, key: str, value: Any) -> None:
        """Change one setting; on an error the old one stays."""
        if key == "map":
            self._sender.set_maps(value)
            return
        config = self._contract.replace(self.config, key, value)
        if key == "audio.input":
            self._inputs.want(config.audio.input)  # it counts once it is open
            return
        if key == "osc.targets":
            self._sender.set_targets(config.osc.targets)
        self.config = config
        self._hand_on()

    def _hand_on(self) -> None:
        self._hearing.steer(self.config.plugin, self.config.audio.gain_db)
        if self._choices:
            self._choices.targets = self.config.osc.targets
        if self._query:
            public = self._contract.replace(self.config, "audio.input", shown(self.config.audio.input))
            self._query.publish(self._contract.current(self._contract.addresses.daemon.values(), public))
