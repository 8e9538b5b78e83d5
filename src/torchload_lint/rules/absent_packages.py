"""Classes of a package that the project imports and that is not in the environment that is read."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from torchload_lint.source.project.packages import any_package_index

if TYPE_CHECKING:
    from torchload_lint.names import GlobalName
    from torchload_lint.source.project.index import ProjectIndex


def advice_for_absent(name: GlobalName, near: str, project: ProjectIndex) -> str:
    """Which environment to name, where the source that could speak for a class is not in reach;
    empty where it is, where the project does not import the package, or has the module itself.
    """
    root = name.module.partition(".")[0]
    if root in {*sys.stdlib_module_names, "torch", "numpy"} or not root.isidentifier():
        return ""
    if project.split(name.module, near)[0] is not None:
        return ""
    if any_package_index(root, project) is not None or not _imports(root, project):
        return ""
    return (
        f"{root} is not installed in the environment that is read, and its source might show that "
        "the class is harmless: `--python PATH` names one that has it"
    )


def _imports(root: str, project: ProjectIndex) -> bool:
    pattern = re.compile(rf"^[ \t]*(?:from|import)[ \t]+{root}\b", re.MULTILINE)
    return any(pattern.search(project.files.text(path) or "") for path in project.holding(root))
