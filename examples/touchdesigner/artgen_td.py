"""Build a network that listens to artgen-osc: drag this file into TouchDesigner, then right-click it: Run Script.

Start ours with ``artgen live --input demo --osc touchdesigner`` (to 127.0.0.1, port 10000).
IsolatedPlugin the script again builds the network anew, at the same place.
"""

import td

LISTEN = 10000
RENDERER = ("127.0.0.1", 9101)
CHANNELS = "valence energy tempo_bpm beat_phase"
REST = 0.5
"""What every channel holds until something is heard."""


def make(parent, kind, name, inputs=(), at=(0, 0), values=None, expressions=None):
    """One operator: wired from `inputs`, placed, with its parameters set."""
    node = parent.create(kind, name)
    for place, source in enumerate(inputs):
        node.inputConnectors[place].connect(source)
    node.nodeX, node.nodeY = at
    for parameter, value in (values or {}).items():
        setattr(node.par, parameter, value)
    for parameter, expression in (expressions or {}).items():
        getattr(node.par, parameter).expr = expression
    return node


def constant(parent, name, channels, value, at):
    """A Constant CHOP. Its parameters are called const0name and const0value since 2022, name0 and value0 before."""
    node = make(parent, td.constantCHOP, name, at=at)
    if hasattr(node.par, "const0name"):
        node.par.const0name, node.par.const0value = channels, value
    else:
        node.par.name0, node.par.value0 = channels, value
    return node


def hear(base):
    """CHOPs: OSC in, the four channels that are used, and defaults until they come."""
    rest = constant(base, "rest", CHANNELS, REST, at=(0, 150))
    heard = make(
        base,
        td.oscinCHOP,
        "osc_in",
        at=(0, 0),
        # One segment off: /artgen/valence is the channel valence. No queue: the newest value, at once.
        values={"port": LISTEN, "stripsegments": 1, "queued": False, "active": True},
    )
    mood = make(
        base,
        td.selectCHOP,
        "mood",
        [heard],
        at=(200, 0),
        # A pulse can be shorter than a frame; the phase can't be missed. ? stands for / or _.
        values={
            "channames": "valence energy tempo_bpm beat?phase",
            "renamefrom": "beat?phase",
            "renameto": "beat_phase",
        },
    )
    both = make(base, td.replaceCHOP, "mood_or_rest", [rest, mood], at=(400, 75), values={"length": "second"})
    return make(base, td.nullCHOP, "now", [both], at=(600, 75))


def paint(base, now):
    """TOPs: noise that travels with the tempo, coloured by the mood, brighter on the beat."""
    tempo = make(base, td.selectCHOP, "tempo", [now], at=(0, -200), values={"channames": "tempo_bpm"})
    rate = make(base, td.mathCHOP, "a_tenth_a_beat", [tempo], at=(200, -200), values={"gain": 1 / 600})
    make(base, td.speedCHOP, "travel", [rate], at=(400, -200))
    noise = make(
        base,
        td.noiseTOP,
        "noise",
        at=(0, -400),
        values={
            "type": "simplex3d",
            "mono": False,
            "period": 1.5,
            "outputresolution": "custom",
            "resolutionw": 1280,
            "resolutionh": 720,
        },
        expressions={"tz": "op('travel')['tempo_bpm']", "harmon": "1 + round(4 * op('now')['energy'])"},
    )
    colour = make(
        base,
        td.hsvadjustTOP,
        "colour",
        [noise],
        at=(200, -400),
        expressions={
            "hueoffset": "(200 + 200 * op('now')['valence']) % 360",
            "saturationmult": "0.3 + 1.7 * op('now')['energy']",
            "valuemult": "0.5 + op('now')['valence']",
        },
    )
    flash = make(
        base,
        td.levelTOP,
        "flash",
        [colour],
        at=(400, -400),
        expressions={"brightness1": "1 + 0.6 * max(0, 1 - 3 * op('now')['beat_phase'])"},
    )
    picture = make(base, td.outTOP, "picture", [flash], at=(600, -400))
    picture.viewer = True
    return picture


def steer(base):
    """One slider to our renderer: the channel's name is the address."""
    control = constant(base, "steer", "visuals/speed", 1.0, at=(0, 350))
    control.viewer = True
    values = {
        "netaddress": RENDERER[0],
        "port": RENDERER[1],
        "numericformat": "float",
        "format": "sample",
        "sendevents": False,
        "cookalways": True,
        "active": True,
    }
    return make(base, td.oscoutCHOP, "osc_out", [control], at=(200, 350), values=values)


def build(parent):
    """The component `artgen` in `parent`; one that is there already is replaced."""
    old = parent.op("artgen")
    at = (old.nodeX, old.nodeY) if old else (0, -200)
    if old:
        old.destroy()
    base = make(parent, td.baseCOMP, "artgen", at=at)
    paint(base, hear(base))
    steer(base)
    return base


if __name__ == "__main__":
    build(me.parent())  # noqa: F821  (TouchDesigner's name for the DAT that runs)
