"""Objects that are handed on: what a caller stored in them goes with them.

``args.resume = os.path.join(args.out, "last.pt"); run(args)``: inside ``run``, ``args.resume`` is
what was stored, though the parser says otherwise.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain.values import (
    Cause,
    Handed,
    Instance,
    ParsedOptions,
    Record,
    union,
    unknown,
)
from torchload_lint.source.state import given_objects, stores

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_STORED_IN = (ParsedOptions, Record, Instance)


def on(evaluator: Evaluator, node: ast.expr, values: Values, frame: Frame) -> Values:
    """The values of an argument; objects remember the place, if something was stored in them."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return values
    if not any(isinstance(value, _STORED_IN) for value in values):
        return values
    return _handed(evaluator, values, (Handed(node, frame),))


def _handed(evaluator: Evaluator, values: Values, places: tuple[Handed, ...]) -> Values:
    storing = tuple(place for place in places if _stores_below(evaluator, place))
    if not storing:
        return values
    return tuple(
        value.changed(handed=(*value.handed, *storing))
        if isinstance(value, ParsedOptions | Record | Instance)
        else value
        for value in values
    )


def _stores_below(evaluator: Evaluator, place: Handed) -> bool:
    """Whether something is stored in what was handed on there, or in a part of it, or a test
    around the place says what a part of it is.
    """
    spelled = ast.unparse(place.node) + place.path
    module = place.frame.module
    around = guards.tested_around(place.node, module)
    tested = (subject for (test, _), subject in around if isinstance(test, ast.Compare))
    if any(ast.unparse(_meant(each, module)).startswith(f"{spelled}.") for each in tested):
        return True
    own = module.bindings.scope(place.node)
    return any(
        target.startswith((f"{spelled}.", f"{spelled}["))
        for scope in {own, module.tree}
        for target in stores.of_scope(evaluator, scope, module).targets
    ) or (
        isinstance(place.node, ast.Name)
        and any(
            (call.end_lineno or call.lineno) < place.node.lineno
            for call, *_ in given_objects.filling(
                evaluator, own, place.node.id, f"{place.path}.", module
            )
        )
    )


def before(evaluator: Evaluator, places: tuple[Handed, ...], name: str) -> tuple[Values, bool]:
    """What was stored under ``name`` before an object was handed on, and whether it certainly was:
    what an inner call stored last wins.
    """
    found: Values = ()
    for place in reversed(places):
        whole = ast.unparse(place.node) + place.path
        if said := _said(place, f"{whole}.{name}"):
            return said, True
        for spelled in (f"{whole}.{name}", f"{whole}[{name!r}]"):
            stored, settled = stores.reaching(evaluator, place.node, place.frame, spelled)
            found = union(found, stored)
            if settled:
                return found, True
    return found, False


def _said(place: Handed, spelled: str) -> Values:
    """What a part of an object is where a branch hands it on: ``if args.net == "a": A(args)``."""
    module = place.frame.module
    for test, subject in guards.tested_around(place.node, module):
        same = ast.unparse(_meant(subject, module)) == spelled
        if same and (named := guards.named_by(test, module)):
            return named
    return ()


def left_by_tests(places: tuple[Handed, ...], name: str, values: Values) -> Values:
    """The values of a part of an object that the tests leave where it was handed on: ``if
    args.net.find("big") > -1: Big(args)``.
    """
    for place in places:
        module, spelled = place.frame.module, f"{ast.unparse(place.node)}{place.path}.{name}"
        for test, subject in guards.tested_around(place.node, module):
            if ast.unparse(_meant(subject, module)) != spelled:
                continue
            values = tuple(
                each for each in values if guards.says(test, subject, each, module) is not False
            ) or unknown(
                f"{spelled} is not its default below {module.path}:{test[0].lineno}",
                Cause.NOT_THE_DEFAULT,
            )
    return values


def _meant(subject: ast.expr, module: SourceFile) -> ast.expr:
    """What a test is about, where a name is given that alone: ``kind = args.kind``."""
    if not isinstance(subject, ast.Name):
        return subject
    definitions = module.bindings.definitions(subject)
    given = definitions[0].value if len(definitions) == 1 else None
    return given if isinstance(given, ast.Attribute) else subject


def parts(evaluator: Evaluator, values: Values, places: tuple[Handed, ...], name: str) -> Values:
    """Parts of an object, which were handed on with it: ``cfg.MODEL`` of ``cfg``."""
    if not any(isinstance(value, _STORED_IN) for value in values):
        return values
    inner = tuple(place.part(name) for place in places)
    return _handed(evaluator, values, inner)
