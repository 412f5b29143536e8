"""Plugins as nobody should write them: each kind, broken in each way. For tests; installed by `install`."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from artgen_osc.schema.address import Address
from tests.strange_effects import INVERT

FOREVER = Event()


def install(folder: Path, **plugins: str) -> None:
    """Make a package in a folder that is put on the path.

    Parameters
    ----------
    folder : of the package's metadata
    plugins : names of plugins with commas between, by kind; each is the class with that name here, with capitals
    """
    site = folder / "artgen_broken-1.0.dist-info"
    site.mkdir()
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: artgen-broken\nVersion: 1.0\n")
    (folder / "artgen_stuck.py").write_text("import threading\nthreading.Event().wait()\n")
    lines = []
    for kind, names in plugins.items():
        lines.append(f"[artgen.{kind}s]")
        for name in names.split(","):
            module = {"absent": "artgen_no_such_module", "stuck": "artgen_stuck"}.get(name, __name__)
            lines.append(f"{name} = {module}:{name.title().replace('_', '')}")
    (site / "entry_points.txt").write_text("\n".join(lines))


class _Extractor:
    name = ""

    def __init_subclass__(cls) -> None:
        cls.outputs = (Address(f"/artgen/x/{cls.name}/value", "float", "some value"),)  # type: ignore[attr-defined]

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def reset(self) -> None: ...


class NanHops(_Extractor):
    name = "nan_hops"

    def hop(self, hop: Any) -> Sequence[float]:
        return [float("nan")]


class RaisingHops(_Extractor):
    name = "raising_hops"

    def hop(self, hop: Any) -> Sequence[float]:
        raise ZeroDivisionError("by nothing")


class SlowHops(_Extractor):
    name = "slow_hops"

    def hop(self, hop: Any) -> Sequence[float]:
        time.sleep(0.1)
        return [0.5]


class StuckHop(_Extractor):
    name = "stuck_hop"

    def hop(self, hop: Any) -> Sequence[float]:
        FOREVER.wait()
        return [0.5]


class UnmadeExtractor(_Extractor):
    name = "unmade_extractor"

    def __init__(self, settings: Any) -> None:
        FOREVER.wait()


class StuckInput:
    @staticmethod
    def open(rest: str, settings: Any, host: Any) -> Any:
        FOREVER.wait()


class RaisingInput:
    @staticmethod
    def open(rest: str, settings: Any, host: Any) -> Any:
        raise OSError("no such tape")


class RaisingGenerator:
    @staticmethod
    def accepts(path: Path) -> int:
        raise OSError("no such palette")

    @staticmethod
    def open(model: str, threads: int, engine: str) -> Any: ...


class _Drawn:
    def __init__(self, context: Any) -> None:
        self._context = context

    def release(self) -> None: ...


class GlError(_Drawn):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> bool:
        from visuals.compositor.gl import Pass

        pass_ = Pass(self._context, INVERT)
        self._context.vertex_array(pass_.program, []).render(99, vertices=3)
        return False


class RaisingDraw(_Drawn):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> bool:
        raise RuntimeError("no paint left")


class StuckDraw(_Drawn):
    def draw(self, source: Any, target: Any, settings: Any, moment: Any) -> bool:
        return Path("stand still").exists() and FOREVER.wait()


class RaisingLayer(_Drawn):
    def frame(self, size: tuple[int, int], settings: Any, moment: Any) -> Any:
        raise RuntimeError("no film in it")


class _Output:
    def __init__(self, settings: Any, host: Any) -> None:
        self.settings = settings

    def wants(self, time: float) -> tuple[int, int]:
        return 64, 36

    def take(self, frame: Any, time: float) -> None: ...

    def close(self) -> None: ...


class StuckOutput(_Output):
    def take(self, frame: Any, time: float) -> None:
        FOREVER.wait()


class UnmadeOutput(_Output):
    def __init__(self, settings: Any, host: Any) -> None:
        FOREVER.wait()


class RaisingOutput(_Output):
    def take(self, frame: Any, time: float) -> None:
        raise OSError("the cable is out")


class _Surface:
    def __init__(self, settings: Any, host: Any) -> None:
        self.settings = settings

    def poll(self) -> Sequence[Any]:
        return []

    def show(self, values: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class RaisingSurface(_Surface):
    def poll(self) -> Sequence[Any]:
        raise OSError("the box is gone")


class StuckSurface(_Surface):
    def poll(self) -> Sequence[Any]:
        FOREVER.wait()
        return []


class UnmadeSurface(_Surface):
    def __init__(self, settings: Any, host: Any) -> None:
        FOREVER.wait()
