"""A scene: settings of the picture under a name, one small TOML file each."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artgen_osc import config
from artgen_osc.errors import SceneError
from artgen_osc.runtime.files import decode_text, open_regular
from artgen_osc.schema import VISUALS_CONTROLS, Address, Value
from visuals.gallery.files import sync_folder
from visuals.scene_name import name_in, stem_of

LEFT_OUT = frozenset(
    {
        *("fullscreen", "help", "freeze", "blackout", "snapshot_every", "snapshot_on_mood"),
        *("models", "model_fade", "scene", "scene_fade"),
    }
)
"""Settings with an address that belong to the evening, not to the picture."""

ROWS: Mapping[str, Address] = {
    name: row
    for row in VISUALS_CONTROLS
    if row.setting and (name := row.setting.partition(".")[2]) not in LEFT_OUT and not row.here
}
"""What a scene may hold, by the setting's name."""

SUFFIX = ".toml"
PART = ".part"
"""Ending of a file that is being written."""

MOST_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Scene:
    """A named state of the picture, or a part of one.

    Attributes
    ----------
    name : see `visuals.scene_name.check_name`
    values : by the setting's name, as they would come over OSC; toggles are 0 or 1
    about : one line for people, may be empty
    """

    name: str
    values: Mapping[str, Value]
    about: str = ""


def to_text(scene: Scene) -> str:
    """The file's text."""
    lines = [f"about = {_toml(scene.about)}", ""] if scene.about else []
    lines.append("[visuals]")
    for key, value in scene.values.items():
        # A float came over OSC with 24 bits: its first six places are meant.
        shown = bool(value) if ROWS[key].kind == "toggle" else round(value, 6) if isinstance(value, float) else value
        lines.append(f"{key} = {_toml(shown)}")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def from_text(name: str, text: str) -> Scene:
    """A scene from a file's text.

    Raises
    ------
    SceneError
        With every mistake at once.
    """
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number or a table without end among them
        raise SceneError(f"is not valid TOML ({error}); [visuals] and its settings are allowed; mend it") from None
    about, table = given.pop("about", ""), given.pop("visuals", {})
    mistakes = [f"{key}: doesn't belong in a scene; about and [visuals] are allowed" for key in given]
    if not isinstance(about, str):
        mistakes.append(f"about: {about!r} is not a string; a line of text is allowed")
    if not isinstance(table, dict):
        mistakes.append("visuals: is not a table; [visuals] is allowed")
        table = {}
    values: dict[str, Value] = {}
    for key, value in table.items():
        if key not in ROWS:
            mistakes.append(f"visuals.{key}: doesn't belong in a scene; {', '.join(ROWS)} are allowed")
            continue
        try:
            values[key] = ROWS[key].check((config.check(f"visuals.{key}", value),))
        except ValueError as error:
            mistakes.append(f"visuals.{key}: {error}")
    if mistakes:
        raise SceneError(f"{'; '.join(mistakes)}; mend the file")
    return Scene(name, {key: values[key] for key in ROWS if key in values}, about)


def read(path: Path) -> Scene:
    """A scene from its file.

    Raises
    ------
    SceneError
        It can't be read or used.
    """
    try:
        with open_regular(path) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SceneError(f"{path}: is larger than {MOST_BYTES} bytes; a small TOML file is allowed; shorten it")
        return from_text(name_in(path.stem), decode_text(data))
    except OSError as error:
        raise SceneError(
            f"{path}: can't be read ({error.strerror or error}); a small TOML file is allowed; mend it, or take it away"
        ) from None
    except UnicodeDecodeError as error:
        raise SceneError(f"{path}: is not text ({error}); TOML in UTF-8 or UTF-16 is allowed; mend it") from None
    except SceneError as error:
        text = str(error)
        raise SceneError(text if text.startswith(f"{path}:") else f"{path}: {text}") from None


def write(folder: Path, scene: Scene) -> None:
    """Write a scene; whoever looks sees the old file or all of the new one, whenever the writer is killed.

    Parameters
    ----------
    folder : is made where it isn't there

    Raises
    ------
    OSError
        The folder can't be written, or is full. The old file stays.
    ValueError
        A text in it, such as a model's path, can't be written as UTF-8.
    """
    data = to_text(scene).encode()
    folder.mkdir(parents=True, exist_ok=True)
    stem = stem_of(scene.name)
    part = folder / f".{stem}{PART}"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / f"{stem}{SUFFIX}")
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(folder)
