"""The scenes that there are: the performer's own in a folder, and the presets that ship with artgen.

The disk is looked at and written on a thread of its own, so that the show never waits for it.
"""

import logging
import queue
import threading
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from artgen_osc.errors import SceneError
from artgen_osc.runtime.files import stamp
from artgen_osc.runtime.throttle import Throttle
from visuals.control.scenes.file import SUFFIX, Held, Scene, read, write
from visuals.control.scenes.name import check_name, key_of, name_in, stem_of

log = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "presets"

LOOK_S = 1.0
"""A file that somebody else puts there is known after so long."""

MOST_FILES = 1000
MOST_WAITING = 16
CLOSE_S = 8.0
"""Less than the supervisor gives the renderer to end."""

LONGEST_LIST = 1200
"""Bytes of all names with commas between: they go into one datagram."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that can't be used, and why; its name is empty where it can't be a scene's."""

    name: str
    reason: str


_Found = dict[str, Scene | Broken]
"""By `key_of` the name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was asked for and couldn't be done after all.

    Attributes
    ----------
    what : the address that asked
    reason : as in an error
    """

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Job:
    what: str
    name: str
    scene: Scene | None
    """None: it goes."""


class Library:
    """Finds scenes by name, saves and deletes them. Capital and small letters are the same in a name.

    Parameters
    ----------
    folder : of the performer's own; made with the first save
    held : what a scene may hold

    Attributes
    ----------
    folder, held : as given
    """

    def __init__(self, folder: Path, held: Held) -> None:
        self.folder, self.held = folder, held
        self._stamps: dict[Path, tuple[tuple[int, int] | None, Scene | Broken]] = {}
        self._throttle = Throttle()
        self._own: _Found = {}
        self._presets = self._look(SHIPPED)
        self._own = self._look(folder)
        self._pending: dict[str, _Job] = {}
        self._done: deque[tuple[_Job, str]] = deque()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="scenes", daemon=True)
        self._thread.start()

    def find(self, name: str) -> Scene:
        """The scene of a name; the performer's own one goes before a preset.

        Raises
        ------
        SceneError
            There is none, or its file can't be used.
        """
        key = key_of(name)
        scene = self._known().get(key)
        if isinstance(scene, Broken):
            raise SceneError(scene.reason)
        if scene is None:
            check_name(name)
            raise SceneError(f"there is no scene {name!r}; choose from {self.listed()}, or save it first")
        return scene

    def names(self) -> list[str]:
        """Of all that can be used: the performer's own in alphabetical order, then the presets."""
        known = self._known()
        own = sorted(key for key in known if self._is_own(key))
        ordered = own + sorted(known.keys() - set(own))
        return [scene.name for key in ordered if isinstance(scene := known[key], Scene)]

    def transitions(self) -> list[str]:
        """Names of those that scenes are entered by."""
        scenes = [scene for scene in self._known().values() if isinstance(scene, Scene)]
        return sorted({scene.transition for scene in scenes if scene.transition})

    def listed(self) -> str:
        """Names with commas between, as many as go into a datagram."""
        text = ",".join(self.names()).encode()
        return (text if len(text) <= LONGEST_LIST else text[: LONGEST_LIST + 1].rpartition(b",")[0]).decode()

    def save(self, what: str, scene: Scene) -> Scene:
        """Have a scene written; it can be recalled at once.

        Parameters
        ----------
        what : the address that asks, for a `Failure`
        scene : one of the same name is replaced; its name, its line about it and the transition to it stay

        Returns
        -------
        The scene as it will be written.

        Raises
        ------
        SceneError
            Its name is none, there is no room, or the disk is busy.
        """
        scene = replace(scene, name=check_name(scene.name))
        key = key_of(scene.name)
        before = self._known().get(key)
        if before and self._is_own(key):
            kept = before if isinstance(before, Scene) else Scene(before.name, {})
            scene = replace(scene, name=kept.name, about=kept.about, transition=kept.transition)
        elif len(",".join([*self.names(), scene.name]).encode()) > LONGEST_LIST:
            raise SceneError(
                f"there is no room for {scene.name!r}; all names together have {LONGEST_LIST} bytes at most; "
                "delete one first"
            )
        self._ask(_Job(what, scene.name, scene))
        return scene

    def delete(self, what: str, name: str) -> None:
        """Have one of the performer's own deleted, one whose file can't be used too.

        Parameters
        ----------
        what : the address that asked for it, for a failure to be told by
        name : of the scene

        Raises
        ------
        SceneError
            It is no scene of the performer's, or the disk is busy.
        """
        key = key_of(check_name(name))
        if not self._is_own(key):
            scene = self.find(name)
            raise SceneError(f"{scene.name!r} is a preset; your own scenes can be deleted; save one under its name")
        self._ask(_Job(what, self._known()[key].name, None))

    def poll(self) -> list[Failure]:
        """What couldn't be written since the last call. The disk's state counts again."""
        failures = []
        while self._done:
            job, reason = self._done.popleft()
            if self._pending.get(key_of(job.name)) is job:
                del self._pending[key_of(job.name)]
            if reason:
                failures.append(Failure(job.what, reason))
        return failures

    def close(self) -> None:
        """Write what is waiting, then end; a disk that hangs is not waited for."""
        try:
            self._jobs.put(None, timeout=CLOSE_S)
        except queue.Full:
            log.warning("%s: the disk hangs; %d scenes are lost", self.folder, self._jobs.qsize())
            return
        self._thread.join(timeout=CLOSE_S)
        for failure in self.poll():
            log.warning("%s: %s", failure.what, failure.reason)

    def _ask(self, job: _Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise SceneError(
                f"{job.name!r} can't be written now, the disk is busy; {MOST_WAITING} may wait; try again"
            ) from None
        self._pending[key_of(job.name)] = job

    def _is_own(self, key: str) -> bool:
        job = self._pending.get(key)
        return job.scene is not None if job else key in self._own

    def _known(self) -> _Found:
        """What is on disk, as far as nothing else has been asked for."""
        known = self._presets | self._own
        for key, job in self._pending.items():
            if job.scene is not None:
                known[key] = job.scene
            elif key in self._presets:
                known[key] = self._presets[key]
            else:
                known.pop(key, None)
        return known

    def _run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=LOOK_S)
            except queue.Empty:
                self._own = self._look(self.folder)
                continue
            if job is None:
                return
            reason = self._do(job)
            self._own = self._look(self.folder)
            self._done.append((job, reason))

    def _do(self, job: _Job) -> str:
        """Why it couldn't be done, or nothing."""
        path = self.folder / f"{stem_of(job.name)}{SUFFIX}"
        self._stamps.pop(path, None)
        # The same name, written otherwise by another system or by hand.
        twins = [twin for twin in self._stamps if twin.parent == self.folder and _name_of(twin) == job.name]
        try:
            if job.scene is None:
                path.unlink(missing_ok=True)
            else:
                write(self.folder, job.scene)
            for twin in twins:
                # A file system may take both names for one file.
                if job.scene is None or not (twin.exists() and twin.samefile(path)):
                    self._stamps.pop(twin, None)
                    twin.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            return (
                f"{job.name!r} can't be {'deleted' if job.scene is None else 'saved'} in {self.folder} ({reason}); "
                "a folder with room that can be written is needed; free some, or choose another by visuals.scenes"
            )
        return ""

    def _look(self, folder: Path) -> _Found:
        """All scenes of a folder; only what has changed is read. What can't be looked at stays as it was."""
        found: _Found = {}
        try:
            found_files = (path for path in folder.iterdir() if path.suffix == SUFFIX and path.name[0] != ".")
            paths = sorted(islice(found_files, MOST_FILES))
        except FileNotFoundError:
            return found
        except (OSError, ValueError) as error:
            if self._throttle.due():
                reason = error.strerror if isinstance(error, OSError) else error
                log.warning("%s: can't be looked at (%s); a folder is needed; see visuals.scenes", folder, reason)
            return self._own
        stamps, self._stamps = self._stamps, {}
        for path in paths:
            now, before = stamp(path), stamps.get(path)
            scene = before[1] if before and before[0] == now else self._read(path)
            self._stamps[path] = now, scene
            if scene.name:
                found[key_of(scene.name)] = scene
        return found

    def _read(self, path: Path) -> Scene | Broken:
        """A scene, or why its file is passed over: told once, until the file is another one."""
        try:
            return read(path, self.held)
        except SceneError as error:
            log.warning("%s", error)
            return Broken(_name_of(path), str(error))


def _name_of(path: Path) -> str:
    """The scene of a file; empty where its name can't be one's."""
    try:
        return name_in(path.stem)
    except SceneError:
        return ""
