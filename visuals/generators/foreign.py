"""Generators that artgen didn't export: what they take and give is found by looking, or said in TOML beside them.

See `visuals.generators.sidecar` for the TOML file. A model without a mood input obeys the mood where
`visuals.generators.mood_directions` knows how.
"""

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.errors import EngineError, ModelError
from artgen_osc.inference.modelfile import Engine, ModelFile, Port, check_parts, file_sha256, picture_bounds
from visuals.generators.mood_directions import MoodDirections
from visuals.generators.sidecar import read_sidecar
from visuals.generators.sphere import HOME_SEED, direction, truncated
from visuals.generators.style import Styles, styles_of

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]

Z_NAMES = ("z", "latent", "latents", "latent_z", "noise", "input")
LABEL_NAMES = ("label", "labels", "class", "class_label", "class_labels", "c", "y")
TRUNCATION_NAMES = ("truncation_psi", "truncation", "psi")
PICTURE_NAMES = ("picture", "image", "images", "img")
CHANNELS = (1, 3, 4)
SMALLEST = 8
"""A side of an output shorter than this isn't that of a picture."""

LOOKS = 6
"""Pictures that are painted to find the range of their values."""

OVERSHOOT = 0.15
"""Of the values' spread, so much may lie below 0 where black is 0."""

DARK = 0.25
"""No generator's pictures are all as dark as this."""


class ForeignGenerator:
    """A network from any ONNX file with a latent input and a picture as output.

    See `visuals.generators.generator.Generator` for the call.

    Parameters
    ----------
    path : the ONNX file; ``NAME.toml`` and ``NAME.mood.safetensors`` beside it count
    threads : cores it may use
    engine : as in the settings
    steered : whether to obey the mood where only the directions beside the file know how

    Attributes
    ----------
    has_mood : whether the network has an input for the mood

    Raises
    ------
    ModelError
        The file can't be run, or what it takes or gives can't be made out.
    EngineError
        The engine isn't available here.
    """

    def __init__(self, path: str | Path, threads: int = 1, engine: str = "openvino", steered: bool = True) -> None:
        self._path = Path(path)
        self._toml = self._path.with_suffix(".toml")
        self._notes = read_sidecar(self._toml)
        self.name = self._path.stem
        self.sha256 = file_sha256(self._path)
        check_parts(self._path)
        model = ModelFile(self._path, {"bf16": self._notes.bf16})
        self._engine = Engine(model, threads, engine=engine)
        self._find_inputs(self._engine.inputs)
        if any(-1 in port.shape for port in self._engine.inputs):
            # Some graphs allow other lengths than those that they are open for; such a one stays open.
            with contextlib.suppress(ModelError, EngineError):
                self._engine = Engine(model, threads, engine=engine, shapes=[value.shape for value in self._inputs])
        self._home = direction(HOME_SEED, self.z_dim)
        outputs = self._look()
        self._at, self._layout = self._find_picture(outputs[0])
        pictures = [self._channels_last(found[self._at]) for found in outputs]
        self.size = pictures[0].shape[:2]
        self._black, self._white = self._find_range(pictures)
        self._steering = MoodDirections.load(self._path) if steered and not self.has_mood else None
        if self._steering is not None and self._steering.z_dim != self.z_dim:
            raise self._error(
                f"z has {self.z_dim} numbers, its mood directions have {self._steering.z_dim}",
                f"z_dim = {self._steering.z_dim}",
            )

    def __call__(self, z: Array, mood: Array, truncation: float) -> Array:
        """Paint a picture; see `visuals.generators.generator.Generator`."""
        if not self._truncations:
            z = truncated(z, self._home, truncation)
        if self._steering is None:
            return self._paint(z, mood, truncation)
        picture = self._paint(self._steering(z, mood), mood, truncation)
        self._steering.see(picture, mood)
        return picture

    def corrected(self, mood: Array) -> Array:
        """The mood, float32 ``(2,)``, that the next picture is really asked for where `mood` is wanted."""
        return mood if self._steering is None else self._steering.corrected(mood)

    @property
    def mood_slopes(self) -> Array | None:
        """Along which z is turned for valence and for energy, ``(2, z_dim)``; None where it isn't."""
        return None if self._steering is None else self._steering.slopes

    def styles(self) -> Styles | None:
        """See `visuals.generators.generator.StyledGenerator`."""
        inputs = [value.copy() for value in self._inputs]
        for index in self._truncations:
            inputs[index][...] = 1.0
        if self.has_mood:
            inputs[self._mood][...] = 0.5
        return styles_of(self._path, self._engine.inputs[self._z].name, inputs, self._z)

    def paint(self, z: Array, truncation: float) -> Array:
        """The picture at just this point, uint8 ``(height, width, 3)``, without steering.

        Parameters
        ----------
        z : float32 ``(z_dim,)``
        truncation : 0..1; only a model with such an input heeds it
        """
        return self._paint(z, np.full(2, 0.5, np.float32), truncation)

    def _paint(self, z: Array, mood: Array, truncation: float) -> Array:
        values = self._channels_last(self._run(z, mood, truncation)[self._at])
        gain = 255.0 / (self._white - self._black)
        pixels = np.clip(values * np.float32(gain) + np.float32(0.5 - self._black * gain), 0.0, 255.0).astype(np.uint8)
        if pixels.shape[2] == 4:
            shown = pixels[:, :, :3].astype(np.uint16) * pixels[:, :, 3:]
            return np.asarray((shown + 127) // 255).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))

    def _error(self, found: str, line: str) -> ModelError:
        return ModelError(f"{self._path}: {found}; say it in {self._toml.name}, such as: {line}")

    def _find_inputs(self, ports: list[Port]) -> None:
        """Which input takes what, and what goes into the others."""
        notes, names = self._notes, [port.name for port in ports]
        listed = ", ".join(f"{port.name} {port.shape}" for port in ports)
        for name in (notes.z, notes.mood, notes.label, *notes.inputs):
            if name and name not in names:
                raise ModelError(f"{self._toml}: there is no input {name}; choose from {listed}")
        taken = {notes.mood, notes.label, *notes.inputs}
        if not names:
            raise ModelError(f"{self._path}: has no input at all; a network that paints what it is given is needed")
        z = notes.z or _first(names, Z_NAMES, taken) or (names[0] if len(names) == 1 else "")
        if not z:
            raise self._error(f"has no input z, but {listed}", f'z = "{names[0]}"')
        taken.add(z)
        mood = notes.mood or _first(names, ("mood",), taken)
        taken.add(mood)
        label = notes.label or _first(names, LABEL_NAMES, taken)
        self.has_mood = bool(mood)
        self._z, self._mood, self._truncations = names.index(z), names.index(mood) if mood else -1, list[int]()
        self.z_dim = self._z_length(ports[self._z])
        self._inputs: list[Array] = []
        for index, port in enumerate(ports):
            shape = tuple(1 if side == -1 else side for side in port.shape)
            count, dtype = math.prod(shape), np.dtype(port.dtype)
            if index == self._z:
                shape = tuple(self.z_dim if at == self._z_axis else 1 for at in range(len(shape)))
                value: Array = np.ones(shape, dtype)
            elif index == self._mood:
                if count != 2 and not (count == 1 and port.shape[-1:] == (-1,)):
                    raise self._error(
                        f"its mood input {port.name} {port.shape} doesn't take valence and energy alone",
                        f"[inputs] {port.name} = 0.5",
                    )
                value = np.full((*shape[:-1], 2) if count == 1 else shape, 0.5, dtype)
            elif port.name in notes.inputs:
                value = np.full(shape, notes.inputs[port.name], dtype)
            elif port.name == label:
                value = self._label(port, shape, dtype)
            elif "noise" in port.name.lower() or count == 0:
                value = np.zeros(shape, dtype)
            elif count == 1:
                value = np.ones(shape, dtype)
                if port.name.lower() in TRUNCATION_NAMES:
                    self._truncations.append(index)
            else:
                raise self._error(f"what goes into its input {port.name} {port.shape}?", f"[inputs] {port.name} = 0.0")
            self._inputs.append(value)

    def _z_length(self, port: Port) -> int:
        """Length of z, and which axis it lies on; all others are 1 or open."""
        long = [axis for axis, side in enumerate(port.shape) if side > 1]
        free = [axis for axis, side in enumerate(port.shape) if side == -1]
        if not long and free and self._notes.z_dim:
            # (n,), (batch, n) or (batch, n, 1, 1)
            self._z_axis = min(1, len(port.shape) - 1)
            return self._notes.z_dim
        if not long and free:
            raise self._error(f"the length of {port.name} {port.shape} is left open", "z_dim = 512")
        if len(long) != 1:
            raise ModelError(
                f"{self._path}: its input {port.name} is {port.shape}, and only one side can be longer than 1; "
                "export it for one picture at a time, or with an open batch axis"
            )
        self._z_axis = long[0]
        return port.shape[long[0]]

    def _label(self, port: Port, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """The class as a number where whole numbers are taken one at a time, else one-hot."""
        notes, count = self._notes, math.prod(shape)
        if count == 1 and dtype.kind in "iu":
            return np.full(shape, notes.class_, dtype)
        if port.shape[-1:] == (-1,):
            if not notes.classes:
                raise self._error(f"the number of classes in {port.name} {port.shape} is left open", "classes = 10")
            shape = (*shape[:-1], notes.classes)
            count = math.prod(shape)
        if count and notes.class_ >= count:
            raise ModelError(f"{self._toml}: there is no class {notes.class_}; choose from 0 to {count - 1}")
        value = np.zeros(count, dtype)
        value[notes.class_ : notes.class_ + 1] = 1
        return value.reshape(shape)

    def _look(self) -> list[list[Array]]:
        """All outputs for some points and moods."""
        draw = np.random.default_rng(0)
        found = []
        try:
            for _ in range(2 if self._notes.range else LOOKS):
                z = draw.standard_normal(self.z_dim)
                z *= np.sqrt(self.z_dim) / np.linalg.norm(z)
                found.append(self._run(z, draw.random(2), 1.0))
        except Exception as error:  # an engine may raise anything
            reason = str(error).strip().splitlines()[-1:]
            shapes = ", ".join(
                f"{port.name} {value.shape}" for port, value in zip(self._engine.inputs, self._inputs, strict=True)
            )
            raise ModelError(
                f"{self._path}: can't be run with {shapes} ({''.join(reason)}); export it for one picture at a time, "
                f"or name its inputs in {self._toml.name}, see docs/own-generator.md"
            ) from error
        return found

    def _find_picture(self, outputs: list[Array]) -> tuple[int, str]:
        """Which output is the picture, and its layout."""
        names = [port.name for port in self._engine.outputs]
        listed = ", ".join(f"{name} {value.shape}" for name, value in zip(names, outputs, strict=True))
        if self._notes.picture and self._notes.picture not in names:
            raise ModelError(f"{self._toml}: there is no output {self._notes.picture}; choose from {listed}")
        layouts = {
            name: layout
            for name, value in zip(names, outputs, strict=True)
            if name == (self._notes.picture or name) and (layout := find_layout(value.shape))
        }
        if not layouts:
            raise ModelError(
                f"{self._path}: none of its outputs is a picture, but {listed}; export it so that it gives one picture "
                f"of 1, 3 or 4 channels and {SMALLEST} pixels or more on each side"
            )
        # A table of numbers may pass for a grey picture, so colour goes first.
        shapes = {name: value.shape for name, value in zip(names, outputs, strict=True)}
        colour = {
            name: layout
            for name, layout in layouts.items()
            if layout != "HW" and shapes[name][layout.index("C") - 3] > 1
        }
        layouts = colour or layouts
        name = _first(list(layouts), PICTURE_NAMES, set()) or next(iter(layouts))
        if len(layouts) > 1 and name.lower() not in PICTURE_NAMES:
            raise self._error(f"several of its outputs may be the picture: {listed}", f'picture = "{name}"')
        return names.index(name), layouts[name]

    def _channels_last(self, output: Array) -> Array:
        """Values ``(height, width, channels)``."""
        if self._layout == "HW":
            return output.reshape(*output.shape[-2:], 1)
        values = output.reshape(output.shape[-3:])
        return values.transpose(1, 2, 0) if self._layout == "CHW" else values

    def _find_range(self, pictures: list[Array]) -> tuple[float, float]:
        """Values of black and white."""
        if any(picture.shape != pictures[0].shape for picture in pictures):
            raise ModelError(f"{self._path}: its pictures differ in size; export it so that all are of one size")
        if not all(np.isfinite(picture).all() for picture in pictures):
            raise ModelError(
                f"{self._path}: its pictures hold NaN or infinity; export it in float32, and without bf16 = true"
            )
        if all(np.array_equal(picture, pictures[0]) for picture in pictures):
            name = self._engine.inputs[self._z].name
            raise self._error(f"its picture is the same whatever {name} is", 'z = "latent"')
        if self._notes.range:
            return self._notes.range
        if pictures[0].dtype.kind in "iu":
            return 0.0, 255.0
        low, high = np.percentile(np.concatenate([picture.ravel() for picture in pictures]), [1, 99])
        said = picture_bounds(self._path, self._engine.outputs[self._at].name)
        found = find_range(float(low), float(high), said)
        if found is not None:
            return found
        raise self._error(
            f"its values lie between {low:.3g} and {high:.3g}, which isn't clearly one of 0..1, -1..1 and 0..255",
            "range = [-1, 1]",
        )

    def _run(self, z: Array, mood: Array, truncation: float) -> list[Array]:
        self._inputs[self._z][...] = z.reshape(self._inputs[self._z].shape)
        if self.has_mood:
            self._inputs[self._mood][...] = mood.reshape(self._inputs[self._mood].shape)
        for index in self._truncations:
            self._inputs[index][...] = truncation
        return list(self._engine(*self._inputs))


def _first(names: list[str], wanted: tuple[str, ...], taken: set[str]) -> str:
    """The first of `wanted` among the names, whatever its case; empty if there is none."""
    for want in wanted:
        for name in names:
            if name.lower() == want and name not in taken:
                return name
    return ""


def find_range(low: float, high: float, bounds: tuple[float, float] | None = None) -> tuple[float, float] | None:
    """Values of black and white: (-1, 1), (0, 1) or (0, 255); None where it isn't clear.

    Parameters
    ----------
    low, high : the first and the 99th percentile of several pictures' values
    bounds : between which the graph keeps them, where it says so
    """
    for black, white in ((-1.0, 1.0), (0.0, 1.0), (0.0, 255.0)):
        near = 0.02 * (white - black)
        if bounds is not None and abs(bounds[0] - black) <= near and abs(bounds[1] - white) <= near:
            return black, white
    if bounds is not None and -2.5 <= bounds[0] < -0.3 and bounds[1] <= 2.5:
        return -1.0, 1.0
    if low >= -2.5 and high <= 2.5:
        # Networks without a last tanh or sigmoid overshoot a little.
        if low < -0.3 or low < -OVERSHOOT * (high - low):
            return -1.0, 1.0
        # As 0..1 that would be black. Little contrast about grey is what a network of -1..1 gives at first.
        if low >= -0.05 and high <= 1.1:
            return (-1.0, 1.0) if high < DARK else (0.0, 1.0)
    if low >= -15.0 and 16.0 < high <= 280.0:
        return 0.0, 255.0
    return None


def find_layout(shape: tuple[int, ...]) -> str:
    """Axes of one picture, ``CHW``, ``HWC`` or ``HW``; empty if it is none.

    Never in doubt: no side is as short as the channels are few.

    Parameters
    ----------
    shape : of the output, with or without a batch axis of 1
    """
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 2:
        return "HW" if min(shape) >= SMALLEST else ""
    if len(shape) != 3:
        return ""
    if shape[0] in CHANNELS and min(shape[1:]) >= SMALLEST:
        return "CHW"
    return "HWC" if shape[2] in CHANNELS and min(shape[:2]) >= SMALLEST else ""
