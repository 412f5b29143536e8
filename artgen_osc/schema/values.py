"""The OSC contract: the values that flow, and one row for each address.

Of these rows, of those that the settings declare and of those that plugins bring, a show makes its
`artgen_osc.schema.address_table.AddressTable` when it starts. To add an address, add a row here; for a control that
has a value, declare a setting. A test fails until it is documented.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from artgen_osc.schema.address import COUNT_MAX as COUNT_MAX
from artgen_osc.schema.address import Address as Address
from artgen_osc.schema.address import Value as Value
from artgen_osc.schema.keyframes import MOST as MOST_KEYFRAMES

N_BANDS = 16
HOPS_PER_HARMONY = 8
NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class Features:
    """What one hop of sound is like.

    Attributes
    ----------
    time : s on the stream's clock, the end of the hop
    level_db : loudness in dBFS, -120..0
    level : loudness relative to the recent past, 0..1
    low, mid, high : band energies with automatic gain, 0..1
    bands : 16 mel bands with automatic gain, 0..1, low to high
    centroid_hz : spectral centroid, 0 in silence
    flux : spectral change, 0..1
    onset : whether an onset was reported on this hop
    onset_count : onsets since the start
    beat : whether a beat was announced on this hop; it may be due up to the lead later
    beat_count : beats since the start
    beat_time : s on the stream's clock, when the last announced beat is due
    beat_phase, bar_phase : place in the beat and in the bar, 0..1
    tempo_bpm : 0 before there is one
    tempo_confidence : 0..1
    pitch_hz : fundamental frequency, held while nothing is clear, 0 before
    pitch_confidence : 0..1
    chroma : 12 pitch classes from C, the loudest about 1
    key : such as ``A minor``, empty before there is one
    key_confidence : 0..1
    """

    time: float
    level_db: float
    level: float
    low: float
    mid: float
    high: float
    bands: tuple[float, ...]
    centroid_hz: float
    flux: float
    onset: bool
    onset_count: int
    beat: bool
    beat_count: int
    beat_time: float
    beat_phase: float
    bar_phase: float
    tempo_bpm: float
    tempo_confidence: float
    pitch_hz: float
    pitch_confidence: float
    chroma: tuple[float, ...]
    key: str
    key_confidence: float


@dataclass(frozen=True, slots=True)
class Mood:
    """How the music feels, every value 0..1.

    Attributes
    ----------
    time : s on the stream's clock
    valence, energy : smoothed to the hop rate
    raw_valence, raw_energy : the network's last output
    confidence : how far the last output can be trusted; falls on silence and noise
    """

    time: float
    valence: float
    energy: float
    raw_valence: float
    raw_energy: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Status:
    """The daemon's state, sent once a second.

    Attributes
    ----------
    heartbeat : seconds since the start, counts up by one
    latency_ms : from a hop's last sample to its bundle, milliseconds
    dropped : blocks of sound, packets, judgements of the mood and lines of the log lost so far, and messages refused
    refused : messages, connections and tokens refused since the start
    restarts : how often an input or the renderer was started again
    overtaken : judgements of the mood that were not made, since newer sound had come
    title : of what plays, as the file or the stream says, or empty
    input : name of what is heard, without folders, passwords or tokens
    silent : s since something was heard, 0 while something is
    page : address of the page without its token, or empty
    plugins : the plugins that can't be used or have ended, and why; empty: none
    """

    heartbeat: int
    latency_ms: float
    dropped: int
    refused: int
    restarts: int
    overtaken: int
    title: str
    input: str
    silent: float
    page: str
    plugins: str


@dataclass(frozen=True, slots=True)
class Painting:
    """The renderer's state, sent once a second to those who subscribe.

    Attributes
    ----------
    heartbeat : seconds since the start, counts up by one
    fps : drawn frames per second
    pictures : pictures per second that the generator paints
    valence, energy : the mood that is painted, 0..1
    model : name of the generator
    finish : how many times the side the finisher makes of its pictures, 4, 2 or 1
    quality : what is done without so that frames keep up, with commas between; ``full``: nothing
    keyframes : how many are marked
    keyframe : number of the one that the path goes to, from 1; 0: it goes to none
    plugins : the plugins that can't be used or have ended, and why; empty: none
    scene : the one recalled or saved last, or empty
    scenes : names of all that there are, with commas between
    refused : messages refused since the start
    dropped : frames, snapshots and values lost since the start
    overtaken : pictures that were asked for and not painted, since a newer one was asked for
    """

    heartbeat: int
    fps: float
    pictures: float
    valence: float
    energy: float
    model: str
    finish: int
    quality: str
    keyframes: int
    keyframe: int
    plugins: str
    scene: str
    scenes: str
    refused: int
    dropped: int
    overtaken: int


@dataclass(frozen=True, slots=True)
class Output:
    """An address that the daemon sends, and where its value comes from.

    Attributes
    ----------
    address : its row
    field : of `Features` or `Mood`
    read : the value, within the row's range
    """

    address: Address
    field: str
    read: Callable[[Features, Mood], Value]


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _feature(path: str, doc: str, name: str, low: float = 0.0, high: float = 1.0, unit: str = "") -> Output:
    return Output(
        Address(path, "float", doc, low, high, unit),
        name,
        lambda features, mood: _clipped(getattr(features, name), low, high),
    )


def _mood(path: str, doc: str, name: str) -> Output:
    return Output(Address(path, "float", doc), name, lambda features, mood: getattr(mood, name))


def _count(path: str, doc: str, name: str) -> Output:
    row = Address(path, "int", doc, 0, COUNT_MAX)
    return Output(row, name, lambda features, mood: getattr(features, name) % COUNT_MAX)


def _pulse(path: str, doc: str, name: str) -> Output:
    row = Address(path, "float", doc, pulse=True)
    return Output(row, name, lambda features, mood: float(getattr(features, name)))


def _chroma(index: int) -> Output:
    row = Address(f"/artgen/chroma/{index}", "float", f"pitch class {NOTES[index]}")
    return Output(row, "chroma", lambda features, mood: features.chroma[index])


def _band(index: int) -> Output:
    row = Address(f"/artgen/bands/{index}", "float", f"mel band {index} of {N_BANDS}, automatic gain")
    return Output(row, "bands", lambda features, mood: features.bands[index])


OUTPUTS: tuple[Output, ...] = (
    _mood("/artgen/valence", "how happy the music feels, smoothed", "valence"),
    _mood("/artgen/energy", "how excited the music feels, smoothed", "energy"),
    _mood("/artgen/mood/raw/valence", "the network's own valence", "raw_valence"),
    _mood("/artgen/mood/raw/energy", "the network's own energy", "raw_energy"),
    _mood("/artgen/mood/confidence", "falls on silence and noise", "confidence"),
    _feature("/artgen/level", "loudness against the recent past", "level"),
    _feature("/artgen/level_db", "loudness", "level_db", -120.0, 0.0, "dBFS"),
    _feature("/artgen/low", "energy below 250 Hz, automatic gain", "low"),
    _feature("/artgen/mid", "energy from 250 Hz to 2 kHz, automatic gain", "mid"),
    _feature("/artgen/high", "energy above 2 kHz, automatic gain", "high"),
    *(_band(index) for index in range(N_BANDS)),
    _feature("/artgen/centroid_hz", "brightness: the spectral centroid", "centroid_hz", 0.0, 24000.0, "Hz"),
    _feature("/artgen/flux", "how much the spectrum changes", "flux"),
    _pulse("/artgen/onset", "1 on the hop of an onset, then 0", "onset"),
    _count("/artgen/onset/count", "onsets since the start", "onset_count"),
    _pulse("/artgen/beat", "1 on the hop that announces a beat, then 0", "beat"),
    _count("/artgen/beat/count", "beats since the start", "beat_count"),
    _feature("/artgen/beat/phase", "place in the beat, 0 on it", "beat_phase"),
    _feature("/artgen/bar/phase", "place in the bar, 0 on the downbeat", "bar_phase"),
    _feature("/artgen/tempo_bpm", "tempo, 0 before there is one", "tempo_bpm", 0.0, 500.0, "BPM"),
    _feature("/artgen/tempo/confidence", "of tempo and beat; falls where none is heard", "tempo_confidence"),
    _feature("/artgen/pitch_hz", "fundamental frequency, held while unclear", "pitch_hz", 0.0, 2000.0, "Hz"),
    _feature("/artgen/pitch/confidence", "how clear the pitch is", "pitch_confidence"),
)
"""One bundle per hop, in this order."""

HARMONY: tuple[Output, ...] = (
    *(_chroma(index) for index in range(len(NOTES))),
    Output(Address("/artgen/key", "string", "such as A minor"), "key", lambda features, mood: features.key),
    _feature("/artgen/key/confidence", "how well the key fits", "key_confidence"),
)
"""A bundle of their own every `HOPS_PER_HARMONY` hops: they change slowly, and a datagram has no room for all."""

BEAT_TIME = Output(
    Address("/artgen/beat/time", "float", "when the beat announced last is due", 0.0, math.inf, "s"),
    "beat_time",
    lambda features, mood: features.beat_time,
)
"""Not sent: a time on the stream's clock says nothing to others."""


def core_rows(*fields: str) -> tuple[Address, ...]:
    """The addresses of some fields of `Features` or `Mood`, in the order of the fields.

    Parameters
    ----------
    fields : their names
    """
    outputs = (*OUTPUTS, *HARMONY, BEAT_TIME)
    return tuple(output.address for field in fields for output in outputs if output.field == field)


STATUS: tuple[Address, ...] = (
    Address("/artgen/status/heartbeat", "int", "counts up once a second", 0, COUNT_MAX),
    Address("/artgen/status/latency_ms", "float", "from the last sample of a hop to its bundle", 0, 60000, "ms"),
    Address("/artgen/status/dropped", "int", "sound, packets and log lines lost, and messages refused", 0, COUNT_MAX),
    Address("/artgen/status/refused", "int", "messages, connections and tokens refused so far", 0, COUNT_MAX),
    Address("/artgen/status/restarts", "int", "how often an input or the renderer was started again", 0, COUNT_MAX),
    Address("/artgen/status/overtaken", "int", "judgements of the mood that newer sound overtook", 0, COUNT_MAX),
    Address("/artgen/title", "string", "artist and title of what plays, where the file or stream says"),
    Address("/artgen/status/input", "string", "name of what is heard, without folders and passwords"),
    Address("/artgen/status/silent", "float", "nothing has been heard for so long; 0: something is", 0, 86400, "s"),
    Address("/artgen/status/page", "string", "address of the page, for a phone if it can, without its token; or empty"),
    Address("/artgen/status/plugins", "string", "plugins that can't be used or have ended, and why; empty: none"),
)
"""Sent once a second; the paths end in the names of the fields of `Status`."""

REFUSAL = Address("/artgen/status/refusal", "string", "a message that was refused, and why; empty before there is one")
"""Sent once a second: the messages of that second, or the last one before."""

VISUALS_STATUS: tuple[Address, ...] = (
    Address("/visuals/status/heartbeat", "int", "counts up once a second", 0, COUNT_MAX),
    Address("/visuals/status/fps", "float", "frames per second that are drawn", 0, 10000, "fps"),
    Address("/visuals/status/pictures", "float", "pictures per second that the generator paints", 0, 10000, "fps"),
    Address("/visuals/status/valence", "float", "how happy the picture is meant to be"),
    Address("/visuals/status/energy", "float", "how excited the picture is meant to be"),
    Address("/visuals/status/model", "string", "name of the generator"),
    Address("/visuals/status/finish", "int", "so many times the side the finisher makes of its pictures; 1: off", 1, 4),
    Address("/visuals/status/quality", "string", "what is done without so that frames keep up; full: nothing"),
    Address("/visuals/status/keyframes", "int", "how many keyframes are marked", 0, MOST_KEYFRAMES),
    Address("/visuals/status/keyframe", "int", "the keyframe the path goes to, from 1; 0: none", 0, MOST_KEYFRAMES),
    Address("/visuals/status/plugins", "string", "plugins that can't be used or have ended, and why; empty: none"),
    Address("/visuals/status/scene", "string", "the scene that was recalled or saved last; empty: none"),
    Address("/visuals/status/scenes", "string", "names of all scenes, with commas between: own ones, then presets"),
    Address("/visuals/status/refused", "int", "messages refused so far", 0, COUNT_MAX),
    Address("/visuals/status/dropped", "int", "frames, snapshots and values lost so far", 0, COUNT_MAX),
    Address("/visuals/status/overtaken", "int", "pictures not painted, as a newer one was wanted", 0, COUNT_MAX),
)
"""Sent by the renderer once a second to its subscribers; the paths end in the names of the fields of `Painting`."""

VISUALS_REFUSAL = replace(REFUSAL, path="/visuals/status/refusal")
"""Sent likewise."""

MODULATION, LEVELS = (
    Address("/visuals/status/modulation", "string", "what drives what, as JSON; by OSCQuery and on the page alone"),
    Address("/visuals/status/modulation/levels", "string", "how far each of these is up, in per cent, with commas"),
)
"""Told by OSCQuery while they change: they have no room in a datagram."""

DAEMON_COMMANDS: tuple[Address, ...] = (
    Address("/artgen/control/target/remove", "string", "send to this target no longer"),
    Address(
        "/artgen/control/subscribe",
        "string",
        "send to this target for 60 s (lease=SECONDS: for 1..3600); without a host, and from another machine always: "
        "to the sender's; again: renews",
        here=True,
    ),
    Address("/artgen/control/unsubscribe", "string", "end that; the same target", here=True),
    Address("/artgen/control/beat/tap", "trigger", "tap the beat; the second tap sets the tempo"),
)
"""What the daemon understands beside its settings."""

VISUALS_COMMANDS: tuple[Address, ...] = (
    Address("/visuals/path/mark", "trigger", "make the picture that is on stage a keyframe, after the others"),
    Address("/visuals/path/remove", "int", "remove the keyframe of this number, from 1; 0: none", 0, MOST_KEYFRAMES),
    Address("/visuals/path/undo", "trigger", "remove the last keyframe"),
    Address("/visuals/path/clear", "trigger", "remove all keyframes"),
    Address(
        "/visuals/modulate/add",
        "string",
        'drive a setting: `source = "low", target = "visuals.grain"`; one of the same name is replaced',
    ),
    Address("/visuals/modulate/remove", "string", "let the connection of this name go"),
    Address("/visuals/scene/number", "int", "recall the scene at this place of the list, from 1; 0: none", 0, 1000),
    Address("/visuals/scene/save", "string", "save the picture's settings as they are now under this name"),
    Address("/visuals/scene/delete", "string", "delete the scene of this name; presets stay"),
    Address("/visuals/seed/next", "trigger", "glide to the next picture"),
    Address("/visuals/snapshot", "trigger", "keep the picture in the gallery"),
    Address(
        "/visuals/subscribe",
        "string",
        "send the renderer's state to this target for 60 s (lease=SECONDS: for 1..3600); again: renews",
        here=True,
    ),
    Address("/visuals/unsubscribe", "string", "end that; the same target", here=True),
    Address("/visuals/quit", "trigger", "close the renderer"),
)
"""What the renderer understands beside its settings."""


def own_sent() -> tuple[Address, ...]:
    """What every daemon sends, whatever its plugins."""
    return (*(output.address for output in (*OUTPUTS, *HARMONY)), *STATUS, REFUSAL)


def values_of(rows: tuple[Address, ...], state: Status | Painting) -> list[tuple[Address, Value]]:
    """A state as it is sent: the last part of each path is a field's name.

    Parameters
    ----------
    rows : each with a path that ends with the name of a field of `state`
    state : of the daemon or of the renderer, as it is now

    Returns
    -------
    each row with its value
    """
    return [(row, getattr(state, row.path.rpartition("/")[2])) for row in rows]
