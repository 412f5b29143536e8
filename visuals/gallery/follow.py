"""A gallery that is followed while a show adds to it: its index, kept up to date on a thread of its own.

Looking through a folder of 100,000 files takes more than a second, so that isn't done each time. The names alone
are compared, and only when the folder has changed; the files themselves are looked at in turn, a few hundred at a time.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from artgen_osc.errors import GalleryError
from visuals.gallery.files import reason_of
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.record import stamp
from visuals.gallery.rows import NAMED, Changes

log = logging.getLogger(__name__)

LOOK_S, LONGEST_S, SHARE = 1.5, 5.0, 10
"""Between two looks at the folder: the first, or `SHARE` times what a look takes, up to the second."""

AT_ONCE = 100
"""New files that are read in one go, a tenth of a second; then requests have their turn."""

IN_TURN = 300
"""Files of which each look asks whether they have changed in place."""

YOUNG_S = 3.0
"""A folder that has changed so lately may change again without another time of change."""

NEWS = 200
"""Events that wait for a listener who is slow; one more, and it has to begin anew."""

MOST_LISTENERS = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class News:
    """One step from a state of the gallery to the next.

    Attributes
    ----------
    version : of the state that follows
    changes : None if the step can't be told, and everything is to be read anew
    """

    version: int
    changes: Changes | None


class NoGalleryError(GalleryError):
    """The folder isn't there yet, or has just gone; it may come."""


class Followed:
    """A gallery whose folder may come, go and change at any time. All methods are called in one event loop.

    Parameters
    ----------
    folder : needs not be there yet

    Attributes
    ----------
    ready : whether there is a gallery
    waiting : files that are still to be read
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ready = False
        self.waiting = 0
        self.version = round(stamp().timestamp() * 1000)  # another one than before a restart
        self._index: Index | None = None
        self._known: set[str] = set()
        self._found: set[str] = set()
        self._seen = self._identity = self._anew = 0
        self._turn: Iterator[str] = iter(())
        self._told = ""
        self._thread = ThreadPoolExecutor(1, "gallery")
        self._listeners: set[asyncio.Queue[News]] = set()

    async def follow(self) -> None:
        """Look at the folder now and then, until it is cancelled."""
        while True:
            began = perf_counter()
            try:
                news, hurry = await self._on_thread(self._look)
            except Exception as error:  # whatever it is, the next look may find it mended
                news, hurry = None, False
                told = str(error) if isinstance(error, GalleryError) else f"{self.folder}: {reason_of(error)}"
                if told != self._told:
                    self._told = told
                    log.warning("%s; it is looked at again", told)
            else:
                self._told = ""
                self._tell(news)
            pause = min(max(LOOK_S, SHARE * (perf_counter() - began)), LONGEST_S)
            await asyncio.sleep(0 if hurry else pause)

    async def ask(self, question: Callable[[Index], T]) -> T:
        """Have the index asked, on its thread.

        Raises
        ------
        GalleryError
            There is no gallery yet, or what `question` raises.
        """
        return await self._on_thread(lambda: question(self._opened()))

    async def change(self, action: Callable[[Gallery], list[str]]) -> list[str]:
        """Change the gallery; `action` returns the ids of which the files have changed.

        Raises
        ------
        GalleryError
        """

        def act() -> tuple[list[str], News | None]:
            index = self._opened()
            ids = action(index.gallery)
            return ids, self._update(index, [f"{id}.png" for id in ids])

        ids, news = await self._on_thread(act)
        self._tell(news)
        return ids

    def listen(self) -> "asyncio.Queue[News] | None":
        """A queue of what happens from now on; None if too many listen."""
        if len(self._listeners) >= MOST_LISTENERS:
            return None
        queue: asyncio.Queue[News] = asyncio.Queue(NEWS)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: "asyncio.Queue[News]") -> None:
        """Listen no longer."""
        self._listeners.discard(queue)

    async def close(self) -> None:
        """Close the index."""
        await self._on_thread(self._close)
        self._thread.shutdown(wait=False)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _tell(self, news: News | None) -> None:
        if news is None:
            return
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(News(news.version, None))
            else:
                queue.put_nowait(news)

    # On the thread

    def _opened(self) -> Index:
        if self._index is None:
            raise NoGalleryError(f"{self.folder}: there is no gallery yet; take a picture first")
        return self._index

    def _close(self) -> None:
        if self._index:
            self._index.close()
        self._index, self.ready = None, False

    def _look(self) -> tuple[News | None, bool]:
        """One look: what is new, and whether there is more to read."""
        news = None
        try:
            status = self.folder.stat()
        except FileNotFoundError:
            status = None
        except ValueError:
            raise GalleryError(
                f"{self.folder!s:.200}: no folder can have this name; choose another by --gallery"
            ) from None
        if self._index and (status is None or status.st_ino != self._identity or not self._index.is_current()):
            self._close()
            news = self._begin_anew()
        if status is None:
            return news, False
        if not self._index:
            self._index = Index(Gallery(self.folder))
            self._identity, self._seen, self._anew = status.st_ino, 0, self._index.made_anew
            self._known = self._index.names()
            self._name(self._index.skipped(AT_ONCE))
            news, self.ready = self._begin_anew(), True
        index = self._index
        if status.st_mtime_ns != self._seen:
            self._found = index.gallery.names()
            age = stamp().timestamp() - status.st_mtime_ns / 1e9
            self._seen = status.st_mtime_ns if abs(age) > YOUNG_S else 0
        new = self._found - self._known
        names = sorted(new, reverse=True)[:AT_ONCE]
        self.waiting = len(new) - len(names)
        names += self._known - self._found
        names += [name for name, _ in index.skipped(AT_ONCE)] + self._in_turn()
        step = self._update(index, names)
        news = news or step  # one that begins anew covers the other
        if index.made_anew != self._anew:
            self._anew, self._known = index.made_anew, index.names()
            news = self._begin_anew()
        return news, self.waiting > 0

    def _in_turn(self) -> list[str]:
        names = list(islice(self._turn, IN_TURN))
        if not names:
            self._turn = iter(sorted(self._known))
        return names

    def _update(self, index: Index, names: list[str]) -> News | None:
        changes = index.update(names)
        self._name(changes.skipped)
        for name in names:
            (self._known.add if name in self._found or index.gallery.state(name) else self._known.discard)(name)
        if not changes:
            return None
        self.version += 1
        return News(self.version, changes)

    def _name(self, skipped: Sequence[tuple[str, str]]) -> None:
        for name, reason in skipped[:NAMED]:
            log.warning("%s: %s; it is left alone", self.folder / name, reason)
        if len(skipped) > NAMED:
            log.warning("%s: %d more such files", self.folder, len(skipped) - NAMED)

    def _begin_anew(self) -> News:
        self.version += 1
        return News(self.version, None)
