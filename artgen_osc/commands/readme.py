"""The OSC table of the README, written from the schema: ``python -m artgen_osc.commands.readme README.md``."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from artgen_osc.config.plugins import own_contract
from artgen_osc.schema.address import Address
from artgen_osc.schema.values import HOPS_PER_HARMONY

_ALIKE = (
    (re.compile(r"^/visuals/layer/\d+/"), "/visuals/layer/N/"),
    (re.compile(r"^/visuals/output/window\d?/"), "/visuals/output/WINDOW/"),
)
BEGIN, END = "<!-- OSC table: make docs -->", "<!-- end of the OSC table -->"


def _range(row: Address) -> str:
    if row.kind == "string":
        return ""
    if row.kind == "trigger":
        return "any but 0"
    if row.counts:
        return f"{row.low:g} …"
    return f"{row.low:g}..{row.high:g} {row.unit}".strip()


def _rows(rows: Iterable[Address]) -> str:
    """A line for each, but one for what the numbered layers, or the windows, have in common."""
    alike: dict[str, Address] = {}
    for row in rows:
        path = row.path
        for numbered, common in _ALIKE:
            path = numbered.sub(common, path)
        alike.setdefault(path, row)
    lines = [f"| `{path}` | {row.tag} | {_range(row)} | {row.doc} |" for path, row in alike.items()]
    return "\n".join(["| address | type | range | meaning |", "|---|---|---|---|", *lines])


def markdown() -> str:
    """All tables, in Markdown."""
    table = own_contract().addresses
    return "\n\n".join(
        (
            "**Sent by the daemon**, one bundle a hop (86 a second), pitch classes and key in a bundle of their own "
            f"every {HOPS_PER_HARMONY} hops, the status once a second:",
            _rows(table.sent.values()),
            "**Sent by the renderer** to those who subscribe, once a second:",
            _rows(table.painted.values()),
            "**Understood by the daemon**, on port 9100:",
            _rows(table.daemon.values()),
            "**Understood by the renderer**, on port 9101, beside everything that the daemon sends; N is the number of "
            "a layer, 1 to 6; WINDOW is window, window2, window3 or window4, of which the first has no on, display, x, "
            "y, width, height, fps and vsync:",
            _rows(table.visuals.values()),
        )
    )


def insert(text: str) -> str:
    """A page with the tables between its two marks renewed."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(insert(page.read_text(encoding="utf-8")), encoding="utf-8")
