"""NDI sources as layers: found by a part of their name, and again after they were gone."""

from pathlib import Path
from typing import Any

import pytest

from tests.layers.show import BELOW, close
from tests.support.waiting import wait_for

pytest.importorskip("cyndilib")
from tests.outputs.ndi_here import Source, keep_ndi_here

pytestmark = pytest.mark.slow


def test_a_source_is_shown_and_found_again(slots: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_ndi_here(tmp_path, monkeypatch)
    show = slots()
    show.set(1, source="ndi:Deck", fit="stretch")
    wait_for(
        lambda: show.trouble(1).startswith("ndi:Deck: can't be played (none is called 'Deck'; there are:"),
        60.0,
        "the source is missed",
        lambda: show.trouble(1),
    )
    assert close(show.frame(), BELOW)
    for colour in ((40, 80, 160, 255), (160, 80, 40, 255)):
        source = Source("Deck A", colour)

        def seen(source: Source = source, colour: Any = colour) -> bool:
            source.send()
            return close(show.frame(), colour[:3], 12)

        wait_for(seen, 60.0, "its picture", lambda: show.trouble(1))
        source.close()
        wait_for(lambda: "gives no more pictures" in show.trouble(1), 60.0, "its end", lambda: show.trouble(1))
