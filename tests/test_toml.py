"""TOML: what editors and shells write is read, and what we write is read again, whatever is in it."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.commands.config import dump
from artgen_osc.config import settings as config
from artgen_osc.config import tables
from artgen_osc.config.show_paths import beside
from artgen_osc.errors import ConfigError, ModelError, SceneError
from artgen_osc.osc.mapping import rows as mapping
from artgen_osc.runtime.text import is_harmless
from artgen_osc.runtime.toml import parse_toml, read_toml, toml_value
from tests import show_table
from visuals.control.scenes import file as scene_file
from visuals.generators import sidecar

LETTERS = st.characters(exclude_categories=["Cs"])
ODD = "\x7f\x1b]0;title\x07\"\"\"'''\\ \r\n\t\u202e\u2028 Übung 夜 😀\ufeff"
FOLDERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
VALUES = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(LETTERS), st.just(ODD)
)


@given(st.one_of(VALUES, st.lists(VALUES)), st.booleans())
def test_a_value_survives_and_is_harmless(value: object, ascii_only: bool) -> None:
    text = toml_value(value, ascii_only)
    assert tomllib.loads(f"x = {text}") == {"x": value}
    assert all(map(is_harmless, text))
    assert text.isascii() or not ascii_only


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "audio.input": st.text(LETTERS),
            "visuals.gallery": FOLDERS | st.just(ODD),
            "visuals.speed": st.floats(0, 8),
            "visuals.freeze": st.booleans(),
            "visuals.seed": st.integers(0, 1000),
            "web.origins": st.lists(st.text(LETTERS)),
            "osc.targets": st.lists(st.text(LETTERS)),
        },
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "ascii"]),
)
def test_a_dump_is_read_again(tmp_path_factory: pytest.TempPathFactory, flags: dict[str, object], code: str) -> None:
    effective, origins = config.load(None, flags)
    path = tmp_path_factory.mktemp("dump") / "show.toml"
    path.write_text(
        dump(show_table.CONTRACT, effective, origins, ascii_only=code in ("cp1252", "ascii")), encoding=code
    )
    again, origins_again = config.load(path)
    assert {key for key, origin in origins_again.items() if origin != "default"} == set(flags)
    for key, item in show_table.CONTRACT.settings.items():
        # Names of files are written in full.
        assert (
            show_table.CONTRACT.get(again, key) == beside(item, show_table.CONTRACT.get(effective, key), Path.cwd())
            or key not in flags
        )


def test_a_dump_keeps_the_maps_in_any_encoding() -> None:
    row = {"from": "key", "to": "/x", "arguments": [1, 0.5, 'ü"\x7f\\ 夜']}
    ((found,), _) = mapping.read_rows([row], "show.toml", show_table.TABLE.sent)
    text = dump(show_table.CONTRACT, tables.Config(map=(found,)), config.load()[1], ascii_only=True)
    assert text.isascii()
    assert mapping.read_rows(parse_toml(text)["map"], "again", show_table.TABLE.sent) == ((found,), [])


def test_what_no_toml_can_hold_is_a_comment_that_says_so() -> None:
    effective, origins = config.load(None, {"visuals.gallery": "caf\udce9"})
    (line,) = [
        line for line in dump(show_table.CONTRACT, effective, origins, False).splitlines() if "gallery =" in line
    ]
    assert line.startswith('# gallery = "caf\\xe9"') and "isn't UTF-8" in line
    with pytest.raises(ValueError, match="isn't UTF-8"):
        toml_value("caf\udce9")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom"])
def test_every_file_that_people_write(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-le-bom": b"\xff\xfe", "utf-16-be-bom": b"\xfe\xff"}.get(encoding, b"")

    def write(text: str) -> Path:
        path = tmp_path / "file.toml"
        path.write_bytes(mark + text.encode(encoding.removesuffix("-bom")))
        return path

    assert config.load(write('[osc]\ntargets = ["max"]\n[visuals]\nscene = "Übung"\n'))[0].visuals.scene == "Übung"
    assert read_scene(write('about = "Übung"\n')).about == "Übung"
    assert sidecar.read_sidecar(write('z = "Übung"\n')).z == "Übung"


def read_scene(path: Path) -> scene_file.Scene:
    return scene_file.read(path, scene_file.held_by(show_table.CONTRACT))


BAD = {
    "another encoding": ('about = "ü"'.encode("latin-1"), r"is not text in UTF-8 \(line 1\)"),
    "too deep": (b"a = " + b"[" * 5000, "is not valid TOML"),
    "a very long number": (b"a = " + b"9" * 5000, "is not valid TOML"),
    "NUL": (b"a = 1\0", "is not valid TOML"),
    "a key without end": (b"a = {" + b"a." * 4000 + b"a = 1}", "is not valid TOML"),
    "nothing closed": (b"[a", "is not valid TOML"),
}


@pytest.mark.parametrize(("data", "says"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=says):
        read_toml(path)
    for read, error in ((config.load, ConfigError), (read_scene, SceneError), (sidecar.read_sidecar, ModelError)):
        with pytest.raises(error, match=rf"file\.toml: {says}") as caught:
            read(path)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "value", ["9" * 400, "0x" + "f" * 5000, '"' + "x" * 10_000 + '"', "[" + "1," * 5000 + "]", "inf", "1e400"]
)
def test_odd_values_are_refused_in_a_short_line(tmp_path: Path, value: str) -> None:
    path = tmp_path / "show.toml"
    path.write_text(f"[visuals]\nseed = {value}\nspeed = {value}\nengine = {value}\nmodels = {value}\n")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert all(len(line) < 400 for line in lines)
    path.write_text(f"about = {value}\n[visuals]\nspeed = {value}\n")
    with pytest.raises(SceneError):
        read_scene(path)
    path.write_text(f"range = [0, {value}]\n")
    with pytest.raises(ModelError):
        sidecar.read_sidecar(path)
