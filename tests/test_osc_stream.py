"""Packets in a stream: exact bytes, any split, both framings, rubbish."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.errors import OscError
from artgen_osc.osc import framing as osc_stream
from artgen_osc.osc.framing import MAX_STREAM_PACKET, Unframer, length_prefixed, slip

PACKETS = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6)


def pieces(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def unframed(stream: bytes, size: int) -> list[bytes]:
    unframer, packets = Unframer(), []
    for piece in pieces(stream, size):
        unframer.put(piece)
        while (packet := unframer.get()) is not None:
            packets.append(packet)
    return packets


def test_exact_bytes() -> None:
    assert slip(b"/a\0\0") == b"\xc0/a\0\0\xc0"
    assert slip(b"\xc0\xdb\xdc\xdd") == b"\xc0\xdb\xdc\xdb\xdd\xdc\xdd\xc0"
    assert length_prefixed(b"/a\0\0") == b"\0\0\0\x04/a\0\0"
    assert doctest.testmod(osc_stream).failed == 0


@given(PACKETS, st.integers(1, 300))
def test_whole_is_any_split(packets: list[bytes], size: int) -> None:
    assert unframed(b"".join(map(slip, packets)), size) == packets
    assert unframed(b"".join(map(length_prefixed, packets)), size) == packets


@pytest.mark.parametrize(
    ("stream", "framing"),
    [
        (b"/a\0\0\xc0/b\0\0\xc0", "slip"),
        (b"#bundle\0\0\0\0\0\0\0\0\x01\xc0", "slip"),
        (b"\xc0\xc0\xc0/a\0\0\xc0\xc0", "slip"),
        (b"\0\0\0\x04/a\0\0", "length"),
    ],
)
def test_the_first_byte_tells_the_framing(stream: bytes, framing: str) -> None:
    unframer = Unframer()
    assert unframer.framing is None
    unframer.put(stream)
    assert unframer.get()
    assert unframer.framing == framing


def test_the_largest_packets() -> None:
    for packet in (b"\xc0" * MAX_STREAM_PACKET, bytes(MAX_STREAM_PACKET)):
        assert unframed(slip(packet), 8193) == unframed(length_prefixed(packet), 8193) == [packet]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "isn't OSC"),
        (b"\x16\x03\x01", "isn't OSC"),
        (b"\0\0\0\0", "a packet of 0 bytes"),
        (length_prefixed(bytes(MAX_STREAM_PACKET + 1)), "65537 bytes"),
        (slip(bytes(MAX_STREAM_PACKET + 1)), "65537 bytes"),
        (b"\xc0" + b"x" * (2 * MAX_STREAM_PACKET + 1), "without an end"),
        (b"\xc0a\xdbb\xc0", "byte 62 after ESC"),
        (b"\xc0a\xdb\xc0", "byte END after ESC"),
    ],
)
def test_rubbish_is_refused_with_its_reason(stream: bytes, reason: str) -> None:
    for size in (len(stream), 8193):
        with pytest.raises(OscError, match=f"{reason}.*; \\w"):
            unframed(stream, size)


def test_packets_before_the_rubbish_count() -> None:
    unframer = Unframer()
    unframer.put(slip(b"/a\0\0") + b"\xdb?\xc0")
    assert unframer.get() == b"/a\0\0"
    with pytest.raises(OscError):
        unframer.get()


@given(st.binary(max_size=300), st.integers(1, 300))
def test_random_bytes_are_read_or_refused(stream: bytes, size: int) -> None:
    try:
        assert all(unframed(stream, size))
    except OscError as error:
        assert ";" in str(error)
