"""A call that may never come back: whoever wants its result doesn't wait for ever."""

import threading
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")


class NotBack(Exception):
    """A call hasn't come back in time; the text says within which."""


def within(seconds: float, call: Callable[[], ResultT], name: str) -> ResultT:
    """What a call returns; it is made on a thread of its own, and left behind where it doesn't come back.

    Parameters
    ----------
    seconds : it may take
    call : whatever it raises is raised here
    name : of the thread

    Raises
    ------
    NotBack
        It hasn't come back within that time.
    """
    results: list[ResultT] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise NotBack(f"hasn't come back within {seconds:g} s")
    return results[0]
