"""Tests of torch's version around a call: on which releases it is reached at all.

``if Version(torch.__version__) < Version("2.4"):``, an early return behind such a test, a flag made
of one, ``hasattr(torch.serialization, "safe_globals")``, a flag that says whether an import of
torch's worked, ``match torch.__version__``, and ``except TypeError`` around a load that passes
``weights_only``, which torch before 1.13 does not know.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.module import Module

_FIRST_WITH = {"safe_globals": (2, 5), "add_safe_globals": (2, 4), "weights_only": (1, 13)}
"""What a test may ask for → the first release that has it."""
_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_VERSION = late_pattern(r"v?(\d+)(?:\.(\d+))?(?:\.\d+)*")
_FLAG = late_pattern(
    r"(?i)(?:with_pt|torch_?(?:ge|gte|greater_(?:or_)?equal|at_least)_?)v?(\d)_?(\d+)$"
)
"""Flags of other files whose name tells: ``WITH_PT24``, ``_TORCH_GREATER_EQUAL_2_0``."""
_MOST_FLAGS = 4
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Bound(NamedTuple):
    """What a test says of torch's version."""

    operator: str
    """One of ``< <= > >= == !=``; ``?`` where the test is about the version but not understood."""
    version: tuple[int, int] = (0, 0)

    def admits(self, line: tuple[int, int]) -> bool:
        """Whether a release line (2.6 for 2.6.x) may have a release that passes."""
        if self.operator in {"<", "<="}:
            return line < self.version or (self.operator == "<=" and line == self.version)
        if self.operator in {">", ">="}:
            return line >= self.version
        return line == self.version if self.operator == "==" else True

    @property
    def negated(self) -> Bound:
        """What holds where the test fails."""
        return self._replace(operator=_NEGATED.get(self.operator, self.operator))


class _BlockLeft(NamedTuple):
    """A block of statements."""

    first: ast.stmt
    last: ast.stmt
    left_by: list[tuple[tuple[int, int], Bound]]
    """What the tests in it say whose bodies leave it, by where they stand."""


def bounds_at(place: ast.AST, module: Module) -> tuple[Bound, ...]:
    """What every test of torch's version says that must have passed, or failed, for a call."""
    if not module.holds("torch") or not _may_test(module):
        return ()
    return tuple(_around(place, module)) or _of_all_uses(place, module)


def _of_all_uses(place: ast.AST, module: Module) -> tuple[Bound, ...]:
    """The same for a load in a function that the file names only behind such tests."""
    function: ast.AST | None = place
    while function is not None and not isinstance(function, (*FUNCTIONS, ast.Lambda)):
        function = module.parents.get(function)
    name = getattr(function, "name", "")
    holder = module.parents.get(function) if function is not None else None
    if isinstance(function, ast.Lambda) and isinstance(holder, ast.Assign):
        name = getattr(holder.targets[0], "id", "")
    uses = module.carrying(name) if name else []
    asked = [tuple(_around(each, module)) for each in uses if not _is_stored(each)]
    if not asked or not all(asked):
        return ()
    return asked[0] if len(asked) == 1 else (Bound("?"),)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _may_test(module: Module) -> bool:
    words = ("version", "hasattr", "signature", "Error", "torch_", "TORCH", "WITH_PT")
    return any(map(module.holds, ("weights_only", *words)))


def _around(place: ast.AST, module: Module) -> Iterator[Bound]:
    child, parent = place, module.parents.get(place)
    while parent is not None:
        if isinstance(parent, (ast.If, ast.IfExp)):
            body = parent.body if isinstance(parent.body, list) else [parent.body]
            if child is not parent.test:
                yield from _said(parent.test, module, holds=child in body)
        elif isinstance(parent, ast.Match) and _is_of_torch(parent.subject, module):
            yield Bound("?")
        elif isinstance(parent, ast.ExceptHandler):
            yield from _of_handler(parent, module)
        if isinstance(child, ast.stmt):
            yield from _left_before(child, parent, module)
        child, parent = parent, module.parents.get(parent)


def _of_handler(handler: ast.ExceptHandler, module: Module) -> tuple[Bound, ...]:
    def find() -> tuple[Bound, ...]:
        if not _handles_unknown_keyword(handler, module):
            return ()
        only = _asks_what_was_raised(handler)
        return (Bound("?") if only else Bound("<", _FIRST_WITH["weights_only"]),)

    return module.remember(("version of a handler", handler), find)


def _left_before(statement: ast.stmt, parent: ast.AST, module: Module) -> Iterator[Bound]:
    """The tests further up in the same block whose body does not come back."""
    for first, last, bounds in module.remember(
        ("tests that leave", parent), lambda: _leaving(parent, module)
    ):
        if _place(first) <= _place(statement) <= _place(last):
            yield from (bound for place, bound in bounds if place < _place(statement))


def _leaving(parent: ast.AST, module: Module) -> list[_BlockLeft]:
    """What such tests say in each block of a statement, which many loads may share."""
    blocks = (getattr(parent, field, None) for field in ("body", "orelse", "finalbody"))
    return [
        _BlockLeft(
            block[0],
            block[-1],
            [
                (_place(other), bound)
                for other in block
                if isinstance(other, ast.If) and _leaves(other.body)
                for bound in _said(other.test, module, holds=False)
            ],
        )
        for block in blocks
        if isinstance(block, list) and block
    ]


def _place(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset


def _leaves(block: Sequence[ast.stmt]) -> bool:
    """Whether what follows a block is never reached through it."""
    last = block[-1]
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _leaves(last.body)
    if isinstance(last, ast.If) and last.orelse:
        return _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, _LEAVES)


def _handles_unknown_keyword(handler: ast.ExceptHandler, module: Module) -> bool:
    """Whether it is the ``except TypeError`` of a load that passes ``weights_only``, or one that
    looks for that word in what was raised.
    """
    statement = module.parents.get(handler)
    names = {node.id for node in ast.walk(handler.type or handler) if isinstance(node, ast.Name)}
    is_type_error = handler.type is not None and "TypeError" in names
    if not isinstance(statement, ast.Try) or not (is_type_error or _asks_what_was_raised(handler)):
        return False
    return any(
        isinstance(node, ast.keyword) and node.arg == "weights_only"
        for tried in statement.body
        for node in ast.walk(tried)
    )


def _asks_what_was_raised(handler: ast.ExceptHandler) -> bool:
    """``if "weights_only" in str(error):`` in a handler."""
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Constant)
        and node.left.value in {"weights_only", "unexpected keyword"}
        for node in ast.walk(handler)
    )


def _said(
    test: ast.expr, module: Module, *, holds: bool, flags: int = _MOST_FLAGS
) -> Iterator[Bound]:
    """What a test says where it holds, or where it does not; ``flags`` is how many names that were
    assigned other tests may stand for one another.
    """
    value = _value_of(test, module) if flags else test
    if value is not test and isinstance(value, (ast.UnaryOp, ast.BoolOp)):
        yield from _said(value, module, holds=holds, flags=flags - 1)
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _said(test.operand, module, holds=not holds, flags=flags)
    elif isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) == holds:
            for part in test.values:
                yield from _said(part, module, holds=holds, flags=flags)
        elif any(
            bound for part in test.values for bound in _said(part, module, holds=holds, flags=flags)
        ):
            yield Bound("?")  # one of them decides, which is not said
    else:
        for bound in _of_test(test, module):
            yield bound if holds else bound.negated


def _of_test(test: ast.expr, module: Module) -> Sequence[Bound]:
    value = _value_of(test, module)
    if isinstance(value, ast.Compare) and len(value.ops) == 1:
        bound = _of_comparison(value, module) or _of_identity(value, module)
        return (bound,) if bound else ()
    if isinstance(value, ast.Call):
        bound = _of_call(value)
        if bound is not None:
            return (bound,)
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    flag = _FLAG.search(name) if value is test else None
    if flag:
        return (Bound(">=", (int(flag[1]), int(flag[2]))),)
    imported = _tells_import(test, module)
    if imported is not None:
        return (imported,)
    unknown = _is_of_torch(value, module) or (value is test and _chooses_keyword(test, module))
    return (Bound("?"),) if unknown else ()


def _tells_import(test: ast.expr, module: Module) -> Bound | None:
    """What a name says that is set by whether an import of torch's worked.

    ``try: from torch.serialization import safe_globals; HAVE = True``, ``except ImportError: HAVE =
    False``, or the imported name itself, which the handler makes None.
    """
    name = test.id if isinstance(test, ast.Name) else ""
    for statement in on_rows(module.tree, rows_with(module.lines, [name])) if name else ():
        if not isinstance(statement, ast.Try):
            continue
        if not any(name in _bound_by(handler.body) for handler in statement.handlers):
            continue
        imported = _imported_from_torch(statement)
        if imported and name in {
            *_bound_by(statement.body),
            *_bound_by(statement.orelse),
            *imported,
        }:
            since = [_FIRST_WITH[one] for one in imported if one in _FIRST_WITH]
            return Bound(">=", max(since)) if since else Bound("?")
    return None


def _imported_from_torch(statement: ast.Try) -> list[str]:
    return [
        alias.name
        for tried in statement.body
        if isinstance(tried, ast.ImportFrom) and (tried.module or "").partition(".")[0] == "torch"
        for alias in tried.names
    ]


def _bound_by(block: Sequence[ast.stmt]) -> set[str]:
    """The names that assignments of a block bind."""
    return {
        target.id
        for statement in block
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _chooses_keyword(test: ast.expr, module: Module) -> bool:
    """Whether a test whose value is not known here decides about ``weights_only`` being passed.

    Such as a flag of another file, or a function: where one side loads with it alone, and something
    else in the function loads without it, it is taken for a test of what torch can do.
    """
    if isinstance(test, ast.Name) and _value_of(test, module) is not test:
        return False
    holder = module.parents.get(test)
    while isinstance(holder, (ast.UnaryOp, ast.BoolOp)):
        holder = module.parents.get(holder)
    if not isinstance(holder, (ast.If, ast.IfExp)):
        return False
    passed = _passes_true(holder.body)
    block = _block_of(holder, module)
    others = holder.orelse or block[block.index(holder) + 1 :]
    if passed == _passes_true(others) or _has_load_without(holder.body if passed else others):
        return False
    around = module.function(holder) or module.tree
    return module.remember(
        ("loads without weights_only", around), lambda: _has_load_without(around)
    )


def _has_load_without(code: ast.AST | Sequence[ast.AST]) -> bool:
    """Whether something is loaded there without the keyword."""
    return any(
        isinstance(node, ast.Call)
        and last_name(node.func).endswith("load")
        and not _passes_true(node)
        for part in (code if isinstance(code, list) else [code])
        for node in ast.walk(part)  # type: ignore[arg-type]
    )


def _block_of(statement: ast.AST, module: Module) -> list[ast.AST]:
    parent = module.parents.get(statement)
    fields = (getattr(parent, field, None) for field in ("body", "orelse", "finalbody"))
    return next((one for one in fields if isinstance(one, list) and statement in one), [statement])


def _passes_true(code: ast.AST | Sequence[ast.AST]) -> bool:
    """Whether ``weights_only=True`` is passed somewhere in it."""
    return any(
        isinstance(node, ast.keyword)
        and node.arg == "weights_only"
        and isinstance(node.value, ast.Constant)
        and node.value.value is True
        for part in (code if isinstance(code, list) else [code])
        for node in ast.walk(part)  # type: ignore[arg-type]
    )


def _value_of(node: ast.expr, module: Module) -> ast.expr:
    """What a name was assigned, where that is done once in the file, or what a function of the file
    returns at once; else the node itself.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        return _returned_by(node.func.id, module) or node
    if not isinstance(node, ast.Name):
        return node
    found = module.assigned.get(node.id, ())
    return found[0] if len(found) == 1 else node


def _returned_by(name: str, module: Module) -> ast.expr | None:
    found = [
        each for each in module.tree.body if isinstance(each, ast.FunctionDef) and each.name == name
    ]
    last = found[0].body[-1] if len(found) == 1 else None
    return last.value if isinstance(last, ast.Return) else None


def _of_comparison(test: ast.Compare, module: Module) -> Bound | None:
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], (ast.In, ast.NotIn)) and isinstance(left, ast.Constant):
        asks = "signature" in ast.dump(right) and left.value == "weights_only"
        bound = Bound(">=", _FIRST_WITH["weights_only"]) if asks else None
        return bound.negated if bound and isinstance(test.ops[0], ast.NotIn) else bound
    operator = _OPERATORS.get(type(test.ops[0]), "")
    if _is_of_torch(right, module):
        left, right, operator = right, left, _MIRRORED.get(operator, operator)
    if not _is_of_torch(left, module):
        return None
    version = _version_in(right, left)
    return Bound(operator, version) if version and operator else Bound("?")


def _of_identity(test: ast.Compare, module: Module) -> Bound | None:
    """``safe_globals is None``, where an import that failed made it so."""
    is_none = isinstance(test.comparators[0], ast.Constant) and test.comparators[0].value is None
    imported = _tells_import(test.left, module) if is_none else None
    if imported is None or not isinstance(test.ops[0], (ast.Is, ast.IsNot)):
        return None
    return imported if isinstance(test.ops[0], ast.IsNot) else imported.negated


def _is_of_torch(node: ast.expr, module: Module) -> bool:
    """Whether torch's own version stands in an expression, or in what a name of it was assigned."""
    if not module.holds("version") and not module.holds("get_distribution"):
        return False
    for part in ast.walk(node):
        value = _value_of(part, module) if isinstance(part, ast.Name) else part
        if any(map(_is_version_of_torch, ast.walk(value))):
            return True
    return False


def _is_version_of_torch(node: ast.AST) -> bool:
    """``torch.__version__``, ``importlib.metadata.version("torch")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        called = ast.unparse(node.func).rpartition(".")[2]
        given = node.args[0]
        return called in {"version", "get_distribution"} and (
            isinstance(given, ast.Constant) and given.value == "torch"
        )
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "__version__"
        and ast.unparse(node.value) in {"torch", "th", "torch.version"}
    )


def _version_in(node: ast.expr, compared: ast.expr) -> tuple[int, int] | None:
    """A literal version: a text, ``Version("2.4")``, ``(2, 4)``, or the major number alone."""
    if isinstance(node, (ast.Tuple, ast.List)):
        numbers = [item.value for item in node.elts if isinstance(item, ast.Constant)]
        if numbers and all(isinstance(number, int) for number in numbers):
            return (int(str(numbers[0])), int(str(numbers[1])) if len(numbers) > 1 else 0)
        return None
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return (node.value, 0) if ast.unparse(compared).rstrip(")").endswith("[0]") else None
    texts = [
        str(part.value)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, (str, float))
    ]
    match = _VERSION.match(texts[0]) if len(texts) == 1 else None
    return (int(match[1]), int(match[2] or 0)) if match else None


def _of_call(call: ast.Call) -> Bound | None:
    """``hasattr(torch.serialization, "safe_globals")``, ``is_torch_version(">=", "2.4")``."""
    texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
    name = ast.unparse(call.func).rpartition(".")[2].lower()
    if name == "hasattr":
        if not call.args or "torch" not in ast.unparse(call.args[0]):
            return None
        version = _FIRST_WITH.get(str(texts[-1]) if texts else "")
        return Bound(">=", version) if version else None
    if "torch" not in name or not texts:
        return None
    match = _VERSION.fullmatch(str(texts[-1]))
    if match is None:
        return None
    given = str(texts[0]) if len(texts) > 1 else ">=" if "less" not in name else "<"
    version = (int(match[1]), int(match[2] or 0))
    return Bound(given, version) if given in _NEGATED else Bound("?")
