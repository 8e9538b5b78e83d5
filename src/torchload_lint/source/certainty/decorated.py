"""Decorators: whether they change what their function yields, or is given."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.seen_changes import SeenChange
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

HARMLESS_DECORATORS = frozenset(
    """
    staticmethod classmethod property cached_property abstractmethod abstractproperty override final
    overload lru_cache cache wraps no_grad inference_mode enable_grad contextmanager
    asynccontextmanager dataclass total_ordering runtime_checkable fixture setter getter deleter
    autocast jit ignore unused export profile record typechecked jaxtyped
    """.split()
)
"""Decorators (their last names) after which a function yields what it did."""


_DISPATCHING = frozenset({"singledispatch", "singledispatchmethod"})
"""Decorators that call other functions, registered for what is given."""


def of_functions(evaluator: Evaluator) -> Iterator[str]:
    """Decorators of functions that were followed, or whose callers were."""
    relied = evaluator.relied
    called = {function: module for function, (module, _) in relied.called.items()}
    kinds = (
        (relied.functions, "the decorator {} may change what {}() yields"),
        (called, "the decorator {} may call {}()"),
    )
    for functions, words in kinds:
        for node, module in functions.items():
            for decorator in getattr(node, "decorator_list", ()):
                word = last_word(decorator)
                if word not in HARMLESS_DECORATORS:
                    why = words.format(word, getattr(node, "name", "it"))
                    changes = _is_seen_to_change(decorator, module, evaluator.project)
                    yield SeenChange(why) if changes or word in _DISPATCHING else why


def _is_seen_to_change(decorator: ast.expr, module: SourceFile, project: ProjectIndex) -> bool:
    """Whether the project defines a decorator, and what it puts in the place of a function does
    more than to call it with all that it is given.
    """
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    dotted = module.bindings.qualified(named) or ""
    found = [each.node for each in project.definitions(dotted, module.path)] if dotted else []
    if isinstance(named, ast.Name):
        found += [each.node for each in module.bindings.definitions(named)]
    ours = [each for each in found if isinstance(each, (*FUNCTIONS, ast.ClassDef))]
    return not all(isinstance(each, FUNCTIONS) and _passes_on(each) for each in ours)


def _passes_on(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function and those in it yield nothing but each other, the function that they are
    given, and what that yields for all that the innermost is given.
    """
    inside = [each for each in ast.walk(function) if isinstance(each, FUNCTIONS)]
    holders = [
        each for each in inside if any(one in inside for one in ast.walk(each) if one is not each)
    ]
    given = {
        arg.arg for each in holders or inside for arg in (*each.args.posonlyargs, *each.args.args)
    }
    wrapped = {each.name for each in inside} | given
    results: set[str] = set()
    touched: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _passes_all(node.value, given):
            results |= {each.id for each in node.targets if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
            touched |= {each.id for each in _targets(node) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            touched.add(node.value.id)
    returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)]
    plain = {each.id for each in returned if isinstance(each, ast.Name)}
    values = [each.value for each in ast.walk(function) if isinstance(each, ast.Starred)]
    keywords = [each for each in ast.walk(function) if isinstance(each, ast.keyword)]
    values += [each.value for each in keywords if each.arg is None]
    spread = {each.id for each in values if isinstance(each, ast.Name)}
    simple = (isinstance(each, ast.Name) or _passes_all(each, given) for each in returned)
    return (
        bool(returned)
        and all(simple)
        and plain <= wrapped | results
        and not touched & (results | spread)
    )


def _targets(node: ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For) -> Iterator[ast.AST]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from ast.walk(target)


def _passes_all(value: ast.expr | None, given: set[str]) -> bool:
    """``function(*args, **kwargs)``."""
    if not isinstance(value, ast.Call) or getattr(value.func, "id", "") not in given:
        return False
    spread = [each for each in value.args if isinstance(each, ast.Starred)]
    named = [each for each in value.keywords if each.arg is None]
    whole = len(spread) == len(value.args) and len(named) == len(value.keywords)
    values = [each.value for each in spread] + [each.value for each in named]
    return whole and all(isinstance(each, ast.Name) for each in values)


def last_word(node: ast.expr) -> str:
    """The name of a decorator, without what it is a part of or is given."""
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
