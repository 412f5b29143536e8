import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.errors import PluginError
from visuals.isf.head import LARGEST, MOST_HEAD, MOST_INPUTS, MOST_PASSES, PARTS, Head, Input, read_head
from visuals.isf.settings import declared


def head(**given: Any) -> Head:
    return read_head(f"/*{json.dumps(given)}*/ void main() {{}}")


def one(**given: Any) -> Input:
    return head(INPUTS=[given]).inputs[0]


def test_of_version_2() -> None:
    found = head(
        ISFVSN="2",
        DESCRIPTION="Melts\nit",
        CREDIT="by nobody",
        CATEGORIES=["Blur", 3],
        INPUTS=[{"NAME": "inputImage", "TYPE": "image"}, {"NAME": "heat", "TYPE": "float", "MIN": -1, "MAX": 3}],
        PASSES=[{"TARGET": "a", "PERSISTENT": True, "FLOAT": "1", "WIDTH": "$WIDTH/2", "HEIGHT": 16}, {}],
        IMPORTED={"grain": {"PATH": "grain.png"}},
    )
    assert (found.kind, found.about, found.credit, found.categories) == (
        "filter",
        "Melts it",
        "by nobody",
        ("Blur", ""),
    )
    assert found.inputs[1].default == (1.0,) and found.inputs[1].low == (-1.0,) and found.inputs[1].high == (3.0,)
    first, last = found.passes
    assert first.target == "a" and first.persistent and first.float and last.target == ""
    assert first.width and first.width({"WIDTH": 64.0}) == 32.0 and first.height and first.height({}) == 16.0
    assert found.images == {"grain": "grain.png"} and found.buffers == ("a",)


def test_of_version_1() -> None:
    listed = head(PERSISTENT_BUFFERS=["old"], PASSES=[{"TARGET": "old"}, {}])
    assert listed.passes[0].persistent and listed.buffers == ("old",)
    named = head(PERSISTENT_BUFFERS={"old": {"WIDTH": "4", "FLOAT": True}}, PASSES=[{"TARGET": "old"}])
    assert named.passes[0].persistent and named.passes[0].float and named.passes[0].width
    assert head(PERSISTENT_BUFFERS=["lonely"]).buffers == ("lonely",)
    assert head(IMPORTED=[{"NAME": "grain", "PATH": "grain.png"}]).images == {"grain": "grain.png"}
    assert head(IMPORTED={"a": {"PASSINDEX": 1}}, PASSES=[{"TARGET": "a"}]).images == {}


@pytest.mark.parametrize(
    "text",
    [
        '/*{"INPUTS": [{"NAME": "a", "TYPE": "float",},],}*/',
        '\ufeff/*\r\n{\r\n"INPUTS": [\r\n{"NAME": "a", "TYPE": "float"}\r\n]\r\n}\r\n*/',
        '/* a licence */ // and more\n/*{"INPUTS": [{"NAME": "a", "TYPE": "FLOAT", "LABEL": "tab\there"}]}*/',
        '/*{"INPUTS": {"a": {"TYPE": "float"}}}*/',
    ],
    ids=["commas", "windows", "licence", "tables"],
)
def test_what_is_forgiven(text: str) -> None:
    assert read_head(text).inputs[0].name == "a"


def test_commas_in_strings_stay() -> None:
    assert read_head('/*{"DESCRIPTION": "one, ]two, }", }*/').about == "one, ]two, }"


@pytest.mark.parametrize(
    ("given", "default", "low", "high"),
    [
        ({"TYPE": "float"}, (0.5,), (0.0,), (1.0,)),
        ({"TYPE": "float", "DEFAULT": 7}, (7.0,), (0.0,), (7.0,)),
        ({"TYPE": "float", "DEFAULT": "0.25", "MIN": 1, "MAX": 0}, (0.25,), (0.0,), (1.0,)),
        ({"TYPE": "bool", "DEFAULT": "true"}, (1.0,), (0.0,), (1.0,)),
        ({"TYPE": "bool", "DEFAULT": 0.0}, (0.0,), (0.0,), (1.0,)),
        ({"TYPE": "event"}, (0.0,), (0.0,), (1.0,)),
        ({"TYPE": "long", "VALUES": [3, 5, 9], "DEFAULT": 6}, (5.0,), (3.0,), (9.0,)),
        ({"TYPE": "long", "LABELS": ["a", "b"]}, (0.0,), (0.0,), (1.0,)),
        ({"TYPE": "long", "MIN": 2, "MAX": 8}, (2.0,), (2.0,), (8.0,)),
        ({"TYPE": "color"}, (0.0, 0.0, 0.0, 1.0), (0.0,) * 4, (1.0,) * 4),
        ({"TYPE": "color", "DEFAULT": [1, 0.5, 0]}, (1.0, 0.5, 0.0, 1.0), (0.0,) * 4, (1.0,) * 4),
        ({"TYPE": "point2D"}, (0.5, 0.5), (0.0, 0.0), (1.0, 1.0)),
        ({"TYPE": "point2D", "MIN": [-1, 0], "MAX": 2}, (0.5, 1.0), (-1.0, 0.0), (2.0, 2.0)),
    ],
)
def test_ranges(given: dict[str, Any], default: tuple[float, ...], low: tuple[float, ...], high: Any) -> None:
    found = one(NAME="a", **given)
    assert (found.default, found.low, found.high) == (default, low, high)


def test_a_point_without_a_range_is_in_pixels() -> None:
    assert one(NAME="a", TYPE="point2D", DEFAULT=[0.5, 1]).pixels
    assert not one(NAME="a", TYPE="point2D", MIN=[0, 0], MAX=[1, 1]).pixels
    assert not one(NAME="a", TYPE="point2D", DEFAULT=[320, 180]).pixels


def test_kinds() -> None:
    images = [{"NAME": name, "TYPE": "image"} for name in ("startImage", "endImage")]
    assert head().kind == "generator" and head(INPUTS=images).kind == "transition"
    assert head(INPUTS=images[:1]).kind == "generator"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("void main() {}", "has no ISF head"),
        ("/* no json */ void main() {}", "has no ISF head"),
        ("/*{ never closed", "has no ISF head"),
        ('\n/*{\n"INPUTS": [}\n*/', "line 3: its head is not JSON"),
        ("/*" + '{"a":' * 100_000 + "*/", "at most|too deep"),
        ("/*" + '{"a":' * 40_000 + "*/", "too deep"),
        ("/*{" + " " * MOST_HEAD + "}*/", "at most"),
        ('/*{"INPUTS": 3}*/', "INPUTS: 3 is not a list"),
        ('/*{"INPUTS": [3]}*/', "number 1, 3, is not a table"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "flaot"}]}*/', "did you mean float"),
        ('/*{"INPUTS": [{"NAME": "a b", "TYPE": "float"}]}*/', "can't be a name"),
        ('/*{"INPUTS": [{"NAME": "gl_Position", "TYPE": "float"}]}*/', "can't be a name"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "FOLLOWS": "lo"}]}*/', "did you mean low"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "FOLLOWS": [1]}]}*/', "it FOLLOWS"),
        ('/*{"INPUTS": [{"TYPE": "float"}]}*/', "None can't be a name"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "MAX": NaN}]}*/', "out of range"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "MAX": 1e999}]}*/', "out of range"),
        ('/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "MAX": {}}]}*/', "is not a number"),
        (f'/*{{"INPUTS": [{{"NAME": "a", "TYPE": "float", "MAX": {"9" * 5000}}}]}}*/', "not JSON|out of range|number"),
        ('/*{"PASSES": [{"TARGET": "a"}], "INPUTS": [{"NAME": "a", "TYPE": "float"}]}*/', "two things have this name"),
        ('/*{"PASSES": [{"TARGET": "a", "WIDTH": "$WIDHT"}]}*/', "WIDTH: .*did you mean"),
        ('/*{"PASSES": [{"TARGET": "a", "WIDTH": 0}]}*/', "a buffer has 1 pixel at least"),
        ('/*{"PASSES": [{"TARGET": "a", "HEIGHT": "3 - 4"}]}*/', "a buffer has 1 pixel at least"),
        ('/*{"PASSES": [{"TARGET": "a", "HEIGHT": "1/0"}]}*/', "divides by zero"),
        ('/*{"PASSES": [{"TARGET": "a", "HEIGHT": [1]}]}*/', "a number, or an expression"),
        ('/*{"IMPORTED": {"a": {}}}*/', "has no PATH"),
        ('/*{"IMPORTED": {"a": {"PATH": "b.png", "TYPE": "cube"}}}*/', "cube map"),
        ('/*{"IMPORTED": 7}*/', "IMPORTED"),
        ('/*{"PERSISTENT_BUFFERS": 7}*/', "PERSISTENT_BUFFERS"),
        ('/*{"PERSISTENT_BUFFERS": ["a b"]}*/', "can't be a name"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    with pytest.raises(PluginError, match=says) as raised:
        read_head(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("key", "most"), [("INPUTS", MOST_INPUTS), ("PASSES", MOST_PASSES)])
def test_counts_are_bounded(key: str, most: int) -> None:
    given = [{"NAME": f"a{number}", "TYPE": "float"} for number in range(most + 1)]
    with pytest.raises(PluginError, match=f"{most} at most"):
        head(**{key: given})


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(2**70), 2**70)
    | st.text(max_size=12)
    | st.sampled_from(["float", "long", "color", "point2D", "image", "$WIDTH", "a", "1/0"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["NAME", "TYPE", "DEFAULT", "MIN", "MAX", "VALUES", "LABELS", "PATH"]), inner)
    ),
    max_leaves=12,
)
TABLE = st.fixed_dictionaries(
    {"NAME": st.sampled_from(["a", "b", "amount", "in"]), "TYPE": st.sampled_from(list(PARTS))},
    optional=dict.fromkeys(("DEFAULT", "MIN", "MAX", "VALUES", "LABELS", "LABEL"), ANY),
)
KEYS = ("PASSES", "IMPORTED", "PERSISTENT_BUFFERS", "DESCRIPTION", "CATEGORIES")


@given(st.lists(TABLE, max_size=3) | ANY, st.dictionaries(st.sampled_from(KEYS), ANY))
def test_any_head_can_be_declared_or_is_refused_in_a_line(inputs: Any, others: dict[str, Any]) -> None:
    text = json.dumps({"INPUTS": inputs, **others}).replace("*/", "")
    try:
        found = read_head(f"/*{text}*/")
        settings = declared(found, "mine", "/visuals/effect/mine/")()
    except PluginError as error:
        assert str(error) and "\n" not in str(error)
        return
    assert settings.amount == 0.0
    for each in found.numbers:
        for value, low, high in zip(each.default, each.low, each.high, strict=True):
            assert low <= value <= high <= LARGEST


@given(st.text(max_size=200))
def test_any_text_is_a_head_or_is_refused(text: str) -> None:
    for whole in (text, f"/*{{{text}}}*/", f'/*{{"INPUTS": [{text}]}}*/'):
        try:
            read_head(whole)
        except PluginError as error:
            assert "\n" not in str(error)
