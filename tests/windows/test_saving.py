"""What is moved in a window is kept in the show file, which its owner writes too."""

from pathlib import Path
from typing import Any

import pytest

from artgen_osc.config.saving import save_settings, with_settings
from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ConfigError
from artgen_osc.runtime.toml import parse_toml
from visuals.control.kind import SurfaceHost
from visuals.control.windows import HOW, Windows

SHOW = """# my show
[visuals]
fps = 30   # slow machine

[plugin.window2] # the beamer
on = true
display = "BenQ" # in the hall
top_left_x = 0.1

[plugin.window3]
on = false
"""


def test_what_is_there_is_changed_in_its_place_and_the_rest_added() -> None:
    written = with_settings(SHOW, "plugin.window2", {"top_left_x": 0.25, "mesh": '2,1:0.1,"', "mesh_rows": 3})
    assert written == SHOW.replace("top_left_x = 0.1\n", 'top_left_x = 0.25\nmesh = "2,1:0.1,\\""\nmesh_rows = 3\n')


def test_a_table_that_isnt_there_comes_last() -> None:
    assert with_settings("", "plugin.window", {"on": True}) == "[plugin.window]\non = true\n"
    written = with_settings("x = 1", "plugin.window", {"on": True})
    assert written == "x = 1\n\n[plugin.window]\non = true\n"
    assert with_settings("[ plugin . 'window' ]\r\n", "plugin.window", {"x": 1}) == "[ plugin . 'window' ]\r\nx = 1\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "plugin.window2 = { on = true }\n",
        "plugin = 3\n",
        'about = """\n[plugin.window2]\n"""\n',
        "[plugin.window2]\non = [\n1\n]\n",
        "[plugin.window2\n",
    ],
)
def test_what_is_written_in_another_way_stays(text: str, tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"show\.toml: not written \(.*write it by hand"):
        save_settings(file, "plugin.window2", {"on": False})
    assert file.read_text() == text and [one.name for one in tmp_path.iterdir()] == ["show.toml"]


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    file, link = tmp_path / "real.toml", tmp_path / "show.toml"
    file.write_text(SHOW, encoding="utf-16")
    file.chmod(0o600)
    link.symlink_to(file)
    save_settings(link, "plugin.window3", {"on": True})
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o600
    assert parse_toml(file.read_text("utf-8"))["plugin"]["window3"] == {"on": True}
    with pytest.raises(ConfigError, match=r"not written .*check the path"):
        save_settings(tmp_path / "none.toml", "plugin.window3", {"on": True})


class Room:
    """The surface with a show file."""

    def __init__(self, path: Path | None) -> None:
        self.file = ConfigFile(path, {})
        self.notes: list[str] = []
        nothing: Any = tuple
        table = self.file.contract.addresses
        self.surface = Windows(
            None,
            SurfaceHost(table, nothing, lambda text, seconds: self.notes.append(text), nothing, nothing, self.file),
        )
        rows = table.visuals.values()
        self.values = {row.path: value for row, value in self.file.contract.current(rows, self.file.config)}

    def set(self, **given: Any) -> None:
        self.values = {**self.values, **{f"/visuals/output/window2/{name}": each for name, each in given.items()}}
        self.surface.show(self.values)


def test_the_end_of_editing_keeps_all_that_was_set_for_the_window(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text(SHOW)
    room = Room(file)
    room.set(edit=1, test=1)
    room.set(top_left_x=0.30000001192, edge_left=0.25, mesh="2,1:0.1,0", mesh_columns=3)
    assert file.read_text() == SHOW and room.notes == [f"window2: {HOW}"]
    room.set(edit=0)
    assert room.notes[1:] == ["window2: kept in show.toml"]
    held = parse_toml(file.read_text())["plugin"]["window2"]
    assert held == {
        "on": True,
        "display": "BenQ",
        "top_left_x": 0.3,
        "edge_left": 0.25,
        "mesh": "2,1:0.1,0",
        "mesh_columns": 3,
    }
    assert "# my show" in file.read_text() and "# the beamer" in file.read_text()
    again = ConfigFile(file, {}).config.plugin["window2"]
    assert (again.top_left_x, again.mesh, again.test, again.edit) == (0.3, "2,1:0.1,0", False, False)


def test_nothing_is_written_where_nothing_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text(SHOW)
    file.chmod(0o400)
    before = file.stat()
    room = Room(file)
    room.set(edit=1)
    room.set(edit=0)
    after = file.stat()
    assert len(room.notes) == 1 and (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_without_a_show_file_that_is_said(tmp_path: Path) -> None:
    room = Room(None)
    room.set(edit=1)
    room.set(edit=0)
    assert room.notes[1:] == ["window2: not kept, since there is no show file; start with --config show.toml"]


def test_a_show_file_that_has_gone_is_told_and_the_show_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text(SHOW)
    room = Room(file)
    room.set(edit=1, x=5)
    file.unlink()
    room.set(edit=0)
    assert len(room.notes) == 2 and "not written" in room.notes[1]
