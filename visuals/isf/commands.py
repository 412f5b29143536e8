"""What ``artgen effects …`` does."""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ArtgenError, PluginError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import nearest, printable, say, short
from visuals.isf.file import File, name_of
from visuals.isf.head import PARTS, Input
from visuals.isf.source import FOLDER, OURS, files_in, read
from visuals.isf.transition import TRANSITIONS

if TYPE_CHECKING:
    import numpy as np

    from visuals.generators.generator import Generator

SIZES = ((96, 54), (40, 64))
"""What a file is checked at: as most screens are, and upright."""

FRAMES = 3
FORMATS = {".png": "PNG", ".jpg": "JPEG"}
"""Of pictures, by the end of their names."""


def run(given: argparse.Namespace, file: ConfigFile) -> int:
    """Run ``artgen effects ACTION``; returns the exit status.

    Parameters
    ----------
    given : the arguments, with `action` and what belongs to it
    file : settings and plugins

    Raises
    ------
    ArtgenError
    """
    match given.action:
        case "list":
            return _list(given, file)
        case "check":
            return _check(given)
        case "cost":
            from visuals.isf import cost

            return cost.run(given, file, lambda: _pictures(None))
    return _preview(given, file)


def _list(given: argparse.Namespace, file: ConfigFile) -> int:
    rows = list(_listed(file))
    if given.json:
        for row in rows:
            say(json.dumps(row))
        return 0
    widths = [max(len(str(row[key])) for row in rows) for key in ("name", "kind")]
    for row in rows:
        state = f"  ({row['error']})" if row["error"] else ""
        name, kind = row["name"].ljust(widths[0]), row["kind"].ljust(widths[1])
        say(f"{name}  {kind}  {printable(row['about'] or row['file'] or row['credit'])}{printable(state)}".rstrip())
    return 0


def _listed(file: ConfigFile) -> Iterator[dict[str, Any]]:
    """Effects, layers and transitions in the order of their names."""
    ours, theirs = _shaders(OURS) | _shaders(TRANSITIONS), _shaders(file.folder / FOLDER)
    rows = []
    for kind in ("effect", "layer"):
        for plugin in file.registry.plugins(kind):
            # One that a stranger's package brings is no file, whatever it is called.
            path = (ours if plugin.own else {} if plugin.package else theirs).pop(plugin.name, None)
            none = {"kind": kind, "about": "", "credit": plugin.package, "file": "", "error": ""}
            row = _described(path) if path else none
            rows.append({"name": plugin.name, **row, "error": plugin.reason or row["error"]})
    rows += [{"name": name, **_described(path)} for left in (theirs, ours) for name, path in left.items()]
    yield from sorted(rows, key=lambda row: str(row["name"]))


def _described(path: Path) -> dict[str, Any]:
    try:
        head = read(path).head
    except PluginError as error:
        return {"kind": "effect", "about": "", "credit": "", "file": str(path), "error": str(error)}
    return {"kind": head.kind, "about": head.about, "credit": head.credit, "file": str(path), "error": ""}


def _shaders(folder: Path) -> dict[str, Path]:
    """The files of a folder by name; of two with one name the first counts, as in a show."""
    return {name_of(path): path for path in reversed(files_in(folder))}


def _check(given: argparse.Namespace) -> int:
    from visuals.compositor.gl import standalone_context
    from visuals.isf.shader import Shader
    from visuals.isf.stage import Stage

    context = standalone_context()
    stages = [Stage(context, size, (_pattern(), _pattern()[::-1])) for size in SIZES]
    failed = 0
    for path in given.files:
        inputs: tuple[Input, ...] = ()
        kind = error = ""
        try:
            file = read(path)
            inputs, kind = file.head.inputs, file.head.kind
            shader = Shader(context, file)
            try:
                for stage in stages:
                    stage.draw(shader, FRAMES)
            finally:
                shader.release()
        except PluginError as wrong:
            error = str(wrong)
        failed += bool(error)
        if given.json:
            row = {"file": str(path), "ok": not error, "kind": kind, "inputs": list(map(_input, inputs))}
            say(json.dumps({**row, "error": error}))
        elif error:
            say(error)
        else:
            say(f"{path.name}: {kind}, {_count(len(inputs), 'input')}: draws")
    for stage in stages:
        stage.release()
    context.release()
    if not given.json:
        say(f"{len(given.files) - failed} of {_count(len(given.files), 'file')} can be used")
    return 1 if failed else 0


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number} {what}s"


def _input(one: Input) -> dict[str, Any]:
    """An input as JSON: its numbers as they stand in the file."""
    row: dict[str, Any] = {"name": one.name, "type": one.type, "label": one.label}
    if one.default:
        row |= {"default": list(one.default), "min": list(one.low), "max": list(one.high)}
    return row | ({"values": list(one.values), "labels": list(one.labels)} if one.values else {})


def _pattern() -> "np.ndarray":
    """Colours and edges, uint8 ``(90, 160, 3)``."""
    import numpy as np

    y, x = np.mgrid[:90, :160]
    blue = np.where((x // 10 + y // 10) % 2, 220, 30)
    return np.stack((255 * x // 159, 255 * y // 89, blue), axis=2).astype(np.uint8)


def _preview(given: argparse.Namespace, file: ConfigFile) -> int:
    from visuals.compositor.gl import standalone_context
    from visuals.isf.shader import Shader
    from visuals.isf.stage import FPS, Stage

    if given.output.suffix.lower() not in FORMATS:
        raise PluginError(f"-o: {given.output} is not a picture; end its name in {' or '.join(FORMATS)}")
    found = read(_found(given.file, file))
    values = _values(given.value, found)
    context = standalone_context()
    stage = Stage(context, given.size, _pictures(given.picture))
    try:
        shader = Shader(context, found)
        frame = stage.draw(shader, max(1, round(FPS * given.at)), values)
        shader.release()
    finally:
        stage.release()
        context.release()
    save(given.output, frame)
    say(f"{given.output}: {given.size[0]}x{given.size[1]}")
    return 0


def save(path: Path, frame: "np.ndarray") -> None:
    """Write a picture in the format that its name ends in.

    Parameters
    ----------
    path : of the file
    frame : uint8 ``(height, width, 3)``, RGB, top row first

    Raises
    ------
    PluginError
        It can't be written.
    """
    from PIL import Image

    try:
        with whole(path) as part:
            Image.fromarray(frame).save(part, format=FORMATS[path.suffix.lower()], optimize=True, quality=85)
    except OSError as error:
        raise PluginError(f"{path}: can't be written ({error.strerror or error}); choose another") from None


def _found(named: Path, file: ConfigFile) -> Path:
    """The file that somebody means: its path, or the name of one that is listed."""
    if named.exists() or named.suffix:
        return named
    known = _shaders(file.folder / FOLDER) | _shaders(TRANSITIONS) | _shaders(OURS)  # ours count in a show, too
    if str(named) not in known:
        raise PluginError(f"{named}: no ISF file has this name; {nearest(str(named), known)}")
    return known[str(named)]


def _values(words: list[str], file: File) -> Mapping[str, tuple[float, ...]]:
    inputs = {one.name: one for one in file.head.numbers}
    found = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in inputs:
            raise PluginError(f"--value {short(name)}: no such input; {nearest(name, inputs)}")
        try:
            numbers = tuple(float(part) for part in text.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != len(PARTS[inputs[name].type]):
            raise PluginError(f"--value {name}: {short(text)} is not {_count(len(PARTS[inputs[name].type]), 'number')}")
        found[name] = numbers
    return found


def _generator() -> "Generator":
    """What paints in a show; where it can't be used, what needs no model."""
    from visuals.generators.opening import IDLE, open_generator

    try:
        return open_generator("")
    except ArtgenError:
        return open_generator(IDLE)


def _pictures(path: Path | None) -> "tuple[np.ndarray, np.ndarray]":
    """What a filter is given, and what a transition goes to."""
    import numpy as np

    if path is None:
        generator = _generator()
        z = np.random.default_rng(3).standard_normal((2, generator.z_dim)).astype(np.float32)
        first, second = (generator(one, np.array([0.7, 0.65], np.float32), 0.8) for one in z)
        return first, second
    from PIL import Image

    try:
        with Image.open(path) as opened:
            own = np.asarray(opened.convert("RGB"))
            return own, own[:, ::-1]
    except Exception as error:  # a damaged picture raises anything
        raise PluginError(f"--picture: {path}: is not a picture that can be read ({error})") from None
