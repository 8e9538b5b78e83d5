"""Code of an object that runs while torch goes through a list which the object is in.

torch reads a list without holding on to its items, and without looking whether there are fewer of
them by now. It asks an item for attributes (``__getattr__``), and goes through one that has items
itself (``__len__``, ``__iter__``, ``__getitem__``). Where that changes the list, torch 2.13 ends
the interpreter: ``torch.Tensor(items)``, and the sizes of any tensor.

Such a method may lead to another one of any class: ``==`` to ``__eq__``, ``self.size`` to a
property. So none of those that Python calls by itself may set an item, or call anything but
functions of Python that lead to such methods alone. What a class does when it is called is not
among them, nor what is called by its name.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import is_function
from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.proofs.uses.decorators import PROPERTIES, is_accessor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.names.source_file import SourceFile

_BY_CALLS = frozenset(
    """
    __aenter__ __aexit__ __call__ __copy__ __deepcopy__ __del__ __delitem__ __dir__ __enter__
    __exit__ __format__ __getnewargs__ __getnewargs_ex__ __getstate__ __init__ __init_subclass__
    __new__ __post_init__ __reduce__ __reduce_ex__ __repr__ __set_name__ __setitem__ __setstate__
    __sizeof__ __str__ __subclasses__
    """.split()
)
"""Special methods that take a call, a statement or a text, none of which is allowed meanwhile."""
_CALLED = frozenset(
    """
    abs all any bool callable enumerate frozenset getattr hasattr hash id isinstance issubclass iter
    len list max min next object range reversed set slice sum super tuple type vars zip
    """.split()
)
"""Functions of Python that lead to methods which Python calls by itself, and to no others: not
``dict``, which calls ``keys`` of the object, nor ``int``, whose error shows a text."""
_OF_BASES = frozenset(
    """
    __bool__ __contains__ __delattr__ __eq__ __ge__ __getattr__ __getattribute__ __getitem__ __gt__
    __hash__ __iter__ __le__ __len__ __lt__ __ne__ __next__ __reversed__ __setattr__
    """.split()
)
_OF_TEXTS = frozenset({"endswith", "startswith"})
_OF_MAPPINGS = frozenset({"items", "keys", "values"})
"""Methods that the bases of mappings call (``Mapping.__eq__``)."""
_BY_NAME = frozenset({"__delattr__", "__getattr__", "__getattribute__", "__setattr__"})
"""Methods whose first argument is the name of an attribute."""
_SHOWN = frozenset({"__name__", "__qualname__", "__module__"})
_NOT_CALLED = (ast.Constant, ast.Dict, ast.List, ast.Set, ast.Tuple)


def changes_meanwhile(piece: ast.AST, home: SourceFile) -> str:
    """Where a method that Python calls by itself may change a list; empty where none does."""
    if not is_function(piece) or not _is_asked(piece, home):
        return ""
    for node in (one for statement in piece.body for one in ast.walk(statement)):
        if _may_change(node, home) or (isinstance(node, ast.Call) and not _is_quiet(node, home)):
            return told(node, home)
    return ""


def named_otherwise(names: Iterable[str], value: ast.expr, home: SourceFile) -> str:
    """Where a class body gives such a method by another value than one of them."""
    if not any(map(_is_special, names)) or isinstance(value, _NOT_CALLED):
        return ""
    is_one = isinstance(value, ast.Name) and _is_special(value.id)
    return "" if is_one else told(value, home)


def told(node: ast.AST, home: SourceFile) -> str:
    """What is wrong with code that may change a list meanwhile."""
    row = getattr(node, "lineno", 1)
    return f"{home.path}:{row} runs while torch goes through a list that it may change"


def _is_asked(method: ast.FunctionDef | ast.AsyncFunctionDef, home: SourceFile) -> bool:
    if not isinstance(home.parents.get(method), ast.ClassDef):
        return False
    decorators = method.decorator_list
    is_property = any(
        is_accessor(one, home) or home.bindings.qualified(one) in PROPERTIES for one in decorators
    )
    return is_property or method.name in _OF_MAPPINGS or _is_special(method.name)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__") and name not in _BY_CALLS


def _may_change(node: ast.AST, home: SourceFile) -> bool:
    if isinstance(node, ast.With | ast.AsyncWith | ast.MatchMapping):
        return True
    if isinstance(node, ast.Dict):
        return None in node.keys  # ``{**x}`` calls ``keys``
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.FormattedValue):
        return not _is_shown(node.value, home)
    if isinstance(node, ast.BinOp):  # ``"%s" % x``
        return isinstance(node.op, ast.Mod) and not _is_shown(node.right, home)
    if isinstance(node, ast.AugAssign):
        is_count = isinstance(node.value, ast.Constant) and isinstance(node.op, ast.Add | ast.Sub)
        return not is_count
    return False


def _is_shown(node: ast.expr, home: SourceFile) -> bool:
    """``name`` of the attribute that is asked for, ``type(self).__name__``."""
    if isinstance(node, ast.Attribute):
        return node.attr in _SHOWN
    return _is_name_of_attribute(node, home) or isinstance(node, ast.Constant)


def _is_quiet(call: ast.Call, home: SourceFile) -> bool:
    """Whether a call leads to nothing but methods which Python calls by itself."""
    func = call.func
    if isinstance(func, ast.Name):
        return _is_quiet_builtin(func, call, home)
    if not isinstance(func, ast.Attribute):
        return False
    if func.attr in _OF_TEXTS:
        return _is_name_of_attribute(func.value, home)
    if isinstance(func.value, ast.Constant | ast.JoinedStr):
        return func.attr == "join"
    return _is_of_base(func, call, home)


def _is_quiet_builtin(func: ast.Name, call: ast.Call, home: SourceFile) -> bool:
    if home.bindings.qualified(func) != f"builtins.{func.id}":
        return False
    if func.id in {"getattr", "hasattr"} and not any(
        _is_name_of_attribute(one, home) for one in call.args[1:2]
    ):
        return False
    if func.id in _CALLED:
        return not call.keywords and not (func.id == "iter" and len(call.args) > 1)
    return func.id in BUILTINS and func.id.endswith(("Error", "Iteration"))


def _is_of_base(func: ast.Attribute, call: ast.Call, home: SourceFile) -> bool:
    """``super().__getattr__(name)``, ``object.__setattr__(self, name, value)``."""
    if func.attr not in _OF_BASES:
        return False
    given = call.args
    if isinstance(func.value, ast.Call):
        if getattr(func.value.func, "id", "") != "super":
            return False
    elif home.bindings.qualified(func.value) in BUILTINS:
        given = given[1:]
    else:
        return False
    return func.attr not in _BY_NAME or _is_name_of_attribute(given[0] if given else call, home)


def _is_name_of_attribute(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is what ``__getattr__`` and its like are given as a name: a text."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    method = home.function(node)
    if not isinstance(node, ast.Name) or getattr(method, "name", "") not in _BY_NAME:
        return False
    asked = method.args.args[1:2] if method is not None else []
    made = home.bindings.definitions(node)
    return bool(asked) and [one.node for one in made] == asked
