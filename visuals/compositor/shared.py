"""Textures that other programs on this graphics card are given."""

from typing import Any

from visuals.compositor.gl import Target

MOST = 4
"""Sizes at once."""


class SharedTargets:
    """A target of 8 bits a channel for each size that is asked for; the oldest makes room.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._targets: dict[tuple[int, int], Target] = {}

    def target(self, size: tuple[int, int]) -> Target:
        """That of a size.

        Parameters
        ----------
        size : (width, height), pixels
        """
        found = self._targets.get(size)
        if found is None:
            found = self._targets[size] = Target(self._context, size, "f1")  # which is bound now: the oldest can go
            if len(self._targets) > MOST:
                self._targets.pop(next(iter(self._targets))).release()
        return found

    def release(self) -> None:
        """Give all of them back."""
        for target in self._targets.values():
            target.release()
        self._targets.clear()
