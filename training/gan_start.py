"""What a generator's training begins with: a model file, the installed generator, or nothing."""

import json
from dataclasses import replace
from pathlib import Path

from artgen_osc.errors import ConfigError, ModelError
from artgen_osc.inference.modelfile import installed_generator, load
from training.command import need_file
from training.gan_trainer import Options

AUTO, NOTHING = "auto", "none"
"""Words that ``--init`` takes beside a file: the installed generator where it fits; begin from nothing."""
FEW = 300
"""Pictures below which a generator that begins from nothing knows them by heart before it can paint."""


def choose_start(options: Options, folder: Path) -> tuple[Options, str]:
    """Settle what is begun with.

    Parameters
    ----------
    options : `init` is a file, `AUTO` or `NOTHING`
    folder : of the run; one that is gone on with keeps what it began with, unless a file is named

    Returns
    -------
    options : with a file in `init`, or nothing
    word : what to tell of it, or nothing

    Raises
    ------
    ConfigError
        The file that was named can't be read.
    """
    if options.init not in (AUTO, NOTHING, ""):
        need_file("--init", options.init)
        return options, ""
    resumed = (folder / "state.pt").exists()
    # What detail is added to is for the user to say.
    if options.init != AUTO or (options.detail and not resumed):
        return replace(options, init=""), ""
    if resumed:
        return replace(options, init=_began_with(folder)), ""
    try:
        path = installed_generator()
        card = load(path, "generator").card
    except ModelError:
        return replace(options, init=""), ""
    if (card.get("width"), card.get("z_dim")) != (options.width, options.z_dim):
        word = (
            f"starts from nothing: the installed generator has --width {card.get('width')} --z-dim {card.get('z_dim')}"
        )
        return replace(options, init=""), word
    word = "starts from the installed generator, which can paint already; --init none starts from nothing"
    return replace(options, init=str(path)), word


def _began_with(folder: Path) -> str:
    """The model file that the run in this folder began with, where it is still there."""
    try:
        init = json.loads((folder / "options.json").read_text(encoding="utf-8"))["init"]
        need_file("", init)
    except (OSError, ValueError, KeyError, TypeError, ConfigError):
        return ""
    return str(init)


def few(pictures: int, options: Options) -> str:
    """What to tell of a collection that is small, or nothing.

    Parameters
    ----------
    pictures : how many can be used
    options : of the run
    """
    if pictures >= FEW:
        return ""
    word = f"{pictures} pictures are few, {FEW} or more are better: watch the sheets"
    if options.init:
        return f"{word}, and stop when they become copies"
    return f"{word}; from nothing they are soon learnt by heart, so start from a generator that can paint (--init)"
