"""What the page may choose: the inputs of the computer, and where the show sends."""

import json
import re
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from artgen_osc.audio.devices import Device, Input
from artgen_osc.errors import AudioError
from artgen_osc.schema.address import Address
from artgen_osc.web import choices
from artgen_osc.web.choices import ChoicesPart
from artgen_osc.web.site import STATIC
from tests import show_table
from tests.test_commands import main
from tests.web.part_server import serve_parts

MIC = Device(0, "USB Mic\x1b é", "ALSA", 1, 0, 48000, True, False)


def ask(port: int, path: str) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return json.load(answer)


def told(code: str) -> dict[str, Any]:
    """What a page is told where the child runs this Python code."""
    with serve_parts(lambda: [ChoicesPart((sys.executable, "-c", code))]) as port:
        answer = ask(port, "/inputs")
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("loopback", ["speakers", AudioError("loopback: no output; connect one")])
def test_what_the_command_prints_is_what_the_page_gets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], loopback: str | AudioError
) -> None:
    def find() -> Input:
        if isinstance(loopback, AudioError):
            raise loopback
        return Input(MIC, name=loopback)

    monkeypatch.setattr("artgen_osc.audio.devices.list_devices", lambda: [MIC])
    monkeypatch.setattr("artgen_osc.audio.loopback.find_loopback", find)
    assert main(["devices", "--json"]) == 0
    printed = capsys.readouterr().out
    found = told(f"print({printed!r})")
    assert found["devices"][0]["name"] == MIC.name and found["devices"][0]["default_input"]
    name, reason = ("", str(loopback)) if isinstance(loopback, AudioError) else (loopback, "")
    assert found["loopback"] == {"name": name, "reason": reason}


def test_the_child_is_our_own_command() -> None:
    assert choices.COMMAND[-3:] == ("artgen_osc", "devices", "--json")


def test_why_there_are_no_devices_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told("import sys; sys.exit('artgen: PortAudio: is\\x1b missing\\n')")
    assert found["reason"] == r"PortAudio: is\x1b missing" and found["devices"] == []
    assert "artgen doctor" in told("import os; os.abort()")["reason"]
    monkeypatch.setattr(choices, "PATIENCE_S", 0.3)
    assert "has not answered" in told("import time; time.sleep(600)")["reason"]
    with serve_parts(lambda: [ChoicesPart(("/nowhere/artgen",))]) as port:
        assert "can't be listed" in ask(port, "/inputs")["reason"]


def test_many_who_ask_at_once_start_one_child(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'asked')!r}, 'a').write('x'); print('{{}}')"
    with serve_parts(lambda: [ChoicesPart((sys.executable, "-c", code))]) as port:
        for _ in range(5):
            assert ask(port, "/inputs")["devices"] == []
    assert (tmp_path / "asked").read_text() == "x"


def test_targets_are_those_of_now() -> None:
    part = []

    def parts() -> list[ChoicesPart]:
        part.append(ChoicesPart())
        return part

    with serve_parts(parts) as port:
        assert ask(port, "/targets")["targets"] == []
        part[0].targets = ("resolume", "10.0.0.2:9000,rate=30")
        found = ask(port, "/targets")
    assert found["targets"] == ["resolume", "10.0.0.2:9000,rate=30"]
    assert found["programs"]["resolume"] == 7000


def of_an_effect(row: Address) -> bool:
    """Such a control is named by its address."""
    setting = show_table.CONTRACT.settings.get(row.setting)
    return (
        setting is not None
        and setting.table.startswith("plugin.")
        and row.path.startswith(("/visuals/effect/", "/visuals/layer/", "/visuals/output/"))
    )


def test_every_control_has_a_name_of_its_own_on_the_page() -> None:
    words = (STATIC / "words.js").read_text()
    named = re.findall(r'^    ?\[?"(/[\w/]+)"', words, re.MULTILINE)
    named += re.findall(r'\[\["(/[\w/]+)"', words)
    hidden = re.findall(r'^  "(/[\w/]+)",$', words, re.MULTILINE)
    rows = [row.path for row in (*show_table.DAEMON, *show_table.VISUALS) if not of_an_effect(row)]
    assert sorted({*named, *hidden}) == sorted(rows)
    assert not set(named) & set(hidden)
