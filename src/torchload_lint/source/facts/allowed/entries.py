"""The items of an allowlist: what each of them is, and whether all of them are known."""

from __future__ import annotations

import ast
from copy import deepcopy
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry, EntryKind
from torchload_lint.source.text.expressions import code_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.source.names.source_file import SourceFile

_DEPTH = 4
"""How many names are followed from the argument to the list."""
_BREADTH = 4
"""How many definitions of each name are followed; a list with several is never complete."""
_INSTANCES = frozenset({"numpy.dtype", "torch.device", "torch.dtype"})
_CONSTANTS = frozenset(
    f"torch.{name}"
    for name in (
        "float16 float32 float64 bfloat16 half float double int8 int16 int32 int64 uint8 bool "
        "complex64 complex128 strided contiguous_format channels_last preserve_format"
    ).split()
)
"""Values of torch that carry no ``__qualname__``, so that no allowlist can hold them."""
_DTYPE_NAMES = {
    "?": "bool", "b1": "bool", "b": "int8", "i1": "int8", "B": "uint8", "u1": "uint8",
    "h": "int16", "i2": "int16", "H": "uint16", "u2": "uint16", "i": "int32", "i4": "int32",
    "I": "uint32", "u4": "uint32", "q": "int64", "l": "int64", "i8": "int64", "int": "int64",
    "Q": "uint64", "u8": "uint64", "e": "float16", "f2": "float16", "f": "float32",
    "f4": "float32", "d": "float64", "f8": "float64", "float": "float64", "F": "complex64",
    "c8": "complex64", "D": "complex128", "c16": "complex128", "complex": "complex128",
    "O": "object", "U": "str", "str": "str", "S": "bytes", "bytes": "bytes", "V": "void",
    "M8": "datetime64", "m8": "timedelta64",
}  # fmt: skip
"""Short names of numpy dtypes → the name that the DType class is called after (numpy 2)."""
_DTYPE_CLASSES = {
    **{
        name: f"{name.capitalize()}DType"
        for name in "bool int8 int16 int32 int64 float16 float32 float64 object str bytes".split()
    },
    **{f"uint{bits}": f"UInt{bits}DType" for bits in (8, 16, 32, 64)},
    "complex64": "Complex64DType",
    "complex128": "Complex128DType",
    "longdouble": "LongDoubleDType",
    "clongdouble": "CLongDoubleDType",
    "datetime64": "DateTime64DType",
    "timedelta64": "TimeDelta64DType",
    "void": "VoidDType",
}


def entries_of(module: SourceFile, node: ast.expr) -> tuple[tuple[AllowlistEntry, ...], bool]:
    """The items of the list that an expression stands for, and whether they are all there are."""
    items, complete = _items(module, node, _DEPTH)
    return tuple(_entry(module, item) for item in items), complete


def _items(module: SourceFile, node: ast.expr, depth: int) -> tuple[list[ast.expr], bool]:
    if depth == 0:
        return [], False
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return _spread(module, node.elts, depth)
    if isinstance(node, ast.Starred):
        return _items(module, node.value, depth - 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([_items(module, part, depth - 1) for part in (node.left, node.right)])
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        made = module.bindings.qualified(node.func)
        if made in {"builtins.list", "builtins.tuple", "builtins.set", "builtins.sorted"}:
            return _items(module, node.args[0], depth - 1)
    if isinstance(node, ast.Name):
        return _named(module, node, depth)
    if isinstance(node, ast.Attribute):
        values = module.bindings.member_values(node)[:_BREADTH]
        items, complete = _joined([_items(module, value, depth - 1) for value in values])
        return items, complete and len(values) == 1
    return [], False


def _spread(
    module: SourceFile, elements: list[ast.expr], depth: int
) -> tuple[list[ast.expr], bool]:
    return _joined(
        [
            _items(module, element.value, depth - 1)
            if isinstance(element, ast.Starred)
            else ([element], True)
            for element in elements
        ]
    )


def _joined(parts: list[tuple[list[ast.expr], bool]]) -> tuple[list[ast.expr], bool]:
    return [item for items, _ in parts for item in items], all(known for _, known in parts)


def _named(module: SourceFile, node: ast.Name, depth: int) -> tuple[list[ast.expr], bool]:
    """A list by name: complete where it is assigned once and never added to."""
    definitions = module.bindings.definitions(node)
    values = [part.value for part in definitions if part.kind == "assign" and part.value]
    values = values[:_BREADTH]
    items, complete = _joined([_items(module, value, depth - 1) for value in values])
    plain = len(values) == 1 and len(definitions) == 1 and not _is_added_to(module, node.id)
    return items, complete and plain


def _is_added_to(module: SourceFile, name: str) -> bool:
    for node in module.carrying(name):
        parent = module.parents.get(node)
        if isinstance(parent, ast.Attribute) and parent.attr in {
            "append", "extend", "insert", "add", "update", "remove", "clear", "pop",
        }:  # fmt: skip
            return True
        if isinstance(parent, ast.AugAssign) and parent.target is node:
            return True
    return False


def is_helper_function(module: SourceFile, function: ast.expr, name: str) -> bool:
    """Whether an expression is what the project's ``restore_only`` module offers by a name."""
    dotted = module.bindings.qualified(function) or ""
    return f".{dotted}".endswith(f".restore_only.{name}")


def _entry(module: SourceFile, node: ast.expr) -> AllowlistEntry:
    kind, obj, key, why = _read(module, node)
    return AllowlistEntry(node, module.span(node), kind, obj, key, why, _calls(module, node))


def _calls(module: SourceFile, node: ast.expr) -> tuple[str, ...] | None:
    """The arguments that an ``only_with`` entry lets through; None for any other entry."""
    if not isinstance(node, ast.Call):
        return None
    if not is_helper_function(module, node.func, "only_with"):
        return None
    return tuple(_by_whole_path(module, one) for one in node.args[1:])


def _by_whole_path(module: SourceFile, node: ast.expr) -> str:
    """An expression as text, with ``torch.nn.GELU`` for ``nn.GELU``."""
    copied = deepcopy(node)
    originals = {
        id(one): other for one, other in zip(ast.walk(copied), ast.walk(node), strict=True)
    }
    return ast.unparse(_Whole(module, originals).visit(copied))


class _Whole(ast.NodeTransformer):
    """Writes names by their whole path, as an import gives it."""

    def __init__(self, module: SourceFile, originals: Mapping[int, ast.AST]) -> None:
        self._module = module
        self._originals = originals

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """``GELU`` becomes ``torch.nn.GELU``."""
        return self._whole(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """``nn.GELU`` becomes ``torch.nn.GELU``."""
        return self._whole(node)

    def _whole(self, node: ast.Name | ast.Attribute) -> ast.expr:
        original = self._originals[id(node)]
        name = _global(self._module, original) if isinstance(original, ast.expr) else None
        if name is None:
            return node
        dotted = str(name).removeprefix("builtins.")
        return ast.parse(dotted, mode="eval").body


_Facts = tuple[EntryKind, "GlobalName | None", "str | None", str]


def _read(module: SourceFile, node: ast.expr) -> _Facts:
    if isinstance(node, ast.Tuple):
        return _pair(module, node)
    if isinstance(node, ast.Constant):
        shown = "a string" if isinstance(node.value, str) else repr(node.value)
        return _invalid(f"{shown} is not a class or function; torch needs the object itself")
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _reference(module, node)
    if isinstance(node, ast.Call):
        return _made(module, node)
    if isinstance(node, (ast.List, ast.Dict, ast.Set)):
        return _invalid("a collection is not a class or function")
    if isinstance(node, ast.JoinedStr):
        return _invalid("a string is not a class or function; torch needs the object itself")
    return EntryKind.UNKNOWN, None, None, ""


def _pair(module: SourceFile, node: ast.Tuple) -> _Facts:
    expected = 'a tuple has to be (object, "name")'
    if len(node.elts) != 2:  # noqa: PLR2004
        return _invalid(f"{expected}; this one has {len(node.elts)} items")
    obj, key = node.elts
    if isinstance(key, ast.Constant) and not isinstance(key.value, str):
        return _invalid(f"{expected}; {key.value!r} is not a name")
    if isinstance(obj, ast.Constant) and isinstance(obj.value, str):
        return _invalid(f"{expected}; the object comes first")
    text = text_of(key) or _constant_text(module, key)
    if not text:
        named = module.bindings.qualified(key) or ""
        if named.startswith("builtins.") or _is_own_class(module, key):
            return _invalid(f"{expected}; {code_of(key)} is not a name")
        return EntryKind.UNKNOWN, None, None, ""
    return EntryKind.PAIR, _global(module, obj), text, ""


def _constant_text(module: SourceFile, node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        texts = {
            text_of(part.value) if part.value is not None else ""
            for part in module.bindings.definitions(node)
        }
        if len(texts) == 1:
            return texts.pop()
    return ""


def _reference(module: SourceFile, node: ast.Name | ast.Attribute) -> _Facts:
    if isinstance(node, ast.Name) and _constant_text(module, node):
        return _invalid(f"'{node.id}' is a string; torch needs the object itself")
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        dtype = _dtype_class(module, node.value)
        if dtype is not None:
            return EntryKind.TYPE_OF_DTYPE, dtype, None, ""
    if isinstance(node, ast.Attribute) and node.attr in {"__name__", "__qualname__"}:
        return _invalid("a string is not a class or function; torch needs the object itself")
    name = _global(module, node)
    if name is None:
        return EntryKind.UNKNOWN, None, None, ""
    if str(name) in _CONSTANTS:
        return _invalid(f"{name} is a value, not a class or function")
    return EntryKind.OBJECT, name, None, ""


def _made(module: SourceFile, node: ast.Call) -> _Facts:
    """``type(np.dtype("float64"))`` and ``getattr(module, "Name")``; other calls make instances."""
    made = module.bindings.qualified(node.func)
    if made == "builtins.type" and len(node.args) == 1:
        dtype = _dtype_class(module, node.args[0])
        kind = EntryKind.TYPE_OF_DTYPE if dtype is not None else EntryKind.UNKNOWN
        return kind, dtype, None, ""
    restored = is_helper_function(module, node.func, "restore_only")
    if node.args and (restored or is_helper_function(module, node.func, "only_with")):
        key = text_of(node.args[1]) if restored and len(node.args) > 1 else ""
        key = next((text_of(one.value) for one in node.keywords if one.arg == "name"), key)
        obj = _global(module, node.args[0])
        return (EntryKind.PAIR, obj, key, "") if key else (EntryKind.OBJECT, obj, None, "")
    name = _global(module, node)
    if name is not None:
        return EntryKind.OBJECT, name, None, ""
    if made in _INSTANCES or _is_own_class(module, node.func):
        return _invalid(f"{code_of(node.func)}(...) is an instance; its class is needed")
    return EntryKind.UNKNOWN, None, None, ""


def _is_own_class(module: SourceFile, node: ast.expr) -> bool:
    if not isinstance(node, ast.Name):
        return False
    definitions = module.bindings.definitions(node)
    return bool(definitions) and all(part.kind == "class" for part in definitions)


def _dtype_class(module: SourceFile, node: ast.expr) -> GlobalName | None:
    """``numpy.dtypes.Float64DType`` for ``np.dtype("float64")`` or ``np.dtype(np.float64)``."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return None
    if module.bindings.qualified(node.func) != "numpy.dtype":
        return None
    name = text_of(node.args[0]).lstrip("<>=|")
    if not name:
        name = (module.bindings.qualified(node.args[0]) or "").rpartition(".")[2].rstrip("_")
    if name[:1] in {"U", "S", "V"} and name[1:].isdigit():
        name = name[0]
    known = _DTYPE_CLASSES.get(_DTYPE_NAMES.get(name.partition("[")[0], name.partition("[")[0]))
    return GlobalName("numpy.dtypes", known) if known else None


def _global(module: SourceFile, node: ast.expr) -> GlobalName | None:
    """The name of what an expression refers to; a nested class keeps its whole qualified name."""
    dotted = module.bindings.qualified(node)
    if not dotted:
        return None
    own = f"{module.name or '__main__'}."
    if dotted.startswith(own):
        return GlobalName(own[:-1], dotted.removeprefix(own))
    return GlobalName.parse(dotted)


def _invalid(why: str) -> _Facts:
    return EntryKind.INVALID, None, None, why
