"""Which generator a setting names, and how it is opened."""

from pathlib import Path

from artgen_osc.errors import BORNE, ArtgenError, ModelError, PluginError
from artgen_osc.inference import modelfile
from artgen_osc.plugins.registry import Registry, State
from artgen_osc.runtime.files import stamp
from artgen_osc.runtime.text import unexpected
from visuals.generators.checked import CheckedGenerator
from visuals.generators.generator import Generator

SHIPPED = Path(__file__).parents[1] / "models" / "generator.onnx"
IDLE = "idle"


def choose(model: str, registry: Registry) -> tuple[str, str]:
    """Which generator opens what the setting `model` names.

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
    found = [(_rank(plugin.name, Path(model), registry), plugin.name) for plugin in registry.plugins("generator")]
    rank, name = max(found, default=(0, ""))
    if rank > 0:
        return name, model
    modelfile.has_card(model)  # which says what is wrong with the file
    raise ModelError(f"{model}: no generator takes it; artgen plugins lists them")


def _rank(name: str, path: Path, registry: Registry) -> int:
    plugin = registry.plugin("generator", name)
    if plugin.state is not State.READY:
        return 0
    try:
        return int(registry.load("generator", name).accepts(path))
    except PluginError:
        return 0  # the registry has noted it
    except BORNE as error:  # a stranger's code may raise anything
        plugin.fail(State.UNFIT, unexpected(error))
        return 0


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
        opened: Generator = registry.load("generator", name).open(rest, threads, engine)
        return opened if plugin.own else CheckedGenerator(name, opened)
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
