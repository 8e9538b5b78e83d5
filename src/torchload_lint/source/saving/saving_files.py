"""The files of a project that save something with torch, by their text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.imports_in_text import joined_rows
from torchload_lint.source.text.word_places import stands_in

if TYPE_CHECKING:
    from torchload_lint.source.project.index import ProjectIndex

_RENAMED = late_pattern(
    r"import[ \t]+(?:torch(?:\.serialization)?|serialization)[ \t]+as[ \t]+(\w+)"
)
_IMPORTED_BY_CALL = late_pattern(
    r"(\w+)[ \t]*=[ \t]*(?:importlib\.)?(?:import_module|__import__)\([ \t]*['\"]torch['\".]"
)
_IMPORTING_CALLS = ("import_module(", "__import__(")
"""Without one of them no text is searched for `_IMPORTED_BY_CALL`, which tries every word of it."""
_FROM_TORCH = late_pattern(
    r"from[ \t]+torch(?:\.serialization)?[ \t]+import[ \t]*"
    r"(?:\((?:[^)#]|#[^\n]*\n)*?\bsave\b|[^\n(]*\bsave\b|\*)"
)
_BY_ITS_NAME = late_pattern(r"getattr\(\s*\w+\s*,\s*[\"']save[\"']\s*\)")
_CUSTOMARY = ("torch", "th", "serialization")


def saving_files(project: ProjectIndex) -> list[str]:
    """The Python files that name ``torch.save``, by whatever name they import torch; sorted."""
    return project.remember(
        "files that save",
        lambda: sorted(
            path for path in project.holding("save") if may_save(project.files.text(path) or "")
        ),
    )


def may_save(text: str) -> bool:
    """Whether a text names ``torch.save``; a call of it, an alias or a ``partial``."""
    text = joined_rows(text)
    if "torch" not in text:
        return any(stands_in(f"{name}.save", text) for name in _CUSTOMARY)
    names = {*_CUSTOMARY, *_RENAMED.findall(text)}
    if any(call in text for call in _IMPORTING_CALLS):
        names.update(_IMPORTED_BY_CALL.findall(text))
    patterns = (_FROM_TORCH, _BY_ITS_NAME)
    return any(stands_in(f"{name}.save", text) for name in names) or any(
        each.search(text) is not None for each in patterns
    )
