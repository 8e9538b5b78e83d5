"""Configurations that a test around a place rules out.

Below ``if cfg.data.name == "moses":`` a configuration whose ``data.name`` is another one is not
that of the run, and what it says beside that (``cfg.data.folder``) is not what is used there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.branches import endings, guards
from torchload_lint.source.branches.tests_apart import all_parts
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.names.source_file import SourceFile

_MOST_NAMES = 4
"""How many names in turn for a part of a configuration are followed."""
_MOST_BEFORE = 16
"""How many statements before a place are asked whether they end what comes before it."""
_OF_TEXTS = frozenset({"startswith", "endswith"})


class _Chain(NamedTuple):
    """``cfg.data["name"]``: a name, and the keys that are asked for one after the other."""

    root: ast.Name
    keys: tuple[str, ...]


class AskedOf(NamedTuple):
    """What a test asks of an entry of a configuration."""

    keys: tuple[str, ...]
    test: tuple[ast.expr, bool]
    subject: ast.expr


def asked_of(
    node: ast.Name | ast.Attribute | ast.Subscript, module: SourceFile, assumed: Tests
) -> list[AskedOf]:
    """What the tests around a place, and those that are assumed, ask of entries of what stands
    there.
    """
    tests = [*_tests(node, module), *_assumed(assumed, module)]
    here = _chain(node, module) if tests else None
    if here is None:
        return []
    found: list[AskedOf] = []
    for test, subject in tests:
        there = _chain(subject, module)
        if there is None or there.keys[: len(here.keys)] != here.keys or there.keys == here.keys:
            continue
        if _is_one_thing(here.root, there.root, module) and not _is_set(there.keys, module):
            found.append(AskedOf(there.keys[len(here.keys) :], test, subject))
    return found


def steady(node: ast.AST, module: SourceFile) -> Tests:
    """The tests around a place of what stays what it is in the file: names and attributes, and
    entries that are asked for by a key.
    """

    def find() -> Tests:
        return tuple(
            test
            for test, subject in _tests(node, module)
            if not isinstance(subject, ast.Name)
            and (chain := _chain(subject, module)) is not None
            and not _is_set(chain.keys, module)
        )

    of_names = guards.of_steady_names(node, module)
    return of_names + module.remember(("steady entries", node), find)


def fails(asked: AskedOf, configuration: Value, module: SourceFile) -> bool:
    """Whether all that a file says for the entry is ruled out."""
    return _verdicts(asked, configuration, module) == {False}


def holds(asked: AskedOf, configuration: Value, module: SourceFile) -> bool:
    """Whether all that a file says for the entry is what is asked for."""
    return _verdicts(asked, configuration, module) == {True}


def _verdicts(asked: AskedOf, configuration: Value, module: SourceFile) -> set[bool | None]:
    held: Values = (configuration,)
    for key in asked.keys:
        held = tuple(
            one for each in held if isinstance(each, Record) for one in each.entries.get(key, ())
        )
    return {
        guards.says(asked.test, asked.subject, each, module)
        if each.rung.height >= Rung.CONFIG_FILE.height
        else None
        for each in held
    }


def _tests(node: ast.AST, module: SourceFile) -> list[tuple[tuple[ast.expr, bool], ast.expr]]:
    """The comparisons around a place, those that end what comes before it among them, and what
    each is about.
    """

    def find() -> list[tuple[tuple[ast.expr, bool], ast.expr]]:
        parts = [part for part, _ in guards.asked_around(node, module)]
        parts += all_parts(endings.left_before(node, module, _MOST_BEFORE))
        return [(part, about) for part in parts if (about := _compared(part[0])) is not None]

    return module.remember(("compared around", node), find)


def _assumed(
    assumed: Tests, module: SourceFile
) -> Iterator[tuple[tuple[ast.expr, bool], ast.expr]]:
    for test in assumed:
        about = _compared(test[0])
        if about is not None and about in module.parents:
            yield test, about


def _compared(test: ast.expr) -> ast.expr | None:
    """What a comparison is about; None for a test whether something is there or true."""
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute):
        return test.func.value if test.func.attr in _OF_TEXTS else None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    contents = [each.value for each in ast.walk(test) if isinstance(each, ast.Constant)]
    if any(each is None or isinstance(each, bool) for each in contents):
        return None
    return guards.main_side(test)


def _chain(node: ast.expr, module: SourceFile) -> _Chain | None:
    """The name at the beginning of an expression and the keys behind it. A name that is given such
    an expression alone stands for it.
    """
    keys: tuple[str, ...] = ()
    for _ in range(_MOST_NAMES):
        while (asked := _asked(node)) is not None:
            node, key = asked
            keys = (key, *keys)
        if not isinstance(node, ast.Name):
            return None
        defined = module.bindings.definitions(node)
        given = defined[0].value if len(defined) == 1 else None
        if given is None or _asked(given) is None:
            return _Chain(node, keys)
        node = given
    return None


def _asked(node: ast.expr) -> tuple[ast.expr, str] | None:
    """What is asked for a key, and that: ``cfg.key``, ``cfg["key"]``, ``cfg.get("key")``."""
    if isinstance(node, ast.Attribute):
        return node.value, node.attr
    holder = key = None
    if isinstance(node, ast.Subscript):
        holder, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        holder, key = node.func.value, node.args[0] if node.func.attr == "get" else None
    content = key.value if isinstance(key, ast.Constant) else None
    return (holder, content) if holder is not None and isinstance(content, str) else None


def _is_one_thing(one: ast.Name, other: ast.Name, module: SourceFile) -> bool:
    """Whether two names of a file are given the same; ``self`` of one class is one object."""
    if one.id != other.id:
        return False
    given = [module.bindings.definitions(each) for each in (one, other)]
    return bool(given[0]) and (given[0] == given[1] or _is_self_of_one_class(one, other, module))


def _is_self_of_one_class(one: ast.Name, other: ast.Name, module: SourceFile) -> bool:
    methods = [module.function(each) for each in (one, other)]
    holders = [module.parents.get(each) for each in methods if each is not None]
    return (
        one.id == "self"
        and len(holders) == 2  # noqa: PLR2004 - both
        and holders[0] is holders[1]
        and isinstance(holders[0], ast.ClassDef)
    )


def _is_set(keys: tuple[str, ...], module: SourceFile) -> bool:
    """Whether the file stores anything under the last of the keys, where nothing tells that it is
    in another part of a configuration: ``cfg.general.name = …`` is none of ``cfg.data.name``.
    """
    return any(
        1 in {len(chain.keys), len(keys)} or chain.keys[-2:] == keys[-2:]
        for chain in module.remember(("stored chains", keys[-1]), lambda: _stored(keys[-1], module))
    )


def _stored(key: str, module: SourceFile) -> list[_Chain]:
    nodes = module.carrying(key)
    nodes += [module.parents[each] for each in nodes if isinstance(each, ast.Constant)]
    stores = [
        each
        for each in nodes
        if isinstance(each, ast.Attribute | ast.Subscript) and isinstance(each.ctx, ast.Store)
    ]
    return [chain for each in stores if (chain := _chain(each, module)) is not None]
