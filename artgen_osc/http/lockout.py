"""Who guesses tokens has to wait, longer each time. No input or output."""

from collections import OrderedDict
from dataclasses import dataclass, field

FREE = 10
"""Different wrong tokens that cost nothing: people mistype, and pages are open that knew the last show's."""

LONGEST_S = 60.0
FORGET_S = 600.0
"""Without another one, the wrong ones are forgotten."""

MOST_KNOWN = 1000
"""Addresses; of more, those that have been quiet longest are forgotten."""


@dataclass(slots=True)
class _Guesser:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0
    tried: set[int] = field(default_factory=set)


class Lockout:
    """What each address has tried; times are in s, monotonic.

    Attributes
    ----------
    wrong : different wrong tokens so far, of all addresses
    """

    def __init__(self) -> None:
        self.wrong = 0
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()

    def wait(self, address: str, now: float) -> float:
        """For how long no token of an address is looked at.

        Parameters
        ----------
        address : IP address
        now : s, monotonic

        Returns
        -------
        s, 0 where its tokens are looked at
        """
        guesser = self._guessers.get(address)
        return max(0.0, guesser.until - now) if guesser else 0.0

    def mistake(self, address: str, shown: str, now: float) -> bool:
        """Note a wrong token.

        Parameters
        ----------
        address : IP address it came from
        shown : the token
        now : s, monotonic

        Returns
        -------
        Whether it is another one than before: a page that shows its old one on and on guesses nothing.
        """
        guesser = self._guessers.setdefault(address, _Guesser())
        self._guessers.move_to_end(address)
        if len(self._guessers) > MOST_KNOWN:
            self._guessers.popitem(last=False)
        if now - guesser.last > FORGET_S:
            guesser.wrong, guesser.tried = 0, set()
        if hash(shown) in guesser.tried:
            return False
        if len(guesser.tried) < 2 * FREE:
            guesser.tried.add(hash(shown))
        guesser.last = now
        guesser.wrong += 1
        self.wrong += 1
        if guesser.wrong > FREE:
            guesser.until = now + min(LONGEST_S, 2.0 ** min(guesser.wrong - FREE - 1, 10))
        return True
