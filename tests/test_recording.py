"""A recorded stream: what is written is read, and nothing that happens to the file loses more than its end."""

import logging
import struct
import threading
import time
from pathlib import Path

import pytest
from pythonosc.osc_bundle import OscBundle

from artgen_osc import cli
from artgen_osc.commands.replay_player import replay
from artgen_osc.errors import OscError
from artgen_osc.osc.receiver import OscReceiver, capture
from artgen_osc.osc.recording import MOST_MESSAGES, Recording, read
from artgen_osc.schema import values as schema
from tests import show_table
from tests.support.waiting import wait_for

ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)
VALENCE, KEY, BEATS = ROWS["/artgen/valence"], ROWS["/artgen/key"], ROWS["/artgen/beat/count"]


def record(path: Path, times: list[float]) -> None:
    recording = Recording(path)
    for count, seconds in enumerate(times):
        recording.write([(VALENCE, 0.25), (KEY, "A minor"), (BEATS, count)], 100.0 + seconds)
    recording.close()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    record(tmp_path / "show.osc", [0.0, 0.5, 0.5, 3600.25])
    recorded = list(read(tmp_path / "show.osc"))
    assert [each.time for each in recorded] == [0.0, 0.5, 0.5, 3600.25]
    messages = [[(message.path, *message.arguments) for message in each.messages] for each in recorded]
    assert messages[2] == [("/artgen/valence", 0.25), ("/artgen/key", "A minor"), ("/artgen/beat/count", 2)]


def test_it_is_osc_over_tcp_as_others_read_it(tmp_path: Path) -> None:
    record(tmp_path / "show.osc", [0.0, 1.5])
    data = (tmp_path / "show.osc").read_bytes()
    (size,) = struct.unpack_from(">i", data)
    second = OscBundle(data[4 + size + 4 :])
    assert [message.address for message in second] == ["/artgen/valence", "/artgen/key", "/artgen/beat/count"]
    assert struct.unpack_from(">II", data, 4 + size + 4 + 8) == (1, 2**31)


def test_many_values_at_once_are_split_into_packets(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "show.osc")
    recording.write([(BEATS, count) for count in range(2 * MOST_MESSAGES + 1)], 0.0)
    recording.close()
    recorded = list(read(tmp_path / "show.osc"))
    assert [len(each.messages) for each in recorded] == [MOST_MESSAGES, MOST_MESSAGES, 1]
    assert recorded[-1].messages[0].arguments == (2 * MOST_MESSAGES,)


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    record(tmp_path / "show.osc", [0.0])
    with pytest.raises(OscError, match="exists already; choose another name"):
        Recording(tmp_path / "show.osc")
    assert len(list(read(tmp_path / "show.osc"))) == 1


def test_without_a_packet_there_is_no_file(tmp_path: Path) -> None:
    Recording(tmp_path / "show.osc").close()
    assert not (tmp_path / "show.osc").exists()


def test_a_recorder_that_was_killed_loses_its_end_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "show.osc"
    record(path, [0.0, 1.0, 2.0])
    whole = path.read_bytes()
    third = len(whole) // 3
    for length in range(third, len(whole)):
        path.write_bytes(whole[:length])
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert len(list(read(path))) == length // third
        assert bool(caplog.records) == bool(length % third)


def test_a_running_recording_can_be_read(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "show.osc")
    for second in range(4):
        recording.write([(VALENCE, 0.5)], float(second))
    assert len(list(read(tmp_path / "show.osc"))) == 4
    recording.close()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "without anything in it"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "no recording"),
        (struct.pack(">i", 12) + b"/a\0\0,i\0\0\0\0\0\x01", "no recording"),
        (struct.pack(">i", 16) + b"#bundle\0" + b"\xff" * 8, "no recording"),
        (b"\0\0", "no recording"),
    ],
)
def test_what_is_no_recording_is_said(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "show.osc").write_bytes(data)
    with pytest.raises(OscError, match=reason):
        list(read(tmp_path / "show.osc"))


def test_damage_in_the_middle_is_said_after_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "show.osc"
    record(path, [0.0, 1.0, 2.0])
    data = bytearray(path.read_bytes())
    data[len(data) // 3 + 4] = 0
    path.write_bytes(data)
    recorded = read(path)
    assert next(recorded).time == 0.0
    with pytest.raises(OscError, match="damaged after 1 bundles"):
        next(recorded)


def test_a_full_disk_is_said_and_what_came_before_is_kept(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    recording = Recording(tmp_path / "show.osc")
    recording._file.close()
    recording._file = full.open("wb", buffering=0)
    with pytest.raises(OscError, match="can't be written any more"):
        recording.write([(VALENCE, 0.5)], 0.0)
    recording.close()


def test_replay_keeps_the_timing(tmp_path: Path) -> None:
    record(tmp_path / "show.osc", [0.0, 0.4, 0.8])
    with capture() as listener:
        playing = threading.Thread(
            target=replay,
            args=(tmp_path / "show.osc", [f"127.0.0.1:{listener.port}"], None, 2.0, False, show_table.TABLE),
        )
        playing.start()
        heard = [(at, message) for at, message in listener.read(1.5) if message.path == "/artgen/beat/count"]
        playing.join()
    assert [message.arguments[0] for _, message in heard] == [0, 1, 2]
    # Never early; a busy machine may be late.
    assert heard[1][0] - heard[0][0] > 0.1
    assert heard[2][0] - heard[0][0] > 0.3


def test_replay_loops_until_its_time_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "show.osc", [0.0, 0.05])
    with capture() as listener:
        target = f"127.0.0.1:{listener.port}"
        start = time.monotonic()
        command = ["replay", str(tmp_path / "show.osc"), "--osc", target, "--loop", "--seconds", "0.7"]
        assert cli.main(command) == 0
        assert 0.7 <= time.monotonic() - start < 5.0
        counts = [message.arguments[0] for _, message in listener.read(0.3) if message.path == BEATS.path]
    assert counts[:4] == [0, 1, 0, 1] and len(counts) > 4
    assert f"{len(counts)} bundles played, 0 not sent" in capsys.readouterr().out


def test_what_this_version_does_not_know_is_left_out(tmp_path: Path) -> None:
    unknown = schema.Address("/artgen/old", "float", "of another version")
    loud = schema.Address("/artgen/level_db", "float", "of another version", 0.0, 500.0)
    recording = Recording(tmp_path / "show.osc")
    recording.write([(unknown, 1.0), (loud, 300.0), (VALENCE, 0.75)], 0.0)
    recording.close()
    with capture() as listener:
        replay(tmp_path / "show.osc", [f"127.0.0.1:{listener.port}"], None, 1.0, False, show_table.TABLE)
        assert [message.path for _, message in listener.read(0.3)] == ["/artgen/valence"]


def test_a_renderer_refuses_nothing_of_what_a_monitor_has_recorded(tmp_path: Path) -> None:
    """A monitor records both directions, the renderer's own state and the control of the daemon too."""
    understood = (*show_table.VISUALS, *show_table.SENT)
    everything = (*understood, *show_table.PAINTED, *show_table.DAEMON)
    recording = Recording(tmp_path / "show.osc")
    recording.write([(row, "x" if row.tag == "s" else row.check((row.low,))) for row in everything], 0.0)
    recording.close()
    receiver = OscReceiver("127.0.0.1", 0, show_table.by_path(understood))
    replay(tmp_path / "show.osc", [f"127.0.0.1:{receiver.port}"], None, 1.0, False, show_table.TABLE)
    paths: set[str] = set()

    def all_are_there() -> bool:
        paths.update(row.path for row, _ in receiver.poll(0.1))
        return len(paths) >= len(understood)

    wait_for(all_are_there, what="all that was recorded", evidence=lambda: paths)
    receiver.close()
    assert paths == {row.path for row in understood}
    assert receiver.refused == 0, receiver.refusals


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replay", str(tmp_path / "none.osc")]) == 2
    assert "none.osc: can't be read" in capsys.readouterr().err
