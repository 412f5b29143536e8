"""What one window shows: the frame or a test picture, mapped, and the overlay where it is wanted."""

from pathlib import Path
from time import monotonic
from typing import Any

from artgen_osc.errors import PluginError
from artgen_osc.runtime.files import Saves, stamp
from artgen_osc.runtime.latest import LatestWorker
from visuals.compositor.gl import SHADERS, Pass, shader, texture_of
from visuals.compositor.layers.picture import load
from visuals.compositor.layers.upload import Upload
from visuals.compositor.mapped import Mapped, Marks, Shown, Size, seen_of
from visuals.compositor.testcard import test_picture

LOOK_EVERY_S = 1.0
"""Between two looks at a mask's file."""


class Mask:
    """A picture over a window, loaded beside the show and followed when it is saved.

    Parameters
    ----------
    context : moderngl context

    Attributes
    ----------
    trouble : what is wrong with its file, on one line; empty: nothing
    """

    def __init__(self, context: Any) -> None:
        self.trouble = ""
        self._upload = Upload(context, still=True)
        self._file = ""
        self._saves = Saves(lambda: None)
        self._worker: LatestWorker[str] | None = None
        self._next = 0.0

    def texture(self, file: str) -> Any:
        """The mask; None where there is none, or it isn't loaded yet.

        Parameters
        ----------
        file : its path; empty: none
        """
        if not file:
            self.trouble = ""
            self._file = ""
            self._upload.release()
            return None
        now = monotonic()
        if file != self._file or now >= self._next:
            self._file, self._next = file, now + LOOK_EVERY_S
            self._worker = self._worker or LatestWorker(self._look, "mask")
            self._worker.put(file)
        return self._upload.texture()

    def _look(self, file: str) -> None:
        if file != self._looked:
            self._looked, self._saves = file, Saves(lambda: stamp(file) or ())
        if not self._saves.due():
            return
        try:
            self._upload.give(load(Path(file)))
            self.trouble = ""
        except PluginError as error:
            self.trouble = f"mask {Path(file).name}: {error}"

    _looked = ""

    def release(self) -> None:
        """Give everything back."""
        if self._worker is not None:
            self._worker.close(0.0)
            self._worker = None
        self._upload.release()


class WindowPicture:
    """Draws for one window, in that window's context.

    Parameters
    ----------
    context : moderngl context
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._mapped, self._mask = Mapped(context), Mask(context)
        self._overlay: Pass | None = None
        self._card: Any = None
        self._card_of: tuple[Any, ...] = ()

    @property
    def trouble(self) -> str:
        """What is wrong with what it shows, on one line; empty: nothing."""
        return self._mask.trouble

    def draw(self, shown: Shown, settings: Any, window: Size, name: str, marks: Marks | None = None) -> None:
        """Draw into what is bound.

        Parameters
        ----------
        shown : the frame
        settings : see `visuals.outputs.mapping.MappingSettings`, and ``overlay``
        window : (width, height) of what is drawn into, pixels
        name : of the display, for the test picture
        marks : of a window that is edited
        """
        mask = self._mask.texture(settings.mask)
        if settings.test:
            card = self._test_picture(shown.size, settings, window, name)
            whole = _Whole(settings)
            self._mapped.draw(card, card.size, whole, window, mask, marks)
        else:
            self._release_card()
            self._mapped.draw(shown.texture, shown.size, settings, window, mask, marks)
        if shown.text is not None and (settings.overlay or marks is not None):
            self._draw_text(shown.text, window)

    def _test_picture(self, frame: Size, settings: Any, window: Size, name: str) -> Any:
        told = frame, seen_of(settings), settings.rotation, settings.fit, window, name
        if self._card is None or told != self._card_of:
            self._release_card()
            seen = seen_of(settings)
            across, up = (window[1], window[0]) if settings.rotation in (90, 270) else window
            if settings.fit == "contain":
                shape = frame[0] * seen[2] / (frame[1] * seen[3])
                across, up = max(1, min(across, round(up * shape))), max(1, min(up, round(across / shape)))
            self._card = texture_of(self._context, test_picture((across, up), frame, seen, name), repeat=False)
            self._card_of = told
        return self._card

    def _draw_text(self, text: Any, window: Size) -> None:
        if self._overlay is None:
            self._overlay = Pass(self._context, shader(SHADERS / "overlay.frag"))
        self._overlay["target"] = window
        text.use(0)
        self._context.enable(self._context.BLEND)
        self._overlay.render()
        self._context.disable(self._context.BLEND)

    def _release_card(self) -> None:
        if self._card is not None:
            self._card.release()
            self._card = None

    def release(self) -> None:
        """Give everything back."""
        self._release_card()
        self._mapped.release()
        self._mask.release()
        if self._overlay is not None:
            self._overlay.release()
            self._overlay = None


class _Whole:
    """Settings but for the crop: the test picture is the part that is seen already."""

    crop_left = crop_right = crop_top = crop_bottom = 0.0

    def __init__(self, settings: Any) -> None:
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)
