"""What an input is: a plugin of the group ``artgen.inputs``, where sound comes from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from artgen_osc.audio.browser import BrowserInput
    from artgen_osc.audio.sources import AudioSource


@dataclass(frozen=True, slots=True)
class InputHost:
    """What a show tells the input that it opens.

    Attributes
    ----------
    mute : what could be heard here, such as a file, isn't to be
    realtime : False: deliver as fast as it goes, and unheard
    browser : where the sound of the show's page comes in, or None without a page
    """

    mute: bool = False
    realtime: bool = True
    browser: "BrowserInput | None" = None


class Input(Protocol):
    """Opens sound for ``--input NAME:REST``. The entry point names the class; its module is light to import.

    The class may have ``Settings``, a frozen dataclass whose fields are made by `artgen_osc.schema.setting.setting`.
    """

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """Open it; it may take seconds, 10 at most, since a show opens its inputs beside what it hears.

        Parameters
        ----------
        rest : what follows ``NAME:``, often empty
        settings : an instance of ``Settings`` as it is now, None without
        host : of the show

        Raises
        ------
        AudioError
            It can't be opened; says why, and what to do.
        """
        ...
