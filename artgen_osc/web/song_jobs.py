"""The work on songs, one after another, in processes that may hang or crash: sound, analysis, picture."""

import logging
import os
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from artgen_osc.errors import ArtgenError
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.files import PART, create_private, read_text, settle
from artgen_osc.web.song_store import ENDED, Song, Store

log = logging.getLogger(__name__)

MOST_POINTS = 300
"""Of a song's mood curve."""

MOST_STARTS = 3
"""A song during which the show was killed so often is not begun again: it may be the reason."""

CLOSE_S = 5.0
_LINE = 4096
_SHARES = {"waiting": (0.0, 0.0), "converting": (0.0, 0.1), "analysing": (0.1, 0.85), "painting": (0.95, 0.05)}
"""Where each state begins on the way from 0 to 1, and how much of the way it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken from a page.

    Attributes
    ----------
    size : bytes of an upload
    upload_s : s that an upload may take
    pause_s : s without a byte after which it counts as broken off
    sound_s : s of sound
    stall_s : s in which a process must get on
    job_s : s that a process may take
    waiting : songs that may wait, those on their way included
    spare : bytes of disk that stay free
    """

    size: int = 200 << 20
    upload_s: float = 900.0
    pause_s: float = 30.0
    sound_s: float = 1200.0
    stall_s: float = 120.0
    job_s: float = 3600.0
    waiting: int = 16
    spare: int = 1 << 30


class JobError(ArtgenError):
    """A song can't be worked on to the end."""


class _Stopped(Exception):
    """The song is deleted, or the server closes."""


class Jobs:
    """Works on songs on a thread of its own; the work itself is done by child processes.

    Parameters
    ----------
    store : where the songs are
    paint : flags of ``artgen gallery paint``, such as ``--gallery=FOLDER``
    analyze : flags of ``artgen analyze``, such as ``--mood-model=FILE``
    decoder : module that is called as `artgen_osc.web.song_decoder` is
    limits : Limits
    """

    def __init__(
        self, store: Store, paint: Sequence[str], analyze: Sequence[str], decoder: str, limits: Limits
    ) -> None:
        self._store, self._limits = store, limits
        self._paint, self._analyze, self._decoder = tuple(paint), tuple(analyze), decoder
        self._change = threading.Condition()
        self._songs = {song.id: song for song in store.load()}
        self._waiting = deque(song.id for song in self._songs.values() if song.state not in ENDED)
        for id in self._waiting:
            self._songs[id] = replace(self._songs[id], state="waiting")
        self._current, self._closing = "", False
        self._seconds = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._work, name="songs", daemon=True)
        self._thread.start()

    # For the server, at any time

    def songs(self) -> list[Song]:
        """All songs, the newest first."""
        with self._change:
            return [self._songs[id] for id in sorted(self._songs, reverse=True)]

    def get(self, id: str) -> Song | None:
        """A song, if there is one of this id."""
        with self._change:
            return self._songs.get(id)

    @property
    def waiting(self) -> int:
        """Songs whose work hasn't begun."""
        return len(self._waiting)

    def progress(self, song: Song) -> float:
        """How far the work on it is, 0..1."""
        if song.state in ENDED:
            return 1.0
        start, share = _SHARES[song.state]
        # How long a recording is shows only when it has been converted.
        whole = song.duration or self._seconds + 60.0
        return start + share * min(1.0, self._seconds / whole) if song.id == self._current else start

    def add(self, song: Song, part: Path) -> None:
        """Take an upload. Blocks until it is on disk.

        Parameters
        ----------
        song : what is known of it, with a new id
        part : the whole upload, a file of `Store.part`; it is moved

        Raises
        ------
        OSError
            It can't be written; then there is no song.
        """
        self._store.add(song, part)
        with self._change:
            self._songs[song.id] = song
            self._waiting.append(song.id)
            self._change.notify_all()

    def delete(self, id: str) -> bool:
        """Delete a song and end the work on it; False where there is none. Blocks until it is gone.

        Raises
        ------
        OSError
        """
        with self._change:
            if self._songs.pop(id, None) is None:
                return False
            if id in self._waiting:
                self._waiting.remove(id)
            while self._current == id:
                self._kill()
                self._change.wait(0.1)
        self._store.delete(id)
        return True

    def close(self) -> None:
        """End; songs that aren't done go on with the next show. Blocks."""
        with self._change:
            self._closing = True
            self._kill()
            self._change.notify_all()
        self._thread.join(CLOSE_S)

    def _kill(self) -> None:
        if self._process:
            self._process.kill()

    # The thread

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._closing:
                    self._change.wait()
                if self._closing:
                    return
                self._current = self._waiting.popleft()
            try:
                self._treat(self._current)
            except _Stopped:
                log.debug("%s: stopped", self._current)
            except Exception as error:  # whatever it is, the next song may be a good one
                reason = str(error) if isinstance(error, ArtgenError) else f"song: the work on it failed ({error})"
                log.warning("%s: %s", self._current, reason)
                with suppress(_Stopped, OSError):
                    for name in ("original", f"sound.wav{PART}", f"output{PART}"):
                        self._file(name).unlink(missing_ok=True)
                    self._set(self._current, state="failed", reason=reason)
            finally:
                with self._change:
                    self._current = ""
                    self._change.notify_all()

    def _treat(self, id: str) -> None:
        """What is there already, from a show that was ended, isn't made again."""
        file = self._file
        song = self.get(id)
        if song is None:
            return
        song = self._set(id, starts=song.starts + 1)
        if song.starts > MOST_STARTS:
            raise JobError("song: the show ended each time that it was worked on; send it again, or choose another")
        if not self._store.has(id, "sound.wav"):
            if not self._store.has(id, "original"):
                raise JobError("song: its file is gone, or a link to another one; send it again")
            self._set(id, state="converting")
            self._convert(id)
        file("original").unlink(missing_ok=True)
        if not self._store.has(id, "analysis.json"):
            self._set(id, state="analysing")
            words = ("analyze", "--json", "--progress", *self._analyze, str(file("sound.wav")))
            self._run("analysis", "artgen_osc", words, file(f"output{PART}"))
            settle(file(f"output{PART}"), file("analysis.json"))
        told = self._store.read(id, "analysis.json")
        known = {name: told[name] for name in ("duration", "tempo_bpm", "key", "valence", "energy")}
        song = self._set(id, state="painting", mood=thinned(told["mood"]), **known)
        words = ("gallery", "paint", f"--analysis={file('analysis.json')}", f"--title={song.title}", *self._paint)
        self._run("painter", "artgen_osc", (*words, str(file("sound.wav"))), file(f"output{PART}"))
        picture = read_text(file(f"output{PART}")).strip()
        file(f"output{PART}").unlink()
        self._set(id, state="done", picture=picture)

    def _convert(self, id: str) -> None:
        file = self._file
        create_private(file(f"sound.wav{PART}")).close()  # the decoder writes into what is there
        words = (str(file("original")), str(file(f"sound.wav{PART}")), str(self._limits.sound_s))
        self._run("decoder", self._decoder, words, file(f"output{PART}"))
        told = self._store.read(id, f"output{PART}")
        file(f"output{PART}").unlink()
        settle(file(f"sound.wav{PART}"), file("sound.wav"))
        title = str(told["title"]) or self._title(id)
        self._set(id, title=title, duration=float(told["duration"]))

    def _title(self, id: str) -> str:
        song = self.get(id)
        return song.title if song else ""

    def _file(self, name: str) -> Path:
        return self._store.path(self._current, name)

    def _set(self, id: str, **changes: Any) -> Song:
        """Change what is known of a song: on disk, then for all to see. Only the thread does."""
        with self._change:
            if self._closing or id not in self._songs:
                raise _Stopped
            song = replace(self._songs[id], **changes)
        try:
            self._store.save(song)
        except OSError as error:
            # It is done again by the next show, if the disk is then as it should be.
            log.warning("%s: can't be written (%s); a folder with room is needed", song.id, error)
        with self._change:
            if id not in self._songs:
                raise _Stopped
            if "state" in changes:
                self._seconds = 0.0
            self._songs[id] = song
        return song

    def _run(self, who: str, module: str, words: Sequence[str], output: Path) -> None:
        """Run a module of ours in a process, with what it prints in a file.

        Raises
        ------
        JobError
            It has failed, hung or crashed.
        """
        command = python_module("artgen_osc.runtime.background", module, *words)
        try:
            with create_private(output) as file, self._change:
                if self._closing or self._current not in self._songs:
                    raise _Stopped
                # Ctrl-C is for the show, which ends us: hence a session of its own.
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.PIPE,
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                    start_new_session=True,
                    creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
                )
            with self._process as process:
                try:
                    last, blame = self._follow(process)
                finally:
                    process.kill()
        finally:
            self._process = None
        if self._closing or self._current not in self._songs:
            raise _Stopped
        if blame or process.returncode:
            raise JobError(last or f"song: the {who} {blame or f'crashed (status {process.returncode})'}; {_ADVICE}")

    def _follow(self, process: "subprocess.Popen[bytes]") -> tuple[str, str]:
        """Listen to a process until it ends or takes too long: its last complaint, and what is wrong with it."""
        lines: queue.Queue[bytes] = queue.Queue(100)
        assert process.stderr is not None
        reader = threading.Thread(target=_read_lines, args=(process.stderr, lines.put), daemon=True)
        reader.start()
        last, blame = "", ""
        timer = threading.Timer(self._limits.job_s, process.kill)
        timer.daemon = True
        timer.start()
        while True:
            try:
                line = lines.get(timeout=self._limits.stall_s)
            except queue.Empty:
                blame = f"hung for {self._limits.stall_s:g} s"
                process.kill()
                continue
            if not line:
                break
            text = line.decode(errors="replace").strip()
            if text.startswith("progress "):
                with suppress(ValueError):
                    self._seconds = float(text.removeprefix("progress "))
            elif text.startswith("artgen: "):
                last = text.removeprefix("artgen: ")
        if not timer.is_alive():
            blame = f"took longer than {self._limits.job_s:g} s"
        timer.cancel()
        with suppress(subprocess.TimeoutExpired):
            process.wait(self._limits.stall_s)  # it has closed its output, and has nothing left to do
        return last, blame


_ADVICE = "convert it to wav, or choose another"


def _read_lines(pipe: IO[bytes], put: Callable[[bytes], None]) -> None:
    """Hand over each line, and nothing at the end."""
    with suppress(ValueError, OSError):
        while line := pipe.readline(_LINE):
            put(line)
    put(b"")


def thinned(mood: list[list[float]]) -> tuple[tuple[float, float, float], ...]:
    """A curve ``[time, valence, energy]`` of at most `MOST_POINTS`: the mean of neighbours."""
    step = -(-len(mood) // MOST_POINTS) or 1
    groups = [mood[first : first + step] for first in range(0, len(mood), step)]
    return tuple(
        (round(sum(p[0] for p in g) / len(g), 3), *(round(sum(p[k] for p in g) / len(g), 4) for k in (1, 2)))  # type: ignore[misc]
        for g in groups
    )
