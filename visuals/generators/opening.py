"""Which generator a setting names, and how it is opened."""

import contextlib
import logging
from pathlib import Path

from artgen_osc.errors import BORNE, ArtgenError, ModelError, PluginError
from artgen_osc.inference import modelfile
from artgen_osc.plugins.registry import Plugin, Registry, State
from artgen_osc.runtime.deadline import NotBack, within
from artgen_osc.runtime.files import stamp
from artgen_osc.runtime.text import unexpected
from visuals.generators.checked import CheckedGenerator
from visuals.generators.generator import Generator
from visuals.generators.kind import EXPORTED

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parents[1] / "models" / "generator.onnx"
IDLE = "idle"

NO_MODELS = Path("no such model"), Path(__file__)
"""A file that isn't there, and one that is no model."""

ACCEPTS_S = 5.0
"""So long may an added generator look at a file."""


def choose(model: str, registry: Registry) -> tuple[str, str]:
    """Which generator opens what the setting `model` names.

    Of those that take a file it is ours where artgen has exported it, else the one that says the most; one that takes
    what is no model too comes last.

    Parameters
    ----------
    model : ``NAME`` or ``NAME:REST`` of a generator; a file; or empty for the installed model, if there is one
    registry : of generators

    Returns
    -------
    name : of the generator
    rest : what it is opened with

    Raises
    ------
    ModelError
        None takes it.
    """
    if not model:
        return ("card", str(SHIPPED)) if SHIPPED.exists() else (IDLE, "")
    name, _, rest = model.partition(":")
    if name in registry.names("generator") and stamp(model) is None:
        return name, rest
    takers = [
        (weight, plugin) for plugin in registry.plugins("generator") if (weight := _weight(plugin, model, registry))
    ]
    if not takers:
        modelfile.has_card(model)  # which says what is wrong with the file
        raise ModelError(f"{model}: no generator takes it; artgen plugins lists them")
    most = max(weight for weight, _ in takers)
    equal = [plugin for weight, plugin in takers if weight == most]
    chosen = min(equal, key=lambda plugin: (not plugin.own, plugin.package, plugin.name)).name
    if len(equal) > 1:
        names = " and ".join(plugin.name for plugin in equal)
        log.warning("%s: %s take it alike; %s opens it; write NAME:FILE to choose", model, names, chosen)
    return chosen, model


def _weight(plugin: Plugin, model: str, registry: Registry) -> tuple[bool, bool, int] | None:
    """How well it can open a file; the greatest counts. None: not at all."""
    if plugin.state is not State.READY:
        return None
    try:
        rank = _rank(plugin, Path(model), registry)
    except PluginError:
        return None  # the registry has noted it
    except NotBack as error:
        plugin.fail(State.BLOCKED, f"accepts {error}")
        return None
    except BORNE as error:  # a stranger's code may raise anything
        plugin.fail(State.UNFIT, unexpected(error))
        return None
    if rank <= 0:
        return None
    return plugin.own and rank >= EXPORTED, plugin.own or not _takes_anything(plugin, registry), rank


def _rank(plugin: Plugin, path: Path, registry: Registry) -> int:
    accepts = registry.load("generator", plugin.name).accepts
    if plugin.own:
        return int(accepts(path))
    return int(within(ACCEPTS_S, lambda: accepts(path), f"generator {plugin.name}"))


def _takes_anything(plugin: Plugin, registry: Registry) -> bool:
    """Whether it claims what is no model: then what it says of any other file means little."""
    for path in NO_MODELS:
        with contextlib.suppress(NotBack, *BORNE):  # it has said of the file in question what it could
            if _rank(plugin, path, registry) > 0:
                return True
    return False


def open_chosen(name: str, rest: str, threads: int, engine: str, registry: Registry) -> Generator:
    """Open what `choose` has chosen.

    Parameters
    ----------
    name, rest : what it returned
    threads : cores it may use
    engine : as in the settings
    registry : of generators

    Raises
    ------
    ModelError
        It can't be used.
    EngineError
        The engine isn't available here.
    """
    plugin = registry.plugin("generator", name)
    if plugin.state is not State.READY:
        raise ModelError(f"{name}: this generator can't be used: {plugin.reason or plugin.state}")
    try:
        found = registry.load("generator", name)
        if plugin.own:
            own: Generator = found.open(rest, threads, engine)
            return own
        return CheckedGenerator(plugin, found.open(rest, threads, engine))
    except PluginError as error:
        raise ModelError(str(error)) from error
    except ArtgenError:
        raise
    except BORNE as error:
        if plugin.own:
            raise
        raise ModelError(f"generator {name}: can't be opened ({unexpected(error)})") from error


def open_generator(
    model: str, threads: int = 1, engine: str = "openvino", registry: Registry | None = None
) -> Generator:
    """The generator that the setting `model` names.

    Parameters
    ----------
    model : an ONNX file, with artgen's card or a foreign one; ``idle``; ``NAME`` or ``NAME:REST`` of an added
        generator, or a file that it accepts; or empty for the installed model, if there is one
    threads : cores it may use
    engine : as in the settings
    registry : of generators; None: all that are installed

    Raises
    ------
    ModelError
        It can't be used.
    EngineError
        The engine isn't available here.
    """
    known = registry or Registry(("generator",))
    return open_chosen(*choose(model, known), threads, engine, known)
