"""Whether a program finds the modules of an allowlist where a proof finds them: ``sys.path``."""

from __future__ import annotations

import ast
from pathlib import Path
from posixpath import dirname, normpath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.paths import resolution
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.programs_around import program_around

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MENTIONS = late_pattern(r"\bsys\b(?s:.*)\bpath\b|\baddsitedir\b|meta_path|path_hooks")
_ADDING = frozenset({"append", "extend", "insert"})
_TAKING = frozenset({"remove", "pop", "clear", "__setitem__", "__delitem__"})
_FINDERS = frozenset({"meta_path", "path_hooks"})
_TURNING = frozenset({"sort", "reverse"})
_MAKING_PATHS = frozenset(
    """
    join dirname abspath realpath normpath Path PurePath resolve absolute getcwd cwd str fspath
    as_posix parent parents os sys path pathlib __file__ __path__ addsitedir site append
    insert extend
    """.split()
)
"""What a folder is spelled with that lies in the project, or above it."""
_READERS = frozenset(
    {"print", "len", "list", "tuple", "set", "join", "enumerate", "iter", "pformat"}
)
_HOPS = 4


def gap_in_search_path(module: Module, names: Iterable[str], context: Context) -> str:
    """Why another file may be imported for whole names (``pkg.net.Model``) than in a proof; empty
    where it is the same.
    """
    project = context.project
    root = Path(context.config.root).absolute()
    tops = _tops(module, names)
    changes = [
        one for one in _changes(module, project) if not _is_harmless(one, tops, root, project)
    ]
    if not changes:
        return ""
    roots = {normpath(one).removeprefix(".").removeprefix("/") for one in context.config.src}
    is_known = all(given is not None and _is_known(given, home) for given, home, _ in changes)
    for name in sorted(tops):
        places = _places(name, project)
        beyond = any(_holds(folder, name) for folder in list(root.parents)[:_HOPS])
        if len(places) > 1 or not places <= roots or (places and (beyond or not is_known)):
            return f"{changes[0][2]} changes where {name} is imported from"
    return ""


def _changes(
    module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.expr | None, Module, str]]:
    """What is put into ``sys.path``, unseen by a proof, with the file, and the place as
    ``file:row``; None for what is taken out.
    """
    for part in program_around(module, project):
        home = part.module
        for node in part.unseen() if _MENTIONS.search(home.text) else ():
            for given in _put(node, home):
                yield given, home, f"{home.path}:{getattr(node, 'lineno', 0)}"


def _put(node: ast.AST, home: Module) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.Call):
        yield from _put_by_call(node, home)
    elif isinstance(node, ast.Attribute) and node.attr in _FINDERS:
        yield None
    elif isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            held = target.value if isinstance(target, ast.Subscript) else target
            if _is_search_path(held, home):
                yield node.value
    elif isinstance(node, ast.Delete):
        inner = [one.value for one in node.targets if isinstance(one, ast.Subscript)]
        yield from (None for one in inner if _is_search_path(one, home))


def _put_by_call(call: ast.Call, home: Module) -> Iterator[ast.expr | None]:
    function = call.func
    if last_name(function) == "addsitedir":
        yield from call.args[:1]
    elif isinstance(function, ast.Attribute) and _is_search_path(function.value, home):
        if function.attr in _ADDING:
            yield from call.args[-1:]
        elif function.attr in _TAKING | _TURNING:
            yield None
    if last_name(function) not in _READERS:  # list.insert(sys.path, 0, "other")
        yield from (None for one in call.args if _is_search_path(one, home))


def _is_search_path(node: ast.expr, home: Module) -> bool:
    return home.bindings.qualified(node) == "sys.path" or ast.unparse(node) == "sys.path"


def _tops(module: Module, names: Iterable[str]) -> set[str]:
    """The first parts of whole names, and of what the file imports all of."""
    found = {name.partition(".")[0] for name in names}
    imports = [node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom)]
    for node in imports:
        if not node.level and any(alias.name == "*" for alias in node.names):
            found.add((node.module or "").partition(".")[0])
    return found - {""}


def _places(name: str, project: ProjectIndex) -> set[str]:
    """The folders of the project that hold a module or a package of that name."""
    found = set()
    for path in project.files.python_files():
        parts = path.split("/")
        if parts[-1] == f"{name}.py":
            found.add(dirname(path))
        if name in parts[:-1]:
            found.add("/".join(parts[: parts.index(name)]))
    return found


def _is_harmless(
    change: tuple[ast.expr | None, Module, str],
    tops: Iterable[str],
    root: Path,
    project: ProjectIndex,
) -> bool:
    """Whether one folder is added, by its name, that holds none of the modules in question."""
    given, home, _ = change
    if given is None or isinstance(given, (ast.List, ast.Tuple, ast.BinOp)):
        return False
    engine = Engine(project)
    patterns = resolution(engine.top(given, home), engine, folders=True).patterns
    folders = [
        Path(base, one.text) for one in patterns for base in (root, root / dirname(home.path))
    ]
    return (
        bool(folders)
        and all(one.exact for one in patterns)
        and not engine.open_ends
        and not any(_holds(folder, name) for folder in folders for name in tops)
    )


def _holds(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


def _is_known(node: ast.AST, home: Module, hops: int = _HOPS) -> bool:
    """Whether a folder is spelled with texts and the place of the file alone."""
    for one in ast.walk(node):
        word = one.id if isinstance(one, ast.Name) else getattr(one, "attr", "")
        if not word or word in _MAKING_PATHS:
            continue
        definitions = home.bindings.definitions(one) if isinstance(one, ast.Name) else ()
        values = [each.value for each in definitions if each.value is not None]
        if not hops or not values or len(values) < len(definitions):
            return False
        if not all(_is_known(value, home, hops - 1) for value in values):
            return False
    return True
