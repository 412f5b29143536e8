"""Settings of a window, for tests."""

from typing import Any

from visuals.outputs.further import Window2
from visuals.outputs.window import WindowSettings


def window(**given: Any) -> Any:
    """Those of a second window."""
    return Window2.Settings(**given)


def first(**given: Any) -> Any:
    """Those of the first one."""
    return WindowSettings(**given)
