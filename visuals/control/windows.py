"""The windows as a surface: what is moved in them counts as if it had come over OSC, and is kept in the show file."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from artgen_osc.config.saving import save_settings
from artgen_osc.errors import ConfigError
from artgen_osc.schema.address import Value
from artgen_osc.schema.setting import Setting
from visuals.control.kind import Message, SurfaceHost

log = logging.getLogger("artgen.windows")

PREFIX = "/visuals/output/"
PASSING = ("edit", "test")
"""What isn't kept."""

NOTE_S, LONG_NOTE_S = 3.0, 8.0
HOW = "Tab: the next point; mouse and arrows move it; R puts it back; E: the next window; Esc: done"


class Windows:
    """When a window is no longer edited, what has been set for it goes into the show file.

    Parameters
    ----------
    settings : it has none
    host : SurfaceHost
    """

    direct = True
    given: Collection[str] = ()

    def __init__(self, settings: None, host: SurfaceHost) -> None:
        self.settings = settings
        self._host = host
        self._of: dict[str, list[Setting]] = {}
        for setting in host.file.contract.settings.values():
            name, _, field = setting.address.removeprefix(PREFIX).partition("/")
            if setting.address.startswith(PREFIX) and field:
                self._of.setdefault(name, []).append(setting)
        self._of = {name: held for name, held in self._of.items() if any(one.field == "edit" for one in held)}
        self._edited: set[str] = set()

    def poll(self) -> list[Message]:
        """What has been changed in windows; see `visuals.control.kind.Surface`."""
        return list(self._host.edited())

    def show(self, values: Mapping[str, Value]) -> None:
        """See which window has been edited, and keep it."""
        edited = {name for name in self._of if values.get(f"{PREFIX}{name}/edit")}
        begun, done, self._edited = edited - self._edited, self._edited - edited, edited
        for name in begun:
            self._host.note(f"{name}: {HOW}", LONG_NOTE_S)
        for name in sorted(done):
            self._keep(name, values)

    def _keep(self, name: str, values: Mapping[str, Value]) -> None:
        file = self._host.file
        if file.path is None:
            self._say(f"{name}: not kept, since there is no show file; start with --config show.toml")
            return
        changed: dict[str, Any] = {}
        for setting in self._of[name]:
            value = values.get(setting.address)
            if setting.field in PASSING or setting.key != f"plugin.{name}.{setting.field}" or value is None:
                continue
            told: Any = bool(value) if isinstance(setting.default, bool) else value
            # A float came over OSC with 24 bits: its first six places are meant.
            told = round(told, 6) if isinstance(told, float) else told
            if told != file.contract.get(file.config, setting.key):
                changed[setting.field] = told
        if not changed:
            return
        try:
            save_settings(file.path, f"plugin.{name}", changed)
        except ConfigError as error:
            log.warning("%s", error)
            self._say(str(error))
            return
        self._say(f"{name}: kept in {file.path.name}")

    def _say(self, text: str) -> None:
        log.info("%s", text)
        self._host.note(text, NOTE_S)

    def close(self) -> None:
        """It holds nothing."""
