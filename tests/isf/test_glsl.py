import re

import pytest

from artgen_osc.errors import PluginError
from visuals.isf import glsl
from visuals.isf.head import read_head

HEAD = '/*{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/'


def translated(text: str) -> str:
    """The file's part of the fragment shader."""
    source = glsl.fragment(text, read_head(HEAD))
    body = source[source.index("#line 1\n") + len("#line 1\n") :]
    return body[: body.index("\n#line")]


def words(text: str) -> str:
    return " ".join(translated(f"{text} void main() {{}}").split())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("varying vec2 at;", "in vec2 at;"),
        ("vec4 a = texture2D(inputImage, at);", "vec4 a = texture(inputImage, at);"),
        ("vec4 a = texture2DRect(inputImage, at);", "vec4 a = texture(inputImage, at);"),
        ("gl_FragColor = c;", "isf_FragColor = c;"),
        ("gl_FragData[0] = c;", "isf_FragColor = c;"),
        ("gl_FragData [ 0 ].rgb = c;", "isf_FragColor.rgb = c;"),
        ("#version 120", ""),
        ("  # extension GL_ARB_texture_rectangle : enable", ""),
        ("vec4 texture = texture2D(inputImage, at);", "vec4 isf_texture_ = texture(inputImage, at);"),
        ("float sample = 1.0; float filter;", "float isf_sample_ = 1.0; float isf_filter_;"),
        ("vv_FragNormCoord", "isf_FragNormCoord"),
        ("a.main = 1.0;", "a.main = 1.0;"),
        ("float x; /* gl_FragColor */ // varying", "float x;"),
        ("while (x < 1.0) x += y;", "while ((x < 1.0) && isf_spin()) x += y;"),
        ("do { x++; } while (true);", "do { x++; } while ((true) && isf_spin());"),
        ("for (;;) x++;", "for (; isf_spin();) x++;"),
        ("for (int i = 0; i < 9;) x++;", "for (int i = 0;( i < 9) && isf_spin();) x++;"),
        ("for (int i = 0; i < 9; i++) x++;", "for (int i = 0; i < 9; i++) x++;"),
        ("for (int i = 9; i > 0; i -= 2) x++;", "for (int i = 9; i > 0; i -= 2) x++;"),
        ("for (int i = 9; i > 0; i++) x++;", "for (int i = 9;( i > 0) && isf_spin(); i++) x++;"),
        ("for (float i = 0.; i < 1e9; i++) x++;", "for (float i = 0.;( i < 1e9) && isf_spin(); i++) x++;"),
        ("for (int i = 0; f(i, 2); i++) x++;", "for (int i = 0;( f(i, 2)) && isf_spin(); i++) x++;"),
    ],
)
def test_translation(old: str, new: str) -> None:
    expected = f"{new} void isf_main() {{}}".strip()
    assert words(f"{old}\n") == " ".join(expected.split())


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_stay(ends: str) -> None:
    text = ends.join(["/*{", "}*/", "#version 120", "/* a", "b */ float x; // c", "void main() {", "}", "mark"])
    assert translated(text).split("\n").index("mark") == 7


def test_a_text_that_ends_in_a_comment_or_in_the_middle() -> None:
    for text in (
        "void main() {} /* never closed",
        "void main() { for (",
        "void main() { while",
        "void main() { gl_FragData[",
    ):
        assert "isf_main" in translated(text)


def test_without_main_it_is_refused() -> None:
    with pytest.raises(PluginError, match="has no main"):
        glsl.fragment("void mainImage() {}", read_head(HEAD))


def test_hidden_names_of_a_picture_are_there_where_they_are_used() -> None:
    source = glsl.fragment("void main() { vec2 s = _inputImage_imgRect.zw; }", read_head(HEAD))
    assert "#define _inputImage_imgRect" in source
    assert "imgRect" not in glsl.fragment("void main() {}", read_head(HEAD))


@pytest.mark.parametrize(
    "log",
    [
        "fragment_shader\n=====\n0:12(5): error: no function with name 'foo'\n0:13(1): error: two\n0:14(1): warning: w",
        "fragment_shader\n=====\n0(12) : error C1008: no function with name 'foo'\n0(13) : error C1: two",
        "fragment_shader\n=====\nERROR: 0:12: no function with name 'foo'\nERROR: 0:13: two",
    ],
    ids=["mesa", "nvidia", "apple"],
)
def test_what_compilers_say(log: str) -> None:
    assert glsl.complaint(log, "a.fs", "a.vs") == "a.fs: line 12: no function with name 'foo' (and 1 more)"


def test_what_else_compilers_say() -> None:
    assert glsl.complaint("vertex_shader\n===\n0:3(1): error: odd", "a.fs", "a.vs") == "a.vs: line 3: odd"
    ours = f"fragment_shader\n===\n0:{glsl.OURS + 3}(1): error: isf_main is not there"
    assert glsl.complaint(ours, "a.fs", "a.vs") == "a.fs: main is not there"
    assert glsl.complaint("Linker failed\n=====\nerror: too many", "a.fs", "a.vs") == "a.fs: error: too many"
    assert not re.search(r"[\x1b\n]", glsl.complaint("0:1(1): error: \x1b[1m", "a.fs", "a.vs"))
