"""The files and folders that settings name, and where they are looked for."""

from pathlib import Path
from typing import Any

FOLDERS = ("web.songs", "visuals.scenes", "visuals.gallery")
"""Settings that name a folder of the show's; without a name it would be the current one."""
_PATHS = frozenset({*FOLDERS, "mood.model", "visuals.models", "web.certificate", "web.key"})
"""Settings that name files or folders, and nothing else."""


def beside(key: str, value: Any, folder: Path) -> Any:
    """The value of a setting with the files and folders that it names in `folder`, unless it says where they are.

    Parameters
    ----------
    key : ``table.key``
    value : of the setting's type
    folder : that of a show file, or the current one
    """
    if key == "audio.input":
        kind, _, path = value.partition(":")
        return f"file:{_in(folder, path)}" if kind == "file" and path else value
    # The model may also be a word: idle, or the name of one that is loaded.
    if key in ("visuals.model", "visuals.second_model"):
        return _in(folder, value) if Path(value).name != value or value.lower().endswith(".onnx") else value
    if key not in _PATHS or not value:
        return value
    return _in(folder, value) if isinstance(value, str) else tuple(_in(folder, path) for path in value)


def _in(folder: Path, path: str) -> str:
    try:
        return str(folder / Path(path).expanduser())
    except (RuntimeError, ValueError):  # ~NAME of nobody here
        return path
