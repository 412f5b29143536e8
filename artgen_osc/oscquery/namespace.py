"""The schema as an OSCQuery namespace: nodes, their attributes and values, as JSON. No input or output.

Written by hand: python-oscquery serves without WebSockets, access rules or bounds, with a thread for each visitor.
It is a client of ours in the tests.

Specification: https://github.com/Vidvox/OSCQueryProposal
"""

import json
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from artgen_osc.schema.values import Address, Value

ATTRIBUTES = (
    "FULL_PATH",
    "CONTENTS",
    "TYPE",
    "ACCESS",
    "VALUE",
    "RANGE",
    "DESCRIPTION",
    "UNIT",
    "CLIPMODE",
)
"""What a node may have."""

UNUSED = ("TAGS", "EXTENDED_TYPE", "CRITICAL", "OVERLOADS")
"""Known to the specification, but none of our nodes has them."""

READ, WRITE = 1, 2
UNITS = {
    "Hz": "time.hz",
    "BPM": "time.bpm",
    "dB": "gain.db",
    "dBFS": "gain.db",
    "s": "time.second",
    "ms": "time.ms",
}
"""Our units by the names that the specification recommends; others are told as they are."""

Answer = tuple[HTTPStatus, object]
"""A status and what to say as JSON; None for an empty answer."""


def _method(row: Address, access: int) -> dict[str, Any]:
    """Attributes of one row; each list has one item for the one argument."""
    node: dict[str, Any] = {"TYPE": row.tag, "ACCESS": access, "DESCRIPTION": row.doc}
    if row.kind != "string":
        # Out of range is never used: what is sent is clipped, what comes in is refused.
        number = float if row.tag == "f" else int
        node |= {"RANGE": [{"MIN": number(row.low), "MAX": number(row.high)}], "CLIPMODE": ["both"]}
    elif row.choices:
        node |= {"RANGE": [{"VALS": list(row.choices)}]}
    if row.unit:
        node["UNIT"] = [UNITS.get(row.unit, row.unit)]
    return node


class Namespace:
    """Rows of the schema as a tree, with the values they have now.

    A node can be a container and a method at once, such as ``/artgen/beat``.

    Parameters
    ----------
    name : what the whole is, the description of ``/``
    sent : rows whose values are published
    controls : rows that are understood

    Attributes
    ----------
    rows : by path
    values : by path, as published last; the one who publishes may be another thread
    """

    def __init__(self, name: str, sent: Collection[Address], controls: Collection[Address]) -> None:
        self.rows = {row.path: row for row in (*sent, *controls)}
        self.values: dict[str, Value] = {}
        self.readable = {row.path for row in (*sent, *controls) if row in sent or row.holds_value}
        self._nodes: dict[str, dict[str, Any]] = {"/": {"ACCESS": 0, "DESCRIPTION": name}}
        self._children: dict[str, dict[str, str]] = {"/": {}}
        for row in self.rows.values():
            access = (READ if row.path in self.readable else 0) | (WRITE if row in controls else 0)
            self._add(row.path)
            self._nodes[row.path] |= _method(row, access)

    def _add(self, path: str) -> None:
        """Make the node of `path`, and those above it."""
        if path in self._nodes:
            return
        above, _, name = path.rpartition("/")
        self._add(above or "/")
        self._children[above or "/"][name] = path
        self._children[path] = {}
        self._nodes[path] = {"ACCESS": 0}

    def describe(self, path: str) -> dict[str, Any]:
        """Every attribute that the node has, those below it included.

        Raises
        ------
        KeyError
            There is no such node.
        """
        node = {"FULL_PATH": path, **self._nodes[path]}
        if path in self.readable and path in self.values:
            node["VALUE"] = [self.values[path]]
        if self._children[path]:
            node["CONTENTS"] = {name: self.describe(below) for name, below in self._children[path].items()}
        return node

    def answer(self, target: str, host_info: Mapping[str, Any]) -> Answer:
        """Answer a request such as ``/artgen/valence?VALUE``.

        Parameters
        ----------
        target : path and query as they stand in the request
        host_info : what ``?HOST_INFO`` says

        Returns
        -------
        200 and an object, 204 and None for an attribute that the node hasn't, or 400 or 404 and the reason.
        """
        path, _, attribute = target.partition("#")[0].partition("?")
        path = "/" + unquote(path).strip("/")
        if path not in self._nodes:
            return HTTPStatus.NOT_FOUND, {"ERROR": f"{path[:200]}: no such address; GET / lists what there is"}
        if attribute == "HOST_INFO":
            return HTTPStatus.OK, host_info
        if attribute and attribute not in (*ATTRIBUTES, *UNUSED):
            names = ", ".join((*ATTRIBUTES, "HOST_INFO"))
            return HTTPStatus.BAD_REQUEST, {"ERROR": f"{attribute[:200]}: no such attribute; ask for one of {names}"}
        node = self.describe(path)
        if not attribute:
            return HTTPStatus.OK, node
        if attribute not in node:
            return HTTPStatus.NO_CONTENT, None
        return HTTPStatus.OK, {attribute: node[attribute]}


def to_json(answer: object) -> bytes:
    """Bytes of the body; empty for None."""
    return b"" if answer is None else json.dumps(answer).encode()
