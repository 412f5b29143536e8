"""The gallery's server in a folder with an odd name and odd files, asked odd questions."""

import os
from pathlib import Path

import pytest

from tests.gallery.conftest import put
from tests.gallery.forged import plant
from tests.gallery.served import serving
from tests.support.waiting import wait_for

pytestmark = pytest.mark.slow


def test_it_serves_what_can_be_served(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"m\xe9lange")
    with serving(folder) as served:
        answer = served.ask("/gallery/api/list")
        assert answer.status == 409
        assert b"m\\xe9lange: there is no gallery yet" in answer.body
        try:
            new = tmp_path / "new"
            new.mkdir()
            names = plant(new)
            new.rename(folder)
        except OSError:
            pytest.skip("this system allows no such names")
        first = put(folder, 1).id
        wait_for(lambda: served.ids() == [first], what="a picture among bad ones")
        for number in range(3):
            name = f"11111111111{number}.png"
            (folder / name).write_bytes(b"x")
        second = put(folder, 2).id
        wait_for(lambda: served.ids() == [second, first], what="the next one")
        for filters, count in {
            "until=9999-12-31": 2,
            "since=9999-12-31": 0,
            "since=0001-01-01": 2,
            "until=0001-01-01T00:00:00": 0,
            "since=0001-01-01T00:00:00%2B14:00": 2,
            "until=9999-12-31T23:59:59-14:00": 2,
            "title=%00": 0,
            "title=%ff": 0,
        }.items():
            assert len(served.ids(filters)) == count, filters
        assert served.ask("/gallery/api/export.zip").status == 200
        assert served.process.poll() is None
        told: list[str] = []
        wait_for(
            lambda: told.append(capfd.readouterr().err) or "".join(told).count("is left alone") == 3 + 3,
            what="a word on each bad file",
            evidence=lambda: told,
        )
    err = "".join(told) + capfd.readouterr().err
    assert "Traceback" not in err
    assert f"{len(names) - 3} more such files" in err
    assert err.count("is left alone") == 3 + 3
    assert "\x1b" not in err
