"""Messages and bundles: exact bytes, both directions, and what is refused."""

import contextlib
import doctest
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.errors import OscError
from artgen_osc.osc import codec as osc_codec
from artgen_osc.osc.codec import IMMEDIATELY, MAX_PARTS, Argument, Message, decode, encode_bundle, encode_message
from tests import show_table

ROWS = show_table.by_path(show_table.SENT, show_table.DAEMON, show_table.VISUALS)


def test_exact_bytes() -> None:
    assert encode_message("/artgen/valence", "f", 0.5) == b"/artgen/valence\0,f\0\0\x3f\0\0\0"
    assert encode_message("/a", "i", -2) == b"/a\0\0,i\0\0\xff\xff\xff\xfe"
    assert encode_message("/key", "s", "A minor") == b"/key\0\0\0\0,s\0\0A minor\0"
    assert encode_bundle([encode_message("/a", "i", 1)]) == (
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x0c/a\0\0,i\0\0\0\0\0\x01"
    )


def test_every_type_tag() -> None:
    packet = b"/x\0\0,idhTFNIsb\0\0" + struct.pack(">idq", 7, 0.25, 2**40) + b"ab\0\0" + struct.pack(">i", 3) + b"xyz\0"
    assert decode(packet) == [Message("/x", (7, 0.25, 2**40, True, False, None, math.inf, "ab", b"xyz"))]
    assert encode_message("/x", "idhTFNIsb", 7, 0.25, 2**40, "ab", b"xyz") == packet
    packet = b"/x\0\0,S[tc]rm\0\0\0\0ab\0\0" + struct.pack(">QII", 2**63, ord("z"), 0xFF8000FF) + b"\x01\x90\x40\x7f"
    assert decode(packet) == [Message("/x", ("ab", (2**63, "z"), 0xFF8000FF, b"\x01\x90\x40\x7f"))]
    assert encode_message("/x", "S[tc]rm", "ab", 2**63, "z", 0xFF8000FF, b"\x01\x90\x40\x7f") == packet


@given(st.binary(max_size=200))
def test_random_datagrams_are_read_or_refused(packet: bytes) -> None:
    try:
        decode(packet)
    except OscError as error:
        assert ";" in str(error)


@given(st.data())
def test_damaged_datagrams_are_read_or_refused(data: st.DataObject) -> None:
    whole = encode_bundle([encode_message(row.path, row.tag, "x" if row.tag == "s" else 1) for row in ROWS.values()])
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(OscError):
        decode(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


def test_truncation_never_becomes_a_number() -> None:
    whole = encode_message("/artgen/valence", "f", 0.5)
    for length in range(len(whole)):
        try:
            assert decode(whole[:length]) == [Message("/artgen/valence", ())]
        except OscError:
            continue


def test_nested_too_deeply() -> None:
    packet = encode_message("/a", "i", 1)
    for _ in range(2000):
        packet = encode_bundle([packet])
    with pytest.raises(OscError, match="nested"):
        decode(packet)


VALUES = {
    "i": st.integers(-(2**31), 2**31 - 1),
    "h": st.integers(-(2**63), 2**63 - 1),
    "f": st.floats(width=32, allow_nan=False),
    "d": st.floats(allow_nan=False),
    "s": st.text("abc ü/", max_size=9),
    "S": st.text("abc", max_size=9),
    "b": st.binary(max_size=9),
    "t": st.integers(0, 2**64 - 1),
    "c": st.characters(max_codepoint=127),
    "r": st.integers(0, 2**32 - 1),
    "m": st.binary(min_size=4, max_size=4),
    "T": st.just(True),
    "F": st.just(False),
    "N": st.none(),
    "I": st.just(math.inf),
}


@given(st.data())
def test_all_types_come_back_in_arrays_too(data: st.DataObject) -> None:
    tags = data.draw(st.text(st.sampled_from(list(VALUES)), max_size=9))
    values = [data.draw(VALUES[tag]) for tag in tags]
    sent = [value for tag, value in zip(tags, values, strict=True) if tag not in "TFNI"]
    (message,) = decode(encode_message("/a", f"{tags}[{tags}[{tags}]]i", *sent * 3, 1))
    inner = tuple(values)
    assert message.arguments == (*inner, (*inner, inner), 1)


@pytest.mark.parametrize(
    ("tags", "values", "reason"),
    [
        ("i", (2**31,), "can't be sent"),
        ("i", (1.5,), "can't be sent"),
        ("f", (1.0, 2.0), "can't be sent"),
        ("fi", (1.0,), "can't be sent"),
        ("T", (True,), "can't be sent"),
        ("c", ("ü",), "can't be sent"),
        ("b", ("text",), "can't be sent"),
        ("q", (1,), "can't be sent"),
    ],
)
def test_what_does_not_fit_its_type_is_not_sent(tags: str, values: tuple[Argument, ...], reason: str) -> None:
    with pytest.raises(OscError, match=f"/a: .*{reason}.*; correct the value or its type"):
        encode_message("/a", tags, *values)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"/a\0\0,i[\0\0\0\0\x01", "without ']'"),
        (b"/a\0\0,i]\0\0\0\0\x01", "without '\\['"),
        (b"/a\0\0,q\0\0\0\0\0\x01", "isn't known"),
        (b"/a\0\0,i i\0\0\0\0" + bytes(8), "isn't known"),
        (b"/a\0\0,c\0\0\0\0\1\0", "not a character"),
        (b"/a\0\0,i\0\0" + bytes(8), "4 bytes too many"),
        (b"/a\0\0,b\0\0\0\0\0\x05abcd", "cut short"),
        (encode_message("/a", "[" * 9 + "]" * 9), "nested"),
        (encode_message("/a", "T" * MAX_PARTS), "500 arguments"),
        (encode_bundle([encode_message("/a", "")] * (MAX_PARTS + 1)), "more than 500"),
        (encode_bundle([encode_bundle([])] * (MAX_PARTS + 1)), "more than 500"),
        (encode_bundle([b"/a\0\0,\0\0\0" + b"\0\0"]), "uneven|multiples"),
    ],
)
def test_what_is_malformed_is_refused(packet: bytes, reason: str) -> None:
    with pytest.raises(OscError, match=f"({reason}).*; "):
        decode(packet)


def test_a_large_blob_comes_back() -> None:
    (message,) = decode(encode_message("/a", "b", bytes(65_000)))
    assert message.arguments == (bytes(65_000),)


def test_messages_have_the_time_tag_of_their_bundle() -> None:
    message = encode_message("/a", "")
    inner, at_once = encode_bundle([message], 900), encode_bundle([message])
    packet = encode_bundle([message, inner, at_once, message], 800)
    assert [decoded.time_tag for decoded in decode(packet)] == [800, 900, 800, 800]
    assert decode(message)[0].time_tag == decode(at_once)[0].time_tag == IMMEDIATELY
    assert decode(encode_bundle([inner]))[0].time_tag == 900
    with pytest.raises(OscError, match="due before the one around it"):
        decode(encode_bundle([inner], 901))


def test_examples() -> None:
    assert doctest.testmod(osc_codec).failed == 0
