"""The gallery as an output: it keeps the newest picture when there is an occasion."""

from pathlib import Path
from typing import TYPE_CHECKING

from visuals.gallery.occasions import Occasions
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.control.controls import Control
    from visuals.gallery.record import About
    from visuals.generators.generator import Frame
    from visuals.modulation.motion import Look
    from visuals.painting.scene import Scene


def about(scene: "Scene", control: "Control", look: "Look", size: tuple[int, int], cause: str) -> "About":
    """What is known of the newest picture, of which there is one.

    Parameters
    ----------
    scene, control : of the moment
    look : that it is drawn with
    size : (width, height) in pixels
    cause : as `Occasions.due` says it
    """
    from visuals.gallery.record import About, effects_of, new_id, stamp

    painted = scene.painted
    assert painted is not None
    time = stamp()
    return About(
        id=new_id(time),
        time=time.isoformat(timespec="milliseconds"),
        cause=cause,
        title=control.title,
        valence=scene.mood[0],
        energy=scene.mood[1],
        tempo_bpm=control.tempo_bpm,
        key=control.key,
        seed=scene.seed,
        strokes=painted.strokes,
        mix=painted.mix,
        look=look,
        effects=effects_of(control.settings),
        width=size[0],
        height=size[1],
        scene=scene.name,
        finish=painted.finish,
        scale=painted.scale,
    )


class GalleryOutput:
    """Takes snapshots: not what is on screen, which no model could paint again, but the newest picture alone.

    Parameters
    ----------
    settings : it has none of its own
    host : OutputHost
    """

    direct = True

    def __init__(self, settings: None, host: OutputHost) -> None:
        from visuals.gallery.writer import Writer

        self.settings = settings
        self._host = host
        self._occasions = Occasions()
        self._writer = Writer(Path(host.config.gallery))

    @property
    def dropped(self) -> int:
        """Snapshots that were lost so far."""
        return self._writer.dropped

    def prepare(self, time: float) -> None:
        """Keep the newest picture if it is time to."""
        control, scene = self._host.showing.control, self._host.showing.scene
        cause = self._occasions.due(control, scene.mood, time) if scene is not None else ""
        still = self._host.still() if cause else None
        if scene is not None and still is not None:
            frame, look = still
            self._writer.write(frame, about(scene, control, look, (frame.shape[1], frame.shape[0]), cause))

    def wants(self, time: float) -> None:
        """Nothing of what is on screen."""

    def take(self, frame: "Frame", time: float) -> None:
        """It takes nothing of what is on screen."""

    def close(self) -> None:
        """Write what is waiting."""
        self._writer.close()
