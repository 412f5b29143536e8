"""What the files of the shipped models say of themselves, written into ``MODELS.md``.

``python -m artgen_osc.inference.model_cards MODELS.md`` brings the page up to date.
"""

import importlib.metadata
import re
import sys
from pathlib import Path
from typing import Any

from artgen_osc.inference.modelfile import installed_generator, load, load_weights

_TABLE = re.compile(r"(<!-- card of (\w+): make docs -->\n).*?(<!-- end of the card -->)", re.DOTALL)
_COUNTS = {"images_seen": "pictures seen in training", "training_hours": "hours of training"}


def cards() -> dict[str, dict[str, Any]]:
    """The card of each shipped model, by its kind.

    Raises
    ------
    ModelError
        A file is missing or damaged.
    """
    models = Path(__file__).parents[1] / "models"
    return {
        "mood": load(models / "mood.onnx", "mood").card,
        "beat": load_weights(models / "beat.safetensors", "beat")[0].card,
        "generator": load(installed_generator(), "generator").card,
        "finisher": load(installed_generator().with_name("finisher.onnx"), "finisher").card,
    }


def rows(card: dict[str, Any]) -> str:
    """A card as rows of a Markdown table."""
    trained_on = card["trained_on"]
    told = {
        "trained on, as the file says": trained_on if isinstance(trained_on, str) else "; ".join(trained_on),
        "licence, as the file says": card["licence"],
        **{word: f"{card[name]:,}" for name, word in _COUNTS.items() if name in card},
        **({"shapes of its pictures": f"from 1:1 to {card['widest']:g}:1"} if "widest" in card else {}),
        "sha256 of its network": f"`{card['sha256']}`",
    }
    return "".join(f"| {name} | {text} |\n" for name, text in told.items())


def insert(page: str) -> str:
    """The page with every table of a card as the file has it now."""
    known = cards()
    return _TABLE.sub(lambda found: f"{found[1]}| | |\n|---|---|\n{rows(known[found[2]])}{found[3]}", page)


def models_page() -> Path | None:
    """Where ``MODELS.md`` lies: in the checkout, or in what was installed."""
    beside = Path(__file__).parents[2] / "MODELS.md"
    if beside.is_file():
        return beside
    try:
        files = importlib.metadata.files("artgen-osc") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name == "MODELS.md"), None)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(insert(path.read_text(encoding="utf-8")), encoding="utf-8")
