"""What the command lines in a project's scripts and documents give to a program: to an option, or
as one of its plain arguments.

They are weaker than a default: whoever starts the program may say otherwise.
"""

from __future__ import annotations

import ast
import re
from functools import partial
from itertools import pairwise
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.branches import guards
from torchload_lint.source.domain.patterns import HOLE, Rung, at_home, known
from torchload_lint.source.domain.values import Constant, Text
from torchload_lint.source.libraries.options import console_scripts, script_arguments
from torchload_lint.source.libraries.options.argument_words import word
from torchload_lint.source.project.imports import runs
from torchload_lint.source.text.command_lines import (
    LAUNCH_FILE,
    Command,
    commands,
    expand,
    in_notebook,
    launched,
)
from torchload_lint.source.text.commands_in_code import in_python
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.libraries.options.argument_words import WordPlace
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MAX_FILES = 40
"""Scripts and documents that are read for one option."""
_MAX_VALUES = 4
_MAX_KEYS = 24
"""Keys of a configuration that the command lines of one program set."""
_OVERRIDE = late_pattern(r"\+{0,2}([A-Za-z_][\w.]*)=(.+)$")
_VARIABLE = late_pattern(r"%[jAa]\b|\$\{\{.*?\}\}|\$\{[^}\s/]*\}|\$\w+|\$\(.*?\)|<[^>]*>|\{[^}]*\}")
_PLACEHOLDER = late_pattern(
    r"path/to|(?:^|/)(?:your|todo/)|your[_-]|xxx|blah|\.\.\.|^/?PATH|^\[|\]$", re.IGNORECASE
)
_NO_PATH = late_pattern(r"[\[\](){}<>|;\"'`]|,$")
"""What stands in prose and in links."""
_OTHER_THAN_TEXT = late_pattern(r"[$<{]|^[-+.\deE]+$")
"""What the shell or the reader fills in, and numbers."""
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""How command lines give what is true or false."""
_ANY_FILE = frozenset(
    {
        *("model", "models", "checkpoint", "checkpoints", "ckpt", "weight", "weights", "file"),
        *("pretrained", "pretrain", "trained", "my", "the", "some", "a", "path", "name", "pth"),
        *("pytorch", "torch", "state", "dict", "net", "network", "output", "input", "in", "out"),
    }
)
"""What files are called in examples, whatever they are."""


class Start(NamedTuple):
    """A command line that starts a program."""

    command: Command
    row: str
    runs_it: bool
    """Whether the file that is asked about is run then."""
    leads_there: bool
    """Whether its options do not lead past the load."""


def given(
    evaluator: Evaluator,
    names: tuple[str, ...],
    module: SourceFile,
    place: ast.AST | None = None,
) -> Values:
    """The paths that command lines give to an option, under one of its names (``-r``,
    ``--resume``) which the file ``module`` declares (at ``place``); empty where there are none.
    """
    spelled = tuple(name for name in names if name.startswith("-"))
    return _given(
        evaluator,
        module,
        sorted(spelled, key=len, reverse=True),
        lambda command: given_to(command, spelled),
        place,
    )


def given_at(
    evaluator: Evaluator, position: WordPlace, module: SourceFile, place: ast.AST | None = None
) -> Values:
    """The paths that command lines give as a positional argument of the program ``module``, which
    asks for it at ``place``.
    """
    name = module.path.rpartition("/")[2]
    inside = module.path.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    return _given(
        evaluator,
        module,
        [name, inside, *console_scripts.commands_of(evaluator.project, inside)],
        lambda command: word(position, command.words),
        place,
    )


def overrides(evaluator: Evaluator, module: SourceFile) -> Iterator[tuple[str, Values]]:
    """The keys that command lines of the program ``module`` set to a path, as Hydra's
    ``model.weights=a.pt`` does, and those paths.
    """
    name = module.path.rpartition("/")[2]
    project = evaluator.project
    written = (
        match[1]
        for path in [*project.files.commands_holding(name)][:_MAX_FILES]
        for command in _commands(project, path)
        for each in command.words
        if (match := _OVERRIDE.match(each))
    )
    for key in [*dict.fromkeys(written)][:_MAX_KEYS]:
        found = _given(evaluator, module, [name], partial(_override, key))
        if found:
            yield key, found


def pairs(evaluator: Evaluator, key: str) -> Values:
    """The paths that command lines of the project's programs give behind a dotted key, as yacs
    takes them: ``TEST.MODEL_FILE models/a.pth``.
    """
    project = evaluator.project
    found = project.remember(("pairs", key), lambda: tuple(_pairs(project, key)))
    own = [text for text, script in found if runs(project, script, evaluator.asked_in)]
    texts = [*dict.fromkeys(own or (text for text, _ in found if not _is_program(evaluator)))]
    if texts:
        evaluator.leave_open("a command line is one of those that there can be")
    return tuple(Text(at_home(text), rung=Rung.COMMAND_LINE) for text in texts[:_MAX_VALUES])


def _is_program(evaluator: Evaluator) -> bool:
    """Whether the file that is asked about is started itself: other programs' lines are theirs."""
    return "__main__" in (evaluator.project.files.text(evaluator.asked_in) or "")


def _pairs(project: ProjectIndex, key: str) -> Iterator[tuple[str, str]]:
    """The paths, and the programs that are given them."""
    texts: dict[tuple[str, str], None] = {}
    for path in [*project.files.commands_holding(f".{key}")][:_MAX_FILES]:
        for command in _commands(project, path):
            for name, value in pairwise(command.words):
                text = path_of(value, command.variables) if name.endswith(f".{key}") else ""
                if text and (script := _file(project, path, command.script)):
                    texts.setdefault((text, script))
    yield from texts


def _override(key: str, command: Command) -> str:
    """What a command line sets a key to; or nothing."""
    for each in command.words:
        match = _OVERRIDE.match(each)
        if match and match[1] == key:
            return match[2]
    return ""


def _given(
    evaluator: Evaluator,
    module: SourceFile,
    held: list[str],
    value: Callable[[Command], str],
    place: ast.AST | None = None,
) -> Values:
    """What ``value`` takes out of the command lines, in files that hold one of some words, that
    start the program ``module``, or one that imports it, if ``place`` is reached then. Of several
    programs that have the option from there, those count that run the file that is asked about.
    """
    found: dict[str, str] = {}
    elsewhere: dict[str, str] = {}

    def read(command: Command) -> str:
        return path_of(value(command), command.variables)

    for start in starts(evaluator, module, held, place, worth=read):
        if start.leads_there:
            (found if start.runs_it else elsewhere).setdefault(read(start.command), start.row)
    found = found or ({} if _is_program(evaluator) else elsewhere)
    for written in dict.fromkeys([*found.values()][:_MAX_VALUES]):
        evaluator.leave_open(f"a command line in {written} is one of those that there can be")
    return tuple(Text(at_home(text), rung=Rung.COMMAND_LINE) for text in [*found][:_MAX_VALUES])


def starts(
    evaluator: Evaluator,
    module: SourceFile,
    held: Iterable[str],
    place: ast.AST | None = None,
    *,
    worth: Callable[[Command], object],
) -> Iterator[Start]:
    """The command lines, in files that hold one of some words, that start the program ``module``,
    or one that imports it, if they are worth a look, and ``place`` is reached then.
    """
    project = evaluator.project
    itself = place is not None and _when_started(place, module)
    paths = dict.fromkeys(path for name in held for path in project.files.commands_holding(name))
    paths |= dict.fromkeys(script_arguments.handing_on(project, module.path))
    paths |= dict.fromkeys(_code_holding(held, module, project))
    for path in [*paths][:_MAX_FILES]:
        for command in _commands(project, path):
            script = _started(project, path, command, module) if worth(command) else ""
            if not script or (itself and script != module.path):
                continue
            leads_there = not _leads_elsewhere(command, evaluator.assumed, module, project)
            runs_it = runs(project, script, evaluator.asked_in)
            yield Start(command, f"{path}:{command.place}", runs_it, leads_there)


def _code_holding(words: Iterable[str], module: SourceFile, project: ProjectIndex) -> Iterator[str]:
    """The program's own file, and Python files that name it, where they hold one of some words."""
    asked = tuple(words)
    naming = project.holding(module.path.rpartition("/")[2])
    for path in dict.fromkeys((module.path, *naming)):
        text = project.files.text(path) or ""
        if any(word in text for word in asked):
            yield path


def of_several_programs(evaluator: Evaluator, names: tuple[str, ...]) -> Iterator[Command]:
    """The command lines that give an option and start a file of which there are several, nobody
    says which.
    """
    project = evaluator.project
    paths = dict.fromkeys(path for name in names for path in project.files.commands_holding(name))
    for path in [*paths][:_MAX_FILES]:
        for command in _commands(project, path):
            ending = f"/{_spellings(command.script)[0]}"
            if given_to(command, names) and not _file(project, path, command.script):
                files = project.files.python_files()
                if sum(f"/{name}".endswith(ending) for name in files) > 1:
                    yield command


def _leads_elsewhere(
    command: Command, assumed: Tests, module: SourceFile, project: ProjectIndex
) -> bool:
    """Whether a command line gives something to another option that a test on the way to the load
    refuses: ``--warm_start``, where the load stands below ``if warm_start: … else:``.
    """
    declared = project.remember(
        ("definitions", "options and defaults", module.tree), lambda: _declared(module)
    )

    def holds_then(name: str) -> Value | None:
        names, default = declared.get(name.replace("-", "_"), ((), None))
        value = given_to(command, names)
        if value.lower() in _TRUTHS:
            return Constant(_TRUTHS[value.lower()])
        if value and not value.startswith("-"):
            return None if _OTHER_THAN_TEXT.search(value) else Text(known(value))
        return Constant(True) if any(each in command.words for each in names) else default

    return any(guards.gainsaid(test, holds=holds, given=holds_then) for test, holds in assumed)


def _declared(module: SourceFile) -> dict[str, tuple[tuple[str, ...], Value | None]]:
    """The options of a program under their names: how they are spelled, and what they are where
    nobody gives them, as far as that is written.
    """
    found: dict[str, tuple[tuple[str, ...], Value | None]] = {}
    for call in ast.walk(module.tree):
        if not isinstance(call, ast.Call) or last_name(call.func) != "add_argument":
            continue
        words = {each.arg: getattr(each.value, "value", ...) for each in call.keywords}
        names = tuple(str(getattr(each, "value", "")) for each in call.args)
        flags = {"store_true": False, "store_false": True}
        default = words.get("default", flags.get(str(words.get("action"))))
        value = guards.written(ast.Constant(default)) if default is not ... else None
        for name in names:
            found[name.lstrip("-").replace("-", "_")] = names, value
    return found


def _commands(project: ProjectIndex, path: str) -> tuple[Command, ...]:
    return project.remember(("command lines", path), lambda: tuple(_read(project, path)))


def _read(project: ProjectIndex, path: str) -> Iterator[Command]:
    text = project.files.text(path) or ""
    installed = console_scripts.console_scripts(project)
    if path == LAUNCH_FILE:
        yield from launched(text)
    elif path.endswith(".ipynb"):
        yield from in_notebook(text, installed)
    elif path.endswith(".py"):
        code = project.module_at(path)
        yield from in_python(code.text, code.tree) if code is not None else ()
    else:
        for arguments in script_arguments.given(project, path, text) or (None,):
            yield from commands(text, arguments, installed)


def given_to(command: Command, names: tuple[str, ...]) -> str:
    """What a command line gives to the option; or nothing."""
    words = command.words
    for index, each in enumerate(words):
        name, equals, rest = each.partition("=")
        if name in names:
            return rest if equals else next(iter(words[index + 1 : index + 2]), "")
    return ""


def path_of(value: str, variables: Mapping[str, str]) -> str:
    """A path with the values of the shell's variables, unknown parts marked; nothing, for what is
    not seen to be one.
    """
    text = _VARIABLE.sub(HOLE, known(expand(value, variables)))
    text = text.rstrip("/")  # a folder
    folder, slash, name = text.rpartition("/")
    if value.startswith("-") or _PLACEHOLDER.search(name) or _NO_PATH.search(text):
        return ""
    if _PLACEHOLDER.search(f"{folder}{slash}"):
        return f"{HOLE}/{name}" if _tells_a_file(name) else ""
    told = name.replace(HOLE, "")
    return text if ("/" in text or "." in text) and any(map(str.isalpha, told)) else ""


def word_of(value: str, variables: Mapping[str, str]) -> str:
    """A word with the values of the shell's variables, unknown parts marked; all of it where it is
    to be filled in, or is no word.
    """
    text = _VARIABLE.sub(HOLE, known(expand(value, variables))).rstrip("/")
    unclear = value.startswith("-") or _PLACEHOLDER.search(text) or _NO_PATH.search(text)
    return HOLE if unclear or not text else text


def _tells_a_file(name: str) -> bool:
    """Whether a name in a folder that the reader has to fill in is that of a certain file."""
    stem, _, ending = name.partition(".")
    words = re.findall(r"[a-z]+|[0-9]+", stem.lower())
    return bool(ending) and HOLE not in name and not _ANY_FILE.issuperset(words)


def _started(project: ProjectIndex, path: str, command: Command, module: SourceFile) -> str:
    """The file that is started, if it declares the option, or imports the file that does."""
    key = ("started", dirname(path), command.script)
    script = project.remember(key, lambda: _file(project, path, command.script))
    if script == module.path or not script:
        return script
    key = ("names what it imports", script, module.path)
    return script if project.remember(key, lambda: _imports(project, script, module)) else ""


def _imports(project: ProjectIndex, script: str, module: SourceFile) -> bool:
    stem = module.path.rpartition("/")[2].removesuffix(".py")
    imports = rf"^[ \t]*(?:from|import)[ \t][^\n#]*\b{re.escape(stem)}\b"
    return re.search(imports, project.files.text(script) or "", re.MULTILINE) is not None


def _file(project: ProjectIndex, path: str, script: str) -> str:
    """The file of the project that a command line starts, seen from any folder above it, or the
    only one that ends like that (after a ``cd``).
    """
    names = _spellings(script)
    for folder in _above(dirname(path)):
        for name in names:
            found = normpath(join(folder, name))
            if project.files.exists(found):
                return found
    ending = f"/{names[0]}"
    same = [name for name in project.files.python_files() if name.endswith(ending)]
    return same[0] if len(same) == 1 else ""


def _when_started(place: ast.AST, module: SourceFile) -> bool:
    """Whether a place is reached only where its file is the program: ``if __name__ == …``."""
    outer: ast.AST | None = place
    while outer is not None:
        if isinstance(outer, ast.If) and ast.unparse(outer.test).startswith("__name__ =="):
            return True
        outer = module.parents.get(outer)
    return False


def _spellings(script: str) -> tuple[str, ...]:
    if script.endswith(".py"):
        return (script.removeprefix("./"),)
    inside = script.replace(".", "/")
    return tuple(f"{root}{inside}{end}" for root in ("", "src/") for end in (".py", "/__main__.py"))


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""
