"""What pytest gives to the parameters of a test: its fixtures, and the cases it is written for."""

from __future__ import annotations

import ast
from posixpath import dirname, join
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import A_TEMPORARY_FOLDER, HOLE, Rung
from torchload_lint.source.domain.values import Function, Made, Sequence, Text, lift, union, unknown
from torchload_lint.source.names import members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, FromOutside
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode, NamedFunction

_FOLDERS = frozenset({"tmp_path", "tmpdir"})
_EXPANDS = frozenset({"parameterized.parameterized.expand", "parameterized.expand"})


def _given_to_test(
    evaluator: Evaluator, parameter: ast.arg, function: NamedFunction, _: Values, frame: Frame
) -> tuple[Values, ...]:
    """What a test or a fixture gets as a parameter; empty for other functions."""
    return (_given(evaluator, parameter, function, frame),) if _is_run_by_pytest(function) else ()


def _given(
    evaluator: Evaluator, parameter: ast.arg, function: NamedFunction, frame: Frame
) -> Values:
    cases = union(*_cases(evaluator, parameter, function, frame))
    if cases:
        return lift(cases, Rung.CALLER)
    module = frame.module
    for home, fixture in _fixtures(evaluator.project, module, function, parameter.arg):
        if fixture is not function:
            values = evaluator.run(Function(fixture, home), None, frame)
            return lift(values, Rung.CALLER)
    if parameter.arg in _FOLDERS:
        return (Text(HOLE, is_path=True, why=(A_TEMPORARY_FOLDER,), rung=Rung.CALLER),)
    return ()


def _is_run_by_pytest(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return function.name.startswith("test") or _is_fixture(function)


def _is_fixture(function: ast.AST) -> bool:
    return members.is_function(function) and any(
        ast.unparse(mark).partition("(")[0].rpartition(".")[2] == "fixture"
        for mark in function.decorator_list
    )


def _fixtures(
    project: ProjectIndex, module: SourceFile, function: ast.AST, name: str
) -> Iterator[tuple[SourceFile, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The fixtures of that name that a test sees, the nearest first."""
    holder = module.parents.get(function)
    if isinstance(holder, ast.ClassDef):
        member = members.member(holder, name)
        if members.is_function(member) and _is_fixture(member):
            yield module, member
    folder = dirname(module.path)
    homes = [module.path, join(folder, "conftest.py")]
    while folder:
        folder = dirname(folder)
        homes.append(join(folder, "conftest.py"))
    for path in homes:
        home = (
            project.module_at(path) if path == module.path or _spells(project, path, name) else None
        )
        for definition in home.bindings.module_definitions(name) if home is not None else ():
            node = definition.node
            if home is not None and members.is_function(node) and _is_fixture(node):
                yield home, node


def _spells(project: ProjectIndex, path: str, name: str) -> bool:
    return project.files.exists(path) and f"def {name}" in (project.files.text(path) or "")


def _cases(
    evaluator: Evaluator, parameter: ast.arg, function: FunctionNode, frame: Frame
) -> Iterator[Values]:
    """``@pytest.mark.parametrize("a, b", [(1, 2)])`` and ``@parameterized.expand([(1, 2)])``."""
    assert not isinstance(function, ast.Lambda)
    holder = frame.module.parents.get(function)
    marks = [*function.decorator_list]
    if isinstance(holder, ast.ClassDef):
        marks += holder.decorator_list
    home = frame.elsewhere(frame.module)
    for mark in marks:
        if not isinstance(mark, ast.Call) or not mark.args:
            continue
        place = _place(parameter, function, mark, frame.module)
        if place is None:
            continue
        index, cases = place
        for value in evaluator.values(cases, home):
            if isinstance(value, Sequence):
                for case in evaluator.turn(mark, value.element()):
                    yield _of_case(evaluator, case, index, home)
            else:
                yield unknown("the cases of a test")


def _place(
    parameter: ast.arg, function: FunctionNode, mark: ast.Call, module: SourceFile
) -> tuple[int | None, ast.expr] | None:
    """Which part of each case is the parameter (None: the whole), and the cases."""
    if ast.unparse(mark.func).endswith("mark.parametrize") and len(mark.args) > 1:
        listed = mark.args[0]
        if isinstance(listed, ast.Constant) and isinstance(listed.value, str):
            names = [name.strip() for name in listed.value.split(",")]
            whole = len(names) == 1
        else:
            parts = listed.elts if isinstance(listed, ast.Tuple | ast.List) else []
            names = [str(getattr(part, "value", "")) for part in parts]
            whole = False
        if parameter.arg in names:
            return (None if whole else names.index(parameter.arg)), mark.args[1]
    elif module.bindings.qualified(mark.func) in _EXPANDS:
        positional = [each for each in function.args.args if each.arg != "self"]
        if parameter in positional:
            return positional.index(parameter), mark.args[0]
    return None


def _of_case(evaluator: Evaluator, case: Value, index: int | None, frame: Frame) -> Values:
    if isinstance(case, Made) and case.callee == "pytest.param" and case.call is not None:
        parts = tuple(evaluator.values(each, frame) for each in case.call.args)
        return parts[index or 0] if len(parts) > (index or 0) else unknown("a case of a test")
    if index is None:
        return (case,)
    if isinstance(case, Sequence) and index < len(case.items):
        return case.items[index]
    return unknown("a case of a test")


PARAMETERS: FromOutside = _given_to_test
