"""The settings: one frozen dataclass for each TOML table, the only place where a control is declared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from artgen_osc.config.modulation import Connection
from artgen_osc.inference.engine import NAMES as ENGINES
from artgen_osc.osc.mapping.rows import Map
from artgen_osc.schema.keyframes import check_keyframes
from artgen_osc.schema.setting import setting

SHORTEST_TOKEN = 12

AUTO, FULL = "auto", "full"
QUALITY_STEPS = ("pictures-5", "finisher-x2", "size-75", "finisher-off", "no-flow", "size-50")
"""What the renderer does without where frames don't keep up, in this order."""

_COPY = re.compile(r"([A-Za-z0-9_-]{1,40})=([A-Za-z0-9_-]{1,40})")
"""A copy of an output: its name, and the output's."""


def _address(value: str) -> None:
    """An empty one would be every interface, without a word."""
    if not value.strip():
        raise ValueError(
            f"{value!r} is no address; 127.0.0.1 is for this machine alone, 0.0.0.0 opens it to the network"
        )


def _folder(default: str, doc: str) -> Any:
    """A setting that names a folder of the show's; without a name it would be the current one."""

    def check(value: str) -> None:
        if not value or "\0" in value:
            raise ValueError(f"{value!r} can't be the name of a folder; choose one such as {default!r}")

    return setting(default, doc, path=True, check=check)


def check_copies(value: tuple[str, ...]) -> None:
    """See whether each is ``NAME=OUTPUT``.

    Parameters
    ----------
    value : what copies were asked for

    Raises
    ------
    ValueError
        One isn't.
    """
    for one in value:
        if not _COPY.fullmatch(one):
            raise ValueError(f"{one!r} names no copy; write one such as 'wide=record'")


def _token(value: str) -> None:
    # Not with the value: it goes to a terminal and into a log.
    if not re.fullmatch(r"[\w.~-]*", value, re.ASCII):
        raise ValueError("holds what can't be in an address; choose from A-Z, a-z, 0-9, -, ., _ and ~")
    if value and len(value) < SHORTEST_TOKEN:
        raise ValueError(f"can be guessed, so short as it is; choose {SHORTEST_TOKEN} letters or more")


def _direction(number: int) -> Any:
    """One of the ways along which the generator's pictures change most."""
    doc = f"how far along direction {number} of the generator, of which 1 does most; 0: at rest"
    return setting(0.0, doc, -1.0, 1.0, address=f"/visuals/direction/{number}")


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """``[audio]``: where the sound comes from."""

    input: str = setting(
        "",
        "device:NAME, file:PATH, url:ADDRESS, loopback, browser or demo; empty: the system's input device",
        address="/artgen/control/input",
    )
    gain_db: float = setting(0.0, "gain before the analysis", -60.0, 60.0, "dB", address="/artgen/control/gain_db")
    mute: bool = setting(False, "don't play a file, a stream or the demo through the default output")


@dataclass(frozen=True, slots=True)
class OscConfig:
    """``[osc]``: who is sent to, and where control comes in."""

    targets: tuple[str, ...] = setting(
        (),
        "send to HOST:PORT, or to a program by name, such as touchdesigner; options follow after commas; from another "
        "machine: only to itself",
        item="TARGET",
        address="/artgen/control/target/add",
        own=True,
    )
    host: str = setting("127.0.0.1", "address on which the daemon listens for control and OSCQuery", check=_address)
    port: int = setting(9100, "port on which the daemon listens for control", 1, 65535)
    query_port: int = setting(9102, "port of the daemon's OSCQuery server; 0: none", 0, 65535)
    time_tags: bool = setting(
        True, "let bundles that are dated ahead wait, in the renderer too; false: all counts at once"
    )


@dataclass(frozen=True, slots=True)
class WebConfig:
    """``[web]``: the page in the browser, and the bridge to other pages."""

    host: str = setting(
        "127.0.0.1", "address on which the page is; beyond this machine it asks for a token", check=_address
    )
    port: int = setting(9103, "port of the page and of the WebSocket bridge; 0: none", 0, 65535)
    token: str = setting(
        "",
        "what the page's address has to show, 12 letters or more; empty: a new one at each start, if one is needed",
        check=_token,
    )
    songs: str = _folder("songs", "folder of the songs that are recorded or uploaded; it is made with the first one")
    run: str = setting("", "folder of a training run whose newest sheet the page shows; empty: none", path=True)
    certificate: str = setting("", "PEM file with a certificate, to serve https; empty: http", path=True)
    key: str = setting("", "PEM file with the certificate's key; empty: it is in the same file", path=True)
    hosts: tuple[str, ...] = setting(
        (), "names beside this machine's own under which the page is reached, such as a proxy's", item="NAME"
    )
    origins: tuple[str, ...] = setting(
        (), "sites beside this machine whose pages may listen and steer, such as https://preview.p5js.org", item="SITE"
    )


@dataclass(frozen=True, slots=True)
class VisualsConfig:
    """``[visuals]``: the renderer."""

    host: str = setting("127.0.0.1", "address on which the renderer listens, for OSCQuery too", check=_address)
    port: int = setting(9101, "port on which the renderer listens", 1, 65535)
    query_port: int = setting(9104, "port of the renderer's OSCQuery server; 0: none", 0, 65535)
    width: int = setting(1280, "width of the window in pixels", 64, 16384)
    height: int = setting(720, "height of the window in pixels", 64, 16384)
    frame_width: int = setting(
        0, "width of the frame in pixels, where windows show parts of it; 0: that of the window", 0, 16384
    )
    frame_height: int = setting(0, "height of it in pixels; 0: that of the window", 0, 16384)
    fps: int = setting(60, "most pictures a second", 1, 240)
    fullscreen: bool = setting(False, "fill the screen", address="/visuals/fullscreen", scene=False)
    headless: bool = setting(False, "render off screen through EGL, without a window")
    model: str = setting(
        "",
        "generator: a model file, or the name of a loaded one; empty: the installed one; idle: needs no model",
        address="/visuals/model",
    )
    engine: str = setting("auto", f"what runs the generator: {', '.join(ENGINES)}", choices=ENGINES)
    model_fade: float = setting(
        1.5, "length of the fade to another model; 0: cut", 0.0, 30.0, "s", address="/visuals/model/fade", scene=False
    )
    models: tuple[str, ...] = setting(
        (),
        "model files to load ahead; switch to one by its name",
        item="FILE",
        address="/visuals/model/load",
        scene=False,
        path=True,
    )
    second_model: str = setting("", "a second model to mix in; empty: none", address="/visuals/model/second")
    model_mix: float = setting(0.0, "0: the model alone, 1: the second one alone", address="/visuals/model/mix")
    seed: int = setting(0, "number of the picture; a change glides there", address="/visuals/seed")
    speed: float = setting(1.0, "travel through the latent space", 0.0, 8.0, "pictures/10 s", address="/visuals/speed")
    smoothing: float = setting(
        1.0, "time constant of the mood's follower", 0.0, 30.0, "s", address="/visuals/smoothing"
    )
    truncation: float = setting(0.8, "0: the average picture, 1: all variety", address="/visuals/truncation")
    direction_1: float = _direction(1)
    direction_2: float = _direction(2)
    direction_3: float = _direction(3)
    direction_4: float = _direction(4)
    direction_5: float = _direction(5)
    direction_6: float = _direction(6)
    direction_7: float = _direction(7)
    direction_8: float = _direction(8)
    path_keyframes: str = setting(
        "",
        "the keyframes with blanks between, as their marks have put them together; empty: none",
        address="/visuals/path/keyframes",
        check=check_keyframes,
    )
    path_play: bool = setting(
        False, "travel from keyframe to keyframe, round and round; off: freely", address="/visuals/path/play"
    )
    path_beats: int = setting(8, "beats from keyframe to keyframe; 0: in seconds", 0, 64, address="/visuals/path/beats")
    path_seconds: float = setting(
        8.0,
        "seconds from keyframe to keyframe, where beats are 0 or there has been no tempo",
        0.1,
        600.0,
        "s",
        address="/visuals/path/seconds",
    )
    manual: bool = setting(False, "follow the valence and energy below, not the music", address="/visuals/mood/manual")
    valence: float = setting(0.5, "the manual valence", address="/visuals/mood/valence")
    energy: float = setting(0.5, "the manual energy", address="/visuals/mood/energy")
    onset_effect: float = setting(0.5, "zoom and drift on onsets; 0: off", address="/visuals/effect/onset")
    beat_pulse: float = setting(0.3, "a breath of zoom on each beat; 0: off", address="/visuals/beat/pulse")
    beat_next: int = setting(0, "the next picture every so many beats; 0: never", 0, 64, address="/visuals/beat/next")
    beat_cut: bool = setting(False, "cut to the beat's next picture instead of gliding", address="/visuals/beat/cut")
    beat_surge: float = setting(
        0.5, "travel faster on the downbeat, slower before it; 0: off", address="/visuals/beat/surge"
    )
    finish: float = setting(
        1.0, "how much of the finisher, which makes pictures up to 4 times as large; 0: off", address="/visuals/finish"
    )
    quality: str = setting(
        AUTO,
        "auto: as much as frames keep up with; full: all; or what to do without, all before it included: "
        + ", ".join(QUALITY_STEPS),
        choices=(AUTO, FULL, *QUALITY_STEPS),
        address="/visuals/quality",
        scene=False,
    )
    order: str = setting(
        "",
        "effects in the order in which they are drawn, with commas between; those left out follow, by name",
        address="/visuals/order",
    )
    freeze: bool = setting(False, "hold the picture", address="/visuals/freeze", scene=False)
    blackout: bool = setting(False, "fade to black", address="/visuals/blackout", scene=False)
    help: bool = setting(False, "show the overlay", address="/visuals/help", scene=False)
    help_page: int = setting(
        0, "page of the overlay; 0: the keys, 1: what drives what", 0, 1, address="/visuals/help/page", scene=False
    )
    scene: str = setting(
        "",
        "scene to recall; at the start for all that the show file and flags leave open; empty: none",
        address="/visuals/scene",
        scene=False,
    )
    scene_fade: float = setting(
        2.0,
        "how long sliders take to glide to a recalled scene; 0: cut",
        0.0,
        60.0,
        "s",
        address="/visuals/scene/fade",
        scene=False,
    )
    scene_fade_beats: int = setting(
        0,
        "as long as so many beats instead; 0, or without a tempo: in seconds",
        0,
        64,
        "beats",
        address="/visuals/scene/fade/beats",
        scene=False,
    )
    transition: str = setting(
        "",
        "ISF transition to a recalled scene; empty: sliders glide",
        address="/visuals/transition",
        scene=False,
    )
    scenes: str = _folder("scenes", "folder of the scenes that you save; it is made with the first one")
    gallery: str = _folder("gallery", "folder of the snapshots; it is made with the first one")


@dataclass(frozen=True, slots=True)
class PluginsConfig:
    """``[plugins]``: which of them are used."""

    off: tuple[str, ...] = setting((), "plugins that aren't used, by name", item="NAME")
    copies: tuple[str, ...] = setting(
        (),
        "outputs that there are once more, each with a table and addresses of its own, such as wide=record",
        item="NAME=OUTPUT",
        check=check_copies,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a show.

    Attributes
    ----------
    map : the rows of ``[[map]]``
    modulate : the rows of ``[[modulate]]``
    plugin : the settings of each plugin, by its name: ``[plugin.NAME]``, or for ours where their keys say
    """

    audio: AudioConfig = AudioConfig()
    osc: OscConfig = OscConfig()
    web: WebConfig = WebConfig()
    visuals: VisualsConfig = VisualsConfig()
    plugins: PluginsConfig = PluginsConfig()
    map: tuple[Map, ...] = ()
    modulate: tuple[Connection, ...] = ()
    plugin: Mapping[str, Any] = field(default_factory=dict)


TABLES: dict[str, type] = {
    "audio": AudioConfig,
    "osc": OscConfig,
    "web": WebConfig,
    "visuals": VisualsConfig,
    "plugins": PluginsConfig,
}
