"""Words as a layer: any script, lines that fit, fonts that are there and that aren't, the title of what plays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont, features

from tests.layers.show import BELOW, Slots, close
from tests.support.waiting import wait_for
from visuals.compositor.layers import fonts
from visuals.compositor.layers.text import Style, broken, typeset

needs_fontconfig = pytest.mark.skipif(not fonts.find("", "a", Path()).path, reason="no font is installed here")


def style(height: int = 40, size: tuple[int, int] = (640, 360), outline: float = 0.0, **given: Any) -> Style:
    return Style(size, height, given.get("font", ""), given.get("colour", "#ff0000"), outline, "#00ff00")


def rows_and_columns(pixels: np.ndarray) -> tuple[slice, slice]:
    """Where a text is, from the top left."""
    seen = pixels[::-1, :, 3] > 128
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def test_a_text_is_in_the_middle_in_its_colour_and_its_size() -> None:
    pixels = typeset("HHHH", style(), fonts.find("", "H", Path()))
    assert pixels.shape == (360, 640, 4) and pixels.dtype == np.uint8
    rows, columns = rows_and_columns(pixels)
    assert abs(rows.start + rows.stop - 360) < 24 and abs(columns.start + columns.stop - 640) < 12
    assert 20 < rows.stop - rows.start < 40, "capitals are lower than their line"
    alpha = pixels[..., 3].astype(int)
    assert np.array_equal(pixels[..., 0], alpha) and not pixels[..., 1:3].any(), "red, its alpha multiplied in"


def test_an_outline_is_around_the_letters() -> None:
    plain, lined = (typeset("HH", style(outline=width), fonts.find("", "H", Path())) for width in (0.0, 0.1))
    assert np.all(lined[..., 3] >= plain[..., 3]) and lined[..., 1].max() == 255
    inner = plain[..., 3] == 255
    assert np.abs(lined[inner][:, 0].astype(int) - 255).max() < 3, "the letters lie over it"


def test_a_long_line_is_broken_and_a_long_text_made_smaller() -> None:
    font = fonts.find("", "a", Path())
    for text in ("word " * 30, "a" * 300, "x\n" * 40):
        pixels = typeset(text, style(60), font)
        rows, columns = rows_and_columns(pixels)
        assert rows.start > 0 and rows.stop < 360 and columns.start > 0 and columns.stop < 640, text[:10]


def test_marks_stay_with_their_letters() -> None:
    assert broken("e\u0301e\u0301e\u0301", lambda text: len(text.replace("\u0301", "")), 1) == ["e\u0301"] * 3
    assert broken("a\nb".replace("\n", " "), len, 80) == ["a b"]


@needs_fontconfig
@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow is without raqm")
def test_from_right_to_left_and_joined() -> None:
    """The first letter is the rightmost; an Arabic letter between two others has another form than alone."""
    hebrew = "\u05d0" + "\u05d5" * 6  # a wide letter, then narrow ones
    font = fonts.find("", hebrew, Path())
    pixels = typeset(hebrew, style(), font)[::-1, :, 3].astype(int)
    _, columns = rows_and_columns(typeset(hebrew, style(), font))
    middle = (columns.start + columns.stop) // 2
    alone = typeset("\u05d0", style(), font)[::-1, :, 3].astype(int)
    wide = rows_and_columns(typeset("\u05d0", style(), font))[1]
    right = pixels[:, columns.stop - (wide.stop - wide.start) : columns.stop]
    assert middle < columns.stop and np.array_equal(right > 128, alone[:, wide] > 128)
    made = ImageFont.truetype(font.path, 40, index=font.index)
    assert made.getlength("\u0628\u0628\u0628") < 3 * made.getlength("\u0628")


@needs_fontconfig
def test_a_font_that_isnt_there_is_told_and_another_one_used(tmp_path: Path) -> None:
    found = fonts.find("Nonsuch Sans", "abc", tmp_path)
    assert found.path and found.trouble.startswith("font 'Nonsuch Sans': isn't here, or lacks letters of the text; ")
    gone = fonts.find("gone.ttf", "abc", tmp_path)
    assert gone.path and gone.trouble.startswith("font 'gone.ttf': can't be read (")
    (tmp_path / "bad.ttf").write_bytes(b"no font" * 100)
    assert "can't be read" in fonts.find("bad.ttf", "abc", tmp_path).trouble
    good = Path(fonts.find("", "abc", tmp_path).path)
    (tmp_path / "mine.ttf").write_bytes(good.read_bytes())
    assert fonts.find("mine.ttf", "abc", tmp_path) == fonts.Font(str(tmp_path / "mine.ttf"))


def test_letters_that_no_font_has_are_told(tmp_path: Path) -> None:
    lacking = fonts.find("", "\U000e0fff\U00016b5a\U0001e8ff", tmp_path).trouble  # hardly any font has Pahawh Hmong
    assert lacking in ("", "text: no font here has all its letters; install one, such as Noto Sans for its script")
    assert not fonts.has(fonts.find("", "a", tmp_path), "\U00016b5a") or not lacking


def test_without_fontconfig_there_is_a_font_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    fonts._matched.cache_clear()
    found = fonts.find("", "abc", tmp_path)
    assert found.trouble == "" and typeset("abc", style(), found)[..., 3].max() == 255
    assert fonts.find("Nonsuch", "abc", tmp_path).trouble.endswith(" is used")
    fonts._matched.cache_clear()


def test_a_text_is_shown_and_set_anew_as_it_is_told(slots: Any) -> None:
    show = slots()
    show.set(1, source="text:II", size=0.9, colour="#00ff00", outline=0.0)
    frame = show.shows(1)
    assert frame[18].max() > 200 and close(frame[:, 0], BELOW)
    show.set(1, colour="#0000ff")
    wait_for(lambda: show.frame()[..., 2].max() > 200, what="the other colour")


def test_the_title_comes_and_goes(slots: Any) -> None:
    show: Slots = slots()
    show.set(1, source="title", size=0.5, fade=0.5)
    assert close(show.frame(0.1), BELOW)

    def until(title: str, there: bool) -> list[int]:
        """How far it has come, frame by frame."""
        seen: list[int] = []
        slot = show.slot(1)

        def done() -> bool:
            seen.append(int(np.abs(show.frame(0.05, title) - np.array(BELOW)).max()))
            return slot.level == 1.0 if there else slot.level == 0.0 and not slot.said

        wait_for(done, what=title or "no title", evidence=lambda: slot.trouble)
        return seen

    come = until("SONG", True)
    assert come[0] == 0 or come[0] < 60, "it fades in"
    assert max(come) > 100 and max(np.diff(come)) < 100
    gone = until("", False)
    assert gone[-1] <= 2 and min(np.diff(gone)) > -100
