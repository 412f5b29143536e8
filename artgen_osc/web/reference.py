"""What is said of the bridge: a page for those who write pages, and the schema. No input or output."""

import functools
import html
import json
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from artgen_osc.config import settings as config
from artgen_osc.http.server import Page
from artgen_osc.oscquery.namespace import holds_value
from artgen_osc.schema import table as schema
from artgen_osc.schema.table import Address

TABLES = {
    "sent": ("Sent", schema.sent()),
    "control": ("Understood by the daemon", schema.DAEMON_CONTROLS),
    "visuals": ("Understood by the renderer", schema.VISUALS_CONTROLS),
}
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


def _described(row: Address) -> dict[str, Any]:
    """One row for a page that builds its sliders from it."""
    described = asdict(row)
    del described["setting"]
    if holds_value(row):
        described["default"] = config.settings()[row.setting].default
    return described


@functools.cache
def _schema() -> bytes:
    return json.dumps({name: [_described(row) for row in rows] for name, (_, rows) in TABLES.items()}).encode()


def _html(here: str) -> bytes:
    text = f"<!doctype html><html lang=en><meta charset=utf-8><title>artgen web bridge</title><style>{STYLE}</style>"
    text += INTRODUCTION.format(here=here)
    for title, rows in TABLES.values():
        text += f"<h2>{title}</h2><table>"
        for row in rows:
            allowed = "" if row.kind == "string" else f"{row.low:g} .. {row.high:g} {row.unit}"
            cells = (f"<code>{row.path}</code>", row.kind, html.escape(allowed), html.escape(row.doc))
            text += "<tr>" + "".join(f"<td>{cell}" for cell in cells)
        text += "</table>"
    return text.encode()


def page(path: str, here: str) -> Page:
    """Answer a GET.

    Parameters
    ----------
    path : of the request
    here : host and port under which the client has reached the bridge
    """
    if path == "/api":
        return Page(HTTPStatus.OK, _html(here), "text/html")
    if path == "/schema":
        return Page(HTTPStatus.OK, _schema())
    reason = f"{path[:200]}: nothing is here; /, /api and /schema are; /json and /osc are for WebSockets"
    return Page(HTTPStatus.NOT_FOUND, json.dumps({"error": reason}).encode())
