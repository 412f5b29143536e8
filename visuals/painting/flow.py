"""How things move from one painted picture to the next: optical flow, where it can be trusted.

Most of what a generator's walk changes doesn't move, it turns into something else where it is; a fade shows that best.
Contours move, and a fade shows them twice. So the flow of Lucas & Kanade (1981), coarse to fine and symmetric, is kept
only where it explains most of the difference of the two pictures, and is 0 elsewhere.

It takes a few milliseconds of one core: no products of matrices, since those would call all cores, which are busy.
"""

from collections.abc import Hashable

import numpy as np

from visuals.generators.generator import FloatArray, Frame

ROWS = 128
"""Of the picture that is looked at; fewer are too coarse for contours of finished pictures."""

MOST_COLUMNS = 320
CELL = 4
"""Pixels of a side that have one vector."""

STEPS = (2, 2, 1)
"""At each size, the smallest first."""

LONGEST = 0.1
"""Heights of the picture that anything may move from one to the next: beyond that it is a mistake."""

SHORTEST = 0.1 / 256
"""Heights: less isn't seen."""

DAMPING = 3e-4
"""Of squared slopes: where there is less than that, nothing leads the flow."""

NOISE = 0.006
"""Squared difference that isn't worth moving anything: a fade shows it as well."""

DOUBTED, TRUSTED = 0.4, 0.6
"""Parts of the squared difference that a flow must explain to count at all, and to count in full."""

STRANGE, ALIKE = 0.5, 0.7
"""Correlation of two pictures up to which they have nothing to do with each other, and from which one is the other's
next."""

FLAT = 1e-4
"""Variance of a picture in which nothing can be followed."""


class Flow:
    """Follows a walk picture by picture."""

    def __init__(self) -> None:
        self._sizes: list[FloatArray] = []
        self._walk: Hashable = None

    def __call__(self, pixels: Frame, walk: Hashable) -> FloatArray | None:
        """How things have moved since the last picture.

        Parameters
        ----------
        pixels : uint8 ``(height, width, 3)``
        walk : another one than with the last picture says that nothing leads from that to this

        Returns
        -------
        float32 ``(rows, columns, 2)``, right and down, in widths and heights of the picture: what is at x halfway comes
        from x - flow(x) / 2 and goes to x + flow(x) / 2. None where nothing moves, or nothing is sure to, and of a
        first picture
        """
        sizes = _sizes(pixels)
        before, known = self._sizes, walk == self._walk
        self._sizes, self._walk = sizes, walk
        same = known and len(before) == len(sizes) > 0 and before[-1].shape == sizes[-1].shape
        return _flow(before, sizes) if same else None

    def forget(self) -> None:
        """Nothing is known of the next picture's last one."""
        self._sizes = []


def _sizes(pixels: Frame) -> list[FloatArray]:
    """Brightness, 0..1, at three sizes, the smallest first; empty of a picture that is too small for that."""
    from PIL import Image

    height, width = pixels.shape[:2]
    unit = CELL << (len(STEPS) - 1)
    rows = min(ROWS, height // unit * unit)
    columns = min(MOST_COLUMNS, round(width * rows / height / unit) * unit)
    if min(rows, columns) < 2 * unit:
        return []
    small = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BOX, reducing_gap=2.0)
    sizes = [np.asarray(small.convert("L"), np.float32) / np.float32(255.0)]
    for _ in STEPS[1:]:
        sizes.insert(0, _pooled(sizes[0][None], 2)[0])
    return sizes


def _flow(before: list[FloatArray], after: list[FloatArray]) -> FloatArray | None:
    before, after, likeness = _evened(before, after)
    if likeness <= STRANGE or np.array_equal(before[-1], after[-1]):
        return None
    flow = np.zeros((2, *(side // CELL for side in before[0].shape)), np.float32)
    for first, second, steps in zip(before, after, STEPS, strict=True):
        rows, columns = (side // CELL for side in first.shape)
        if flow.shape[1:] != (rows, columns):
            flow = 2.0 * _spread(flow, 2)
        for _ in range(steps):
            flow = flow + _step(*_warped(first, second, flow))
    height, width = before[-1].shape
    flow = np.clip(flow, -LONGEST * height, LONGEST * height)
    flow *= _trust(before[-1], after[-1], flow) * min((likeness - STRANGE) / (ALIKE - STRANGE), 1.0)
    if float(np.abs(flow).max()) < SHORTEST * height:
        return None
    return np.ascontiguousarray(np.moveaxis(flow / np.array([width, height], np.float32)[:, None, None], 0, -1))


def _evened(before: list[FloatArray], after: list[FloatArray]) -> tuple[list[FloatArray], list[FloatArray], float]:
    """Both at the same mean and contrast, so that light isn't taken for motion; and their correlation."""
    first, second = (plane[-1] - plane[-1].mean() for plane in (before, after))
    own, other = float(np.mean(first * first)), float(np.mean(second * second))
    if min(own, other) < FLAT:
        return before, after, 0.0
    likeness = float(np.mean(first * second)) / (own * other) ** 0.5
    gain = np.float32((other / own) ** 0.25)
    shift = gain * before[-1].mean() - after[-1].mean() / gain
    return [gain * plane - shift for plane in before], [plane / gain for plane in after], likeness


def _warped(first: FloatArray, second: FloatArray, flow: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both pictures as they would be halfway."""
    half = 0.5 * _spread(flow, CELL)
    return _moved(first, -half), _moved(second, half)


def _step(first: FloatArray, second: FloatArray) -> FloatArray:
    """What is missing of the flow, ``(2, rows, columns)`` in pixels: the least squares of each cell's surroundings."""
    change = second - first
    mean = 0.5 * (first + second)
    across, down = np.gradient(mean, axis=1), np.gradient(mean, axis=0)
    products = np.stack([across * across, across * down, down * down, across * change, down * change])
    xx, xy, yy, xt, yt = _smoothed(_pooled(products, CELL))
    xx, yy = xx + DAMPING, yy + DAMPING
    step = np.stack([xy * yt - yy * xt, xy * xt - xx * yt]) / (xx * yy - xy * xy)
    return np.asarray(np.clip(step, -1.5, 1.5))


def _trust(first: FloatArray, second: FloatArray, flow: FloatArray) -> FloatArray:
    """0 to 1 for each cell: how much of the difference around it is gone when both are moved."""
    moved_first, moved_second = _warped(first, second, flow)
    squares = np.stack([(moved_first - moved_second) ** 2, (first - second) ** 2])
    left, whole = _smoothed(_pooled(squares, CELL)) + NOISE
    return np.asarray(np.clip((1.0 - left / whole - DOUBTED) / (TRUSTED - DOUBTED), 0.0, 1.0))


def _moved(plane: FloatArray, by: FloatArray) -> FloatArray:
    """`plane`, at each pixel, from `by` pixels further right and down; ``(2, height, width)``."""
    height, width = plane.shape
    x = np.clip(np.arange(width, dtype=np.float32) + by[0], 0.0, width - 1.001)
    y = np.clip(np.arange(height, dtype=np.float32)[:, None] + by[1], 0.0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    x -= left
    y -= top
    at = top * width + left
    flat = plane.ravel()
    upper, lower = flat.take(at), flat.take(at + width)
    upper += (flat.take(at + 1) - upper) * x
    lower += (flat.take(at + (width + 1)) - lower) * x
    upper += (lower - upper) * y
    return np.asarray(upper)


def _pooled(planes: FloatArray, size: int) -> FloatArray:
    """Means of squares of so many pixels."""
    count, height, width = planes.shape
    rows = planes.reshape(count, height // size, size, width).mean(axis=2)
    return np.asarray(rows.reshape(count, height // size, width // size, size).mean(axis=3))


def _smoothed(planes: FloatArray) -> FloatArray:
    """Each cell with its neighbours, 1 2 1 along both axes."""
    for axis in (1, 2):
        edge = [(0, 0), (0, 0), (0, 0)]
        edge[axis] = (1, 1)
        padded = np.pad(planes, edge, mode="edge")
        before, after = (padded[:, :-2], padded[:, 2:]) if axis == 1 else (padded[..., :-2], padded[..., 2:])
        planes = 0.5 * planes + 0.25 * (before + after)
    return planes


def _spread(flow: FloatArray, size: int) -> FloatArray:
    """A vector for each of `size` times `size` pixels, without steps."""
    from PIL import Image

    rows, columns = flow.shape[1:]
    to = size * columns, size * rows
    return np.stack([np.asarray(Image.fromarray(part).resize(to, Image.Resampling.BILINEAR)) for part in flow])
