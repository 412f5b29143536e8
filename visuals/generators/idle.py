"""A generator that needs no weights: folded sheets of colour, like ink drawn through water.

A plane is warped by a chain of waves whose phases and directions come from `z`. Two of the
warped coordinates choose the colour from a palette, and the slope of the folds lights it.
Valence and energy set brightness and saturation by the measured relation of colour and mood
(Valdez & Mehrabian 1994, J. Exp. Psychol. Gen. 123(4)), and energy the number of folds.
"""

import colorsys

import numpy as np

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Frame = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]

PLEASURE = (0.69, 0.22)
AROUSAL = (-0.31, 0.60)
_PLEASURE_RANGE = (0.25, 0.68)
_AROUSAL_RANGE = (-0.11, 0.34)
_N_WAVES = 6
_N_COLOURS = 5
_N_STRANDS = 1024


def colour_of(valence: float, energy: float) -> tuple[float, float]:
    """Mean brightness and saturation (HSV, 0..1) that carry a mood.

    Parameters
    ----------
    valence, energy : 0..1
    """
    pleasure = _PLEASURE_RANGE[0] + valence * (_PLEASURE_RANGE[1] - _PLEASURE_RANGE[0])
    arousal = _AROUSAL_RANGE[0] + energy * (_AROUSAL_RANGE[1] - _AROUSAL_RANGE[0])
    brightness, saturation = np.linalg.solve([PLEASURE, AROUSAL], [pleasure, arousal])
    return float(np.clip(brightness, 0.06, 0.96)), float(np.clip(saturation, 0.03, 0.97))


class IdleGenerator:
    """Procedural pictures; see `visuals.generators.generator.Generator` for the call.

    Parameters
    ----------
    size : pixels
    """

    name = "idle"
    z_dim = 64
    sha256 = ""

    def __init__(self, size: int = 256) -> None:
        self.size = size
        axis = ((np.arange(size) + 0.5) / size * 2.0 - 1.0).astype(np.float32)
        x, y = np.meshgrid(axis, axis)
        self._x: FloatArray = x
        self._y: FloatArray = y
        # Every knob is a fixed random projection of z: smooth in z, and about normally distributed.
        draw = np.random.default_rng(20240611).standard_normal((48, self.z_dim))
        self._knobs = draw / np.sqrt(self.z_dim)
        self._strands = _smooth_noise(_N_STRANDS)

    def __call__(self, z: FloatArray, mood: FloatArray, truncation: float) -> Frame:
        """Paint a picture."""
        knobs = self._knobs @ z.astype(np.float64) * truncation
        valence, energy = float(mood[0]), float(mood[1])
        fold, veil, light = self._fields(knobs, energy)
        return self._colour(fold, veil, light, knobs, valence, energy)

    def _fields(self, knobs: np.ndarray, energy: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Two warped coordinates in 0..1 and the light on the folds, about -1..1, each `(size, size)`."""
        angle = 0.8 * knobs[0]
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        zoom = np.float32(2.1 + 0.6 * energy + 0.25 * np.tanh(knobs[1]))
        u: FloatArray = zoom * (cos * self._x - sin * self._y)
        v: FloatArray = zoom * (sin * self._x + cos * self._y)
        frequency, strength = 1.15, 0.8 + 0.25 * energy
        for wave in range(_N_WAVES):
            a, b, c, d = knobs[2 + 4 * wave : 6 + 4 * wave]
            # The finer waves come in with energy.
            amount = strength * float(np.clip(1.25 + (energy - 1.0) * 0.2 * wave, 0.25, 1.0))
            tilt = np.float32(0.5 * np.tanh(c))
            u, v = (
                u + np.float32(amount) * np.sin(np.float32(frequency) * (v + tilt * u) + np.float32(1.3 * a + wave)),
                v + np.float32(amount) * np.cos(np.float32(frequency) * (u - tilt * v) + np.float32(1.3 * b - wave)),
            )
            frequency *= 1.48 + 0.1 * np.tanh(d)
            strength *= 0.66
        fold: FloatArray = 0.5 + 0.5 * np.sin(np.float32(1.1) * u + np.float32(knobs[30]))
        across = np.add(np.float32(0.9) * v, np.float32(0.4) * u)
        veil: FloatArray = 0.5 + 0.5 * np.sin(across + np.float32(knobs[31]))
        light = self._light(u + np.float32(0.6) * v, u, energy)
        return fold, veil, light

    def _light(self, height: FloatArray, along: FloatArray, energy: float) -> FloatArray:
        """Light from the upper left on the folds, and fine strands that run along them."""
        slope_y, slope_x = np.gradient(height)
        slope = (slope_x - slope_y) * np.float32(self.size / 22.0)
        steep = slope_x * slope_x + slope_y * slope_y
        strands = self._strands[(along * np.float32(70.0)).astype(np.int32) & (_N_STRANDS - 1)]
        # Strands thinner than a pixel would glitter.
        strands = strands / (1.0 + np.square(np.float32(700.0) * steep))
        light: FloatArray = slope / np.sqrt(1.0 + slope * slope) + np.float32(0.35 + 0.25 * energy) * strands
        return light

    def _colour(
        self, fold: FloatArray, veil: FloatArray, light: FloatArray, knobs: np.ndarray, valence: float, energy: float
    ) -> Frame:
        brightness, saturation = colour_of(valence, energy)
        palette = self._palette(knobs, saturation, valence, energy)
        top = np.float32(palette.shape[1] - 1)
        tone = ((np.float32(0.72) * fold + np.float32(0.28) * veil) * top).astype(np.intp)
        glaze = ((1.0 - veil) * top).astype(np.intp)
        strength = np.float32(0.4) * veil * fold
        shade = np.maximum(1.0 + np.float32(0.22 + 0.16 * energy) * light, np.float32(0.05))
        channels = []
        for ramp in palette:
            colour = ramp[tone]
            channels.append((colour + (ramp[glaze] - colour) * strength) * shade)
        return _to_mood(channels, brightness, saturation)

    def _palette(self, knobs: np.ndarray, saturation: float, valence: float, energy: float) -> FloatArray:
        """A smooth ramp of colours from dark to light, float32 `(3, 256)`.

        Neighbouring hues, and one accent from across the wheel near the light end.
        """
        base = 0.60 + 0.13 * knobs[32] - 0.10 * valence + 0.10 * energy
        spread = 0.055 + 0.02 * np.tanh(knobs[33])
        stops = np.empty((_N_COLOURS, 3))
        for stop in range(_N_COLOURS):
            hue = base + spread * (stop - 2) + 0.03 * np.tanh(knobs[34 + stop])
            chroma = saturation * (1.15 - 0.13 * stop)
            if stop == _N_COLOURS - 2:
                hue += 0.40 + 0.08 * np.tanh(knobs[45])
            value = 0.16 + 0.20 * stop + 0.05 * np.tanh(knobs[39 + stop])
            stops[stop] = colorsys.hsv_to_rgb(hue % 1.0, min(chroma, 1.0), min(value, 1.0))
        at = np.linspace(0.0, _N_COLOURS - 1.0, 256)
        left = np.minimum(at.astype(int), _N_COLOURS - 2)
        t = at - left
        t = (t * t * (3.0 - 2.0 * t))[:, None]
        ramp = stops[left] * (1.0 - t) + stops[left + 1] * t
        return np.ascontiguousarray(ramp.T, dtype=np.float32)


def _smooth_noise(n: int) -> FloatArray:
    """Periodic noise, float32 `(n,)`, about -1..1, with most of its power in long waves."""
    rng = np.random.default_rng(7)
    spectrum = rng.standard_normal(n // 2 + 1) + 1j * rng.standard_normal(n // 2 + 1)
    waves = np.arange(n // 2 + 1)
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum * np.exp(-((waves / (n / 6.0)) ** 2)), n)
    return np.asarray(noise / (2.0 * noise.std()), dtype=np.float32)


def _to_mood(channels: list[FloatArray], brightness: float, saturation: float) -> Frame:
    """Bring mean brightness and saturation to what the mood asks for.

    Parameters
    ----------
    channels : red, green and blue, each float32 `(size, size)`
    brightness, saturation : 0..1
    """
    red, green, blue = channels
    value = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    measured = 1.0 - float(np.mean(low / np.maximum(value, np.float32(1e-3))))
    gain = np.float32(min(saturation / max(measured, 1e-3), 2.5))
    peak = max(float(np.partition(value[::8, ::8].ravel(), -10)[-10]), 1e-3)
    scale = np.float32(1.0 / peak)
    mean = float(np.mean(np.minimum(value * scale, 1.0)))
    # A gamma keeps black and white in place, where a factor would clip.
    gamma = np.clip(np.log(brightness) / np.log(np.clip(mean, 0.01, 0.99)), 0.3, 4.0)
    curve = (np.linspace(0.0, 1.0, 4096) ** gamma * 255.0 + 0.5).astype(np.uint8)
    frame = np.empty((*value.shape, 3), np.uint8)
    for index, channel in enumerate(channels):
        saturated = np.clip((value - (value - channel) * gain) * scale, 0.0, 1.0)
        frame[..., index] = curve[(saturated * np.float32(4095.0)).astype(np.int32)]
    return frame
