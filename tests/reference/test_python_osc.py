"""Our codec, patterns and framing against python-osc, both ways; where the two part, a test says which and why.

python-osc knows all types of ours but ``c``, ``S`` and ``I``: those it leaves out with a warning, and reads what
follows from the wrong place.
"""

import datetime
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc import slip
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY as AT_ONCE
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.parsing.ntp import ntp_to_system_time, system_time_to_ntp

from artgen_osc.errors import OscError
from artgen_osc.osc import framing, schedule
from artgen_osc.osc.codec import IMMEDIATELY, Argument, Message, decode, encode_bundle, encode_message
from artgen_osc.osc.pattern import MAX_WILDCARDS, matching

VALUES: dict[str, st.SearchStrategy[Argument]] = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "h": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(width=32, allow_nan=False),
    "d": st.floats(allow_nan=False),
    "s": st.text("abc ü/,#", max_size=9),
    "b": st.binary(min_size=1, max_size=9),  # python-osc doesn't write an empty one
    "r": st.integers(0, 2**32 - 1),
    "m": st.binary(min_size=4, max_size=4),
    "t": st.integers(0, 2**64 - 1),
    "T": st.just(True),
    "F": st.just(False),
    "N": st.none(),
}
ADDRESSES = st.text("abü/1-_", max_size=12).map("/".__add__)
ARGUMENTS = st.recursive(
    st.sampled_from(sorted(VALUES)).flatmap(lambda tag: st.tuples(st.just(tag), VALUES[tag])),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=12,
)
"""A tag and its value, or a list of such: an array, at most a few deep."""


def tags(argument: object) -> str:
    return f"[{''.join(map(tags, argument))}]" if isinstance(argument, list) else argument[0]


def sent(argument: object) -> list[Argument]:
    """What `encode_message` takes."""
    if isinstance(argument, list):
        return [value for part in argument for value in sent(part)]
    return [] if argument[0] in "TFN" else [argument[1]]


def ours(argument: object) -> Argument:
    """The value as `decode` gives it."""
    return tuple(map(ours, argument)) if isinstance(argument, list) else argument[1]


def theirs(argument: object) -> object:
    """The value as `OscMessage` gives it."""
    if isinstance(argument, list):
        return [theirs(part) for part in argument]
    tag, value = argument
    if tag == "m":
        return tuple(value)
    if tag == "t":
        return datetime.datetime(1900, 1, 1) + datetime.timedelta(seconds=value >> 32), value & 0xFFFFFFFF
    return value


def their_types(argument: object) -> object:
    return [their_types(part) for part in argument] if isinstance(argument, list) else argument[0]


def without_time_tags(argument: object) -> object:
    """python-osc reads time tags as arguments, and doesn't write them."""
    if isinstance(argument, list):
        return [without_time_tags(part) for part in argument]
    return ("i", 0) if argument[0] == "t" else argument


@given(ADDRESSES, st.lists(ARGUMENTS, max_size=5))
def test_python_osc_reads_what_we_write(path: str, arguments: list[object]) -> None:
    packet = encode_message(path, "".join(map(tags, arguments)), *sent(arguments))
    message = OscMessage(packet)
    assert (message.address, message.params) == (path, theirs(arguments))
    assert decode(packet) == [Message(path, ours(arguments))]


@given(ADDRESSES, st.lists(ARGUMENTS.map(without_time_tags), max_size=5))
def test_we_read_what_python_osc_writes_and_write_the_same_bytes(path: str, arguments: list[object]) -> None:
    builder = OscMessageBuilder(path)
    for argument in arguments:
        builder.add_arg(theirs(argument), their_types(argument))
    packet = builder.build().dgram
    assert decode(packet) == [Message(path, ours(arguments))]
    assert encode_message(path, "".join(map(tags, arguments)), *sent(arguments)) == packet


TREES = st.recursive(
    st.integers(0, 99),
    lambda inner: st.tuples(st.integers(0, 10_000), st.lists(inner, max_size=4)),
    max_leaves=12,
).filter(lambda tree: isinstance(tree, tuple))
"""A bundle, as how many 1/1024 s after the one around it it is due, and what is in it; a number is a message."""
START = 1_000_000_000
"""Unix time of the outermost bundle, s. Sums with 1/1024 s are exact as a float too."""


def tag_of(unix: float) -> int:
    (tag,) = struct.unpack(">Q", system_time_to_ntp(unix))
    return tag


def written_by_us(tree: object, unix: float) -> bytes:
    if isinstance(tree, int):
        return encode_message("/a", "i", tree)
    unix += tree[0] / 1024
    return encode_bundle([written_by_us(part, unix) for part in tree[1]], tag_of(unix))


def written_by_them(tree: object, unix: float) -> OscMessage | OscBundle:
    if isinstance(tree, int):
        message = OscMessageBuilder("/a")
        message.add_arg(tree)
        return message.build()
    unix += tree[0] / 1024
    bundle = OscBundleBuilder(unix)
    for part in tree[1]:
        bundle.add_content(written_by_them(part, unix))
    return bundle.build()


def dated(tree: object, unix: float) -> list[tuple[float, int]]:
    """When each message is due, and its value."""
    if isinstance(tree, int):
        return [(unix, tree)]
    return [one for part in tree[1] for one in dated(part, unix + tree[0] / 1024)]


def read_by_them(bundle: OscBundle) -> list[tuple[float, int]]:
    found = []
    for part in bundle:
        found += read_by_them(part) if isinstance(part, OscBundle) else [(bundle.timestamp, part.params[0])]
    return found


@given(TREES)
def test_bundles_in_bundles_and_their_time_tags(tree: object) -> None:
    packet = written_by_us(tree, START)
    assert written_by_them(tree, START).dgram == packet
    assert read_by_them(OscBundle(packet)) == dated(tree, START)
    assert [(m.time_tag, m.arguments[0]) for m in decode(packet)] == [(tag_of(u), v) for u, v in dated(tree, START)]


@given(st.lists(st.integers(0, 99), max_size=5))
def test_at_once(values: list[int]) -> None:
    bundle = OscBundleBuilder(AT_ONCE)
    for value in values:
        bundle.add_content(written_by_them(value, START))
    packet = encode_bundle([written_by_us(value, START) for value in values])
    assert bundle.build().dgram == packet
    assert OscBundle(packet).timestamp == AT_ONCE
    assert decode(packet) == [Message("/a", (value,), IMMEDIATELY) for value in values]


def test_in_a_dated_bundle_at_once_means_as_soon_as_that_is_opened() -> None:
    """OSC 1.0: what is inside is due at the same time or later. python-osc takes it out and plays it now."""
    due = 2_085_000_000.0  # python-osc looks at the clock; in 2036 the time tags begin anew
    packet = encode_bundle([encode_bundle([encode_message("/a", "")]), encode_message("/b", "")], tag_of(due))
    assert [(m.path, m.time_tag) for m in decode(packet)] == [("/a", tag_of(due)), ("/b", tag_of(due))]
    first, second = OscPacket(packet).messages
    assert first.time < second.time == due


def test_an_inner_bundle_may_not_be_due_before_the_outer() -> None:
    """OSC 1.0 says so; python-osc doesn't look."""
    packet = encode_bundle([encode_bundle([encode_message("/a", "i", 7)], tag_of(START))], tag_of(START + 1))
    assert read_by_them(OscBundle(packet)) == [(START, 7)]
    with pytest.raises(OscError, match="due before"):
        decode(packet)


@pytest.mark.parametrize("now", [0.0, 1.5, 1_764_470_000.25, 2_085_978_495.5])
def test_the_clock_of_time_tags(now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule.time, "time_ns", lambda: int(now) * 10**9 + int(now % 1 * 1e9))
    assert struct.pack(">Q", schedule.time_tag(0.0)) == system_time_to_ntp(now)
    assert ntp_to_system_time(struct.pack(">Q", schedule.time_tag(0.25))) == now + 0.25
    assert schedule.seconds_until(tag_of(now + 0.25)) == 0.25


@pytest.mark.parametrize(
    ("packet", "read", "reason"),
    [
        pytest.param(b"/a\0\0,f\0\0\x3f", [0.5], "cut short|multiples", id="half a float"),
        pytest.param(b"/a\0\0,f\0\0", [0.0], "cut short", id="no float"),
        pytest.param(b"/a\0\0,i\0\0\0\0\0\1\0\0\0\2", [1], "4 bytes too many", id="more than the types say"),
        pytest.param(b"/a\0\0,b\0\0\0\0\0\3abc", [b"abc"], "cut short|multiples", id="a blob without padding"),
        pytest.param(b"/a\0x,i\0\0\0\0\0\1", [1], "without its end", id="something in the padding"),
        pytest.param(b"/a\0\0,qi\0\0\0\0\1", [1], "isn't known", id="an unknown type"),
    ],
)
def test_damage_that_python_osc_turns_into_values_is_refused(packet: bytes, read: list[object], reason: str) -> None:
    assert OscMessage(packet).params == read
    with pytest.raises(OscError, match=reason):
        decode(packet)


@pytest.mark.parametrize("tag", ["c", "S", "I"])
def test_types_that_python_osc_leaves_out(tag: str) -> None:
    value = {"c": ["x"], "S": ["ab"], "I": []}[tag]
    packet = encode_message("/a", f"{tag}i", *value, 7)
    assert len(OscMessage(packet).params) == 1
    assert decode(packet)[0].arguments[1:] == (7,)


NAMES = st.text("ab1-", min_size=1, max_size=4)
LETTERS = st.lists(st.one_of(st.sampled_from("ab1"), st.sampled_from(["a-b", "0-9", "a-z"])), min_size=1, max_size=3)
TOKENS = st.one_of(
    NAMES,
    st.sampled_from(["*", "?"]),
    st.tuples(st.sampled_from(["[", "[!"]), LETTERS.map("".join), st.sampled_from(["]", "-]"])).map("".join),
    st.lists(st.text("ab1-", max_size=3), min_size=1, max_size=3).map(lambda texts: f"{{{','.join(texts)}}}"),
)
PATTERNS = (
    st.lists(st.lists(TOKENS, min_size=1, max_size=4).map("".join), min_size=1, max_size=3)
    .map(lambda levels: "/" + "/".join(levels))
    .filter(lambda pattern: sum(map(pattern.count, "?*[{,")) <= MAX_WILDCARDS)
)
PATHS = ["/" + "".join(name) for size in (1, 2, 3) for name in itertools.product("ab1-", repeat=size)]
PATHS += ["/" + "/".join(names) for levels in (2, 3) for names in itertools.product(("a", "b", "1-"), repeat=levels)]


def dispatched(pattern: str, paths: list[str]) -> list[str]:
    """What python-osc's dispatcher calls."""
    dispatcher = Dispatcher()
    for path in paths:
        dispatcher.map(path, lambda *_: None, path)
    return [handler.args[0] for handler in dispatcher.handlers_for_address(pattern)]


@given(PATTERNS)
def test_patterns_mean_the_same(pattern: str) -> None:
    # Where there is a "!" python-osc's reaches over a /, see below.
    paths = [path for path in PATHS if "!" not in pattern or path.count("/") == pattern.count("/")]
    assert list(matching(pattern, paths)) == dispatched(pattern, paths)


@pytest.mark.parametrize(
    ("pattern", "meant", "called"),
    [
        # OSC 1.0: an address is compared part by part, so nothing in a part reaches over its end.
        ("/a[!b]c", [], ["/a/c"]),
        ("/a{/c,c}", None, ["/a/c"]),
        # Of ranges OSC 1.0 says nothing on the order of their ends.
        ("/x[9-0]", ["/x1"], []),
        ("/x[!]", ["/x1", "/xb"], []),
        # OSC 1.1: // is any number of levels.
        ("//c", ["/a/c", "/a/b/c"], []),
        # What isn't closed isn't a pattern.
        ("/x[1", None, ["/x1"]),
        ("/{x1,xb", None, ["/x1", "/xb"]),
    ],
)
def test_where_python_osc_reads_a_pattern_in_another_way(
    pattern: str, meant: list[str] | None, called: list[str]
) -> None:
    paths = ["/a/c", "/a/b/c", "/x1", "/xb"]
    assert dispatched(pattern, paths) == called
    if meant is None:
        with pytest.raises(OscError):
            matching(pattern, paths)
    else:
        assert list(matching(pattern, paths)) == meant


@given(st.binary(min_size=1, max_size=40))
def test_slip_frames(packet: bytes) -> None:
    assert framing.slip(packet) == slip.encode(packet)
    unframer = framing.Unframer()
    unframer.put(slip.encode(b"/") + slip.encode(packet))
    assert [unframer.get(), unframer.get(), unframer.get()] == [b"/", packet, None]
    assert slip.decode(framing.slip(packet)) == packet
