"""Effects and layers as plugins: ours at rest and given back, a stranger's at work, and broken ones of each sort."""

import logging
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.config.plugins import KINDS, contract_of, own_registry
from artgen_osc.plugins.isolation import MOST_IN_A_ROW
from artgen_osc.plugins.registry import Registry, State, own
from tests import show_table
from tests.strange_effects import (
    Amount,
    BadShader,
    BadSnippet,
    CantBeMade,
    DrawsNothing,
    Field,
    FinishesAlone,
    Invert,
    Leaks,
    LeavesErrors,
    Negative,
    NoPlace,
    NoTexture,
    Raises,
    Released,
    ReleasesTheContext,
    StopsDrawing,
    Wanders,
    WrongUniform,
)
from visuals.compositor import budget
from visuals.compositor.checked import Ledger, TrackedContext
from visuals.compositor.gl import PingPong, texture_of
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.modulation.glides import LAG_S, Glides
from visuals.modulation.motion import Look

pytestmark = pytest.mark.slow


SIZE = (64, 36)
PLAIN = Look(zoom=1.0)
OURS = [(kind, plugin.name) for kind in ("effect", "layer") for plugin in own_registry().plugins(kind)]


def registry(layers: bool = False, own_too: bool = True, **made: type) -> Registry:
    """Ours, and classes of this module as a stranger's plugins."""

    class Entry(EntryPoint):
        def load(self) -> Any:
            return made[self.name]

    def found(group: str) -> Iterable[EntryPoint]:
        ours = own(group) if own_too else ()
        here = group == ("artgen.layers" if layers else "artgen.effects")
        return [*ours, *(Entry(name, "somewhere:thing", group) for name in made if here)]

    return Registry(KINDS, found)


@pytest.fixture
def make_screen(gl_context: Any) -> Iterator[Any]:
    screens: list[Screen] = []

    def make(known: Registry, colour: tuple[int, int, int] = (200, 100, 50)) -> Screen:
        screens.append(Screen(gl_context, SIZE, registry=known))
        screens[-1].take(np.full((32, 32, 3), colour, np.uint8), 1.0)
        return screens[-1]

    yield make
    for screen in screens:
        screen.release()


def drawn(screen: Screen, time: float = 0.0, **settings: Any) -> np.ndarray:
    screen.draw(1.0, PLAIN, settings, Moment(time))
    return screen.read_frame().astype(int)


def close(frame: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(frame - np.array(colour)).max() <= 2)


@pytest.mark.parametrize("effect", [Invert, Negative])
def test_a_strangers_effect_changes_the_picture(make_screen: Any, effect: type) -> None:
    screen = make_screen(registry(glow=effect))
    assert close(drawn(screen, glow=Amount(1.0)), (55, 155, 205))
    assert close(drawn(screen, glow=Amount(0.5)), (127, 127, 127))
    assert close(drawn(screen, glow=Amount(0.0)), (200, 100, 50))
    assert close(drawn(screen), (200, 100, 50)), "nothing is known of it"
    frame = drawn(screen, glow=Amount(1.0), **show_table.drawn(vignette=1.0))
    assert frame[0, 0].max() < frame[18, 32].max() - 30, "the finish comes after it, or with it"
    assert close(screen.read((16, 9))().astype(int)[4, 8], (55, 155, 205))
    assert close(screen.picture(1.0, PLAIN, {"glow": Amount(1.0)}).astype(int), (55, 155, 205))
    screen.draw(1.0, Look(zoom=1.0, brightness=0.0), {"glow": Amount(1.0)})
    assert screen.read_frame().max() == 0, "a blackout is black, whatever an effect does"


def test_two_of_them_follow_each_other(make_screen: Any) -> None:
    known = registry(a=Invert, b=Invert, c=Invert)
    screen = make_screen(known)
    for names, colour in (
        ("a", (55, 155, 205)),
        ("ab", (200, 100, 50)),
        ("abc", (55, 155, 205)),
        ("bc", (200, 100, 50)),
    ):
        assert close(drawn(screen, **{name: Amount() for name in names}), colour)


def test_an_effect_at_rest_is_not_even_called(make_screen: Any) -> None:
    calls = []

    class Counted(Invert):
        def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
            calls.append(settings.amount)
            return False

    screen = make_screen(registry(glow=Counted))
    drawn(screen, glow=Amount(0.0))
    assert not calls
    assert close(drawn(screen, glow=Amount(0.5)), (200, 100, 50)), "it has said that it has nothing to do"
    assert calls == [0.5]


@pytest.mark.parametrize("own_too", [True, False])
def test_a_layer_lies_over_the_picture_or_in_its_place(make_screen: Any, own_too: bool) -> None:
    screen = make_screen(registry(layers=True, own_too=own_too, field=Field))
    below = (200, 100, 50) if own_too else (0, 0, 0)
    frame = drawn(screen, field=Amount(1.0))
    assert close(frame[20:], (255, 0, 0)) and close(frame[:16], below)
    half = drawn(screen, field=Amount(0.5))
    assert close(half[20:], (228, 50, 25) if own_too else (128, 0, 0)) and close(half[:16], below)
    assert close(drawn(screen, field=Amount(0.0)), below)


@pytest.mark.parametrize(
    ("layers", "plugin", "says"),
    [
        (False, Raises, "unexpected ZeroDivisionError: by nothing"),
        (False, LeavesErrors, "leaves an error of OpenGL, GL_INVALID_ENUM"),
        (False, Leaks, "leaves more and more on the graphics card"),
        (False, Wanders, "lost in a context of its own"),
        (False, ReleasesTheContext, "releases the context, which is the show's"),
        (False, DrawsNothing, "says that it has drawn, and has drawn nothing"),
        (False, WrongUniform, "unexpected"),
        (True, NoTexture, "gives str, not a texture"),
        (True, Released, "gives Texture, not a texture that can be drawn"),
    ],
)
def test_a_broken_one_is_named_and_ends_and_the_show_goes_on(
    make_screen: Any, gl_context: Any, caplog: pytest.LogCaptureFixture, layers: bool, plugin: type, says: str
) -> None:
    caplog.set_level(logging.WARNING)
    known = registry(layers=layers, bad=plugin)
    screen = make_screen(known)
    if plugin is Leaks:
        drawn(screen, bad=Amount())  # what is made for a size is no leak
    for _ in range(MOST_IN_A_ROW):
        assert known.plugin("layer" if layers else "effect", "bad").state is State.READY
        frame = drawn(screen, bad=Amount())
        assert plugin is Leaks or close(frame, (200, 100, 50))
        assert gl_context.error == "GL_NO_ERROR"
    frame = drawn(screen, bad=Amount())
    assert close(frame, (200, 100, 50))
    ended = known.plugin("layer" if layers else "effect", "bad")
    assert ended.state is State.ENDED and says in ended.reason
    assert len(caplog.records) == 2, "it is told once, and its end"
    assert gl_context.error == "GL_NO_ERROR"


@pytest.mark.parametrize("kind", ["effect", "layer"])
def test_one_that_holds_the_frames_up_is_out(make_screen: Any, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    now = [100.0]
    monkeypatch.setattr(budget, "perf_counter", lambda: now[0])

    class SlowEffect(Invert):
        def draw(self, *given: Any) -> bool:
            now[0] += 0.6
            return super().draw(*given)

    class SlowLayer(Field):
        def frame(self, *given: Any) -> Any:
            now[0] += 0.6
            return super().frame(*given)

    known = registry(layers=kind == "layer", bad=SlowLayer if kind == "layer" else SlowEffect)
    screen = make_screen(known)
    for _ in range(2):  # the first frame isn't counted, and one alone says nothing
        assert not close(drawn(screen, bad=Amount()), (200, 100, 50))
        assert known.plugin(kind, "bad").state is State.READY
    drawn(screen, bad=Amount())
    ended = known.plugin(kind, "bad")
    assert (ended.state, ended.reason) == (State.ENDED, "takes 600 ms a frame, where 500 ms is the most")
    assert close(drawn(screen, bad=Amount()), (200, 100, 50))


def test_one_that_stops_drawing_is_found_out_one_frame_later(make_screen: Any) -> None:
    known = registry(bad=StopsDrawing)
    screen = make_screen(known)
    for time in (0.0, 0.1, 0.2):
        assert close(drawn(screen, time, bad=Amount()), (55, 155, 205))
    drawn(screen, 1.0, bad=Amount())
    for _ in range(MOST_IN_A_ROW):
        assert close(drawn(screen, 1.1, bad=Amount()), (200, 100, 50))
    assert known.plugin("effect", "bad").state is State.ENDED


@pytest.mark.parametrize(
    ("plugin", "state", "says"),
    [
        (CantBeMade, State.UNLOADABLE, "no such file"),
        (BadShader, State.UNLOADABLE, "GLSL Compiler failed"),
        (BadSnippet, State.UNLOADABLE, "GLSL Compiler failed"),
        (NoPlace, State.UNFIT, "its place is 'everywhere'"),
        (FinishesAlone, State.UNFIT, "FinishesAlone is not a PixelEffect"),
    ],
)
def test_one_that_cant_be_made_is_a_state_with_a_reason(
    make_screen: Any, plugin: type, state: State, says: str
) -> None:
    known = registry(bad=plugin, glow=Invert)
    screen = make_screen(known)
    assert known.plugin("effect", "bad").state is state and says in known.plugin("effect", "bad").reason
    assert "bad" not in screen.plugins and "glow" in screen.plugins
    assert close(drawn(screen, bad=Amount(), glow=Amount()), (55, 155, 205))


def test_an_added_enlargement_takes_the_place_of_ours(make_screen: Any) -> None:
    class Larger(Invert):
        place = "enlarge"

    screen = make_screen(registry(larger=Larger))
    assert close(drawn(screen, larger=Amount()), (55, 155, 205))
    assert close(drawn(screen, larger=Amount(0.0)), (200, 100, 50)), "at rest, ours does it"


def test_an_added_effect_of_the_picture_draws_once_for_each(make_screen: Any) -> None:
    calls = []

    class Touched(Invert):
        place = "picture"

        def draw(self, source: Any, target: Any, settings: Amount, moment: Moment) -> bool:
            calls.append(source.size)
            return super().draw(source, target, settings, moment)

    screen = make_screen(registry(touched=Touched))
    for _ in range(3):
        assert close(drawn(screen, touched=Amount(), **show_table.drawn(brush=1.0)), (55, 155, 205))
    assert calls == [(32, 32)]
    drawn(screen, touched=Amount(0.5))
    screen.take(np.zeros((16, 16, 3), np.uint8), 1.0)
    assert close(drawn(screen, touched=Amount(0.5)), (128, 128, 128))
    assert calls == [(32, 32), (32, 32), (16, 16)]


def test_nothing_is_left_of_a_screen(gl_context: Any) -> None:
    ledger = Ledger()
    screen = Screen(TrackedContext(gl_context, ledger), SIZE, registry=registry(glow=Invert, dim=Negative, bad=Leaks))
    settings = {name: Amount() for name in ("glow", "dim", "bad")} | show_table.drawn(brush=1.0, grain=1.0)
    for side in (32, 512, 600, 32):
        screen.take(np.zeros((side, side, 3), np.uint8), 0.5)
        screen.draw(0.5, PLAIN, settings)
        screen.read((16, 9))()
        screen.picture(0.5, PLAIN)
        screen.resize((side, 40))
    assert ledger.held()
    screen.release()
    assert not ledger.held()


@pytest.mark.parametrize(("kind", "name"), OURS)
def test_ours_keep_their_own_protocol(gl_context: Any, kind: str, name: str) -> None:
    """Nothing to do with settings of nothing; what they say that they draw they draw; they give everything back."""
    known = own_registry()
    made = known.load(kind, name)
    ledger = Ledger()
    plugin = made(TrackedContext(gl_context, ledger))
    source = texture_of(gl_context, np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8), False)
    targets = PingPong(gl_context, (64, 64) if name == "enlarge" else (32, 32))
    target = targets.other_than(source)
    if kind == "layer":
        shown = plugin.frame(SIZE, None, Moment(size=SIZE))
        assert (shown is not None) == (name == "generator"), "the others show nothing until they are told what"
    elif hasattr(made, "Settings"):
        declared = made.Settings()
        shown = made.Settings(amount=declared.amount or 1.0)
        assert not plugin.draw(source, target.target, made.Settings(amount=0.0), Moment(size=SIZE, fine=True))
        assert plugin.draw(source, target.target, shown, Moment(size=SIZE, fine=True))
    else:
        assert plugin.draw(source, target.target, None, Moment(size=SIZE, fine=True))
    if kind == "effect":
        assert target.target.read(components=3) != bytes(3 * target.texture.width * target.texture.height)
    assert gl_context.error == "GL_NO_ERROR"
    target.target.use()
    plugin.release()
    assert not ledger.held()
    targets.release()


def test_settings_of_an_effect_have_addresses_and_reach_it_by_a_glide() -> None:
    contract = contract_of(registry(glow=Invert))
    assert contract.addresses.visuals["/visuals/effect/glow/amount"].setting == "plugin.glow.amount"
    glides = Glides({"glow": Amount(0.0)})
    assert glides.step({"glow": Amount(0.0)}, 0.1) == {"glow": Amount(0.0)}
    values = [glides.step({"glow": Amount(1.0)}, LAG_S / 20)["glow"].amount for _ in range(200)]
    assert np.diff([0.0, *values]).max() < 0.1 and min(np.diff(values)) >= 0.0
    assert values[-1] == 1.0


def test_nothing_but_the_registry_imports_an_effect_or_a_layer() -> None:
    """In a new Python: what draws and what shows, without what is registered."""
    root = Path(__file__).parents[1]
    modules = [own_registry().load(kind, name).__module__ for kind, name in OURS]
    code = "import sys, visuals.app, visuals.gallery.commands; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert modules and not set(modules) & set(done.stdout.split())
