"""Shaders as they are drawn, in an error-checked context."""

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from artgen_osc.errors import PluginError
from tests.isf.files import IMAGE, PLAIN, SIZE, Bench, made, write
from visuals.isf import shader as drawing
from visuals.isf.file import File, read
from visuals.isf.shader import Instant, Shader

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(gl_context: Any) -> Iterator[Bench]:
    made = Bench(gl_context)
    yield made
    made.release()


def paints(bench: Bench, folder: Path, body: str, head: dict[str, Any] | None = None, **given: Any) -> np.ndarray:
    """The one colour that a shader gives everywhere."""
    drawn = bench.draw(made(folder, f"void main() {{ gl_FragColor = {body}; }}", head), **given)
    assert np.ptp(drawn, axis=(0, 1)).max() < 1e-5
    return drawn[0, 0]


@pytest.mark.parametrize(
    "body",
    [
        PLAIN,
        "void main() { gl_FragColor = IMG_THIS_NORM_PIXEL(inputImage); }",
        "void main() { gl_FragColor = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord); }",
        "void main() { gl_FragColor = IMG_PIXEL(inputImage, gl_FragCoord.xy); }",
        "void main() { gl_FragColor = texture2D(inputImage, vv_FragNormCoord); }",
        "void main() { gl_FragColor = IMG_PIXEL(inputImage, isf_FragNormCoord * IMG_SIZE(inputImage)); }",
        "void main() { gl_FragColor = IMG_PIXEL(inputImage, isf_FragNormCoord * _inputImage_imgSize); }",
        "#version 120\nvoid main(void) { gl_FragData[0] = IMG_PIXEL(inputImage, isf_FragNormCoord * RENDERSIZE); }",
        "vec4 texture(vec2 at) { return IMG_NORM_PIXEL(inputImage, at); }\n"
        "void main() { gl_FragColor = texture(isf_FragNormCoord); }",
    ],
)
def test_every_way_to_a_pixel(bench: Bench, tmp_path: Path, body: str) -> None:
    np.testing.assert_allclose(bench.draw(made(tmp_path, body)), bench.pixels, atol=1e-3)


def test_inputs_arrive_as_they_are_set(bench: Bench, tmp_path: Path) -> None:
    head = {
        "INPUTS": [
            {"NAME": "f", "TYPE": "float", "MIN": -2, "MAX": 2},
            {"NAME": "b", "TYPE": "bool"},
            {"NAME": "l", "TYPE": "long", "VALUES": [0, 4, 9]},
            {"NAME": "e", "TYPE": "event"},
            {"NAME": "c", "TYPE": "color"},
            {"NAME": "p", "TYPE": "point2D", "MIN": [0, 0], "MAX": [4, 4]},
            {"NAME": "pixels", "TYPE": "point2D"},
            {"NAME": "filter", "TYPE": "float"},
        ]
    }
    values = {"f": (9.0,), "b": (1.0,), "l": (5.0,), "e": (1.0,), "c": (0.1, 0.2, 0.3, 0.4), "p": (3.0, 1.0)}
    values |= {"pixels": (0.5, 1.0), "filter": (0.25,)}
    one = "vec4(f, float(b), float(l), float(e))"
    assert paints(bench, tmp_path, one, head, values=values).tolist() == [2.0, 1.0, 4.0, 1.0]
    assert paints(bench, tmp_path, "c", head, values=values) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert paints(bench, tmp_path, "vec4(p, pixels)", head, values=values).tolist() == [3.0, 1.0, 4.0, 4.0]
    assert paints(bench, tmp_path, "vec4(filter)", head, values=values).tolist() == [0.25] * 4
    assert paints(bench, tmp_path, "vec4(f, float(b), float(l), float(e))", head).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_what_it_knows_of_the_frame(bench: Bench, tmp_path: Path) -> None:
    instant = Instant(2.5, 0.25, 7, datetime(2026, 5, 1, 1, 1, 1, 500_000))
    told = "vec4(TIME, TIMEDELTA, float(FRAMEINDEX), float(PASSINDEX))"
    assert paints(bench, tmp_path, told, instant=instant).tolist() == [2.5, 0.25, 7.0, 0.0]
    assert paints(bench, tmp_path, "DATE", instant=instant).tolist() == [2026.0, 5.0, 1.0, 3661.5]
    assert paints(bench, tmp_path, "vec4(RENDERSIZE, IMG_SIZE(inputImage))").tolist() == [8.0, 4.0, 8.0, 4.0]


def test_passes_draw_into_buffers_of_their_own_sizes(bench: Bench, tmp_path: Path) -> None:
    passes = [{"TARGET": "half", "WIDTH": "$WIDTH / 2", "HEIGHT": "max($HEIGHT / 100, 3)", "FLOAT": True}, {}]
    head = {"INPUTS": [IMAGE], "PASSES": passes}
    body = "(PASSINDEX == 0 ? vec4(RENDERSIZE, 5.0, 1.0) : vec4(IMG_THIS_PIXEL(half).rgb, IMG_SIZE(half).x))"
    # A word that is taken elsewhere may be a buffer's name here.
    head["PASSES"][0]["TARGET"] = "half_"
    assert paints(bench, tmp_path, body.replace("half)", "half_)"), head).tolist() == [4.0, 3.0, 5.0, 4.0]


@pytest.mark.parametrize(
    ("options", "sum"),
    [({"PERSISTENT": True, "FLOAT": True}, 5.0), ({"FLOAT": True}, 1.0), ({"PERSISTENT": True}, 1.0)],
)
def test_what_persists(bench: Bench, tmp_path: Path, options: dict[str, Any], sum: float) -> None:
    head = {"PASSES": [{"TARGET": "kept", **options}, {}]}
    body = "(PASSINDEX == 0 ? IMG_THIS_PIXEL(kept) + vec4(1.0) : IMG_THIS_PIXEL(kept))"
    assert paints(bench, tmp_path, body, head, frames=5).tolist() == [sum] * 4


def test_a_target_that_is_drawn_into_twice(bench: Bench, tmp_path: Path) -> None:
    head = {"PASSES": [{"TARGET": "a", "FLOAT": True}, {"TARGET": "a", "FLOAT": True}, {}]}
    body = "(PASSINDEX == 0 ? vec4(1.0) : PASSINDEX == 1 ? IMG_THIS_PIXEL(a) + vec4(2.0) : IMG_THIS_PIXEL(a))"
    assert paints(bench, tmp_path, body, head, frames=2).tolist() == [3.0] * 4


def test_buffers_in_a_circle_see_the_frame_before(bench: Bench, tmp_path: Path) -> None:
    keep = {"PERSISTENT": True, "FLOAT": True}
    head = {"PASSES": [{"TARGET": "a", **keep}, {"TARGET": "b", **keep}, {}]}
    body = "(PASSINDEX == 0 ? IMG_THIS_PIXEL(b) + vec4(1.0) : PASSINDEX == 1 ? IMG_THIS_PIXEL(a) : IMG_THIS_PIXEL(b))"
    assert paints(bench, tmp_path, body, head, frames=3).tolist() == [3.0] * 4


def test_the_last_pass_is_shown_even_if_it_has_a_target(bench: Bench, tmp_path: Path) -> None:
    head = {"PASSES": [{"TARGET": "kept", "PERSISTENT": True, "FLOAT": True}]}
    assert paints(bench, tmp_path, "IMG_THIS_PIXEL(kept) + vec4(1.0)", head, frames=3).tolist() == [3.0] * 4


def test_persistent_buffers_of_version_1(bench: Bench, tmp_path: Path) -> None:
    head = {
        "PERSISTENT_BUFFERS": {"old": {"WIDTH": "2", "HEIGHT": "2", "FLOAT": True}},
        "PASSES": [{"TARGET": "old"}, {}],
    }
    body = "(PASSINDEX == 0 ? vec4(RENDERSIZE, IMG_THIS_PIXEL(old).b + 1.0, 1.0) : IMG_THIS_PIXEL(old))"
    assert paints(bench, tmp_path, body, head, frames=4).tolist() == [2.0, 2.0, 4.0, 1.0]


def test_buffers_follow_the_size_of_the_frame(gl_context: Any, tmp_path: Path) -> None:
    head = {"PASSES": [{"TARGET": "a", "WIDTH": "$WIDTH/2", "FLOAT": True}, {}]}
    body = "void main() { gl_FragColor = PASSINDEX == 0 ? vec4(RENDERSIZE.x) : IMG_THIS_PIXEL(a); }"
    shader = Shader(gl_context, made(tmp_path, body, head))
    for size in ((8, 4), (32, 6), (8, 4)):
        each = Bench(gl_context, size)
        assert each.draw(shader)[0, 0, 0] == size[0] / 2
        each.release()
    shader.release()


def test_a_filter_covers_what_is_under_it_as_much_as_it_should(bench: Bench, tmp_path: Path) -> None:
    shader = Shader(bench.context, made(tmp_path, "void main() { gl_FragColor = vec4(1.0, 1.0, 1.0, 0.5); }"))
    half = bench.draw(shader, under=bench.picture, amount=1.0)
    np.testing.assert_allclose(half, np.broadcast_to([0.5, 0.5, 0.5, 1.0], half.shape), atol=1e-5)
    mixed = bench.draw(shader, under=bench.picture, amount=0.5)
    np.testing.assert_allclose(mixed[:, :, :3], 0.25 + 0.5 * bench.pixels[:, :, :3], atol=1e-3)
    assert bench.draw(shader)[0, 0].tolist() == [1.0, 1.0, 1.0, 0.5]
    shader.release()


@pytest.mark.parametrize("way", ["discard", "vertex", "target"])
def test_where_a_filter_leaves_holes_nothing_old_is_seen(bench: Bench, tmp_path: Path, way: str) -> None:
    discards = "if (isf_FragNormCoord.x < 0.5) discard; " if way == "discard" else ""
    head = {"INPUTS": [IMAGE], "PASSES": [{"TARGET": "a", "FLOAT": True}]} if way == "target" else None
    vertex = "void main() { isf_vertShaderInit(); gl_Position.x = max(gl_Position.x, 0.0); }" if way == "vertex" else ""
    body = f"void main() {{ {discards}gl_FragColor = vec4(1.0); }}"
    mixed = bench.draw(made(tmp_path, body, head, vertex), under=bench.picture, amount=0.25, frames=2)
    left, right = mixed[:, 0, :3], mixed[:, -1, :3]
    holes = way != "target"
    np.testing.assert_allclose(left, 0.75 * bench.pixels[:, 0, :3] + (0.0 if holes else 0.25), atol=1e-3)
    np.testing.assert_allclose(right, 0.75 * bench.pixels[:, -1, :3] + 0.25, atol=1e-3)


def test_what_is_no_number_leaves_no_trace(bench: Bench, tmp_path: Path) -> None:
    head = {"PASSES": [{"TARGET": "kept", "PERSISTENT": True, "FLOAT": True}, {}]}
    first = "(FRAMEINDEX == 0 ? vec4(sqrt(-1.0 - TIME)) : IMG_THIS_PIXEL(kept) + vec4(1.0))"
    body = f"(PASSINDEX == 0 ? {first} : IMG_THIS_PIXEL(kept))"
    shader = Shader(bench.context, made(tmp_path, f"void main() {{ gl_FragColor = {body}; }}", head))
    assert np.isfinite(bench.draw(shader)).all()
    assert bench.draw(shader, instant=Instant(frame=1))[0, 0].tolist() == [1.0] * 4
    shader.release()


def test_a_vertex_shader_beside_the_file(bench: Bench, tmp_path: Path) -> None:
    vertex = """#if __VERSION__ <= 120
varying vec2 moved;
#else
out vec2 moved;
#endif
void main() { isf_vertShaderInit(); moved = isf_FragNormCoord * push; }"""
    head = {"INPUTS": [{"NAME": "push", "TYPE": "float", "DEFAULT": 2, "MAX": 4}]}
    body = "varying vec2 moved;\nvoid main() { gl_FragColor = vec4(moved, 0.0, 1.0); }"
    drawn = bench.draw(made(tmp_path, body, head, vertex))
    np.testing.assert_allclose(drawn[:, :, :2], 2.0 * bench.pixels[:, :, :2], atol=1e-5)


def test_imported_pictures(bench: Bench, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)).save(tmp_path / "two.png")
    head = {"IMPORTED": {"two": {"PATH": "two.png"}}}
    drawn = bench.draw(made(tmp_path, "void main() { gl_FragColor = IMG_THIS_PIXEL(two); }", head))
    assert drawn[0, 0].tolist() == [0.0, 0.0, 1.0, 1.0] and drawn[-1, 0].tolist() == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("missing.png", "there is no 'missing.png'"),
        ("../out.png", "is not beside the file"),
        ("/etc/passwd", "is not beside the file"),
        ("link.png", "is not beside the file"),
        ("text.png", "is not a picture"),
        ("\0", "is not a picture"),
        (".", "is not a picture"),
    ],
)
def test_pictures_that_cant_be_imported(bench: Bench, tmp_path: Path, path: str, says: str) -> None:
    from PIL import Image

    Image.new("RGB", (1, 1)).save(tmp_path / "out.png")
    folder = tmp_path / "effects"
    folder.mkdir()
    (folder / "text.png").write_text("no picture")
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    head = {"IMPORTED": {"a": {"PATH": path}}}
    with pytest.raises(PluginError, match=rf"mine\.fs: IMPORTED: .*{says}"):
        Shader(bench.context, made(folder, PLAIN.replace("inputImage", "a"), head))


def test_a_compiler_tells_the_line_of_the_file(bench: Bench, tmp_path: Path) -> None:
    head = '{\n"INPUTS": [\n]\n}'
    with pytest.raises(PluginError, match=r"^mine\.fs: line 7: "):
        Shader(bench.context, made(tmp_path, "\nvoid main() {\n  gl_FragColor = wrong(1.0);\n}", head))
    with pytest.raises(PluginError, match=r"^mine\.vs: line 2: "):
        Shader(bench.context, made(tmp_path, "void main() {}", head, "void main() {\n  oh no;\n}"))
    with pytest.raises(PluginError, match=r"^mine\.fs: "):
        Shader(bench.context, made(tmp_path, "void f(); void main() { f(); }", head, "void main() { }"))


@pytest.mark.parametrize(
    "loop",
    [
        "while (true) x += 1.0;",
        "for (;;) x += 1.0;",
        "do { x += 1.0; } while (x > 0.0);",
        "for (int i = 1; i > 0;) x++;",
    ],
)
def test_a_loop_without_end_ends(bench: Bench, tmp_path: Path, loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "TRIAL_S", math.inf)
    body = f"void main() {{ float x = 0.0; {loop} gl_FragColor = vec4(x > 1.0); }}"
    assert bench.draw(made(tmp_path, body))[0, 0, 0] == 1.0


def test_a_loop_that_would_hold_a_show_up_for_minutes_is_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "TRIAL_S", 0.003)  # it takes 0.05 s at least; a quick machine may need less
    if "llvmpipe" not in bench.context.info["GL_RENDERER"]:
        pytest.skip("a graphics card may be quick enough")
    body = "void main() { float x = 0.0; while (x >= 0.0) { x = sin(x) + cos(x * 0.7); } gl_FragColor = vec4(x); }"
    with pytest.raises(PluginError, match=r"^mine\.fs: takes .* s for 32x18 pixels; is there a loop without end\?"):
        bench.draw(made(tmp_path, body))


def test_one_that_takes_too_long_for_a_few_pixels_is_refused(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "TRIAL_S", 0.0)
    with pytest.raises(PluginError, match=r"^mine\.fs: takes .* s for 32x18 pixels"):
        Shader(bench.context, made(tmp_path, PLAIN))


@pytest.mark.parametrize(
    ("size", "says"),
    [
        ({"WIDTH": "$knob - 1"}, "is -1 pixels"),
        ({"WIDTH": "1 / $knob"}, "divides by zero, knob is 0"),
        ({"HEIGHT": "$knob + 100000"}, "is 100000 pixels; it has to be 1 to 8192"),
        ({"WIDTH": "8000 + $knob", "HEIGHT": "8001"}, "more than 64 million pixels"),
    ],
)
def test_buffers_that_cant_be_made(bench: Bench, tmp_path: Path, size: dict[str, str], says: str) -> None:
    knob = {"NAME": "knob", "TYPE": "float", "DEFAULT": 0, "MAX": 4}
    file = made(
        tmp_path,
        "void main() { gl_FragColor = vec4(1.0); }",
        {"INPUTS": [knob], "PASSES": [{"TARGET": "a", **size}, {}]},
    )
    with pytest.raises(PluginError, match=says):
        Shader(bench.context, file)


def test_a_buffer_of_less_than_a_pixel_has_one(bench: Bench, tmp_path: Path) -> None:
    head = {"PASSES": [{"TARGET": "tiny", "WIDTH": "floor($WIDTH/100)", "HEIGHT": "$HEIGHT/100", "FLOAT": True}, {}]}
    assert (
        paints(bench, tmp_path, "PASSINDEX == 0 ? vec4(RENDERSIZE, 1.0, 1.0) : IMG_THIS_PIXEL(tiny)", head).tolist()
        == [1.0] * 4
    )


def test_too_many_textures_are_refused(bench: Bench, tmp_path: Path) -> None:
    head = {"INPUTS": [{"NAME": f"i{number}", "TYPE": "image"} for number in range(40)]}
    body = f"void main() {{ gl_FragColor = {'+'.join(f'IMG_THIS_PIXEL(i{number})' for number in range(40))}; }}"
    with pytest.raises(PluginError, match=r"^mine\.fs: "):
        Shader(bench.context, made(tmp_path, body, head))


@pytest.mark.parametrize("body", [PLAIN, "void main() { nothing }"])
def test_nothing_is_left_behind(gl_context: Any, tmp_path: Path, body: str) -> None:
    from visuals.testing.gl import kept

    gl_context.gc_mode = "context_gc"
    head = {"INPUTS": [IMAGE], "PASSES": [{"TARGET": "a", "PERSISTENT": True}, {"TARGET": "b"}, {}]}
    file = made(tmp_path, body, head)
    bench = Bench(gl_context)
    before = kept(gl_context)
    try:
        shader = Shader(gl_context, file)
    except PluginError:
        assert body != PLAIN
    else:
        for _ in range(3):
            bench.draw(shader)
        shader.release()
        del shader
    assert kept(gl_context) == before
    bench.release()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"/*{}*/" + b" " * (10 << 20), "has 10 MB, 1049 kB at most"),
        (b"", "has no ISF head"),
        (b"\0\xff\xfe" * 100, "has no ISF head"),
    ],
    ids=["10 MB", "empty", "bytes"],
)
def test_files_that_are_none(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "mine.fs"
    path.write_bytes(data)
    with pytest.raises(PluginError, match=rf"^mine\.fs: .*{says}"):
        read(path)


def test_a_folder_and_a_file_that_isnt_there(tmp_path: Path) -> None:
    (tmp_path / "folder.fs").mkdir()
    for name in ("folder.fs", "missing.fs"):
        with pytest.raises(PluginError, match=f"^{name}: can't be read"):
            read(tmp_path / name)


def test_odd_bytes_in_comments_are_no_matter(bench: Bench, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.fs", PLAIN)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() + b"// caf\xe9 \xe2\x80\xa8 /* \n")
    assert isinstance(read(path), File)
    np.testing.assert_allclose(bench.draw(read(path)), bench.pixels, atol=1e-3)
    assert bench.size == SIZE
