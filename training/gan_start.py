"""What a generator's training begins with: a model file, the installed generator, or nothing."""

import json
from dataclasses import replace
from pathlib import Path

from artgen_osc.errors import ConfigError, ModelError
from artgen_osc.inference.modelfile import installed_generator, load
from training.command import need_file
from training.gan_trainer import Options

AS_BEGUN = 0.0
"""For ``--widest``: as wide as what is begun with; squares alone where that is nothing."""
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


def settle_shape(options: Options, folder: Path) -> Options:
    """How wide the widest picture is: as asked for, as in a run that is gone on with, or as in ``--init``.

    Parameters
    ----------
    options : as `choose_start` returned them; `widest` may be `AS_BEGUN`
    folder : of the run
    """
    if options.widest != AS_BEGUN:
        return options
    try:
        if (folder / "state.pt").exists():
            told = json.loads((folder / "options.json").read_text(encoding="utf-8"))
        else:
            told = load(options.init, "generator").card if options.init else {}
        return replace(options, widest=float(told.get("widest", 1.0)))
    except (OSError, ValueError, TypeError, AttributeError, ModelError):
        return replace(options, widest=1.0)


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
