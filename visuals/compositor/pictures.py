"""The last painted pictures as textures, in a line that grows at its end."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visuals.compositor.gl import Target, texture_of
from visuals.compositor.kind import PictureEffects

if TYPE_CHECKING:
    import numpy as np


@dataclass(slots=True)
class Shown:
    """A picture in the line; its textures have their top row first.

    Attributes
    ----------
    painted : as it came; None of one that was on screen
    motion : two floats a place, from the picture before it, as `visuals.painting.flow` has it; None: nothing moves
    touched : out of the effects at ``picture``; None: not yet
    key, rows : of the effects, and which rows they were given
    """

    painted: Any
    motion: Any = None
    touched: Any = None
    key: Any = None
    rows: tuple[int, int, int, int] = (0, 0, 0, 0)

    def release(self) -> None:
        """Give back what isn't a target's."""
        for texture in (self.painted, self.motion):
            if texture is not None:
                texture.release()


class Pictures:
    """A line of pictures of one size, and the targets that effects need for them.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    """

    def __init__(self, context: Any, size: tuple[int, int]) -> None:
        self.size = size
        self._context = context
        self._line: list[Shown] = []
        self._targets: list[Target] = []
        self._touching: Shown | None = None

    def put(self, pixels: "np.ndarray", flow: "np.ndarray | None" = None) -> None:
        """One more at the end; the oldest goes where there are too many.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``, top row first
        flow : as `visuals.painting.flow.Flow` has it, from the one before
        """
        import numpy as np

        from visuals.modulation.motion import LINE

        oldest = self._line.pop(0) if len(self._line) == LINE else Shown(None)
        painted = oldest.painted  # which is the new one's from now on
        if painted is None:
            painted = texture_of(self._context, pixels, repeat=False)
        else:
            painted.write(np.ascontiguousarray(pixels))
        if oldest.motion is not None:
            oldest.motion.release()
        self._line.append(Shown(painted, self._motion(flow)))

    def begin_with(self, target: Target) -> None:
        """Leave all; what was drawn into one of `other_than`'s targets is the first picture now."""
        for shown in self._line:
            shown.release()
        self._line = [Shown(None, touched=target.texture)]

    def between(self, place: float) -> tuple[Shown, Shown, float]:
        """The two pictures at a place in the line, and how far from the first to the second that is.

        Parameters
        ----------
        place : 1 at the newest picture, 0 at the one before, -1 at the one before that, and so on
        """
        last = len(self._line) - 1
        steps = min(max(1.0 - place, 0.0), last)  # behind the newest
        before = max(last - 1 - int(steps), 0)
        return self._line[before], self._line[min(before + 1, last)], min(1.0, last - steps - before)

    def touch(
        self, shown: Shown, effects: PictureEffects | None, rows: tuple[int, int, int, int], newer: bool = True
    ) -> Any:
        """A picture out of the effects at ``picture``: drawn once for each picture, not for each frame.

        Parameters
        ----------
        shown : in the line
        effects : None: there are none
        rows : what is wanted of it: x, y, width, height in pixels
        newer : whether it follows what has been set since it was drawn
        """
        key = effects.key("picture") if effects else ()
        grown = shown.rows[3] < rows[3] or (newer and shown.key != key)
        if shown.painted is not None and (shown.touched is None or grown):
            self._touching, shown.key, shown.rows = shown, key, rows
            shown.touched = effects.apply("picture", shown.painted, self, rows) if effects else shown.painted
            self._touching = None
        return shown.touched

    def other_than(self, texture: Any) -> Target:
        """A target of this size that doesn't draw into this texture, nor into one that shows a picture of the line."""
        held = [shown.touched for shown in self._line if shown is not self._touching]
        for target in self._targets:
            if target.texture is not texture and not any(target.texture is one for one in held):
                return target
        self._targets.append(Target(self._context, self.size))
        return self._targets[-1]

    def release(self) -> None:
        """Give everything back."""
        for shown in self._line:
            shown.release()
        for target in self._targets:
            target.release()
        self._line.clear()
        self._targets.clear()

    def _motion(self, flow: "np.ndarray | None") -> Any:
        import numpy as np

        if flow is None:
            return None
        rows, columns = flow.shape[:2]
        texture = self._context.texture((columns, rows), 2, flow.astype(np.float16), dtype="f2", alignment=1)
        texture.repeat_x = texture.repeat_y = False
        return texture
