"""Whether a replacement of ``torch.load`` does nothing but say ``weights_only=False``.

Such a one can be taken away: what is left is the load as torch means it. One that also places
tensors on a device, counts the loads or asks something first is needed for that.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.names.members import is_function
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})


def only_says_false(module: SourceFile, replacement: ast.expr | None) -> bool:
    """Whether a partial, a lambda, or a function of the file passes all on as it is given."""
    if isinstance(replacement, ast.Call):
        partial = module.bindings.qualified(replacement.func) in _PARTIALS
        return partial and len(replacement.args) == 1 and _are_false(replacement.keywords)
    if isinstance(replacement, ast.Lambda):
        return _passes_on(replacement.body, replacement.args, in_place=False)
    if not isinstance(replacement, ast.Name):
        return False
    definitions = module.bindings.definitions(replacement)
    if len(definitions) != 1:
        return False
    made, value = definitions[0].node, definitions[0].value
    if is_function(made):
        return not made.decorator_list and _is_plain(made)
    return value is not None and only_says_false(module, value)


def _are_false(keywords: list[ast.keyword]) -> bool:
    return all(each.arg == KEY and _is_false(each.value) for each in keywords)


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_plain(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """``kwargs["weights_only"] = False`` and its kin, then ``return load(*args, **kwargs)``."""
    kwarg = function.args.kwarg.arg if function.args.kwarg else ""
    *before, last = function.body
    if before and isinstance(before[0], ast.Expr) and isinstance(before[0].value, ast.Constant):
        before = before[1:]
    says = all(_sets_false(each, kwarg) for each in before)
    if not says or not isinstance(last, ast.Return) or last.value is None:
        return False
    return _passes_on(last.value, function.args, in_place=bool(before))


def _sets_false(statement: ast.stmt, kwarg: str) -> bool:
    """``kwargs["weights_only"] = False``, ``kwargs.setdefault("weights_only", False)``, with or
    without ``if "weights_only" not in kwargs``.
    """
    if isinstance(statement, ast.If) and not statement.orelse:
        spelled = {f"'{KEY}' not in {kwarg}", f"not '{KEY}' in {kwarg}"}
        return ast.unparse(statement.test) in spelled and all(
            _sets_false(each, kwarg) for each in statement.body
        )
    spelled = {
        f"{kwarg}['{KEY}'] = False",
        f"{kwarg}.setdefault('{KEY}', False)",
        f"{kwarg}.update({KEY}=False)",
        f"{kwarg}.pop('{KEY}', None)",
    }
    return ast.unparse(statement) in spelled


def _passes_on(node: ast.expr, given: ast.arguments, *, in_place: bool) -> bool:
    """Whether a call gets all parameters as they are, and ``weights_only=False`` at most."""
    if not isinstance(node, ast.Call) or not last_name(node.func):
        return False
    plain = [*given.posonlyargs, *given.args]
    if given.kwonlyargs or given.defaults or given.kwarg is None:
        return False
    wanted = [each.arg for each in plain] + ([f"*{given.vararg.arg}"] if given.vararg else [])
    if [ast.unparse(each) for each in node.args] != wanted:
        return False
    name = given.kwarg.arg
    spread = [each for each in node.keywords if each.arg is None]
    named = [each for each in node.keywords if each.arg is not None]
    if len(spread) != 1 or not _are_false(named):
        return False
    shown = ast.unparse(spread[0].value)
    with_false = {f"{{**{name}, '{KEY}': False}}", f"{{'{KEY}': False, **{name}}}"}
    return shown in with_false or (shown == name and (in_place or bool(named)))
