"""Whether an import finds the file that it was followed to, where two files have the same name.

``settings.py`` beside a script comes first where ``python sub/main.py`` starts it, the one of the
folder above where ``python -m sub.main`` does; ``sys.path.insert(…)`` puts any folder first.
"""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.project.layout import is_above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_CHANGING_SEARCH = ("sys.path", "sys import", "addsitedir", "meta_path")


def found_instead(evaluator: Evaluator, home: SourceFile) -> Iterator[str]:
    """Where another file may be imported than one that an answer rests on, in words."""
    relied, project = evaluator.relied, evaluator.project
    called = {module.path for module, _ in relied.called.values()}
    for path in sorted((relied.files() - {home.path}) | called):
        for folder in project.layout.namesakes(path):
            # Whoever calls a function may lie in any folder below.
            is_reached = path in called and is_above(dirname(path), folder)
            if (
                is_reached
                or is_above(folder, dirname(home.path))
                or any(project.holding(word) for word in _CHANGING_SEARCH)
            ):
                place = f"the folder {folder}" if folder else "the project's folder"
                yield f"another file than {path} may be imported, from {place}"
