"""Command lines that start a Python file: in shell scripts, Makefiles, Dockerfiles, workflows,
READMEs, notebooks, and in an editor's ``launch.json``.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.notebooks.shell_lines import started_in
from torchload_lint.source.text.text import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND_FILES = (
    *("*.sh", "*.bash", "*.zsh", "*.slurm", "*.sbatch", "*.mk", "*.md", "*.rst", "*.yml", "*.yaml"),
    *("*.dockerfile", "*Dockerfile*", "*Makefile", "*Containerfile", "*justfile", "*tox.ini"),
    *("*.ipynb", "*.pyw"),
)
"""What files are called that hold command lines."""
LAUNCH_FILE = ".vscode/launch.json"

_SEPARATOR = late_pattern(r"(?<!\S)(?:&&|\|\||[|;&<>]|\d?>>?|2>&1)(?!\S)|;(?=\s|$)")
_ASSIGNED = late_pattern(
    r"\s*(?:(?:export|local|readonly|declare|ARG|ENV)\s+)?([A-Za-z_]\w*)(?:\s*[:?]?|(\+))=\s*(.*)"
)
_ASSIGNED_IF_UNSET = late_pattern(r"\s*:\s+[\"']?\$\{(\w+):?=([^}]*)\}[\"']?\s*")
_REFERENCE = late_pattern(r"\$\{(\w+)(?::?[-=]([^{}]*))?\}|\$(\w+)")
_BY_VARIABLE = late_pattern(r"^(?:\$\w+|\$\{\w+\})/")
"""A folder that the shell knows."""
_ARGUMENT = late_pattern(r"\$\{?[1-9@*]")
_ALL_ARGUMENTS = late_pattern(r"\"?\$(?:[@*]|\{[@*](?::\s*(\d{1,2}))?\})\"?")
_MOVING = late_pattern(r"\b(?:shift|getopts?|set --)\b|--\)")
"""What takes the arguments of a shell script one by one."""
_HERE = late_pattern(r"\$\(dirname\s[^()]*\)")
"""The folder of a shell script."""
_SHELLS = frozenset(
    "bash sh zsh source . srun sbatch exec nohup time $ % bash: sudo -x -e -u".split()
)
"""What may stand before a shell script that is started."""
_NOTHING: Mapping[str, str] = MappingProxyType({})
_LONGEST_VALUE = 4_000
"""Letters of what a shell's variable holds."""
_LIST_FORM = late_pattern(r"\s*-?\s*(?:CMD|ENTRYPOINT|RUN|command:|args:)?\s*\[.*\]\s*")
_SCRIPT = late_pattern(r"[^-\s()\[\]<>*?|\"'`][^\s()\[\]<>*?|\"'`]*\.py")
"""A Python file as a command line names it; not the text or the target of a link."""
_LISTING = late_pattern(r"[│├└─]|[|+]?-{2,}$")
"""How a line begins that lists a folder's files: ``├── train.py  trains the model``."""
_WINDOWS_SLASH = late_pattern(r"(?<=\w)\\(?=\w)")
"""``models\\a.pt``: no shell needs to be told that a letter is one."""
_NEEDS_SHELL = late_pattern(r"[\"'\\#]")
"""What parts words otherwise than blanks do: quotes, backslashes, and comments."""
_WORD = late_pattern(r"[^ \t\r\n]+")
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
    cell: int = 0
    """The notebook's cell that it stands in, whose row is told."""

    @property
    def place(self) -> str:
        """The row, as reports print it behind a file's name."""
        return f"cell {self.cell}:{self.row}" if self.cell else f"{self.row}"


def commands(
    text: str, arguments: tuple[str, ...] | None = None, installed: Mapping[str, str] = _NOTHING
) -> Iterator[Command]:
    """The command lines of a script or document, in its order. ``arguments``: what the script is
    given itself, where that is known; ``installed``: commands, and the modules that they start.
    """
    variables: dict[str, str] = {}
    if arguments is not None:
        variables.update((str(place), word) for place, word in enumerate(arguments, start=1))
        text = _ALL_ARGUMENTS.sub(lambda found: _from(arguments, int(found[1] or 1)), text)
    for row, part in _parts(text, variables, (".py", " -m ", *installed)):
        found = _command(row, _words(part), variables, installed)
        if found is not None:
            yield found


def asks_for_arguments(text: str) -> bool:
    """Whether a shell script uses what it is given, at places that do not move."""
    return _ARGUMENT.search(text) is not None and _MOVING.search(text) is None


def script_starts(text: str, path: str) -> Iterator[tuple[str, ...]]:
    """What a script or document gives to the shell script ``path``, each time that it starts it."""
    name = path.rpartition("/")[2]
    variables: dict[str, str] = {}
    for _, part in _parts(text, variables, (name,)):
        words = _words(part)
        for index, word in enumerate(words):
            if _is_started(words, index) and f"/{path}".endswith(f"/{word.lstrip('./')}"):
                yield tuple(expand(each, variables) for each in words[index + 1 :])


def _is_started(words: list[str], index: int) -> bool:
    """Whether a shell runs a word as a command."""
    return index == 0 or words[index - 1] in _SHELLS or "=" in words[index - 1]


def _parts(
    text: str, variables: dict[str, str], wanted: tuple[str, ...]
) -> Iterator[tuple[int, str]]:
    """The commands, with their rows, of the lines that hold one of some words; on the way what is
    assigned is noted in ``variables``.
    """
    for row, line in _logical_lines(_HERE.sub("$HERE", text) if "dirname" in text else text):
        if _assign(line, variables):
            continue
        started = expand(line, variables) if "$" in line else line
        if any(word in started for word in wanted):
            held = started if _is_held(line, variables) else line
            yield from ((row, part) for part in _SEPARATOR.split(_plain(held)))


def _from(arguments: tuple[str, ...], place: int) -> str:
    """All that a script is given from a place on, as the shell puts it into a line."""
    import shlex  # noqa: PLC0415 - as below

    return " ".join(
        each if "$" in each else shlex.quote(each) for each in arguments[max(place, 1) - 1 :]
    )


def expand(text: str, variables: Mapping[str, str]) -> str:
    """A text with what the shell's variables hold, or else their defaults (``${1:-last.pt}``); what
    is not known stays as it is.
    """

    def content(match: re.Match[str]) -> str:
        default = match[2].strip("\"'") if match[2] is not None else match[0]
        return variables.get(match[1] or match[3], default)

    return _REFERENCE.sub(content, text)[:_LONGEST_VALUE]


def _assign(line: str, variables: dict[str, str]) -> bool:
    """Note what a line assigns; whether it does no more than that."""
    unset = _ASSIGNED_IF_UNSET.fullmatch(line)
    if unset is not None:
        variables.setdefault(unset[1], expand(unset[2].strip("\"'"), variables))
        return True
    assigned = _ASSIGNED.fullmatch(line)
    if assigned is None:
        return False
    name, further, given = assigned.groups()
    value = _unquoted(given)
    before = variables.pop(name, "") if further else ""
    if value is None:
        variables.pop(name, None)
        return False
    variables[name] = before + expand(value, variables)
    return True


def _unquoted(given: str) -> str | None:
    """The one word that is assigned; None where there are several, or a command is run for it."""
    try:
        words = _split(given)
    except ValueError:
        return None
    computed = "$(" in given or "`" in given
    return None if len(words) > 1 or computed else "".join(words)


def _is_held(line: str, variables: Mapping[str, str]) -> bool:
    """Whether a line starts what a variable holds: ``$CMD``, ``eval $CMD | tee log``."""
    words = line.split()
    first = words[1:2] if words[:1] in (["eval"], ["exec"], ["time"]) else words[:1]
    return any(_REFERENCE.match(word.strip('"')) is not None for word in first) and any(
        ".py" in value or " -m " in value for value in variables.values()
    )


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with those that a backslash continues in one, and the row of the first."""
    start, kept = 0, ""
    for row, line in enumerate(rows(text), start=1):
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
    part = _WINDOWS_SLASH.sub("/", part)
    try:
        return _split(part)
    except ValueError:
        return part.split()


def _split(text: str) -> list[str]:
    """Words as a shell parts them. Raises ValueError for quotes that do not close."""
    if not _NEEDS_SHELL.search(text):
        return _WORD.findall(text)  # a hundred times as fast
    import shlex  # noqa: PLC0415 - few runs come to command lines

    return shlex.split(text, comments=True)


def _command(
    row: int, words: list[str], variables: Mapping[str, str], installed: Mapping[str, str]
) -> Command | None:
    if words and _LISTING.match(words[0]):
        return None
    for index, word in enumerate(words):
        if word in installed and _is_started(words, index):
            return Command(row, installed[word], tuple(words[index + 1 :]), dict(variables))
        is_module = index > 0 and words[index - 1] == "-m" and not word.startswith(_LAUNCHERS)
        if (is_module and word.isascii()) or _SCRIPT.fullmatch(word):
            script = _BY_VARIABLE.sub("", expand(word, variables))
            return Command(row, script, tuple(words[index + 1 :]), dict(variables))
    return None


def in_notebook(text: str, installed: Mapping[str, str] = _NOTHING) -> Iterator[Command]:
    """The command lines of a notebook's cells: each is a shell of its own."""
    for cell, started in started_in(text):
        for command in commands(started, installed=installed):
            yield command._replace(cell=cell)


def launched(text: str) -> Iterator[Command]:
    """The starts that a ``launch.json`` describes; none where it cannot be read."""
    import json  # noqa: PLC0415 - for these files alone

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
