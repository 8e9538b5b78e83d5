"""Which special methods an expression may call, where no call is written."""

from __future__ import annotations

import ast

from torchload_lint.source.text.expressions import last_name

_AS_TEXT = ("__str__", "__repr__", "__format__")
_IN_TURN = ("__iter__", "__next__", "__getitem__", "__len__")
_AS_TRUTH = ("__bool__", "__len__")
_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.MatMult: "matmul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.BitXor: "xor",
}
_UNARY: dict[type[ast.unaryop], tuple[str, ...]] = {
    ast.USub: ("__neg__",),
    ast.UAdd: ("__pos__",),
    ast.Invert: ("__invert__",),
    ast.Not: _AS_TRUTH,
}
_COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.In: ("__contains__", *_IN_TURN),
    ast.NotIn: ("__contains__", *_IN_TURN),
    ast.Eq: ("__eq__",),
    ast.NotEq: ("__ne__", "__eq__"),
    ast.Lt: ("__lt__", "__gt__"),
    ast.LtE: ("__le__", "__ge__"),
    ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"),
}
_BUILTINS = {
    **dict.fromkeys(("str", "print", "format", "repr"), _AS_TEXT),
    **dict.fromkeys(
        "list tuple set frozenset dict sorted sum max min any all iter next zip map filter".split(),
        _IN_TURN,
    ),
    "len": ("__len__",),
    "bool": _AS_TRUTH,
    "int": ("__int__", "__index__"),
    "float": ("__float__",),
    "abs": ("__abs__",),
    "hash": ("__hash__",),
    "reversed": ("__reversed__", *_IN_TURN),
    "enumerate": _IN_TURN,
}


def special_methods(node: ast.AST) -> tuple[str, ...]:
    """The names of the methods that evaluating ``node`` itself may call (Python's data model,
    "Special method names"); those of its parts are asked for apart.
    """
    if isinstance(node, ast.BinOp):
        of = _ARITHMETIC[type(node.op)]
        text = _AS_TEXT if isinstance(node.op, ast.Mod) else ()
        return (f"__{of}__", f"__r{of}__", *text)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)]
    if isinstance(node, ast.Compare):
        return tuple(name for op in node.ops for name in _COMPARED.get(type(op), ()))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _BUILTINS.get(last_name(node.func), ())
    return next((found for kinds, found in _OTHERS if isinstance(node, kinds)), ())


_OTHERS = (
    (ast.Subscript, ("__getitem__", "__missing__")),
    (ast.FormattedValue, _AS_TEXT),
    (ast.Starred, _IN_TURN),
    (ast.comprehension, (*_IN_TURN, *_AS_TRUTH)),
    ((ast.BoolOp, ast.IfExp), _AS_TRUTH),
)
