"""The newest picture as the gallery keeps it."""

from visuals.control.controls import Control
from visuals.gallery.record import About, effects_of, new_id, stamp
from visuals.generators.generator import Frame
from visuals.show import Show


def snapshot(show: Show, control: Control, cause: str) -> tuple[Frame, About] | None:
    """The newest picture and what is known of it; None before there is one.

    Parameters
    ----------
    show : drawn from on its own thread
    control : of the frame
    cause : as `Occasions.due` says it
    """
    painted = show.painted
    if painted is None:
        return None
    frame, look = show.still()
    time = stamp()
    about = About(
        id=new_id(time),
        time=time.isoformat(timespec="milliseconds"),
        cause=cause,
        title=control.title,
        valence=show.mood[0],
        energy=show.mood[1],
        tempo_bpm=control.tempo_bpm,
        key=control.key,
        seed=show.seed,
        strokes=painted.strokes,
        mix=painted.mix,
        look=look,
        effects=effects_of(control.settings, show.drawn, show.controls.contract),
        width=frame.shape[1],
        height=frame.shape[0],
        scene=show.scene,
        finish=painted.finish,
        scale=painted.scale,
    )
    return frame, about
