"""OSC address patterns: which addresses of a table are meant. No input or output.

``?`` is any character, ``*`` any number of them, ``[a-z]`` one of these, ``[!a-z]`` one of the others,
``{one,two}`` either; none of them reaches over a ``/``. ``//`` (OSC 1.1) is any number of levels.

Every place that can be reached is kept as a set and moved on, token by token. So the work is at most
tokens times characters: a pattern can't be built on which it takes exponential time, as with
regular expressions that step back, python-osc's among them; `tests/reference` compares what both mean.

Specifications: https://opensoundcontrol.stanford.edu/spec-1_0.html#osc-message-dispatching-and-pattern-matching,
https://opensoundcontrol.stanford.edu/files/2009-NIME-OSC-1.1.pdf
"""

from collections.abc import Iterable
from dataclasses import dataclass

from artgen_osc.errors import OscError

MAX_PATTERN = 200
MAX_WILDCARDS = 16
"""Of one pattern, commas included: then it is compared with the whole table in a millisecond or two."""


@dataclass(frozen=True, slots=True)
class _Text:
    """One of several texts."""

    texts: tuple[str, ...]

    def ends(self, name: str, starts: set[int]) -> set[int]:
        return {at + len(text) for at in starts for text in self.texts if name.startswith(text, at)}


@dataclass(frozen=True, slots=True)
class _One:
    """One character that is among these, or isn't."""

    characters: frozenset[str]
    among: bool

    def ends(self, name: str, starts: set[int]) -> set[int]:
        return {at + 1 for at in starts if at < len(name) and (name[at] in self.characters) == self.among}


@dataclass(frozen=True, slots=True)
class _Any:
    """Any number of any characters."""

    def ends(self, name: str, starts: set[int]) -> set[int]:
        return set(range(min(starts), len(name) + 1))


_Token = _Text | _One | _Any
_Level = tuple[_Token, ...] | None
"""None for ``//``."""


def is_pattern(path: str) -> bool:
    """Whether an address means more than itself."""
    return any(character in path for character in "?*[{") or "//" in path


def parse(pattern: str) -> tuple[_Level, ...]:
    """A pattern's levels, each as tokens.

    Raises
    ------
    OscError
        It is too long, ends in ``/``, or a bracket isn't closed.
    """
    wildcards = sum(pattern.count(character) for character in "?*[{,") + pattern.count("//")
    if len(pattern) > MAX_PATTERN or wildcards > MAX_WILDCARDS:
        raise OscError(
            f"{pattern[:40]}: {len(pattern)} characters, {wildcards} wildcards, where {MAX_PATTERN} and "
            f"{MAX_WILDCARDS} are the most; send several patterns"
        )
    if pattern.endswith("/"):
        raise OscError(f"{pattern}: ends in '/'; add a name or a wildcard")
    return tuple(_tokens(level, pattern) if level else None for level in pattern[1:].split("/"))


def _tokens(level: str, pattern: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    at = 0
    while at < len(level):
        character = level[at]
        if character == "*":
            tokens.append(_Any())
        elif character == "?":
            tokens.append(_One(frozenset(), among=False))
        elif character in "[{":
            closing = "]" if character == "[" else "}"
            end = level.find(closing, at)
            if end < 0:
                raise OscError(f"{pattern}: {character!r} isn't closed; add {closing!r} before the next '/'")
            inside = level[at + 1 : end]
            tokens.append(_Text(tuple(inside.split(","))) if character == "{" else _one(inside))
            at = end
        else:
            end = next((i for i in range(at, len(level)) if level[i] in "*?[{"), len(level))
            tokens.append(_Text((level[at:end],)))
            at = end - 1
        at += 1
    return tuple(tokens)


def _one(inside: str) -> _One:
    among = not inside.startswith("!")
    left = inside if among else inside[1:]
    characters: set[str] = set()
    while left:
        if len(left) > 2 and left[1] == "-":  # at the end, - is itself
            first, last = sorted((ord(left[0]), ord(left[2])))
            characters.update(map(chr, range(first, min(last, 127) + 1)))  # addresses are ASCII
            left = left[3:]
        else:
            characters.add(left[0])
            left = left[1:]
    return _One(frozenset(characters), among)


def matching(pattern: str, paths: Iterable[str]) -> tuple[str, ...]:
    """The addresses that a pattern means, in their order.

    >>> matching("//[a-c]?", ["/ax", "/one/b2", "/one/dx"])
    ('/ax', '/one/b2')

    Parameters
    ----------
    pattern : of OSC 1.0, with 1.1's ``//``
    paths : addresses, without patterns

    Raises
    ------
    OscError
        See `parse`.
    """
    levels = parse(pattern)
    split = {path: path[1:].split("/") for path in paths}
    names = {name for levels_of_path in split.values() for name in levels_of_path}
    fitting = [None if level is None else {name for name in names if _fits(level, name)} for level in levels]
    return tuple(path for path, own in split.items() if _reaches(fitting, own))


def _fits(level: tuple[_Token, ...], name: str) -> bool:
    ends = {0}
    for token in level:
        ends = token.ends(name, ends)
        if not ends:
            return False
    return len(name) in ends


def _reaches(fitting: list[set[str] | None], names: list[str]) -> bool:
    """Whether the levels, each as the names that fit it, lead from the first name past the last."""
    places = {0}
    for fit in fitting:
        if fit is None:
            places = set(range(min(places), len(names) + 1))
        else:
            places = {at + 1 for at in places if at < len(names) and names[at] in fit}
        if not places:
            return False
    return len(names) in places
