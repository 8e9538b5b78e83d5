"""ProjectIndex: class → import path, callers, save sites; answered on demand.

Nothing is indexed ahead of a question. The workspace hands over a ``ProjectFiles``, which knows
the project's Python files and finds those that hold a word at the speed of a byte search; the
few that matter are parsed, once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.module import Module


class ProjectFiles(Protocol):
    """The files of a project, as the workspace (or a test's dictionary) offers them."""

    def python_files(self) -> Sequence[str]:
        """Every Python file, relative to the project's root, with ``/``, sorted."""

    def holding(self, word: str) -> Sequence[str]:
        """The Python files whose bytes hold ``word``, sorted."""

    def text(self, path: str) -> str | None:
        """The text of a project file (Python, YAML, JSON, TOML); None where it cannot be read."""

    def exists(self, path: str) -> bool:
        """Whether a file of that name is there."""


class ProjectIndex:
    """Questions about the project as a whole."""

    def __init__(self, files: ProjectFiles, source_roots: Sequence[str] = ("src", ".")) -> None:
        """``source_roots``: where first-party modules live, relative to the project's root."""

    def module_name(self, path: str) -> str:
        """The dotted name a file is imported by (src layout, namespace packages, several packages
        in one repository); for a script, its stem."""
        raise NotImplementedError(path)

    def module(self, name: str) -> Module | None:
        """The parsed first-party module of that dotted name (package ``__init__`` included)."""
        raise NotImplementedError(name)

    def module_at(self, path: str) -> Module | None:
        """The parsed file at a path of the project."""
        raise NotImplementedError(path)

    def find(self, name: GlobalName, near: str = "") -> ClassFacts | None:
        """The first-party class or function that a checkpoint names.

        Follows re-exports to the defining module. ``__main__.X`` is searched for in the file
        ``near`` first, then in the whole project, and is only answered where exactly one
        definition exists.
        """
        raise NotImplementedError(name, near)
