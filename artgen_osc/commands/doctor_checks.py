"""``artgen doctor``: what works on this machine, what is missing, and how to get it."""

import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from artgen_osc.config.tables import Config
from artgen_osc.errors import ArtgenError, EngineError
from artgen_osc.inference import engine
from artgen_osc.inference.model_cards import models_page
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.sdl import loaded_sdl
from artgen_osc.runtime.text import say, unexpected

OUTPUTS = ("stream", "ndi", "camera", "spout", "syphon")
"""Those that need more than every show does."""

_RUNS = 5
_LONGEST_S = 60.0
_SLOW_S = 1.0 / 6.0
"""A show needs six pictures a second."""
_IN_SOFTWARE = ("llvmpipe", "softpipe", "swiftshader", "basic render")
"""Names of what draws without a graphics card."""


def _python(config: Config) -> str:
    return ".".join(map(str, sys.version_info[:3]))


def _input(config: Config) -> str:
    from artgen_osc.audio.devices import find_input

    return find_input("").device.name


def _loopback(config: Config) -> str:
    from artgen_osc.audio.loopback import find_loopback

    return find_loopback().name


def _output(config: Config) -> str:
    from artgen_osc.audio.devices import list_devices

    for device in list_devices():
        if device.default_output:
            return device.name
    raise ArtgenError("no default output; files play unheard; connect or choose one in the system's settings")


def _opengl(config: Config) -> str:
    import moderngl

    options: dict[str, Any] = {"standalone": True} | ({"backend": "egl"} if sys.platform == "linux" else {})
    try:
        context = moderngl.create_context(require=330, **options)
    except Exception as error:  # moderngl raises bare Exception for every cause
        raise ArtgenError(
            f"no OpenGL 3.3 off screen ({error}); needed for --headless; apt install libegl1 libgl1 libgl1-mesa-dri"
        ) from error
    name = f"{context.info['GL_RENDERER']}, OpenGL {context.version_code // 100}.{context.version_code // 10 % 10}"
    context.release()
    if any(word in name.lower() for word in _IN_SOFTWARE):
        name += "; draws in software, with less where frames don't keep up (visuals.quality)"
    return name


def _display(config: Config) -> str:
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if sys.platform == "linux":
        os.environ.setdefault("SDL_VIDEODRIVER", "x11,wayland" if "WAYLAND_DISPLAY" in os.environ else "x11")
    import pygame

    try:
        pygame.display.init()
        sdl = loaded_sdl()
        sizes = ", ".join(f"{width}x{height}" for width, height in pygame.display.get_desktop_sizes())
        driver = pygame.display.get_driver()
        displays = "; ".join(map(str, sdl.displays())) if sdl else f"{sizes}, names unknown: one window only"
        pygame.display.quit()
    except pygame.error as error:
        raise ArtgenError(f"no display ({error}); --headless works without one") from error
    return f"{displays} ({driver})"


def _mood_model(config: Config) -> str:
    from artgen_osc.inference import modelfile
    from artgen_osc.mood import estimator as mood

    given = config.plugin["mood"].model
    path = Path(given) if given else mood.SHIPPED_MODEL
    return f"{path.name}, trained on {modelfile.load(path, 'mood').card['trained_on']}"


def _beat_model(config: Config) -> str:
    from artgen_osc.analysis.rhythm.network import SHIPPED_MODEL, BeatNetwork

    return f"{SHIPPED_MODEL.name}, trained on {BeatNetwork().card['trained_on']}"


def _generator_model(config: Config) -> str:
    from artgen_osc.inference import modelfile

    path = Path(config.visuals.model) if config.visuals.model else modelfile.installed_generator()
    if not modelfile.has_card(path):
        modelfile.check_parts(path)
        return f"{path.name}, without a card"
    return f"{path.name}, trained on {modelfile.load(path, 'generator').card['trained_on']}"


def _finisher(config: Config) -> str:
    """How fast it is here on what the installed generator paints; the show itself chooses beside all else it does."""
    import numpy as np

    from artgen_osc.inference import modelfile
    from artgen_osc.inference.canvas import painted_for

    if config.visuals.finish == 0.0:
        return "switched off (visuals.finish = 0)"
    scale = 4
    model = modelfile.load(modelfile.installed_generator().with_name("finisher.onnx"), "finisher", scale=scale)
    height, width = painted_for(config.visuals.width / config.visuals.height)
    picture = np.full((1, height, width, 3), 128, np.uint8)
    threads = max(1, (os.cpu_count() or 1) // 2)
    finish = modelfile.Engine(model, threads, engine=config.visuals.engine, shapes=[picture.shape])
    finish(picture)
    start = perf_counter()
    for _ in range(_RUNS):
        finish(picture)
    taken = (perf_counter() - start) / _RUNS
    choice = f"x{scale}" if taken < _SLOW_S else "off, too slow"
    return f"{choice}, {taken * 1e3:.0f} ms a picture of {width}x{height}"


def _ready(engine: str) -> str:
    """Make a network ready, the generator if there is one, and say through what."""
    from artgen_osc.inference import modelfile
    from artgen_osc.mood import estimator as mood

    path, kind = modelfile.installed_generator(), "generator"
    if not path.exists():
        path, kind = mood.SHIPPED_MODEL, "mood"
    ready = modelfile.Engine(modelfile.load(path, kind), engine=engine)
    return f"{ready.engine}: {ready.about}"


def _engine(config: Config) -> str:
    return _ready(config.visuals.engine)


def _another_engine(name: str) -> Callable[[Config], str]:
    def check(config: Config) -> str:
        if reason := engine.absent(name):
            raise EngineError(f"{reason}; {engine.how_to_get(name)}")
        return _ready(name)

    return check


def _streams(config: Config) -> str:
    from artgen_osc.audio.stream import need_pyav

    need_pyav()
    import av

    return f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}"


def _recording(config: Config) -> str:
    """Asked of the renderer's half, in a process of its own: a driver may crash."""
    from artgen_osc.audio.stream import need_pyav

    need_pyav()
    command = python_module("visuals.outputs.encoders")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=_LONGEST_S, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ArtgenError(f"the encoders crash ({done.returncode}); choose plugin.record.encoder = software")
    return done.stdout.strip()


@functools.cache
def _outputs() -> dict[str, tuple[bool, str]]:
    """Whether each output works here and how; asked in a process of its own, as `_recording`."""
    command = python_module("visuals.outputs.here")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=_LONGEST_S, stdin=subprocess.DEVNULL)
    told = (json.loads(line) for line in done.stdout.splitlines())
    return {name: (works, text) for name, works, text in told}


def _an_output(name: str) -> Callable[[Config], str]:
    def check(config: Config) -> str:
        works, text = _outputs().get(name, (False, "crashes while it is looked at; please report this"))
        if not works:
            raise ArtgenError(text)
        return text

    return check


def _free(kind: int, *places: tuple[str, int]) -> str:
    for host, port in places:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM and os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: closed is free
            try:
                probe.bind((host, port))
            except OSError as error:
                raise ArtgenError(
                    f"{host}:{port} is taken ({error.strerror}); is artgen running? or choose another port"
                ) from error
    return " and ".join(str(port) for _, port in places) + (" are free" if len(places) > 1 else " is free")


def _ports(config: Config) -> str:
    return _free(socket.SOCK_DGRAM, (config.osc.host, config.osc.port), (config.visuals.host, config.visuals.port))


def _query_ports(config: Config) -> str:
    wanted = ((config.osc.host, config.osc.query_port), (config.visuals.host, config.visuals.query_port))
    places = [place for place in wanted if place[1]]
    return _free(socket.SOCK_STREAM, *places) if places else "switched off"


def _web_port(config: Config) -> str:
    return _free(socket.SOCK_STREAM, (config.web.host, config.web.port)) if config.web.port else "switched off"


CHECKS: tuple[tuple[str, Callable[[Config], str], bool], ...] = (
    ("Python", _python, True),
    ("audio input", _input, False),
    ("loopback", _loopback, False),
    ("audio output", _output, False),
    ("streams", _streams, False),
    ("recording", _recording, False),
    *((f"- {name}", _an_output(name), False) for name in OUTPUTS),
    ("OpenGL off screen", _opengl, False),
    ("display", _display, False),
    ("engine", _engine, True),
    *((f"- {name}", _another_engine(name), False) for name in engine.CHOICE),
    ("mood model", _mood_model, True),
    ("beat model", _beat_model, True),
    ("generator model", _generator_model, False),
    ("finisher", _finisher, False),
    ("ports", _ports, True),
    ("OSCQuery ports", _query_ports, False),
    ("web port", _web_port, False),
)
"""Name, check, and whether a show is impossible without it."""


def examine(config: Config) -> int:
    """Print one line for each part; 0 unless something is missing that every show needs."""
    status = 0
    for name, check, needed in CHECKS:
        try:
            say(f"ok       {name:18} {check(config)}")
        except BrokenPipeError:
            raise
        except Exception as error:  # what is broken here may raise anything, and the other lines are still wanted
            known = isinstance(error, (ArtgenError, ImportError, OSError))
            reason = error if known else unexpected(error)
            say(f"{'MISSING' if needed else 'without'}  {name:18} {' '.join(str(reason).split())}")
            status = 2 if needed else status
    if page := models_page():
        say(f"what the models learned from, and whether they may be used at a paid show: {page}")
    return status
