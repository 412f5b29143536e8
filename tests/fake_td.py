"""TouchDesigner's Python, as far as the example needs it: operators that know their parameters.

The names are those of Derivative's documentation of each operator, without the common pages. Whatever isn't
in the table is refused, as TouchDesigner would.
"""

from typing import Any

COMMON_TOP = "outputresolution resolutionw resolutionh outputaspect fillmode filtertype format npasses"
OPERATORS: dict[str, tuple[int, str]] = {
    "baseCOMP": (0, ""),
    "oscinCHOP": (
        0,
        "active protocol netaddress port localaddress oscaddressscope useglobalrate samplerate queued stripsegments "
        "resetchannels resetchannelspulse resetvalues timeslice scope",
    ),
    "oscoutCHOP": (
        1,
        "active protocol netaddress port localaddress maxsize cookalways numericformat format maxbytes sendevents",
    ),
    "constantCHOP": (2, "const0name const0value snap first current single start end rate"),
    "selectCHOP": (1, "chop channames renamefrom renameto filterbydigits digits stripdigits align autoprefix"),
    "replaceCHOP": (2, "length notify"),
    "mathCHOP": (9, "preop chanop chopop postop match align integer preoff gain postoff"),
    "speedCHOP": (2, "order constant1 limittype min max speedsamples resetcondition resetvalue reset resetpulse"),
    "nullCHOP": (1, "cooktype checkvalues"),
    "noiseTOP": (
        2,
        "type seed period harmon spread gain rough exp amp offset mono aspectcorrect tx ty tz rx ry rz sx sy sz t4d "
        "rgb alpha dither " + COMMON_TOP,
    ),
    "hsvadjustTOP": (1, "huerange huefalloff saturationrange valuerange hueoffset saturationmult valuemult"),
    "levelTOP": (1, "invert blacklevel brightness1 gamma1 contrast inlow inhigh outlow outhigh opacity brightness2"),
    "outTOP": (1, "label"),
}
MENUS = {
    ("noiseTOP", "type"): {"perlin2d", "perlin3d", "perlin4d", "simplex2d", "simplex3d", "simplex4d", "sparse"},
    ("noiseTOP", "outputresolution"): {"useinput", "half", "custom"},
    ("replaceCHOP", "length"): {"first", "second"},
    ("oscoutCHOP", "numericformat"): {"int", "float", "double"},
    ("oscoutCHOP", "format"): {"sample", "timeslice", "transpose"},
}


class Par:
    """One parameter: a value, or an expression in its place."""

    def __init__(self) -> None:
        self.val: Any = None
        self.expr = ""


class Pars:
    """The parameters of an operator; others can be neither read nor set."""

    def __init__(self, kind: str, names: str) -> None:
        object.__setattr__(self, "_kind", kind)
        object.__setattr__(self, "_known", {name: Par() for name in names.split()})

    def __getattr__(self, name: str) -> Par:
        if name not in self._known:
            raise AttributeError(f"{self._kind} has no parameter {name}")
        return self._known[name]

    def __setattr__(self, name: str, value: Any) -> None:
        allowed = MENUS.get((self._kind, name))
        if allowed is not None and value not in allowed:
            raise ValueError(f"{self._kind}.par.{name} = {value!r}; choose from {sorted(allowed)}")
        getattr(self, name).val = value


class Connector:
    """An input; holds the operator that is wired to it."""

    def __init__(self, family: str) -> None:
        self._family = family
        self.source: Operator | None = None

    def connect(self, source: "Operator") -> None:
        if source.kind[-len(self._family) :] != self._family:
            raise ValueError(f"a {source.kind} can't be wired to a {self._family}")
        self.source = source


class Operator:
    """A node of the network."""

    def __init__(self, kind: str, name: str, parent: "Operator | None" = None) -> None:
        inputs, names = OPERATORS[kind]
        self.kind, self.name, self._parent = kind, name, parent
        self.par = Pars(kind, names)
        self.inputConnectors = [Connector(kind[-4:].strip("abcdefghijklmnopqrstuvwxyz")) for _ in range(inputs)]
        self.children: list[Operator] = []
        self.nodeX = self.nodeY = 0
        self.viewer = False

    def create(self, kind: str, name: str) -> "Operator":
        if self.op(name) is not None:
            raise ValueError(f"{name} is there already")
        self.children.append(Operator(kind, name, self))
        return self.children[-1]

    def op(self, name: str) -> "Operator | None":
        return next((child for child in self.children if child.name == name), None)

    def parent(self) -> "Operator | None":
        return self._parent

    def destroy(self) -> None:
        assert self._parent is not None
        self._parent.children.remove(self)


def __getattr__(name: str) -> str:
    """``td.oscinCHOP`` and the like; other operators aren't known."""
    if name not in OPERATORS:
        raise AttributeError(f"no operator is called {name}")
    return name
