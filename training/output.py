"""Files that a training leaves: proven possible before the work begins, and written whole or not at all."""

import errno
import uuid
from pathlib import Path
from typing import Any

import torch

from artgen_osc.errors import ConfigError
from artgen_osc.runtime.files import part_of, whole


def _place(flag: str, path: Path) -> str:
    return f"{flag}: {path}" if flag else str(path)


def need_folder(flag: str, folder: Path) -> None:
    """Make a folder for results, and make sure that files can be written there.

    Parameters
    ----------
    flag : that names the folder, such as ``--run``
    folder : what it names

    Raises
    ------
    ConfigError
        It can't be made or nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f"new-{uuid.uuid4().hex}"
        probe.touch()
        probe.unlink()
    except FileExistsError:
        raise ConfigError(f"{_place(flag, folder)}: is a file, not a folder; choose another") from None
    except OSError as error:
        raise ConfigError(
            f"{_place(flag, folder)}: can't be written to ({error.strerror}); choose another folder"
        ) from None


def need_writable(flag: str, path: Path) -> None:
    """Make sure, before hours of work, that their result can be written; its folder is made.

    Parameters
    ----------
    flag : that names the file, such as ``--out``
    path : what it names

    Raises
    ------
    ConfigError
        The folder can't be made or written to, or no file of this name can be there.
    """
    need_folder(flag, path.parent)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        part_of(path).touch()
        part_of(path).unlink(missing_ok=True)  # of several processes another may have been faster
    except OSError as error:
        raise ConfigError(f"{_place(flag, path)}: can't be written ({error.strerror}); choose another name") from None


def need_model(flag: str, path: Path) -> Path:
    """As `need_writable`, for a model and the copy of its card beside it.

    Parameters
    ----------
    flag : that names the model, such as ``--out``
    path : what it names

    Returns
    -------
    path of the card

    Raises
    ------
    ConfigError
        As `need_writable`, or the model has the name that its card needs.
    """
    card = path.with_suffix(".json")
    if card == path:
        raise ConfigError(f"{_place(flag, path)}: is the name for the model's card; give the model another one")
    need_writable(flag, path)
    need_writable(flag, card)
    return card


def write_text(path: Path, text: str) -> None:
    """Write a report or a card in UTF-8, whole; names that aren't UTF-8 show as escapes.

    Parameters
    ----------
    path : where to; a file that is there is replaced
    text : of any characters
    """
    with whole(path) as fresh:
        fresh.write_text(text, encoding="utf-8", errors="backslashreplace")


def read_checkpoint(path: Path, *needed: str) -> Any:
    """What a run saved to go on from.

    Parameters
    ----------
    path : of the file
    needed : what has to be in it

    Raises
    ------
    ConfigError
        The file is damaged, or something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        reason = "" if isinstance(state, dict) and set(needed) <= set(state) else "it is another kind of file"
    except Exception as error:  # torch raises whatever a damaged file leads it to
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:80]
    if reason:
        raise ConfigError(
            f"--run: {path}: the checkpoint can't be read ({reason}); delete it to begin anew, or choose another --run"
        )
    return state
