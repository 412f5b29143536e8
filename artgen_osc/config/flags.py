"""Settings as the words of a command line."""

from collections.abc import Collection, Mapping


def flags(given: Mapping[str, object], tables: Collection[str] = ("visuals",)) -> list[str]:
    """Settings of some tables, by ``table.key``, as flags of one of our commands; None is left out."""
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
