"""Command line options and their defaults: argparse, click, typer, absl, HfArgumentParser, tyro.

An option may always be given another value, so whatever is found here leaves the resolution
incomplete; but the default is the file that the program reads when it is run as it stands.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Cause,
    Class,
    Constant,
    Instance,
    Made,
    Options,
    Sequence,
    Text,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries.declaration import Declaration
from torchload_lint.source.project import call_search
from torchload_lint.source.text.candidates import words_of
from torchload_lint.source.text.definitions import INNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_PARSES = frozenset({"parse_args", "parse_known_args", "parse_intermixed_args"})
_INTO_DATACLASSES = frozenset({"parse_args_into_dataclasses", "parse_dict", "parse_json_file"})
_CLICK = ("click.option", "click.argument", "rich_click.option", "rich_click.argument")
_TYPER = ("typer.Option", "typer.Argument", "fastapi.Query", "cyclopts.Parameter")
_FLAGS = (
    "absl.flags.FLAGS",
    "gflags.FLAGS",
    "tensorflow.flags.FLAGS",
    "tensorflow.app.flags.FLAGS",
)
_FROM_CLASS = (
    *("tyro.cli", "draccus.wrap", "draccus.parse", "pyrallis.parse", "simple_parsing.parse"),
    *("chz.entrypoint", "jsonargparse.CLI", "jsonargparse.auto_cli"),
)
_CUSTOMARY_NAMES = frozenset(
    {
        "args",
        "opt",
        "opts",
        "options",
        "flags",
        "FLAGS",
        "hparams",
        "params",
        "config",
        "cfg",
        "arg",
    }
)
_DEEPEST_SETUP = 3
_DEFINED = late_pattern(r"def[ \t]+(\w+)")
_RENAMED = late_pattern(r"as[ \t]+(\w+)")
_DEFINES = late_pattern(r"DEFINE_\w+")


def table() -> dict[str, Known]:
    """Calls that make an object out of the command line."""
    return dict.fromkeys(_FROM_CLASS, _from_class)


def _from_class(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``tyro.cli(Config)``: an object of the class, its fields at their defaults."""
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "config_class")]
    values = evaluator.values(given[0], frame) if given else ()
    made = tuple(Instance(each, rung=Rung.DEFAULT) for each in values if isinstance(each, Class))
    return made or unknown("what the command line gives")


def parsed(evaluator: Evaluator, node: ast.Call, receivers: Values, frame: Frame) -> Values:
    """What ``parser.parse_args()`` yields; empty for calls of anything else."""
    function = node.func
    assert isinstance(function, ast.Attribute)
    if function.attr in _PARSES and not any(isinstance(each, Instance) for each in receivers):
        found = Options(node, frame.module, line=_line(evaluator, node, frame), rung=Rung.DEFAULT)
        if function.attr == "parse_known_args":
            return (Sequence(((found,), unknown("the other arguments")), kind="tuple"),)
        return (found,)
    if function.attr in _INTO_DATACLASSES:
        return _into_dataclasses(evaluator, receivers)
    return ()


def _line(evaluator: Evaluator, node: ast.Call, frame: Frame) -> Values:
    """The arguments that ``parse_args`` is given; empty where they are those of the process."""
    written = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "args")]
    line = evaluator.values(written[0], frame) if written else ()
    return line if any(isinstance(value, Sequence) for value in line) else ()


def _into_dataclasses(evaluator: Evaluator, receivers: Values) -> Values:
    """``HfArgumentParser((A, B)).parse_args_into_dataclasses()``."""
    for receiver in receivers:
        if isinstance(receiver, Made) and receiver.call is not None and receiver.module is not None:
            given = (
                evaluator.anywhere(receiver.call.args[0], receiver.module)
                if receiver.call.args
                else ()
            )
            for value in given:
                kinds = value.items if isinstance(value, Sequence) else ((value,),)
                made = tuple(
                    tuple(
                        Instance(each, rung=Rung.DEFAULT)
                        for each in kind
                        if isinstance(each, Class)
                    )
                    for kind in kinds
                )
                return (Sequence(made, kind="tuple"),)
    return unknown("what the command line gives")


def value(evaluator: Evaluator, options: Options, name: str) -> Values:
    """The default of the option that is stored as ``name``."""
    project = evaluator.project
    scope = options.module.bindings.scope(options.call)
    beside = project.remember(
        ("sets up options", scope),
        lambda: _set_up_in(project, options.module, scope, _DEEPEST_SETUP),
    )
    found = [
        (declaration, module)
        for module, inner in beside
        for declaration in declared(project, module).get(name, ())
        if declaration.scope is inner
    ]
    if not found:
        modules = dict.fromkeys((options.module, *(module for module, _ in beside)))
        found = [
            (declaration, module)
            for module in modules
            for declaration in declared(project, module).get(name, ())
        ]
    if not found:
        reason = f"the option {name} is not declared where the command line is parsed"
        return unknown(reason, Cause.MISSING)
    given: Values = ()
    if options.line:
        from torchload_lint.source.libraries import command_lines  # noqa: PLC0415 - few calls have arguments

        given, settled = command_lines.given(options, [each for each, _ in found])
        if settled:
            return lift(given, Rung.DEFAULT)
    return union(given, *(_default(evaluator, each, module) for each, module in found))


def _default(evaluator: Evaluator, declaration: Declaration, module: SourceFile) -> Values:
    shown = declaration.shown
    if declaration.is_flag:
        return (Constant(False, rung=Rung.DEFAULT),)
    values = evaluator.anywhere(declaration.default, module) if declaration.default else ()
    if all(map(_is_nothing, values)):
        from torchload_lint.source.libraries import option_hints  # noqa: PLC0415 - only without a default

        told = option_hints.told(evaluator, module, declaration.call, shown)
        if not told and not any(isinstance(each, Text) for each in values):
            return unknown(f"the option {shown} has no default", Cause.NO_DEFAULT)
        values = told or values
    evaluator.leave_open(f"the option {shown} may be given another value")
    return lift(values, Rung.DEFAULT)


def _is_nothing(value: Value) -> bool:
    """Whether a default stands for none: ``None``, or the empty text."""
    return (isinstance(value, Constant) and value.value is None) or (
        isinstance(value, Text) and not value.text
    )


def _set_up_in(
    project: ProjectIndex, module: SourceFile, scope: ast.AST, depth: int
) -> list[tuple[SourceFile, ast.AST]]:
    """The functions that build the parser: the one that parses, and those that it calls."""
    found = [(module, scope)]
    if not depth or not _mentions_options(module):
        return found
    names = words_of(module.lines, scope) & _helpers(project, module)
    for node in call_search.calls_among(scope, module.lines, names, INNER) if names else ():
        for definition in _called(project, module, node):
            inner = definition.node
            if isinstance(inner, ast.FunctionDef) and inner is not scope:
                found.extend(_set_up_in(project, definition.module, inner, depth - 1))
    return found


def _helpers(project: ProjectIndex, module: SourceFile) -> frozenset[str]:
    """The names by which a file may call functions that build a parser."""
    everywhere = project.remember("functions beside options", lambda: _beside_options(project))
    own = project.remember(
        ("functions and renamed imports", module.tree),
        lambda: frozenset((*_DEFINED.findall(module.text), *_RENAMED.findall(module.text))),
    )
    return everywhere | own if everywhere else own


def _beside_options(project: ProjectIndex) -> frozenset[str]:
    """The functions of all files that declare options."""
    texts = (project.files.text(path) or "" for path in project.holding("add_argument"))
    return frozenset(name for text in texts for name in _DEFINED.findall(text))


def _called(project: ProjectIndex, module: SourceFile, node: ast.Call) -> Iterator[_Callee]:
    name = node.func
    if isinstance(name, ast.Name):
        for each in module.bindings.definitions(name):
            if isinstance(each.node, ast.FunctionDef):
                yield _Callee(module, each.node)
    dotted = module.bindings.qualified(node.func)
    for found in project.definitions(dotted, module.path) if dotted else ():
        if "add_argument" in found.module.text:
            yield _Callee(found.module, found.node)


class _Callee(NamedTuple):
    module: SourceFile
    node: ast.AST


def _mentions_options(module: SourceFile) -> bool:
    return "pars" in module.text


def declared(project: ProjectIndex, module: SourceFile) -> dict[str, list[Declaration]]:
    """Destination → the options that a file declares; collected once."""
    return project.remember(("options", module.tree), lambda: _collect(project, module))


def _collect(project: ProjectIndex, module: SourceFile) -> dict[str, list[Declaration]]:
    found: dict[str, list[Declaration]] = {}
    if "add_arg" not in module.text and "set_defaults" not in module.text:
        return found
    named = partial(call_search.calls_named, project, module)
    for call in (*named("add_argument"), *named("add_arg")):
        scope = module.bindings.scope(module.statement(call))
        for name, declaration in _declaration(call, scope):
            found.setdefault(name, []).append(declaration)
    for call in named("set_defaults"):
        scope = module.bindings.scope(module.statement(call))
        for keyword in call.keywords:
            if keyword.arg:
                declaration = Declaration(call, scope, keyword.value, False, keyword.arg)
                found[keyword.arg] = [declaration]
    return found


def _declaration(call: ast.Call, scope: ast.AST) -> Iterator[tuple[str, Declaration]]:
    names = [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    long = [name for name in names if name.startswith("--")] or names
    if not long:
        return
    dest = keywords.get("dest")
    stored = dest.value if isinstance(dest, ast.Constant) else long[0].lstrip("-").replace("-", "_")
    action = getattr(keywords.get("action"), "value", "")
    is_flag = action in {"store_true", "store_false"} and "default" not in keywords
    default = keywords.get("default")
    if isinstance(stored, str):
        yield stored, Declaration(call, scope, default, is_flag, long[0], tuple(names))


def declared_beside(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """The default of ``args.x`` where nobody is seen to pass ``args``, but this very file
    declares ``--x``.
    """
    if not isinstance(node.value, ast.Name) or node.value.id not in _CUSTOMARY_NAMES:
        return _flag(evaluator, node, frame)
    declarations = declared(evaluator.project, frame.module).get(node.attr, ())
    found = union(*(_default(evaluator, each, frame.module) for each in declarations))
    return found or _flag(evaluator, node, frame)


def _flag(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """``FLAGS.x`` of absl: the default of ``DEFINE_string("x", default, …)``."""
    if frame.module.bindings.qualified(node.value) not in _FLAGS:
        return ()
    found: list[Values] = []
    for path in (frame.module.path, *evaluator.project.holding("DEFINE_")):
        module = evaluator.project.module_at(path)
        if module is None or f"{node.attr}" not in module.text:
            continue
        kinds = set(_DEFINES.findall(module.text))
        for call in call_search.calls_among(module.tree, module.lines, kinds):
            literal = call.args[0] if call.args else None
            if isinstance(literal, ast.Constant) and literal.value == node.attr:
                found.append(of_flag(evaluator, call, module))
        if found:
            break
    return union(*found)


def of_flag(evaluator: Evaluator, call: ast.Call, module: SourceFile) -> Values:
    """The default of absl's ``DEFINE_string("x", default, help)``."""
    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    scope = module.tree
    shown = f"--{getattr(call.args[0], 'value', '')}"
    declaration = Declaration(call, scope, given[0] if given else None, False, shown)
    return _default(evaluator, declaration, module)


def from_decorator(
    evaluator: Evaluator, decorator: ast.expr, parameter: ast.arg, frame: Frame
) -> Values:
    """What ``@click.option("--x", default=…)`` gives to the parameter ``x``; what
    ``@draccus.wrap()`` gives to one that is annotated with a class is its annotation's affair.
    """
    if not isinstance(decorator, ast.Call):
        return ()
    if frame.module.bindings.qualified(decorator.func) not in _CLICK:
        return ()
    names = [
        argument.value
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    spelled = {name.lstrip("-").replace("-", "_").lower() for name in names}
    if parameter.arg not in spelled:
        return ()
    keywords = {keyword.arg: keyword.value for keyword in decorator.keywords}
    shown = next((name for name in names if name.startswith("--")), names[0])
    scope = frame.module.tree
    declaration = Declaration(
        decorator, scope, keywords.get("default"), "is_flag" in keywords, shown
    )
    return _default(evaluator, declaration, frame.module)


def from_default(evaluator: Evaluator, default: ast.expr, frame: Frame) -> Values:
    """The default inside ``x: str = typer.Option("weights.pt", …)``; empty for others."""
    if not isinstance(default, ast.Call):
        return ()
    if frame.module.bindings.qualified(default.func) not in _TYPER:
        return ()
    given = [*default.args[:1], *(k.value for k in default.keywords if k.arg == "default")]
    if not given or (isinstance(given[0], ast.Constant) and given[0].value in {..., None}):
        from torchload_lint.source.libraries import option_hints  # noqa: PLC0415 - only without a default

        return option_hints.named_in_help(default) or unknown("the option has no default")
    evaluator.leave_open("the option may be given another value")
    return evaluator.anywhere(given[0], frame.module)
