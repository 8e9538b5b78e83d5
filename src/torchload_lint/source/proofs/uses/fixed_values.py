"""What a function is given there: numbers, a text that is always the same."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.known.harmless import (
    CONVERTING,
    MADE_ONCE,
    is_harmless,
    is_harmless_base,
)
from torchload_lint.source.proofs.uses.exact_values import is_exact_text, is_scalar
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_NUMBERS = frozenset({"bool", "float", "int", "len", "range"})
"""Builtins that give what numpy reads as it is."""
_MAKING_TEXTS = frozenset({"builtins.ascii", "builtins.repr", "builtins.str"})


def is_given_numbers(function: ast.AST, home: SourceFile) -> bool:
    """Whether a function is called with what has no ``__array_interface__``, an address that numpy
    believes.
    """
    call = home.parents.get(function)
    if not isinstance(call, ast.Call) or call.func is not function:
        return is_dtype(function, home)
    given = (*call.args, *(one.value for one in call.keywords))
    return all(_is_number(one, home) for one in given)


def is_above_definition(function: ast.AST, home: SourceFile) -> bool:
    """Whether a function is named, or called, as a decorator."""
    above, user = function, home.parents.get(function)
    if isinstance(user, ast.Call) and user.func is function:
        above, user = user, home.parents.get(user)
    return isinstance(user, (*FUNCTIONS, ast.ClassDef)) and above in user.decorator_list


def is_held_open(function: ast.AST, home: SourceFile) -> bool:
    """Whether a function is called right where a ``with`` opens what it gives, or as decorator."""
    call = home.parents.get(function)
    is_called = isinstance(call, ast.Call) and call.func is function
    is_opened = is_called and isinstance(home.parents.get(call), ast.withitem)
    return is_opened or is_above_definition(function, home)


def replaces_text(function: ast.AST, home: SourceFile) -> bool:
    """Whether ``x.replace(a, b)`` can only change a text, whatever a file has put into ``x``.

    ``PosixPath.replace(a, b)`` moves the file ``a``, and a file may put that class into ``x``: so
    ``x`` is known to be a text, or no file is called ``a``, or none can be called ``b``.
    """
    call = home.parents.get(function)
    if not isinstance(function, ast.Attribute) or not isinstance(call, ast.Call):
        return False
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    if call.func is not function or len(call.args) < 2 or starred:  # noqa: PLR2004 - old, new
        return False
    if _gives_text(function.value, home):
        return True
    old, new = call.args[:2]
    if not all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in (old, new)):
        return False
    return not text_of(new) or not any(character.isalnum() for character in text_of(old))


def copies_alone(function: ast.AST, home: SourceFile) -> bool:
    """Whether ``x.copy()`` is called with nothing: that of a Path copies a file to what it is given
    (Python 3.14).
    """
    call = home.parents.get(function)
    is_called = isinstance(call, ast.Call) and call.func is function
    return is_called and not (call.args or call.keywords)


def names_type(function: ast.AST, home: SourceFile) -> bool:
    """Whether ``x.type(...)`` is given a type of torch that stands there, or is only compared.

    That of a storage, which every file may hold, imports the module that a text names.
    """
    call = home.parents.get(function)
    if not isinstance(function, ast.Attribute):
        return False
    if not isinstance(call, ast.Call) or call.func is not function:
        return is_compared(function, home) or isinstance(call, ast.Subscript)
    given = (*call.args, *(one.value for one in call.keywords))
    return all(
        f"{text_of(one) or home.bindings.qualified(one)}".startswith("torch.") for one in given
    )


def is_plain_maker(call: ast.Call, home: SourceFile) -> bool:
    """Whether what makes a class (``namedtuple("P", "x y", defaults=[1])``) is given plain values:
    a file gets defaults, and the values of members, without asking for them.
    """
    makes_tuple = (home.bindings.qualified(call.func) or "").lower().endswith(".namedtuple")
    values = [*([] if makes_tuple else call.args[1:]), *(one.value for one in call.keywords)]
    if any(one.arg is None for one in call.keywords):
        return False
    return all(map(_holds_plain, values))


def _holds_plain(value: ast.expr) -> bool:
    """Whether all that a value holds is plain, with no list or the like in it."""
    parts = [*ast.walk(value)]
    held = (isinstance(one, ast.List | ast.Dict) for one in parts[1:])
    return all(isinstance(one, _PLAIN) for one in parts) and not any(held)


_PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp),
    *(ast.expr_context, ast.unaryop),
)


def _gives_text(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a text, of whichever class: one of a class of the file has its own ``replace``,
    and what its other methods give may be anything.
    """
    if isinstance(node, ast.Name):
        made = [(one.kind, one.value) for one in home.bindings.definitions(node)]
        return bool(made) and all(
            kind in {"assign", "walrus"} and value and not isinstance(value, ast.Name)
            and _gives_text(value, home) for kind, value in made
        )  # fmt: skip
    is_made = isinstance(node, ast.Call) and home.bindings.qualified(node.func) in _MAKING_TEXTS
    return is_made or isinstance(node, ast.JoinedStr) or is_exact_text(node, home)


def is_given_new_module(function: ast.AST, home: SourceFile) -> bool:
    """Whether a function is called with a module of torch's that is made right there."""
    call = home.parents.get(function)
    if not isinstance(call, ast.Call) or call.func is not function or not call.args:
        return False
    made = call.args[0]
    dotted = home.bindings.qualified(made.func) if isinstance(made, ast.Call) else None
    return is_harmless_base(dotted or "") and str(dotted).startswith("torch.nn.")


def is_dtype(node: ast.AST, home: SourceFile) -> bool:
    """Whether a type of numpy's is named to say what an array shall hold."""
    if not isinstance(node, ast.Attribute | ast.Name):
        return False
    name = (home.bindings.qualified(node) or "").rpartition(".")[2]
    user = home.parents.get(node)
    named = isinstance(user, ast.keyword) and user.arg == "dtype"
    given = isinstance(user, ast.Call) and getattr(user.func, "attr", "") == "astype"
    return name.startswith(("float", "int", "uint")) and (named or given or is_compared(node, home))


def _is_number(node: ast.expr, home: SourceFile) -> bool:
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_number(one, home) for one in node.elts)
    if isinstance(node, ast.UnaryOp | ast.BinOp):
        parts = (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
        return all(_is_number(one, home) for one in parts)
    dotted = home.bindings.qualified(node.func if isinstance(node, ast.Call) else node) or ""
    if isinstance(node, ast.Call):
        is_array = dotted.startswith("numpy.") and is_harmless(dotted)
        return is_array or dotted.removeprefix("builtins.") in _NUMBERS
    is_constant = dotted.startswith(("numpy.", "math.")) and dotted not in CONVERTING
    return is_constant or is_dtype(node, home) or is_scalar(node, home)


def is_fixed_text(node: ast.AST, home: SourceFile) -> bool:
    """Whether it is a text that stands there, or under a name that stands for nothing else."""
    if isinstance(node, ast.BinOp):
        return is_fixed_text(node.left, home) and is_fixed_text(node.right, home)
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Constant)
    made = [(one.kind, one.value) for one in home.bindings.definitions(node)]
    return bool(made) and all(
        kind == "assign" and isinstance(value, ast.Constant) for kind, value in made
    )


def is_made_once(call: ast.Call, home: SourceFile) -> bool:
    """Whether a call makes a value that stays as it is."""
    func = call.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
        return func.attr in {"absolute", "resolve"} and is_made_once(func.value, home)
    return home.bindings.qualified(func) in MADE_ONCE


def is_compared(node: ast.expr, home: SourceFile) -> bool:
    """Whether a class is only compared, shown, or asked about by ``isinstance``."""
    user = home.parents.get(node)
    while isinstance(user, ast.Tuple | ast.BinOp):
        user = home.parents.get(user)
    if isinstance(user, ast.Attribute):
        return user.attr in {"__name__", "__qualname__", "__module__"}
    if isinstance(user, ast.Call):
        is_builtin = isinstance(user.func, ast.Name) and not home.bindings.definitions(user.func)
        known = {"isinstance", "issubclass", "str", "repr", "id", "print"}
        return user.func is not node and is_builtin and user.func.id in known  # type: ignore[attr-defined]
    return isinstance(user, ast.Compare | ast.FormattedValue | ast.Expr)


def shows_own_error(keyword: ast.keyword, function: ast.expr, home: SourceFile) -> bool:
    """Whether a logger shows no more than the error at hand: of a traceback that a file has made up
    (``exc_info=x``) it reads the lines of the files that this names.
    """
    name = function.attr if isinstance(function, ast.Attribute) else ""
    if keyword.arg is None:
        return name not in _LOGGING
    if keyword.arg != "exc_info" or isinstance(keyword.value, ast.Constant):
        return True
    caught = home.bindings.definitions(keyword.value) if isinstance(keyword.value, ast.Name) else ()
    return bool(caught) and all(one.kind == "except" for one in caught)


_LOGGING = frozenset("critical debug error exception fatal info log warn warning".split())
