"""A scene: settings of the picture under a name, one small TOML file each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artgen_osc.config import settings as config
from artgen_osc.errors import SceneError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import short
from artgen_osc.runtime.toml import read_toml, toml_value
from artgen_osc.schema.table import VISUALS_CONTROLS, Address, Value
from visuals.control.scenes.name import name_in, stem_of

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
MOST_BYTES = 16384


@dataclass(frozen=True, slots=True)
class Scene:
    """A named state of the picture, or a part of one.

    Attributes
    ----------
    name : see `visuals.control.scenes.name.check_name`
    values : by the setting's name, as they would come over OSC; toggles are 0 or 1
    about : one line for people, may be empty
    """

    name: str
    values: Mapping[str, Value]
    about: str = ""


def to_text(scene: Scene) -> str:
    """The file's text."""
    lines = [f"about = {toml_value(scene.about)}", ""] if scene.about else []
    lines.append("[visuals]")
    for key, value in scene.values.items():
        # A float came over OSC with 24 bits: its first six places are meant.
        shown = bool(value) if ROWS[key].kind == "toggle" else round(value, 6) if isinstance(value, float) else value
        lines.append(f"{key} = {toml_value(shown)}")
    return "\n".join(lines) + "\n"


def _scene(name: str, given: dict[str, Any]) -> Scene:
    about, table = given.pop("about", ""), given.pop("visuals", {})
    mistakes = [f"{key}: doesn't belong in a scene; about and [visuals] are allowed" for key in given]
    if not isinstance(about, str):
        mistakes.append(f"about: {short(about)} is not a string; a line of text is allowed")
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
        return _scene(name_in(path.stem), read_toml(path, MOST_BYTES))
    except OSError as error:
        raise SceneError(
            f"{path}: can't be read ({error.strerror}); a small TOML file is allowed; mend it or take it away"
        ) from None
    except ValueError as error:
        raise SceneError(f"{path}: {error}; [visuals] and its settings are allowed; mend it") from None
    except SceneError as error:
        raise SceneError(f"{path}: {error}") from None


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
    with whole(folder / f"{stem_of(scene.name)}{SUFFIX}") as part:
        part.write_bytes(data)
