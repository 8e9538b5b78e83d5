"""Who puts another file where a load reads one: copies, renames, links, and bytes that are written.

What a ``torch.save`` puts there is known (``producers``); of these nothing is known but the place.
"""

from __future__ import annotations

import ast
from posixpath import normpath
from typing import TYPE_CHECKING

from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.paths import resolution as resolution_of
from torchload_lint.source.text.candidates import carrying

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MAX_FILES = 16
"""Files that are searched for one load, its own first."""
_TO_SECOND = frozenset(
    f"{module}.{name}"
    for module, names in (
        ("shutil", ("copy", "copy2", "copyfile", "move")),
        ("os", ("replace", "rename", "renames", "link", "symlink")),
    )
    for name in names
)
_OF_A_PATH = frozenset({"write_bytes", "symlink_to", "hardlink_to"})
"""Methods of paths that make the file itself."""
_TO_A_PATH = frozenset({"rename", "replace"})
"""Methods of paths that make what they are given."""
_WORDS = frozenset({name.rpartition(".")[2] for name in _TO_SECOND} | _OF_A_PATH | _TO_A_PATH)


def overwriting(paths: Iterable[str], module: Module, project: ProjectIndex) -> str:
    """The place, as ``file:row``, that puts another file at one of some paths (from the project's
    root, as the code spells them); empty where there is none.
    """
    wanted = {normpath(path) for path in paths}
    for home in _modules(wanted, module, project):
        for call, target in _writes(home):
            engine = Engine(project)
            found = resolution_of(engine.top(target, home), engine).patterns
            if any(one.exact and normpath(one.text) in wanted for one in found):
                return f"{home.path}:{call.lineno}"
    return ""


def _modules(paths: Iterable[str], module: Module, project: ProjectIndex) -> Iterator[Module]:
    """The load's own file, and those that spell the name of one of the files."""
    yield module
    names = {path.rpartition("/")[2] for path in paths}
    holding = sorted({each for name in names for each in project.holding(name)} - {module.path})
    for path in holding[:MAX_FILES]:
        found = project.module_at(path)
        if found is not None:
            yield found


def _writes(module: Module) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls that may put a file somewhere, and the expression that says where."""
    for word, nodes in carrying(module.tree, module.lines, _WORDS).items():
        for node in nodes:
            call = module.parents.get(node)
            if not isinstance(call, ast.Call) or call.func is not node:
                continue
            target = _target(call, node, word, module)
            if target is not None:
                yield call, target


def _target(call: ast.Call, node: ast.AST, word: str, module: Module) -> ast.expr | None:
    if module.bindings.qualified(call.func) in _TO_SECOND:
        named = [each.value for each in call.keywords if each.arg == "dst"]
        return next(iter((*call.args[1:2], *named)), None)
    if isinstance(node, ast.Attribute) and word in _OF_A_PATH:
        return node.value
    if isinstance(node, ast.Attribute) and word in _TO_A_PATH and len(call.args) == 1:
        return call.args[0]
    return None
