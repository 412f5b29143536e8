"""pytest fixtures for the authors of plugins, found by pytest where artgen-osc is installed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest


@pytest.fixture
def signals() -> Mapping[str, Any]:
    """Three seconds of sound each at 22,050 Hz, float32 ``(frames,)``, by name: ``silence``, ``tone``, ``clicks``,
    ``pink noise``, ``DC``, ``clipping``, ``NaN``.
    """
    from artgen_osc.testing.signals import all_signals

    return all_signals()


@pytest.fixture
def conforms() -> Callable[..., None]:
    """Function that runs the checks of a kind: ``conforms("effect", MyEffect)``.

    After the class come what a `artgen_osc.testing.check.Case` may have, and settings:
    ``conforms("input", MyInput, rest="440", level=0.1)``. It fails with a line for each check that fails.
    """
    from artgen_osc.testing.check import case_of, checks_of, run_check

    def run(kind: str, plugin: Any, rest: str = "", host: Any = None, **settings: Any) -> None:
        case = case_of(plugin, rest, host, **settings)
        results = [run_check(check, case) for check in checks_of(kind)]
        failed = [f"{result.check}: {result.reason}" for result in results if result.result == "failed"]
        if failed:
            pytest.fail("\n".join(failed), pytrace=False)
        skipped = [f"{result.check}: {result.reason}" for result in results if result.result == "skipped"]
        if skipped:
            pytest.skip("; ".join(skipped))

    return run
