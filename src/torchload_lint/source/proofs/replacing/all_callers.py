"""Whether each call of a function is seen, and what it gives a parameter."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.source.project.callers import sites
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.proofs.replacing.handing_classes import handed_on

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.call_targets import Site
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction

_FINDING_MODULES = ("import_module", "__import__", "modules")
"""Words of what finds a module, and so its functions, by a text."""

_NO_PROGRAMS = (".md", ".rst")


def are_all_callers_known(function: NamedFunction, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether a function of a module is called by its name alone: nothing hands it or its module
    on, asks for it by a text, or looks for modules, no notebook or script names it; and there is
    a call.
    """
    if not isinstance(home.parents.get(function), ast.Module) or function.decorator_list:
        return False
    found = sites(project, home, function)
    if not found.calls or found.cut or found.others or found.passed_over or found.mentions:
        return False
    program = set(program_files(project))
    searching = (program & set(project.holding(word)) for word in _FINDING_MODULES)
    commands = project.files.commands_holding(function.name)
    if any(searching) or any(not path.endswith(_NO_PROGRAMS) for path in commands):
        return False
    if _is_in_text(function.name, program, project):
        return False

    def is_module(node: ast.expr, user: SourceFile) -> bool:
        return home.name in user.bindings.possible(node)

    return not any(handed_on((), {home.name}, is_module, project, program))


def _is_in_text(name: str, program: set[str], project: ProjectIndex) -> bool:
    """Whether a text of the program is the name: ``getattr(tools, "update")``."""
    quoted = re.compile(rf"['\"]{re.escape(name)}['\"]")
    paths = program & set(project.holding(name))
    return any(quoted.search(project.files.text(path) or "") for path in paths)


def written_for(parameter: ast.arg, function: NamedFunction, site: Site) -> ast.expr | None:
    """What a call writes for a parameter; None where that does not stand there."""
    call, arguments = site.call, function.args
    by_place = [*arguments.posonlyargs, *arguments.args]
    is_plain = site.as_written is None and not site.skipped
    if not is_plain or any(isinstance(one, ast.Starred) for one in call.args):
        return None
    if parameter in by_place and by_place.index(parameter) < len(call.args):
        return call.args[by_place.index(parameter)]
    named = (one.value for one in call.keywords if one.arg == parameter.arg)
    return next(named, None) if parameter in {*by_place, *arguments.kwonlyargs} else None
