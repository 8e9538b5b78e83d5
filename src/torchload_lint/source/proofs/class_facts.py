"""What the source says about a class, function or value that a checkpoint names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.names import CODE_AT_LOAD, ClassFacts
from torchload_lint.source.names.enumerated import member_values
from torchload_lint.source.names.members import base_expressions, body, is_function, member
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.project.origins import origins
from torchload_lint.source.project.outlines import maker_of, outline_of
from torchload_lint.source.proofs.proof import prove_class, why_made_unproven
from torchload_lint.source.proofs.restoring import computing_base, is_called, why_not_restorable
from torchload_lint.source.proofs.unpickled import run_by_class, run_by_function, run_by_import

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex


def facts(found: Found, project: ProjectIndex) -> ClassFacts:
    """What is known about a class, function or value that was found in the project."""
    key = ("facts", found.node, found.qualname)
    return project.remember(key, lambda: _facts(found, project))


def _facts(found: Found, project: ProjectIndex) -> ClassFacts:
    node, module = found.node, found.module
    name, kind, its_bases = outline_of(found)
    row = getattr(node, "lineno", 1)
    maker = maker_of(found)
    if maker:
        made = ClassFacts(name, kind, module.path, row, its_bases, foreign_bases=(maker,))
        unproven = why_made_unproven(found, project)
        return made._replace(
            unproven=unproven,
            import_runs=_import_runs(module, project),
        )
    if not isinstance(node, ast.ClassDef):
        runs = run_by_function(node, module, project) if is_function(node) else ()
        return ClassFacts(name, kind, module.path, row, runs=runs)
    lineage = tuple(ancestry(node, module, project))
    proof = prove_class(node, module, project)
    foreign = _foreign_bases(lineage, project)
    return ClassFacts(
        defined_as=name,
        kind=kind,
        path=module.path,
        row=row,
        bases=its_bases,
        foreign_bases=foreign,
        values=member_values(lineage, foreign),
        methods=frozenset(item.name for item in body(node.body) if is_function(item)),
        may_set_state=_may_set_state(node, module),
        slots=_slots(node),
        runs=run_by_class(node, module, project),
        unproven=proof.unproven,
        not_restorable=why_not_restorable(node, module, project),
        is_called=is_called(node, module, project),
        at_load=_code_at_load(lineage),
        asks=proof.asks,
        loose=proof.loose,
        hands=proof.hands,
        of_objects=proof.of_objects,
        leads=proof.leads,
        passes=proof.passes,
        functions=proof.functions,
        computes=proof.computes or computing_base(node, module, project),
        import_runs=_import_runs(module, project),
    )


def _code_at_load(lineage: tuple[tuple[ast.ClassDef, SourceFile], ...]) -> frozenset[str]:
    """What the class or a base in the project defines of that; a decorator makes how it hashes."""
    decorated = any(level.decorator_list for level, _ in lineage)
    made = {"__hash__"} if decorated else set()
    defined = {
        name for name in CODE_AT_LOAD for level, _ in lineage if member(level, name) is not None
    }
    return frozenset(made | defined)


def _import_runs(module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    return project.remember(("import runs", module.path), lambda: run_by_import(module, project))


def _foreign_bases(
    lineage: tuple[tuple[ast.ClassDef, SourceFile], ...], project: ProjectIndex
) -> tuple[str, ...]:
    """The bases outside of the project, direct or not, under their own names."""
    named = {
        origin
        for node, module in lineage
        for expression in base_expressions(node)
        for dotted in filter(None, module.bindings.possible(expression))
        for origin in origins(dotted, module.path, project)
    }
    return tuple(sorted(named))


def _may_set_state(node: ast.ClassDef, module: SourceFile) -> bool:
    """Whether the class may have a ``__setstate__`` of its own.

    A frozen dataclass with slots gets one, and so do classes of attrs; what other decorators do is
    not known.
    """
    if member(node, "__setstate__") is not None or node.keywords:
        return True
    return any(not _is_plain_dataclass(decorator, module) for decorator in node.decorator_list)


def _is_plain_dataclass(decorator: ast.expr, module: SourceFile) -> bool:
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    given = decorator.keywords if isinstance(decorator, ast.Call) else []
    has_slots = any(keyword.arg in {"slots", None} for keyword in given)
    return module.bindings.qualified(func) == "dataclasses.dataclass" and not has_slots


def _slots(node: ast.ClassDef) -> tuple[str, ...] | None:
    statement = member(node, "__slots__")
    value = getattr(statement, "value", None)
    if value is None:
        return None
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    items = (literal,) if isinstance(literal, str) else tuple(literal)
    return tuple(item for item in items if isinstance(item, str))
