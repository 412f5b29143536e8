"""The order of the effects, as it is written: their names with commas between."""

from collections.abc import Collection

from artgen_osc.runtime.text import nearest, short


def names_in(order: str) -> tuple[str, ...]:
    """The names of an order.

    Parameters
    ----------
    order : as it is written

    >>> names_in("glass, bloom,")
    ('glass', 'bloom')
    """
    return tuple(name for part in order.split(",") if (name := part.strip()))


def check_order(order: str, known: Collection[str], passed_over: Collection[str]) -> None:
    """See whether an order can be used.

    Parameters
    ----------
    order : as it is written
    known : names of the effects
    passed_over : names that may be in it though nothing of this name can be used

    Raises
    ------
    ValueError
        A name in it is no effect's, or is there twice.
    """
    names = names_in(order)
    for name in names:
        if name not in known and name not in passed_over:
            raise ValueError(f"{short(name)} is no effect; {nearest(name, known)}")
        if names.count(name) > 1:
            raise ValueError(f"{name} is there twice; name each effect once")
