"""What is heard of a song, by ``artgen analyze`` in a process of its own: the OSC stream of a show, and the sound."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import RenderError
from artgen_osc.runtime.child import python_module

HEARD_BY = ("mood.", "plugin.", "plugins.")
"""Settings of what hears begin so."""

PROGRESS = "progress "


class Song:
    """A song that has been heard.

    Parameters
    ----------
    name : a sound file, or ``demo``
    file : settings, by which it is heard
    folder : where stream and sound are kept
    tell : is called now and then with the s of sound that are done

    Attributes
    ----------
    stream : file of the OSC stream, as ``artgen replay`` plays it
    sound : file of the sound, stereo FLAC
    duration : s

    Raises
    ------
    RenderError
        It can't be heard; the text is that of ``artgen analyze``.
    """

    def __init__(self, name: str, file: ConfigFile, folder: Path, tell: Callable[[float], None]) -> None:
        import soundfile

        self.stream, self.sound = folder / "song.osc", folder / "song.flac"
        kept = (f"--record={self.stream}", f"--sound={self.sound}")
        command = python_module("artgen_osc", "analyze", "--progress", *kept, *_given(file), "--", name)
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                assert process.stderr is not None
                reason = _follow(process.stderr, tell)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            raise RenderError(reason or f"{name}: artgen analyze has failed with status {process.returncode}")
        info = soundfile.info(str(self.sound))
        self.duration = info.frames / info.samplerate
        if not info.frames:
            raise RenderError(f"{name}: has no sound in it; choose another file")


def _follow(lines: Iterator[str], tell: Callable[[float], None]) -> str:
    """The last line that isn't about progress, without the program's name."""
    last = ""
    for line in lines:
        if line.startswith(PROGRESS):
            tell(float(line.removeprefix(PROGRESS)))
        else:
            last = line.strip().removeprefix("artgen: ") or last
    return last


def _given(file: ConfigFile) -> Sequence[str]:
    """The settings of what hears, as they were given."""
    words = [f"--config={file.path}"] if file.path else []
    for key, origin in file.origins.items():
        if origin == "flag" and key.startswith(HEARD_BY):
            value = file.contract.get(file.config, key)
            for one in value if isinstance(value, tuple) else (value,):
                words.append(f"--set={key}={str(one).lower() if isinstance(one, bool) else one}")
    return words
