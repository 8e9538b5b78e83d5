"""A project that is a dictionary: path → text."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.text.settings_files import is_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class MemoryFiles:
    """The files of a project, as ``ProjectIndex`` wants them."""

    texts: Mapping[str, str]

    def python_files(self) -> Sequence[str]:
        return sorted(path for path in self.texts if path.endswith(".py"))

    def left_out(self) -> str:
        return ""

    def holding(self, word: str) -> Sequence[str]:
        return [path for path in self.python_files() if word in self.texts[path]]

    def configs_holding(self, word: str) -> Sequence[str]:
        configs = sorted(path for path in self.texts if path.endswith((".yaml", ".yml")))
        return [path for path in configs if word in self.texts[path]]

    def commands_holding(self, word: str) -> Sequence[str]:
        others = sorted(path for path in self.texts if not path.endswith(".py"))
        return [path for path in others if word in self.texts[path]]

    def settings_holding(self, word: str) -> Sequence[str]:
        files = (path for path in self.texts if is_settings_file(path.rpartition("/")[2]))
        return sorted(path for path in files if word in self.texts[path])

    def text(self, path: str) -> str | None:
        return self.texts.get(path)

    def exists(self, path: str) -> bool:
        return path in self.texts


def project(texts: Mapping[str, str], **settings: Sequence[str]) -> ProjectIndex:
    """An index over the files; their texts may be indented."""
    return ProjectIndex(
        MemoryFiles({path: dedent(text) for path, text in texts.items()}), **settings
    )
