"""The files and folders that settings name, and where they are looked for."""

from pathlib import Path
from typing import Any

from artgen_osc.schema.setting import Setting

_MODELS = ("visuals.model", "visuals.second_model")


def beside(setting: Setting, value: Any, folder: Path) -> Any:
    """The value of a setting with the files and folders that it names in `folder`, unless it says where they are.

    Parameters
    ----------
    setting : Setting
    value : of its type
    folder : that of a show file, or the current one
    """
    if setting.key == "audio.input":
        kind, _, path = value.partition(":")
        return f"file:{_in(folder, path)}" if kind == "file" and path else value
    if setting.key in _MODELS:
        return _in(folder, value) if _is_file(value, folder) else value
    if not setting.path or not value:
        return value
    return _in(folder, value) if isinstance(value, str) else tuple(_in(folder, path) for path in value)


def _is_file(model: str, folder: Path) -> bool:
    """Whether it is one, and not a word: idle, the name of one that is loaded, or ``NAME:REST`` of a generator."""
    name, colon, _ = model.partition(":")
    if colon and name.isidentifier() and len(name) > 1:  # C: is a drive
        try:
            return (folder / model).exists()
        except (OSError, ValueError):
            return False
    return Path(model).name != model or model.lower().endswith(".onnx")


def _in(folder: Path, path: str) -> str:
    try:
        return str(folder / Path(path).expanduser())
    except (RuntimeError, ValueError):  # ~NAME of nobody here
        return path
