"""What the tests of the kit of checks share."""

import time
from collections.abc import Callable
from typing import Any

from artgen_osc.schema.address import Address
from artgen_osc.testing import check

ROW = Address("/artgen/x/it/value", "float", "a value")


def wait(seconds: float) -> None:
    """Take too long, as a slow disk would."""
    time.sleep(seconds)


def fails(one: Callable[..., None], plugin: Any, rest: str = "") -> str:
    result = check.run_check(one, check.case_of(plugin, rest))
    assert result.result == "failed", result
    return result.reason
