"""Every parameter of what is public is described, and none that isn't there.

ruff's D417 doesn't do: it wants a line of its own below each name, and looks at what is private too.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("artgen_osc", "training", "visuals")
SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=\n\n\w[^\n]*\n---|\Z)", re.DOTALL | re.MULTILINE)
NAMES = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*) : \S", re.MULTILINE)
SEE = re.compile(r"\bSee `([\w.]+)`")


def _described(text: str) -> set[str]:
    """Names under ``Parameters``, each ``name : what it is`` or ``name, name : what they are``."""
    entries = "\n".join(SECTION.findall(text))
    return {name.lstrip("*") for names in NAMES.findall(entries) for name in names.split(", ")}


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    names += [each.arg for each in (given.vararg, given.kwarg) if each]
    return [name for name in names if name not in ("self", "cls")]


def _public(tree: ast.AST, owner: ast.ClassDef | None = None) -> Iterator[tuple[str, list[str], str]]:
    """Of each public function and each class with a constructor: its name, its parameters and what is said of it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node, node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node) or ""
            if owner and node.name == "__init__":
                yield owner.name, _parameters(node), (ast.get_docstring(owner) or "") + text
            elif not node.name.startswith("_"):
                yield f"{owner.name}.{node.name}" if owner else node.name, _parameters(node), text


def _missing(trees: list[ast.AST]) -> list[str]:
    """A line on each public function and class whose parameters aren't those that are described."""
    known = [found for tree in trees for found in _public(tree)]
    texts = {name: text for name, _, text in known}
    lines = []
    for name, parameters, text in known:
        described = _described(text)
        if stale := described.difference(parameters):
            lines.append(f"{name}: has no parameter {', '.join(sorted(stale))}")
        for seen in SEE.findall(text):
            of, method = seen.rpartition(".")[2], name.rpartition(".")[2]
            described |= _described(texts.get(f"{of}.{method}", texts.get(of, "")))
        holes = [parameter for parameter in parameters if parameter not in described]
        if holes and len(parameters) > 1:  # one alone is often in the first line
            lines.append(f"{name}: doesn't describe {', '.join(holes)}")
    return lines


@pytest.mark.parametrize("package", PACKAGES)
def test_every_parameter_is_described(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert len(files) > 20
    missing = _missing([ast.parse(path.read_text(encoding="utf-8")) for path in files])
    assert not missing, "\n".join(missing)


def test_a_hole_is_found() -> None:
    written = '''
class Kind:
    def open(self, rest, host):
        """Open.

        Parameters
        ----------
        rest, host : of any kind

        Raises
        ------
        extra : of no kind
        """

class Own(Kind):
    def open(self, rest, host):
        """See `Kind`."""

class Made:
    """Say a : nothing.

    Parameters
    ----------
    a : of one kind
        b : no entry of its own
    gone : it was there once
    """
    def __init__(self, a, b, *c): ...

def bare(a, b): ...
def alone(a): ...
def _private(a, b): ...
'''
    assert _missing([ast.parse(written)]) == [
        "Made: has no parameter gone",
        "Made: doesn't describe b, c",
        "bare: doesn't describe a, b",
    ]
