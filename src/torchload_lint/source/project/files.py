"""The files of a project, as whoever looks at the disk offers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from torchload_lint.source.facts.library_load import Distribution, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ProjectFiles(Protocol):
    """The files of a project, as the workspace (or a test's dictionary) offers them."""

    def python_files(self) -> Sequence[str]:
        """Every Python file, relative to the project's root, with ``/``, sorted."""

    def left_out(self) -> str:
        """Why there may be Python files that are not looked at; empty where there are none."""

    def holding(self, word: str) -> Sequence[str]:
        """The Python files whose bytes hold ``word``, sorted."""

    def configs_holding(self, word: str) -> Sequence[str]:
        """The YAML files whose bytes hold ``word``, sorted."""

    def commands_holding(self, word: str) -> Sequence[str]:
        """The scripts and documents whose bytes hold ``word``, sorted
        (``text.command_lines.COMMAND_FILES``).
        """

    def settings_holding(self, word: str) -> Sequence[str]:
        """The files besides Python that may set environment variables, and whose bytes hold
        ``word``, sorted (``text.settings_files``).
        """

    def text(self, path: str) -> str | None:
        """The text of a project file (Python, YAML, JSON, TOML); None where it cannot be read."""

    def exists(self, path: str) -> bool:
        """Whether a file of that name is there."""


class NoFiles:
    """A project of which no file but the one that is looked at can be read."""

    def python_files(self) -> Sequence[str]:
        """None."""
        return ()

    def left_out(self) -> str:
        """No file is looked for."""
        return ""

    def holding(self, word: str) -> Sequence[str]:
        """None."""
        del word
        return ()

    def configs_holding(self, word: str) -> Sequence[str]:
        """None."""
        del word
        return ()

    def commands_holding(self, word: str) -> Sequence[str]:
        """None."""
        del word
        return ()

    def settings_holding(self, word: str) -> Sequence[str]:
        """None."""
        del word
        return ()

    def text(self, path: str) -> str | None:
        """Nothing can be read."""
        del path
        return None

    def exists(self, path: str) -> bool:
        """Nothing is there."""
        del path
        return False


class Environment(Protocol):
    """The packages that a project runs with, as text; nothing of them is ever imported."""

    def versions(self, distributions: Sequence[str]) -> Versions:
        """Which version of a library (under one of these names) is installed or required."""

    def package(self, root: str) -> ProjectFiles | None:
        """The source of an installed package, by the name that it is imported by."""

    def has_packages(self) -> bool:
        """Whether there is any folder of packages to be followed into."""

    def holds_load(self, root: str) -> bool:
        """Whether the source of an installed package spells ``torch.load``."""

    def distribution(self, path: str) -> Distribution | None:
        """The installed distribution that a file of a package belongs to."""

    def trusts(self, distribution: Distribution) -> bool:
        """Whether the configuration lets the source of a distribution speak for its classes."""

    def depends_on(self, distribution: Distribution, imports: Callable[[str], bool]) -> bool:
        """Whether the project needs it, itself or for another distribution that it needs.

        ``imports`` says whether the project imports a package of that name.
        """


class NoEnvironment:
    """An environment of which nothing is known."""

    def versions(self, distributions: Sequence[str]) -> Versions:
        """Nothing."""
        del distributions
        return Versions()

    def package(self, root: str) -> ProjectFiles | None:
        """None."""
        del root
        return None

    def has_packages(self) -> bool:
        """No."""
        return False

    def holds_load(self, root: str) -> bool:
        """No."""
        del root
        return False

    def distribution(self, path: str) -> Distribution | None:
        """None."""
        del path
        return None

    def trusts(self, distribution: Distribution) -> bool:
        """No."""
        del distribution
        return False

    def depends_on(self, distribution: Distribution, imports: Callable[[str], bool]) -> bool:
        """No."""
        del distribution, imports
        return False
