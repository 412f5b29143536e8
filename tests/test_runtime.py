"""Files, text and child processes of the runtime."""

import io
import logging
import os
import queue
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.files import (
    PRIVATE_FILE,
    decode_text,
    is_regular,
    open_regular,
    part_of,
    read_regular,
    read_text,
    whole,
)
from artgen_osc.runtime.latest import LatestWorker
from artgen_osc.runtime.text import LogFormatter, WriterHandler, printable, say
from artgen_osc.runtime.text_writer import TextWriter
from artgen_osc.runtime.throttle import Throttle

ODD_NAMES = ["", "x" * 300, "nul\0byte", "new\nline", "\ud800", "..", ".", "/", "/dev/zero", "/dev/null"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=ascii)
def test_odd_names_are_refused_in_words(name: str) -> None:
    with pytest.raises(OSError) as caught:
        open_regular(name)
    assert caught.value.strerror
    assert not is_regular(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_and_a_loop_of_links_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("pipe", "loop"):
        assert not is_regular(tmp_path / name)


def test_a_file_may_be_linked_and_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 5) == b"12345"
    with pytest.raises(OSError, match="at most"):
        read_regular(tmp_path / "file", 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_as_editors_write_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "text").write_text("Übung\n", encoding=encoding)
    assert read_text(tmp_path / "text") == "Übung\n"


def test_text_in_another_encoding_is_told_apart() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text("Übung".encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 夜 العربية", "Größe 夜 العربية"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        (os.fsdecode(b"caf\xe9.wav"), r"caf\xe9.wav"),
        ("lone \ud800", r"lone \ud800"),
        ("right \u202e left", r"right \u202e left"),
        ("no\u00a0break", "no break"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_text_for_a_terminal_is_harmless(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_several_lines_stay_several(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\ntwo \x1b[2J")
    assert capsys.readouterr().out == "one\ntwo \\x1b[2J\n"


def test_a_log_line_is_one_line_and_a_traceback_keeps_its_own() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LogFormatter("%(message)s"))
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        raise ValueError("bad \x1b[31m")
    except ValueError:
        log.exception("text\nwith %s", "\x07")
    lines = out.getvalue().splitlines()
    assert lines[0] == r"text\nwith \x07"
    assert lines[1].startswith("Traceback") and lines[-1] == r"ValueError: bad \x1b[31m"


def test_a_child_runs_nothing_of_the_folder_it_starts_in(tmp_path: Path) -> None:
    (tmp_path / "artgen_osc").mkdir()
    (tmp_path / "artgen_osc" / "__init__.py").touch()
    for planted in ("artgen_osc/__main__.py", "soundfile.py", "logging.py"):
        (tmp_path / planted).write_text("print('planted')")
    done = subprocess.run(python_module("artgen_osc", "--version"), cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout.split()[0]) == (0, "", "artgen")


def test_the_module_itself_runs_nothing_of_the_folder_it_starts_in(tmp_path: Path) -> None:
    (tmp_path / "soundfile.py").write_text("print('planted')")
    (tmp_path / "sound.wav").write_bytes(b"RIFF")
    command = [sys.executable, "-m", "artgen_osc", "analyze", "sound.wav"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "planted" not in done.stdout and done.stderr.startswith("artgen: sound.wav")


def read_what_is_there(number: int) -> bytes:
    ready, _, _ = select.select([number], [], [], 0.01)
    return os.read(number, 1 << 16) if ready else b""


def test_who_is_not_read_waits_for_nobody() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        writer = TextWriter(stream, most=10)
        for _ in range(1000):
            writer.write("x" * (1 << 18))
        assert writer.lost >= 980 and not writer.idle
        assert not writer.drain(0.01)
        while not writer.drain(0.01):
            read_what_is_there(reader)
        os.close(reader)
        writer.write("nobody is there")
        assert writer.drain(5.0) and writer.broken


def test_a_log_that_is_not_read_says_later_how_much_was_lost() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream, os.fdopen(reader, "rb") as pipe:
        writer = TextWriter(stream, most=2)
        handler = WriterHandler(writer)
        handler.setFormatter(LogFormatter("%(message)s"))
        log = logging.Logger("test")
        log.addHandler(handler)
        for _ in range(100):
            log.error("x" * 65536)
        assert writer.lost > 90
        got = b""
        while not writer.drain(0.01):
            got += read_what_is_there(pipe.fileno())
        log.error("the next")
        while not got.endswith(b"the next\n"):
            got += read_what_is_there(pipe.fileno())
    assert sum(int(count) for count in re.findall(rb"(\d+) lines were lost", got)) == writer.lost


def test_a_fault_is_told_once_a_minute_and_a_flood_of_others_does_not_hide_it_for_long() -> None:
    now = 0.0
    throttle = Throttle(every=60.0, most=3, clock=lambda: now)
    assert [throttle.due("a") for _ in range(3)] == [True, False, False]
    assert [throttle.due(str(number)) for number in range(5)] == [True, True, True, False, False]
    now = 61.0
    assert throttle.due("a") and throttle.due("new") and throttle.count == 10


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")
    part_of(path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ZeroDivisionError), whole(path) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with whole(path, PRIVATE_FILE) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]
    assert os.name == "nt" or path.stat().st_mode & 0o777 == PRIVATE_FILE


@pytest.mark.parametrize("name", ["x" * 300, "nul\0byte", "\ud800"], ids=ascii)
def test_a_file_that_cant_be_written_says_why(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError) as caught, whole(tmp_path / name):
        pytest.fail("it can't be made")
    assert caught.value.strerror


def test_waits_double_up_to_the_longest_and_begin_again_after_a_success() -> None:
    backoff = Backoff(1.0, 5.0)
    assert backoff.fresh
    assert [backoff.next() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert not backoff.fresh
    backoff.reset()
    assert backoff.fresh and backoff.next() == 1.0


ENDS = """
from artgen_osc.runtime.child import end_with_parent
import sys, threading
end_with_parent({how})
print("runs", flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize("how", ["", "lambda: print('asked', flush=True), 0.0"])
def test_a_child_ends_with_its_parent_asked_or_at_once(how: str) -> None:
    command = [sys.executable, "-c", ENDS.format(how=how)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin and child.stdout and child.stdout.readline() == b"runs\n"
        child.stdin.write(b"whatever the parent says")
        child.stdin.flush()
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(20) == 1
        assert child.stdout.read() == (b"asked\n" if how else b"")


class Slow:
    """Work that takes as long as it is let."""

    def __init__(self) -> None:
        self.begun: queue.Queue[int] = queue.Queue()
        self.may_go_on: queue.Queue[bool] = queue.Queue()
        self.worker = LatestWorker(self._work, "slow")

    def _work(self, request: int) -> None:
        self.begun.put(request)
        if not self.may_go_on.get(timeout=20):
            raise RuntimeError("failed on purpose")


def test_a_worker_takes_the_newest_request_and_survives_what_fails(caplog: pytest.LogCaptureFixture) -> None:
    slow = Slow()
    for request in range(4):
        slow.worker.put(request)
        if request == 0:
            assert slow.begun.get(timeout=20) == 0
    assert slow.worker.dropped == 2
    slow.may_go_on.put(False)
    assert slow.begun.get(timeout=20) == 3
    assert "slow: failed (unexpected RuntimeError: failed on purpose)" in caplog.text
    slow.worker.put(4)
    slow.worker.close(0.0)
    slow.may_go_on.put(True)
    slow.worker.close()
    assert slow.begun.empty(), "what waits when it ends isn't begun"
