"""Which pictures are wanted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from visuals.gallery.record import first_id, storable

FARTHEST = 2.0
"""More than any two moods are apart."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which pictures; what is left as it is excludes none.

    Attributes
    ----------
    valence, energy : lowest and highest, a rectangle of moods
    near : valence, energy and radius, a circle of moods
    title : a part of the title, in any case
    since, until : moments, the second one excluded; without a zone: local
    favourite : only the favourites
    ids : only these
    """

    valence: tuple[float, float] | None = None
    energy: tuple[float, float] | None = None
    near: tuple[float, float, float] | None = None
    title: str = ""
    since: datetime | None = None
    until: datetime | None = None
    favourite: bool = False
    ids: tuple[str, ...] = ()


def end_of(day: datetime) -> datetime:
    """The moment after a day, for `Query.until`; that of the calendar's last day is its last moment."""
    try:
        return day + timedelta(days=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=day.tzinfo)


def condition(query: Query) -> tuple[str, list[object]]:
    """A condition of SQL, and its values."""
    parts: list[str] = ["1"]
    values: list[object] = []

    def add(part: str, *given: object) -> None:
        parts.append(part)
        values.extend(given)

    if query.valence:
        add("valence BETWEEN ? AND ?", *query.valence)
    if query.energy:
        add("energy BETWEEN ? AND ?", *query.energy)
    if query.near:
        valence, energy, radius = *query.near[:2], min(query.near[2], FARTHEST)
        add("valence BETWEEN ? AND ?", valence - radius, valence + radius)
        add(
            "(valence - ?) * (valence - ?) + (energy - ?) * (energy - ?) <= ?",
            valence,
            valence,
            energy,
            energy,
            radius**2,
        )
    if query.title:
        add("instr(folded, ?)", storable(query.title.casefold()))
    if query.since:
        add("id >= ?", first_id(query.since))
    if query.until:
        add("id < ?", first_id(query.until))
    if query.favourite:
        add("favourite")
    if query.ids:
        add(f"id IN ({', '.join('?' * len(query.ids))})", *query.ids)
    return " AND ".join(parts), values
