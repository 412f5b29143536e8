"""What all tests share."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-golden", action="store_true", help="write the golden files anew")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several workers, the tests of a file stay together, and those that wait for others most begin first."""
    if hasattr(config, "workerinput"):
        for item in items:
            if item.get_closest_marker("xdist_group") is None:
                item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        items.sort(key=lambda item: item.get_closest_marker("live") is None)


@pytest.fixture
def regenerate_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--regenerate-golden"))


def missing(reason: str) -> None:
    """A system part isn't here: an error in CI, a skip on a user's machine."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must have it")
    pytest.skip(reason)


def need_programs(*names: str) -> None:
    """Skip, or fail in CI, unless every program is installed."""
    absent = [name for name in names if shutil.which(name) is None]
    if absent:
        missing(f"not installed: {', '.join(absent)}")


@pytest.fixture
def gl_context() -> Iterator[Any]:
    """An off-screen OpenGL context without errors, before and after."""
    from artgen_osc.errors import DisplayError
    from visuals.compositor.gl import standalone_context

    try:
        context = standalone_context()
    except DisplayError as error:
        missing(str(error))
        raise
    assert context.error == "GL_NO_ERROR"
    yield context
    with context:
        assert context.error == "GL_NO_ERROR"
    context.release()
