"""Changes that do not name what they change as code does, over the whole project: ``setattr``,
``vars(x)[…]``, ``globals()``, ``exec`` and their kind.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.helper_module import was_written
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.text.candidates import carrying

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_SETTERS = ("setattr", "delattr", "__setattr__", "__delattr__")
_COPIERS = {"update_wrapper": 2, "wraps": 1}
"""Functions of functools that set attributes, and how many arguments leave it at descriptions."""
_PATCHERS = ("patch", "monkeypatch", "mock", "mocker")
_FIXTURES = frozenset({"monkeypatch", "mocker"})
_PATCHING_PACKAGES = ("unittest.mock", "mock", "pytest_mock", "pytest")
_NAMESPACES = ("vars", "__dict__", "globals", "locals")
_INNER_NAMESPACES = ("__globals__", "f_globals", "f_locals", "__builtins__")
_RUNNERS = ("exec", "eval", "execfile", "runpy")
_INNARDS = (
    *("__code__", "__defaults__", "__kwdefaults__", "__class__", "__bases__", "__closure__"),
    *("__getattribute__", "__getattr__", "__setstate__", "_getframe", "_value_", "ctypes"),
)
OF_FUNCTIONS = frozenset({"__code__", "__defaults__", "__kwdefaults__", "__closure__"})
"""What a function is made of; a part of it can be changed without setting it."""
WORDS = (
    *(*_SETTERS, *_PATCHERS, *_NAMESPACES, *_INNER_NAMESPACES, *_RUNNERS, *_INNARDS),
    *("modules", "reload", "attrgetter", *_COPIERS),
)
_SEARCHED = tuple(
    word for word in WORDS if not any(other in word for other in WORDS if other != word)
)
"""Those that no other one is a part of."""
_ONLY_NAMES = ("vars", "globals", "locals", *_RUNNERS)
_ELSEWHERE = (*_ONLY_NAMES, *_INNARDS, "modules", "patch", "wraps")
_ALL_ELSE = [word for word in WORDS if word not in _ELSEWHERE]
_PROSE = r"(?!(?:and|as|else|for|if|in|is|not|or)\b)[a-z]"
_TELLING = late_pattern(
    rf"\b(?:{'|'.join(_ALL_ELSE)})\b"
    rf"|(?<![\w.'\"])(?:{'|'.join(_ONLY_NAMES)})\b(?!['\"]|[ \t]+{_PROSE})|\b(?:builtins|runpy)\b"
    r"|\bwraps\b(?!\([\w.]+\))"
    rf"|\b(?:{'|'.join(_INNARDS)})\b(?!\s*[.(])"
)
"""One of the words where it may be what is meant: ``model.eval()`` runs no text,
``self.__class__.__name__`` changes nothing, and ``wraps(f)`` copies descriptions alone.
"""
_MODULES = late_pattern(r"\bmodules\b(?!\s*\()")
"""``sys.modules``, and not ``model.modules()``."""
_PATCHES = late_pattern(r"\.\s*patch\b|\bpatch\s*\.|\bimport\b\s*(?:\*|[^#]{0,400}?\bpatch\b)")
"""``patch`` as something that is imported, and not a part of a picture."""
_NAME_AND_VALUE = 2
_WORD = late_pattern(r"\w+")
_REACHES_ALL = frozenset(
    {"getattr", "setattr", "vars", "globals", "locals", "exec", "eval", "__dict__", "__import__"}
)
"""Words by which code that stands in a text reaches what it does not spell."""
_WRITING_JSON = frozenset({"json.dump", "json.dumps"})
"""What is given ``default=vars``, and only reads what that yields."""
_READING = frozenset({"get", "items", "keys", "values", "copy", "__contains__"})


_ANYTHING = {
    "attribute": "any attribute",
    "globals": "any name of its file",
    "modules": "any module",
}
_SHORT = 60
"""Characters of a line that a sentence quotes."""


def _short_code(node: ast.AST, module: SourceFile) -> str:
    """The statement that a node stands in, or the node itself; empty where both are long."""
    statement = node
    while not isinstance(statement, ast.stmt) and statement in module.parents:
        statement = module.parents[statement]
    texts = map(ast.unparse, (statement, node))
    return next((text for text in texts if len(text) <= _SHORT and "\n" not in text), "")


class ReflectedChange(NamedTuple):
    """One place that may change something by name."""

    module: SourceFile
    node: ast.AST
    receiver: ast.expr | None
    """What is changed; None for anything."""
    name: str | None
    """The attribute that is changed; None for any."""
    kind: str
    """``attribute``, ``globals`` (of the file), ``modules`` (in ``sys.modules``), ``code``, or
    ``innards`` (of functions and classes)."""
    words: frozenset[str] | None = None
    """The words of the code that is run, where it stands there as a text."""
    value: ast.expr | None = None
    """What is stored, where it stands there."""

    @property
    def shown(self) -> str:
        """The place, in words."""
        return f"{self.module.path}:{getattr(self.node, 'lineno', 0)}"

    @property
    def in_words(self) -> str:
        """What the place may do, with its code where that is short."""
        what = self.name or _ANYTHING.get(self.kind, "anything")
        code = _short_code(self.node, self.module)
        return f"{self.shown} may replace {what}" + (f" (`{code}`)" if code else "")


def changes(project: ProjectIndex, home: SourceFile) -> list[ReflectedChange]:
    """Every such place of the project, in the file at ``home`` too."""
    elsewhere = (path for path in _holding_words(project) if path != home.path)
    return [*_in(project, home), *changes_in(elsewhere, project)]


def changes_in(paths: Iterable[str], project: ProjectIndex) -> Iterator[ReflectedChange]:
    """Every such place of some files."""
    words = _holding_words(project)
    for path in paths:
        module = project.module_at(path) if path in words else None
        if module is not None:
            yield from _in(project, module)


def unread(project: ProjectIndex) -> list[str]:
    """The files with such words that cannot be parsed here."""
    words = _holding_words(project)
    reflecting = (path for path in program_files(project) if path in words)
    return [path for path in reflecting if project.module_at(path) is None]


def changes_within(paths: Iterable[str], project: ProjectIndex) -> Iterator[ReflectedChange]:
    """Every such place of some files, without a search through all files of the project."""
    for path in paths:
        module = project.module_at(path) if _may_reflect(project, path) else None
        if module is not None:
            yield from _in(project, module)


def changes_of(module: SourceFile, project: ProjectIndex) -> list[ReflectedChange]:
    """Every such place of one file."""
    return _in(project, module)


def _holding_words(project: ProjectIndex) -> dict[str, None]:
    """The files in which one of the words stands where it may count, sorted."""
    return project.remember(
        ("definitions", "reflecting files"), lambda: _reflecting(project), stands=True
    )


def _reflecting(project: ProjectIndex) -> dict[str, None]:
    paths = {path for word in _SEARCHED for path in project.holding(word)}
    return dict.fromkeys(path for path in sorted(paths) if _may_reflect(project, path))


def _may_reflect(project: ProjectIndex, path: str) -> bool:
    """Whether a file has a word of those in a place where it counts; True for what is unread."""

    def find() -> bool:
        text = project.files.text(path)
        if was_written(path, text or ""):
            return False
        return project.remember_of("reflects", path, text, lambda: _has_word(text))

    return project.remember(("definitions", "reflects", path), find, stands=True)


def _has_word(text: str | None) -> bool:
    if text is None or _TELLING.search(text):
        return True
    patches = "patch" in text and _PATCHES.search(text)
    return bool(patches or ("sys" in text and _MODULES.search(text)))


def _in(project: ProjectIndex, module: SourceFile) -> list[ReflectedChange]:
    return project.remember_of(
        "reflection", module.path, module.tree, lambda: list(_collect(module))
    )


def _collect(module: SourceFile) -> Iterator[ReflectedChange]:
    words = [word for word in WORDS if word in module.text]
    for word, nodes in carrying(module.tree, module.lines, words).items():
        for node in nodes:
            if isinstance(node, ast.Name | ast.Attribute | ast.Constant | ast.alias):
                yield from _read(module, word, node)


def _read(module: SourceFile, word: str, node: ast.AST) -> Iterator[ReflectedChange]:
    if isinstance(node, ast.Constant) and word not in (*_PATCHERS, *_SETTERS):
        yield from _asked_by_text(module, node)
        return
    if isinstance(node, ast.alias) and word in _RUNNERS:
        if node.asname and getattr(module.parents.get(node), "module", "") == "builtins":
            yield ReflectedChange(module, node, None, None, "code")
    elif word in _SETTERS:
        yield from _setter(module, word, node, module.parents.get(node))
    elif word in _PATCHERS:
        yield from _patched(module, node)
    elif word in _COPIERS:
        yield from _copied(module, word, node)
    elif word == "attrgetter":
        yield from _getter(module, node)
    elif isinstance(node, ast.Attribute):
        yield from _attribute(module, word, node)
    elif isinstance(node, ast.Name):
        yield from _name(module, word, node)


def _asked_by_text(module: SourceFile, node: ast.Constant) -> Iterator[ReflectedChange]:
    """``getattr(x, "__dict__")["name"] = …``."""
    call = module.parents.get(node)
    if node.value not in {*_NAMESPACES, *_INNER_NAMESPACES} or not isinstance(call, ast.Call):
        return
    if module.bindings.qualified(call.func) == "builtins.getattr" and _is_changed(call, module):
        receiver = call.args[0] if node.value == "__dict__" else None
        yield ReflectedChange(module, node, receiver, _entry(call, module), "attribute")


def _getter(module: SourceFile, node: ast.AST) -> Iterator[ReflectedChange]:
    """``attrgetter("__init__.__globals__")(Net)["name"] = …``."""
    call = module.parents.get(node)
    given = call.args if isinstance(call, ast.Call) and call.func is node else ()
    if any("__" in str(getattr(one, "value", "__")) for one in given):
        yield ReflectedChange(module, node, None, None, "attribute")


def _attribute(module: SourceFile, word: str, node: ast.Attribute) -> Iterator[ReflectedChange]:
    if word == "__dict__":
        if _is_changed(node, module):
            yield ReflectedChange(module, node, node.value, _entry(node, module), "attribute")
    elif word in _INNER_NAMESPACES:
        if _is_changed(node, module):
            yield ReflectedChange(module, node, None, _entry(node, module), "attribute")
    elif word in _RUNNERS:
        if isinstance(node.value, ast.Name) and node.value.id in {"builtins", "runpy"}:
            yield ReflectedChange(module, node, None, None, "code")
    elif word in _INNARDS:
        if not isinstance(node.ctx, ast.Load) or (word in OF_FUNCTIONS and _leads_in(node, module)):
            yield ReflectedChange(module, node, node.value, word, "innards")
    else:
        yield from _of_sys(module, word, node)


def _name(module: SourceFile, word: str, node: ast.Name) -> Iterator[ReflectedChange]:
    if word in {"vars", "globals", "locals"} and module.bindings.definitions(node):
        return  # a name of the file's own
    if word in {"vars", "globals", "locals"}:
        yield from _namespace(module, word, node, module.parents.get(node))
    elif word in _INNER_NAMESPACES:
        if _is_changed(node, module):
            yield ReflectedChange(module, node, None, _entry(node, module), "attribute")
    elif word in _RUNNERS:
        if not module.bindings.definitions(node) or _is_builtin(node, module):
            yield from _made_up(module, node)
    else:
        yield from _of_sys(module, word, node)


def _is_builtin(node: ast.Name, module: SourceFile) -> bool:
    """Whether a name that the file binds may be the builtin after all (by an import)."""
    return any(meaning.startswith("builtins.") for meaning in module.bindings.possible(node))


def _made_up(module: SourceFile, node: ast.Name) -> Iterator[ReflectedChange]:
    """``eval(text)``: code that may say anything, unless the text stands right there."""
    call = module.parents.get(node)
    given = call.args[0] if isinstance(call, ast.Call) and call.func is node and call.args else None
    text = given.value if isinstance(given, ast.Constant) else None
    words = frozenset(_WORD.findall(text)) if isinstance(text, str) else None
    if words is not None and words & _REACHES_ALL:
        words = None
    yield ReflectedChange(module, node, None, None, "code", words)


def _of_sys(
    module: SourceFile, word: str, node: ast.Name | ast.Attribute
) -> Iterator[ReflectedChange]:
    """``sys.modules[…] = …``, ``importlib.reload(…)``."""
    if word == "reload" or (
        word == "modules"
        and module.bindings.qualified(node) == "sys.modules"
        and _is_changed(node, module)
    ):
        yield ReflectedChange(module, node, None, None, "modules")


def _setter(
    module: SourceFile, word: str, node: ast.AST, parent: ast.AST | None
) -> Iterator[ReflectedChange]:
    """``setattr(x, "name", v)``, ``x.__setattr__("name", v)``; all else may do anything."""
    if isinstance(node, ast.alias):
        if node.asname:  # its calls go by another name
            yield ReflectedChange(module, node, None, None, "attribute")
        return
    if isinstance(parent, ast.Call) and parent.func is node:
        given = list(parent.args)
        if (
            isinstance(node, ast.Attribute)
            and word.startswith("__")
            and len(given) <= _NAME_AND_VALUE
        ):
            if re.fullmatch(r"super\((?:.*, self)?\)", ast.unparse(node.value)):
                return
            given.insert(0, node.value)
        if isinstance(node, ast.Attribute) and not word.startswith("__"):
            owner = module.bindings.qualified(node.value)
            if owner != "builtins" and len(given) == 1:
                return
        if len(given) > 1 and not any(isinstance(each, ast.Starred) for each in given[:2]):
            name = given[1].value if isinstance(given[1], ast.Constant) else None
            named = name if isinstance(name, str) else None
            value = given[2] if len(given) > _NAME_AND_VALUE else None
            yield ReflectedChange(module, parent, given[0], named, "attribute", value=value)
            return
        first = given[0] if given else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield ReflectedChange(module, parent, None, first.value.rpartition(".")[2], "attribute")
            return
    yield ReflectedChange(module, node, None, None, "attribute")


def _patched(module: SourceFile, node: ast.AST) -> Iterator[ReflectedChange]:
    """``patch("a.b.NAME", …)``, ``patch.object(x, "name")``, ``monkeypatch.setattr(…)``."""
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return
    if not _may_patch(node, module):
        return
    called: ast.AST | None = node
    holder = module.parents.get(node)
    while isinstance(holder, ast.Attribute):
        called, holder = holder, module.parents.get(holder)
    if not isinstance(holder, ast.Call) or holder.func is not called:
        if called is node or isinstance(holder, ast.Call | ast.keyword | ast.Assign):
            yield ReflectedChange(module, node, None, None, "attribute")  # it is given away
        return
    texts = [
        each.value
        for each in (*holder.args, *(keyword.value for keyword in holder.keywords))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    names = [*texts[:2], *(keyword.arg for keyword in holder.keywords if keyword.arg)]
    for name in names:
        yield ReflectedChange(module, holder, None, name.rpartition(".")[2], "attribute")
    if not texts and holder.args:
        yield ReflectedChange(module, holder, None, None, "attribute")


def _copied(module: SourceFile, word: str, node: ast.AST) -> Iterator[ReflectedChange]:
    """``functools.update_wrapper(Net, Other, ("__call__",))``."""
    call = module.parents.get(node)
    if isinstance(call, ast.Call) and call.func is node:
        chosen = {keyword.arg for keyword in call.keywords} - {"wrapped", "wrapper"}
        if len(call.args) > _COPIERS[word] or chosen:
            yield ReflectedChange(module, call, None, None, "attribute")


def _may_patch(node: ast.Name | ast.Attribute, module: SourceFile) -> bool:
    """Whether it may be what the tools for tests offer, not just a thing called ``patch``."""
    meanings = module.bindings.possible(node)
    if any(meaning.startswith(_PATCHING_PACKAGES) for meaning in meanings):
        return True
    if isinstance(node, ast.Attribute):
        return "" in meanings or not meanings
    definitions = module.bindings.definitions(node)
    return not definitions or (
        node.id in _FIXTURES and any(isinstance(each.node, ast.arg) for each in definitions)
    )


def _namespace(
    module: SourceFile, word: str, node: ast.AST, parent: ast.AST | None
) -> Iterator[ReflectedChange]:
    if not isinstance(node, ast.Name):
        return
    if not isinstance(parent, ast.Call) or parent.func is not node:
        call = module.parents.get(parent) if isinstance(parent, ast.keyword) else None
        if isinstance(call, ast.Call) and module.bindings.qualified(call.func) in _WRITING_JSON:
            return
        yield ReflectedChange(
            module, node, None, None, "globals" if word != "vars" else "attribute"
        )
        return
    if not _is_changed(parent, module):
        return
    name = _entry(parent, module)
    if word == "vars" and parent.args:
        yield ReflectedChange(module, parent, parent.args[0], name, "attribute")
    elif word != "locals" or module.function(parent) is None:
        yield ReflectedChange(module, parent, None, name, "globals")


def _entry(node: ast.expr, module: SourceFile) -> str | None:
    """The entry that is set: ``vars(x)["name"] = …``."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant):
        value = parent.slice.value
        return value if isinstance(value, str) else None
    return None


def _leads_in(node: ast.expr, module: SourceFile) -> bool:
    """Whether a part of it is asked for: ``f.__defaults__[0]["key"] = …``."""
    part = module.parents.get(node)
    return isinstance(part, ast.Subscript) and not isinstance(
        module.parents.get(part), ast.Compare | ast.Expr | ast.FormattedValue
    )


def _is_changed(node: ast.expr, module: SourceFile) -> bool:
    """Whether a namespace is changed, or given away to somebody who might."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if not isinstance(parent.ctx, ast.Load):
            return True
        holder = module.parents.get(parent)
        return isinstance(holder, ast.AugAssign) and holder.target is parent
    if isinstance(parent, ast.Attribute):
        return parent.attr not in _READING
    if isinstance(parent, ast.Call) and node in parent.args:
        callee = module.bindings.qualified(parent.func) or ""
        reading = {"len", "print", "sorted", "str", "repr", "dict", "list", "set", "tuple", "iter"}
        return callee.removeprefix("builtins.") not in reading
    if isinstance(parent, ast.keyword) and parent.arg is None:
        return False
    return not isinstance(
        parent, ast.Compare | ast.For | ast.comprehension | ast.FormattedValue | ast.Expr | ast.Dict
    )
