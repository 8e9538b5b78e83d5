"""The files that may call something, the nearest to it first."""

from __future__ import annotations

import re
import sys
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.call_targets import holding
from torchload_lint.source.text.imports_in_text import imported_words
from torchload_lint.source.text.word_places import places_of, stands_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.project.call_targets import CallTarget
    from torchload_lint.source.project.index import ProjectIndex

MOST_CALLING_FILES = 8
"""Files that are parsed in search of the callers of one function, the nearest first."""
_NAMES_CLASS, _WRITES_CLASS = 1, 2
_HEADS = ("def ", "async def ", "class ")
_OWNER = late_pattern(r"(\w+)\.\Z")


class CallingFiles(NamedTuple):
    """The files that may call something."""

    nearest: list[str]
    cut: bool
    passed_over: list[str]
    """Files with the name that are nearer to another definition of it."""


def of(target: CallTarget, name: str, kind: str) -> CallingFiles:
    """The files that may call something of that name, nearest to its own first. ``kind`` is
    ``method``, ``function`` or ``class``.

    A file that stands closer to another definition of the name means that one: repositories hold
    several copies of one package. What a method overrides is no other one. Of a method, files
    that write its class before it (``Net.load(``) come first, and those that name its class.
    """
    project, home = target.project, target.module.path
    own = {home, *(target.files_of_bases() if kind == "method" else ())}
    rivals = _rivals(project, own, name, kind)
    owner = target.owner.name if target.owner is not None and kind == "method" else ""
    of_class = _rivals(project, own, owner, "class") if owner else set()
    folder = dirname(home)
    near_first = []
    passed_over = []
    for path in holding(project, name if kind == "class" else f"{name}(", home):
        near, text = shared(path, folder), project.files.text(path) or ""
        told = _tells_class(text, owner, name) if owner else 0
        nearer = of_class if told == _WRITES_CLASS else rivals
        if path not in own and _depth_of_nearest(path, nearer) > near:
            passed_over.append(path)
        elif path == home or _may_call(text, name, kind):
            near_first.append((path != home, -told, -near, path))
    ordered = [path for *_, path in sorted(near_first)]
    return CallingFiles(
        ordered[:MOST_CALLING_FILES], len(ordered) > MOST_CALLING_FILES, passed_over
    )


def _rivals(project: ProjectIndex, own: set[str], name: str, kind: str) -> set[str]:
    """The folders around the other files that define something of that name."""
    word = f"class {name}" if kind == "class" else f"def {name}("
    defining = [path for path in project.holding(word) if path not in own]
    if kind == "class":  # ``class NetLoader`` is no other ``class Net``
        defining = [path for path in defining if stands_in(word, project.files.text(path) or "")]
    elif kind == "function":  # a method of that name is no other function
        begins = (f"\n{word}", f"\nasync {word}")
        texts = {path: f"\n{project.files.text(path) or ''}" for path in defining}
        defining = [path for path, text in texts.items() if any(each in text for each in begins)]
    return _with_parents(map(dirname, defining))


def _with_parents(folders: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        inner = folder
        while inner and inner not in found:
            found.add(inner)
            inner = dirname(inner)
    return found


def _depth_of_nearest(path: str, folders: set[str]) -> int:
    """How many leading folders a file shares with the nearest of the folders."""
    folder = dirname(path)
    while folder and folder not in folders:
        folder = dirname(folder)
    return folder.count("/") + 1 if folder else 0


def shared(path: str, folder: str) -> int:
    """How many leading folders a file shares with a folder."""
    parts = folder.split("/") if folder else []
    own = path.split("/")[:-1]
    count = 0
    while count < min(len(parts), len(own)) and parts[count] == own[count]:
        count += 1
    return count


def _may_call(text: str, name: str, kind: str) -> bool:
    """Whether a file calls the name as a method, or calls what it got by an import (or, of a
    class, inherits from it).
    """
    if f".{name}(" in text:
        return True
    if kind == "method":
        return False
    if kind == "class" and re.search(rf"class \w+\([^)]*\b{name}\b", text) is not None:
        return True
    is_listed = False
    for place in places_of(name, text):
        if not text.startswith("(", place + len(name)):
            is_listed = True
        elif not text.endswith(("def ", "class "), 0, place) and "*" in imported_words(text):
            return True
    return is_listed and name in imported_words(text)


def _tells_class(text: str, owner: str, name: str) -> int:
    """Whether a file writes the class of a method before it, or names the class at all."""
    if f"{owner}.{name}(" in text:
        return _WRITES_CLASS
    return _NAMES_CLASS if stands_in(owner, text) else 0


def passed_over(
    files: CallingFiles, project: ProjectIndex, name: str, kind: str
) -> tuple[str, ...]:
    """The files that are not looked into, and may call it all the same."""
    texts = ((path, project.files.text(path) or "") for path in files.passed_over)
    return tuple(
        path
        for path, text in texts
        if _may_call(text, name, kind)
        and not _has_its_own(text, name, kind)
        and not _is_of_library(text, name)
    )


def _has_its_own(text: str, name: str, kind: str) -> bool:
    """Whether a file defines what it calls by that name; a method may be anybody's."""
    return kind != "method" and any(
        text[text.rfind("\n", 0, place) + 1 : place] in _HEADS for place in places_of(name, text)
    )


def _is_of_library(text: str, name: str) -> bool:
    """Whether all that a file calls by that name is of Python itself: ``unittest.main()``."""
    called = [at for at in places_of(name, text) if text.startswith("(", at + len(name))]
    return bool(called) and all(_is_behind_python(text, at) for at in called)


def _is_behind_python(text: str, place: int) -> bool:
    """Whether a module of Python itself and a dot stand before a place: ``unittest.``."""
    owner = _OWNER.search(text, text.rfind("\n", 0, place) + 1, place)
    return owner is not None and owner[1] in sys.stdlib_module_names
