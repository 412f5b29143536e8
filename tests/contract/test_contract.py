"""Every address, setting and command is documented, used, and in the examples."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from artgen_osc.cli import build_parser
from artgen_osc.commands import readme as table
from artgen_osc.config.contract import PREFIXES
from artgen_osc.osc import targets as target_syntax
from artgen_osc.osc.codec import decode, encode_bundle, encode_message
from artgen_osc.osc.mapping import rows as mapping
from artgen_osc.osc.streams import pack
from artgen_osc.osc.targets import PORTS
from artgen_osc.schema import values as schema
from artgen_osc.schema.values import Features, Mood
from tests import show_table
from visuals.gallery.record import About
from visuals.modulation.motion import Look

ROOT = Path(__file__).parents[2]
ALL = (*show_table.SENT, *show_table.DAEMON, *show_table.VISUALS)
FEATURES = Features(
    time=1.0,
    level_db=-200.0,
    level=0.5,
    low=0.1,
    mid=0.2,
    high=0.3,
    bands=tuple(i / 16 for i in range(16)),
    centroid_hz=99999.0,
    flux=0.4,
    onset=True,
    onset_count=2**31 + 5,
    beat=True,
    beat_count=2**31 + 5,
    beat_time=1.01,
    beat_phase=0.5,
    bar_phase=0.25,
    tempo_bpm=128.0,
    tempo_confidence=0.9,
    pitch_hz=440.0,
    pitch_confidence=0.8,
    chroma=tuple(i / 12 for i in range(12)),
    key="Eb major",
    key_confidence=0.7,
)
COMMANDS = (
    "live",
    "daemon",
    "visuals",
    "analyze",
    "devices",
    "monitor",
    "render",
    "replay",
    "config",
    "doctor",
    "gallery",
    "bench",
    "plugins",
    "effects",
    "directions",
)
MOOD = Mood(1.0, 0.25, 0.75, 0.2, 0.8, 0.9)


def test_paths_are_unique() -> None:
    assert len({row.path for row in ALL}) == len(ALL)


def test_readme_has_the_table_of_the_schema() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == table.insert(readme), "run make docs"


def test_every_output_reads_a_value_that_its_own_row_allows() -> None:
    for output in (*schema.OUTPUTS, *schema.HARMONY):
        output.address.check((output.read(FEATURES, MOOD),))


@pytest.mark.parametrize("outputs", [schema.OUTPUTS, schema.HARMONY], ids=["hop", "harmony"])
def test_a_bundle_fits_into_one_datagram(outputs: tuple[schema.Output, ...]) -> None:
    messages = [encode_message(o.address.path, o.address.tag, o.read(FEATURES, MOOD)) for o in outputs]
    assert len(encode_bundle(messages)) < 1472


@pytest.mark.parametrize("rows", [(*schema.STATUS, schema.REFUSAL), show_table.PAINTED])
def test_a_state_with_long_texts_fits_into_datagrams(rows: tuple[schema.Address, ...]) -> None:
    messages = [encode_message(row.path, row.tag, "x" * 280 if row.kind == "string" else 1) for row in rows]
    bundles = list(pack(messages))
    assert max(map(len, bundles)) < 1472
    assert sum(len(decode(bundle)) for bundle in bundles) == len(rows)


def test_settings_of_the_table_exist_and_the_other_way_round() -> None:
    known = show_table.CONTRACT.settings
    with_address = {row.setting for row in ALL if row.setting}
    assert with_address <= set(known)
    fixed_at_start = {
        "audio.mute",
        "plugins.off",
        "plugin.stream.key",
        "plugins.copies",
        "mood.model",
        "osc.host",
        "osc.port",
        "osc.query_port",
        "osc.time_tags",
        "web.host",
        "web.port",
        "web.run",
        "web.token",
        "web.songs",
        "web.certificate",
        "web.key",
        "web.origins",
        "web.hosts",
        "visuals.query_port",
        *(
            f"visuals.{name}"
            for name in (
                "host",
                "port",
                "width",
                "height",
                "frame_width",
                "frame_height",
                "fps",
                "display",
                "headless",
                "engine",
                "gallery",
                "scenes",
                "view",
            )
        ),
    }
    assert set(known) - with_address == fixed_at_start


@pytest.mark.parametrize("row", [row for row in ALL if row.setting], ids=lambda row: row.path)
def test_the_default_of_a_setting_is_allowed_by_its_address(row: schema.Address) -> None:
    default = show_table.CONTRACT.settings[row.setting].default
    if not isinstance(default, tuple):
        row.check((default,))


def example_files() -> list[Path]:
    """Every text file of the examples."""
    return sorted(
        path
        for path in (ROOT / "examples").rglob("*")
        if path.is_file() and path.suffix not in (".png", ".jpg", ".pyc", ".tosc") and "node_modules" not in path.parts
    )


@pytest.mark.parametrize("path", example_files(), ids=lambda path: path.relative_to(ROOT / "examples").as_posix())
def test_examples_use_real_addresses(path: Path) -> None:
    """Whatever looks like an address, in any language, is one of the schema, or the beginning of one."""
    used = set(re.findall(r"(?<![\w./-])/(?:artgen|visuals)(?:/\w+)+", path.read_text(encoding="utf-8")))
    theirs = plugin_addresses() if "plugin" in path.parts else []
    for address in used:
        assert any(f"{known}/".startswith(f"{address}/") for known in (*(row.path for row in ALL), *theirs)), address


def plugin_addresses() -> list[str]:
    """Addresses of the example package, which its modules declare by the names of their settings and outputs."""
    package = ROOT / "examples/plugin"
    groups = tomllib.loads((package / "pyproject.toml").read_text())["project"]["entry-points"]
    found = []
    for kind, prefix in PREFIXES.items():
        for name, value in groups[f"artgen.{kind}s"].items():
            source = (package / f"{value.partition(':')[0].replace('.', '/')}.py").read_text()
            found += [f"{prefix}{name}/{field}" for field in re.findall(r"(\w+): \w+ = setting\(", source)]
            found += re.findall(rf'Address\("(/artgen/x/{name}/\w+)"', source)
    return found


def test_every_tool_has_three_lines_with_real_addresses_and_files() -> None:
    text = (ROOT / "docs/how-do-i.md").read_text(encoding="utf-8")
    tools = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    names = [tool.splitlines()[0] for tool in tools]
    assert names == [
        "TouchDesigner",
        "Max",
        "Pure Data",
        "Resolume",
        "SuperCollider",
        "Processing",
        "The browser",
        "Lights",
    ]
    for tool in tools:
        assert re.findall(r"^(\d)\. ", tool, flags=re.MULTILINE) == ["1", "2", "3"]
        for program in re.findall(r"--osc ([a-z]+)", tool):
            assert program in PORTS
    assert set(re.findall(r"(?<![\w./-])/(?:artgen|visuals)/[\w/]+", text)) <= {row.path for row in ALL}
    for file in re.findall(r"\]\(\.\./(examples/[\w/]+\.\w+)\)", text):
        assert (ROOT / file).is_file(), file


def test_the_pure_data_patch_uses_real_addresses() -> None:
    patch = (ROOT / "examples/puredata/artgen.pd").read_text()
    paths = {row.path for row in ALL}
    (routed,) = re.findall(r"route (valence[\w ]*);", patch)
    assert all(f"/artgen/{name}" in paths for name in routed.split())
    sent = re.findall(r"oscformat ([\w ]+);", patch)
    assert sent
    assert {"/" + name.replace(" ", "/") for name in sent} <= paths


def test_every_example_is_in_the_index_and_says_what_was_run() -> None:
    index = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    for folder in sorted(path.parent for path in (ROOT / "examples").glob("*/README.md")):
        assert f"]({folder.name})" in index
        assert re.search(r"\b(run|tested)\b", (folder / "README.md").read_text(encoding="utf-8"), re.IGNORECASE)


def test_every_link_of_the_pages_leads_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *(page for room in ("docs", "examples", "training") for page in (ROOT / room).rglob("*.md")),
    ]
    astray = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not astray, "\n".join(astray)


def test_every_command_has_an_example_in_its_help() -> None:
    (commands,) = [action for action in build_parser()._actions if action.dest == "command"]
    assert set(commands.choices) == set(COMMANDS)
    for name, sub in commands.choices.items():
        assert f"example: artgen {name}" in sub.format_help()


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"artgen {name}" in readme


def test_the_gallery_is_documented() -> None:
    """Its actions, each with an example, and all that a file knows."""
    guide = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    (commands,) = [action for action in build_parser()._actions if action.dest == "command"]
    assert commands.choices is not None
    (actions,) = [action for action in commands.choices["gallery"]._actions if action.dest == "action"]
    for name, sub in actions.choices.items():
        assert f"artgen gallery {name}" in guide
        assert f"example: artgen gallery {name}" in sub.format_help()
    assert all(f"`{item.name}`" in guide for item in (*fields(About), *fields(Look)))


def test_defaults_and_models_are_small() -> None:
    models = [path for folder in ("artgen_osc", "visuals") for path in (ROOT / folder / "models").glob("*")]
    assert sum(path.stat().st_size for path in models) < 25e6


def test_every_option_of_a_target_and_every_preset_is_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{option}" in readme for option in target_syntax.OPTIONS)
    assert all(f"`{name}` ({port})" in readme for name, port in target_syntax.PORTS.items())
    guide = (ROOT / "docs/mapping.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in guide for name in target_syntax.presets())
    assert all(f"`{name}`" in readme for name in target_syntax.presets())


def test_every_key_of_a_map_is_documented() -> None:
    guide = (ROOT / "docs/mapping.md").read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in guide for key in ("from", *mapping.CHECKS))
    assert all(f"`{name}`" in guide for name in (*mapping.TYPES, *mapping.CURVES, "impulse"))
    assert all(f"`{path.removeprefix('/artgen/')}`" in guide for path in mapping.INPUTS)


def test_the_maps_of_the_guide_are_right() -> None:
    for page in ("README.md", "docs/mapping.md"):
        blocks = re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
        rows = [row for block in blocks for row in tomllib.loads(block).get("map", [])]
        assert rows
        assert mapping.read_rows(rows, page, show_table.TABLE.sent)[1] == []
