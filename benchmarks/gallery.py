"""How fast a large gallery is: ``python benchmarks/gallery.py 100000``.

The pictures are small, their heads as large as in a show: only heads are read for the index.
"""

import io
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from visuals.gallery.files import KEYWORD, THUMBNAIL_CHUNK
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query
from visuals.gallery.record import About, new_id, stamp, to_json
from visuals.modulation.motion import Look
from visuals.painting.painter import Stroke

SHAPE = (18, 32, 3)
THUMBNAIL_BYTES = 6000


def fill(folder: Path, count: int) -> None:
    """Write pictures without waiting for the disk."""
    chance, now = random.Random(1), stamp()
    z = np.random.default_rng(1).standard_normal(128).astype(np.float32)
    stroke = Stroke("generator", "0" * 64, z, np.full(2, 0.5, np.float32), 0.8)
    image = Image.fromarray(np.zeros(SHAPE, np.uint8))
    about = About("", "", "timer", "", 0.5, 0.5, 120.0, "A minor", 0, (stroke,), 0.0, Look(), {}, SHAPE[1], SHAPE[0])
    for index in range(count):
        time = now - timedelta(seconds=10 * index)
        entry = replace(
            about,
            id=new_id(time),
            time=time.isoformat(timespec="milliseconds"),
            title=f"Song number {index % 500}",
            valence=chance.random(),
            energy=chance.random(),
        )
        info = PngInfo()
        info.add_itxt(KEYWORD, to_json(entry))
        info.add(THUMBNAIL_CHUNK, b"\xff\xd8" + chance.randbytes(THUMBNAIL_BYTES))
        data = io.BytesIO()
        image.save(data, "PNG", compress_level=1, pnginfo=info)
        (folder / f"{entry.id}.png").write_bytes(data.getvalue())


def timed(what: str, work: Callable[[], object], times: int = 1) -> None:
    """Print the median."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        result = work()
        seconds.append(perf_counter() - start)
    print(f"{what}: {sorted(seconds)[times // 2] * 1000:.1f} ms ({result})", flush=True)


def main(count: int) -> None:
    """Fill a gallery, and time what people do with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, count)
        gallery = Gallery(folder)
        index = Index(gallery)
        timed("made anew from the files", lambda: index.sync().added)
        timed("up to date", lambda: index.sync().added, 5)
        last = index.page(Query(), limit=count)[-200].id
        queries = {
            "newest": (Query(), ""),
            "the last page": (Query(), last),
            "near a mood": (Query(near=(0.8, 0.9, 0.15)), ""),
            "a rare mood": (Query(near=(0.8, 0.9, 0.005)), ""),
            "in a rectangle": (Query(valence=(0.1, 0.3), energy=(0.1, 0.2)), ""),
            "a title": (Query(title="number 77"), ""),
            "a title that isn't there": (Query(title="nothing of the kind"), ""),
            "a day": (Query(since=stamp() - timedelta(days=2), until=stamp() - timedelta(days=1)), ""),
        }
        for what, (query, before) in queries.items():
            timed(f"a page of 100, {what}", lambda q=query, b=before: len(index.page(q, b)), 9)
        timed("count near a mood", lambda: index.count(Query(near=(0.8, 0.9, 0.15))), 9)
        timed("a thumbnail", lambda: len(index.thumbnail(last) or b""), 9)
        gallery.favour(last)
        timed("one favourite more", lambda: index.sync().added)
        timed("a page of 100, favourites", lambda: len(index.page(Query(favourite=True))), 9)
        timed("one deleted", lambda: (gallery.delete([last]), index.sync().removed)[1])
        print(f"index: {index.file.stat().st_size / 1e6:.0f} MB")
        index.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
