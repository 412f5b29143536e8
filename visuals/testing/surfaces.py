"""What a control surface promises: it is asked at each frame, and never makes it wait."""

from contextlib import closing
from time import perf_counter
from typing import Any

from artgen_osc.config.plugins import own_contract
from artgen_osc.config.settings import ConfigFile
from artgen_osc.schema.address import Address
from artgen_osc.testing.check import Case, Check, CheckFailed, require, require_quick, settings_at_their_ends
from visuals.control.kind import SurfaceHost

BUDGET, LONGEST = 0.002, 0.020
"""s that a call may take, by the median, and that none may exceed."""

CALLS = 200
CLOSE_S = 5.0


def default_host() -> SurfaceHost:
    """That of a show without scenes, to which nobody says anything, with every setting as declared."""
    return SurfaceHost(
        own_contract().addresses,
        scenes=tuple,
        note=lambda text, seconds: None,
        pressed=tuple,
        received=tuple,
        file=ConfigFile(None, {}),
    )


def _made(case: Case) -> Any:
    return case.plugin(case.settings, case.host or default_host())


def _polled(surface: Any) -> float:
    """Ask once, look at the answer; s that it took."""
    start = perf_counter()
    answer = list(surface.poll())
    taken = perf_counter() - start
    for message in answer:
        if not isinstance(message, tuple) or len(message) != 2 or not isinstance(message[0], Address):
            raise CheckFailed(f"poll returns {message!r}; (Address, value) is needed")
        row, value = message
        try:
            row.check((value,))
        except ValueError as error:
            raise CheckFailed(f"poll: {row.path}: {error}") from None
    return taken


def gives_messages(case: Case) -> None:
    """`poll` gives pairs of an `Address` and a value in its range, with every setting at its ends."""
    for each in settings_at_their_ends(case):
        with closing(_made(each)) as surface:
            for _ in range(5):
                _polled(surface)


def poll_returns_at_once(case: Case) -> None:
    """`poll` returns within 2 ms by the median, and within 20 ms always."""
    with closing(_made(case)) as surface:
        taken = [_polled(surface) for _ in range(CALLS)]
    require_quick(taken, BUDGET, LONGEST, "poll")


def shows_values(case: Case) -> None:
    """`show` takes values by path, unknown ones too, and returns as quickly."""
    taken = []
    with closing(_made(case)) as surface:
        for number in range(CALLS):
            values = {"/artgen/valence": number / CALLS, "/artgen/beat": number % 2, "/artgen/title": "a – b", "/x": 1}
            start = perf_counter()
            surface.show(values)
            taken.append(perf_counter() - start)
    require_quick(taken, BUDGET, LONGEST, "show")


def closes(case: Case) -> None:
    """`close` returns within 5 s."""
    surface = _made(case)
    start = perf_counter()
    surface.close()
    require(perf_counter() - start <= CLOSE_S, f"close takes more than {CLOSE_S:.0f} s")


CHECKS: tuple[Check, ...] = (gives_messages, poll_returns_at_once, shows_values, closes)
"""All of them."""
