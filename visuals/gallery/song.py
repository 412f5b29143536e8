"""The picture of a whole song: painted in its mood, and put into the gallery."""

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import GalleryError
from artgen_osc.runtime.child import python_module
from artgen_osc.runtime.files import make_folder, open_regular, read_text
from artgen_osc.schema.values import COUNT_MAX
from visuals.gallery import repaint
from visuals.gallery.files import reason_of, write
from visuals.gallery.record import About, effects_of, new_id, stamp
from visuals.generators.directions import Directions, amounts_of
from visuals.generators.finisher import Finisher
from visuals.generators.generator import Generator
from visuals.generators.opening import open_generator
from visuals.generators.sphere import direction
from visuals.modulation.motion import Look
from visuals.painting.finishing import Finishing
from visuals.painting.latent import Latent
from visuals.painting.painter import Painter, Request

_BLOCK = 1 << 18
LARGEST_ANALYSIS = 256 << 20
"""Bytes: an hour of sound makes 30 MB."""


def analysis_of(sound: Path) -> dict[str, Any]:
    """What ``artgen analyze`` says of a sound file, by that very command.

    Raises
    ------
    GalleryError
        It can't analyse it; the text is its own.
    """
    command = python_module("artgen_osc", "analyze", "--json", "--", str(sound))
    try:
        open_regular(sound).close()
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise _unreadable(sound, error) from None
    if done.returncode:
        *_, reason = ["", *done.stderr.strip().splitlines()]  # before it, others may have warned
        raise GalleryError(
            reason.removeprefix("artgen: ") or f"{sound}: artgen analyze has failed with status {done.returncode}"
        )
    return _checked(done.stdout, sound)


def _unreadable(sound: Path, error: OSError) -> GalleryError:
    return GalleryError(f"{sound}: can't be read ({reason_of(error)}); choose a wav, flac, ogg or mp3 file")


def read_analysis(file: Path) -> dict[str, Any]:
    """The JSON object that ``artgen analyze --json`` has written into a file.

    Raises
    ------
    GalleryError
        There is none.
    """
    try:
        text = read_text(file, LARGEST_ANALYSIS)
    except (OSError, UnicodeDecodeError) as error:
        raise GalleryError(
            f"--analysis: {file} can't be read ({reason_of(error)}); check the path, or make it with artgen analyze"
        ) from None
    return _checked(text, file)


def _checked(text: str, file: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(text)
        for name, most in (("valence", 1.0), ("energy", 1.0), ("tempo_bpm", 1000.0)):
            if not 0.0 <= float(told[name]) <= most:
                raise ValueError(f"{name} is {told[name]}")
        if not isinstance(told["key"], str):
            raise ValueError("key is not text")
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise GalleryError(
            f"{file}: is not the analysis of one song ({reason_of(error)}); make it by artgen analyze FILE --json"
        ) from None
    return told


def seed_of(sound: Path) -> int:
    """A number of a picture that follows from the sound itself, whatever the file is called and its tags say.

    Raises
    ------
    GalleryError
        The file can't be read.
    """
    import soundfile

    digest = hashlib.sha256()
    try:
        with open_regular(sound) as opened:
            try:
                with soundfile.SoundFile(opened) as file:
                    digest.update(f"{file.samplerate} {file.channels}".encode())
                    while len(block := file.read(_BLOCK, dtype="int16", always_2d=True)):
                        digest.update(block.tobytes())
            except RuntimeError:  # a kind, or damage, that only the analysis can cope with: then the bytes of the file
                opened.seek(0)
                while data := opened.read(_BLOCK):
                    digest.update(data)
    except OSError as error:
        raise _unreadable(sound, error) from None
    return int.from_bytes(digest.digest()[:4], "big") % COUNT_MAX


def paint(analysis: dict[str, Any], title: str, seed: int, size: int, file: ConfigFile, folder: Path) -> About:
    """Paint the mood of a song and keep the picture.

    Parameters
    ----------
    analysis : as ``artgen analyze`` gives it
    title : of the song
    seed : number of the picture
    size : pixels of the longer side, 64 to 16384
    file : settings: the model, the finish, the truncation and the directions
    folder : of the gallery; made if it isn't there

    Returns
    -------
    About, of the picture

    Raises
    ------
    ArtgenError
        The model can't be used or can't paint, there is no OpenGL, or the folder can't be written.
    """

    settings = file.config.visuals

    def opener(model: str) -> Generator:
        return open_generator(model, 2, settings.engine)

    painter = Painter(settings.model, opener, Finishing(None), Directions(beside=False))
    z_dim = painter.pair.first.z_dim
    mood = np.array([analysis["valence"], analysis["energy"]], np.float32)
    z = (direction(seed, z_dim) * np.sqrt(z_dim)).astype(np.float32)
    latent = Latent(z, mood, settings.truncation)
    amounts = np.stack([amounts_of(settings)] * 2)
    aspect = settings.width / settings.height
    picture = painter.paint(Request(latent, latent, aspect=aspect, amounts=amounts if amounts.any() else None))
    if picture is None:
        raise GalleryError(f"{painter.error}; a model that paints is needed; choose one by --visuals-model FILE")
    height, width = picture.pixels.shape[:2]
    time = stamp()
    about = About(
        id=new_id(time),
        time=time.isoformat(timespec="milliseconds"),
        cause="song",
        title=title,
        valence=float(analysis["valence"]),
        energy=float(analysis["energy"]),
        tempo_bpm=float(analysis["tempo_bpm"]),
        key=analysis["key"],
        seed=seed,
        strokes=picture.strokes,
        mix=0.0,
        look=Look(zoom=1.0),
        effects=effects_of(settings, file.config.plugin, file.contract),
        width=max(1, round(size * min(1.0, width / height))),
        height=max(1, round(size * min(1.0, height / width))),
        finish=settings.finish,
    )
    scales = repaint.enough(picture.pixels.shape, about, size)
    pixels, ready = repaint.finish(picture.pixels, about, scales, lambda: Finisher(None, 2, settings.engine), file)
    frame = repaint.draw(pixels, ready, size, file)
    about = replace(about, scale=ready.scale)
    try:
        make_folder(folder)
        write(folder / f"{about.id}.png", frame, about)
    except OSError as error:
        raise GalleryError(
            f"{folder}: can't be written ({error.strerror}); a folder with room is needed; choose another by --gallery"
        ) from None
    return about
