"""Whether what a program changes is an object of its own, or what it stores only data."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import member
from torchload_lint.source.project.callers import sites
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.known.harmless import (
    DECORATORS,
    MAKING_CLASSES,
    METACLASSES,
    is_harmless,
    is_harmless_base,
    makes_data,
)
from torchload_lint.source.proofs.replacing.all_callers import are_all_callers_known, written_for
from torchload_lint.source.proofs.replacing.other_selves import takes_another
from torchload_lint.source.proofs.uses.own_self import is_instance
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition

_NO_CLASSES = frozenset(
    {"ABCMeta", "Any", "Callable", "EnumMeta", "EnumType", "ModuleType", "Type", "object", "type"}
)
"""Annotations of what may be a class, a module or a function."""
_GIVES_MODULES = frozenset(
    "children modules named_children named_modules named_parameters parameters".split()
)
"""Methods of torch.nn.Module that go through objects."""
_COPIES_BY_ITSELF = tuple(f"def __{name}__" for name in ("copy", "deepcopy", "reduce", "reduce_ex"))
_GIVES_OPTIONS = frozenset({"parse_args", "parse_known_args"})
_FINDS_MODULES = frozenset(
    {"builtins.__import__", "importlib.import_module", "sys.modules.get", "sys.modules.pop"}
)
_CALLERS = 2
"""How many functions a parameter is followed up through."""
_NOT_A_METHOD = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


def is_data(value: ast.expr, home: SourceFile) -> bool:
    """Whether what is stored can do nothing by itself: constants, and what tables know."""
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare):
        return True
    if isinstance(value, ast.UnaryOp):
        return is_data(value.operand, home)
    if isinstance(value, ast.BinOp):
        may_hold_others = isinstance(value.op, ast.Add | ast.Mult | ast.BitOr)
        sides = value.left, value.right
        return not may_hold_others or all(is_data(side, home) for side in sides)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return all(is_data(one, home) for one in value.elts)
    if isinstance(value, ast.Dict):
        return all(one is not None and is_data(one, home) for one in (*value.keys, *value.values))
    if isinstance(value, ast.Call):
        called = home.bindings.qualified(value.func) or ""
        given = (*value.args, *(keyword.value for keyword in value.keywords))
        return makes_data(called) or (
            is_harmless(called) and all(is_data(one, home) for one in given)
        )
    if isinstance(value, ast.Name | ast.Attribute):
        return is_harmless(home.bindings.qualified(value) or "")
    return False


def is_object(
    node: ast.expr, home: SourceFile, project: ProjectIndex, callers: int = _CALLERS
) -> bool:
    """Whether it is an object that the program has made, which no checkpoint shares: ``self``, what
    the call of a class gave, or a parameter that all callers give such a thing (so many of them,
    one behind the other).
    """
    if not isinstance(node, ast.Name):
        return False
    definitions = home.bindings.definitions(node)
    if home.bindings.class_of_self(node) is not None:
        is_own = all(_is_of_instance(one.node, home) for one in definitions)
        return is_instance(node, home) and is_own and not takes_another(node, home, project)
    return _is_tested(node, home, project) or (
        bool(definitions) and all(_gives_object(one, home, project, callers) for one in definitions)
    )


def _is_tested(node: ast.Name, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether ``isinstance`` has said so: it stands in ``if isinstance(node, …):``."""
    inner: ast.AST = node
    while (outer := home.parents.get(inner)) is not None and not isinstance(outer, FUNCTIONS):
        if isinstance(outer, ast.If) and inner in outer.body:
            tests = outer.test.values if isinstance(outer.test, ast.BoolOp) else [outer.test]
            is_or = isinstance(outer.test, ast.BoolOp) and isinstance(outer.test.op, ast.Or)
            if not is_or and any(_says_object(one, node.id, home, project) for one in tests):
                return True
        inner = outer
    return False


def _says_object(test: ast.expr, name: str, home: SourceFile, project: ProjectIndex) -> bool:
    if not isinstance(test, ast.Call) or ast.unparse(test.func) != "isinstance":
        return False
    if len(test.args) != 2 or ast.unparse(test.args[0]) != name:  # noqa: PLR2004 - its two
        return False
    kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
    return all(_is_declared(one, home, project) or _is_unknown(one, home) for one in kinds)


def _is_unknown(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a name that the file does not have: what stands below it never runs."""
    return (
        isinstance(node, ast.Name)
        and not home.bindings.definitions(node)
        and node.id not in _NO_CLASSES
    )


def _gives_object(
    definition: Definition, home: SourceFile, project: ProjectIndex, callers: int
) -> bool:
    loop = definition.node
    if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Call):
        called = loop.iter.func
        return _is_libraries(called, _GIVES_MODULES, project)
    if definition.kind == "assign":
        return _makes_object(definition.value, home, project)
    if definition.kind in {"function", "class"}:
        return isinstance(home.bindings.scope(definition.node), FUNCTIONS)
    if not isinstance(definition.node, ast.arg):
        return False
    if definition.node.annotation is not None:
        return _is_declared(definition.node.annotation, home, project)
    return callers > 0 and _is_always_given_object(definition.node, home, project, callers - 1)


def _is_always_given_object(
    parameter: ast.arg, home: SourceFile, project: ProjectIndex, callers: int
) -> bool:
    """Whether all calls of a function are known, and each gives it an object of the program's."""
    function = home.parents[home.parents[parameter]]
    if not isinstance(function, FUNCTIONS) or function.decorator_list:
        return False
    if not project.remember(
        ("all callers are known", function), lambda: are_all_callers_known(function, home, project)
    ):
        return False
    given = [
        (written_for(parameter, function, one), one.module)
        for one in sites(project, home, function).calls
    ]
    return all(
        value is not None
        and (is_object(value, module, project, callers) or _makes_object(value, module, project))
        for value, module in given
    )


def _is_declared(annotation: ast.expr, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether a parameter's annotation says that it is an object of a class."""
    if isinstance(annotation, ast.BinOp):
        sides = annotation.left, annotation.right
        return all(_is_declared(side, home, project) for side in sides)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.isidentifier() and annotation.value not in _NO_CLASSES
    if isinstance(annotation, ast.Subscript):
        is_optional = home.bindings.qualified(annotation.value) == "typing.Optional"
        return is_optional and _is_declared(annotation.slice, home, project)
    if isinstance(annotation, ast.Constant):
        return annotation.value is None
    dotted = home.bindings.qualified(annotation) or ""
    return dotted.rpartition(".")[2] not in _NO_CLASSES and _is_class(dotted, home, project)


def _is_of_instance(parameter: ast.AST, home: SourceFile) -> bool:
    function = home.parents[home.parents[parameter]]
    if not isinstance(function, FUNCTIONS) or function.name in _NOT_A_METHOD:
        return False
    decorators = map(home.bindings.qualified, function.decorator_list)
    holder = home.parents[function]
    bases = map(home.bindings.qualified, getattr(holder, "bases", ()))
    return "builtins.classmethod" not in decorators and "builtins.type" not in bases


def _makes_object(value: ast.expr | None, home: SourceFile, project: ProjectIndex) -> bool:
    if not isinstance(value, ast.Call):
        return False
    if _is_libraries(value.func, _GIVES_OPTIONS, project):
        return True
    meanings = home.bindings.possible(value.func)
    if meanings & {"copy.copy", "copy.deepcopy"} and len(value.args) == 1:
        is_its_own = any(map(project.holding, _COPIES_BY_ITSELF))
        return is_object(value.args[0], home, project) and not is_its_own
    gives_class = not meanings.isdisjoint(MAKING_CLASSES)
    return (
        bool(meanings)
        and not gives_class
        and all(_is_class(one, home, project) for one in meanings)
    )


def _is_libraries(func: ast.expr, methods: frozenset[str], project: ProjectIndex) -> bool:
    """Whether it is one of these methods of a library: the project has none that is called so."""
    is_so_called = isinstance(func, ast.Attribute) and func.attr in methods
    return is_so_called and not project.holding(f"def {func.attr}")  # type: ignore[attr-defined]


def _is_class(dotted: str, home: SourceFile, project: ProjectIndex) -> bool:
    found = project.definitions(dotted, home.path) if dotted else ()
    if not found:
        last = dotted.rpartition(".")[2]
        is_named_so = last[:1].isupper() and not last.endswith(("Meta", "Type"))
        return is_named_so or makes_data(dotted) or is_harmless_base(dotted)
    return all(
        isinstance(one.node, ast.ClassDef)
        and METACLASSES.isdisjoint(map(one.module.bindings.qualified, one.node.bases))
        and all(
            _makes_its_own(level, module)
            for level, module in ancestry(one.node, one.module, project)
        )
        for one in found
    )


def _makes_its_own(node: ast.ClassDef, home: SourceFile) -> bool:
    """Whether nothing in a class makes its call give something else than an object of it."""
    marks = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    is_marked = all(home.bindings.qualified(one) in DECORATORS for one in marks)
    metas = (one.value for one in node.keywords if one.arg == "metaclass")
    is_plain = all(home.bindings.qualified(one) in METACLASSES for one in metas)
    return is_marked and is_plain and member(node, "__new__") is None


def finds_module(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a module that is found by a name, or may be one: ``sys.modules["models"]``."""
    if isinstance(node, ast.Name):
        made = home.bindings.definitions(node)
        values = [one.value for one in made if one.value is not None]
        loops = [one.node.iter for one in made if isinstance(one.node, ast.For | ast.comprehension)]
        return any(finds_module(value, home) for value in values) or any(
            home.bindings.qualified(part) == "sys.modules"  # each of them
            for loop in loops
            for part in ast.walk(loop)
            if isinstance(part, ast.Name | ast.Attribute)
        )
    if isinstance(node, ast.Subscript):
        return home.bindings.qualified(node.value) == "sys.modules"
    if not isinstance(node, ast.Call):
        return False
    return home.bindings.qualified(node.func) in _FINDS_MODULES


def class_around(node: ast.expr, home: SourceFile) -> ast.ClassDef | None:
    """The class of ``cls``, ``type(self)`` and ``self.__class__``."""
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        return home.bindings.class_of_self(node.value)
    if isinstance(node, ast.Call) and len(node.args) == 1:
        is_type = home.bindings.qualified(node.func) == "builtins.type"
        return home.bindings.class_of_self(node.args[0]) if is_type else None
    return home.bindings.class_of_self(node)
