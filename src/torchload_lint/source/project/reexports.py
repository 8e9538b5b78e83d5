"""``torch.load`` under the names that other files of the project give it.

``compat.py`` says ``torch_load = torch.load``, ``train.py`` says ``from .compat import torch_load``
and calls that. Such names are found once for a project, and handed to ``module.read``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from torchload_lint.source.facts.loading.loads import LOADERS
from torchload_lint.source.names.flow import STAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

Aliases = Mapping[str, frozenset[str]]
"""Identifier → the dotted names by which the project knows ``torch.load`` under it."""
_GIVES_A_NAME = re.compile(
    r"=[ \t]*[\w.]*\bload\b[ \t]*(?:[\r\n;#]|$|if\b|or\b)"
    r"|\bfrom[ \t]+torch(?:\.serialization)?[ \t]+import\b[^#]*?\bload\b"
)
_ROUNDS = 3
"""How many files may pass a name on, one to the next."""


def loaders(project: ProjectIndex) -> Aliases:
    """The names under which the project's modules offer ``torch.load``; found once."""
    return project.remember("re-exported loaders", lambda: _find(project))


def _find(project: ProjectIndex) -> Aliases:
    known: set[str] = set()
    for path in project.files.holding("torch"):
        if _GIVES_A_NAME.search(project.files.text(path) or ""):
            module = project.module_at(path)
            known.update(_given(module) if module is not None else ())
    fresh = set(known)
    for _ in range(_ROUNDS):
        fresh = {name for name in _passed_on(project, fresh) if name not in known}
        known |= fresh
    words = {name.rpartition(".")[2] for name in known}
    return {
        word: frozenset(name for name in known if name.rpartition(".")[2] == word)
        for word in sorted(words)
    }


def _given(module: Module) -> Iterator[str]:
    """The module-level names of a file that stand for ``torch.load``."""
    for name in module.bindings.flow(module.tree).exit.names():
        if module.name and LOADERS & module.bindings.exported(name):
            yield f"{module.name}.{name}"


def _passed_on(project: ProjectIndex, known: set[str]) -> Iterator[str]:
    """The names that files which import a known one offer it by."""
    for word in sorted({name.rpartition(".")[2] for name in known}):
        for path in project.files.holding(word):
            module = project.module_at(path)
            if module is None or not module.name:
                continue
            flow = module.bindings.flow(module.tree)
            for name, definitions in flow.all.items():
                for part in definitions:
                    if name == STAR and f"{part.qualified}.{word}" in known:
                        yield f"{module.name}.{word}"
                    elif part.kind == "import" and part.qualified in known:
                        yield f"{module.name}.{name}"
