"""What users are told: each text of an error names what is wrong, in one line, and no part of it says nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc import errors

ROOT = Path(__file__).parents[2]
PACKAGES = ("artgen_osc", "training", "visuals")
OURS = {name for name, value in vars(errors).items() if isinstance(value, type) and name.endswith("Error")}
SAYS_NOTHING = re.compile(r"\b(is|are) allowed\b|\ballowed;")
"""`X is allowed` in place of what to do: that X would have done is plain, or X isn't what one can choose."""

HOLE = "{}"


def _text(node: ast.expr) -> str | None:
    """A text as it is written, with `HOLE` where a value comes; None where it isn't written there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or HOLE for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = _text(node.left), _text(node.right)
        return None if sides == (None, None) else "".join(side or HOLE for side in sides)
    return None


def _raised(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each of our own errors that a module makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OURS and node.args:
            text = _text(node.args[0])
            if text is not None:
                yield node.lineno, text


def _faults(tree: ast.AST) -> list[str]:
    faults = {}
    for node in ast.walk(tree):
        text = _text(node) if isinstance(node, ast.expr) else None
        if text and SAYS_NOTHING.search(text):
            faults.setdefault(node.lineno, f"says nothing: {text}")
    for line, text in _raised(tree):
        if HOLE not in text and not re.match(r"[^;]+: |[^;]+; ", text):
            faults[line] = f"doesn't say what is wrong with what: {text}"
        if "\n" in text:
            faults[line] = f"is more than one line: {text}"
    return [f"{line}: {fault}" for line, fault in sorted(faults.items())]


@pytest.mark.parametrize("package", PACKAGES)
def test_each_text_says_what_is_wrong_with_what(package: str) -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for fault in _faults(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not faults, "\n".join(faults)


def test_a_fault_is_found() -> None:
    written = """
raise OscError(f"{path}: is empty; record again")
raise ModelError("damaged")
raise AudioError(f"{path}: is none" + "\\n" + more)
raise ValueError(f"{value!r}: is out of range; {low} to {high} is allowed; " + advice)
"""
    assert [fault.partition(":")[0] for fault in _faults(ast.parse(written))] == ["3", "4", "5"]
