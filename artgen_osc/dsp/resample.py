"""Bring a stream of sound to another sample rate, with little delay.

A polyphase filter evaluated only where an output sample lies. Block-wise resamplers
deliver in bursts of 20 to 80 ms; this one owes at most 32 output samples (1.5 ms at
22,050 Hz), which is what keeps onsets early. So it is written by hand, and `tests/reference`
holds it to soxr.
"""

import math

import numpy as np

from artgen_osc.dsp.core import FloatArray

_ZERO_CROSSINGS = 32
_ROLLOFF = 0.95
_KAISER_BETA = 8.0
_OUTPUTS_AT_ONCE = 1024
_MAX_TABLE = 1 << 24


class Resampler:
    """Resample mono sound, the same for any split of the stream.

    A windowed sinc (Kaiser, about -80 dB; Smith & Gossett, 1984) with its passband up to
    0.87 of the lower Nyquist frequency. Output sample ``n`` stands for the time
    ``n / rate_out`` of the input: the filter has no shift in time, only the delay until
    the samples it needs are there.

    Parameters
    ----------
    rate_in, rate_out : int > 0, Hz

    Attributes
    ----------
    delay : s, how long after its own time an output sample is ready, at most

    Raises
    ------
    ValueError
        A rate is not positive, or the ratio needs a table beyond 64 MB.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if rate_in <= 0 or rate_out <= 0:
            raise ValueError(f"sample rates {rate_in} and {rate_out}; both must be above 0")
        divisor = math.gcd(rate_in, rate_out)
        self._up, self._down = rate_out // divisor, rate_in // divisor
        scale = max(1.0, rate_in / rate_out)
        half = 0 if rate_in == rate_out else math.ceil(_ZERO_CROSSINGS * scale)
        if self._up * 2 * half > _MAX_TABLE:
            raise ValueError(f"{rate_in} Hz to {rate_out} Hz needs a table that is too large")
        self._half = half
        self.delay = (half + 1) / rate_in if half else 0.0
        if half:
            offset = np.arange(self._up)[:, None] / self._up
            distance = np.arange(2 * half)[None, :] - (half - 1) - offset
            window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1.0 - (distance / half) ** 2)))
            cutoff = _ROLLOFF / scale
            taps = np.sinc(distance * cutoff) * window
            self._taps = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget the stream; the next sample is number 0 again."""
        self._pending: FloatArray | None = None
        self._phase = 0

    def push(self, mono: FloatArray) -> FloatArray:
        """Take the next input samples, of any number.

        Parameters
        ----------
        mono : float32 ``(n,)``, finite

        Returns
        -------
        float32 ``(m,)``: every output sample that is complete by now
        """
        if not self._half or not len(mono):
            return np.array(mono, dtype=np.float32)
        if self._pending is None:
            # The first sample held, not zero, comes before the stream: a DC offset makes no click.
            self._pending = np.full(self._half - 1, mono[0], dtype=np.float32)
        pending = np.concatenate((self._pending, np.asarray(mono, dtype=np.float32)))
        length = 2 * self._half
        # Output k starts at (phase + k * down) // up and needs `length` samples from there.
        count = max(0, ((len(pending) - length + 1) * self._up - self._phase - 1) // self._down + 1)
        result = np.empty(count, dtype=np.float32)
        if count:
            # `sliding_window_view` does the same, and takes longer than the filter itself.
            step = pending.itemsize
            windows: FloatArray = np.ndarray((len(pending) - length + 1, length), np.float32, pending, 0, (step, step))
            for first in range(0, count, _OUTPUTS_AT_ONCE):
                last = min(first + _OUTPUTS_AT_ONCE, count)
                if self._up == 1:
                    rows = windows[self._phase + first * self._down :: self._down][: last - first]
                    result[first:last] = np.einsum("nk,k->n", rows, self._taps[0])
                    continue
                place = self._phase + np.arange(first, last) * self._down
                rows = windows[place // self._up]
                result[first:last] = np.einsum("nk,nk->n", rows, self._taps[place % self._up])
        place_next = self._phase + count * self._down
        skip = min(place_next // self._up, len(pending))
        self._phase = place_next - skip * self._up
        self._pending = pending[skip:].copy()
        return result
