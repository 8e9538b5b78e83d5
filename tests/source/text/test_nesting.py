"""What is nested too deep for a parser in native code is seen before one is given it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from torchload_lint.source.facts.module import read
from torchload_lint.source.text.nesting import DEEPEST, TooDeepError, refuse_too_deep
from torchload_lint.source.text.parse import SyntaxProblem

LOAD = "torch.load('a.pt', weights_only=False)"
GOOD = f"import torch\nx = {LOAD}\n"
NEWER = "lazy import json\n"
"""Syntax of Python 3.15, so that every Python here asks the fallback parser."""

SHAPES = {
    "brackets": ("[", "1", "]"),
    "calls": ("f(", "1", ")"),
    "dicts": ("{1: ", "1", "}"),
    "walrus": ("(y := ", "1", ")"),
    "not": ("not ", "y", ""),
    "signs": ("-", "y", ""),
    "signs with blanks": ("~ ", "y", ""),
    "signs in rows": ("(-\n", "y", ")"),
    "signs before comments": ("(- # a\n", "y", ")"),
    "attributes": ("", "a", ".b"),
    "methods": ("", "a", ".b()"),
    "calls of calls": ("", "f", "()"),
    "indices": ("", "f", "[0]"),
    "sums": ("", "1", " + 1"),
    "powers": ("", "1", "**-1"),
    "comparisons": ("", "1", " < 1"),
    "and, or": ("", "1", " and 1 or 1"),
    "choices": ("", "1", " if 1 else 1"),
    "choices in rows": ("1 if 1 else \\\n", "1", ""),
    "lambdas": ("lambda: ", "1", ""),
    "lambdas with arguments": ("lambda a, b=1: ", "1", ""),
    "lambdas in defaults": ("lambda a, b=", "1", ": 1"),
    "strings": ("'a' ", "'a'", ""),
    "mixed": ("not lambda: 1 if 1 else ", "1", ""),
    "f-strings": ("f'{", "1", "}'"),
    "generators": ("[a for a in ", "b", "]"),
}


def nested(shape: str, depth: int) -> str:
    before, inner, after = SHAPES[shape]
    return before * depth + inner + after * depth


def in_f_string(code: str) -> str:
    return "f'{" + code.replace("'", "").replace("\n", " ").replace("\\", "") + "}'"


@pytest.mark.parametrize("depth", [1000, 60_000])
def test_no_depth_ends_the_process(depth, tmp_path):
    for number, shape in enumerate(SHAPES):
        code = nested(shape, depth)
        for kind, text in {
            "beside": f"{GOOD}y = {code}\n",
            "newer": f"{NEWER}{GOOD}y = {code}\n",
            "around": f"import torch\nx = f({LOAD}, {code})\n",
            "formatted": f"{NEWER}{GOOD}y = {in_f_string(code)}\n",
        }.items():
            (tmp_path / f"{kind}{number}.py").write_text(text)
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "setup.py").write_text(f"{GOOD}x = {nested('methods', depth)}\n")
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "source": text} for text in (nested("methods", depth), GOOD)]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    (tmp_path / "torchload-lint.toml").write_text("")
    command = [sys.executable, "-m", "torchload_lint", "--fix", "--unsafe-fixes", "-j1", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert "good.py:2:5: TLL101" in run.stdout
    assert "book.ipynb:cell 2:2:5: TLL101" in run.stdout
    said = {row.partition(":")[0] for row in run.stdout.splitlines()}
    assert {f"newer{number}.py" for number in range(len(SHAPES))} <= said


def test_the_row_is_named():
    problem = read(f"{GOOD}if a:\n    pass\n" + "elif b:\n    pass\n" * 400, "a.py")
    assert isinstance(problem, SyntaxProblem)
    assert problem == ("the code is nested too deeply to be parsed", 605, 1)
    problem = read(f"{GOOD}\nx = 1\nx = a{'.b' * 60_000}\n", "a.py")
    assert isinstance(problem, SyntaxProblem)
    assert problem.row == 5


@pytest.mark.skipif(sys.version_info < (3, 11), reason="ast of Python 3.10 is given less")
@pytest.mark.parametrize(
    "text", ["x = (" + "'a' " * 6000 + ")", "x = [" + "a.b or c, " * 3000 + "]"]
)
def test_what_ast_can_parse_is_parsed(text):
    found = read(f"{GOOD}{text}\n", "a.py")
    assert not isinstance(found, SyntaxProblem)
    assert len(found.loads) == 1


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != "strings"])
def test_every_shape_is_counted_in_f_strings(shape):
    with pytest.raises(TooDeepError):
        refuse_too_deep(f"x = {in_f_string(nested(shape, 2 * DEEPEST))}\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_counted(shape):
    refuse_too_deep(f"x = {nested(shape, DEEPEST // 12)}\n")
    with pytest.raises(TooDeepError):
        refuse_too_deep(f"x = {nested(shape, 2 * DEEPEST)}\n")


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "a.b, " * 1000 + "]",
        "x = {" + "'a': -1.5, " * 1000 + "}",
        "x = f(" + "lambda a, b: a + b, " * 300 + ")",
        "x = [\n" + "    f'{a.b}-{c}',\n" * 500 + "]",
        "x = a + b\n" * 1000,
        "x = a.b; " * 500,
        "if a:\n    x = 1\nelif b:\n    x = 2\n" * 500,
        '"""' + "(a - b), it's so.\n" * 500 + '"""\n',
        "# ((((\n" * 500,
        "x = 'it is so: (' # '\n" * 500,
        "x = [" + "':-(', " * 150 + "]",
        "@a\n" * 300 + "def f(): pass",
        "with " + ", ".join(["a.b"] * 300) + ": pass",
        "def f(\n" + "    a: int = 1,\n" * 300 + "): pass",
    ],
)
def test_long_code_is_not_deep(text):
    refuse_too_deep(text)
