"""The OSC table of the README, written from the schema: ``python -m artgen_osc.schema.readme README.md``."""

import sys
from collections.abc import Iterable
from pathlib import Path

from artgen_osc.schema import table as schema
from artgen_osc.schema.table import Address

BEGIN, END = "<!-- OSC table: make docs -->", "<!-- end of the OSC table -->"


def _range(row: Address) -> str:
    if row.kind == "string":
        return ""
    if row.kind == "trigger":
        return "any but 0"
    if row.high == schema.COUNT_MAX:
        return f"{row.low:g} …"
    return f"{row.low:g}..{row.high:g} {row.unit}".strip()


def _rows(rows: Iterable[Address]) -> str:
    lines = [f"| `{row.path}` | {row.tag} | {_range(row)} | {row.doc} |" for row in rows]
    return "\n".join(["| address | type | range | meaning |", "|---|---|---|---|", *lines])


def markdown() -> str:
    """All tables, in Markdown."""
    return "\n\n".join(
        (
            "**Sent by the daemon**, one bundle a hop (86 a second), pitch classes and key in a bundle of their own "
            f"every {schema.HOPS_PER_HARMONY} hops, the status once a second:",
            _rows(schema.sent()),
            "**Sent by the renderer** to those who subscribe, once a second:",
            _rows(schema.sent_by_renderer()),
            "**Understood by the daemon**, on port 9100:",
            _rows(schema.DAEMON_CONTROLS),
            "**Understood by the renderer**, on port 9101, beside everything that the daemon sends:",
            _rows(schema.VISUALS_CONTROLS),
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
