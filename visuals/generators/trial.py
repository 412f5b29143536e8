"""A model is tried in a process of its own, with the words ``NAME REST THREADS ENGINE`` (see
`visuals.generators.opening.choose`), before the show opens it.

A graph can loop without end, take all memory or crash what runs it, and what runs it can't be stopped from within. The
process can: it opens the model, paints one picture, tells what it has found, and is ended when that takes too long or
too much memory, or when the show ends. Only the generator that is installed is spared, since it came with the
program. A card spares nothing: whoever builds a graph without end can also write its sha256 into a card.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import numpy as np

from artgen_osc.errors import ArtgenError, EngineError, ModelError
from artgen_osc.inference.modelfile import file_sha256
from artgen_osc.plugins.registry import Registry
from artgen_osc.runtime.child import end_with_parent, python_module
from artgen_osc.runtime.files import stamp
from artgen_osc.runtime.text import shortened
from visuals.generators.generator import Generator
from visuals.generators.opening import IDLE, SHIPPED, choose, open_chosen

LONGEST_S = 60.0
"""For opening and one picture. A model that needs longer paints no show."""

MOST_MEMORY = 8 << 30
"""Bytes, or half of the machine's where that is less."""

LOOK_S = 0.05
_LONGEST_ANSWER = 2000


class TrialStopped(ModelError):
    """A trial was ended before it was over: nothing is known of the model."""


class Trials:
    """Opens generators, each after a trial. For several threads.

    Parameters
    ----------
    threads, engine, registry : as for `visuals.generators.opening.open_generator`

    Attributes
    ----------
    wanted : asked again and again during a trial, which ends when it says False
    """

    def __init__(self, threads: int = 1, engine: str = "openvino", registry: Registry | None = None) -> None:
        self._threads, self._engine = threads, engine
        self._registry = registry or Registry(("generator",))
        self.wanted: Callable[[], bool] = lambda: True

    def open(self, model: str) -> Generator:
        """The generator that a name in the settings means.

        Raises
        ------
        ModelError
            The file can't be used, or the trial failed.
        EngineError
            The engine isn't available here.
        """
        name, rest = choose(model, self._registry)
        if needs_trial(model):
            self._try_out(model, name, rest)
        return open_chosen(name, rest, self._threads, self._engine, self._registry)

    def _try_out(self, model: str, name: str, rest: str) -> None:
        command = python_module("visuals.generators.trial", name, rest, str(self._threads), self._engine)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                self._wait(process, model)
                assert process.stdout is not None
                answer = process.stdout.read()
            finally:
                process.kill()
        _judge(model, answer, process.returncode)

    def _wait(self, process: subprocess.Popen[bytes], model: str) -> None:
        most = _most_memory()
        end = monotonic() + LONGEST_S
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_S)
                return
            if not self.wanted():
                raise TrialStopped(f"{model}: its trial was stopped; ask for it again")
            if monotonic() > end:
                raise ModelError(
                    f"{model}: had no picture after {LONGEST_S:.0f} s; a network that ends is needed; "
                    "use a smaller one, or export it without loops"
                )
            if _memory(process.pid) > most:
                raise ModelError(
                    f"{model}: takes more than {most / 1e9:.0f} GB of memory; use a smaller network or smaller pictures"
                )


def needs_trial(model: str) -> bool:
    """Whether a name in the settings means another file than the generator that is installed."""
    if model in ("", IDLE):
        return False
    given, installed = stamp(model), stamp(SHIPPED)
    same_size = given is not None and installed is not None and given[1] == installed[1]
    return not (same_size and file_sha256(model) == file_sha256(SHIPPED))


def _judge(model: str, answer: bytes, status: int) -> None:
    try:
        told = json.loads(answer)
    except ValueError:
        raise ModelError(
            f"{model}: ends what runs it (status {status}); a network that runs is needed; export it again"
        ) from None
    if told.get("engine"):
        raise EngineError(told["error"])
    if told.get("error"):
        raise ModelError(told["error"])


def _most_memory() -> int:
    try:
        return min(MOST_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
    except (AttributeError, ValueError, OSError):  # Windows
        return MOST_MEMORY


def _memory(pid: int) -> int:
    """Bytes that a process has in memory; 0 where the system doesn't say it in a file."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _limit_processor(threads: int) -> None:
    """A process whose parent is gone and that hears nothing while it computes ends too."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        seconds = int(LONGEST_S) * (threads + 1)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(name: str, rest: str, threads: int, engine: str) -> None:
    """Try a model, and write as JSON to the standard output what came of it.

    Parameters
    ----------
    name : of the generator plugin
    rest : what follows the name in the setting, such as a path
    threads : of the engine
    engine : its name
    """
    answer = os.dup(1)
    os.dup2(2, 1)  # engines print
    end_with_parent()
    _limit_processor(threads)
    told: dict[str, object]
    try:
        generator = open_chosen(name, rest, threads, engine, Registry(("generator",)))
        picture = generator(np.ones(generator.z_dim, np.float32), np.full(2, 0.5, np.float32), 1.0)
        told = {"z_dim": generator.z_dim, "picture": picture.shape}
    except ArtgenError as error:
        told = {"error": shortened(str(error), _LONGEST_ANSWER), "engine": isinstance(error, EngineError)}
    except Exception as error:
        told = {"error": shortened(f"{rest or name}: can't be used ({type(error).__name__}: {error})", _LONGEST_ANSWER)}
    os.write(answer, json.dumps(told).encode())
    os._exit(0)  # without what engines do at their end


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
