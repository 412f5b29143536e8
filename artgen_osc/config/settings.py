"""Settings: one frozen dataclass for each TOML table, and the one loader.

Order: defaults < ``show.toml`` < flags. The documentation of a field is also the help of
its flag. A setting that has an OSC address takes its range from `artgen_osc.schema.table`.
Files and folders that a show file names are beside it, unless it says where; those of flags are in the current folder.
"""

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artgen_osc.config.show_paths import FOLDERS, beside
from artgen_osc.errors import ConfigError
from artgen_osc.inference.engine import NAMES as ENGINES
from artgen_osc.osc.mapping.rows import Map, read_rows
from artgen_osc.osc.targets import nearest
from artgen_osc.runtime.text import printable, short
from artgen_osc.runtime.toml import read_toml
from artgen_osc.schema import table as schema

LARGEST_FILE = 256 << 10
"""Bytes of a show file: it is read again beside the sound."""

VIEW_VARIABLE = "ARTGEN_VIEW"
"""By this environment variable the daemon tells its own renderer what ``visuals.view`` would: the address may have a
token in it, and every user of the machine can read a command line."""

GALLERY = ("visuals.gallery",)
PAINTING = (*GALLERY, "visuals.model", "visuals.models", "visuals.second_model", "visuals.engine")
"""What pictures are painted with beside a show."""

TOKEN_VARIABLE = "ARTGEN_WEB_TOKEN"
"""By this environment variable ``web.token`` is given without a command line or a file."""

SHORTEST_TOKEN = 12

_ROWS = {row.setting: row for row in schema.DAEMON_CONTROLS + schema.VISUALS_CONTROLS if row.setting}


def _setting(
    default: Any,
    doc: str,
    low: float = -math.inf,
    high: float = math.inf,
    choices: tuple[str, ...] = (),
    item: str = "",
) -> Any:
    return field(default=default, metadata={"doc": doc, "low": low, "high": high, "choices": choices, "item": item})


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """``[audio]``: where the sound comes from."""

    input: str = _setting(
        "", "device:NAME, file:PATH, url:ADDRESS, loopback, browser or demo; empty: the system's input device"
    )
    gain_db: float = _setting(0.0, "gain before the analysis, in dB")
    mute: bool = _setting(False, "don't play a file, a stream or the demo through the default output")


@dataclass(frozen=True, slots=True)
class MoodConfig:
    """``[mood]``: how the music's mood is found."""

    model: str = _setting("", "mood model file; empty: the one that is installed")
    smoothing: float = _setting(0.4, "time constant of the mood that is sent, in seconds")
    manual: bool = _setting(False, "send the valence and energy below instead of the music's")
    valence: float = _setting(0.5, "the manual valence")
    energy: float = _setting(0.5, "the manual energy")
    freeze: bool = _setting(False, "hold the mood where it is")


@dataclass(frozen=True, slots=True)
class RhythmConfig:
    """``[rhythm]``: how beats are sent."""

    lead: float = _setting(0.02, "announce beats early by so much, in seconds")
    octave: int = _setting(0, "-1: beats half as fast as heard, 0: as heard, 1: twice as fast")


@dataclass(frozen=True, slots=True)
class OscConfig:
    """``[osc]``: who is sent to, and where control comes in."""

    targets: tuple[str, ...] = _setting(
        (),
        "send to HOST:PORT, or to a program by name, such as touchdesigner; options follow after commas",
        item="TARGET",
    )
    host: str = _setting("127.0.0.1", "address on which the daemon listens for control and OSCQuery")
    port: int = _setting(9100, "port on which the daemon listens for control", 1, 65535)
    query_port: int = _setting(9102, "port of the daemon's OSCQuery server; 0: none", 0, 65535)
    time_tags: bool = _setting(
        True, "let bundles that are dated ahead wait, in the renderer too; false: all counts at once"
    )


@dataclass(frozen=True, slots=True)
class WebConfig:
    """``[web]``: the page in the browser, and the bridge to other pages."""

    host: str = _setting("127.0.0.1", "address on which the page is; beyond this machine it asks for a token")
    port: int = _setting(9103, "port of the page and of the WebSocket bridge; 0: none", 0, 65535)
    token: str = _setting(
        "", "what the page's address has to show, 12 letters or more; empty: a new one at each start, if one is needed"
    )
    songs: str = _setting("songs", "folder of the songs that are recorded or uploaded; it is made with the first one")
    certificate: str = _setting("", "PEM file with a certificate, to serve https; empty: http")
    key: str = _setting("", "PEM file with the certificate's key; empty: it is in the same file")
    hosts: tuple[str, ...] = _setting(
        (), "names beside this machine's own under which the page is reached, such as a proxy's", item="NAME"
    )
    origins: tuple[str, ...] = _setting(
        (), "sites beside this machine whose pages may listen and steer, such as https://preview.p5js.org", item="SITE"
    )


@dataclass(frozen=True, slots=True)
class VisualsConfig:
    """``[visuals]``: the renderer."""

    host: str = _setting("127.0.0.1", "address on which the renderer listens, for OSCQuery too")
    port: int = _setting(9101, "port on which the renderer listens", 1, 65535)
    query_port: int = _setting(9104, "port of the renderer's OSCQuery server; 0: none", 0, 65535)
    width: int = _setting(1280, "width of the window in pixels", 64, 16384)
    height: int = _setting(720, "height of the window in pixels", 64, 16384)
    fps: int = _setting(60, "most pictures a second", 1, 240)
    display: int = _setting(0, "number of the display, from 0", 0, 15)
    fullscreen: bool = _setting(False, "fill the screen")
    headless: bool = _setting(False, "render off screen through EGL, without a window")
    model: str = _setting("", "generator model file; empty: the one that is installed; idle: needs no model")
    engine: str = _setting("auto", f"what runs the generator: {', '.join(ENGINES)}", choices=ENGINES)
    model_fade: float = _setting(1.5, "length of the fade to another model, in seconds; 0: cut")
    models: tuple[str, ...] = _setting((), "model files to load ahead; switch to one by its name", item="FILE")
    second_model: str = _setting("", "a second model to mix in; empty: none")
    model_mix: float = _setting(0.0, "0: the model alone, 1: the second one alone")
    seed: int = _setting(0, "number of the first picture")
    speed: float = _setting(1.0, "travel through the latent space, in pictures per 10 s")
    smoothing: float = _setting(1.0, "time constant of the mood's follower, in seconds")
    truncation: float = _setting(0.8, "0: the average picture, 1: all variety")
    manual: bool = _setting(False, "follow the valence and energy below, not the music")
    valence: float = _setting(0.5, "the manual valence")
    energy: float = _setting(0.5, "the manual energy")
    onset_effect: float = _setting(0.5, "zoom and drift on onsets; 0: off")
    beat_pulse: float = _setting(0.3, "a breath of zoom on each beat; 0: off")
    beat_next: int = _setting(0, "the next picture every so many beats; 0: never")
    beat_cut: bool = _setting(False, "cut to it instead of gliding")
    beat_surge: float = _setting(0.5, "travel faster on the downbeat, slower before it; 0: off")
    brush: float = _setting(0.8, "strokes of a brush instead of the network's fine noise; 0: off")
    grain: float = _setting(0.15, "fine grain over the upscaled picture")
    vignette: float = _setting(0.2, "darker corners")
    freeze: bool = _setting(False, "hold the picture")
    blackout: bool = _setting(False, "fade to black")
    help: bool = _setting(False, "show the overlay")
    scene: str = _setting("", "scene to start with, for all that the show file and flags leave open; empty: none")
    scene_fade: float = _setting(2.0, "how long sliders take to glide to a recalled scene, in seconds; 0: cut")
    scenes: str = _setting("scenes", "folder of the scenes that you save; it is made with the first one")
    view: str = _setting(
        "", "web page that shows the picture live, such as ws://10.0.0.2:9103/view/renderer; empty: that of artgen live"
    )
    gallery: str = _setting("gallery", "folder of the snapshots; it is made with the first one")
    snapshot_every: float = _setting(0.0, "a snapshot every so many seconds, half a second at least; 0: none")
    snapshot_on_mood: float = _setting(
        0.0, "a snapshot when the mood has moved so far from the last one's, every 10 s at most; 0: none"
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a show.

    `map` holds the rows of ``[[map]]``; every other table is a dataclass.
    """

    audio: AudioConfig = AudioConfig()
    mood: MoodConfig = MoodConfig()
    rhythm: RhythmConfig = RhythmConfig()
    osc: OscConfig = OscConfig()
    web: WebConfig = WebConfig()
    visuals: VisualsConfig = VisualsConfig()
    map: tuple[Map, ...] = ()


TABLES: dict[str, type] = {
    "audio": AudioConfig,
    "mood": MoodConfig,
    "rhythm": RhythmConfig,
    "osc": OscConfig,
    "web": WebConfig,
    "visuals": VisualsConfig,
}


def settings() -> dict[str, dataclasses.Field[Any]]:
    """Every setting as ``table.key``, in order."""
    return {f"{name}.{item.name}": item for name, table in TABLES.items() for item in dataclasses.fields(table)}


def check(key: str, value: object) -> Any:
    """Return `value` as the setting's type.

    Raises
    ------
    ValueError
        ``<what is wrong, with the value>; <what is allowed>``.
    """
    item = settings()[key]
    default: Any = item.default
    if isinstance(default, tuple):
        if not isinstance(value, (list, tuple)) or not all(isinstance(part, str) for part in value):
            raise ValueError(
                f"{short(value)} is not a list of strings; a list such as ['{item.metadata['item']}'] is allowed"
            )
        return tuple(value)
    if key in FOLDERS and isinstance(value, str) and (not value or "\0" in value):
        raise ValueError(f"{short(value)} can't be the name of a folder; a name such as {default!r} is allowed")
    kind: type = type(default)
    name = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}[kind]
    row = _ROWS.get(key)
    low, high = (row.low, row.high) if row and kind in (int, float) else (item.metadata["low"], item.metadata["high"])
    allowed = name if math.isinf(low) else f"{name} from {_plain(low)} to {_plain(high)}"
    fits = isinstance(value, (int, float) if kind is float else kind) and (kind is bool or not isinstance(value, bool))
    if not fits:
        raise ValueError(f"{short(value)} is not {name}; {allowed} is allowed")
    if item.metadata["choices"] and value not in item.metadata["choices"]:
        raise ValueError(f"{short(value)} is not known; {', '.join(item.metadata['choices'])} are allowed")
    if key == "web.token" and value and not re.fullmatch(rf"[\w.~-]{{{SHORTEST_TOKEN},}}", str(value), re.ASCII):
        # Not with the value: it goes to a terminal and into a log.
        raise ValueError(
            f"{len(str(value))} letters can't be a token; {SHORTEST_TOKEN} at least, of A-Z, a-z, 0-9, "
            "-, ., _ and ~, are allowed"
        )
    if isinstance(value, (int, float)) and kind is not bool and not low <= value <= high:
        raise ValueError(f"{short(value)} is out of range; {allowed} is allowed")
    return kind(value)


def _plain(number: float) -> str:
    return repr(number).removesuffix(".0")


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path, LARGEST_FILE)
    except OSError as error:
        reason = f"can't be read ({error.strerror}); a TOML file is allowed; check the path"
    except ValueError as error:
        reason = f"{error}; see artgen config for an example; mend it"
    raise ConfigError(f"{printable(path)}: {reason}")


def load(path: str | Path | None = None, flags: Mapping[str, object] | None = None) -> tuple[Config, dict[str, str]]:
    """Effective settings, and where each came from.

    Parameters
    ----------
    path : the show's TOML file, or None
    flags : ``table.key`` to value; None values are left out

    Returns
    -------
    config : Config
    origins : ``table.key`` to ``default``, the file's name or ``flag``

    Raises
    ------
    ConfigError
        With every mistake at once.
    """
    known = settings()
    values: dict[str, Any] = {}
    origins = dict.fromkeys(known, "default")
    mistakes: list[str] = []
    maps: tuple[Map, ...] = ()

    def take(key: str, value: object, origin: str) -> None:
        try:
            checked = check(key, value)
            values[key] = checked if origin == "flag" or not path else beside(key, checked, Path(path).parent)
            origins[key] = origin
        except ValueError as error:
            mistakes.append(f"{key}: {error}; change it in {origin}")

    for name, table in (_read(Path(path)) if path else {}).items():
        if name == "map":
            maps, wrong = read_rows(table, str(path))
            mistakes += wrong
            continue
        if name not in TABLES or not isinstance(table, dict):
            mistakes.append(f"[{name}]: no such table; {nearest(name, [*TABLES, 'map'])}; change it in {path}")
            continue
        for key, value in table.items():
            if f"{name}.{key}" in known:
                take(f"{name}.{key}", value, str(path))
            else:
                keys = [known_key.split(".")[1] for known_key in known if known_key.startswith(name + ".")]
                mistakes.append(f"{name}.{key}: no such setting; {nearest(key, keys)}; change it in {path}")
    for key, flag in (flags or {}).items():
        if flag is not None:
            take(key, flag, "flag")
    if mistakes:
        raise ConfigError("\n".join(map(printable, mistakes)))
    built = {
        name: table(
            **{item.name: values[key] for item in dataclasses.fields(table) if (key := f"{name}.{item.name}") in values}
        )
        for name, table in TABLES.items()
    }
    return Config(**built, map=maps), origins


def get(config: Config, key: str) -> Any:
    """Value of ``table.key``."""
    table, name = key.split(".")
    return getattr(getattr(config, table), name)


def replace(config: Config, key: str, value: object) -> Config:
    """A config with one setting changed, after `check`."""
    table, name = key.split(".")
    changed = dataclasses.replace(getattr(config, table), **{name: check(key, value)})
    return dataclasses.replace(config, **{table: changed})


class ConfigFile:
    """A show file that is read again when it is saved.

    Parameters
    ----------
    path : the TOML file, or None for none
    flags : as for `load`; they win over the file every time

    Attributes
    ----------
    config, origins : the settings as last read, and where each came from

    Raises
    ------
    ConfigError
        As `load`.
    """

    def __init__(self, path: str | Path | None, flags: Mapping[str, object]) -> None:
        self.path = Path(path) if path else None
        self._flags = flags
        self.config, self.origins = load(path, flags)
        self._read = self._seen = self._state()

    def _state(self) -> tuple[int, int]:
        """Time of the last save in ns, and size in bytes."""
        try:
            status = self.path.stat() if self.path else None
        except OSError:
            return self._seen
        return (status.st_mtime_ns, status.st_size) if status else (0, 0)

    def changes(self) -> dict[str, Any]:
        """Settings that the file's last save changed: ``table.key`` to value, and ``map`` to the maps.

        Ask regularly: a save counts from the second look that finds the file the same, since many editors empty
        a file before they write it.

        Raises
        ------
        ConfigError
            The edit is bad: keep the old values.
        """
        before_look, self._seen = self._seen, self._state()
        if self._seen != before_look or self._seen == self._read:
            return {}
        self._read = self._seen
        before, (self.config, self.origins) = self.config, load(self.path, self._flags)
        changed = {key: get(self.config, key) for key in settings() if get(self.config, key) != get(before, key)}
        return changed if self.config.map == before.map else changed | {"map": self.config.map}
