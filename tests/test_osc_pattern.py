"""Address patterns: what they mean, what they refuse, and that none takes long."""

import doctest
import fnmatch
import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artgen_osc.errors import OscError
from artgen_osc.osc import pattern as osc_pattern
from artgen_osc.osc.pattern import MAX_PATTERN, MAX_WILDCARDS, is_pattern, matching
from tests import show_table

PATHS = ("/a", "/ab", "/abc", "/a/b", "/a/b/c", "/x-1/b", "/x2/b", "/long/way/down/b")


@pytest.mark.parametrize(
    ("pattern", "means"),
    [
        ("/?", ["/a"]),
        ("/a?", ["/ab"]),
        ("/*", ["/a", "/ab", "/abc"]),
        ("/a*c", ["/abc"]),
        ("/*a*b*c*", ["/abc"]),
        ("/*/*", ["/a/b", "/x-1/b", "/x2/b"]),
        ("/x[0-9]/b", ["/x2/b"]),
        ("/x[9-0]/b", ["/x2/b"]),
        ("/x[!0-9]*/b", ["/x-1/b"]),
        ("/x[2-]*/b", ["/x-1/b", "/x2/b"]),
        ("/x[-2]*/b", ["/x-1/b", "/x2/b"]),
        ("/a[!a-z]", []),
        ("/a{b,}", ["/a", "/ab"]),
        ("/{a,ab}{c,bc}", ["/abc"]),
        ("/*{a,ab}c", ["/abc"]),
        ("//b", ["/a/b", "/x-1/b", "/x2/b", "/long/way/down/b"]),
        ("/a//", None),
        ("/a//c", ["/a/b/c"]),
        ("/long//down//b", ["/long/way/down/b"]),
        ("//a", ["/a"]),
        ("//x*/b", ["/x-1/b", "/x2/b"]),
        ("/a]", []),
        ("/a[b", None),
        ("/{a,b", None),
        ("/{a/b,c}", None),
        ("/*/", None),
    ],
)
def test_what_a_pattern_means(pattern: str, means: list[str] | None) -> None:
    if means is None:
        with pytest.raises(OscError, match=re.escape(pattern) + r": .*; \w"):
            matching(pattern, PATHS)
    else:
        assert list(matching(pattern, PATHS)) == means


@given(st.text("ab*?", min_size=1, max_size=8), st.lists(st.text("ab", max_size=8), max_size=8, unique=True))
def test_one_level_is_as_in_a_shell(pattern: str, names: list[str]) -> None:
    expected = [f"/{name}" for name in names if fnmatch.fnmatchcase(name, pattern)]
    assert list(matching(f"/{pattern}", [f"/{name}" for name in names])) == expected


def test_an_address_is_no_pattern() -> None:
    assert not any(is_pattern(row.path) for row in (*show_table.SENT, *show_table.VISUALS, *show_table.DAEMON))
    assert all(is_pattern(pattern) for pattern in ("/a?", "/a*", "/[a]", "/{a}", "//a", "/a//b"))


def test_a_pattern_has_bounds() -> None:
    for pattern in ("/" + "?" * (MAX_WILDCARDS + 1), "/*" + "a" * MAX_PATTERN, "/{" + "," * MAX_WILDCARDS + "}"):
        with pytest.raises(OscError, match=r"characters, .* wildcards, where .* are the most"):
            matching(pattern, PATHS)


def test_no_pattern_takes_exponential_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: a regular expression would try two to the power of the stars."""
    work = count()
    plain = osc_pattern._Text.ends

    def counted(token: osc_pattern._Text, name: str, starts: set[int]) -> set[int]:
        for _ in range(len(starts) * len(token.texts)):
            next(work)
        return plain(token, name, starts)

    monkeypatch.setattr(osc_pattern._Text, "ends", counted)
    assert matching("/" + "*a" * MAX_WILDCARDS + "b", ["/" + "a" * 60]) == ()
    assert next(work) <= MAX_WILDCARDS * 61 + 61


def test_examples() -> None:
    assert doctest.testmod(osc_pattern).failed == 0
