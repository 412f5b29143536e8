"""What turns a latent point and a mood into a picture."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from artgen_osc.errors import BORNE, ArtgenError, ModelError, PluginError
from artgen_osc.inference import modelfile
from artgen_osc.plugins.registry import Registry, State
from artgen_osc.runtime.files import stamp
from artgen_osc.runtime.text import short, unexpected
from visuals.generators.sphere import HOME_SEED, direction, truncated

Frame = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

SHIPPED = Path(__file__).parents[1] / "models" / "generator.onnx"
IDLE = "idle"


LARGEST = 65536
"""Numbers of z, and pixels of a side, that a card may say."""
LARGEST_SIDE = 8192
"""Pixels of what an added generator paints."""


class Generator(Protocol):
    """Anything that paints.

    Attributes
    ----------
    name : for the overlay
    z_dim : length of `z`
    sha256 : of its file, in hexadecimal digits; empty where it has none
    """

    name: str
    z_dim: int
    sha256: str

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture.

        Parameters
        ----------
        z : float32 ``(z_dim,)`` of length ``sqrt(z_dim)``
        mood : float32 ``(2,)``, valence and energy in 0..1
        truncation : 0 (always the home picture) to 1 (all variety)

        Returns
        -------
        uint8 ``(height, width, 3)``, RGB, top row first, of the same size every time
        """
        ...


class OnnxGenerator:
    """A network from a file that artgen exported.

    The network takes ``z`` float32 ``(1, z_dim)`` and ``mood`` float32 ``(1, 2)`` and gives
    ``picture`` float32 ``(1, 3, size, size)`` in -1..1. It normalises `z` itself, so truncation
    can't shorten `z`. It turns `z` towards the direction of seed 0 instead, along the great circle.

    Parameters
    ----------
    path : the ONNX file
    threads : cores it may use
    engine : as in the settings

    Raises
    ------
    ModelError
        The file is missing, damaged, of another kind, or its shapes aren't those of its card.
    EngineError
        The engine isn't available here.
    """

    def __init__(self, path: str | Path, threads: int = 1, engine: str = "openvino") -> None:
        model = modelfile.load(path, "generator", n_mood=2)
        try:
            self.z_dim, self.size = (_whole(model.card[name], name) for name in ("z_dim", "size"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ModelError(
                f"{path}: its card has no usable z_dim and size ({error}); both are whole numbers up to {LARGEST}; "
                "export it again with training.train_gan --export-only"
            ) from None
        self.name = Path(path).stem
        self.sha256 = modelfile.file_sha256(path)
        self._home = direction(HOME_SEED, self.z_dim)
        self._engine = modelfile.Engine(model, threads, engine=engine)
        try:
            self(np.ones(self.z_dim, np.float32), np.full(2, 0.5, np.float32), 1.0)
        except (RuntimeError, ValueError, IndexError) as error:
            reason = str(error).strip().splitlines()[-1]
            raise ModelError(
                f"{path}: doesn't take z (1, {self.z_dim}) and mood (1, 2) and give a picture of {self.size} pixels "
                f"({reason}); export it again with training.train_gan --export-only"
            ) from error

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture; see `Generator`."""
        picture = self._engine(truncated(z, self._home, truncation)[None], mood[None])[0]
        if picture.shape != (1, 3, self.size, self.size):
            raise ValueError(f"picture has shape {picture.shape}")
        pixels = np.clip(picture[0].transpose(1, 2, 0) * 127.5 + 128.0, 0.0, 255.0)
        return np.ascontiguousarray(pixels.astype(np.uint8))


def _whole(value: Any, name: str) -> int:
    number = int(value)
    if not 1 <= number <= LARGEST:
        raise ValueError(f"{name} is out of range")
    return number


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


class CheckedGenerator:
    """A generator that was added: what it paints is looked at before anybody else sees it.

    Parameters
    ----------
    plugin : its plugin's name
    generator : somebody's

    Attributes
    ----------
    name, z_dim, sha256 : as it says

    Raises
    ------
    ModelError
        One of these isn't what `Generator` promises.
    """

    def __init__(self, plugin: str, generator: Generator) -> None:
        self._plugin, self._generator = plugin, generator
        self.name, self.z_dim, self.sha256 = generator.name, generator.z_dim, generator.sha256
        words = isinstance(self.name, str) and isinstance(self.sha256, str)
        if not (words and isinstance(self.z_dim, int) and 1 <= self.z_dim <= LARGEST):
            raise ModelError(
                f"generator {plugin}: name {short(self.name)}, z_dim {short(self.z_dim)}, sha256 {short(self.sha256)}; "
                f"two strings and a whole number from 1 to {LARGEST} are expected"
            )

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture; see `Generator`.

        Parameters
        ----------
        z, mood, truncation : as there

        Raises
        ------
        ModelError
            It raises, or gives what is no picture.
        """
        try:
            frame = self._generator(z, mood, truncation)
        except BORNE as error:
            raise ModelError(f"generator {self._plugin}: {unexpected(error)}") from error
        form = (getattr(frame, "dtype", None), getattr(frame, "ndim", 0), getattr(frame, "shape", (0,))[-1:])
        if form != (np.uint8, 3, (3,)) or not max(frame.shape) <= LARGEST_SIDE or frame.size == 0:
            what = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else short(frame)
            raise ModelError(
                f"generator {self._plugin}: painted {what}; "
                f"uint8 (height, width, 3) of {LARGEST_SIDE} pixels at most is expected"
            )
        return frame


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
