"""Whatever a fix does, what is written afterwards is Python."""

from __future__ import annotations

import ast
import random
import re
from typing import TYPE_CHECKING

import pytest

from code_samples import copy_to, samples
from notebook_samples import notebook_text
from torchload_lint import linter
from torchload_lint.diagnostic import (
    Applicability,
    Diagnostic,
    Edit,
    Fix,
    LoadAccount,
    Severity,
    Span,
)
from torchload_lint.workspace import Options, Projects, Settings, check_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.source.facts.module import Module

FIX = Options(fix=True, unsafe=True)
LINES = "import torch\n\nx = torch.load(p)\ny = torch.load(q)\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return copy_to(tmp_path_factory.mktemp("samples"))


def checked(data: bytes, path: Path, options: Options = FIX):
    return check_bytes(data, path, Projects(Settings()), options)


def finding(row: int, content: str) -> Diagnostic:
    """A finding whose fix puts a text before a row."""
    fix = Fix(Applicability.SAFE, "", (Edit(Span.of(row, 1, row, 1), content),))
    return Diagnostic(
        "TLL102", "implicit-weights-only", "", Severity.WARNING, fix.edits[0].span, fix
    )


@pytest.fixture
def finds(monkeypatch):
    """Let a text have these findings, as long as nothing has been deleted in it."""

    def replace(*found: Diagnostic) -> None:
        def examine(module: Module, *_: object) -> linter.Examined:
            return linter.Examined([] if "del " in module.text else list(found), LoadAccount(), ())

        monkeypatch.setattr(linter, "examine", examine)

    return replace


def test_a_fix_after_which_it_is_no_python_is_not_applied(tmp_path, finds):
    finds(finding(3, "x = (\n"))
    result, data = checked(LINES.encode(), tmp_path / "a.py")
    assert data.decode() == LINES
    (left,) = result.diagnostics
    assert (result.fixed, left.fix) == ((), None)
    assert left.notes == ("no fix is offered here: the file would not be Python any more",)


def test_the_other_fixes_are_applied_all_the_same(tmp_path, finds):
    finds(finding(3, "x = (\n"), finding(1, "del x\n"))
    _, data = checked(LINES.encode(), tmp_path / "a.py")
    assert data.decode() == "del x\n" + LINES


def test_fixes_that_only_spoil_it_together_are_not_applied_together(tmp_path, finds):
    finds(finding(2, "del x \\\n"), finding(2, "z = 1\n"))
    result, data = checked(LINES.encode(), tmp_path / "a.py")
    assert data.decode() == LINES.replace("\n\n", "\ndel x \\\n\n", 1)
    assert len(result.fixed) == 1


def test_a_cell_that_was_python_stays_so(tmp_path, finds):
    finds(finding(3, "x = (\n"))
    text = notebook_text(["import torch", "x = torch.load(p)", "not python either"])
    result, data = checked(text.encode(), tmp_path / "n.ipynb")
    assert data.decode() == text
    assert result.fixed == ()


def with_random_ends(text: str, seed: int) -> str:
    rng = random.Random(seed)
    return re.sub("\n", lambda _: rng.choice(("\n", "\r", "\r\n")), text)


def is_plain(sample: Path, folder: Path) -> bool:
    """Whether a sample is Python, in UTF-8, all of whose lines end alike."""
    data = (folder / sample).read_bytes()
    if sample.suffix != ".py" or b"\r" in data or b"coding" in data:
        return False
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


@pytest.mark.parametrize("seed", [1])
def test_line_ends_do_not_matter_to_a_fix(folder, seed):
    changed = 0
    for sample in filter(lambda one: is_plain(one, folder), samples()):
        text = (folder / sample).read_bytes().decode()
        _, plain = checked(text.encode(), folder / sample)
        _, mixed = checked(with_random_ends(text, seed).encode(), folder / sample)
        assert ast.dump(ast.parse(mixed)) == ast.dump(ast.parse(plain)), sample
        changed += plain.decode() != text
    assert changed > 50
