"""Write `artgen.tosc`, the layout beside this file: ``python make_layout.py``.

Needs py2tosc (``pip install py2tosc``). The layout itself needs nothing but TouchOSC.
"""

import sys
from pathlib import Path

import py2tosc
from py2tosc import ui

SIZE = (1024, 768)
BLUE, AMBER, GREEN, RED = "#4f7cff", "#ffb347", "#59c98b", "#e2574c"


def caption(control: py2tosc.Control, text: str) -> py2tosc.Control:
    """A control with its name over it."""
    return ui.labelled(control, text, size=22)


def meter(name: str, address: str, high: float = 1.0) -> py2tosc.Control:
    """A fader that only shows what is heard."""
    message = ui.osc(address, args=[ui.value("x", scale=(0.0, high))], send=False)
    return caption(py2tosc.fader(name=name, color=AMBER, interactive=False, messages=[message]), name)


def slider(name: str, address: str, high: float = 1.0) -> py2tosc.Control:
    """A fader that steers."""
    message = ui.osc(address, args=[ui.value("x", scale=(0.0, high))])
    return caption(py2tosc.fader(name=name, color=BLUE, messages=[message]), name)


def light(name: str, address: str) -> py2tosc.Control:
    """A button that only shows what is heard."""
    message = ui.osc(address, send=False)
    return caption(py2tosc.button(name=name, color=AMBER, interactive=False, messages=[message]), name)


def push(name: str, address: str) -> py2tosc.Control:
    """A button that sends 1 when it is pressed, and nothing on release."""
    return caption(py2tosc.button(name=name, color=GREEN, messages=[ui.osc(address, on="RISE")]), name)


def switch(name: str, address: str) -> py2tosc.Control:
    """A button that stays: 1, then 0."""
    button = py2tosc.button(
        name=name, color=RED, buttonType=py2tosc.ButtonType.TOGGLE_RELEASE, messages=[ui.osc(address)]
    )
    return caption(button, name)


def layout() -> py2tosc.Document:
    """The mood and the beat above, the picture's controls below."""
    mood_pad = py2tosc.xy(
        name="mood",
        color=BLUE,
        messages=[
            ui.osc("/visuals/mood/valence", args=[ui.value("x")], var="x"),
            ui.osc("/visuals/mood/energy", args=[ui.value("y")], var="y"),
        ],
    )
    heard = ui.row(
        meter("valence", "/artgen/valence"),
        meter("energy", "/artgen/energy"),
        meter("tempo", "/artgen/tempo_bpm", high=240.0),
        light("beat", "/artgen/beat"),
        caption(mood_pad, "mood by hand"),
        sizes=[1, 1, 1, 1, 3],
        gap=8,
    )
    sliders = ui.row(
        slider("speed", "/visuals/speed", high=8.0),
        slider("variety", "/visuals/truncation"),
        slider("onsets", "/visuals/effect/onset"),
        slider("beat pulse", "/visuals/beat/pulse"),
        slider("grain", "/visuals/effect/grain"),
        gap=8,
    )
    buttons = ui.row(
        push("next", "/visuals/seed/next"),
        push("snapshot", "/visuals/snapshot"),
        switch("by hand", "/visuals/mood/manual"),
        switch("freeze", "/visuals/freeze"),
        switch("blackout", "/visuals/blackout"),
        gap=8,
    )
    document = py2tosc.Document(
        root=ui.column(heard, sliders, buttons, sizes=[4, 4, 2], gap=8, pad=12, frame=(0, 0, *SIZE), name="artgen")
    )
    document.resolve()
    return document


if __name__ == "__main__":
    layout().save(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("artgen.tosc"))
