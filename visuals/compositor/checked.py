"""What an effect or a layer does with OpenGL: whatever an added one does wrong is told as its own failure."""

from collections.abc import Callable, Mapping
from typing import Any

from artgen_osc.errors import PluginError
from visuals.compositor.budget import FrameBudget
from visuals.compositor.gl import Pass
from visuals.compositor.kind import Moment

MADE = frozenset(
    {
        "buffer",
        "compute_shader",
        "depth_renderbuffer",
        "depth_texture",
        "depth_texture_cube",
        "external_texture",
        "framebuffer",
        "program",
        "renderbuffer",
        "sampler",
        "texture",
        "texture3d",
        "texture_array",
        "texture_cube",
        "vertex_array",
    }
)
"""Methods of a context that make what has to be given back."""


_FEW = 64


class Ledger:
    """What was made with a context and is still there."""

    def __init__(self) -> None:
        self._made: list[Any] = []
        self._prune_at = _FEW

    def note(self, item: Any) -> Any:
        """Write down what was made, and return it."""
        if len(self._made) >= self._prune_at:
            self._prune_at = 2 * len(self.held()) + _FEW
        self._made.append(item)
        return item

    def held(self) -> list[Any]:
        """What hasn't been given back."""
        self._made = [item for item in self._made if is_there(item)]
        return self._made

    def release(self) -> None:
        """Give all of it back."""
        for item in reversed(self.held()):
            item.release()
        self._made.clear()


def is_there(item: Any) -> bool:
    """Whether an object of moderngl hasn't been released."""
    from moderngl import mgl  # type: ignore[attr-defined]  # its stubs leave it out

    return not isinstance(item.mglo, mgl.InvalidObject)


class TrackedContext:
    """A moderngl context as a plugin gets it: it writes down what is made with it.

    Parameters
    ----------
    context : moderngl context
    ledger : where it is written down
    """

    __slots__ = ("_context", "_ledger")

    def __init__(self, context: Any, ledger: Ledger) -> None:
        object.__setattr__(self, "_context", context)
        object.__setattr__(self, "_ledger", ledger)

    def __getattr__(self, name: str) -> Any:
        if name == "release":
            raise PluginError("releases the context, which is the show's; release what was made with it")
        found = getattr(self._context, name)
        if name not in MADE:
            return found
        return lambda *given, **options: self._ledger.note(found(*given, **options))

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._context, name, value)


class Checked:
    """An effect or a layer; every call of an added one is followed by a look at what it has left.

    Parameters
    ----------
    context : moderngl context
    made : the class; it is made here
    watched : whether to look; ours are tested instead

    Attributes
    ----------
    plugin : what was made
    trial : the last pass with an added `PixelEffect`, by which its uniforms are tried; None: there is none
    too_slow : why it is, on one line; empty: it isn't

    Raises
    ------
    PluginError
        It can't be made without an error of OpenGL.
    """

    def __init__(self, context: Any, made: type, watched: bool) -> None:
        self._context, self._watched = context, watched
        self._ledger = Ledger()
        self._held = 0
        self._size: tuple[int, ...] = ()
        self._sure = self._pending = False
        self._query: Any = None
        self.trial: Pass | None = None
        self.too_slow = ""
        self._budget = FrameBudget(context)
        bound = context.fbo
        try:
            try:
                self.plugin: Any = self._called(made, TrackedContext(context, self._ledger))
            finally:
                self._tidy(bound)
            if watched:
                self._check_errors()
                self._query = context.query(samples=True)
        except BaseException:
            self._ledger.release()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plugin, name)

    def draw(self, source: Any, target: Any, settings: Any, moment: Moment) -> bool:
        """As `Effect.draw`. See `Effect`.

        Raises
        ------
        PluginError
            It leaves an error, or more objects at each call, or it hasn't drawn.
        """
        if not self._watched:
            return bool(self.plugin.draw(source, target, settings, moment))
        if self._pending:
            # One frame late, where nobody has to wait for it.
            self._sure, self._pending = self._query.samples > 0, False
        self._budget.begin()
        try:
            with self._query:
                drawn = bool(self._called(self.plugin.draw, source, target, settings, moment))
        finally:
            self.too_slow = self._budget.end(target.size)
            source.repeat_x = source.repeat_y = False
            source.filter = (self._context.LINEAR, self._context.LINEAR)
            self._tidy(target)
        self._check((*moment.size, *source.size))
        if drawn and self._sure:
            self._pending = True
        elif drawn:
            self._sure = self._query.samples > 0
            if not self._sure:
                raise PluginError("says that it has drawn, and has drawn nothing; return False where nothing is drawn")
        return drawn

    def uniforms(self, settings: Any, moment: Moment) -> Mapping[str, Any] | None:
        """As `PixelEffect.uniforms`. See `PixelEffect`.

        Raises
        ------
        moderngl.Error, KeyError
            A value doesn't fit its uniform, or there is none of this name.
        """
        values: Mapping[str, Any] | None = self._called(self.plugin.uniforms, settings, moment)
        if self.trial is not None and values is not None:
            for name, value in values.items():
                self.trial[name] = value
        return values

    def frame(self, size: tuple[int, int], settings: Any, moment: Moment, bound: Any) -> Any:
        """As `Layer.frame`.

        Parameters
        ----------
        size, settings, moment : as there
        bound : the framebuffer that is bound afterwards

        Raises
        ------
        PluginError
            As for `draw`, or what it gives is not a texture that can be drawn.
        """
        if self._watched:
            self._budget.begin()
        try:
            texture = self._called(self.plugin.frame, size, settings, moment)
        finally:
            self._tidy(bound)
        if self._watched:
            self.too_slow = self._budget.end(size)
            self._check(size)
        if texture is not None and not (hasattr(texture, "use") and hasattr(texture, "mglo") and is_there(texture)):
            raise PluginError(f"gives {type(texture).__name__}, not a texture that can be drawn")
        return texture

    def close(self) -> None:
        """Let it give back what it holds, then give back what it has left."""
        try:
            self._called(self.plugin.release)
        finally:
            self._ledger.release()
            if self.trial is not None:
                self.trial.release()
            if self._watched:
                self._context.clear_errors()

    def _called(self, method: Callable[..., Any], *given: Any) -> Any:
        """What a method returns. Our context is current afterwards, whichever others it has made."""
        try:
            return method(*given)
        finally:
            if self._watched:
                self._context.__enter__()

    def _tidy(self, target: Any) -> None:
        """What passes of ours rely on."""
        self._context.enable_only(self._context.NOTHING)
        self._context.blend_func = self._context.DEFAULT_BLENDING
        self._context.wireframe = False
        target.viewport = (0, 0, *target.size)
        target.scissor = None
        target.color_mask = (True, True, True, True)
        target.use()

    def _check(self, size: tuple[int, ...]) -> None:
        self._check_errors()
        before, self._held = self._held, len(self._ledger.held())
        same, self._size = self._size == size, size
        if same and self._held > before:
            raise PluginError(f"leaves more and more on the graphics card, {self._held} objects so far")

    def _check_errors(self) -> None:
        error = self._context.error
        if error != "GL_NO_ERROR":
            self._context.clear_errors()
            raise PluginError(f"leaves an error of OpenGL, {error}")
