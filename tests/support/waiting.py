"""The one way to wait in tests: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from artgen_osc.osc.codec import Message
from artgen_osc.osc.receiver import Capture

T = TypeVar("T")


def wait_for(
    condition: Callable[[], T], seconds: float = 30.0, what: str = "it", evidence: Callable[[], object] = str
) -> T:
    """Poll a callable until it is true.

    Parameters
    ----------
    condition : is called again and again, from this thread
    seconds : after so long the test has failed; a generous number costs nothing where all is well
    what : is waited for, as the failure says it
    evidence : is asked for on failure only, and shown

    Returns
    -------
    What the condition said at last.
    """
    end, pause = time.monotonic() + seconds, 0.001
    while not (found := condition()):
        assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s\n{evidence()}"
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return found


def hear(
    port: Capture,
    enough: Callable[[list[Message]], object],
    seconds: float = 60.0,
    what: str = "it",
    evidence: Callable[[], object] = str,
) -> list[Message]:
    """Collect messages until they are enough.

    Parameters
    ----------
    port : where they come in
    enough : is given all of them so far, again and again
    seconds, what, evidence : as for `wait_for`
    """
    heard: list[Message] = []

    def is_enough() -> object:
        heard.extend(message for _, message in port.read(0.2))
        return enough(heard)

    wait_for(is_enough, seconds, what, evidence)
    return heard
