"""What is said of the bridge: a page for those who write pages, and the schema. No input or output."""

import functools
import html
import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from artgen_osc.config.contract import Contract
from artgen_osc.config.modulation import targets_of
from artgen_osc.http.server import Page
from artgen_osc.schema.address import Address

STYLE = (
    "body{font:1rem/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;background:#111;color:#ddd}"
    "a,code{color:#8cf}td{padding:0 1rem 0 0;vertical-align:top}"
)
INTRODUCTION = """<h1>artgen web bridge</h1>
<p><code>ws://{here}/json</code> sends the state, then what changes, as JSON, each time the show has news;
<code>ws://{here}/osc</code> sends the same bundles as binary OSC. <code>?rate=30</code> limits the bundles a second,
<code>?only=/artgen/valence,/artgen/chroma/*</code> chooses addresses.</p>
<p>Send <code>{{"/visuals/seed": 7}}</code> or binary OSC back to steer.
What is refused is answered by <code>{{"error": "&hellip;"}}</code>.
<a href="/schema">/schema</a> is this page as JSON.</p>
<pre>const show = new WebSocket("ws://{here}/json?rate=60");
show.onmessage = (event) =&gt; console.log(JSON.parse(event.data)["/artgen/valence"]);</pre>
"""


class Reference:
    """Answers for those who write pages.

    Parameters
    ----------
    contract : what the show sends and understands
    """

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._driven = targets_of(contract.settings.values())
        table = contract.addresses
        self._tables = {
            "sent": ("Sent", table.sent),
            "control": ("Understood by the daemon", table.daemon),
            "visuals": ("Understood by the renderer", table.visuals),
        }

    def page(self, path: str, here: str) -> Page:
        """Answer a GET.

        Parameters
        ----------
        path : of the request
        here : host and port under which the client has reached the bridge
        """
        if path == "/api":
            return Page(HTTPStatus.OK, self._html(here), "text/html")
        if path == "/schema":
            return Page(HTTPStatus.OK, self._schema)
        reason = f"{path[:200]}: nothing is here; /, /api and /schema are; /json and /osc are for WebSockets"
        return Page(HTTPStatus.NOT_FOUND, json.dumps({"error": reason}).encode())

    def _described(self, row: Address) -> dict[str, Any]:
        """One row for a page that builds its sliders from it."""
        described = asdict(row)
        del described["setting"]
        described["driven"] = row.path in self._driven
        if row.holds_value:
            described["default"] = self._contract.settings[row.setting].default
        return described

    @functools.cached_property
    def _schema(self) -> bytes:
        tables = {name: [*map(self._described, rows.values())] for name, (_, rows) in self._tables.items()}
        return json.dumps(tables).encode()

    def _html(self, here: str) -> bytes:
        text = (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>artgen web bridge</title><style>{STYLE}</style>"
        )
        text += INTRODUCTION.format(here=here)
        for title, rows in self._tables.values():
            text += f"<h2>{title}</h2><table>"
            for row in rows.values():
                bounds = "" if row.kind == "string" else f"{row.low:g} .. {row.high:g} {row.unit}"
                cells = (f"<code>{row.path}</code>", row.kind, html.escape(bounds), html.escape(row.doc))
                text += "<tr>" + "".join(f"<td>{cell}" for cell in cells)
            text += "</table>"
        return text.encode()
