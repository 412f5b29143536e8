"""Every plugin of the package keeps what its kind promises; the fixture comes with artgen-osc."""

from collections.abc import Callable
from pathlib import Path

from artgen_example.breath import Breath
from artgen_example.brightest import Brightest
from artgen_example.glow import Glow
from artgen_example.hum import Hum
from artgen_example.posterise import Posterise
from artgen_example.roughness import Roughness
from artgen_example.stripes import Stripes

Conforms = Callable[..., None]


def test_hum(conforms: Conforms) -> None:
    conforms("input", Hum, rest="220")


def test_roughness(conforms: Conforms) -> None:
    conforms("extractor", Roughness)


def test_stripes(conforms: Conforms) -> None:
    conforms("generator", Stripes)


def test_glow(conforms: Conforms) -> None:
    conforms("layer", Glow)


def test_posterise(conforms: Conforms) -> None:
    conforms("effect", Posterise, amount=1.0)


def test_brightest(conforms: Conforms, tmp_path: Path) -> None:
    conforms("output", Brightest, file=str(tmp_path / "brightest.png"))


def test_breath(conforms: Conforms) -> None:
    conforms("surface", Breath, depth=0.5)
