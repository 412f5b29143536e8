"""What an effect and a layer are: the protocols of the entry points ``artgen.effects`` and ``artgen.layers``.

A plugin is a class. It may have an attribute ``Settings``, a frozen dataclass whose fields are made by
`artgen_osc.schema.setting.setting`; an instance of it comes with every call, None where there is none. A setting
called ``amount`` says how much of the plugin there is: at 0 it isn't called at all.

Everything runs on the one thread that draws. Textures are moderngl's, of OpenGL 3.3, with their bottom row first; make
with the context what you need, once or for each size, and give it back in ``release``. What an added plugin leaves
behind, raises or breaks is counted and told; fifty times in a row, and it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, get_args

Place = Literal["picture", "enlarge", "frame", "finish"]
"""Where an effect stands; see `Effect`."""

PLACES: tuple[Place, ...] = get_args(Place)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of a frame when it is drawn.

    Attributes
    ----------
    time : s of the show, which stands still while the picture is frozen
    dt : s since the frame before, 0 while frozen
    size : (width, height) of the frame, pixels
    valence, energy : the mood that is painted, 0..1
    level, low, mid, high : of the sound, 0..1
    onsets, beats : heard since the show began; each only grows
    beat_phase, bar_phase : 0 on the beat or the downbeat, rising to 1
    tempo_bpm : 0 while there is none
    extra : what added extractors send, by its path below ``/artgen/x/``
    fine : whether the newest picture went through the finisher
    fray : how far the enlargement moves contours, in pixels of the picture; see `Effect`
    title : of what plays; empty while it is not known
    passed : beats on the clock of the show, which runs on at the last tempo, never leaps and never goes back; 0 before
        there has been a tempo
    """

    time: float = 0.0
    dt: float = 0.0
    size: tuple[int, int] = (1, 1)
    valence: float = 0.5
    energy: float = 0.5
    level: float = 0.0
    low: float = 0.0
    mid: float = 0.0
    high: float = 0.0
    onsets: int = 0
    beats: int = 0
    beat_phase: float = 0.0
    bar_phase: float = 0.0
    tempo_bpm: float = 0.0
    extra: Mapping[str, float] = field(default_factory=dict)
    fine: bool = False
    fray: float = 0.0
    title: str = ""
    passed: float = 0.0


class Effect(Protocol):
    """Changes the picture.

    Its class attribute ``place`` says what is changed, ``frame`` where there is none:

    * ``picture``: each generated picture once, at its own size, and again when a setting of such an effect changes;
      the top row comes first. For what is dear and doesn't move.
    * ``enlarge``: each frame, from the size of the picture to several times that; the first that draws is the only one.
      A picture that is about as large as the frame needs none.
    * ``frame``: each frame, at its full size, after the camera and the layers.
    * ``finish``: the last, in the compositor's own last pass; see `visuals.compositor.pixel.PixelEffect`.

    Within a place those come first that the setting ``visuals.order`` names, as they stand there, then added effects,
    by name, and then ours, by name. An effect may have a method
    ``fray(settings) -> float``: so many pixels of the picture the enlargement moves contours to and fro, as on rough
    paper.

    Parameters
    ----------
    context : moderngl context
    """

    place: ClassVar[Place] = "frame"

    def __init__(self, context: Any) -> None: ...

    def draw(self, source: Any, target: Any, settings: Any, moment: Moment) -> bool:
        """Draw what has become of `source` into all of `target`.

        Parameters
        ----------
        source : texture, linear and clamped to its edges
        target : framebuffer to draw into, of the size of the source save at ``enlarge``; it isn't bound yet, and what
            is in it is of no use. A query that counts samples runs meanwhile: begin none
        settings : instance of ``Settings``, or None
        moment : Moment

        Returns
        -------
        Whether it has drawn. False: there is nothing to do, and the source goes on as it is. With settings that change
        nothing it should say so: that costs nothing.
        """
        ...

    def release(self) -> None:
        """Give back everything that was made with the context."""
        ...


class Layer(Protocol):
    """Gives a picture that lies over those before it.

    Its own alpha, which isn't multiplied into the colours, says where it covers them; where it is, the instance has an
    attribute ``premultiplied`` that is true. A setting called ``amount``, 0..1, makes it as a whole more or less
    transparent. Ours, the generator's, is the first; others follow by name, and then the numbered ones.

    A class with an attribute ``takes``, a word such as ``FILE``, is a source of the numbered layers: it is shown by
    those alone whose setting ``source`` is ``NAME:REST``. Each of them makes one of its own, ``made(context, rest=REST,
    folder=FOLDER)``, where relative paths begin in that folder; without a rest it shows nothing. It has no ``Settings``
    and is given those of its numbered layer, `visuals.compositor.slot.SlotSettings`. What is wrong with what it
    shows, such as a file that isn't there, is its attribute ``trouble``, one line; empty: nothing.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None: ...

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """The layer's picture for one frame.

        Parameters
        ----------
        size : (width, height) of the frame, pixels
        settings : instance of ``Settings``, or None
        moment : Moment

        Returns
        -------
        A texture of any size, which is stretched over the frame and read before the next call; None: nothing to see.
        """
        ...

    def release(self) -> None:
        """Give back everything that was made with the context."""
        ...


class PictureEffects(Protocol):
    """What the layer of the generated pictures knows of the effects; `visuals.compositor.chain.Chain` is one."""

    def key(self, place: Place) -> tuple[Any, ...]:
        """Another one, whenever the effects of a place may draw something else of the same source."""
        ...

    def apply(self, place: Place, source: Any, targets: Any, rows: tuple[int, int, int, int] | None = None) -> Any:
        """What the effects of a place make of a texture; the texture itself where they have nothing to do.

        Parameters
        ----------
        place : not ``finish``
        source : texture
        targets : `visuals.compositor.gl.PingPong` to draw into
        rows : what is wanted of the result: x, y, width, height in pixels; None: all
        """
        ...
