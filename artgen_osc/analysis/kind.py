"""What an extractor is: a plugin of the group ``artgen.extractors``, which hears something in the sound."""

from collections.abc import Sequence
from typing import Any, Protocol

from artgen_osc.analysis.hop import Hop
from artgen_osc.schema.address import Address, Value


class Extractor(Protocol):
    """Turns hops of sound into values. The entry point names the class.

    It is causal: a value depends on the sound up to the end of its hop alone, and after `reset` on no sound before.
    The module is light to import: what is heavy is imported when an instance is made. In a show one that was added is
    made and called on a thread of its own, one call at a time; a hop waits for it 50 ms at most, and those that come
    while it is busy are lost to it.

    The class may have ``Settings``, a frozen dataclass whose fields are made by `artgen_osc.schema.setting.setting`;
    its instance has three more methods if it needs them: ``live()`` is called once before the first hop of a show in
    real time, and from then on whatever takes longer than a hop belongs on a thread of its own; ``tap(time)`` tells
    that somebody tapped the beat, at s on the stream's clock; ``close()`` ends what it started.

    Parameters
    ----------
    settings : an instance of ``Settings``, None without

    Attributes
    ----------
    outputs : the addresses of its values, each below ``/artgen/x/NAME/``
    settings : replaced by the host whenever they change, between two hops
    """

    outputs: tuple[Address, ...]
    settings: Any

    def __init__(self, settings: Any) -> None: ...

    def reset(self) -> None:
        """Forget the stream; the next hop is the first one of another."""
        ...

    def hop(self, hop: Hop) -> Sequence[Value]:
        """Hear one hop, in 5 ms at most.

        Parameters
        ----------
        hop : the same arrays for every extractor; they must not be changed

        Returns
        -------
        One value for each of `outputs`, in their order and within their range; NaN counts as a failure, and the last
        value is kept
        """
        ...
