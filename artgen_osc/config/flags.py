"""Settings as the words of a command line."""

from collections.abc import Collection, Mapping


def flags(given: Mapping[str, object], tables: Collection[str] = ("visuals",)) -> list[str]:
    """Settings as flags of one of our commands.

    Parameters
    ----------
    given : by ``table.key``; None is left out
    tables : whose settings become flags; all others are left out
    """
    words = []
    for key, value in given.items():
        if key.partition(".")[0] not in tables:
            continue
        name = key.replace(".", "-").replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        elif value is not None:
            words += [f"--{name}={part}" for part in (value if isinstance(value, (list, tuple)) else [value])]
    return words
