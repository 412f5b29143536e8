"""From the GLSL of an ISF file, old or new, to GLSL 3.30; the lines stay, so the compiler tells those of the file."""

import re
from collections.abc import Collection, Iterator, Sequence

from artgen_osc.errors import PluginError
from artgen_osc.runtime.text import printable, shortened
from visuals.isf.head import Head

MOST_TURNS = 1_000_000
"""Of a loop that may be endless."""

LONG_LOOP = 100_000

OURS = 1_000_001
"""Our own lines are numbered from here on, so that the file's are as in the file."""

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|[A-Za-z_]\w*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\w*|\+\+|--|[-+*/<>=!]=|&&|\|\||\n|[^\S\n]+|.",
    re.DOTALL | re.ASCII,
)
_WORD = re.compile(r"[A-Za-z_]", re.ASCII)

_RENAMED = {
    "gl_FragColor": "isf_FragColor",
    "main": "isf_main",
    "sampler2DRect": "sampler2D",
    "texture1D": "texture",
    "texture2D": "texture",
    "texture2DLod": "textureLod",
    "texture2DLodEXT": "textureLod",
    "texture2DProj": "textureProj",
    "texture2DRect": "texture",
    "texture2DRectProj": "textureProj",
    "textureCube": "texture",
    "vv_FragNormCoord": "isf_FragNormCoord",
    "vv_vertShaderInit": "isf_vertShaderInit",
    "vv_VertShaderInit": "isf_vertShaderInit",
}
_OLD_VERTEX = {
    "ftransform": "isf_ftransform",
    "gl_ModelViewProjectionMatrix": "isf_identity",
    "gl_MultiTexCoord0": "vec4(isf_corner(), 0.0, 1.0)",
    "gl_Vertex": "vec4(2.0 * isf_corner() - 1.0, 0.0, 1.0)",
}
_SINCE = frozenset(
    (
        *("active", "buffer", "coherent", "common", "filter", "input", "output", "partition", "patch", "precise"),
        *("readonly", "resource", "restrict", "sample", "shared", "subroutine", "superp", "volatile", "writeonly"),
    )
)
"""Words that old shaders use as names and a newer GLSL has taken."""

_UNIFORMS = """uniform vec2 RENDERSIZE;
uniform float TIME;
uniform float TIMEDELTA;
uniform vec4 DATE;
uniform int FRAMEINDEX;
"""

_IMAGES = """vec4 isf_at(sampler2D image, vec2 at) { return texture(image, at); }
#define IMG_SIZE(image) vec2(textureSize(image, 0))
#define IMG_NORM_PIXEL(image, at) isf_at(image, at)
#define IMG_PIXEL(image, at) isf_at(image, (at) / IMG_SIZE(image))
#define IMG_THIS_PIXEL(image) isf_here(image)
#define IMG_THIS_NORM_PIXEL(image) isf_here(image)
"""
"""By a function, since a file may have one of its own that is called texture."""

_HERE = """vec4 isf_here(sampler2D image) { return texture(image, isf_FragNormCoord); }
"""
_HERE_ALIKE = """#define isf_alike isf_here
"""
_ALIKE = """vec4 isf_alike(sampler2D image) {
    return texelFetch(image, ivec2(isf_FragNormCoord * vec2(textureSize(image, 0))), 0);
}
"""
"""Where an image has the size of what is drawn, one texel is all there is to see: a processor that draws without a
graphics card takes several times as long for the four that are mixed to the same."""

_SPIN = f"""int isf_turns = 0;
bool isf_spin() {{ return ++isf_turns <= {MOST_TURNS}; }}
"""

_VERTEX = """out vec2 isf_FragNormCoord;
const mat4 isf_identity = mat4(1.0);
vec2 isf_corner() { return vec2(gl_VertexID & 1, gl_VertexID >> 1); }
vec4 isf_ftransform() { return vec4(2.0 * isf_corner() - 1.0, 0.0, 1.0); }
void isf_vertShaderInit() {
    isf_FragNormCoord = isf_corner();
    gl_Position = isf_ftransform();
}
"""

_FRAGMENT = """in vec2 isf_FragNormCoord;
out vec4 isf_FragColor;
uniform sampler2D isf_under;
uniform float isf_amount;
"""

_FRAGMENT_END = """
#line 1000001
void main() {
    isf_FragColor = vec4(0.0);
    isf_main();
    if (isnan(dot(isf_FragColor, vec4(1.0)))) isf_FragColor = vec4(0.0);
#ifdef ISF_LAST
    if (isf_amount >= 0.0) {
        vec3 shown = isf_FragColor.rgb * clamp(isf_FragColor.a, 0.0, 1.0);
        isf_FragColor = vec4(mix(texelFetch(isf_under, ivec2(gl_FragCoord.xy), 0).rgb, shown, isf_amount), 1.0);
    }
#endif
}
"""
"""Nothing that isn't a number gets into a buffer, where it would stay; and a filter covers what is under it."""

_VERTEX_END = """
#line 1000001
void main() {
    isf_vertShaderInit();
    isf_main();
}
"""

_UNIFORM = {"bool": "bool", "event": "bool", "long": "int", "float": "float", "color": "vec4", "point2D": "vec2"}

_MESSAGE = re.compile(
    r"^(?:ERROR: )?(\d+)[:(](\d+)(?:[:(]\d+\)?)?\)?\s*:\s*(?:(error|warning)\b[^:]*: ?)?(.*)$", re.IGNORECASE
)


def fragment(text: str, head: Head, number: int | None = None, moved: bool = False) -> str:
    """The fragment shader.

    Parameters
    ----------
    text : of the file, its head too
    head : as it was read
    number : of the pass, which compilers then leave all others out of; None: for all passes
    moved : whether a vertex shader of the file may move what is seen

    Raises
    ------
    PluginError
        It has no ``main``.
    """
    one = head.passes[number or 0]
    whole = len(head.passes) == 1 if number is None else not (one.width or one.height)
    last = "#define ISF_LAST\n" if number in (None, len(head.passes) - 1) else ""
    here = _HERE + (_ALIKE if whole and not moved else _HERE_ALIKE)
    return _prelude(text, head, number) + last + _FRAGMENT + here + _body(text, head, "in") + _FRAGMENT_END


def vertex(text: str, head: Head, number: int | None = None) -> str:
    """The vertex shader that comes with the file; empty text: one that draws over all.

    Parameters
    ----------
    text : of the ``.vs`` file
    head : of the ``.fs`` file
    number : as for `fragment`

    Raises
    ------
    PluginError
        It has no ``main``.
    """
    if not text:
        return "#version 330 core\n" + _VERTEX + "void main() { isf_vertShaderInit(); }\n"
    return _prelude(text, head, number) + _VERTEX + _HERE + _HERE_ALIKE + _body(text, head, "out") + _VERTEX_END


def _alike(head: Head) -> set[str]:
    """Images that have the size of what is drawn."""
    images = {one.name for one in head.inputs if one.type == "image"} if head.kind == "filter" else set()
    return images | {
        name for name in head.buffers if not any(one.width or one.height for one in head.passes if one.target == name)
    }


def leaves_holes(text: str) -> bool:
    """Whether a fragment shader may leave pixels as they are."""
    return any(token == "discard" for token in _tokens(text))


def complaint(error: str, fragment: str, vertex: str) -> str:
    """What a compiler says, on one line.

    Parameters
    ----------
    error : as moderngl hands the driver's log on
    fragment, vertex : names of the files

    Returns
    -------
    The first error as ``FILE: line N: message``, and how many more there are
    """
    found, name = [], fragment
    for line in map(str.strip, error.splitlines()):
        name = {"fragment_shader": fragment, "vertex_shader": vertex}.get(line, name)
        match = _MESSAGE.match(line)
        if match and (match[3] or "error").lower() == "error" and not match[4].startswith(" "):
            place = f"line {match[2]}: " if int(match[2]) < OURS else ""
            found.append(f"{name}: {place}{_plain(match[4])}")
    if not found:
        lines = [line.strip() for line in error.splitlines() if line.strip().strip("=-")]
        told = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
        return f"{fragment}: {_plain(' '.join(told))}"
    more = len(dict.fromkeys(found)) - 1
    return found[0] + (f" (and {more} more)" if more else "")


def _plain(message: str) -> str:
    """A message with the names as the file has them."""
    return shortened(printable(re.sub(r"\bisf_(main|FragColor)\b", _original, message).strip()), 300)


def _original(match: re.Match[str]) -> str:
    return {"main": "main", "FragColor": "gl_FragColor"}[match[1]]


def _prelude(text: str, head: Head, number: int | None) -> str:
    lines = ["#version 330 core\n#extension GL_ARB_shading_language_420pack : enable\n"]
    if re.search(r"\bu(?:int|vec[234])\b", text):
        lines.append("#extension GL_ARB_gpu_shader5 : enable\n")  # a whole number counts as one without a sign
    index = "uniform int PASSINDEX;\n" if number is None else f"const int PASSINDEX = {number};\n"
    lines += [f"#line {OURS}\n", index, _UNIFORMS]
    for one in head.inputs:
        name = renamed(one.name)
        lines.append(f"uniform {_UNIFORM.get(one.type, 'sampler2D')} {name};\n")
    lines += [f"uniform sampler2D {renamed(name)};\n" for name in (*head.images, *head.buffers)]
    return "".join([*lines, _IMAGES, _SPIN])


def renamed(name: str) -> str:
    """What a thing of the file is called in our text."""
    return f"isf_{name}_" if name in _SINCE or name == "texture" else name


def _body(text: str, head: Head, varying: str) -> str:
    tokens = list(_tokens(text))
    if "main" not in tokens:
        raise PluginError("has no main(); a shader has void main() { … }")
    tokens = _bounded(_translated(_with_alike(tokens, _alike(head)), varying))
    body = "".join(tokens)
    hidden = [
        f"#define _{name}_imgSize vec2(textureSize({name}, 0))\n"
        f"#define _{name}_imgRect vec4(0.0, 0.0, vec2(textureSize({name}, 0)))\n"
        f"#define _{name}_flip false\n"
        for name in (*(one.name for one in head.inputs if one.type == "image"), *head.images, *head.buffers)
        if f"_{name}_" in body
    ]
    return f"{''.join(hidden)}#line 1\n{body}\n"


def _tokens(text: str) -> Iterator[str]:
    """Words, signs and spaces, without comments and directives that count no more; as many lines as before."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"^[^\S\n]*#[^\S\n]*(?:version|extension)\b[^\n]*", "", text, flags=re.MULTILINE)
    for token in _TOKEN.findall(text):
        if token.startswith("/*"):
            yield "\n" * token.count("\n") or " "
        elif token.startswith("//"):
            continue
        elif not token.isascii():
            yield " " if token.isspace() else "?"
        else:
            yield token


def _with_alike(tokens: list[str], names: Collection[str]) -> list[str]:
    """The same, where an image that has the size of what is drawn is looked at in its own place."""
    out = list(tokens)
    for at, token in enumerate(tokens):
        if token in ("IMG_THIS_PIXEL", "IMG_THIS_NORM_PIXEL"):
            inside = _inside(tokens, at)
            if inside and "".join(tokens[inside[0] + 1 : inside[1]]).strip() in names:
                out[at] = "isf_alike"
    return out


def _translated(tokens: list[str], varying: str) -> list[str]:
    words = {**_RENAMED, "varying": varying, "attribute": "in", **(_OLD_VERTEX if varying == "out" else {})}
    out: list[str] = []
    for at, token in enumerate(tokens):
        if not _WORD.match(token):
            out.append(token)
        elif token == "gl_FragData":
            out.append("isf_FragColor")
            _drop_index(tokens, at + 1)
        elif token in _SINCE or (token == "texture" and _after(tokens, at) != "("):
            out.append(renamed(token))
        else:
            out.append(words.get(token, token) if _before(out) != "." else token)
    return out


def _after(tokens: Sequence[str], at: int) -> str:
    """The next token that isn't a space."""
    return next((token for token in tokens[at + 1 : at + 20] if not token.isspace()), "")


def _before(tokens: Sequence[str]) -> str:
    return next((token for token in reversed(tokens[-20:]) if not token.isspace()), "")


def _drop_index(tokens: list[str], at: int) -> None:
    """Take the ``[0]`` behind a name away."""
    if _after(tokens, at - 1) == "[":
        while tokens[at] != "]":
            tokens[at], at = "", at + 1
            if at == len(tokens):
                return
        tokens[at] = ""


def _bounded(tokens: list[str]) -> list[str]:
    """The same with an end to every loop that may have none: a graphics card that hangs takes the show with it."""
    out = list(tokens)
    for at, token in enumerate(tokens):
        if token not in ("for", "while"):
            continue
        spread = _inside(tokens, at)
        if spread is None:
            continue
        first, last = spread
        if token == "while":
            out[first] += "("
            out[last] = ") && isf_spin())"
            continue
        parts = _parts(tokens, first + 1, last)
        if len(parts) != 3:
            continue
        (_, _), (start, end), (step, step_end) = parts
        condition = [one for one in tokens[start:end] if not one.isspace()]
        steps = [one for one in tokens[step:step_end] if not one.isspace()]
        if not _ends(condition, steps, tokens[first:last]):
            if condition:
                out[start] = f"({out[start]}"
                out[end - 1] += ") && isf_spin()"
            else:
                out[end] = f" isf_spin(){out[end]}"
    return out


def _ends(condition: list[str], steps: list[str], header: list[str]) -> bool:
    """Whether a loop is one of those that count up or down to an end, and not for ever so long."""
    up = bool({"<", "<="} & set(condition)) and bool({"++", "+=", "*="} & set(steps))
    down = bool({">", ">="} & set(condition)) and bool({"--", "-=", "/="} & set(steps))
    numbers = [float(one) for one in header if re.fullmatch(r"\d+\.?\d*(?:[eE][+-]?\d+)?", one)]
    return (up or down) and max(numbers, default=0.0) < LONG_LOOP


def _inside(tokens: Sequence[str], at: int) -> tuple[int, int] | None:
    """Where the parentheses behind a word are."""
    first = at + 1
    while first < len(tokens) and tokens[first].isspace():
        first += 1
    if first == len(tokens) or tokens[first] != "(":
        return None
    depth = 0
    for place in range(first, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place], 0)
        if depth == 0:
            return first, place
    return None


def _parts(tokens: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """What lies between the semicolons of a loop's head."""
    cuts = [at for at in range(start, end) if tokens[at] == ";"]
    return list(zip([start, *(at + 1 for at in cuts)], [*cuts, end], strict=True))
