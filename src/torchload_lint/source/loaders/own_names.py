"""``torch.load`` under the names that other files of the project give it.

``compat.py`` says ``torch_load = torch.load``, ``train.py`` says ``from .compat import torch_load``
and calls that; or ``from .compat import torch`` and ``torch.load``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.facts.loading.loads import LOADERS
from torchload_lint.source.facts.module import Module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.project.index import ProjectIndex

_GIVES_A_NAME = late_pattern(
    r"=[ \t]*[\w.]*\bload\b[ \t]*(?:[\r\n;#]|$|if\b|or\b)"
    r"|\bfrom[ \t]+torch(?:\.serialization)?[ \t]+import\b[^#]{0,1000}?\bload\b"
)
"""What gives ``torch.load`` another name: no file without it is parsed for one."""
_DOTTED_IMPORT = late_pattern(r"^[ \t]*import[ \t]+(\w+(?:\.\w+)+)", re.MULTILINE)
_WORD = late_pattern(r"\w+")
_ROUNDS = 4
"""How many files may pass a name on, one to the next."""


def loads_by_own_names(module: Module, project: ProjectIndex) -> tuple[LoadCall, ...]:
    """The calls of ``torch.load`` by a name that another file of the project gives it."""
    names: dict[str, set[str]] = {}
    for dotted in _asked_for(module, project):
        if LOADERS & _canonical(dotted, module.path, project, _ROUNDS):
            names.setdefault(dotted.rpartition(".")[2], set()).add(dotted)
    if not names:
        return ()
    aliases = {word: frozenset(found) for word, found in names.items()}
    known = {load.node for load in module.loads}
    seen_so = Module(module.path, module.name, module.text, module.tree, aliases)
    return tuple(load for load in seen_so.loads if load.node not in known)


def _asked_for(module: Module, project: ProjectIndex) -> Iterator[str]:
    """The dotted names, of what the file imports from the project, that may be a load."""
    words: list[str] = []
    has_torch = ".torch" in module.text
    for name, imported in dict.fromkeys(_imports(module)):
        home, _, last = imported.rpartition(".")
        if last == "torch" and home:
            yield f"{imported}.load"
        elif "load" in f"{name} {last}".lower() or _gives_a_name(home, module, project):
            yield imported
        if _gives_a_name(imported, module, project) or (
            has_torch and f"{name}.torch" in module.text
        ):
            words = words or _words_with_load(module.text)
            yield from (f"{imported}.{word}" for word in words)
            yield f"{imported}.torch.load"


def _words_with_load(text: str) -> list[str]:
    return sorted(word for word in set(_WORD.findall(text)) if "load" in word.lower())


def _imports(module: Module) -> Iterator[tuple[str, str]]:
    """The names that imports bind, ``a.b`` for ``import a.b``, and the dotted names of these."""
    for name, definitions in module.bindings.flow(module.tree).all.items():
        for part in definitions:
            if part.kind in {"import", "star-import"} and part.qualified:
                yield name, part.qualified
    yield from ((dotted, dotted) for dotted in _DOTTED_IMPORT.findall(module.text))


def _gives_a_name(dotted: str, module: Module, project: ProjectIndex) -> bool:
    path = project.layout.locate(dotted, module.path) if dotted.strip(".") else None
    if path is None:
        return False
    return project.remember(
        ("gives load a name", path), lambda: _names_load(path, project), stands=True
    )


def _names_load(path: str, project: ProjectIndex) -> bool:
    text = project.files.text(path) or ""
    return "torch" in text and _GIVES_A_NAME.search(text) is not None


def _is_defined_there(dotted: str, near: str, project: ProjectIndex) -> bool:
    """Whether the words of a file show a function or class of that name, so that it is no other:
    most names are, and such files need not be parsed.
    """
    home, _, last = dotted.rpartition(".")
    path = project.layout.locate(home, near) if home.strip(".") else None
    text = project.files.text(path) if path is not None else None
    return (
        text is not None
        and re.search(rf"^(?:def|class) {re.escape(last)}\b", text, re.MULTILINE) is not None
    )


def _canonical(dotted: str, near: str, project: ProjectIndex, rounds: int) -> frozenset[str]:
    """What a dotted name of the project stands for in the end, as far as it leads to torch."""
    if _is_defined_there(dotted, near, project):
        return frozenset()
    module, rest = project.split(dotted, near)
    if module is None:
        return frozenset({dotted})
    if not rest or not rounds:
        return frozenset()
    found: set[str] = set()
    for meaning in module.bindings.exported(rest[0]):
        if meaning:
            longer = ".".join((meaning, *rest[1:]))
            found |= _canonical(longer, module.path, project, rounds - 1)
    return frozenset(found)
