"""The settings: one frozen dataclass for each TOML table. The documentation of a field is also its flag's help."""

import math
from dataclasses import dataclass, field
from typing import Any

from artgen_osc.inference.engine import NAMES as ENGINES
from artgen_osc.osc.mapping.rows import Map


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
    finish: float = _setting(1.0, "how much of the finisher, which makes pictures up to 4 times as large; 0: off")
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
