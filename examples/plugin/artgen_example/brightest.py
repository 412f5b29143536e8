"""An output: keeps the brightest frame of the show, and writes it as a picture at the end."""

from dataclasses import dataclass
from typing import Any

from artgen_osc.schema.setting import setting

SIZE = (640, 360)


class Brightest:
    """Looks at one frame a second."""

    @dataclass(frozen=True, slots=True)
    class Settings:
        """[plugin.brightest] in a show file."""

        file: str = setting("", "where to, such as brightest.png; empty: nowhere")

    def __init__(self, settings: Any, host: Any) -> None:
        self.settings = settings
        self._frame: Any = None
        self._light, self._next = -1.0, 0.0

    def wants(self, time: float) -> tuple[int, int] | None:
        """A frame of this size, a second after the last one; None: not now."""
        return SIZE if self.settings.file and time >= self._next else None

    def take(self, frame: Any, time: float) -> None:
        """Keep it if it is brighter; a few of its pixels tell, since this must be quick."""
        self._next = time + 1.0
        light = float(frame[::8, ::8].mean())
        if light > self._light:
            self._frame, self._light = frame.copy(), light

    def close(self) -> None:
        """Write the file."""
        if self._frame is not None:
            from PIL import Image

            Image.fromarray(self._frame).save(self.settings.file)
