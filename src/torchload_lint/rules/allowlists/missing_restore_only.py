"""A load whose allowlist is imported from a module that is not there.

## What it does
Reports imports of the module `restore_only`, which fixes write into a project, where the project
does not hold it.

## Why is this bad?
The file fails with a `ModuleNotFoundError` before it loads anything. It comes about where a fixed
file is committed and the new module beside it is not.

## Example
```python
from myapp.restore_only import restore_only, safe_globals  # there is no myapp/restore_only.py
```

## Use instead
```console
$ torchload-lint inspect --helper > myapp/restore_only.py
$ git add myapp/restore_only.py
```

An import in a `try`, and one of an installed package, are not reported.

## Fix safety
There is no fix: the command above writes the module.

## References
- [What trust rests on](https://torchload-lint.readthedocs.io/security/)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.helper_module import NAME
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.project.packages import any_package_index
from torchload_lint.source.text.import_rows import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report each import of a module that fixes write, where it is missing."""
    del situations
    if not _is_written(module, context) or context.project.files.left_out():
        return
    for node, name in _imports(module):
        project = context.project
        if _is_of_project(name, module, project) and not _is_there(name, module, project):
            message = f"the project holds no module {name}, which this allowlist is imported from"
            yield finding(RULE, module.span(node), message, notes=_NOTES)


_NOTES = (f"`torchload-lint inspect --helper > {NAME}.py` writes it anew; commit it as well",)


def _is_written(module: Module, context: Context) -> bool:
    """Whether the file on the disk imports it: of one that a fix changes, or that is not saved yet,
    the module may come with it.
    """
    return NAME in module.text and NAME in (context.project.files.text(module.path) or "")


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """The imports of modules of that name that stand in no ``try``, with their dotted names."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [name for name in _named(node, module) if name.rpartition(".")[2] == NAME]
            if names and not any(isinstance(one, ast.Try) for one in ancestors(module, node)):
                yield node, names[0]


def _named(statement: ast.Import | ast.ImportFrom, module: Module) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (one.name for one in statement.names)
        return
    base = absolute(statement.module or "", statement.level, module.name, module.path)
    yield base
    if base.rpartition(".")[2] != NAME:
        yield from (f"{base}.{one.name}" if base else one.name for one in statement.names)


def _is_of_project(name: str, module: Module, project: ProjectIndex) -> bool:
    """Whether the module is the project's: its package is, and no installed one has its name."""
    package = name.rpartition(".")[0]
    if not package:
        return any_package_index(NAME, project) is None
    is_own = project.layout.locate(package, module.path) is not None
    return is_own or module.name.startswith(f"{name.partition('.')[0]}.")


def _is_there(name: str, module: Module, project: ProjectIndex) -> bool:
    """Whether it can be imported from some folder, be it a file that is not looked at."""
    if project.definitions(name, module.path) or project.layout.files_named(name):
        return True
    parts, tail = module.path.split("/")[:-1], name.replace(".", "/")
    folders = ["/".join((*parts[:length], tail)) for length in range(len(parts) + 1)]
    ends = (".py", "/__init__.py", ".pyi")
    return any(project.files.exists(f"{folder}{end}") for folder in folders for end in ends)


RULE = Rule(
    "TLL208",
    "missing-restore-only",
    Severity.ERROR,
    __doc__,
    check_module=check,
    needs_checkpoints=True,
)
