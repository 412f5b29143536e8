"""The cameras of this machine by name."""

import sys
from pathlib import Path

from artgen_osc.runtime.text import short

SYSTEM = Path("/sys/class/video4linux")


def device(wanted: str, system: Path = SYSTEM) -> tuple[str, str]:
    """What FFmpeg opens for a camera, and by which of its formats.

    Parameters
    ----------
    wanted : a part of the camera's name, or its number
    system : where Linux lists cameras

    Raises
    ------
    ValueError
        There is none, or there are several; the text names what there is.
    """
    if sys.platform == "win32":
        return f"video={wanted}", "dshow"
    if sys.platform == "darwin":
        return f"{wanted}:none", "avfoundation"
    known = _of_linux(system)
    found = {path: name for path, name in known.items() if wanted.casefold() in name.casefold()}
    exact = [path for path, name in known.items() if wanted in (name, path.removeprefix("/dev/video"))]
    if exact or len(set(found.values())) == 1:
        return (exact or list(found))[0], "v4l2"
    there = ", ".join(dict.fromkeys(known.values())) or "none is plugged in"
    raise ValueError(f"{'several are' if found else 'none is'} called {short(wanted)}; there are: {there}")


def _of_linux(system: Path) -> dict[str, str]:
    """Names by device, in order; of the devices of one camera the first has the picture."""
    found: dict[int, str] = {}
    try:
        for entry in system.iterdir():
            number = entry.name.removeprefix("video")
            if number.isdigit():
                found[int(number)] = (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        pass  # no cameras, or one that has just been pulled out
    return {f"/dev/video{number}": found[number] for number in sorted(found)}
