"""What the project's environment files (``.env``) give to environment variables, where it reads
them with python-dotenv.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Record, Text, Values, unknown

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.project.index import ProjectIndex

_NAMED = late_pattern(
    r"(?:load_dotenv|dotenv_values)\(\s*(?:dotenv_path\s*=\s*)?[\"']([^\"']+)[\"']"
)
_SET = late_pattern(r"^\s*(?:export\s+)?(\w+)\s*=\s*([\"']?)(.*?)\2\s*(?:\s#.*)?$", re.MULTILINE)


def variable(evaluator: Evaluator, name: str) -> Values:
    """What the files give to one variable; empty where none does, or nobody reads them."""
    found = _variables(evaluator.project).get(name)
    if found is None:
        return ()
    evaluator.leave_open(f"the environment may say otherwise of {name}")
    return (Text(known(found), rung=Rung.CONFIG_FILE),)


def _variables(project: ProjectIndex) -> dict[str, str]:
    return project.remember("environment files", lambda: _read(project))


def _read(project: ProjectIndex) -> dict[str, str]:
    readers = project.holding("dotenv")
    if not readers:
        return {}
    texts = (project.files.text(path) or "" for path in readers)
    named = [path for text in texts for path in _NAMED.findall(text)]
    found: dict[str, str] = {}
    for path in dict.fromkeys((*named, ".env")):
        for name, _, value in _SET.findall(project.files.text(path) or ""):
            if "$" not in value:
                found.setdefault(name, value)
    return found


def _all(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``dotenv_values(".env")``: all variables of the files."""
    del call, frame
    entries = {name: variable(evaluator, name) for name in _variables(evaluator.project)}
    return (Record(entries, unknown("a variable of another environment file"), kind="config"),)


CALLS: dict[str, Known] = dict.fromkeys(("dotenv.dotenv_values", "dotenv.main.dotenv_values"), _all)
