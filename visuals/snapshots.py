"""The gallery as an output: it keeps the newest picture when there is an occasion."""

from pathlib import Path
from typing import TYPE_CHECKING

from visuals.gallery.occasions import Occasions, OccasionSettings
from visuals.outputs.kind import OutputHost

if TYPE_CHECKING:
    from visuals.gallery.record import About
    from visuals.generators.generator import Frame


def snapshot(host: OutputHost, cause: str) -> "tuple[Frame, About] | None":
    """The newest picture and what is known of it; None before there is one.

    Parameters
    ----------
    host : of an output
    cause : as `Occasions.due` says it
    """
    from visuals.gallery.record import About, effects_of, new_id, stamp

    scene, control, still = host.showing.scene, host.showing.control, host.still()
    if scene is None or scene.painted is None or still is None:
        return None
    frame, look = still
    painted = scene.painted
    time = stamp()
    about = About(
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
        effects=effects_of(control.settings, scene.effects, host.contract),
        width=frame.shape[1],
        height=frame.shape[0],
        scene=scene.name,
        finish=painted.finish,
        scale=painted.scale,
    )
    return frame, about


class GalleryOutput:
    """Takes snapshots: not what is on screen, which no model could paint again, but the newest picture alone.

    Parameters
    ----------
    settings : OccasionSettings
    host : OutputHost
    """

    Settings = OccasionSettings
    direct = True

    def __init__(self, settings: OccasionSettings, host: OutputHost) -> None:
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
        showing = self._host.showing
        if showing.scene is None:
            return
        cause = self._occasions.due(self.settings, showing.control.snapshots, showing.scene.mood, time)
        kept = snapshot(self._host, cause) if cause else None
        if kept is not None:
            self._writer.write(*kept)

    def wants(self, time: float) -> None:
        """Nothing of what is on screen."""

    def take(self, frame: "Frame", time: float) -> None:
        """It takes nothing of what is on screen. See `Output`."""

    def close(self) -> None:
        """Write what is waiting."""
        self._writer.close()
