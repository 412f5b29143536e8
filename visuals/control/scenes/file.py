"""A scene: settings of the picture and what drives them, under a name, one small TOML file each."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artgen_osc.config.contract import Contract
from artgen_osc.config.modulation import DRAWN, TABLE, Connection, read_connections, targets_of
from artgen_osc.config.settings import PARENTS
from artgen_osc.errors import SceneError
from artgen_osc.runtime.files import whole
from artgen_osc.runtime.text import short
from artgen_osc.runtime.toml import read_toml, toml_value
from artgen_osc.schema.setting import Setting, read_table
from visuals.control.scenes.name import name_in, stem_of

log = logging.getLogger(__name__)

Held = Mapping[str, Setting]
"""What a scene may hold, by what it calls a setting; see `name_of`."""

SUFFIX = ".toml"
MOST_BYTES = 262144


@dataclass(frozen=True, slots=True)
class Scene:
    """A named state of the picture, or a part of one.

    Attributes
    ----------
    name : see `visuals.control.scenes.name.check_name`
    values : by what a scene calls the setting; see `name_of`
    about : one line for people, may be empty
    modulate : what drives what while it is on
    transition : to it, empty: sliders glide; None: the one that is set
    """

    name: str
    values: Mapping[str, Any]
    about: str = ""
    modulate: tuple[Connection, ...] = ()
    transition: str | None = None


def name_of(key: str) -> str:
    """What a scene calls the setting ``table.key``: a setting of ``[visuals]`` by its name alone."""
    return key.removeprefix("visuals.")


def held_by(contract: Contract) -> Held:
    """What a scene may hold: those of the renderer's settings that an address changes and that make the picture."""
    return {
        name_of(key): setting
        for key, setting in contract.settings.items()
        if setting.address.startswith("/visuals/") and setting.scene and not setting.adds
    }


def unsaid(held: Held) -> dict[str, Any]:
    """What a scene means that says nothing of them: what is off by default is off, and effects have their usual order.

    All else that it doesn't hold stays as it is.

    Parameters
    ----------
    held : what a scene may hold
    """
    return {
        name: setting.default
        for name, setting in held.items()
        if name == "order"
        or (setting.field == "amount" and setting.default == 0.0 and setting.address.startswith(DRAWN))
    }


def to_text(scene: Scene) -> str:
    """The file's text."""
    tables: dict[str, list[str]] = {"visuals": []}
    for name, value in scene.values.items():
        table, _, key = name.rpartition(".")
        # A float came over OSC with 24 bits: its first six places are meant.
        line = f"{key} = {toml_value(round(value, 6) if isinstance(value, float) else value)}"
        tables.setdefault(table or "visuals", []).append(line)
    parts = ["\n".join([f"[{table}]", *lines]) for table, lines in tables.items()]
    parts += [row.toml() for row in scene.modulate]
    first = [f"about = {toml_value(scene.about)}"] * bool(scene.about)
    if scene.transition is not None:
        first.append(f"transition = {toml_value(scene.transition)}")
    return "\n\n".join(["\n".join(first)] * bool(first) + parts) + "\n"


def _scene(name: str, given: dict[str, Any], held: Held) -> tuple[Scene, list[str]]:
    """A scene, and what is wrong with those of its connections that are passed over."""
    modulate, astray = read_connections(given.pop(TABLE, []), targets_of(held.values()))
    about, transition = given.pop("about", ""), given.pop("transition", None)
    tables = {"visuals": given.pop("visuals", {})}
    below = {parent: given.pop(parent, {}) for parent in PARENTS}
    holds = f"about, transition, [visuals], [plugin.NAME], [layer.NUMBER] and [[{TABLE}]]"
    mistakes = [f"{key}: doesn't belong in a scene, which holds {holds}" for key in given]
    if not isinstance(about, str):
        mistakes.append(f"about: {short(about)} is not text")
    if not isinstance(transition, str | None):
        mistakes.append(f"transition: {short(transition)} is not text")
    for parent, found_below in below.items():
        if isinstance(found_below, dict):
            tables |= {f"{parent}.{key}": table for key, table in found_below.items()}
        else:
            mistakes.append(f"{parent}: is not a table, such as [{parent}.NAME]")
    values: dict[str, Any] = {}
    for title, table in tables.items():
        if not isinstance(table, dict):
            mistakes.append(f"{title}: is not the table [{title}]")
            continue
        start = "" if title == "visuals" else f"{title}."
        checks = {
            key.removeprefix(start): setting.check
            for key, setting in held.items()
            if key.rpartition(".")[0] == start.removesuffix(".")
        }
        found, wrong = read_table(table, checks, "setting of a scene")
        values |= {start + key: value for key, value in found.items()}
        mistakes += [f"{title}.{mistake}" for mistake in wrong]
    if mistakes:
        raise SceneError(f"{'; '.join(mistakes)}; mend the file")
    kept = {key: values[key] for key in held if key in values}
    return Scene(name, kept, about, modulate, transition), astray


def read(path: Path, held: Held) -> Scene:
    """A scene from its file; a connection that leads nowhere is told in the log, and the rest counts.

    Parameters
    ----------
    path : of the file
    held : what it may hold

    Raises
    ------
    SceneError
        It can't be read or used.
    """
    try:
        scene, astray = _scene(name_in(path.stem), read_toml(path, MOST_BYTES), held)
        for mistake in astray:
            log.warning("%s: %s; the rest of the scene counts", path, mistake)
        return scene
    except OSError as error:
        raise SceneError(f"{path}: can't be read ({error.strerror}); mend it or take it away") from None
    except ValueError as error:
        raise SceneError(f"{path}: {error}; mend it or take it away") from None
    except SceneError as error:
        raise SceneError(f"{path}: {error}") from None


def write(folder: Path, scene: Scene) -> None:
    """Write a scene; whoever looks sees the old file or all of the new one, whenever the writer is killed.

    Parameters
    ----------
    folder : is made where it isn't there
    scene : gives the file its name

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
