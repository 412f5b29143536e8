"""An ISF file on the graphics card: its program, its buffers, and its passes one after the other."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from time import perf_counter
from typing import Any

from artgen_osc.errors import PluginError
from visuals.compositor import gl
from visuals.isf import glsl
from visuals.isf.expression import Expression
from visuals.isf.file import File, picture
from visuals.isf.head import TEXTURES, Pass

LARGEST_SIDE = 8192
MOST_PIXELS = 64_000_000
"""Of all buffers of a file together."""

MOST_APART = 8
"""Passes of which each is compiled by itself: without a graphics card all branches of a shader are worked through."""

TRIAL = (32, 18)
"""The size at which a shader has to show that it ends, before it may draw a frame."""

TRIAL_S = 0.01
"""What it may take for that: without a graphics card a frame of 1280x720 would take it 16 s. The heaviest of Vidvox's
321 takes 1.2 ms."""

TRIALS, TRIALS_S = 4, 1.0
"""So often, and for so long, it is tried: compilers of drivers put off a part of their work until the first frame, and
other programs take their turns."""


@dataclass(frozen=True, slots=True)
class Instant:
    """What a shader knows of the frame.

    Attributes
    ----------
    time, dt : s
    frame : number of the frame, from 0
    date : of the clock on the wall
    """

    time: float = 0.0
    dt: float = 0.0
    frame: int = 0
    date: datetime = field(default_factory=datetime.now)


class _Buffer:
    """A texture to draw into, two where what was there before is read meanwhile."""

    def __init__(self, context: Any, size: tuple[int, int], floating: bool, double: bool) -> None:
        self.size = size
        self._targets = [gl.Target(context, size, "f4" if floating else "f1") for _ in range(1 + double)]

    @property
    def texture(self) -> Any:
        """What was drawn last."""
        return self._targets[0].texture

    @property
    def next(self) -> Any:
        """The framebuffer to draw into."""
        return self._targets[-1].target

    def take(self, old: "_Buffer", copy: gl.Pass) -> None:
        """Begin with what was drawn into another one, stretched."""
        self._targets[0].target.use()
        old.texture.use(0)
        copy.render()

    def turn(self) -> None:
        """What is in `next` is the newest from now on."""
        self._targets.reverse()

    def release(self) -> None:
        """Give it back."""
        for target in self._targets:
            target.release()


class _Program:
    """A compiled pass."""

    def __init__(self, context: Any, program: Any) -> None:
        self._program = program
        self._quad = context.vertex_array(program, [])
        self._strip = context.TRIANGLE_STRIP
        self._known: dict[str, Any] = {}

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._known and self._known[name] == value:
            return
        self._known[name] = value
        if name in self._program:
            self._program[name] = value

    def render(self) -> None:
        self._quad.render(mode=self._strip, vertices=4)

    def release(self) -> None:
        self._quad.release()
        self._program.release()


_COPY = """#version 330 core
uniform sampler2D picture;
in vec2 uv;
out vec4 colour;
void main() { colour = texture(picture, uv); }
"""
"""What a persistent buffer holds goes to the next size: else a trail would be black for a moment."""

_MIX = """#version 330 core
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
in vec2 uv;
out vec4 colour;
void main() {
    vec4 over = texture(after, uv);
    vec3 shown = over.rgb * clamp(over.a, 0.0, 1.0);
    colour = amount < 0.0 ? over : vec4(mix(texture(before, uv).rgb, shown, amount), 1.0);
}
"""


class Shader:
    """A file, ready to draw.

    Parameters
    ----------
    context : moderngl context, core 3.3
    file : File

    Attributes
    ----------
    file : as given

    Raises
    ------
    PluginError
        It can't be used; the text begins with the file's name, and has the line where there is one.
    """

    def __init__(self, context: Any, file: File) -> None:
        self.file = file
        self._context = context
        self._made: list[Any] = []
        self._buffers: dict[str, _Buffer] = {}
        self._result: _Buffer | None = None
        self._copy: gl.Pass | None = None
        try:
            self._make()
        except BaseException:
            self.release()
            raise

    def _make(self) -> None:
        file, context, head = self.file, self._context, self.file.head
        with _named(file):
            each = range(len(head.passes)) if 1 < len(head.passes) <= MOST_APART else [None]
            self._programs = [self._compiled(number) for number in each]
            inputs = [one.name for one in head.inputs if one.type in TEXTURES]
            self._units = {name: unit for unit, name in enumerate(("isf_under", *inputs, *head.images, *head.buffers))}
            most = int(context.info["GL_MAX_TEXTURE_IMAGE_UNITS"])
            if len(self._units) > most:
                raise PluginError(f"uses {len(self._units) - 1} pictures and buffers; {most - 1} at most")
            for program, (name, unit) in product(self._programs, self._units.items()):
                program[glsl.renamed(name)] = unit
            self._nothing = self._keep(context.texture((1, 1), 4, bytes(4)))
            self._images = {name: self._imported(said) for name, said in head.images.items()}
            last = head.passes[-1]
            self._holes = bool(file.vertex or glsl.leaves_holes(file.fragment))
            self._apart = bool(last.target or self._holes)
            if self._apart:
                self._mix = self._keep(gl.Pass(context, _MIX))
            self._kept = {one.target for one in head.passes if one.persistent}
            self._double = {
                one.target
                for one in head.passes
                if one.target in self._kept or [other.target for other in head.passes].count(one.target) > 1
            }
            self._try()

    def _compiled(self, number: int | None) -> "_Program":
        import moderngl

        file = self.file
        vertex = glsl.vertex(file.vertex, file.head, number)
        fragment = glsl.fragment(file.fragment, file.head, number, bool(file.vertex))
        try:
            made = _Program(self._context, self._context.program(vertex_shader=vertex, fragment_shader=fragment))
        except moderngl.Error as error:
            raise _Compiled(glsl.complaint(str(error), file.path.name, file.path.with_suffix(".vs").name)) from None
        self._keep(made)
        return made

    def _imported(self, said: str) -> Any:
        return self._keep(gl.texture_of(self._context, picture(self.file, said), repeat=False))

    def _keep(self, item: Any) -> Any:
        self._made.append(item)
        return item

    def _try(self) -> None:
        """Draw a small frame and see that it ends."""
        context = self._context
        texture = self._keep(context.texture(TRIAL, 4))
        target = self._keep(context.framebuffer([texture]))
        values = {one.name: one.default for one in self.file.head.numbers}
        began, took, trials = perf_counter(), math.inf, 0
        while took > TRIAL_S and (trials < TRIALS or perf_counter() - began < TRIALS_S):
            start = perf_counter()
            self.draw(target, values, {}, Instant())
            context.finish()
            took, trials = min(took, perf_counter() - start), trials + 1
        if took > TRIAL_S:
            raise PluginError(f"takes {took:.3f} s for {TRIAL[0]}x{TRIAL[1]} pixels; is there a loop without end?")
        if context.error != "GL_NO_ERROR":
            context.clear_errors()
            raise PluginError("OpenGL: it leaves an error behind")
        self._drop_buffers()

    def draw(
        self,
        target: Any,
        values: Mapping[str, tuple[float, ...]],
        images: Mapping[str, Any],
        instant: Instant,
        under: Any = None,
        amount: float = 1.0,
    ) -> None:
        """Draw a frame into all of `target`, which is bound afterwards.

        Parameters
        ----------
        target : framebuffer
        values : of the inputs by name, in the file's own ranges; those left out are as the file has them
        images : textures of the inputs that take one; black where there is none
        instant : Instant
        under : texture of the same size that the result covers, as its alpha says; None: the target gets the result
            as it is, with its alpha
        amount : 0..1, how much of the result there is over `under`

        Raises
        ------
        PluginError
            A buffer can't have the size that its expression gives.
        """
        size = target.size
        values = {one.name: values.get(one.name, one.default) for one in self.file.head.numbers}
        self._resize(size, values)
        given = self._given(values, size, instant)
        over = -1.0 if under is None else amount
        images = {**images, "isf_under": under or self._nothing}
        last = len(self.file.head.passes) - 1
        for number, one in enumerate(self.file.head.passes):
            buffer = self._buffers[one.target] if one.target else self._result if self._apart else None
            into = buffer.next if buffer else target
            program = self._programs[number % len(self._programs)]
            for name, value in given.items():
                program[name] = value
            program["PASSINDEX"] = number
            program["RENDERSIZE"] = tuple(map(float, into.size))
            program["isf_amount"] = over if number == last and not self._apart else -1.0
            self._bind(images, one)
            into.use()
            if self._holes:
                self._context.clear()
            program.render()
            if buffer:
                buffer.turn()
        if self._apart:
            target.use()
            shown = self._buffers[one.target] if one.target else self._result
            assert shown is not None
            self._mix["amount"] = over
            (under or self._nothing).use(0)
            shown.texture.use(1)
            self._mix.render()

    def _bind(self, images: Mapping[str, Any], one: Pass) -> None:
        for name, unit in self._units.items():
            texture = images.get(name) or self._images.get(name)
            if name in self._buffers and (name != one.target or name in self._double):
                texture = self._buffers[name].texture
            (texture or self._nothing).use(unit)

    def _given(
        self, values: Mapping[str, tuple[float, ...]], size: tuple[int, int], instant: Instant
    ) -> Mapping[str, Any]:
        """Values of uniforms, by name."""
        date = instant.date
        seconds = 3600.0 * date.hour + 60.0 * date.minute + date.second + date.microsecond / 1e6
        given: dict[str, Any] = {
            "DATE": (float(date.year), float(date.month), float(date.day), seconds),
            "TIME": instant.time,
            "TIMEDELTA": instant.dt,
            "FRAMEINDEX": instant.frame,
        }
        for one in self.file.head.numbers:
            value: Any = tuple(
                max(low, min(high, each)) for each, low, high in zip(values[one.name], one.low, one.high, strict=True)
            )
            if one.pixels:
                value = (value[0] * size[0], value[1] * size[1])
            elif one.type == "long":
                value = round(value[0])
                value = min(one.values, key=lambda known: abs(known - value)) if one.values else value
            elif one.type in ("bool", "event"):
                value = value[0] >= 0.5
            elif len(value) == 1:
                value = value[0]
            given[glsl.renamed(one.name)] = value
        return given

    def _resize(self, size: tuple[int, int], values: Mapping[str, tuple[float, ...]]) -> None:
        """Make the buffers that aren't there in the size that they should have."""
        numbers = {name: value[0] for name, value in values.items() if len(value) == 1}
        numbers |= {"WIDTH": float(size[0]), "HEIGHT": float(size[1])}
        wanted = {}
        for one in self.file.head.passes:
            if one.target:
                wanted[one.target] = (
                    (_side(one.width, size[0], numbers), _side(one.height, size[1], numbers)),
                    one.float,
                )
        if self._apart:
            wanted[""] = size, True
        if sum(width * height for (width, height), _ in wanted.values()) > MOST_PIXELS:
            raise PluginError(f"its buffers have more than {MOST_PIXELS // 1_000_000} million pixels")
        for name, (side, floating) in wanted.items():
            old = self._buffers.get(name) if name else self._result
            if old is not None and old.size == side:
                continue
            fresh = _Buffer(self._context, side, floating, name in self._double)
            if old is not None and name in self._kept:
                self._copy = self._copy or self._keep(gl.Pass(self._context, _COPY))
                fresh.take(old, self._copy)
            if old is not None:
                old.release()
            if name:
                self._buffers[name] = fresh
            else:
                self._result = fresh

    def forget(self) -> None:
        """Begin anew: buffers are empty, whatever is in them now."""
        self._drop_buffers()

    def _drop_buffers(self) -> None:
        for buffer in (*self._buffers.values(), self._result):
            if buffer is not None:
                buffer.release()
        self._buffers, self._result = {}, None

    def release(self) -> None:
        """Give everything back."""
        self._drop_buffers()
        for item in reversed(self._made):
            item.release()
        self._made.clear()


class _Compiled(PluginError):
    """What a compiler says; it has the file's name already."""


@contextlib.contextmanager
def _named(file: File) -> Iterator[None]:
    """Whatever is wrong is told with the file's name."""
    try:
        yield
    except _Compiled as error:
        raise PluginError(str(error)) from None
    except PluginError as error:
        raise PluginError(f"{file.path.name}: {error}") from None


def _side(said: Expression | None, whole: int, numbers: Mapping[str, float]) -> int:
    """Pixels of a buffer; less than one is one, since what is halved again and again gets there in a small frame."""
    if said is None:
        return whole
    try:
        side = said(numbers)
    except ValueError as error:
        raise PluginError(f"PASSES: {error}") from None
    if side < 0.0 or side > LARGEST_SIDE:
        raise PluginError(f"PASSES: {said.text} is {side:g} pixels; it has to be 1 to {LARGEST_SIDE}")
    return max(1, int(side))
