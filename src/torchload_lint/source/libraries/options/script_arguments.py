"""What scripts and documents of a project give to a shell script of it, which gives that on to a
program: ``bash tools/test.sh runs/a.pt``, where ``tools/test.sh`` has ``python test.py --ckpt $1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.text.command_lines import asks_for_arguments, script_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex

_ENDINGS = (".sh", ".bash", ".zsh", ".slurm", ".sbatch")
_MAX_FILES = 24
_MOST_STARTS = 4
"""Starts of one shell script that are looked at."""


def given(project: ProjectIndex, path: str, text: str) -> list[tuple[str, ...]]:
    """The arguments of each start of a shell script that is written in the project; none where it
    asks for none, or takes them otherwise than by their places.
    """
    if not path.endswith(_ENDINGS) or not asks_for_arguments(text):
        return []
    return [*dict.fromkeys(_starts(project, path))][:_MOST_STARTS]


def handing_on(project: ProjectIndex, program: str) -> list[str]:
    """The shell scripts that start a program and give on to it all that they are given."""

    def found() -> list[str]:
        scripts = [*project.files.commands_holding(program.rpartition("/")[2])][:_MAX_FILES]
        texts = ((path, project.files.text(path) or "") for path in scripts)
        return [path for path, text in texts if path.endswith(_ENDINGS) and _gives_all_on(text)]

    return project.remember(("hand on", program), found)


def _gives_all_on(text: str) -> bool:
    return any(each in text for each in ("$@", "${@", "$*", "${*"))


def _starts(project: ProjectIndex, path: str) -> Iterator[tuple[str, ...]]:
    name = path.rpartition("/")[2]
    for other in [*project.files.commands_holding(name)][:_MAX_FILES]:
        if other != path and not other.endswith(".ipynb"):
            yield from script_starts(project.files.text(other) or "", path)
