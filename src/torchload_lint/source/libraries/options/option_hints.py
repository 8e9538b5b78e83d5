"""What a file tells of an option that has no default: an example of its use, the file that its
help names, and the choices that it has.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import HOLE, Rung, known
from torchload_lint.source.domain.values import Sequence, Text

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_FILE = late_pattern(
    r"(?<![\w{}<>*$%-])(?:[\w.-]+/)*[\w-][\w.-]*\.(?:ckpt|pth(?:\.tar)?|pt|th|bin|pkl)(?![\w{}])"
)
_PLACEHOLDER = late_pattern(
    r"^-|[<>{}$%]|path/to|/your|your_|[_-]xx\b|xxx|\.\.\.|^/?PATH|(?:^|/)(?:file|filename)\.\w",
    re.IGNORECASE,
)
"""What stands for a value that the reader has to fill in."""
_FOLDER_PLACEHOLDER = late_pattern(
    r"(?:name|path|folder|dir|id)/|(?:^|/)(?:some|my|foo|bar|your|example)", re.IGNORECASE
)
_HELPS = frozenset({"help", "description"})


def hinted(evaluator: Evaluator, module: SourceFile, call: ast.Call, option: str) -> Values:
    """What hints say of an option that ``call`` declares; empty where there are none."""
    return (
        _usage(module, option)
        or named_in_help(call)
        or (_choices(evaluator, module, call) if option.strip("-") else ())
    )


def _usage(module: SourceFile, option: str) -> Values:
    """The value that the command lines in the file's own docstring give to an option."""
    usage = ast.get_docstring(module.tree) or ""
    if not option.startswith("--") or option not in usage:
        return ()
    written = re.findall(rf"(?<!\S){re.escape(option)}[ =]+([^\s\\'\"`,;]+)", usage)
    return tuple(
        Text(known(value), rung=Rung.USAGE)
        for value in dict.fromkeys(written)
        if ("/" in value or "." in value) and not _PLACEHOLDER.search(value)
    )


def named_in_help(call: ast.Call) -> Values:
    """The file that the help of an option (or of a field) names: ``help="path to HLG.pt"`` in
    whatever folder, ``help="e.g., data/lm/G.pt"`` in that one.
    """
    text = _help(call)
    found = [(match[0], text[: match.start()]) for match in _FILE.finditer(text)]
    names = {path.rpartition("/")[2] for path, _ in found}
    if len(names) != 1 or any(map(_PLACEHOLDER.search, names)):
        return ()
    (path, before), *others = found
    tells_folder = not others and "/" in path and not before.endswith(("/", "~", ":"))
    if tells_folder and not _PLACEHOLDER.search(path) and not _FOLDER_PLACEHOLDER.search(path):
        return (Text(known(path), rung=Rung.USAGE),)
    why = ("the option's help names the file, not its folder",)
    return (Text(f"{HOLE}/{known(*names)}", rung=Rung.USAGE, why=why),)


def _help(call: ast.Call) -> str:
    """The help of ``add_argument(help=…)``, ``Field(description=…)`` and
    ``field(metadata={"help": …})``.
    """
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg == "metadata" and isinstance(value, ast.Dict):
            helps = {
                getattr(key, "value", None): each
                for key, each in zip(value.keys, value.values, strict=True)
            }
            value = helps.get("help", value)
        elif keyword.arg not in _HELPS:
            continue
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""


def _choices(evaluator: Evaluator, module: SourceFile, call: ast.Call) -> Values:
    """The choices of an option, where all of them are known texts."""
    given = next((each.value for each in call.keywords if each.arg == "choices"), None)
    values = evaluator.anywhere(given, module) if given is not None else ()
    found = [value.element() for value in values if isinstance(value, Sequence)]
    chosen = found[0] if len(found) == len(values) == 1 else ()
    return chosen if all(isinstance(each, Text) and not each.why for each in chosen) else ()
