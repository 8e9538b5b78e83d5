"""Optimizers and learning rate schedulers, which people save whole, as their state dicts.

Source: ``Optimizer.state_dict`` in ``torch/optim/optimizer.py`` and ``LRScheduler.state_dict`` in
``torch/optim/lr_scheduler.py`` of torch 2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.call_results import is_getattr
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
)
from torchload_lint.migrate.carriers.pickled_instance import read_instance
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.results import ATTRIBUTES, STATE_DICT

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import Entries, PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_SCHEDULERS = ("torch.optim.lr_scheduler.", "torch.optim.swa_utils.SWALR")
_NOT_SAVED = frozenset({"optimizer", "anneal_func", "_scale_fn_ref"})
"""What the schedulers of torch leave out of their state dicts."""


def is_training_state(made: PickledInstance) -> bool:
    """Whether an instance is an optimizer or a scheduler of torch's kind."""
    return _is_scheduler(made) or _is_optimizer(made)


def carry(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """The state dict of an optimizer or scheduler."""
    converter.changed(place, made.name, STATE_DICT)
    if _is_scheduler(made):
        return _scheduler(converter, made, place)
    return _optimizer(converter, made, place)


def _is_optimizer(made: PickledInstance) -> bool:
    attributes = made.attributes or {}
    groups = attributes.get("param_groups")
    return (
        made.is_class
        and isinstance(attributes.get("state"), (DictValue, ObjectValue))
        and isinstance(groups, list)
        and all(isinstance(group, DictValue) for group in groups)
    )


def _is_scheduler(made: PickledInstance) -> bool:
    return made.name.startswith(_SCHEDULERS) and bool(made.attributes)


def _optimizer(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    attributes = made.attributes or {}
    numbers: dict[int, int] = {}
    groups: list[PickledValue] = []
    listed = attributes["param_groups"]
    for index, group in enumerate(listed if isinstance(listed, list) else ()):
        entries: Entries = group.entries
        others = [(key, item) for key, item in entries if key != "params"]
        packed = DictValue(entries=converter.entries(others, f"{place}['param_groups'][{index}]"))
        params = group.get("params")
        for parameter in params if isinstance(params, (list, tuple)) else ():
            numbers.setdefault(id(parameter), len(numbers))
        indices: list[PickledValue] = [
            numbers[id(parameter)]
            for parameter in (params if isinstance(params, (list, tuple)) else ())
        ]
        packed.entries.append(("params", indices))
        groups.append(packed)
    state = attributes["state"]
    kept: Entries = []
    for key, item in state.entries if isinstance(state, (DictValue, ObjectValue)) else ():
        plain = converter.plain(item, f"{place}['state'][{numbers.get(id(key), '…')}]")
        number: PickledValue = numbers.get(
            id(key), key if isinstance(key, (int, str)) else LEFT_OUT
        )
        if number is LEFT_OUT:
            converter.leave_out(f"{place}['state']", "a state", "its parameter is in no group")
        elif plain is not LEFT_OUT:
            kept.append((number, plain))
    return DictValue(entries=[("state", DictValue(entries=kept)), ("param_groups", groups)])


def _scheduler(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """Everything but the optimizer; functions as the scheduler's own ``state_dict`` leaves them."""
    result = DictValue()
    for name, value in (made.attributes or {}).items():
        if name in _NOT_SAVED:
            continue
        at = f"{place}.{name}"
        if name == "lr_lambdas" and isinstance(value, list):
            plain: PickledValue = [
                _of_function(converter, item, f"{at}[{index}]") for index, item in enumerate(value)
            ]
        elif name == "_scale_fn_custom":
            plain = _of_function(converter, value, at)
        elif isinstance(value, GlobalRef):
            plain = converter.leave_out(at, str(value.name), "functions are not data")
        else:
            plain = converter.plain(value, at)
        if plain is not LEFT_OUT:
            result.entries.append((name, plain))
    return result


def _of_function(converter: Conversion, value: PickledValue, place: str) -> PickledValue:
    """The attributes of an object that is called; None for a function, as torch has it."""
    if value is None:
        return None
    if isinstance(value, ObjectValue) and not is_getattr(value.callee):
        made = read_instance(value, converter.names)
        if made.is_class and made.attributes is not None:
            converter.changed(place, made.name, ATTRIBUTES)
            return converter.attributes(made.attributes, place, DictValue())
    name = str(converter.names.of(value) or "a function")
    converter.leave_out(place, name, "functions are not data")
    return None
