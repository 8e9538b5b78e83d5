"""Items that are taken by a key which a file may choose, or deleted; numbers that torch asks for.

``x[key]`` reads memory where a sparse CSR tensor says, when the key is ``([0], 0)`` or ``(…, 0)``.
What a file may do without any list (to go through a tensor, to take an item by a number) is not
counted, nor what cannot be a tensor, or a key that cannot be a tuple.

``del x[key]`` ends the interpreter where ``x`` is an ``UntypedStorage``, and so does ``x.pop(y)``
where ``x`` is the class ``UserDict``, which then deletes an item of ``y``.

torch reads lists of sizes without looking whether they have become shorter: where an item's own
``__index__`` takes something out of the list, torch 2.13 ends the interpreter.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import body, is_function
from torchload_lint.source.proofs.uses.exact_values import is_scalar
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition

    IsKnown = Callable[[ast.expr, SourceFile], bool]

_NUMBERS = frozenset({"__complex__", "__float__", "__index__", "__int__"})
_TO_NUMBERS = frozenset({"complex", "float", "int"})
_COUNTING = frozenset({"builtins.enumerate", "builtins.range"})
_PLAIN_BASES = frozenset(
    """
    abc.ABC builtins.object torch.utils.data.Dataset torch.utils.data.dataset.Dataset typing.Generic
    """.split()
)
"""Bases that have no ``keys``, by which Python takes each item."""
_DELETING = frozenset({"pop", "popitem"})
"""Methods that delete an item of the mapping that they are given."""
_DELETING_FIRST = frozenset({"clear", "popitem"})
"""Those that delete whatever item comes first: one of a storage, where that is the ``data`` of a
``UserDict``."""
_OF_PYTHON = frozenset(
    """
    builtins.dict builtins.list builtins.str builtins.tuple collections.Counter
    collections.OrderedDict collections.defaultdict
    """.split()
)
"""Bases that take their own items, and ask nothing of a tensor."""


def takes_chosen_item(node: ast.AST, home: SourceFile, is_known: IsKnown) -> bool:
    """Whether it takes an item of what may be a tensor, by what may be a tuple."""
    if isinstance(node, ast.Attribute):
        return node.attr == "__getitem__" and not _is_super_of_python(node.value, home)
    if isinstance(node, ast.Call) and home.bindings.qualified(node.func) == "builtins.getattr":
        return "__getitem__" in map(text_of, node.args[1:2])
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return False
    if _is_plain_key(node.slice, home, is_known) or _in_annotation(node, home):
        return False
    return not (_holds_items_itself(node.value, home, is_known) or _is_asked_by_number(node, home))


def deletes_chosen_item(node: ast.AST, home: SourceFile, is_known: IsKnown) -> bool:
    """Whether it deletes an item of what may be a storage."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_first = node.func.attr in _DELETING_FIRST and not node.args
        is_chosen = node.func.attr in _DELETING and node.args and not is_known(node.args[0], home)
        if not (is_first or is_chosen):
            return False
        return not _holds_items_itself(node.func.value, home, is_known)
    if isinstance(node, ast.Attribute):
        return node.attr == "__delitem__" and not _is_super_of_python(node.value, home)
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Del):
        return False
    saves = getattr(home.function(node), "name", "") == "__getstate__"  # no load calls it
    return not (saves or _holds_items_itself(node.value, home, is_known))


def _is_plain_key(key: ast.expr, home: SourceFile, is_known: IsKnown) -> bool:
    """Whether a key is no tuple, or one of numbers and texts."""
    if isinstance(key, ast.Tuple):
        return all(isinstance(one, ast.Constant) and one.value is not Ellipsis for one in key.elts)
    if isinstance(key, ast.BinOp):
        return all(_is_plain_number(one, home) for one in (key.left, key.right))
    if isinstance(key, ast.UnaryOp):
        return isinstance(key.op, ast.Not) or _is_plain_number(key.operand, home)
    if isinstance(key, ast.Call) and getattr(key.func, "id", "") in {"list", "tuple"}:
        return False
    if isinstance(key, ast.Name | ast.Compare):
        return _is_plain_number(key, home)
    if isinstance(key, ast.List | ast.ListComp):
        return False
    return isinstance(key, ast.Slice | ast.Lambda) or is_known(key, home)


def _is_plain_number(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is exactly a number or a text, or a name that counts."""
    if isinstance(node, ast.BinOp):
        return all(_is_plain_number(one, home) for one in (node.left, node.right))
    if not isinstance(node, ast.Name):
        return is_scalar(node, home)
    made = home.bindings.definitions(node)
    return bool(made) and all(_counts(one, node, home) for one in made)


def _counts(made: Definition, key: ast.Name, home: SourceFile) -> bool:
    """Whether a name stands for a number: ``n = len(x)``, ``for i in range(3)``, ``for i, x in
    enumerate(y)``.
    """
    if made.kind in {"assign", "walrus"} and made.value is not None:
        return is_scalar(made.value, home)
    loop: ast.AST | None = made.node
    while loop is not None and not isinstance(loop, ast.For | ast.comprehension):
        if isinstance(loop, ast.stmt | ast.Lambda):
            return False
        loop = home.parents.get(loop)
    if loop is None or not isinstance(loop.iter, ast.Call):
        return False
    dotted = home.bindings.qualified(loop.iter.func)
    if dotted not in _COUNTING or not _counts_from_numbers(loop.iter, dotted, home):
        return False
    if dotted == "builtins.range":
        return isinstance(loop.target, ast.Name)
    first = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else None
    return isinstance(first, ast.Name) and first.id == key.id


def _counts_from_numbers(call: ast.Call, dotted: str, home: SourceFile) -> bool:
    """Whether ``range`` or ``enumerate`` begins with a number, and adds one: what the sum of an
    object is whose class derives from ``int``, that class says.
    """
    given = [*call.args, *(one.value for one in call.keywords)]
    if dotted == "builtins.enumerate" or len(given) == 1:
        added = given[1:]
    else:
        added = given[:1] + given[2:]
    is_spread = any(isinstance(one, ast.Starred) for one in given)
    return not is_spread and all(is_scalar(one, home) for one in added)


def _holds_items_itself(node: ast.expr, home: SourceFile, is_known: IsKnown) -> bool:
    """Whether what an item is taken of is no tensor, nor asks one for an item of its own."""
    possible = home.bindings.possible(node)
    if possible and "" not in possible:
        return True  # ``Optional[x]``
    if isinstance(node, ast.Call):
        is_vars = getattr(node.func, "id", "") == "vars"
        return is_vars or _is_super_of_python(node, home) or is_known(node, home)
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__"
    if not isinstance(node, ast.Name):
        return is_known(node, home)
    if home.bindings.class_of_self(node) is not None:
        holder = _class_around(node, home)
        return holder is not None and _derives_from(holder, home, _OF_PYTHON)
    made = home.bindings.definitions(node)
    return bool(made) and all(_is_made_of_python(one, home, is_known) for one in made)


def _is_super_of_python(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is ``super()`` where the bases are known to take their own items: a ``UserDict``
    asks whatever its ``data`` is.
    """
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "super":
        return False
    holder = _class_around(node, home)
    bases = holder.bases if isinstance(holder, ast.ClassDef) else []
    plain = (one.value if isinstance(one, ast.Subscript) else one for one in bases)
    return {home.bindings.qualified(one) for one in plain} <= _OF_PYTHON | _PLAIN_BASES


def _is_made_of_python(made: Definition, home: SourceFile, is_known: IsKnown) -> bool:
    if made.kind == "assign" and made.value is not None:
        return is_known(made.value, home)
    arguments = home.parents.get(made.node)
    return isinstance(arguments, ast.arguments) and made.node in (arguments.vararg, arguments.kwarg)


def _is_asked_by_number(node: ast.Subscript, home: SourceFile) -> bool:
    """``def __getitem__(self, i): return self.items[i]``: Python and torch ask it with numbers, and
    other code of classes that are allowed is itself looked at.
    """
    function = home.function(node)
    if function is None or getattr(function, "name", "") != "__getitem__":
        return False
    key = function.args.args[1:2]
    holder = home.parents.get(function)
    if (
        not key
        or getattr(node.slice, "id", "") != key[0].arg
        or not isinstance(holder, ast.ClassDef)
    ):
        return False
    has_keys = any(getattr(one, "name", "") == "keys" for one in body(holder.body))
    return not has_keys and _derives_from(holder, home, _PLAIN_BASES, also_none=True)


def _derives_from(
    holder: ast.ClassDef, home: SourceFile, names: frozenset[str], *, also_none: bool = False
) -> bool:
    """Whether a class has no base but these, and, of those with items, no ``__getitem__``."""
    plain = (one.value if isinstance(one, ast.Subscript) else one for one in holder.bases)
    bases = {home.bindings.qualified(one) for one in plain}
    own = any(getattr(one, "name", "") == "__getitem__" for one in body(holder.body))
    return (also_none or (bool(bases) and not own)) and bases <= names


def _class_around(node: ast.AST, home: SourceFile) -> ast.ClassDef | None:
    around = home.parents.get(node)
    while around is not None and not isinstance(around, ast.ClassDef):
        around = home.parents.get(around)
    return around


def _in_annotation(node: ast.AST, home: SourceFile) -> bool:
    inner, user = node, home.parents.get(node)
    while isinstance(user, ast.Subscript | ast.Tuple | ast.BinOp | ast.List):
        inner, user = user, home.parents.get(user)
    if isinstance(user, ast.AnnAssign):
        return user.annotation is inner
    return isinstance(user, ast.arg) or (isinstance(user, FUNCTIONS) and user.returns is inner)


def gives_odd_number(piece: ast.AST, home: SourceFile) -> bool:
    """Whether a method that says which number an object is does more than to read it."""
    if not isinstance(piece, FUNCTIONS) or piece.name not in _NUMBERS:
        return False
    holder = home.parents.get(piece)
    if not isinstance(holder, ast.ClassDef):
        return False
    defined = {one.name for one in body(holder.body) if is_function(one)}
    is_alone = _derives_from(holder, home, _PLAIN_BASES, also_none=True)
    if not is_alone or "__getattr__" in defined or "__getattribute__" in defined:
        return True
    does = [one for one in piece.body if not _is_docstring(one)]
    return not (
        len(does) == 1
        and isinstance(does[0], ast.Return)
        and does[0].value is not None
        and _is_read(does[0].value, defined)
    )


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_read(node: ast.expr, defined: set[str]) -> bool:
    """A number, an attribute, ``float(self.value) / 2``."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.attr not in defined
    if isinstance(node, ast.Call):
        is_number = isinstance(node.func, ast.Name) and node.func.id in _TO_NUMBERS
        return is_number and not node.keywords and all(_is_read(one, defined) for one in node.args)
    if isinstance(node, ast.BinOp):
        sides = (node.left, node.right)
        is_plain = all(isinstance(one, ast.Constant | ast.Call | ast.BinOp) for one in sides)
        return is_plain and all(_is_read(one, defined) for one in sides)
    return isinstance(node, ast.Constant)
