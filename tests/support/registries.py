"""Registries with the plugins that a test names."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any

from artgen_osc.config.plugins import KINDS
from artgen_osc.plugins.registry import Registry
from artgen_osc.schema.address import Address
from artgen_osc.schema.setting import setting


@dataclass(frozen=True, slots=True)
class Good:
    amount: float = setting(0.5, "how much")


class Effect:
    Settings = Good


class Stolen:
    outputs = (Address("/artgen/valence", "float", "not its own"),)


class NoDataclass:
    Settings = int


def registry(**named: object) -> Registry:
    class Entry(EntryPoint):
        def load(self) -> Any:
            found = named[self.name]
            if isinstance(found, BaseException):
                raise found
            return found

    def found(group: str) -> Iterable[EntryPoint]:
        kinds = {"stolen": "extractor", "gone": "output"}
        wanted = (name for name in named if group == f"artgen.{kinds.get(name, 'effect')}s")
        return [Entry(name, "somewhere:thing", group) for name in wanted]

    return Registry(KINDS, found)
