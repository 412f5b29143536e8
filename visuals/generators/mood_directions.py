"""Turns a latent point until the picture has the mood that is asked for.

For generators without a mood input. ``python -m training.fit_mood`` has painted many points, measured the
mood of each picture, and fitted a small network that predicts the mood from the point.
Its slope says which way to turn. What it can't predict is seen in the pictures themselves: the mood of each one
is measured, and the next one is asked for a little more or less.
"""

from pathlib import Path

import numpy as np

from artgen_osc.errors import ModelError
from artgen_osc.inference import modelfile
from artgen_osc.runtime.files import read_regular, stamp

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

NAMES = ("bias", "linear", "hidden", "shift", "out", "mean", "deviation")
KIND = "mood directions"
SUFFIX = ".mood.safetensors"
STEPS = 5
DAMPING = 0.02
LONGEST = 0.5
"""Most of one step, as a part of the radius."""

GAIN = 0.2
MOST = 0.5
"""Of each picture's error, so much is added to what is asked of the next; in all no more than `MOST`."""

_FEW = 64
_LUMA = np.array([0.2126, 0.7152, 0.0722])


def directions_file(model: str | Path) -> Path:
    """Where the directions of a model file lie: ``NAME.mood.safetensors`` beside ``NAME.onnx``."""
    return Path(model).with_suffix(SUFFIX)


class MoodDirections:
    """Mood of a point: ``bias + linear u + out tanh(hidden u + shift)``, and the way to another one.

    Parameters
    ----------
    weights : ``bias (2,)``, ``linear (2, z_dim)``, ``hidden (h, z_dim)``, ``shift (h,)``, ``out (2, h)``, h may be 0;
        ``mean (2,)`` and ``deviation (2,)``, pleasure and arousal of the model's pictures

    Raises
    ------
    ValueError
        The shapes don't fit each other.
    """

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        try:
            arrays = [weights[name].astype(np.float64) for name in NAMES]
        except KeyError as error:
            raise ValueError(f"{error} is missing") from None
        self._bias, self._linear, self._hidden, self._shift, self._out, self._mean, self._deviation = arrays
        self.z_dim, h = self._linear.shape[-1], self._shift.size
        shapes = [array.shape for array in arrays]
        if shapes != [(2,), (2, self.z_dim), (h, self.z_dim), (h,), (2, h), (2,), (2,)]:
            raise ValueError(f"its arrays have the shapes {shapes}")
        self._correction = np.zeros(2)
        self._damping = DAMPING * float(np.square(self._linear).sum()) / 2.0

    @classmethod
    def load(cls, model: str | Path) -> "MoodDirections | None":
        """What was fitted for a model file; None if nothing was.

        Raises
        ------
        ModelError
            It is damaged, or was fitted for another model.
        """
        path = directions_file(model)
        if stamp(path) is None:
            return None
        again = f"run python -m training.fit_mood {model} again, or delete it"
        try:
            file, weights = modelfile.load_weights(path, KIND)
            directions = cls(weights)
        except (ModelError, ValueError, IndexError) as error:
            raise ModelError(f"{path}: can't be used ({error}); {again}") from None
        if file.card.get("model_sha256") != modelfile.graph_sha256(read_regular(model)):
            raise ModelError(f"{path}: was fitted for another model than {model}; {again}")
        return directions

    @property
    def slopes(self) -> np.ndarray:
        """Of valence and energy along z on the whole, ``(2, z_dim)``."""
        return self._linear

    def predict(self, z: FloatArray) -> np.ndarray:
        """Valence and energy, float64 ``(2,)``, that the picture at `z` ``(z_dim,)`` will have."""
        return self._mood_and_slope(z * (np.sqrt(self.z_dim) / np.linalg.norm(z)))[0]

    def __call__(self, z: FloatArray, mood: FloatArray) -> FloatArray:
        """A point near `z` whose picture has the mood, with what `see` has learned."""
        return self.turn(z, self.corrected(mood))

    def corrected(self, mood: FloatArray) -> FloatArray:
        """What is asked for, float32 ``(2,)``, so that a picture has the mood."""
        return (mood + self._correction).astype(np.float32)

    def see(self, pixels: np.ndarray, mood: FloatArray) -> None:
        """Learn from a picture how far its mood is from the one that was asked for.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``
        mood : float32 ``(2,)``, the valence and energy that were asked for
        """
        error = mood - self.measure(pixels)
        self._correction = np.clip(self._correction + GAIN * error, -MOST, MOST)

    def measure(self, pixels: np.ndarray) -> np.ndarray:
        """Valence and energy, float64 ``(2,)``, of a picture's colours, mostly in 0..1.

        The mean of the model's pictures is 0.5, and two standard deviations below and above it are 0 and 1, on the
        scale of Valdez & Mehrabian (1994); `training.pictures.colour_mood` is the same for whole collections.
        """
        height, width = pixels.shape[:2]
        rgb = pixels[:: max(1, height // _FEW), :: max(1, width // _FEW)].reshape(-1, 3) / 255.0
        high, low = rgb.max(1), rgb.min(1)
        brightness, saturation = (rgb @ _LUMA).mean(), ((high - low) / (high + 0.05)).mean()
        felt = np.array([0.69 * brightness + 0.22 * saturation, -0.31 * brightness + 0.60 * saturation])
        return 0.5 + (felt - self._mean) / (4.0 * self._deviation)

    def turn(self, z: FloatArray, mood: FloatArray) -> FloatArray:
        """The nearest point on the sphere around `z` that is predicted to have the mood, as far as one is found.

        Smooth in both: a fixed number of damped Newton steps, each along the slopes of valence and energy.

        Parameters
        ----------
        z : float32 ``(z_dim,)``, not 0
        mood : float32 ``(2,)``, valence and energy, 0..1 and a little more
        """
        length = float(np.linalg.norm(z))
        radius = np.sqrt(self.z_dim)
        point = z.astype(np.float64) * (radius / length)
        for _ in range(STEPS):
            found, slope = self._mood_and_slope(point)
            # Along the sphere only; what leads outwards is lost anyway.
            slope = slope - np.outer(slope @ point, point) / radius**2
            step = slope.T @ np.linalg.solve(slope @ slope.T + self._damping * np.eye(2), mood - found)
            step /= np.sqrt(1.0 + np.square(step).sum() / (LONGEST * radius) ** 2)
            point = point + step
            point *= radius / np.linalg.norm(point)
        return np.asarray(point * (length / radius)).astype(np.float32)

    def _mood_and_slope(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        active = np.tanh(self._hidden @ point + self._shift)
        mood = self._bias + self._linear @ point + self._out @ active
        return mood, self._linear + (self._out * (1.0 - active**2)) @ self._hidden
