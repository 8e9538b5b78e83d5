"""A checkpoint as an editor shows it: what it is, what it needs, and its tree, as JSON.

The keys are what ``editors/vscode/src/checkpoint.ts`` reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.tree import TreeLimits, outline, value_of_file
from torchload_lint.escaping import printable
from torchload_lint.reports.checkpoints.inspection import verdict_words
from torchload_lint.workspace.inspection import inspect_path

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.checkpoint.tree import Node
    from torchload_lint.workspace import Projects

_FEW = 5
"""So many names, and so many problems, are told in a message."""
LIMITS = TreeLimits(depth=12, entries=500, lines=5000)


def checkpoint_answer(path: Path, projects: Projects) -> dict[str, Any]:
    """All that is shown of one checkpoint. Raises ConfigError; never for what the file is."""
    place = projects.place_of(path)
    inspection = inspect_path(path, projects.project_of(place), place)
    report = inspection.report
    needs = [
        {
            "name": printable(str(needed.name)),
            "allowed": judgement.allowed,
            "trust": judgement.trust.value,
            "where": [printable(one) for one in needed.where],
        }
        for needed, judgement in zip(report.safe_globals, inspection.judgements, strict=True)
    ]
    return {
        "path": str(path),
        "verdict": report.verdict.value,
        "in_words": verdict_words(report),
        "container": report.container,
        "fine": inspection.is_fine,
        "needs": needs,
        "problems": [printable(problem.message) for problem in report.problems],
        "tree": _tree(path),
    }


def in_a_message(answer: dict[str, Any]) -> str:
    """An answer in a sentence or two, for clients that show messages and no trees."""
    if "error" in answer:
        return str(answer["error"])
    needs = [
        each["name"] + ("" if each["allowed"] else " (not trusted)") for each in answer["needs"]
    ]
    told = [*answer["problems"], *([f"it needs {_few(needs)}"] if needs else [])]
    ends = "; ".join([answer["in_words"], *told[:_FEW]])
    return f"{printable(answer['path'])}: {ends}"


def _few(words: list[str]) -> str:
    rest = len(words) - _FEW
    return ", ".join(words[:_FEW]) + (f" and {rest} more" if rest > 0 else "")


def _tree(path: Path) -> dict[str, Any] | None:
    try:
        return _node(outline(value_of_file(path), LIMITS))
    except (OSError, ValueError, MemoryError, RecursionError):
        return None


def _node(node: Node) -> dict[str, Any]:
    return {
        "step": printable(node.step),
        "headline": printable(node.headline),
        "children": [_node(child) for child in node.children],
        "goesOn": node.goes_on,
    }
