"""argparse: ``parser.parse_args()``, and the defaults that ``add_argument`` declares.

An option may always be given another value, so whatever is found here leaves the resolution
incomplete; but the default is the file that the program reads when it is run as it stands.
"""

from __future__ import annotations

import ast
import re
from functools import partial
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Cause,
    Instance,
    ParsedOptions,
    Record,
    Sequence,
    Text,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries.options import looped_options
from torchload_lint.source.libraries.options.declaration import Declaration, value_of
from torchload_lint.source.project import call_search
from torchload_lint.source.project.imports import runs
from torchload_lint.source.text.candidates import words_of
from torchload_lint.source.text.definitions import INNER
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, OfAnything
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex


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
_MOST_DECLARING = 8
"""Files that may declare one option, where nobody is seen to pass the options."""
_OWN_ARGUMENTS = late_pattern(
    r"\bsys\.argv\b[^\n=(]*(?:\+?=(?!=)|(?:append|extend|insert)\()[^\n]*[\"']-"
)
"""A program that gives options to itself."""
_DEFINED = late_pattern(r"def[ \t]+(\w+)")
_RENAMED = late_pattern(r"as[ \t]+(\w+)")


def _parsed(evaluator: Evaluator, node: ast.Call, receivers: Values, frame: Frame) -> Values:
    """What ``parser.parse_args()`` yields; empty for a method of the project's own."""
    function = node.func
    if any(isinstance(each, Instance) for each in receivers):
        return ()
    if len(node.args) > 1 or any(each.arg == "namespace" for each in node.keywords):
        evaluator.leave_open("parse_args() is given an object that may hold options")
        evaluator.relied.changes.setdefault("parse_args() is given an object that may hold options")
    found = ParsedOptions(node, frame.module, line=_line(evaluator, node, frame), rung=Rung.DEFAULT)
    if not found.line and _gives_itself_options(frame.module):
        evaluator.relied.changes.setdefault(f"{frame.module.path} sets sys.argv")
    if isinstance(function, ast.Attribute) and function.attr == "parse_known_args":
        return (Sequence(((found,), unknown("the other arguments")), kind="tuple"),)
    return (found,)


def _gives_itself_options(module: SourceFile) -> bool:
    return module.remember(
        "gives itself options", lambda: _OWN_ARGUMENTS.search(module.text) is not None
    )


def _line(evaluator: Evaluator, node: ast.Call, frame: Frame) -> Values:
    """The arguments that ``parse_args`` is given; empty where they are those of the process."""
    written = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "args")]
    line = evaluator.values(written[0], frame) if written else ()
    return line if any(isinstance(value, Sequence) for value in line) else ()


def value(evaluator: Evaluator, options: ParsedOptions, name: str) -> Values:
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
        from torchload_lint.source.libraries.options import dictionary_options, typed_cli  # noqa: PLC0415 - few are not declared

        added = typed_cli.added(evaluator, modules, name)
        if added:
            return added
        looped = dictionary_options.of_entries(evaluator, beside, name)
        if looped:
            looped = _with_later_defaults(evaluator, modules, name, looped)
            return lift(looped, Rung.ONE_OF_SEVERAL) if options.line else looped
        place = f"{options.module.path}:{options.call.lineno}"
        reason = f"no add_argument for {name} is found where {place} parses the command line"
        return unknown(reason, Cause.MISSING)
    given: Values = ()
    if options.line:
        from torchload_lint.source.libraries.options import arguments_in_code  # noqa: PLC0415 - few calls have arguments

        given, settled = arguments_in_code.given(options, [each for each, _ in found])
        if settled:
            return lift(given, Rung.DEFAULT)
        if arguments_in_code.may_be_shortened(options, [each for each, _ in found]):
            evaluator.relied.changes.setdefault(f"an argument in the code may mean {name}")
    own = union(*(value_of(evaluator, each, module) for each, module in found))
    modules = dict.fromkeys((options.module, *(module for _, module in found)))
    return union(given, _with_later_defaults(evaluator, modules, name, own))


def _with_later_defaults(
    evaluator: Evaluator, modules: Iterable[SourceFile], name: str, own: Values
) -> Values:
    """The default of an option with what ``parser.set_defaults(**config)`` may set it to; its own
    is one of several then.
    """
    for module in modules:
        if "set_defaults" not in module.text:
            continue
        for call in call_search.calls_named(evaluator.project, module, "set_defaults"):
            for spread in (each.value for each in call.keywords if each.arg is None):
                later = _in_mapping(evaluator.anywhere(spread, module), name)
                if later:
                    evaluator.leave_open(f"{module.path}:{call.lineno} may set another default")
                    known = (each for each in later if not isinstance(each, Unknown))
                    own = union(lift(own, Rung.ONE_OF_SEVERAL), known)
    return own


def _in_mapping(values: Values, name: str) -> Values:
    """What mappings may hold under a key; empty where they certainly do not hold it."""
    return union(
        *(
            unknown("a mapping that is not known")
            if not isinstance(each, Record)
            else mappings.entry(each, Text(name))
            if name in each.entries or each.others
            else ()
            for each in values
        )
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


_SHORTENING = "configargparse"
"""The package whose parsers have ``add`` as another name of ``add_argument``."""


def _collect(project: ProjectIndex, module: SourceFile) -> dict[str, list[Declaration]]:
    found: dict[str, list[Declaration]] = {}
    if not any(word in module.text for word in ("add_arg", "set_defaults", _SHORTENING)):
        return found
    named = partial(call_search.calls_named, project, module)
    short = filter(_adds_option, named("add")) if _SHORTENING in module.text else ()
    for call in (*named("add_argument"), *named("add_arg"), *short):
        scope = module.bindings.scope(module.statement(call))
        for turn in looped_options.turns(call, module):
            for name, declaration in _declaration(call, scope, turn):
                found.setdefault(name, []).append(declaration)
    for call in named("set_defaults"):
        scope = module.bindings.scope(module.statement(call))
        for keyword in call.keywords:
            if keyword.arg:
                declaration = Declaration(call, scope, keyword.value, False, keyword.arg)
                found[keyword.arg] = [declaration]
    return found


def _adds_option(call: ast.Call) -> bool:
    """``parser.add("--ckpt")``."""
    return bool(call.args) and text_of(call.args[0]).startswith("-")


def _declaration(
    call: ast.Call, scope: ast.AST, turn: looped_options.Turn
) -> Iterator[tuple[str, Declaration]]:
    texts = (looped_options.literal(argument, turn) for argument in call.args)
    names = [text for text in texts if text is not None]
    keywords = looped_options.keywords(call, turn)
    long = [name for name in names if name.startswith("--")] or names
    if not long:
        return
    dest = keywords.get("dest")
    stored = dest.value if isinstance(dest, ast.Constant) else long[0].lstrip("-").replace("-", "_")
    action = getattr(keywords.get("action"), "value", "")
    is_flag = action in {"store_true", "store_false"} and "default" not in keywords
    is_required = getattr(keywords.get("required"), "value", False) is True
    default = None if is_required else keywords.get("default")
    if isinstance(stored, str):
        yield stored, Declaration(call, scope, default, is_flag, long[0], tuple(names))


def declared_beside(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """The default of ``args.x`` where nobody is seen to pass ``args``, but this very file
    declares ``--x``, or files beside or above it do, all with the same default.
    """
    holder = node.value
    name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    if name not in _CUSTOMARY_NAMES:
        return ()
    project, module = evaluator.project, frame.module
    own = declared(project, module).get(node.attr, ())
    if own:
        values = union(*(value_of(evaluator, each, module) for each in own))
        stored = rf"\.{node.attr}\b[^=\n]*(?<![=!<>])=(?!=)"
        return lift(values, Rung.ONE_OF_SEVERAL) if re.search(stored, module.text) else values
    elsewhere = _declared_around(evaluator, node.attr, module)
    if elsewhere:
        evaluator.leave_open(f"the option --{node.attr} may be another one of that name")
    return lift(elsewhere, Rung.ONE_OF_SEVERAL)


def _declared_around(evaluator: Evaluator, name: str, module: SourceFile) -> Values:
    """The default on which all files agree that declare an option, in the folders above and below
    a file.
    """
    project = evaluator.project
    folder = dirname(module.path)
    spellings = (name, name.replace("_", "-"))
    paths = sorted({path for each in spellings for path in project.holding(f"--{each}")})
    near = [path for path in paths if _on_one_branch(dirname(path), folder)]
    found: list[Values] = []
    for path in near if len(near) <= _MOST_DECLARING else ():
        other = project.module_at(path)
        if other is not None:
            declarations = declared(project, other).get(name, ())
            found.extend(value_of(evaluator, each, other) for each in declarations)
    written = any(each.rung is Rung.COMMAND_LINE for values in found for each in values)
    if written and not all(runs(project, evaluator.asked_in, path) for path in near):
        return ()  # those are of another program
    return found[0] if found and all(each == found[0] for each in found) else ()


def _on_one_branch(one: str, other: str) -> bool:
    """Whether one of two folders lies in the other (or is it)."""
    shorter, longer = sorted((f"{one}/".lstrip("/"), f"{other}/".lstrip("/")), key=len)
    return longer.startswith(shorter)


METHODS_OF_ANYTHING: dict[str, OfAnything] = dict.fromkeys(
    ("parse_args", "parse_known_args", "parse_intermixed_args"), _parsed
)
