"""What effects and transitions cost a frame here: ``artgen effects cost``, and a part of ``artgen bench``."""

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic, perf_counter
from typing import Any

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import PluginError
from artgen_osc.runtime.text import nearest, say
from visuals.compositor.budget import unhurried
from visuals.compositor.gl import standalone_context
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.generators.generator import Frame
from visuals.isf.stage import music
from visuals.isf.transition import Transitions, named
from visuals.modulation.motion import Look

CHAIN = ("flow", "chromatic", "bloom")
"""Three as a show may have them, from the dear to the cheap."""

LEAST_ROUNDS = 3
FOR_EVER_S = 1e9


@dataclass(eq=False)
class _Timed:
    """A look of the show, and what its frames took.

    Attributes
    ----------
    settings : of its effects, by name
    transition : that it is in; empty: none
    seconds : of each frame that counts
    frame : number of the next
    """

    settings: Mapping[str, Any]
    transition: str = ""
    seconds: list[float] = field(default_factory=list)
    frame: int = 0

    @property
    def ms(self) -> float:
        return 1e3 * min(self.seconds)


class _Timing:
    """Draws looks by turns.

    Parameters
    ----------
    context : moderngl context
    file : settings and plugins
    size : (width, height) of the frame, pixels
    pictures : two, uint8 ``(height, width, 3)``, top row first, between which it is
    """

    def __init__(self, context: Any, file: ConfigFile, size: tuple[int, int], pictures: tuple[Frame, Frame]) -> None:
        self._context = context
        self.screen = Screen(context, size, registry=file.registry, folder=file.folder)
        self.transitions = Transitions(context, self.screen.crossing, file.folder)
        for picture in pictures:
            self.screen.take(picture, 1.0, follows=True)

    def draw(self, look: _Timed, frames: int) -> None:
        """Draw frames, of which all but the first count: that one comes from another look."""
        crossing = self.screen.crossing
        if look.transition:
            self.transitions.begin(look.transition, FOR_EVER_S)
        for index in range(frames + 1):
            moment: Moment = music(look.frame, self.screen.size)
            look.frame += 1
            start = perf_counter()
            self.screen.draw(0.5, Look(time=moment.time), look.settings, moment)
            self._context.finish()
            if index:
                look.seconds.append(perf_counter() - start)
            if look.transition and not index:
                crossing.step(FOR_EVER_S / 2.0)
        if look.transition:
            crossing.step(FOR_EVER_S)

    def release(self) -> None:
        """Give everything back."""
        self.transitions.release()
        self.screen.release()


def costs(
    file: ConfigFile,
    pictures: tuple[Frame, Frame],
    size: tuple[int, int] = (1280, 720),
    seconds: float = 10.0,
    names: Sequence[str] = (),
    frames: int = 2,
) -> dict[str, Any]:
    """ms a frame more with each effect and transition than without, by turns, the least of each; for ``--json``.

    Parameters
    ----------
    file : settings and plugins
    pictures : two, uint8 ``(height, width, 3)``, top row first, between which it is
    size : (width, height) of the frame, pixels
    seconds : for about how long, after three rounds
    names : of effects and transitions; empty: all
    frames : that count, each turn

    Raises
    ------
    PluginError
        There is no effect of a name.
    DisplayError
        There is no OpenGL.
    """
    context = standalone_context()
    with contextlib.ExitStack() as stack:
        stack.callback(context.release)
        stack.enter_context(unhurried())
        timing = _Timing(context, file, size, pictures)
        stack.callback(timing.release)
        tables = file.contract.tables
        effects = {
            name: _Timed({name: on}) for name in timing.screen.at("frame") if (on := _whole(tables, name)) is not None
        }
        transitions = {name: _Timed({}, name) for name in named(file.folder / "effects") if _fits(timing, name)}
        for name in names:
            if name not in {*effects, *transitions}:
                raise PluginError(
                    f"{name}: no such effect or transition; {nearest(name, sorted({*effects, *transitions}))}"
                )
        plain, chain = _Timed({}), _Timed({name: _whole(tables, name) for name in CHAIN if name in effects})
        effects, transitions = (
            {name: one for name, one in of.items() if name in names or not names} for of in (effects, transitions)
        )
        looks = [plain, *([] if names else [chain]), *effects.values(), *transitions.values()]
        for look in looks:
            timing.draw(look, 1)
            look.seconds.clear()
        end, rounds = monotonic() + seconds, 0
        while rounds < LEAST_ROUNDS or monotonic() < end:
            for look in looks:
                timing.draw(look, frames)
            rounds += 1
        without = plain.ms
        return {
            "size": list(size),
            "renderer": context.info["GL_RENDERER"],
            "rounds": rounds,
            "without_ms": without,
            "effects_ms": {name: one.ms - without for name, one in sorted(effects.items())},
            "transitions_ms": {name: one.ms - without for name, one in sorted(transitions.items())},
            "chain": list(chain.settings),
            "chain_ms": None if names else chain.ms - without,
        }


def _whole(tables: Mapping[str, type], name: str) -> Any:
    """Settings of an effect that is wholly on; None where it can't be switched."""
    table = tables.get(f"plugin.{name}")
    return table(amount=1.0) if table is not None and hasattr(table(), "amount") else None


def _fits(timing: _Timing, name: str) -> bool:
    try:
        timing.transitions.find(name)
    except PluginError:
        return False
    return True


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """The same for people, the dearest first.

    Parameters
    ----------
    figures : as from `costs`
    """
    width, height = figures["size"]
    yield f"{figures['renderer']}: a frame of {width}x{height} takes {figures['without_ms']:.1f} ms, and longer with"
    for kind in ("effects_ms", "transitions_ms"):
        rows = sorted(figures[kind].items(), key=lambda row: -row[1])
        if rows:
            yield f"  {kind.removesuffix('_ms'):<12} " + ", ".join(f"{name} {ms:.1f} ms" for name, ms in rows)
    if figures["chain_ms"] is not None:
        yield f"  a chain      {', '.join(figures['chain'])}: {figures['chain_ms']:.1f} ms"


def run(given: argparse.Namespace, file: ConfigFile, pictures: Callable[[], tuple[Frame, Frame]]) -> int:
    """Run ``artgen effects cost``.

    Parameters
    ----------
    given : the arguments
    file : settings and plugins
    pictures : gives two, between which it is

    Raises
    ------
    ArtgenError
    """
    figures = costs(file, pictures(), given.size, given.seconds, given.names)
    say(json.dumps(figures) if given.json else "\n".join(lines(figures)))
    return 0
