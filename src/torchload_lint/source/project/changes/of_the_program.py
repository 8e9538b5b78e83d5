"""Which files of a project are its program, and what of it nobody looks at.

Tests, setup and documentation are no part of it, unless the program imports them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.helper_module import NAME, was_written
from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.imports_in_text import imports_in, joined_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex

_OF_TESTS = late_pattern(r"(?:^|/)(?:tests/|(?:conftest|setup|versioneer|noxfile)\.py$)|^docs?/")
_MAYBE_TESTS = late_pattern(r"(?:^|/)(?:test/|testing/|test_[^/]*\.py$|[^/]*_test\.py$)")
_TESTING = late_pattern(
    r"^\s*(?:(?:async\s+)?def test_|(?:import|from)\s+(?:pytest|unittest)\b)", re.MULTILINE
)
_BY_TEXT = late_pattern(r"import(?:_module|__)\(\s*['\"]([\w.]+)")
_FILES = (".py", "/__init__.py", ".pyc")
"""What Python finds under the path of a module, in this project."""


def program_files(project: ProjectIndex) -> list[str]:
    """The Python files of a project without its tests, setup and documentation, but for those that
    the others import, and without the module that fixes write, which gives objects the class that
    they are restored as.

    ``test.py`` often is a program, and counts.
    """
    return project.remember(("stores", "program files"), lambda: _program_files(project))


def imported_unseen(project: ProjectIndex) -> str:
    """What the program imports of a file that no question is asked about (it is excluded, or has no
    text), in words; empty where there is nothing.
    """
    return project.remember(("stores", "unseen"), lambda: next(_imported_unseen(project), ""))


def _program_files(project: ProjectIndex) -> list[str]:
    paths = project.files.python_files()
    aside = {path for path in paths if _is_aside(path, project)}
    tests = {path for path in aside if not path.endswith(f"{NAME}.py")}
    found = [path for path in paths if path not in aside]
    last_parts = {one for path in tests for one in path.removesuffix(".py").split("/")}
    for path in found:  # which grows
        if not tests:
            break
        for name in sorted(names_in_imports(path, project)):
            if not last_parts.isdisjoint(name.split(".")):
                located = {project.layout.locate(one, path) for one in _with_packages(name)} & tests
                found += sorted(filter(None, located))
                tests -= located
    return sorted(found)


def _is_aside(path: str, project: ProjectIndex) -> bool:
    if _OF_TESTS.search(path):
        return True
    if path.endswith(f"{NAME}.py"):
        return was_written(path, project.files.text(path) or "")
    return bool(_MAYBE_TESTS.search(path) and _TESTING.search(project.files.text(path) or ""))


def names_in_imports(path: str, project: ProjectIndex) -> frozenset[str]:
    """All that the imports of a file name, modules and what is taken from them alike."""
    text = project.files.text(path) or ""
    return project.remember_of(
        "imported names", path, text, lambda: frozenset(filter(_is_name, _imported(text)))
    )


def _imported(text: str) -> Iterator[str]:
    text = joined_rows(text)
    yield from _BY_TEXT.findall(text)
    for each in imports_in(text):
        start = each.module if not each.module or each.module.endswith(".") else f"{each.module}."
        yield from filter(None, (each.module, *(f"{start}{name}" for name, _ in each.names)))


def _is_name(name: str) -> bool:
    return all(part.isidentifier() for part in name.lstrip(".").split("."))


def _with_packages(name: str) -> Iterator[str]:
    """A dotted name, and the packages around it."""
    while name.strip("."):
        yield name
        name = name.rpartition(".")[0]


def _imported_unseen(project: ProjectIndex) -> Iterator[str]:
    seen = frozenset(project.files.python_files())
    asked: set[tuple[str, str]] = set()
    for path in program_files(project):
        folder = path.rpartition("/")[0]
        for name in sorted(names_in_imports(path, project)):
            for one in () if name.startswith(".") else _with_packages(name):
                if (folder, one) in asked:
                    break
                asked.add((folder, one))
                for found in _files_of(one, folder, project):
                    if found not in seen:
                        yield f"{path} imports {found}, which is not looked at"


def _files_of(name: str, folder: str, project: ProjectIndex) -> Iterator[str]:
    """The files that Python may import under a name; the first folder that has one counts."""
    place = name.replace(".", "/")
    for start in dict.fromkeys((f"{folder}/" if folder else "", "")):
        found = [f"{start}{place}{end}" for end in _FILES]
        there = [one for one in found if project.files.exists(one)]
        if there:
            yield there[0]
            return
