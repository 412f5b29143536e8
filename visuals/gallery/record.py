"""What a picture of the gallery knows about itself, and its id."""

import base64
import binascii
import contextlib
import json
import math
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from artgen_osc.config.contract import Contract
from artgen_osc.config.tables import VisualsConfig
from artgen_osc.errors import GalleryError
from artgen_osc.schema.setting import Setting
from visuals.control.scenes.file import name_of
from visuals.modulation.motion import Look
from visuals.painting.painter import Stroke

VERSION = 1
"""Of the JSON object; a reader refuses what is newer."""

MOVING = ("onset_effect", "beat_pulse", "beat_surge", "speed", "smoothing", "truncation")
"""Settings of what moves that are kept with a picture, beside what they made of it."""

Kept = bool | int | float | str
"""Value of a setting."""

LONGEST_SIDE = 16384
MOST_PIXELS = 80_000_000
LONGEST_TITLE = 200
LARGEST_SCALE = 1024
"""Of the finisher: a picture of 8 pixels made 8,192."""

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that looks like a digit, and in the order of the alphabet."""

_HALF = re.compile("[\ud800-\udfff]")
_TIME_DIGITS, _CHANCE_DIGITS = 9, 3
_ID = re.compile(f"[{_DIGITS}]{{{_TIME_DIGITS + _CHANCE_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class About:
    """All that is known of a picture.

    Attributes
    ----------
    id : as `new_id` gives it
    time : when it was taken, ISO 8601 with the offset from UTC; for people
    cause : ``asked`` (a key, OSC or a page), ``timer``, ``mood`` or ``song`` (painted in the mood of a whole song)
    title : of what was playing; empty if nobody said
    valence, energy : the mood that is painted, 0..1
    tempo_bpm : 0 if there was none
    key : such as ``A minor``, empty if there was none
    seed : number of the picture that the path came from
    strokes : one or two, as in `visuals.painting.painter.Picture`
    mix : 0..1, share of the second stroke
    look : camera and light
    effects : settings by what a scene calls them: those of `MOVING`, those of effects and layers as they were drawn,
        and the order of the effects where it wasn't the usual one
    scene : the one that was recalled last, empty if there was none; `effects` has what became of it
    width, height : pixels
    finish : 0..1, how much of the finisher was asked for
    scale : how many times the side it made of what was painted, a power of 2; 1 where it wasn't there
    """

    id: str
    time: str
    cause: str
    title: str
    valence: float
    energy: float
    tempo_bpm: float
    key: str
    seed: int
    strokes: tuple[Stroke, ...]
    mix: float
    look: Look
    effects: dict[str, Kept]
    width: int
    height: int
    scene: str = ""
    finish: float = 1.0
    scale: int = 1

    @property
    def model(self) -> str:
        """Names of the models that painted it."""
        return " + ".join(stroke.name for stroke in self.strokes)


def _digits(number: int, count: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(count)))


def first_id(time: datetime) -> str:
    """The smallest id of that moment: ids are in the order of their times. A time without a zone is local."""
    last = 32**_TIME_DIGITS - 1
    try:
        milliseconds = min(max(round(time.timestamp() * 1000), 0), last)
    except (OverflowError, ValueError, OSError):  # the first or the last days of the calendar, in some zone
        milliseconds = 0 if time.year <= 1970 else last
    return _digits(milliseconds, _TIME_DIGITS) + _DIGITS[0] * _CHANCE_DIGITS


def new_id(time: datetime) -> str:
    """An id for a picture of that moment: 12 digits and small letters, the milliseconds first, then chance."""
    return first_id(time)[:_TIME_DIGITS] + _digits(secrets.randbits(5 * _CHANCE_DIGITS), _CHANCE_DIGITS)


def is_id(text: str) -> bool:
    """Whether it has the form of an id; nothing else may become a part of a path."""
    return _ID.fullmatch(text) is not None


def check_id(text: str) -> str:
    """The id itself.

    Raises
    ------
    GalleryError
        It hasn't the form of one.
    """
    if not is_id(text):
        raise GalleryError(
            f"{text[:80]!r}: is not the id of a picture, which has 12 digits and small letters; "
            "artgen gallery list has them"
        )
    return text


def effects_of(settings: VisualsConfig, drawn: Mapping[str, Any], contract: Contract) -> dict[str, Kept]:
    """The settings that are kept, by what a scene calls them.

    Parameters
    ----------
    settings : of the renderer
    drawn : those of effects and layers, by the plugin's name
    contract : what can be set
    """
    kept: dict[str, Kept] = {name: float(getattr(settings, name)) for name in MOVING}
    for setting in contract.settings.values():
        plugin = _plugin(setting)
        if plugin in drawn and not setting.adds:
            kept[name_of(setting.key)] = getattr(drawn[plugin], setting.field)
    return kept | ({"order": settings.order} if settings.order else {})


def order_of(about: About) -> str:
    """The order in which the effects were drawn; see `visuals.compositor.screen.Screen`.

    Parameters
    ----------
    about : of the picture
    """
    order = about.effects.get("order")
    return order if isinstance(order, str) else ""


def drawn_of(about: About, plugins: Collection[str], contract: Contract) -> dict[str, Any]:
    """The settings that effects and layers were drawn with, by the plugin's name.

    One of which nothing is known wasn't there when the picture was taken, and isn't drawn. What isn't known of another,
    or is no value of the setting any more, is as declared.

    Parameters
    ----------
    about : of the picture
    plugins : names of the effects and layers
    contract : what can be set
    """
    values: dict[str, dict[str, Any]] = {}
    for setting in contract.settings.values():
        name = name_of(setting.key)
        if _plugin(setting) in plugins and name in about.effects:
            with contextlib.suppress(ValueError):
                values.setdefault(_plugin(setting), {})[setting.field] = setting.check(about.effects[name])
    return {plugin: contract.tables[f"plugin.{plugin}"](**given) for plugin, given in values.items()}


def without(about: About, plugins: Collection[str], contract: Contract) -> About:
    """As if these effects and layers hadn't been there when the picture was taken.

    Parameters
    ----------
    about : of the picture
    plugins : names of those effects and layers
    contract : what can be set, theirs too
    """
    theirs = {name_of(setting.key) for setting in contract.settings.values() if _plugin(setting) in plugins}
    return replace(about, effects={name: value for name, value in about.effects.items() if name not in theirs})


def _plugin(setting: Setting) -> str:
    """Name of the plugin that declares a setting; empty: none does."""
    table, _, name = setting.table.partition(".")
    return name if table == "plugin" else ""


def stamp() -> datetime:
    """Now, by the wall clock, with the offset from UTC: for people and for ids."""
    return datetime.now(UTC).astimezone()


def storable(text: str) -> str:
    """The text without halves of characters, such as a name that isn't UTF-8 has: no file and no index takes them."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def to_json(about: About) -> str:
    """One JSON object on one line; every number comes back exactly."""
    told = {"artgen": VERSION, **{item.name: getattr(about, item.name) for item in fields(about)}}
    told["title"] = about.title[:LONGEST_TITLE]
    told["look"] = asdict(about.look)
    told["strokes"] = [
        {
            "model": stroke.name,
            "sha256": stroke.sha256,
            "z": base64.b64encode(stroke.z.astype("<f4").tobytes()).decode(),
            "mood": [float(value) for value in stroke.mood],
            "truncation": float(stroke.truncation),
            **({"width": stroke.width} if stroke.width else {}),
        }
        for stroke in about.strokes
    ]
    return storable(json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def from_json(text: str) -> About:
    """What `to_json` has written.

    Raises
    ------
    ValueError
        It is something else, or damaged.
    """
    try:
        told = json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deep") from None
    if not isinstance(told, dict) or type(told.get("artgen")) is not int:
        raise ValueError("was not written by artgen")
    if told["artgen"] > VERSION:
        raise ValueError("was written by a newer artgen")
    try:
        about = About(
            id=_text(told["id"]),
            time=_text(told["time"]),
            cause=_text(told["cause"]),
            title=_text(told["title"]),
            valence=_number(told["valence"], 0, 1),
            energy=_number(told["energy"], 0, 1),
            tempo_bpm=_number(told["tempo_bpm"], 0, 1000),
            key=_text(told["key"]),
            seed=int(_number(told["seed"], 0, 2**31)),
            strokes=tuple(_stroke(stroke) for stroke in told["strokes"]),
            mix=_number(told["mix"], 0, 1),
            look=_look(told["look"]),
            effects=_effects(told),
            width=int(_number(told["width"], 1, LONGEST_SIDE)),
            height=int(_number(told["height"], 1, LONGEST_SIDE)),
            scene=_text(told.get("scene", "")),
            finish=_number(told.get("finish", 1.0), 0, 1),
            scale=_scale(told.get("scale", 1)),
        )
        datetime.fromisoformat(about.time)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError(f"lacks what a picture of artgen has ({error})") from None
    if not is_id(about.id) or len(about.strokes) not in (1, 2):
        raise ValueError("lacks what a picture of artgen has (an id, and one or two models)")
    return about


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a {type(value).__name__} where text belongs")
    if _HALF.search(value):
        raise ValueError("a text holds half a character")
    return value[:LONGEST_TITLE]


def _number(value: object, low: float = -math.inf, high: float = math.inf) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value) or not low <= value <= high:
        raise TypeError(f"{value!r:.40} is not a number from {low:g} to {high:g}")
    return float(value)


def _scale(value: object) -> int:
    scale = int(_number(value, 1, LARGEST_SCALE))
    if scale & (scale - 1):
        raise TypeError(f"scale {scale} is no power of 2")
    return scale


def _look(told: dict[str, Any]) -> Look:
    names = {item.name for item in fields(Look)}
    values = {name: _number(value) for name, value in told.items() if name in names and name != "drift"}
    right, up = told["drift"]
    look = Look(**values, drift=(_number(right), _number(up)))
    if look.zoom < 1.0:
        raise TypeError(f"zoom {look.zoom} is below 1")
    return look


def _effects(told: dict[str, Any]) -> dict[str, Kept]:
    """Pictures of before have beside the camera what was drawn, which counts more than what was set."""
    camera = {item.name for item in fields(Look)}
    drawn = {name: value for name, value in told["look"].items() if name not in camera}
    return {_text(name): _kept(value) for name, value in {**told["effects"], **drawn}.items()}


def _kept(value: object) -> Kept:
    return _text(value) if isinstance(value, str) else value if isinstance(value, bool) else _number(value)


def _stroke(told: dict[str, Any]) -> Stroke:
    try:
        z = np.frombuffer(base64.b64decode(told["z"], validate=True), "<f4").astype(np.float32)
    except binascii.Error as error:
        raise TypeError(f"z: {error}") from None
    if not z.size or not np.isfinite(z).all():
        raise TypeError("z is empty or not finite")
    valence, energy = told["mood"]
    return Stroke(
        name=_text(told["model"]),
        sha256=_text(told["sha256"]),
        z=z,
        mood=np.array([_number(valence, -1, 2), _number(energy, -1, 2)], np.float32),
        truncation=_number(told["truncation"], 0, 1),
        width=int(_number(told.get("width", 0), 0, LONGEST_SIDE)),
    )
