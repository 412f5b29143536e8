"""Marks of keyframes: each becomes the new list of them, as if that had come over OSC."""

from collections.abc import Callable, Iterable, Sequence

from artgen_osc.schema.address import Value
from artgen_osc.schema.address_table import Rows
from artgen_osc.schema.keyframes import MOST, Keyframe, from_text, to_text
from visuals.control.controls import REPEAT_S
from visuals.control.kind import Message

LIST = "/visuals/path/keyframes"
MARK, REMOVE, UNDO, CLEAR = (f"/visuals/path/{name}" for name in ("mark", "remove", "undo", "clear"))


class Keyframes:
    """Takes marks and removals out of the messages and puts the list that they come to in their place.

    Parameters
    ----------
    rows : what the renderer understands
    refuse : is told an address and a reason, for what can't be done
    """

    def __init__(self, rows: Rows, refuse: Callable[[str, str], None]) -> None:
        self._row, self._refuse = rows[LIST], refuse
        self._pressed: dict[str, tuple[Value, float]] = {}

    def receive(
        self,
        messages: Iterable[Message],
        listed: str,
        stage: Iterable[float] | None,
        time: float,
        earlier: Sequence[Message] = (),
    ) -> list[Message]:
        """What the messages mean, in their order.

        Parameters
        ----------
        messages : as from a surface
        listed : the keyframes as they are set
        stage : z of the picture that is on stage; None before there is one
        time : s, monotonic
        earlier : what is to be done before these messages, and isn't in `listed` yet
        """
        listed = next((str(value) for row, value in reversed(earlier) if row.path == LIST), listed)
        out: list[Message] = []
        for row, value in messages:
            if row.path not in (LIST, MARK, REMOVE, UNDO, CLEAR):
                out.append((row, value))
            elif row.path == LIST or self._is_pressed(row.path, value, time):
                try:
                    listed = to_text(_changed(listed, row.path, value, stage))
                    out.append((self._row, listed))
                except ValueError as error:
                    self._refuse(row.path, str(error))
        return out

    def _is_pressed(self, path: str, value: Value, time: float) -> bool:
        """Neither released, nor what a CHOP repeats at its frame rate."""
        before, self._pressed[path] = self._pressed.get(path), (value, time)
        return bool(value) and not (before and before[0] == value and time - before[1] < REPEAT_S)


def _changed(listed: str, path: str, value: Value, stage: Iterable[float] | None) -> list[Keyframe]:
    if path == LIST:
        return from_text(str(value))
    keyframes = from_text(listed)
    if path == CLEAR:
        return []
    if path == MARK:
        if stage is None:
            raise ValueError("there is no picture yet; wait for the first one")
        if len(keyframes) == MOST:
            raise ValueError(f"there are {MOST} keyframes, the most that there can be; remove one first")
        return [*keyframes, tuple(map(float, stage))]
    number = len(keyframes) if path == UNDO else int(value)
    if not keyframes:
        raise ValueError("there are no keyframes; mark one first")
    if number > len(keyframes):
        raise ValueError(f"there is no keyframe {number}; choose from 1 to {len(keyframes)}")
    return keyframes[: number - 1] + keyframes[number:]
