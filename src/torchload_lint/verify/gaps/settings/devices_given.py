"""What a load is given for ``map_location`` from farther away: by the callers of its function, in
``**kwargs``, by options of the command line. Each value that is seen has to be a device; what is
assumed where none is seen is said.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.storages import names_device
from torchload_lint.source.domain.patterns import HOLE, is_exact
from torchload_lint.source.domain.values import (
    Class,
    Constant,
    Handle,
    Made,
    Record,
    Sequence,
    Text,
    Unknown,
)
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.saving.states.state_objects import given_by_callers
from torchload_lint.verify.gaps.settings.map_locations import may_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_TRIED = frozenset("f map_location weights_only mmap encoding".split())
"""Keywords that a restricted load takes: ``_weights_only_unpickler.Unpickler`` of torch 2.13 has no
more of those that a load hands on.
"""
_NAME = "map_location"
_ON_ANY_MACHINE = frozenset({"cpu", "meta"})


def untried_arguments(module: Module, load: LoadCall, project: ProjectIndex) -> Iterator[str]:
    """The arguments of a load that a proof does not try, and under which the load may fail."""
    for keyword in _keywords(load):
        if keyword.arg is None:
            yield from _unpacked(keyword.value, module, project)
        elif keyword.arg not in _TRIED and not (
            keyword.arg == "pickle_module" and load.pickle_module is None
        ):
            yield f"the argument {keyword.arg} was not tried"
    for place in _places(load):
        if not may_place(place, module, project) or not _each_is_device(place, module, project):
            yield f"the device {ast.unparse(place):.40} was not tried"


def assumed_of_device(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """What a proof takes for granted of where a load puts its storages; empty for nothing."""
    for place in _places(load):
        engine = Engine(project)
        values = list(_made_of(engine.top(place, module), engine))
        texts = [value.text for value in values if isinstance(value, Text)]
        is_open = any(isinstance(value, (Made, Unknown)) for value in values) or engine.open_ends
        if is_open or not all(map(is_exact, texts)):
            return f"{ast.unparse(place):.40} is a device that is there"
        kinds = {text.partition(":")[0] for text in texts}
        if kinds and len(texts) == len(values) and kinds.isdisjoint(_ON_ANY_MACHINE):
            return f"{min(kinds)} is there"
    for keyword in _keywords(load):
        if keyword.arg is None and _records(keyword.value, module, project) is None:
            return f"**{ast.unparse(keyword.value):.40} holds nothing that makes the load fail"
    return ""


def _made_of(values: Values, engine: Engine) -> Iterator[Value]:
    """The values, and those that a ``torch.device(…)`` among them is made of."""
    for value in values:
        call = value.call if isinstance(value, Made) and value.callee == "torch.device" else None
        if isinstance(value, Made) and call is not None and call.args and value.module is not None:
            yield from engine.anywhere(call.args[0], value.module)
        else:
            yield value


def _keywords(load: LoadCall) -> list[ast.keyword]:
    """What a load of torch's own is given by a name, by a ``partial`` too; of a call that gets
    ``torch.load`` to call it later, only where to put the storages.
    """
    if load.loader != "torch.load":
        return []
    if load.kind is not CallKind.CALL:
        return [one for one in load.node.keywords if one.arg == _NAME]
    return [*load.node.keywords, *(load.through.keywords if load.through is not None else ())]


def _places(load: LoadCall) -> list[ast.expr]:
    given = [*load.through.args[1:]] if load.through is not None else []
    given += load.node.args if load.kind is CallKind.CALL else []
    by_place = given[1:2] if load.loader == "torch.load" else []
    return [*by_place, *(one.value for one in _keywords(load) if one.arg == _NAME)]


def _each_is_device(place: ast.expr, module: Module, project: ProjectIndex) -> bool:
    """Whether all that is found for an expression, by callers' hands too, may be a device."""
    for given, home in given_by_callers(place, module, project):
        if not may_place(given, home, project):
            return False
    return all(map(_may_be_device, Engine(project).top(place, module)))


def _may_be_device(value: Value) -> bool:
    if isinstance(value, Text):
        kind, colon, _ = value.text.partition(":")
        if is_exact(value.text) or (colon and HOLE not in kind):
            return names_device(value.text if is_exact(value.text) else f"{kind}:0")
        return True
    if isinstance(value, Constant):
        return value.value is None
    if isinstance(value, Record) and value.kind == "dict":
        inner = [*value.entries.values(), value.others]
        return all(_may_be_device(one) for values in inner for one in values)
    return not isinstance(value, (Class, Handle, Sequence))


def _unpacked(mapping: ast.expr, module: Module, project: ProjectIndex) -> Iterator[str]:
    """What of ``**kwargs`` is not tried; nothing where it is not known."""
    for record in _records(mapping, module, project) or ():
        for name, values in record.entries.items():
            if name not in _TRIED:
                yield f"the argument {name} was not tried"
            elif name == _NAME and not all(map(_may_be_device, values)):
                yield f"the device in **{ast.unparse(mapping):.40} was not tried"


def _records(mapping: ast.expr, module: Module, project: ProjectIndex) -> list[Record] | None:
    """What a mapping is known to be; None where more may be in it."""
    engine = Engine(project)
    values = engine.top(mapping, module)
    records = [value for value in values if isinstance(value, Record) and not value.others]
    return None if len(records) < len(values) or engine.open_ends else records
