"""Whether the classes that an answer speaks of are all that there are.

An attribute of an object is looked up in its class and in what that inherits from. The project's
classes are known by their ``class`` statements; another package's class, and a class that a call
makes, may say something else.
"""

from __future__ import annotations

import ast
import sys
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.certainty.escaping.seen_changes import SeenChange
from torchload_lint.source.domain.values import Class
from torchload_lint.source.evaluation.objects import instances
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.class_mentions import mentions
from torchload_lint.source.project.mentions import modules_with
from torchload_lint.source.text.candidates import on_rows, rows_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.certainty.overwriting import Receivers
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.families import Family
    from torchload_lint.source.project.index import ProjectIndex

_PLAIN_PACKAGES = frozenset(
    """
    torch torchvision torchaudio numpy typing_extensions pydantic attr attrs
    """.split()
)
"""Packages whose classes set none of the attributes that a project's class reads as its own,
besides those of which a file of ``libraries`` says so.
"""
_FILLED_FROM_OUTSIDE = frozenset({"pydantic.BaseSettings"})
_MAKES_CLASSES = late_pattern(
    r"\btype\(\s*(?:[^\s(),]|f?[\"'][^\"'\n]*[\"'])+\s*,|\bclass\s+\w+\s*\([^)\n]*"
    r"(?:\btype\(|__class__|__subclasses__)"
)
"""``type(name, bases, …)``, and a class whose base is that of an object."""
_WITH_BASES = late_pattern(r"\bclass\s+\w+\s*\(\s*[^)\s]")
_MAKERS = ("new_class", "make_dataclass")
_ENUMERATIONS = frozenset({"enum.Enum", "enum.IntEnum", "enum.Flag", "enum.IntFlag"})
_PARTS_OF_A_CLASS = 3


def strange_bases(level: ast.ClassDef, module: SourceFile, evaluator: Evaluator) -> Iterator[str]:
    """Bases of a class that are not followed, and may set anything."""
    for base in members.base_expressions(level):
        meanings = module.bindings.possible(base)
        for meaning in meanings or {""}:
            if not meaning:
                yield f"class {level.name} inherits from {ast.unparse(base)}, which is not followed"
                continue
            found = evaluator.project.definitions(meaning, module.path)
            if any(isinstance(each.node, ast.ClassDef) for each in found):
                continue
            root = meaning.partition(".")[0]
            known = (
                root in _PLAIN_PACKAGES
                or root in {"builtins", *sys.stdlib_module_names}
                or registry.has_plain_classes(root)
            )
            if found or not known or meaning in _FILLED_FROM_OUTSIDE:
                yield f"class {level.name} inherits from {meaning}, which is not followed"


def metaclasses(evaluator: Evaluator) -> Iterator[str]:
    """Metaclasses of the project that have a say in what the classes of an answer hold."""
    relied = evaluator.relied
    wanted = {*relied.classes, *(node for node, _, _ in relied.members)}
    for node in wanted:
        for keyword in node.keywords:
            word = ast.unparse(keyword.value).rpartition(".")[2]
            paths = (
                evaluator.project.holding(f"class {word}(") if keyword.arg == "metaclass" else ()
            )
            texts = (evaluator.project.files.text(path) or "" for path in paths)
            if any("__new__(" in text or "__prepare__(" in text for text in texts):
                yield SeenChange(f"class {node.name} is made by {word}")


def beside(node: ast.ClassDef, name: str, relatives: Family, evaluator: Evaluator) -> Iterator[str]:
    """What a subclass gets under a name from another base than the class that was looked at."""
    for level in relatives.members:
        given = evaluator.project.remember(
            ("definitions", "names given oddly", level), partial(members.names_given_oddly, level)
        )
        if name in given:
            yield f"class {level.name} names {name} in a loop or the like"
    own = {level for level, _ in classes.ancestry(node, relatives.members[node], evaluator.project)}
    for subclass, home in relatives.subclasses.items():
        for level, _ in classes.ancestry(subclass, home, evaluator.project):
            if level in own or level in relatives.subclasses:
                continue
            if name in instances.says(evaluator, level):
                yield SeenChange(f"class {subclass.name} has {name} from class {level.name} too")


def computed(name: str, of: Class, evaluator: Evaluator) -> Iterator[str]:
    """Whether a class has a property or a descriptor under a name, or watches over attributes."""
    for level, _ in classes.ancestry(of.node, of.module, evaluator.project):
        member = members.member(level, name)
        value = getattr(member, "value", None)
        if members.is_function(member) or isinstance(value, ast.Call):
            yield SeenChange(f"class {level.name} may compute {name}")
        if members.member(level, "__setattr__") is not None:
            yield f"class {level.name} has __setattr__"
        if members.member(level, "__getattribute__") is not None:
            yield SeenChange(f"class {level.name} has __getattribute__")


def written_out(node: ast.expr, module: SourceFile, evaluator: Evaluator) -> Iterator[str]:
    """Whether a member of an enumeration is made a text by ``str()`` or an f-string: which text
    that is depends on Python's release and on the class.
    """
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):
        written = getattr(parent.func, "id", "") in {"str", "format", "repr"}
        written |= getattr(parent.func, "attr", "") == "format"
    else:
        written = isinstance(parent, ast.FormattedValue | ast.BinOp)
    if not written or not isinstance(node, ast.Attribute):
        return
    for each in evaluator.aside(node.value, module):
        if isinstance(each, Class):
            bases = classes.base_names(each.node, each.module, evaluator.project)
            if bases & _ENUMERATIONS:
                yield f"what {ast.unparse(node)} is as a text depends on its class"


def is_enumeration(relatives: Family, project: ProjectIndex) -> bool:
    """Whether a family of classes has one that derives from ``Enum`` or its kind."""
    return any(
        base.partition(".")[0] == "enum"
        for level, where in relatives.members.items()
        for base in classes.base_names(level, where, project)
    )


def made_elsewhere(
    relatives: Family, evaluator: Evaluator, receivers: Receivers, home: SourceFile
) -> Iterator[str]:
    """Classes that are made without a ``class`` statement that names their base.

    Raises TooManyError.
    """
    made_up = _bases_made_up(evaluator, home)
    if any(_is_handed_on(node, where, evaluator) for node, where in relatives.subclasses.items()):
        made_up += _bases_in_variables(evaluator, home)
    for module, base in made_up:
        if receivers.may_be_of(base, module, relatives):
            yield f"{module.path}:{base.lineno} makes a class of {ast.unparse(base)}"


def _is_handed_on(node: ast.ClassDef, where: SourceFile, evaluator: Evaluator) -> bool:
    """Whether a class is used as a value, and not only to make objects of it."""
    for module, place in mentions(node, where, evaluator.project):
        parent = module.parents.get(place)
        if not (isinstance(parent, ast.Call) and parent.func is place):
            return True
    return False


def _bases_in_variables(
    evaluator: Evaluator, home: SourceFile
) -> Iterator[tuple[SourceFile, ast.expr]]:
    """The bases of ``class`` statements whose names do not tell which class they are."""
    for module in modules_with(evaluator.project, "class", home, _WITH_BASES):
        for node in on_rows(module.tree, rows_with(module.lines, ["class"])):
            if isinstance(node, ast.ClassDef):
                for base in members.base_expressions(node):
                    if "" in (module.bindings.possible(base) or {""}):
                        yield module, base


def _bases_made_up(evaluator: Evaluator, home: SourceFile) -> list[tuple[SourceFile, ast.expr]]:
    """The bases of classes that are made by a call, or of the class of an object."""
    project = evaluator.project
    paths = {home.path}
    paths.update(path for word in _MAKERS for path in project.holding(word))
    paths.update(
        path
        for path in {*project.holding("type("), *project.holding("__class__")}
        if _MAKES_CLASSES.search(project.files.text(path) or "")
    )
    found = []
    for path in sorted(paths):
        module = home if path == home.path else project.module_at(path)
        if module is not None:
            found += _made_in(module, evaluator)
    return found


def _made_in(module: SourceFile, evaluator: Evaluator) -> list[tuple[SourceFile, ast.expr]]:
    return evaluator.project.remember(
        ("definitions", "made classes", module.tree),
        lambda: [(module, base) for base in _collect(module)],
    )


def _collect(module: SourceFile) -> Iterator[ast.expr]:
    for node in on_rows(module.tree, rows_with(module.lines, ["class", "type", *_MAKERS])):
        if isinstance(node, ast.Call):
            yield from _parts(_bases_of_call(node))
        elif isinstance(node, ast.ClassDef):
            yield from filter(_is_class_of_object, node.bases)


def _bases_of_call(call: ast.Call) -> ast.expr | None:
    """The bases that ``type(…)``, ``types.new_class(…)`` and ``make_dataclass(…)`` are given."""
    word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if word == "type" and len(call.args) == _PARTS_OF_A_CLASS:
        return call.args[1]
    if word == "new_class" and len(call.args) > 1:
        return call.args[1]
    if word in _MAKERS:
        return next((each.value for each in call.keywords if each.arg == "bases"), None)
    return None


def _parts(bases: ast.expr | None) -> list[ast.expr]:
    if bases is None:
        return []
    return bases.elts if isinstance(bases, ast.Tuple) else [bases]


def _is_class_of_object(base: ast.expr) -> bool:
    if isinstance(base, ast.Attribute):
        return base.attr == "__class__"
    made = base.func if isinstance(base, ast.Call) else None
    return isinstance(made, ast.Name) and made.id == "type"
