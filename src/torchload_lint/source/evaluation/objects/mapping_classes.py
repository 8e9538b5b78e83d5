"""What an object is made from whose class is a mapping: ``class Params(dict)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.values import Record, union
from torchload_lint.source.libraries import registry
from torchload_lint.source.project import classes
from torchload_lint.source.state import class_fields, spreading
from torchload_lint.source.state.bound import BoundArguments

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Instance
    from torchload_lint.source.evaluator import Evaluator


def mapping_of(evaluator: Evaluator, instance: Instance) -> Record | None:
    """What an object of a class of the project that is a ``dict`` was made from; None for others,
    and for those whose class takes its entries from elsewhere.
    """
    call = instance.call
    if call is None or not isinstance(instance.arguments, BoundArguments):
        return None
    of, frame = instance.of, instance.arguments.frame
    bases = classes.base_names(of.node, of.module, evaluator.project)
    if not any(map(registry.is_mapping, bases)):
        return None
    if class_fields.defines(of, "__getitem__", evaluator.project):
        evaluator.relied.changes.setdefault(f"class {of.node.name} has __getitem__")
    given = [evaluator.values(each, frame) for each in call.args[:1]]
    base = spreading.spread(evaluator, union(*given), frame)
    named = {each.arg: evaluator.values(each.value, frame) for each in call.keywords if each.arg}
    further = [each.value for each in call.keywords if each.arg is None]
    spread = spreading.spread(
        evaluator, union(*(evaluator.values(each, frame) for each in further)), frame
    )
    entries = mappings.over(named, mappings.over(spread.entries, base.entries))
    return Record(entries, union(base.others, spread.others))
