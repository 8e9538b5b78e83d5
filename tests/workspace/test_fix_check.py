"""A document that is said to be Python after a fix is Python; asking costs what the fix touches."""

from __future__ import annotations

import random

import pytest

from notebook_samples import notebook_text
from torchload_lint.diagnostic import Applicability, Edit, Fix, Position, Span
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.source.text.parse import SyntaxProblem, parse
from torchload_lint.source.text.text import Decoded, Lines
from torchload_lint.workspace import fix_check
from torchload_lint.workspace.fix_check import FixCheck
from torchload_lint.workspace.on_disk.document import Document

TEXTS = (
    "import torch\nx = torch.load(p)\nprint(x)\n",
    "import torch\r\nx = torch.load(\r\n    p,\r\n)\r\nfor y in x:\r\n    print(y)",
    "import torch\rx = torch.load(\r  p)\rprint(x)\r",
    'a = """\nb = 1\n"""; c = 2\nd = (\n); e = 3\n@dec\ndef f():\n    return c\n\n# é\n',
    "\\\nx = 1\n\n\nif x:\n    y = 2\nelse:\n    y = 3  # no newline at the end",
    "try:\n    import torch\nexcept ImportError:\n    torch = None\n\x0cz = f'{torch}'\n",
)
PIECES = ("", "\n", "    ", "(", ")", '"""', "with a:\n", "with a:\n    ", "x = 1\n", "\r", "#")


def fix_of(*edits: Edit) -> Fix:
    return Fix(Applicability.SAFE, "a fix", edits)


def random_fix(text: str, rng: random.Random) -> Fix:
    lines, edits, done = Lines(text), [], 0
    for _ in range(rng.choice((1, 1, 2))):
        start = rng.randint(done, len(text))
        done = min(start + rng.choice((0, 0, 1, 5)), len(text))
        span = Span(lines.position(start), lines.position(done))
        edits.append(Edit(span, rng.choice(PIECES)))
        done += 1
        if done > len(text):
            break
    return fix_of(*edits)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_called_python_can_be_parsed(text):
    rng = random.Random(text)
    check = FixCheck(Document(Decoded(text, "utf-8", bom=False), None))
    said = {True: 0, False: 0}
    for _ in range(600):
        fix = random_fix(text, rng)
        parses = not isinstance(parse(apply_edits(text, [fix])[0]), SyntaxProblem)
        answer = check.leaves_python(fix)
        said[answer] += 1
        assert parses or not answer, fix
    assert min(said.values()) > 50  # neither answer is the only one


@pytest.mark.parametrize("text", TEXTS)
def test_statements_replaced_by_statements_are_python(text):
    check = FixCheck(Document(Decoded(text, "utf-8", bom=False), None))
    last = Lines(text).position(len(text))
    assert check.leaves_python(fix_of(Edit(Span(Position(1, 1), last), "pass\n")))
    assert check.leaves_python(fix_of(Edit(Span(last, last), "\nx = 1")))


def test_of_a_notebook_a_cell_that_was_python_stays_so():
    text = notebook_text(["import torch", "x = torch.load(p)", "y = ("])
    check = FixCheck(Document(Decoded(text, "utf-8", bom=False), Notebook.of(text)))
    row = Span.of(3, 1, 3, 1)
    assert check.leaves_python(fix_of(Edit(row, "with a:\n    ")))
    assert not check.leaves_python(fix_of(Edit(row, "with a:\n")))


def test_an_answer_costs_what_the_fix_touches(monkeypatch):
    text = "".join(f"def f{number}():\n    return {number}\n\n" for number in range(500))
    parsed = []

    def counted(piece: str) -> object:
        parsed.append(len(piece))
        return parse(piece)

    monkeypatch.setattr(fix_check, "parse", counted)
    check = FixCheck(Document(Decoded(text, "utf-8", bom=False), None))
    for row in range(2, 1500, 3):
        assert check.leaves_python(fix_of(Edit(Span.of(row, 5, row, 11), "yield")))
    assert parsed[0] == len(text)  # once
    assert max(parsed[1:]) < 100
