"""The numbered layers over the picture: what one can be told, and what it shows at a moment."""

import dataclasses
import logging
import re
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from artgen_osc.errors import PluginError
from artgen_osc.schema.setting import setting
from visuals.compositor.kind import Moment

log = logging.getLogger("artgen.layers")

SLOTS = 6

BLENDS = (
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "exclusion",
    "add",
)
"""W3C's names; `blend.frag` numbers them in this order."""

MASKS = ("alpha", "luma", "alpha-inverted", "luma-inverted")
"""By what of another layer one is masked; `blend.frag` numbers them in this order, from 1."""

INVERTED_MASKS = MASKS[2:]

TITLE = "title"
"""The source that is the text of what plays."""

SLIDE = 0.3
"""Half frames that a layer slides while it comes or goes."""


def _colour(value: str) -> None:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError(f"{value!r} is no colour; write six hexadecimal digits, such as '#ff8000'")


@dataclasses.dataclass(frozen=True, slots=True)
class SlotSettings:
    """``[layer.1]`` and so on."""

    source: str = setting(
        "",
        "what it shows: picture:FILE, video:FILE, camera:NAME, ndi:NAME, text:WORDS, title, model:MODEL, or an ISF "
        "generator or other plugin by its name; empty: nothing",
    )
    opacity: float = setting(1.0, "how much it covers")
    blend: str = setting("normal", f"how it mixes with what is below: {', '.join(BLENDS)}", choices=BLENDS)
    x: float = setting(0.0, "where its middle is, to the right; 1: the frame's edge", -2.0, 2.0)
    y: float = setting(0.0, "where its middle is, upwards; 1: the frame's edge", -2.0, 2.0)
    scale: float = setting(1.0, "its size; 1: as fit has it", 0.0, 8.0)
    rotation: float = setting(0.0, "clockwise", -360.0, 360.0, "degrees")
    fit: str = setting(
        "contain",
        "contain: all of it is in the frame, cover: it fills the frame, stretch: in the frame's shape",
        choices=("contain", "cover", "stretch"),
    )
    mask: int = setting(0, "number of the layer that says where this one is seen; 0: none", 0, SLOTS)
    mask_by: str = setting("alpha", f"what of that layer counts: {', '.join(MASKS)}", choices=MASKS)
    animation: str = setting(
        "fade", "how it comes and goes when its source changes: fade, slide, cut", choices=("fade", "slide", "cut")
    )
    fade: float = setting(0.5, "how long it takes to come, and to go", 0.0, 10.0, "s")
    speed: float = setting(1.0, "of a video, or of a model's walk; 0: it stands", 0.0, 8.0)
    loop: bool = setting(True, "let a video begin again at its end")
    beats: int = setting(0, "a video goes once through in so many beats; 0: by its own clock", 0, 256)
    size: float = setting(0.12, "height of a text's letters, in heights of the frame", 0.01, 1.0)
    font: str = setting("", "of a text: a family such as Noto Sans, or a file; empty: what the system prefers")
    colour: str = setting("#ffffff", "of a text", check=_colour)
    outline: float = setting(0.06, "width of a text's outline, in heights of its letters; 0: none", 0.0, 0.5)
    outline_colour: str = setting("#000000", "of a text's outline", check=_colour)


def numbered(number: int) -> Any:
    """`SlotSettings` with keys in ``[layer.NUMBER]`` and addresses below ``/visuals/layer/NUMBER``."""
    fields = []
    for one in dataclasses.fields(SlotSettings):
        where = {"key": f"layer.{number}.{one.name}", "address": f"/visuals/layer/{number}/{one.name}"}
        fields.append((one.name, one.type, dataclasses.field(default=one.default, metadata={**one.metadata, **where})))
    return dataclasses.make_dataclass("Settings", fields, frozen=True, slots=True)


class Source(Protocol):
    """What a slot shows, once it is open."""

    @property
    def trouble(self) -> str:
        """What is wrong with it, on one line; empty: nothing."""
        ...

    @property
    def straight(self) -> bool:
        """Whether its texture's alpha isn't multiplied into the colours."""
        ...

    @property
    def fills(self) -> bool:
        """Whether its texture is stretched over the frame, whatever its size."""
        ...

    @property
    def part(self) -> tuple[float, float, float, float]:
        """Left, bottom, right and top of what of its texture isn't transparent, 0..1."""
        ...

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        ...

    def release(self) -> None:
        """Give everything back."""
        ...


class Slot:
    """One numbered layer, and the source that it shows.

    When the source changes, the old one goes before the new one comes, so that no frame jumps.

    Parameters
    ----------
    context : moderngl context

    Attributes
    ----------
    open : gives the source of a name and what follows its colon; raises PluginError. None: nothing can be opened
    source : what is shown; None: nothing
    said : the setting that it was opened by; empty: it was not
    needed : whether another layer is masked by it, so that it is drawn at an opacity of 0 too
    level : 0..1, how far it has come
    slide : half frames that it is moved upwards meanwhile
    """

    hosted: ClassVar[bool] = True
    number: ClassVar[int]
    Settings: ClassVar[Any]

    def __init__(self, context: Any) -> None:
        self.open: Callable[[str, str], Source] | None = None
        self.source: Source | None = None
        self.needed = False
        self.level = self.slide = 0.0
        self.said = self._wrong = self._told = ""
        self._come = 0.0
        self._drawn = False

    @property
    def trouble(self) -> str:
        """What is wrong with its source, on one line; empty: nothing."""
        return self._wrong or (self.source.trouble if self.source else "")

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment) -> Any:
        """See `visuals.compositor.kind.Layer`."""
        if settings is None:
            return None
        said = settings.source
        if said == TITLE:
            said = f"text:{moment.title}" if moment.title else ""
        seen = self.needed or settings.opacity > 0.0
        leaving = said != self.said
        at_once = settings.animation == "cut" or settings.fade <= 0.0 or not seen
        step = 1.0 if at_once else moment.dt / settings.fade
        if leaving:
            self._come = max(0.0, self._come - step) if self._drawn else 0.0
            if self._come == 0.0:
                self._change(said)
                leaving = False
        texture = self.source.frame(size, settings, moment) if self.source and seen else None
        self._drawn = texture is not None
        if self._drawn and not leaving:
            self._come = min(1.0, self._come + step)
        self.level = self._come * self._come * (3.0 - 2.0 * self._come)
        away = (1.0 - self.level) * SLIDE if settings.animation == "slide" else 0.0
        self.slide = away if leaving else -away
        self._tell()
        return texture

    def _change(self, said: str) -> None:
        self.release()
        self.said = said
        name, _, rest = said.partition(":")
        if not name or self.open is None:
            return
        try:
            self.source = self.open(name, rest)
        except PluginError as error:
            self._wrong = str(error)

    def _tell(self) -> None:
        trouble = self.trouble
        if trouble != self._told:
            self._told = trouble
            if trouble:
                log.warning("layer %d: %s; the show goes on", self.number, trouble)

    def release(self) -> None:
        """See `visuals.compositor.kind.Layer`."""
        if self.source is not None:
            self.source.release()
        self.source, self._wrong, self.said, self._come, self._drawn = None, "", "", 0.0, False
