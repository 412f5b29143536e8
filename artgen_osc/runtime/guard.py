"""A show goes on whatever one step of it raises."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from artgen_osc.runtime.text import unexpected

log = logging.getLogger("artgen.guard")


def survived(error: BaseException) -> str:
    """What to tell of an error that nobody foresaw and that a show goes on after, in one line."""
    return f"failed ({unexpected(error)}); the show goes on; -v shows where, please report it"


class Guard:
    """Ends an exception of the block under it: ``with guard("/some/address"): …``.

    Parameters
    ----------
    tell : is told what was done and the reason, to count and to log it; has to bear floods
    """

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Guard a block that does `what`, such as an address; exceptions that end a program pass."""
        try:
            yield
        except Exception as error:
            log.debug("%s", what, exc_info=error)
            self._tell(what, survived(error))
