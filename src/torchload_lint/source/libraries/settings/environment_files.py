"""What the project gives to environment variables: in environment files (``.env``), where it reads
them with python-dotenv, in its own code (``os.environ["ROOT"] = "runs"``), and, weaker, in scripts,
Dockerfiles and workflows (``export ROOT=runs``, ``ENV ROOT=runs``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Rung, at_home, known
from torchload_lint.source.domain.values import Record, Text, Values, lift, union, unknown

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.project.index import ProjectIndex

_NAMED = late_pattern(
    r"(?:load_dotenv|dotenv_values)\(\s*(?:dotenv_path\s*=\s*)?[\"']([^\"']+)[\"']"
)
_SET = late_pattern(r"^\s*(?:export\s+)?(\w+)\s*=\s*([\"']?)(.*?)\2\s*(?:\s#.*)?$", re.MULTILINE)
_STORED = late_pattern(
    r"^[^#\n]*environ(?:\[|\.setdefault\()\s*[\"'](\w+)[\"']\s*(?:\]\s*=|,)\s*[\"']([^\"'\n\\]*)[\"']\s*[)#\n]",
    re.MULTILINE,
)
_EXPORTED = (
    r"^(?:[^#\n]*\s)?"
    r"(?:export\s+NAME=|ENV\s+NAME[= ]|-\s+NAME=|NAME:\s|NAME=(?=\S+ +(?:\w+=\S+ +)*python))"
    r"\s*([\"']?)([^\"'\s;]+)\1"
)
"""A variable that a program is started with."""
_UPDATED = late_pattern(r"\benviron\.(?:update|pop|clear)\(|\bputenv\(|\benviron\s*\|?=(?!=)")
"""A change that is not followed."""
_MOST_STORES = 4
"""A variable that the project sets in more ways is unknown."""


def variable(evaluator: Evaluator, name: str) -> Values:
    """What the project gives to one variable; empty where it gives nothing that is known."""
    for path in _changing(evaluator.project, name):
        evaluator.relied.changes.setdefault(f"{path} changes the environment")
    found = _variables(evaluator.project).get(name)
    values: Values = (Text(known(found), rung=Rung.CONFIG_FILE),) if found is not None else ()
    stored = _stored(evaluator.project, name)
    if len(stored) <= _MOST_STORES:
        values += tuple(Text(known(text), rung=Rung.DEFAULT) for text in stored)
    values = values or _exported(evaluator.project, name)
    if values:
        evaluator.leave_open(f"the environment may say otherwise of {name}")
    return values


def _changing(project: ProjectIndex, name: str) -> list[str]:
    """The files that name a variable, and change the environment in a way that is not followed."""
    paths = project.holding(name)
    return project.remember(
        ("files that change the environment", name),
        lambda: [path for path in paths if _UPDATED.search(project.files.text(path) or "")],
    )


def beside(evaluator: Evaluator, name: str, default: Values) -> Values:
    """What one variable may be: its default is one of several where the project sets it."""
    given = variable(evaluator, name)
    return union(given, lift(default, Rung.ONE_OF_SEVERAL)) if given else default


def _stored(project: ProjectIndex, name: str) -> tuple[str, ...]:
    """The texts that code of the project stores in a variable."""

    def found() -> tuple[str, ...]:
        texts = (project.files.text(path) or "" for path in project.holding(name))
        pairs = (
            pair for text in texts if "environ" in text for pair in _STORED.findall(f"{text}\n")
        )
        return tuple(dict.fromkeys(value for key, value in pairs if key == name))

    return project.remember(("stored variable", name), found)


def _exported(project: ProjectIndex, name: str) -> Values:
    """The paths that scripts, Dockerfiles and workflows set a variable to."""
    from torchload_lint.source.libraries.options.written_commands import path_of  # noqa: PLC0415 - only where nothing else is known

    def found() -> tuple[str, ...]:
        texts = (project.files.text(path) or "" for path in project.files.settings_holding(name))
        pattern = re.compile(_EXPORTED.replace("NAME", re.escape(name)), re.MULTILINE)
        values = (match[2] for text in texts for match in pattern.finditer(text))
        return tuple(dict.fromkeys(path for each in values if (path := path_of(each, {}))))

    texts = project.remember(("exported variable", name), found)
    is_known = len(texts) <= _MOST_STORES
    return tuple(Text(at_home(text), rung=Rung.COMMAND_LINE) for text in texts if is_known)


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
