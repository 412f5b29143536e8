"""Write `artgen.maxpat`, the patch beside this file: ``python make_patch.py``.

Needs py2max (``pip install py2max``). The patch itself needs nothing but Max.
"""

import sys
from pathlib import Path

from py2max import Patcher
from py2max.core import Box

LISTEN = 7400
RENDERER = "127.0.0.1 9101"
HEARD = ("/artgen/valence", "/artgen/energy", "/artgen/beat", "/artgen/tempo_bpm", "/artgen/key")


def shown(box: Box, x: int, y: int, width: int, height: int = 22) -> Box:
    """Let a box appear in presentation mode, which is what opens."""
    box.add_to_presentation([x, y, width, height])
    return box


def label(patch: Patcher, text: str, x: int, y: int, width: int, panel_y: int) -> None:
    """A comment in the patch and on the panel."""
    shown(patch.add_comment(text, patching_rect=[x, y, width, 22]), 20, panel_y, width)


def meter(patch: Patcher, name: str, x: int, panel_y: int) -> Box:
    """A slider for 0..1 with its number below; returns the slider."""
    label(patch, name, x, 120, 70, panel_y)
    slider = patch.add_textbox("slider", patching_rect=[x, 145, 140, 20], size=1.0, floatoutput=1, orientation=1)
    number = patch.add_floatbox(patching_rect=[x, 175, 60, 22])
    patch.add_line(slider, number)
    shown(slider, 100, panel_y, 200)
    shown(number, 310, panel_y, 60)
    return slider


def make(path: Path) -> None:
    """Build the patch and save it."""
    patch = Patcher(path, title="artgen", openinpresentation=1)
    patch.rect = [80, 80, 900, 420]
    label(patch, "artgen live --input demo --osc max", 300, 20, 300, 10)

    hear = patch.add_textbox(f"udpreceive {LISTEN}", patching_rect=[20, 20, 110, 22])
    route = patch.add_textbox("route " + " ".join(HEARD), patching_rect=[20, 60, 840, 22])
    patch.add_line(hear, route)

    patch.add_line(route, meter(patch, "valence", 20, 50))
    patch.add_line(route, meter(patch, "energy", 190, 80), outlet=1)

    label(patch, "beat", 360, 120, 60, 110)
    one = patch.add_textbox("sel 1.", patching_rect=[360, 145, 50, 22])
    flash = patch.add_textbox("button", patching_rect=[360, 175, 40, 40])
    patch.add_line(route, one, outlet=2)
    patch.add_line(one, flash)
    shown(flash, 100, 107, 30, 30)

    label(patch, "tempo", 500, 120, 60, 145)
    tempo = patch.add_floatbox(patching_rect=[500, 145, 70, 22])
    patch.add_line(route, tempo, outlet=3)
    shown(tempo, 100, 145, 70)

    label(patch, "key", 640, 120, 60, 175)
    put = patch.add_textbox("prepend set", patching_rect=[640, 145, 80, 22])
    key = patch.add_message("", patching_rect=[640, 175, 90, 22])
    patch.add_line(route, put, outlet=4)
    patch.add_line(put, key)
    shown(key, 100, 175, 90)

    label(patch, "speed", 20, 240, 60, 215)
    speed = patch.add_textbox("slider", patching_rect=[20, 265, 140, 20], size=8.0, floatoutput=1, orientation=1)
    send_speed = patch.add_textbox("prepend /visuals/speed", patching_rect=[20, 300, 150, 22])
    shown(speed, 100, 215, 200)

    label(patch, "next", 240, 240, 60, 245)
    another = patch.add_textbox("button", patching_rect=[240, 262, 30, 30])
    send_next = patch.add_message("/visuals/seed/next 1", patching_rect=[240, 300, 140, 22])
    shown(another, 100, 242, 30, 30)

    back = patch.add_textbox(f"udpsend {RENDERER}", patching_rect=[20, 350, 150, 22])
    patch.add_line(speed, send_speed)
    patch.add_line(send_speed, back)
    patch.add_line(another, send_next)
    patch.add_line(send_next, back)
    patch.save()


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("artgen.maxpat"))
