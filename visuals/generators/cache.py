"""The generators that are loaded: a switch between them costs nothing."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from artgen_osc.runtime.files import stamp
from visuals.generators.generator import Generator
from visuals.generators.mood_directions import directions_file
from visuals.generators.opening import IDLE

Opener = Callable[[str], Generator]

_Stamp = tuple[tuple[int, int] | None, ...]

KEPT = 8
"""Models that stay loaded; of more, the one that was used longest ago is forgotten."""


class GeneratorCache:
    """Opens generators and keeps the last ones. For several threads.

    Parameters
    ----------
    opener : makes a generator from a model's name as in the settings; may take seconds
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._loaded: OrderedDict[str, tuple[Generator, _Stamp]] = OrderedDict()
        self._lock = threading.Lock()
        self.listed: tuple[str, ...] = ()
        """Files that a name may mean before they are loaded."""

    def ready(self, model: str) -> Generator | None:
        """The generator of a file, or of a loaded one's name; None if it isn't here or its files have changed."""
        with self._lock:
            key = self._key(model)
            generator, stamp = self._loaded.get(key, (None, ()))
            if generator is None or stamp != _stamp(key):
                return None
            self._loaded.move_to_end(key)
            return generator

    def get(self, model: str) -> Generator:
        """As `ready`, but opened where it isn't here. What the opener raises is passed on."""
        generator = self.ready(model)
        if generator is not None:
            return generator
        with self._lock:
            key = self._key(model)
        stamp = _stamp(key)
        generator = self._opener(key)
        with self._lock:
            self._loaded[key] = generator, stamp
            self._loaded.move_to_end(key)
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
        return generator

    def _key(self, model: str) -> str:
        if model in self._loaded or model in ("", IDLE):
            return model
        names = {generator.name: key for key, (generator, _) in self._loaded.items()}
        listed = {Path(file).stem: file for file in self.listed}
        if stamp(model):
            return model
        return names[model] if model in names else listed.get(model, model)


def _stamp(model: str) -> _Stamp:
    """Of the files of a model; empty where there are none."""
    if stamp(model) is None:
        return ()
    path = Path(model)
    return tuple(stamp(file) for file in (path, path.with_suffix(".toml"), directions_file(path)))
