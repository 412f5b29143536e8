"""OSCQuery: what is told of the addresses."""

from collections.abc import Iterator
from typing import Any

import pytest

from artgen_osc.config.tables import Config
from artgen_osc.oscquery.namespace import ATTRIBUTES, UNUSED
from artgen_osc.schema.values import Address, Value
from tests import show_table
from tests.support.oscquery import DAEMON, RENDERER, WRITE_ONLY, Server
from tests.support.texts import is_told

pytestmark = pytest.mark.slow


def expected(row: Address, access: int, value: Value | None) -> dict[str, Any]:
    """What the specification asks of one row, said independently of the server."""
    kinds = {"float": ("f", float), "string": ("s", str)}
    tag, number = kinds.get(row.kind, ("i", int))
    wanted: dict[str, Any] = {"FULL_PATH": row.path, "TYPE": tag, "ACCESS": access, "DESCRIPTION": row.doc}
    if tag != "s":
        wanted |= {"RANGE": [{"MIN": number(row.low), "MAX": number(row.high)}], "CLIPMODE": ["both"]}
    elif row.choices:
        wanted["RANGE"] = [{"VALS": [*row.choices]}]
    if row.unit:
        names = {"Hz": "time.hz", "BPM": "time.bpm", "dB": "gain.db", "dBFS": "gain.db", "s": "time.second"}
        wanted["UNIT"] = [{**names, "ms": "time.ms"}.get(row.unit, row.unit)]
    if value is not None:
        wanted["VALUE"] = [value]
    return wanted


def test_the_words_to_choose_from_are_told() -> None:
    server = Server((Address("/artgen/x/wave/shape", "string", "of the wave", choices=("sine", "saw")),), ())
    try:
        assert server.get("/artgen/x/wave/shape?RANGE")[1] == {"RANGE": [{"VALS": ["sine", "saw"]}]}
    finally:
        server.close()


@pytest.mark.parametrize(
    ("sent", "controls"),
    [(show_table.SENT, show_table.DAEMON), (show_table.PAINTED, RENDERER)],
    ids=["daemon", "renderer"],
)
def test_every_attribute_of_every_row(sent: tuple[Address, ...], controls: tuple[Address, ...]) -> None:
    settings = Config()
    server = Server(sent, controls)
    music: list[tuple[Address, Value]] = [
        (row, {"f": row.low + 0.25, "i": int(row.low) + 3, "s": "A minor"}[row.tag]) for row in sent
    ]
    server.query.publish(music)
    server.query.publish(show_table.CONTRACT.current(controls, settings))
    values = {row.path: value for row, value in music}
    for row in controls:
        if row.setting and row.path not in WRITE_ONLY:
            value = show_table.CONTRACT.get(settings, row.setting)
            values[row.path] = int(value) if row.kind == "toggle" else value
    try:
        for row in (*sent, *controls):
            access = 1 if row in sent else 2 if row.path in WRITE_ONLY or row in show_table.SENT else 3
            wanted = expected(row, access, values.get(row.path))
            status, node, _ = server.get(row.path)
            assert status == 200
            assert {name: value for name, value in node.items() if name != "CONTENTS"} == wanted
            assert type(node.get("VALUE", [None])[0]) is type(values.get(row.path))
            below = {path for path in values if path.startswith(row.path + "/")}
            assert bool(node.get("CONTENTS")) >= bool(below)
            for name in ATTRIBUTES:
                if name == "CONTENTS":
                    continue
                status, answer, _ = server.get(f"{row.path}?{name}")
                assert (status, answer) == ((200, {name: wanted[name]}) if name in wanted else (204, ""))
    finally:
        server.close()


def test_the_whole_tree_at_the_root(server: Server) -> None:
    def walk(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        assert node["FULL_PATH"] == (path or "/")
        yield path, node
        for name, below in node.get("CONTENTS", {}).items():
            yield from walk(below, f"{path}/{name}")

    _, root, _ = server.get("/")
    nodes = dict(walk(root, ""))
    methods = {path for path, node in nodes.items() if "TYPE" in node}
    assert methods == {row.path for row in DAEMON}
    assert all(node["ACCESS"] == 0 for path, node in nodes.items() if path not in methods)
    for path in ("/artgen", "/artgen/beat", "/artgen/control/mood"):
        assert server.get(path)[1] == nodes[path]
        assert server.get(f"{path}?CONTENTS")[1] == {"CONTENTS": nodes[path]["CONTENTS"]}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 200),
        ("/?HOST_INFO", 200),
        ("/artgen/valence", 200),
        ("/artgen/valence/", 200),
        ("/artgen/%76alence", 200),
        ("/artgen/valence#VALUE", 200),
        ("/artgen/valence?VALUE", 204),  # not published yet
        ("/artgen/valence?CONTENTS", 204),
        ("/artgen/valence?UNIT", 204),
        ("/artgen/key?RANGE", 204),
        ("/artgen/control/beat/tap?VALUE", 204),
        ("/artgen?TYPE", 204),
        ("/artgen?VALUE", 204),
        *((f"/artgen/valence?{name}", 204) for name in UNUSED),
        ("/artgen/valence?value", 400),
        ("/artgen/valence?VALUE&RANGE", 400),
        ("/artgen/valence?VALUE=1", 400),
        ("/artgen/valence?" + "x" * 5000, 400),
        ("/artgen/valance", 404),
        ("/artgen/valence/x", 404),
        ("/artgen/valance?HOST_INFO", 404),
        ("/artgen/valance?NONSENSE", 404),
        ("/" + "x/" * 3000, 404),
        ("/..%2f..%2fetc/passwd", 404),
        ("/%ff%00", 404),
        ("/visuals/speed", 404),  # the renderer's
    ],
    ids=lambda value: str(value)[:40],
)
def test_status(server: Server, target: str, status: int) -> None:
    answered, body, headers = server.get(target)
    assert answered == status
    assert (body == "") == (status == 204)
    assert ("Content-Length" in headers) == (status != 204)
    if status in (400, 404):
        assert is_told(body["ERROR"])


def test_host_info(server: Server) -> None:
    _, info, _ = server.get("/?HOST_INFO")
    extensions = info.pop("EXTENSIONS")
    assert info == {
        "NAME": "artgen test",
        "OSC_IP": "127.0.0.1",
        "OSC_PORT": server.receiver.port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": "127.0.0.1",
        "WS_PORT": server.port,
    }
    assert all(extensions[name] for name in ("ACCESS", "VALUE", "RANGE", "UNIT", "CLIPMODE", "LISTEN", "IGNORE"))


def test_only_get_and_head(server: Server) -> None:
    whole, _, headers = server.get("/artgen/valence")
    status, body, bare = server.get("/artgen/valence", "HEAD")
    assert (status, body) == (whole, "")
    assert bare["Content-Length"] == headers["Content-Length"]
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, reason, headers = server.get("/artgen/valence", method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD")
        assert "send values as OSC" in reason
