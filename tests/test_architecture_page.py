"""ARCHITECTURE.md is true: its paths exist, its answers are short, and its lists are the code's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "torchload_lint"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))
QUESTIONS = (
    "Adding a rule",
    "Teaching it a library",
    "Following a new torch release",
    "Adding an output format",
    "Tracking down a wrong path",
    "Reading checkpoints from another place",
    "Adding a container format",
)
LONGEST_ANSWER = 9
OF_BOUNDS = frozenset(
    "MAX MOST LARGEST LONGEST DEEPEST DEPTH BREADTH STEPS ROUNDS STATIONS".split()
)
"""A whole number whose name has one of these words is a bound."""


def paths_in(text: str) -> list[str]:
    """What stands in backticks and looks like a path: a file with its ending, or a folder."""
    quoted = re.findall(r"`([^`\s]+)`", text)
    return [each for each in quoted if re.search(r"\.(py|toml|md|txt)$|/$", each)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_is_short_and_its_paths_exist(question: str) -> None:
    answer = SECTIONS[question].strip()
    assert 3 <= len(answer.splitlines()) <= LONGEST_ANSWER, "an answer has 3 to 9 lines"
    named = paths_in(answer)
    assert named
    real = [path.partition("<")[0] for path in named]
    assert [path for path in real if not is_there(path)] == []


def test_every_path_of_the_page_exists() -> None:
    named = paths_in(PAGE.partition("## What flows")[2])
    assert len(named) > 40
    assert [path for path in named if not is_there(path.partition("<")[0])] == []


def is_there(path: str) -> bool:
    return any((folder / path).exists() for folder in (ROOT, PACKAGE))


def test_the_plan_shows_every_room() -> None:
    plan = SECTIONS["The plan"].partition("```\n")[2].partition("```")[0]
    shown = set(re.findall(r"(\w+)(?:/|\.py) ", plan))
    rooms = {path.parent for path in PACKAGE.rglob("__init__.py")} - {PACKAGE}
    assert len(rooms) > 30
    assert sorted(str(room) for room in rooms if room.name not in shown) == []


def test_the_bounds_are_those_of_the_code() -> None:
    listed = re.findall(
        r"^- `([\w/.]+)`: ((?:.*\n(?:  .*\n)*))", SECTIONS["The bounds"], re.MULTILINE
    )
    written = {
        (f"{room}/{file}.py".removeprefix("./"), name)
        for room, files in listed
        for file, names in re.findall(r"(\w+)((?:\s+`\w+`)+)", files)
        for name in re.findall(r"`(\w+)`", names)
    }
    found = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in PACKAGE.rglob("*.py")
        for name in bounds_in(path)
    }
    assert len(found) > 80
    assert written == found


def bounds_in(path: Path) -> list[str]:
    found = []
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            name = target.id if isinstance(target, ast.Name) else ""
            if name.isupper() and OF_BOUNDS & set(name.split("_")) and is_whole(node.value):
                found.append(name)
    return found


def is_whole(node: ast.expr) -> bool:
    """Whether it is a whole number, also a computed one: ``64 * 2**20``."""
    if isinstance(node, ast.BinOp):
        return is_whole(node.left) and is_whole(node.right)
    return isinstance(node, ast.Constant) and type(node.value) is int
