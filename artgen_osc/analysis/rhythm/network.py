"""The beat network of the show: BeatNet's form, computed with NumPy.

One row at a time, a network as small as this takes a general inference engine longer to
call than to compute.
"""

from pathlib import Path

import numpy as np

from artgen_osc.analysis.rhythm.spectrum import HOP, N_FEATURES, N_FFT, SAMPLE_RATE
from artgen_osc.dsp.core import FloatArray
from artgen_osc.inference.modelfile import load_weights

SHIPPED_MODEL = Path(__file__).parents[2] / "models" / "beat.safetensors"
_LAYERS = 2


class BeatNetwork:
    """Convolution over bands, two LSTM layers, and what they remember.

    Parameters
    ----------
    path : the model file, or None for the shipped one

    Raises
    ------
    ModelError
        The file is missing, damaged, of another kind or made for another input.
    """

    def __init__(self, path: Path | None = None) -> None:
        form = {"sample_rate": SAMPLE_RATE, "n_fft": N_FFT, "hop": HOP, "features": N_FEATURES}
        file, stored = load_weights(path or SHIPPED_MODEL, "beat", **form)
        weights = {name: value.astype(np.float32) for name, value in stored.items()}
        self.card = file.card
        self._kernel = np.ascontiguousarray(weights["conv1.weight"][:, 0].T)
        self._kernel_bias = weights["conv1.bias"]
        self._pooled = (N_FEATURES - len(self._kernel) + 1) // 2
        self._dense, self._dense_bias = weights["linear0.weight"], weights["linear0.bias"]
        self._last, self._last_bias = weights["linear.weight"], weights["linear.bias"]
        self._units = len(self._dense)
        self._taken = np.arange(2 * self._pooled)[:, None] + np.arange(len(self._kernel))
        # sigmoid(x) = 0.5 + 0.5 tanh(x / 2): halved here, all four gates are one tanh. The third is a tanh as it is.
        half = np.full((4 * self._units, 1), 0.5, np.float32)
        half[2 * self._units : 3 * self._units] = 1.0
        self._gates, self._gates_bias = [], []
        for i in range(_LAYERS):
            both = np.concatenate((weights[f"lstm.weight_ih_l{i}"], weights[f"lstm.weight_hh_l{i}"]), axis=1)
            self._gates.append(half * both)
            self._gates_bias.append(half[:, 0] * (weights[f"lstm.bias_ih_l{i}"] + weights[f"lstm.bias_hh_l{i}"]))
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._hidden = [np.zeros(self._units, np.float32) for _ in range(_LAYERS)]
        self._cell = [np.zeros(self._units, np.float32) for _ in range(_LAYERS)]

    def step(self, row: FloatArray) -> tuple[float, float]:
        """One more row.

        Parameters
        ----------
        row : float32 ``(N_FEATURES,)``, of `BeatSpectrum`

        Returns
        -------
        How likely a beat, and how likely a downbeat is at that row, 0..1
        """
        size = self._units
        maps = row[self._taken] @ self._kernel + self._kernel_bias
        pooled = np.maximum(maps[::2], maps[1::2])
        x = self._dense @ np.maximum(pooled, 0.0).T.ravel() + self._dense_bias
        for layer in range(_LAYERS):
            gates = np.tanh(self._gates[layer] @ np.concatenate((x, self._hidden[layer])) + self._gates_bias[layer])
            take, forget, new, out = gates.reshape(4, size)
            self._cell[layer] = 0.5 * ((1.0 + forget) * self._cell[layer] + (1.0 + take) * new)
            self._hidden[layer] = x = 0.5 * (1.0 + out) * np.tanh(self._cell[layer])
        values = self._last @ x + self._last_bias
        likely = np.exp(values - values.max())
        beat, down, _ = (likely / likely.sum()).tolist()
        return beat + down, down
