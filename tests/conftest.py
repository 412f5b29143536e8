"""What all tests share."""

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples every time, however busy the machine is.
settings.register_profile(
    "steady", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-golden", action="store_true", help="write the golden files anew")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of several workers each has what belongs together, and what takes longest begins first."""
    from tests.support.sharing import Sharing

    config.option.loadscopereorder = False
    return Sharing(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        from tests.support.sharing import order

        items.sort(key=lambda item: order(item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Odd names, which can't be written as UTF-8, reach the log of a test; what a worker sends must be UTF-8."""
    return sendable((yield))


def sendable(value: Any) -> Any:
    """A copy of what a report is made of, whose texts are all UTF-8."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {sendable(key): sendable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(sendable, value))
    return value


@pytest.fixture(scope="session", autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What programs remember from one show to the next is none of the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


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
