"""pytest fixtures for what draws, found by pytest where artgen-osc is installed."""

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def gl_context() -> Iterator[Any]:
    """An off-screen OpenGL context without errors, before and after; without OpenGL a skip, in CI a failure."""
    from artgen_osc.testing.check import NotHere
    from visuals.testing.gl import clean_context

    try:
        with clean_context() as context:
            yield context
    except NotHere as reason:
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must have it")
        pytest.skip(str(reason))
