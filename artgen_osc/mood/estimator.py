"""How the music feels: valence and energy, from the last seconds of sound.

::

    samples ─► MoodMel ─► last 8 s ─► network or rules ─► mean of 6 s ─► follower ─► Mood
               40.4 ms                4.1 a second                       every hop

The network sees each window relative to its own maximum, so gain changes nothing.
Its scale is that of Spotify's valence and energy. Where the music changes at once, a new piece or
a drop, window and mean begin anew from there, so that the mood turns within seconds and is steady elsewhere.
"""

import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.dsp.core import FloatArray
from artgen_osc.dsp.downmix import MonoMix
from artgen_osc.inference.modelfile import Engine, load
from artgen_osc.mood.mel import HOP, N_FFT, N_MELS, SAMPLE_RATE, WINDOW_COLUMNS, MoodMel, network_input
from artgen_osc.mood.rules import judge_by_rules
from artgen_osc.runtime.latest import LatestWorker
from artgen_osc.runtime.throttle import Throttle
from artgen_osc.schema.values import Mood

SHIPPED_MODEL = Path(__file__).parents[1] / "models" / "mood.onnx"
NEUTRAL = 0.5

_FIRST_COLUMNS = 38
_COLUMNS_PER_PREDICTION = 6
# A prediction counts from when its sound has surely passed the resampler, whatever the block size.
_LATENCY = 0.05
_SILENCE_DB = -110.0
_RECENT_COLUMNS = 25
_FORGET_COLUMNS = 50
_TRUST_FROM, _TRUST_FULL = 0.3, 0.5
_NEUTRAL_SECONDS = 10.0
_MEAN_PREDICTIONS = 52
# The music has changed where the energy of the last two predictions is this far from that of twenty before, or where
# the mean of the last 1.0 to 2.0 s is this far from that of all before, in dB over all bands (for 1.5 s; a shorter
# stretch varies more). Valence wobbles too much within a piece to tell.
_CHANGE = 0.09
_CHANGE_DB = 10.0
_CHANGE_COLUMNS = range(25, 51)
_NEW_COLUMNS = range(12, 100)
_RANGE_DB = 60.0
_LOUDEST = 100.0
_GAP_SECONDS = 0.1

_log = logging.getLogger(__name__)

Judge = Callable[[FloatArray], tuple[float, float, float]]
"""Network input ``(1, 128, WINDOW_COLUMNS)`` to valence, energy, confidence."""


@dataclass(frozen=True, slots=True)
class _Prediction:
    time: float
    valence: float
    energy: float
    confidence: float
    steady: tuple[float, float] = (NEUTRAL, NEUTRAL)
    """Mean valence and energy of the later half of the predictions since the music changed, 6 s at the most."""
    stream: int = 0


class MoodEstimator:
    """Follows the mood of a stream of sound.

    Push sound, then ask for the mood of each hop in it. Between predictions the mood follows
    their mean with a time constant of `smoothing`; where the confidence is low it drifts to
    neutral over 10 s instead. The first prediction comes within 1.9 s of the first sound, from
    what there is by then; after 2 s of silence it starts anew. What is NaN or infinite
    in a channel of the sound is silence there.

    Parameters
    ----------
    sample_rate : int > 0, Hz, of the sound that is pushed
    model : a mood model; without one the shipped file, and without that file plain rules
        (see `artgen_osc.mood.rules`)
    smoothing : s ≥ 0, time constant of the follower
    background : predict on a latest-only thread of its own, so that no hop waits for it;
        otherwise inside `push`, which makes the result depend on the sound alone
    start : valence and energy to begin with

    Attributes
    ----------
    smoothing : as above, can be set at any time
    manual : None, or the (valence, energy) to follow instead of the music
    freeze : whether valence and energy stay where they are
    card : of the model file, empty for the rules
    predictions, failures : how many were made, failed

    Raises
    ------
    ModelError
        The model file is missing, damaged, of another kind or made for another input.
    """

    def __init__(
        self,
        sample_rate: int,
        model: str | Path | None = None,
        smoothing: float = 0.4,
        background: bool = False,
        start: tuple[float, float] = (NEUTRAL, NEUTRAL),
    ) -> None:
        self._judge, self.card = _judge_for(model)
        self._sample_rate = sample_rate
        self._mono = MonoMix(sample_rate)
        self._mel = MoodMel(sample_rate)
        self.smoothing = smoothing
        self._start = start
        self.manual: tuple[float, float] | None = None
        self.freeze = False
        self.predictions = self.failures = 0
        self._throttle = Throttle()
        self._stream = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=_MEAN_PREDICTIONS)
        self._recent_passage = self._changed_passage = (0, 0)
        self.reset()
        self._worker: LatestWorker[_Request] | None = None
        if background:
            self.go_live()

    @property
    def stale(self) -> int:
        """Predictions that were overtaken by newer sound, so far."""
        return self._worker.dropped if self._worker else 0

    def reset(self) -> None:
        """Forget the stream and go back to the start."""
        self._mono.reset()
        self._mel.reset()
        self._history: deque[FloatArray] = deque(maxlen=WINDOW_COLUMNS)
        self._silent: deque[bool] = deque(maxlen=_FORGET_COLUMNS)
        self._column = 0
        self._stream += 1
        self._passage = 0
        self._frames = 0
        self._origin = 0.0
        self._ready: deque[_Prediction] = deque()
        self._current = _Prediction(0.0, NEUTRAL, NEUTRAL, 0.0)
        self._valence, self._energy = self._start
        self._time: float | None = None

    def go_live(self) -> None:
        """Predict on a thread of its own from here on."""
        self._worker = self._worker or LatestWorker(self._predict, "mood")

    def close(self) -> None:
        """End the background thread, if there is one."""
        if self._worker:
            self._worker.close()

    def push(self, samples: FloatArray, time: float | None = None) -> None:
        """Take the next samples, of any number.

        Parameters
        ----------
        samples : float32 ``(frames, channels)`` or ``(frames,)``, in ±1
        time : s on the stream's clock of the first one; without it the clock starts at 0.
            A jump, as after dropped blocks, moves the clock along
        """
        if time is not None:
            origin = time - self._frames / self._sample_rate
            if not self._frames or abs(origin - self._origin) > _GAP_SECONDS:
                self._origin = origin
        mono = self._mono.push(samples)
        self._frames += len(mono)
        for column in self._mel.push(mono.clip(-_LOUDEST, _LOUDEST)):
            self._hear(column)

    def _hear(self, column: FloatArray) -> None:
        silent = bool(column.max() < _SILENCE_DB)
        self._silent.append(silent)
        # Silence before the music is no part of it; a rest inside it is.
        if not silent or self._history:
            self._history.append(column)
        if len(self._silent) == _FORGET_COLUMNS and all(self._silent):
            self._history.clear()
        time = self._origin + (self._column * HOP + N_FFT) / SAMPLE_RATE + _LATENCY
        self._column += 1
        if self._column % _COLUMNS_PER_PREDICTION:
            return
        recent = list(self._silent)[-_RECENT_COLUMNS:]
        presence = 1.0 - sum(recent) / len(recent)
        if not presence:
            self._ready.append(_Prediction(time, math.nan, math.nan, 0.0, stream=self._stream))
            return
        columns = np.stack(self._history)
        new = _new_columns(columns, self._changed_passage == (self._stream, self._passage))
        if new:
            columns = columns[-new:]
            self._history = deque(columns, maxlen=WINDOW_COLUMNS)
            self._passage += 1
        if len(columns) < _FIRST_COLUMNS:
            return
        request = _Request(time, columns, presence, (self._stream, self._passage))
        if self._worker:
            self._worker.put(request)
        else:
            self._predict(request)

    def _predict(self, request: "_Request") -> None:
        try:
            valence, energy, confidence = self._judge(network_input(request.columns))
        except RuntimeError as error:
            self.failures += 1
            if self._throttle.due():
                _log.warning("mood: a prediction failed (%s); the last mood is kept", error)
            return
        if not all(map(math.isfinite, (valence, energy, confidence))):
            self.failures += 1
            return
        valence, energy, confidence = (min(max(v, 0.0), 1.0) for v in (valence, energy, confidence * request.presence))
        if request.passage != self._recent_passage:
            self._recent.clear()
            self._recent_passage = request.passage
        self._recent.append((valence, energy))
        self.predictions += 1
        recent = np.array(self._recent)
        steady = tuple(recent[len(recent) // 2 :].mean(axis=0).tolist())
        if len(recent) >= 8 and abs(recent[-2:, 1].mean() - recent[-22:-2, 1].mean()) > _CHANGE:
            self._changed_passage = request.passage
        self._ready.append(_Prediction(request.time, valence, energy, confidence, steady, request.passage[0]))

    def mood(self, time: float) -> Mood:
        """The mood at a hop.

        Parameters
        ----------
        time : s on the stream's clock, the end of the hop, not before that of the last call

        Returns
        -------
        Mood, from sound up to `time` alone; smoothed exactly, whatever the step between calls
        """
        while self._ready and self._ready[0].time <= time:
            prediction = self._ready.popleft()
            if prediction.stream != self._stream:
                # It was under way when the stream began anew.
                continue
            self._follow(prediction.time)
            if math.isnan(prediction.valence):
                prediction = replace(self._current, time=prediction.time, confidence=prediction.confidence)
            self._current = prediction
        self._follow(time)
        now = self._current
        return Mood(time, self._valence, self._energy, now.valence, now.energy, now.confidence)

    def _follow(self, time: float) -> None:
        passed = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time if self._time is None else max(time, self._time)
        if self.freeze or not passed:
            return
        (valence, energy), trust = self._current.steady, self._trust()
        if self.manual is not None:
            (valence, energy), trust = self.manual, 1.0
        # dx/dt = pull (target - x) + drift (neutral - x), solved exactly for constant targets.
        pull, drift = trust / max(self.smoothing, 1e-3), (1.0 - trust) / _NEUTRAL_SECONDS
        share = 1.0 - math.exp(-(pull + drift) * passed)
        weight = pull / (pull + drift)
        self._valence += share * (weight * valence + (1.0 - weight) * NEUTRAL - self._valence)
        self._energy += share * (weight * energy + (1.0 - weight) * NEUTRAL - self._energy)

    def _trust(self) -> float:
        return min(max((self._current.confidence - _TRUST_FROM) / (_TRUST_FULL - _TRUST_FROM), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class _Request:
    time: float
    columns: FloatArray
    presence: float
    passage: tuple[int, int]
    """Which stream, and which stretch of it between changes of the music."""


def _new_columns(columns: FloatArray, changed: bool) -> int:
    """How many of the last columns are of other music than those before.

    Parameters
    ----------
    columns : dB ``(n, 128)``
    changed : whether the music is known to have changed, and only the place is looked for

    Returns
    -------
    0 where the music hasn't changed
    """
    if len(columns) < 2 * _FIRST_COLUMNS:
        return 0
    new = np.array(_NEW_COLUMNS[: len(columns) - _FIRST_COLUMNS - _NEW_COLUMNS.start + 1])
    old = len(columns) - new
    sums = np.maximum(columns, columns.max() - _RANGE_DB)[::-1].cumsum(axis=0, dtype=np.float64)
    of_new = sums[new - 1]
    off = np.abs(of_new / new[:, None] - (sums[-1] - of_new) / old[:, None]).mean(axis=1)
    judged = (new >= _CHANGE_COLUMNS.start) & (new < _CHANGE_COLUMNS.stop)
    if not changed and (off <= _CHANGE_DB * (_FIRST_COLUMNS / new) ** 0.3)[judged].all():
        return 0
    # As for a step in the mean of a series: where it explains most of the variance.
    return int(new[np.argmax(off * np.sqrt(new * old / len(columns)))])


def _judge_for(model: str | Path | None) -> tuple[Judge, dict[str, Any]]:
    if model is None and not SHIPPED_MODEL.exists():
        _log.warning("mood: no model file at %s; plain rules stand in for it", SHIPPED_MODEL)
        return judge_by_rules, {}
    file = load(
        model or SHIPPED_MODEL,
        "mood",
        sample_rate=SAMPLE_RATE,
        n_fft=N_FFT,
        hop=HOP,
        n_mels=N_MELS,
        columns=WINDOW_COLUMNS,
    )
    engine = Engine(file)

    def judge(window: FloatArray) -> tuple[float, float, float]:
        mood, sigma, music = engine(window)
        return float(mood[0, 0]), float(mood[0, 1]), float(music[0, 0]) * (1.0 - float(sigma.mean()))

    return judge, file.card
