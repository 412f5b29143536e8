"""The numbered layers: blend modes against a reference, where a layer lies, masks, and what comes and goes."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageColor

from artgen_osc.config.plugins import own_registry
from artgen_osc.plugins.registry import State
from tests.layers.show import BELOW, SIZE, Slots, close, saved
from tests.layers.w3c import composed
from tests.strange_effects import Amount, Field
from tests.support.waiting import wait_for
from tests.test_effects import registry
from visuals.compositor.checked import Ledger, TrackedContext
from visuals.compositor.gl import PingPong, texture_of
from visuals.compositor.kind import Moment
from visuals.compositor.layers.generator import GeneratorSettings
from visuals.compositor.slot import BLENDS, SLOTS, SlotSettings
from visuals.compositor.stack import Placed, Stack, place

pytestmark = pytest.mark.slow

TOLERANCE = 1.0 / 400.0
"""Half-floats have eleven bits, and textures here eight."""


@pytest.mark.parametrize("mode", BLENDS)
@pytest.mark.parametrize("straight", [True, False])
def test_blend_modes_are_the_reference_s(gl_context: Any, mode: str, straight: bool) -> None:
    """All colours of a coarse grid over each other, with three alphas below and above."""
    ends, alphas = (0, 51, 64, 128, 204, 255), (0, 102, 255)
    pairs = list(itertools.product(ends, ends, alphas, alphas))
    below = np.array([(b, 255 - b, b, ab) for b, s, ab, as_ in pairs], float) / 255
    layer = np.array([(s, s, 255 - s, as_) for b, s, ab, as_ in pairs], float) / 255
    size = (len(pairs), 1)
    given = layer.copy()
    if not straight:
        given[:, :3] *= given[:, 3:]
    floats = gl_context.texture(size, 4, given.astype("f4"), dtype="f4")
    stack, targets = Stack(gl_context, own_registry(), [], gl_context.detect_framebuffer(0)), PingPong(gl_context, size)
    target = targets.other_than(None)
    multiplied = np.concatenate((below[:, :3] * below[:, 3:], below[:, 3:]), axis=1)
    target.texture.write(multiplied.astype("f2"))
    settings = SlotSettings(blend=mode, fit="stretch")
    where = place(size, size, settings)
    assert where is not None
    result = stack.compose([(Placed(floats, straight, where, 1.0, settings), None)], target, targets)
    drawn = np.frombuffer(result.texture.read(), "f2").reshape(-1, 4).astype(float)
    wanted = np.array([composed(mode, tuple(b), tuple(s)) for b, s in zip(below, layer, strict=True)])
    # A step of a mode that divides, at the end of its range, is as steep as one likes: the half-floats' own error.
    steep = (below[:, :3] < 0.01) | (below[:, :3] > 0.99) if mode in ("color-dodge", "color-burn") else False
    wrong = np.abs(drawn - wanted)
    wrong[:, :3][np.broadcast_to(steep, wrong[:, :3].shape) & (below[:, 3:] < 1.0)] = 0.0
    assert wrong.max() < TOLERANCE, pairs[int(wrong.max(axis=1).argmax())]
    for item in (stack, targets, floats):
        item.release()


def test_a_layer_lies_where_it_is_put(slots: Any, tmp_path: Path) -> None:
    show = slots()
    show.set(1, source=saved(tmp_path / "red.png", (255, 0, 0), (64, 36)), scale=0.5)
    frame = show.shows(1)
    inside = np.zeros((36, 64), bool)
    inside[9:27, 16:48] = True
    assert close(frame[inside], (255, 0, 0)) and close(frame[~inside], BELOW)
    show.set(1, x=0.5, y=0.5)
    frame = show.frame()
    inside = np.zeros((36, 64), bool)
    inside[0:18, 32:64] = True  # to the right and up; the top row is the first
    assert close(frame[inside], (255, 0, 0)) and close(frame[~inside], BELOW)
    show.set(1, x=0.0, y=0.0, rotation=90.0)
    frame = show.frame()
    inside = np.zeros((36, 64), bool)
    inside[2:34, 23:41] = True
    assert close(frame[inside], (255, 0, 0)) and close(frame[~inside], BELOW)
    show.set(1, scale=0.0)
    assert close(show.frame(), BELOW)


def test_it_turns_clockwise_and_stands_upright(slots: Any, tmp_path: Path) -> None:
    pixels = np.zeros((36, 36, 3), np.uint8)
    pixels[:18, :18] = (255, 0, 0)  # upper left
    Image.fromarray(pixels).save(tmp_path / "corner.png")
    show = slots()
    show.set(1, source="picture:corner.png")
    assert close(show.shows(1)[2:16, 16:30], (255, 0, 0)), "upper left"
    show.set(1, rotation=90.0)
    frame = show.frame()
    assert close(frame[2:16, 34:48], (255, 0, 0)) and close(frame[2:16, 16:30], (0, 0, 0)), "upper right"


@pytest.mark.parametrize(
    ("fit", "columns"), [("contain", slice(14, 50)), ("cover", slice(0, 64)), ("stretch", slice(0, 64))]
)
def test_it_fits_as_it_is_told(slots: Any, tmp_path: Path, fit: str, columns: slice) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[0] = 255  # which `cover` leaves outside
    Image.fromarray(pixels).save(tmp_path / "square.png")
    show = slots()
    show.set(1, source="picture:square.png", fit=fit)
    frame = show.shows(1)
    inside = np.zeros((36, 64), bool)
    inside[4:32, columns] = True
    assert close(frame[inside], (0, 0, 0))
    assert close(frame[4:32][:, [0, 63]], BELOW if fit == "contain" else (0, 0, 0))
    assert (frame[0, 32].min() > 200) == (fit != "cover")


def test_layers_lie_over_each_other_by_their_numbers_and_by_their_opacity(slots: Any, tmp_path: Path) -> None:
    show = slots()
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 255, 255)]
    for number, colour in enumerate(colours, 1):
        show.set(number, source=saved(tmp_path / f"{number}.png", colour), opacity=0.5)
    expected = np.array(BELOW, float)
    for number, colour in enumerate(colours, 1):
        show.shows(number)
        expected = 0.5 * expected + 0.5 * np.array(colour)
    assert len(colours) == SLOTS and close(show.frame(), tuple(expected))
    show.set(6, opacity=1.0)
    assert close(show.frame(), (255, 255, 255))


def test_half_transparent_edges_take_no_colour_of_what_isn_t_seen(slots: Any, tmp_path: Path) -> None:
    """Green that is fully transparent, beside opaque red: none of it shows where the two are mixed by enlarging."""
    pixels = np.zeros((9, 16, 4), np.uint8)
    pixels[:, :8] = (255, 0, 0, 255)
    pixels[:, 8:] = (0, 255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "logo.png")
    show = slots()
    show.set(1, source="picture:logo.png")
    frame = show.shows(1)
    assert frame[..., 1].max() <= BELOW[1] + 2 and close(frame[:, :24], (255, 0, 0)) and close(frame[:, 40:], BELOW)


@pytest.mark.parametrize(
    ("by", "left", "right"),
    [
        ("alpha", (255, 255, 255), BELOW),
        ("alpha-inverted", BELOW, (255, 255, 255)),
        ("luma", BELOW, BELOW),
        ("luma-inverted", (255, 255, 255), (255, 255, 255)),
    ],
)
def test_a_layer_masks_another_one(slots: Any, tmp_path: Path, by: str, left: Any, right: Any) -> None:
    """The mask is black and opaque in its left half, nothing in its right one, and isn't shown itself."""
    pixels = np.zeros((9, 16, 4), np.uint8)
    pixels[:, :8, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    show = slots()
    show.set(4, source="picture:mask.png", opacity=0.0)
    show.set(2, source=saved(tmp_path / "white.png", (255, 255, 255)), mask=4, mask_by=by)
    show.shows(2)
    frame = show.shows(4)
    assert close(frame[:, :24], left) and close(frame[:, 40:], right)


def test_a_mask_that_is_to_come_hides_and_one_that_isn_t_there_doesn_t(slots: Any, tmp_path: Path) -> None:
    show = slots()
    show.set(1, source=saved(tmp_path / "white.png", (255, 255, 255)))
    show.shows(1)
    show.set(1, mask=2)
    show.set(2, source=saved(tmp_path / "mask.png", (0, 0, 0)), opacity=0.0, fade=1.0)
    assert close(show.frame(), BELOW)
    levels: list[int] = []
    slot = show.slot(2)
    wait_for(lambda: (levels.append(int(show.frame(0.1)[18, 32, 2])), slot.level)[1] == 1.0, what="the mask")
    assert close(show.frame(0.1), (255, 255, 255)) and np.abs(np.diff(levels)).max() < 80
    show.set(2, source="picture:gone.png", fade=0.0)
    wait_for(lambda: show.trouble(2), what="what is wrong")
    assert close(show.frame(), (255, 255, 255))


def test_a_stranger_s_source_is_made_for_each_slot(slots: Any, tmp_path: Path) -> None:
    made: list[tuple[str, Path]] = []
    released: list[str] = []

    class Flat:
        takes = "COLOUR"

        def __init__(self, context: Any, rest: str = "", folder: Path = Path()) -> None:
            made.append((rest, folder))
            self.rest = rest
            colour = ImageColor.getrgb(rest)
            self.texture = texture_of(context, np.full((2, 2, 3), colour, np.uint8))

        def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
            return self.texture

        def release(self) -> None:
            released.append(self.rest)
            self.texture.release()

    show = slots(registry(layers=True, flat=Flat))
    show.frame()
    assert not made, "none is made that no slot shows"
    show.set(1, source="flat:red")
    show.set(2, source="flat:lime", opacity=0.5, fit="stretch")
    frame = show.frame()
    assert close(frame[18, 32], (128, 128, 0)) and close(frame[18, 2], (100, 178, 25))
    assert made == [("red", tmp_path), ("lime", tmp_path)]
    show.set(1, source="flat:blue")
    show.frame()
    show.registry.plugin("layer", "flat").fail(State.ENDED, "fails")
    show.set(1, source="")
    show.frame()
    assert released == ["red", "blue"], "what it holds is given back, though the plugin has ended"
    show.registry.plugin("layer", "flat").state = State.READY
    show.set(2, source="flat:nonsense")
    assert "flat: can't be opened (unexpected ValueError: " in show.trouble(2)


def test_masks_of_each_other_and_of_nothing_are_no_harm(slots: Any, tmp_path: Path) -> None:
    show = slots()
    show.set(1, source=saved(tmp_path / "a.png", (255, 0, 0)), mask=2)
    show.set(2, source=saved(tmp_path / "b.png", (0, 255, 0)), mask=1)
    show.shows(1)
    assert close(show.shows(2), (0, 255, 0))
    show.set(2, mask=6)
    assert close(show.frame(), (0, 255, 0))


def test_a_source_goes_before_the_next_one_comes(slots: Any, tmp_path: Path) -> None:
    show = slots()
    red, green = saved(tmp_path / "red.png", (255, 0, 0)), saved(tmp_path / "green.png", (0, 255, 0))
    show.set(1, source=red)
    show.shows(1)
    show.set(1, source=green, fade=1.0)
    frames = [show.frame(0.1)]
    slot = show.slot(1)
    wait_for(lambda: (frames.append(show.frame(0.1)), slot.level)[1] == 1.0 and len(frames) > 20, what="the next one")
    steps = np.abs(np.diff([frame[18, 32] for frame in frames], axis=0)).max()
    assert steps < 50 and close(frames[-1], (0, 255, 0))
    assert any(close(frame, BELOW, 6) for frame in frames), "there is a moment of neither"
    show.set(1, source="", animation="cut")
    assert close(show.frame(), BELOW)


def test_another_plugin_is_shown_by_its_name_and_then_not_by_itself(slots: Any) -> None:
    show = slots(registry(layers=True, field=Field))
    show.settings["field"] = Amount(1.0)
    half = show.frame()
    assert close(half[20:], (255, 0, 0)) and close(half[:16], BELOW)
    show.set(3, source="field", rotation=180.0)
    turned = show.frame()
    assert close(turned[:16], (255, 0, 0)) and close(turned[20:], BELOW)
    show.settings["field"] = Amount(0.0)
    assert close(show.frame()[:16], (255, 0, 0)), "the slot's opacity counts, not its own amount"
    show.set(4, source="field")
    assert close(show.frame(), (255, 0, 0)), "two slots show one"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("pictur:a.png", "'pictur': no such source; did you mean picture?"),
        ("generator", "'generator': no such source; choose from "),
        ("picture", "picture: says not what to show; write picture:FILE"),
        ("picture:gone.png", "picture:gone.png: can't be read (No such file or directory); check the path"),
        ("picture:.", "picture:.: can't be read (is a folder); check the path"),
    ],
)
def test_what_is_wrong_with_a_source_is_told_in_a_line(slots: Any, source: str, says: str) -> None:
    show = slots()
    show.set(2, source=source)
    wait_for(lambda: show.trouble(2).startswith(says), what=says, evidence=lambda: show.trouble(2))
    assert close(show.frame(), BELOW)
    assert show.registry.plugin("layer", "2").state is State.READY
    assert f"layer 2: {says}"[:60] in show.registry.troubles(("layer",))
    show.set(2, source="")
    assert show.trouble(2) == ""


def test_a_bad_one_leaves_the_others(slots: Any, tmp_path: Path) -> None:
    class Bad:
        Settings = Amount

        def __init__(self, context: Any) -> None: ...

        def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
            raise ZeroDivisionError("by nothing")

        def release(self) -> None: ...

    show = slots(registry(layers=True, bad=Bad))
    show.settings["bad"] = Amount(0.0)
    show.set(1, source="bad")
    show.set(2, source=saved(tmp_path / "red.png", (255, 0, 0)))
    assert close(show.shows(2), (255, 0, 0))
    for _ in range(60):
        show.frame()
    assert "bad: " in show.trouble(1) and "by nothing" in show.trouble(1)
    assert close(show.frame(), (255, 0, 0))


def test_without_a_source_nothing_is_done(slots: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    show = slots()
    for number in range(1, SLOTS + 1):
        show.set(number, opacity=0.5)
    show.frame()
    assert show.screen._frames is None and not show.screen._stack._passes


def test_a_slot_is_given_back(gl_context: Any, tmp_path: Path) -> None:
    ledger = Ledger()
    show = Slots(TrackedContext(gl_context, ledger), own_registry(), tmp_path)
    show.set(1, source=saved(tmp_path / "red.png", (255, 0, 0)), blend="screen")
    show.shows(1)
    show.screen.release()
    assert not ledger.held()


def test_texture_of_a_stranger_may_have_three_channels(gl_context: Any) -> None:
    texture = texture_of(gl_context, np.full((4, 4, 3), 255, np.uint8))
    stack, targets = (
        Stack(gl_context, own_registry(), [], gl_context.detect_framebuffer(0)),
        PingPong(gl_context, (8, 8)),
    )
    target = targets.other_than(None)
    settings = SlotSettings()
    where = place((8, 8), (4, 4), settings)
    assert where is not None
    result = stack.compose([(Placed(texture, True, where, 0.5, settings), None)], target, targets)
    drawn = np.frombuffer(result.texture.read(), "f2").reshape(-1, 4).astype(float)
    assert np.abs(drawn - 0.5).max() < TOLERANCE
    for item in (stack, targets, texture):
        item.release()


def test_the_final_picture_has_the_alpha_of_what_lies_over_nothing(slots: Any, tmp_path: Path) -> None:
    show = slots()
    show.settings["generator"] = GeneratorSettings(0.0)
    assert close(show.frame(), (0, 0, 0)) and not show.screen.read(SIZE, alpha=True)().any()
    Image.new("RGBA", (64, 36), (255, 0, 0, 128)).save(tmp_path / "half.png")
    show.set(1, source="picture:half.png", scale=0.5)
    assert close(show.shows(1)[18, 32], (128, 0, 0))
    read = show.screen.read(SIZE, alpha=True)()
    assert close(read[18, 32].astype(int), (128, 0, 0, 128)) and not read[2, 2].any()
    show.settings["generator"] = GeneratorSettings(0.5)
    show.frame()
    read = show.screen.read(SIZE, alpha=True)().astype(int)
    assert close(read[2, 2], (100, 50, 25, 128)) and close(read[18, 32], (178, 25, 13, 192))
    show.settings["generator"] = GeneratorSettings(1.0)
    show.frame()
    assert show.screen.read(SIZE, alpha=True)()[..., 3].min() == 255
    assert show.screen.read(SIZE)().shape == (36, 64, 3)
