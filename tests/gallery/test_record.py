import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from artgen_osc.config.contract import Contract, Declared
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import GalleryError
from artgen_osc.schema.setting import setting
from tests import show_table
from tests.gallery.conftest import START, an_about
from visuals.gallery.record import About, check_id, drawn_of, effects_of, first_id, from_json, is_id, new_id, to_json
from visuals.painting.painter import Stroke


def assert_same(one: About, other: About) -> None:
    assert replace(one, strokes=()) == replace(other, strokes=())
    for stroke, again in zip(one.strokes, other.strokes, strict=True):
        assert (stroke.name, stroke.sha256, stroke.truncation) == (again.name, again.sha256, again.truncation)
        np.testing.assert_array_equal(stroke.z, again.z)
        np.testing.assert_array_equal(stroke.mood, again.mood)


def test_every_number_comes_back_exactly() -> None:
    awkward = np.array([0.1, -1e-38, 3.4e38, 1 / 3], np.float32)
    strokes = (
        Stroke("fire", "ab" * 32, awkward, np.array([0.1, 1.3], np.float32), 1 / 3),
        Stroke("water", "cd" * 32, awkward[:2], np.array([0.5, -0.2], np.float32), 0.7),
    )
    about = an_about(strokes=strokes, mix=0.1, valence=1 / 3, scene="my first", title='Milés "x" \N{SNOWMAN} <b>')
    assert about.model == "fire + water"
    again = from_json(to_json(about))
    assert_same(about, again)
    assert again.strokes[0].z.dtype == np.float32
    assert "\n" not in to_json(about)


def test_a_file_of_before_has_no_scene_and_its_effects_beside_the_camera() -> None:
    told = json.loads(to_json(an_about(scene="club", effects={"speed": 2.0, "grain": 0.5, "vignette": 0.9})))
    del told["scene"]
    told["look"] |= {"grain": 0.25, "vignette": 0.125}
    again = from_json(json.dumps(told))
    assert again.scene == "" and again.effects == {"speed": 2.0, "grain": 0.25, "vignette": 0.125}
    drawn = drawn_of(again, ("brush", "grain", "vignette"), show_table.CONTRACT)
    assert drawn == show_table.drawn(grain=0.25, vignette=0.125), "there was no brush yet"


@dataclass(frozen=True, slots=True)
class Wave:
    amount: float = setting(0.0, "how much")
    ways: str = setting("up", "which way", choices=("up", "down"))
    mirrored: bool = setting(False, "the other way round")


def test_settings_of_added_effects_come_back_and_wrong_ones_are_as_declared() -> None:
    contract = Contract([Declared("effect", "wave", Wave)])
    effects = effects_of(VisualsConfig(), {"wave": Wave(1 / 3, "down", True)}, contract)
    again = from_json(to_json(an_about(effects=effects)))
    assert again.effects["plugin.wave.mirrored"] is True
    assert drawn_of(again, ("wave",), contract) == {"wave": Wave(1 / 3, "down", True)}
    odd = replace(again, effects={"plugin.wave.amount": 7.0, "plugin.wave.ways": "sideways", "gone": 1.0})
    assert drawn_of(odd, ("wave",), contract) == {}
    half = replace(again, effects={"plugin.wave.amount": 7.0, "plugin.wave.ways": "down"})
    assert drawn_of(half, ("wave",), contract) == {"wave": Wave(0.0, "down")}


def test_a_long_title_is_cut() -> None:
    assert len(from_json(to_json(an_about(title="x" * 999))).title) == 200


def test_ids_are_short_unique_and_in_the_order_of_time() -> None:
    ids = [new_id(START + timedelta(milliseconds=index)) for index in range(300)]
    assert ids == sorted(ids)
    assert all(is_id(id) and len(id) == 12 for id in ids)
    assert len({new_id(START) for _ in range(50)}) > 45
    assert first_id(START) <= ids[0] < first_id(START + timedelta(milliseconds=1))


def test_ids_are_of_the_moment_not_of_the_clock_on_the_wall() -> None:
    there = START.astimezone(timezone(timedelta(hours=9)))
    assert first_id(there) == first_id(START)
    assert first_id(datetime(1969, 1, 1, tzinfo=UTC)) == "0" * 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../../etc/pw",
        "0k2m9x4c7tq",
        "0k2m9x4c7tqfa",
        "0K2M9X4C7TQF",
        "0k2m9x4c7tq/",
        "0k2m9x4c7tqi",
        "0k2m9x4c7tqf\n",
    ],
)
def test_nothing_else_is_an_id(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(GalleryError, match="is not the id"):
        check_id(text)


DAMAGES = {
    "newer": lambda told: told | {"artgen": 2},
    "foreign": lambda told: {"parameters": "a cat"},
    "id": lambda told: told | {"id": "../../evil"},
    "no strokes": lambda told: told | {"strokes": []},
    "text for a number": lambda told: told | {"valence": "0.5"},
    "a mood out of range": lambda told: told | {"energy": 7},
    "huge": lambda told: told | {"width": 10**9},
    "time": lambda told: told | {"time": "yesterday"},
    "z": lambda told: told | {"strokes": [told["strokes"][0] | {"z": "!!"}]},
    "z of three bytes": lambda told: told | {"strokes": [told["strokes"][0] | {"z": "AAAA"}]},
    "z not finite": lambda told: told | {"strokes": [told["strokes"][0] | {"z": "AADAfw=="}]},
    "mood of three": lambda told: told | {"strokes": [told["strokes"][0] | {"mood": [0, 0, 0]}]},
    "zoom": lambda told: told | {"look": told["look"] | {"zoom": 0.0}},
    "drift": lambda told: told | {"look": told["look"] | {"drift": 1}},
    "look": lambda told: told | {"look": None},
    "key left out": lambda told: {name: value for name, value in told.items() if name != "key"},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_is_damaged_or_newer_is_refused(damage: object) -> None:
    told = json.loads(to_json(an_about()))
    assert callable(damage)
    with pytest.raises(ValueError):
        from_json(json.dumps(damage(told)))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"artgen": NaN}', "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)
