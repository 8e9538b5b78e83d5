"""Values that all objects of a class, or all code of a module, share: are they only read.

What a file puts into such a list stays there for the whole program: the next command that it runs
may be the file's. So whoever gets hold of one must not be able to change it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.uses.exact_values import is_scalar

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

READING = frozenset(
    """
    copy count endswith format get index items join keys lower lstrip parent parents rstrip split
    startswith strip upper values debug info warning error warning_once exception
    """.split()
)
"""Methods that leave what a module or a class holds as it is."""
_FIXED_CALLS = frozenset(
    """
    builtins.float builtins.int builtins.object builtins.range collections.namedtuple enum.auto
    math.log math.sqrt pathlib.Path torch.Size torch.device typing.TypeVar
    """.split()
)
"""Calls whose results never change."""
_HOLDING_CALLS = frozenset({"builtins.frozenset", "builtins.tuple", "dataclasses.field"})
"""Those whose results never change, but what they hold may."""
_OF_ITEMS = frozenset("enumerate frozenset list reversed set sorted tuple zip".split())
_PLAIN_MAKERS = frozenset("bool float int len ord repr str".split())
_FIXED = (
    ast.BinOp, ast.BoolOp, ast.Compare, ast.Constant, ast.IfExp, ast.JoinedStr, ast.Lambda,
    ast.Tuple, ast.UnaryOp,
)  # fmt: skip
_COPYING = frozenset(
    "dict enumerate frozenset iter list max min reversed set sorted sum tuple zip".split()
)
"""Builtins that hand on the items, and not what holds them."""
_CHOOSING = frozenset({"max", "min", "sum"})
"""Those that may give back what they are given."""
_COMPARING = frozenset({"count", "index"})
"""Methods that compare the items with what they are given: ``x.__eq__(item)``."""
_TELLING = frozenset("all any bool isinstance len print range repr str".split())
"""Builtins that hand on nothing."""
_GIVING = frozenset("copy get items values".split())
"""Methods that give what is held."""
_DISPLAYS = (ast.Dict, ast.List, ast.Set, ast.Tuple)
ENDLESS = 99
"""The depth of what gives parts of itself."""


def may_change(value: ast.expr | None, home: SourceFile) -> bool:
    """Whether a value is one that something may be put into: anything but constants and names."""
    if value is None or isinstance(value, ast.Name | ast.Attribute):
        return False  # what a name stands for is looked at where it is defined
    if isinstance(value, ast.Call):
        called = home.bindings.qualified(value.func)
        if called in _HOLDING_CALLS:
            return depth_of(value, home) > 0
        return called not in _FIXED_CALLS
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare | ast.Lambda):
        return False
    if not isinstance(value, _FIXED):
        return True
    parts = (part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
    return any(may_change(part, home) for part in parts)


def depth_of(value: ast.expr | None, home: SourceFile) -> int:
    """How many levels of a value may be changed: 1 for a list of numbers, 2 for a list of lists;
    ``ENDLESS`` for what gives parts of itself (a tensor).
    """
    if isinstance(value, ast.Call) and home.bindings.qualified(value.func) in _HOLDING_CALLS:
        return _depth_of_held(value, home)
    if value is None or not may_change(value, home):
        return 0
    if isinstance(value, ast.BinOp | ast.BoolOp | ast.IfExp):
        sides = (one for one in ast.iter_child_nodes(value) if isinstance(one, ast.expr))
        return max(1, *(depth_of(one, home) for one in sides))
    if not isinstance(value, _DISPLAYS):
        return ENDLESS
    parts = (*value.keys, *value.values) if isinstance(value, ast.Dict) else value.elts
    return 1 + max((depth_of(one, home) for one in parts), default=0)


def _depth_of_held(call: ast.Call, home: SourceFile) -> int:
    """How many levels may be changed of what a tuple holds, or of the default of a field: what a
    factory makes is made anew for each object.
    """
    if home.bindings.qualified(call.func) == "dataclasses.field":
        return max((depth_of(one.value, home) for one in call.keywords
                    if one.arg != "default_factory"), default=0)  # fmt: skip
    inside = max((_depth_of_items(one, home) for one in call.args), default=0)
    return inside and inside + 1


def _depth_of_items(value: ast.expr, home: SourceFile) -> int:
    """The same of the items of a value, of which the value itself is not kept."""
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Name | ast.Attribute):
        return 0  # what a name stands for is looked at where it is used
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        return max((depth_of(one, home) for one in value.elts), default=0)
    if isinstance(value, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        if isinstance(value.elt, ast.Call) and _makes_plain(value.elt.func, home):
            return 0
        parts = (_depth_of_items(one.iter, home) for one in value.generators)
        return max(depth_of(value.elt, home), *parts)
    if not isinstance(value, ast.Call):
        return ENDLESS
    func = value.func
    if isinstance(func, ast.Attribute):  # "a b".split(), NAMES.values()
        return 0 if isinstance(func.value, ast.Constant | ast.Name) else ENDLESS
    is_builtin = isinstance(func, ast.Name) and not home.bindings.definitions(func)
    name = func.id if is_builtin else ""  # type: ignore[attr-defined]
    if name in _OF_ITEMS:
        return max((_depth_of_items(one, home) for one in value.args), default=0)
    is_plain = name == "map" and bool(value.args) and _makes_plain(value.args[0], home)
    return 0 if is_plain or name == "range" else ENDLESS


def _makes_plain(func: ast.expr, home: SourceFile) -> bool:
    is_builtin = isinstance(func, ast.Name) and not home.bindings.definitions(func)
    return is_builtin and func.id in _PLAIN_MAKERS  # type: ignore[attr-defined]


def default_by_place(node: ast.ClassDef, home: SourceFile) -> str:
    """A field of a NamedTuple whose default may be changed: who goes through an object of it gets
    hold of that without asking for the name. Empty where there is none.
    """
    if "typing.NamedTuple" not in map(home.bindings.qualified, node.bases):
        return ""
    fields = (one for one in node.body if isinstance(one, ast.AnnAssign))
    changing = (one for one in fields if depth_of(one.value, home))
    return next((ast.unparse(one.target) for one in changing), "")


def is_only_read(node: ast.expr, home: SourceFile, depth: int = 1) -> bool:
    """Whether this use of a list, a dict or a tensor leaves it as it is and hands it to nobody, nor
    what it holds where that may be changed: so many levels (``depth_of``).
    """
    if depth <= 0:
        return True
    user = home.parents.get(node)
    if isinstance(user, ast.Attribute):
        return user.attr in READING and _is_method_read(user, home, depth)
    if isinstance(user, ast.Subscript):
        is_item = user.value is node and isinstance(user.ctx, ast.Load)
        left = _copied(depth) if isinstance(user.slice, ast.Slice) else _inside(depth)
        return is_item and is_only_read(user, home, left)
    if isinstance(user, ast.Call):
        return node in user.args and _is_call_read(user, home, depth)
    if isinstance(user, ast.For | ast.comprehension):
        return user.iter is node and _inside(depth) == 0
    if isinstance(user, ast.If | ast.IfExp | ast.While | ast.Assert):
        return user.test is node
    if isinstance(user, ast.UnaryOp):
        return isinstance(user.op, ast.Not)
    if isinstance(user, ast.Starred) or (isinstance(user, ast.keyword) and user.arg is None):
        return _inside(depth) == 0
    if isinstance(user, ast.BinOp):
        return depth in {1, ENDLESS} or is_only_read(user, home, depth)
    return isinstance(user, ast.Compare | ast.FormattedValue)


def _is_call_read(call: ast.Call, home: SourceFile, depth: int) -> bool:
    """Whether a builtin that is given a list only reads it. ``max(NAMES, x)`` gives back either, as
    ``sum([], NAMES)`` does, and a ``key`` is given what the list holds.
    """
    is_builtin = isinstance(call.func, ast.Name) and not home.bindings.definitions(call.func)
    name = call.func.id if is_builtin else ""  # type: ignore[attr-defined]
    is_asked = depth > 1 and any(one.arg in {"key", None} for one in call.keywords)
    if is_asked or (name in _CHOOSING and len(call.args) > 1):
        return False
    if name == "isinstance" and not all(_is_class(one, home) for one in call.args[1:]):
        return False  # an object with __instancecheck__ is given it
    return name in _TELLING or (name in _COPYING and is_only_read(call, home, _copied(depth)))


def _is_method_read(method: ast.Attribute, home: SourceFile, depth: int) -> bool:
    """Whether what a reading method gives is only read."""
    call = home.parents.get(method)
    if not isinstance(call, ast.Call) or call.func is not method:
        return depth == 1 or method.attr not in _GIVING
    if method.attr in _COMPARING and depth > 1:
        return all(_is_plain_operand(one, home) for one in call.args)
    left = _inside(depth) if method.attr in {"get", "pop"} else _copied(depth)
    return method.attr not in _GIVING or is_only_read(call, home, left)


def _inside(depth: int) -> int:
    """How deep an item of it is."""
    return depth if depth == ENDLESS else depth - 1


def _copied(depth: int) -> int:
    """How deep a new list of its items is, in what others share."""
    return depth if depth != 1 else 0


def kept_default(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, home: SourceFile
) -> str:
    """A parameter whose default is a list or the like that the function may change; else empty."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    pairs = [*zip(last, arguments.defaults, strict=True)]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    pairs += [(one, default) for one, default in named if default is not None]
    shared = {one.arg: depth for one, default in pairs if (depth := depth_of(default, home))}
    for used in ast.walk(node) if shared else ():
        if isinstance(used, ast.Name) and not is_only_read(used, home, shared.get(used.id, 0)):
            return used.id
    return ""


def meets_another(node: ast.expr, home: SourceFile) -> bool:
    """Whether a value, or a part of it, is an operand beside what may have operators of its own:
    ``SIZES + x`` calls ``x.__radd__`` with the list.
    """
    user = home.parents.get(node)
    while isinstance(user, ast.Attribute | ast.Subscript | ast.Call):
        node, user = user, home.parents.get(user)
    if isinstance(user, ast.BinOp):
        operands = [user.left, user.right]
    elif isinstance(user, ast.Compare):
        operands = [user.left, *user.comparators]
    else:
        return False
    is_sum = isinstance(user, ast.BinOp)  # of lists: it asks nothing of what they hold
    return not all(
        one is node or _is_plain_operand(one, home) or (is_sum and _is_new_list(one, home))
        for one in operands
    )


def _is_new_list(node: ast.expr, home: SourceFile) -> bool:
    if isinstance(node, ast.Call):
        is_builtin = isinstance(node.func, ast.Name) and not home.bindings.definitions(node.func)
        return is_builtin and node.func.id in _LISTS  # type: ignore[attr-defined]
    return isinstance(node, (*_DISPLAYS, ast.ListComp))


_LISTS = frozenset({"dict", "list", "set", "sorted", "tuple"})


def _is_plain_operand(node: ast.expr, home: SourceFile) -> bool:
    if isinstance(node, _DISPLAYS):  # what stands in one is compared with what is looked for
        parts = (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr))
        return all(_is_plain_operand(one, home) for one in parts)
    return is_scalar(node, home)


def _is_class(node: ast.expr, home: SourceFile) -> bool:
    """Whether a class is named, and nothing that a file has given."""
    if isinstance(node, ast.Tuple):
        return all(_is_class(one, home) for one in node.elts)
    if isinstance(node, ast.BinOp):
        return _is_class(node.left, home) and _is_class(node.right, home)
    root: ast.expr = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name):
        return isinstance(node, ast.Constant)
    return all(one.qualified or one.kind == "class" for one in home.bindings.definitions(root))
