"""What an output promises: frames are taken at once, whatever becomes of them."""

import gc
import weakref
from contextlib import closing
from time import perf_counter, sleep
from typing import Any

import numpy as np

from artgen_osc.config.plugins import own_contract
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import DisplayError
from artgen_osc.testing.check import Case, Check, NotHere, require, require_quick, settings_at_their_ends
from visuals.control.controls import Control
from visuals.outputs.kind import OutputHost, Showing

BUDGET, LONGEST = 0.002, 0.020
"""s that a call of `take` may take, by the median, and that none may exceed."""

FRAMES = 150
MOST_KEPT = 32
"""Frames that may wait at once: a queue has an end, and drops the oldest."""

CLOSE_S = 5.0
OPENS_S, OPENS = 3.0, 100
"""So long, and so often, is looked whether it wants its first frame."""


def default_host() -> OutputHost:
    """That of a show that has painted nothing yet, with every setting as declared."""
    config = VisualsConfig()
    return OutputHost(config, own_contract(), Showing(Control(config), (config.width, config.height)))


def _made(case: Case) -> Any:
    try:
        return case.plugin(case.settings, case.host or default_host())
    except DisplayError as error:
        raise NotHere(f"it can't be made here: {error}") from error


def _frames(output: Any, count: int) -> tuple[list[float], list["weakref.ref[np.ndarray]"]]:
    """Give frames as fast as it goes, so that no consumer keeps up; s that each took, and the frames, if they live."""
    taken, given = [], []
    for number in range(count):
        time = number / 60
        _prepare(output, time)
        size = _size(output.wants(time))
        if size is None:
            continue
        channels = 4 if getattr(output, "alpha", False) is True else 3
        frame = np.full((size[1], size[0], channels), number, np.uint8)
        given.append(weakref.ref(frame))
        start = perf_counter()
        output.take(frame, time)
        taken.append(perf_counter() - start)
    return taken, given


def _prepare(output: Any, time: float) -> None:
    """What is called before a frame is drawn, of ours that are called on the loop's thread."""
    prepare = getattr(output, "prepare", None)
    if prepare is not None:
        prepare(time)


def _open(output: Any) -> None:
    """Wait until it wants a frame: some open a file or a connection first, beside the show."""
    for _ in range(OPENS):
        _prepare(output, 0.0)
        if output.wants(0.0) is not None:
            return
        sleep(OPENS_S / OPENS)


def _size(size: Any) -> tuple[int, int] | None:
    if size is not None:
        right = isinstance(size, tuple) and len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)
        require(right, f"wants returns {size!r}; (width, height) in pixels or None is needed")
    return size  # type: ignore[no-any-return]


def takes_frames(case: Case) -> None:
    """`wants` gives a size or None and `take` takes such a frame, with every setting at its ends."""
    for each in settings_at_their_ends(case):
        with closing(_made(each)) as output:
            _frames(output, 5)


def takes_at_once(case: Case) -> None:
    """Frames come too fast to be consumed: `take` returns within 2 ms by the median, and within 20 ms always."""
    with closing(_made(case)) as output:
        _open(output)
        taken, _ = _frames(output, FRAMES)
    if not taken:
        raise NotHere("it wants no frame with these settings")
    require_quick(taken, BUDGET, LONGEST, "take")


def keeps_few_frames(case: Case) -> None:
    """However fast frames come, few of them wait."""
    with closing(_made(case)) as output:
        _open(output)
        _, given = _frames(output, FRAMES)
        gc.collect()
        kept = sum(one() is not None for one in given)
    if not given:
        raise NotHere("it wants no frame with these settings")
    require(kept <= MOST_KEPT, f"{kept} of {FRAMES} frames wait; {MOST_KEPT} are the most, drop the oldest")


def closes(case: Case) -> None:
    """`close` returns within 5 s, also where no frame has come."""
    output = _made(case)
    start = perf_counter()
    output.close()
    require(perf_counter() - start <= CLOSE_S, f"close takes more than {CLOSE_S:.0f} s")


CHECKS: tuple[Check, ...] = (takes_frames, takes_at_once, keeps_few_frames, closes)
"""All of them."""
