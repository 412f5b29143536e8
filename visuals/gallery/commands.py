"""What ``artgen gallery …`` does."""

import argparse
import json
import sys
from contextlib import closing
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TextIO

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ArtgenError, GalleryError
from artgen_osc.runtime.text import printable, say
from visuals.gallery.export import export
from visuals.gallery.files import reason_of, write
from visuals.gallery.folder import Gallery
from visuals.gallery.index import Index
from visuals.gallery.query import Query, end_of
from visuals.gallery.record import Kept, check_id, to_json
from visuals.gallery.rows import NAMED, Row, Synced

TELL_EVERY = 5000


def run(given: argparse.Namespace, file: ConfigFile) -> int:
    """Run ``artgen gallery ACTION``; returns the exit status.

    Parameters
    ----------
    given : the arguments, with `action` and what belongs to it
    file : settings and plugins

    Raises
    ------
    ArtgenError
    """
    try:
        return _run(given, file)
    except ArtgenError as error:  # what a file, or a name, puts into the text doesn't make more than one line of it
        raise type(error)(printable(error)) from None
    except BrokenPipeError:
        raise  # the reader of our output has seen enough
    except OSError as error:
        path = printable(error.filename or file.config.visuals.gallery)
        raise GalleryError(f"{path}: can't be used ({reason_of(error)}); check the path") from None


def _run(given: argparse.Namespace, file: ConfigFile) -> int:
    settings = file.config.visuals
    if given.action == "serve":
        return _serve(given, Path(settings.gallery))
    if given.action == "paint":
        return _paint(given, file)
    gallery = Gallery(Path(settings.gallery))
    match given.action:
        case "list":
            return _list(gallery, given)
        case "show":
            return _show(gallery, given)
        case "render":
            return _render(gallery, given, file)
        case "favourite":
            gallery.favour(given.id, not given.no)
            _print(f"{given.id}: {'no longer a favourite' if given.no else 'a favourite'}")
        case "delete":
            for id in gallery.delete(given.ids):
                _print(f"{id}: deleted; artgen gallery undo brings it back")
        case "undo":
            for id in gallery.undo():
                _print(f"{id}: is back")
        case "export":
            return _export(gallery, given)
    return 0


def _serve(given: argparse.Namespace, folder: Path) -> int:
    from visuals.gallery.serve import run, run_child

    return run_child(folder) if given.child else run(folder, given.port)


def _list(gallery: Gallery, given: argparse.Namespace) -> int:
    query, before = _query(given), check_id(given.before) if given.before else ""
    with closing(Index(gallery)) as index:
        _complain(gallery, index.sync(_tell))
        rows, count = index.page(query, before, given.limit), index.count(query)
    for row in rows:
        _print(json.dumps(asdict(row)) if given.json else _line(row))
    if not given.json:
        _print(_pictures(count) + (f", more with --before {rows[-1].id}" if len(rows) == given.limit else ""))
    return 0


def _show(gallery: Gallery, given: argparse.Namespace) -> int:
    about = gallery.read(given.id).about
    if given.json:
        _print(json.dumps(json.loads(to_json(about)), separators=(",", ":")))  # as it is, but in any encoding
        return 0
    favourite = ", a favourite" if given.id in gallery.favourites() else ""
    _print(f"{gallery.path(given.id)}: {about.width}x{about.height}{favourite}")
    _print(f"taken {about.time} ({about.cause})")
    _print(f"mood valence {about.valence:.3f}, energy {about.energy:.3f}")
    _print(f"music {about.title or 'untitled'}, {about.tempo_bpm:.1f} bpm, {about.key or 'no key'}")
    for stroke in about.strokes:
        code = f"sha256 {stroke.sha256}" if stroke.sha256 else "no file"
        _print(f"model {stroke.name}, {code}, z of {stroke.z.size}, truncation {stroke.truncation:.2f}")
    if len(about.strokes) == 2:
        _print(f"mix {about.mix:.0%} of the second one")
    _print(f"seed {about.seed}; look zoom {about.look.zoom:.3f}")
    _print("effects " + _values(about.effects) + (f", scene {about.scene}" if about.scene else ""))
    return 0


def _render(gallery: Gallery, given: argparse.Namespace, file: ConfigFile) -> int:
    from visuals.gallery import repaint
    from visuals.generators.finisher import Finisher
    from visuals.generators.opening import open_generator

    settings = file.config.visuals
    about = gallery.read(given.id).about
    output = given.output or repaint.output_name(about, given.size)
    if output.suffix.lower() != ".png":
        raise GalleryError(
            f"-o: {output} is not a PNG file, which alone has room for what is known of it; "
            "choose a name that ends in .png"
        )
    repaint.check_size(given.size)
    files = repaint.candidates(settings)
    painted = repaint.paint(about, lambda stroke: open_generator(repaint.find_model(stroke, files), 2, settings.engine))
    scales = repaint.passes(painted.shape, about, given.size)
    pixels, ready = repaint.finish(painted, about, scales, lambda: Finisher(None, 2, settings.engine), file)
    frame = repaint.draw(pixels, ready, given.size, file)
    try:
        write(output, frame, replace(about, width=frame.shape[1], height=frame.shape[0], scale=ready.scale))
    except OSError as error:
        raise GalleryError(
            f"{output}: can't be written ({error.strerror}); a folder with room is needed; choose another"
        ) from None
    told = f"the model paints {painted.shape[1]}x{painted.shape[0]}"
    if pixels.shape != painted.shape:
        told += f"; the finisher has made {pixels.shape[1]}x{pixels.shape[0]} of it, with contours of its own"
    larger = max(frame.shape[:2]) > max(pixels.shape[:2])
    told += "; the rest is enlargement, which adds no detail" if larger else ""
    _print(f"{output}: {frame.shape[1]}x{frame.shape[0]}; {told}")
    return 0


def _paint(given: argparse.Namespace, file: ConfigFile) -> int:
    from visuals.gallery import song

    analysis = song.read_analysis(given.analysis) if given.analysis else song.analysis_of(given.file)
    seed = song.seed_of(given.file) if given.seed is None else given.seed
    title = given.title or str(analysis.get("title") or "") or given.file.stem
    _print(song.paint(analysis, title, seed, given.size, file, Path(file.config.visuals.gallery)).id)
    return 0


def _export(gallery: Gallery, given: argparse.Namespace) -> int:
    with closing(Index(gallery)) as index:
        _complain(gallery, index.sync(_tell))
        written, lost = export(index, _query(given), given.folder)
    for id in lost:
        _print(f"artgen: {id}: has gone or can't be read, and is not in {given.folder}", sys.stderr)
    _print(f"{given.folder / 'index.html'}: {_pictures(written)}")
    return 0


def _query(given: argparse.Namespace) -> Query:
    near = None
    if given.near:
        near = (*given.near, given.within)
    until = end_of(given.until) if given.until else None
    return Query(near=near, title=given.title, since=given.since, until=until, favourite=given.favourite)


def _tell(done: int, all_of_them: int) -> None:
    if done % TELL_EVERY == 0:
        _print(f"artgen: reading the pictures, {done} of {all_of_them}", sys.stderr)


def _complain(gallery: Gallery, synced: Synced) -> None:
    for name, reason in synced.skipped[:NAMED]:
        _print(f"artgen: {gallery.folder / name}: {reason}; it is left alone", sys.stderr)
    if len(synced.skipped) > NAMED:
        _print(f"artgen: {gallery.folder}: {len(synced.skipped) - NAMED} more such files", sys.stderr)


def _line(row: Row) -> str:
    when = datetime.fromisoformat(row.time).strftime("%Y-%m-%d %H:%M:%S")
    star = "*" if row.favourite else " "
    music = [f"{row.tempo_bpm:.0f} bpm" if row.tempo_bpm else "", row.key, row.title]
    return (
        f"{row.id} {star} {when}  valence {row.valence:.2f}  energy {row.energy:.2f}  {row.model}  "
        + "  ".join(part for part in music if part)
    ).rstrip()


def _print(text: str, file: TextIO | None = None) -> None:
    """Print one line, whatever came into it from files."""
    say(printable(text), file)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _values(values: dict[str, Kept]) -> str:
    return ", ".join(f"{name} {f'{value:g}' if isinstance(value, float) else value}" for name, value in values.items())
