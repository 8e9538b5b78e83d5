"""Whether the file of a load is still the one that was proven: what takes files away, gives them
other names, or writes over them.

What is called for that is known by its name; a place that hands such a function on counts, and one
whose file is not known. Savers of checkpoints are read elsewhere (``source/saving``).
"""

from __future__ import annotations

import ast
from posixpath import basename, normpath
from typing import TYPE_CHECKING

from torchload_lint.helper_module import is_helper
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.patterns import matches
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.paths import resolution
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.programs_around import program_around

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_TAKES = "takes {} away"
_GIVES = "puts something else in the place of {}"
_WRITES = "may write {}"
_FUNCTIONS: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "os.remove": (_TAKES, (0, "path")),
    "os.unlink": (_TAKES, (0, "path")),
    "os.rmdir": (_TAKES, (0, "path")),
    "os.removedirs": (_TAKES, (0, "name")),
    "os.truncate": (_TAKES, (0, "path")),
    "os.rename": (_GIVES, (0, 1, "src", "dst")),
    "os.renames": (_GIVES, (0, 1, "old", "new")),
    "os.replace": (_GIVES, (0, 1, "src", "dst")),
    "os.symlink": (_GIVES, (1, "dst")),
    "os.link": (_GIVES, (1, "dst")),
    "shutil.rmtree": (_TAKES, (0, "path")),
    "shutil.move": (_GIVES, (0, 1, "src", "dst")),
    "shutil.copytree": (_WRITES, (1, "dst")),
    "shutil.copy": (_WRITES, (1, "dst")),
    "shutil.copy2": (_WRITES, (1, "dst")),
    "shutil.copyfile": (_WRITES, (1, "dst")),
    "numpy.memmap": (_WRITES, (0, "filename")),
    "numpy.lib.format.open_memmap": (_WRITES, (0, "filename")),
    "torch.from_file": (_WRITES, (0, "filename")),
    "torch.jit.save": (_WRITES, (1, "f")),
    "torch.export.save": (_WRITES, (1, "f")),
    "safetensors.torch.save_file": (_WRITES, (1, "filename")),
    "logging.basicConfig": (_WRITES, ("filename",)),
    "logging.FileHandler": (_WRITES, (0, "filename")),
}
"""What functions do to files: in words, and the arguments that say to which."""
_METHODS: dict[str, tuple[str, tuple[int | str, ...]]] = {
    "unlink": (_TAKES, ("",)),
    "rmdir": (_TAKES, ("",)),
    "rename": (_GIVES, ("", 0, "target")),
    "replace": (_GIVES, ("", 0, "target")),
    "symlink_to": (_GIVES, ("",)),
    "hardlink_to": (_GIVES, ("",)),
    "write_text": (_WRITES, ("",)),
    "write_bytes": (_WRITES, ("",)),
    "tofile": (_WRITES, (0,)),
    "from_file": (_WRITES, (0, "filename")),
}
"""The same of methods; an empty text is what the method is called on."""
_OFTEN_OTHERS = frozenset({"rename", "replace"})
"""Methods of texts and tables, too: those count whose file is known."""
_HOMES = frozenset({"os", "shutil"})
_LOOKING_UP = late_pattern(r"\bgetattr\(|\b__dict__\b|\bvars\(")
_MENTIONS = late_pattern(
    r"\b(?:remove|unlink|rmdir|removedirs|rmtree|truncate|renames?|replace|symlink|link|symlink_to|"
    r"hardlink_to|move|copy\w*|memmap|open_memmap|from_file|tofile|write_text|write_bytes|save|"
    r"save_file|basicConfig|FileHandler|open)\b"
)
_HARMLESS = late_pattern(
    r"load|read|exist|is_?file|is_?dir|path|join|print|repr|str$|format|len$|stat|get|parse|arg|"
    r"option|field|log|info|warn|debug|error|raise|Exception|find|list|glob|hash|digest|"
    r"startswith|endswith|default|restore|resume|from_|append|extend|isinstance|sorted|safe_globals",
    flags=2,  # whatever its case
)
"""Names of what is given a file's path and leaves the file alone."""
_MAKING_PATHS = frozenset({"Path", "PurePath", "str", "abspath", "realpath", "fspath", "open"})
_TEMPORARY = frozenset({"mkdtemp", "mkstemp", "TemporaryDirectory", "NamedTemporaryFile", "mktemp"})
_HOPS = 3


class _NodeOfProgram(NamedTuple):
    """A place of a program, and what it asks of the project."""

    node: ast.AST
    home: Module
    project: ProjectIndex

    def __str__(self) -> str:
        return f"{self.home.path}:{getattr(self.node, 'lineno', 0)}"


class Files(NamedTuple):
    """The files that a load reads."""

    root: Path
    paths: frozenset[str]
    """As the load spells them, seen from the root."""
    names: frozenset[str]
    """Their last parts, and those of the files that links lead to."""

    def are_met_by(self, text: str) -> bool:
        """Whether a pattern is that of one of the files, or of a folder around it."""
        gone = normpath(text)
        if gone == "." or gone.strip("*/.") == "":
            return True
        if any(matches(gone, path) or path.startswith(f"{gone}/") for path in self.paths):
            return True
        return any(_is_one(self.root / gone, self.root / path) for path in self.paths)


def files_of(paths: frozenset[str], root: Path) -> Files:
    """The files that a load reads, by the patterns of their paths."""
    named = {basename(path) for path in paths}
    real = {(root / path).resolve().name for path in paths}
    return Files(root, frozenset(map(normpath, paths)), frozenset(named | real))


def _is_one(one: Path, other: Path) -> bool:
    """Whether two names are those of one file."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def taken_before(
    module: Module, load: LoadCall, files: Files, project: ProjectIndex, *, brought: bool
) -> str:
    """The place, as ``file:row``, with what it does to the file; empty where there is none.

    ``brought``: whether a fix is in question. What takes unknown files away is no objection to
    one: where the load's file is gone, the load fails with it and without it.
    """
    for part in program_around(module, project):
        home = part.module
        if is_helper(home.path, home.text):
            continue
        is_named = any(name and name in home.text for name in files.names)
        if not (is_named or _MENTIONS.search(home.text) or _LOOKING_UP.search(home.text)):
            continue
        for node in part.unseen():
            if home is module and follows(node, load, module):
                continue
            place = _NodeOfProgram(node, home, project)
            said = _done(place, files, brought=brought) or (is_named and _given(place, files))
            if said:
                return f"{place} {said}"
    return ""


def follows(node: ast.AST, load: LoadCall, module: Module) -> bool:
    """Whether something comes after a load in its own function, and no loop leads back."""
    if getattr(node, "lineno", 0) <= load.node.lineno:
        return False
    loops = [one for one in ancestors(module, node) if isinstance(one, (ast.For, ast.While))]
    return module.function(node) is module.function(load.node) and not any(
        load.node in ast.walk(one) for one in loops
    )


def _done(place: _NodeOfProgram, files: Files, *, brought: bool) -> str:
    """What a node does to the files, in words; empty where it does nothing to them."""
    node, home = place.node, place.home
    if isinstance(node, ast.Call) and last_name(node.func) == "getattr" and node.args:
        looked_up = node.args[1] if len(node.args) > 1 else None
        of = home.bindings.qualified(node.args[0])
        if of in _HOMES and not isinstance(looked_up, ast.Constant):
            return f"may call anything of {of}"
        name = f"{of}.{getattr(looked_up, 'value', '')}"
        return f"hands {name} on" if of and name in _FUNCTIONS else ""
    if isinstance(node, ast.Call) and _opens_to_write(node, home):
        return _effect(place, node, _WRITES, (0, "file", ""), files, brought=True)
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
        return ""
    call = home.parents.get(node)
    called = call if isinstance(call, ast.Call) and call.func is node else None
    whole = home.bindings.qualified(node) or ""
    if whole in _FUNCTIONS:
        words, arguments = _FUNCTIONS[whole]
        if called is None:
            return f"hands {whole} on" * (words in (_TAKES, _GIVES))
        return _effect(place, called, words, arguments, files, brought=brought)
    if isinstance(node, ast.Attribute) and node.attr in _METHODS:
        words, arguments = _METHODS[node.attr]
        if called is None:
            return ""
        is_other = node.attr in _OFTEN_OTHERS and (len(called.args) != 1 or called.keywords)
        if not is_other:
            is_lenient = brought or node.attr in _OFTEN_OTHERS
            return _effect(place, called, words, arguments, files, brought=is_lenient)
    return ""


def _effect(
    place: _NodeOfProgram,
    call: ast.Call,
    words: str,
    arguments: tuple[int | str, ...],
    files: Files,
    *,
    brought: bool,
) -> str:
    for target in _targets(call, arguments):
        engine = Engine(place.project)
        found = resolution(engine.top(target, place.home), engine, folders=True)
        if any(files.are_met_by(one.text) for one in found.patterns if one.text.strip("*/.")):
            return words.format("the file")
        if words is _WRITES or brought or _is_temporary(target, place.home):
            continue  # what saves to unknown places is asked elsewhere
        is_known = found.patterns and all(one.text.strip("*/.") for one in found.patterns)
        if not is_known and not isinstance(target, ast.Constant):
            return "takes away, or replaces, a file whose name is not known"
        if any(normpath(one.text) == "." for one in found.patterns):
            return words.format("the file")
    return ""


def _targets(call: ast.Call, arguments: tuple[int | str, ...]) -> Iterator[ast.expr]:
    for which in arguments:
        if isinstance(which, int):
            yield from call.args[which : which + 1]
        elif which:
            yield from (one.value for one in call.keywords if one.arg == which)
        elif isinstance(call.func, ast.Attribute):
            yield call.func.value


def _is_temporary(target: ast.expr, home: Module, hops: int = _HOPS) -> bool:
    """Whether a path lies in what ``tempfile`` has made."""
    for one in ast.walk(target):
        if isinstance(one, ast.Call) and last_name(one.func) in _TEMPORARY:
            return True
        found = home.bindings.definitions(one) if isinstance(one, ast.Name) and hops else ()
        values = [each.value for each in found if each.value is not None]
        if values and all(_is_temporary(value, home, hops - 1) for value in values):
            return True
    return False


def _opens_to_write(call: ast.Call, home: Module) -> bool:
    """``open`` (also of a path), ``os.open``, with a mode that is not one of reading."""
    if last_name(call.func) not in {"open", "fdopen"}:
        return False
    is_of_path = isinstance(call.func, ast.Attribute) and not home.bindings.qualified(call.func)
    given = call.args[0 if is_of_path else 1 :][:1]
    given += [one.value for one in call.keywords if one.arg in {"mode", "flags"}]
    if not given:
        return False
    mode = given[0]
    if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
        return not frozenset("wax+").isdisjoint(mode.value)
    return "RDONLY" not in ast.unparse(mode)


def _given(place: _NodeOfProgram, files: Files) -> str:
    """A function of a library that is given the path of the file, and may do anything to it."""
    call, home = place.node, place.home
    if not isinstance(call, ast.Call) or _HARMLESS.search(last_name(call.func) or ""):
        return ""
    if _opens_to_write(call, home) or last_name(call.func) == "open":
        return ""
    name = home.bindings.qualified(call.func) or ""
    own, _ = place.project.split(name, home.path) if name else (None, "")
    is_own = own is not None or (name and name.partition(".")[0] == home.name.partition(".")[0])
    if is_own or name in _FUNCTIONS or name == "torch.save":
        return ""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        if any(_is_named(text, files) for text in _texts(given, home)):
            return f"gives the file to {ast.unparse(call.func):.60}"
    return ""


def _texts(given: ast.expr, home: Module) -> Iterator[str]:
    """The texts that an argument is, or holds; not what is given to a call inside of it, unless
    that makes a path.
    """
    waiting: list[ast.AST] = [given]
    if isinstance(given, ast.Name):
        found = home.bindings.definitions(given)
        waiting += [one.value for one in found if one.value is not None]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        is_call = isinstance(node, ast.Call) and last_name(node.func) not in _MAKING_PATHS
        if not is_call and not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _is_named(text: str, files: Files) -> bool:
    return bool(text) and normpath(text) in files.paths
