"""What an output is: something that is given the frames of a show.

A class that an entry point of the group ``artgen.outputs`` names. It is made with its settings and an `OutputHost`;
it may have a frozen dataclass ``Settings``, whose fields are `artgen_osc.schema.setting.setting`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from artgen_osc.config.contract import Contract
    from artgen_osc.config.tables import VisualsConfig
    from visuals.compositor.mapped import Shown
    from visuals.control.controls import Control
    from visuals.control.kind import Message
    from visuals.generators.generator import Frame
    from visuals.modulation.motion import Look
    from visuals.outputs.ear import Ear
    from visuals.scene import Scene


class Output(Protocol):
    """Something that is given frames.

    It is made and called on a thread of its own, one call at a time; while it is busy, frames are dropped for it and
    counted at ``/visuals/output/NAME/dropped``, with those of a counter ``dropped`` that it may have. A call that
    raises or that takes over 2 ms is a failure. One that has failed 50 times in a row, or hasn't come back for 2 s, is
    ended.

    A class with an attribute ``alpha`` that is true is given frames with a fourth channel: where the picture is opaque.
    One may have ``tells``, rows of `artgen_osc.schema.address.Address` whose path is a name: the attribute of this name
    is sent once a second as ``/visuals/output/NAME/…``. It answers at once.

    A class may have a class method ``here()``, which says on one line what it works with on this machine, or raises
    `artgen_osc.errors.OutputError` with what is missing and how to get it; ``artgen doctor`` asks, in another process.

    A frame is given a turn of the loop after it was drawn, so that reading it back holds nothing up.

    Attributes
    ----------
    settings : its ``Settings``; replaced whenever they change
    """

    settings: Any

    def wants(self, time: float) -> tuple[int, int] | None:
        """Whether the frame of this moment is wanted, and how large.

        Parameters
        ----------
        time : s since the show began

        Returns
        -------
        (width, height) in pixels, 1..8192 each; the show's picture is stretched to it. None: not wanted.
        """

    def take(self, frame: "Frame", time: float) -> None:
        """Take a frame, and return at once (2 ms) whatever becomes of it.

        Parameters
        ----------
        frame : uint8 ``(height, width, 3)``, RGB, top row first, without the overlay; not to be written to. With
            ``alpha`` ``(height, width, 4)``, RGBA, alpha multiplied into the colours
        time : s since the show began
        """

    def close(self) -> None:
        """Free what it holds."""


class Direct(Output, Protocol):
    """One of ours that is called on the thread of the loop, where OpenGL is: nothing guards the show while it blocks.

    Attributes
    ----------
    direct : True
    """

    direct: bool

    def prepare(self, time: float) -> None:
        """Before a frame is drawn, `time` s after the show began."""


class Target(Direct, Protocol):
    """One of ours that frames are drawn into. It is made first, since it owns the OpenGL context.

    Attributes
    ----------
    target : True
    context : moderngl context, core 3.3
    size : (width, height) of the frame, pixels, as it is now
    window_size : that of what it is seen on
    window : whether drawing goes to the context's window
    apart : whether it wants the frame as a texture, and draws it by itself
    """

    target: bool
    context: Any
    size: tuple[int, int]
    window_size: tuple[int, int]
    window: bool
    apart: bool

    def pressed(self) -> Sequence[str]:
        """Names of the keys pressed since the last call; closing a window is `visuals.control.keys.CLOSE`."""

    def edited(self) -> Sequence["Message"]:
        """What has been changed with mouse and keys in the windows since the last call."""

    def show(self, shown: "Shown | None") -> None:
        """Put the drawn frame on screen.

        Parameters
        ----------
        shown : the frame as a texture, where it is drawn `apart`; None: it is where it belongs
        """


class Showing:
    """What the show is like at the moment.

    Parameters
    ----------
    control : the newest
    size : (width, height) of the target, pixels

    Attributes
    ----------
    scene : the newest; None before the first
    began : s, monotonic; when the show began
    """

    def __init__(self, control: "Control", size: tuple[int, int]) -> None:
        self.control, self.size = control, size
        self.scene: Scene | None = None
        self.began = 0.0


@dataclass(frozen=True, slots=True)
class OutputHost:
    """What an output may use of the show. A stranger's needs ``config`` at most.

    Attributes
    ----------
    config : of the renderer, as the show began: size, rate, folders
    contract : what can be set and said
    showing : what is shown
    strip : where a strip of the show is to be left, if it is
    picture : `visuals.compositor.screen.Screen.picture`, for direct ones, between frames; None while there is nothing
        to draw with
    ear : where the sound of the show is to be had; None: no daemon sends any
    target : where frames are drawn, for direct ones
    name : as the output is registered
    share : `visuals.compositor.screen.Screen.shared`, for direct ones, while they are asked what they want; None while
        there is nothing to draw with
    """

    config: "VisualsConfig"
    contract: "Contract"
    showing: Showing
    strip: Path | None = None
    picture: "Callable[..., Frame] | None" = None
    ear: "Ear | None" = None
    target: Target | None = None
    name: str = ""
    share: Callable[[tuple[int, int]], Any] | None = None

    def still(self) -> "tuple[Frame, Look] | None":
        """The newest picture alone, fully faded in and without a blackout, and the look that it is drawn with.

        The frame on screen lies between pictures, and no model could paint it again. None before there is one.
        """
        scene = self.showing.scene
        if scene is None or scene.painted is None or self.picture is None:
            return None
        look = replace(scene.look, brightness=1.0)
        # No time goes by for effects: it is another picture of the same frame.
        return self.picture(1.0, look, scene.effects, replace(scene.moment, dt=0.0)), look
