"""What a request to the gallery's server asks for, checked; what is wrong is told in one line."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from visuals.gallery.query import Query, end_of
from visuals.gallery.record import LONGEST_TITLE, is_id

MOST_IDS = 500
"""To one request: so many fit into an address."""

LARGEST_PAGE = 1000
FILTERS = ("near", "valence", "energy", "title", "since", "until", "favourite", "ids")


class RefusedError(Exception):
    """A request that isn't answered.

    Parameters
    ----------
    reason : for people
    status : of HTTP
    """

    def __init__(self, reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(reason)
        self.status = status


def query_of(given: Mapping[str, str], others: tuple[str, ...] = ()) -> Query:
    """The pictures that are meant by the parameters of an address.

    Parameters
    ----------
    given : by name, see `FILTERS`
    others : names of parameters that mean something else

    Raises
    ------
    RefusedError
    """
    for name in given:
        if name not in FILTERS and name not in others:
            raise RefusedError(f"{name[:40]!r}: isn't known; choose from {', '.join((*FILTERS, *others))}")
    near, valence, energy = (
        _numbers(given, name, count) for name, count in (("near", 3), ("valence", 2), ("energy", 2))
    )
    title = given.get("title", "")
    if len(title) > LONGEST_TITLE:
        raise RefusedError(f"title: is longer than {LONGEST_TITLE} letters; give fewer")
    return Query(
        valence=(valence[0], valence[1]) if valence else None,
        energy=(energy[0], energy[1]) if energy else None,
        near=(near[0], near[1], near[2]) if near else None,
        title=title,
        since=_moment(given, "since"),
        until=_moment(given, "until", end_of),
        favourite=_choice(given, "favourite"),
        ids=tuple(ids_of(given["ids"].split(","))) if "ids" in given else (),
    )


def page_of(given: Mapping[str, str]) -> tuple[str, int]:
    """The id before which a page begins, empty for the first page; and its length.

    Raises
    ------
    RefusedError
    """
    before, limit = given.get("before", ""), given.get("limit", "100")
    if before and not is_id(before):
        raise RefusedError(f"before: {before[:40]!r} is not the id of a picture; give the last one of the page before")
    if not re.fullmatch(r"\d{1,4}", limit, re.ASCII) or not 1 <= int(limit) <= LARGEST_PAGE:
        raise RefusedError(f"limit: {limit[:40]!r} is not a number of pictures; choose from 1 to {LARGEST_PAGE}")
    return before, int(limit)


def ids_of(value: object) -> list[str]:
    """Ids of pictures, each once.

    Raises
    ------
    RefusedError
    """
    if not isinstance(value, list) or not all(isinstance(id, str) and is_id(id) for id in value):
        raise RefusedError(
            f"ids: {str(value)[:40]!r} is not a list of ids, which have 12 digits and small letters each"
        )
    ids = list(dict.fromkeys(value))
    if not 1 <= len(ids) <= MOST_IDS:
        raise RefusedError(f"ids: {len(ids)} are given; ask for 1 to {MOST_IDS} at a time")
    return ids


def _numbers(given: Mapping[str, str], name: str, count: int) -> list[float]:
    if name not in given:
        return []
    try:
        numbers = [float(part) for part in given[name].split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) and 0 <= number <= 2 for number in numbers):
        raise RefusedError(
            f"{name}: {given[name][:40]!r} can't be understood; give {count} numbers from 0 to 1, with commas"
        )
    return numbers


def _moment(
    given: Mapping[str, str], name: str, of_day: Callable[[datetime], datetime] = lambda day: day
) -> datetime | None:
    """A moment; `of_day` makes one of a day: the last day of a range belongs to it."""
    text = given.get(name, "")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RefusedError(
            f"{name}: {text[:40]!r} is not a time; give a day as 2026-05-01, or a time as 2026-05-01T20:00:00Z"
        ) from None
    return of_day(moment) if len(text) == len("2026-05-01") else moment


def _choice(given: Mapping[str, str], name: str) -> bool:
    if given.get(name, "") not in ("", "0", "1"):
        raise RefusedError(f"{name}: {given[name][:40]!r} is neither 0 nor 1; choose one of them")
    return given.get(name) == "1"
