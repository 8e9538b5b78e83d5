"""Command lines that start a Python file: in shell scripts, Makefiles, Dockerfiles, workflows,
READMEs, and in an editor's ``launch.json``.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND_FILES = (
    *("*.sh", "*.bash", "*.zsh", "*.slurm", "*.sbatch", "*.mk", "*.md", "*.rst", "*.yml", "*.yaml"),
    *("*.dockerfile", "*Dockerfile*", "*Makefile", "*Containerfile", "*justfile", "*tox.ini"),
)
"""What files are called that hold command lines."""
LAUNCH_FILE = ".vscode/launch.json"

_SEPARATOR = late_pattern(r"(?<!\S)(?:&&|\|\||[|;&<>]|\d?>>?|2>&1)(?!\S)|;(?=\s|$)")
_ASSIGNED = late_pattern(
    r"\s*(?:export\s+|ARG\s+|ENV\s+)?([A-Za-z_]\w*)\s*[:?]?=\s*([\"']?)([^\"'`$]*?)\2\s*(?:#.*)?"
)
_LIST_FORM = late_pattern(r"\s*-?\s*(?:CMD|ENTRYPOINT|RUN|command:|args:)?\s*\[.*\]\s*")
_SCRIPT = late_pattern(r"[^-\s()\[\]<>*?|\"'`][^\s()\[\]<>*?|\"'`]*\.py")
"""A Python file as a command line names it; not the text or the target of a link."""
_LAUNCHERS = ("torch.distributed.", "accelerate.", "deepspeed.", "pytest", "pip", "cProfile", "pdb")


class Command(NamedTuple):
    """One start of a Python file."""

    row: int
    script: str
    """The file as it is written, ``tools/train.py``; a module's name after ``-m``."""
    words: tuple[str, ...]
    """What it is given."""
    variables: Mapping[str, str]
    """What the shell's variables were given literally before."""


def commands(text: str) -> Iterator[Command]:
    """The command lines of a script or document, in its order."""
    variables: dict[str, str] = {}
    for row, line in _logical_lines(text):
        assigned = _ASSIGNED.fullmatch(line)
        if assigned is not None:
            variables[assigned[1]] = assigned[3]
        if ".py" in line or " -m " in line:
            for part in _SEPARATOR.split(_plain(line)):
                found = _command(row, _words(part), variables)
                if found is not None:
                    yield found


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with those that a backslash continues in one, and the row of the first."""
    start, kept = 0, ""
    for row, line in enumerate(text.splitlines(), start=1):
        start = start if kept else row
        kept += line.rstrip()
        if kept.endswith("\\"):
            kept = f"{kept[:-1]} "
            continue
        yield start, kept
        kept = ""
    if kept:
        yield start, kept


def _plain(line: str) -> str:
    """A line as a shell reads it: without backticks around it, or a list's brackets and commas."""
    line = line.replace("`", " ")
    return re.sub(r"[\"'\[\],]", " ", line) if _LIST_FORM.fullmatch(line) else line


def _words(part: str) -> list[str]:
    try:
        return shlex.split(part, comments=True)
    except ValueError:
        return part.split()


def _command(row: int, words: list[str], variables: Mapping[str, str]) -> Command | None:
    for index, word in enumerate(words):
        is_module = index > 0 and words[index - 1] == "-m" and not word.startswith(_LAUNCHERS)
        if (is_module and word.isascii()) or _SCRIPT.fullmatch(word):
            return Command(row, word, tuple(words[index + 1 :]), dict(variables))
    return None


def launched(text: str) -> Iterator[Command]:
    """The starts that a ``launch.json`` describes; none where it cannot be read."""
    plain = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    try:
        read = json.loads(re.sub(r",(?=\s*[\]}])", "", plain))
    except ValueError:
        return
    configurations = read.get("configurations") if isinstance(read, dict) else None
    for each in configurations if isinstance(configurations, list) else ():
        words = each.get("args") if isinstance(each, dict) else None
        script = (each.get("program") or each.get("module")) if isinstance(words, list) else None
        if isinstance(script, str) and isinstance(words, list):
            script = script.removeprefix("${workspaceFolder}/")
            yield Command(1, script, tuple(map(str, words)), {"workspaceFolder": "."})
