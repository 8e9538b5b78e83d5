"""Indexes of pandas as dicts of what they are made of: their values, or their range, and a name.

Source: ``_new_Index`` and the ``__reduce__`` of ``Index`` and ``RangeIndex`` in pandas 1.0 to 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, PickledValue
from torchload_lint.migrate.carriers.pickled_instance import name_of_global

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_KINDS = frozenset({"Index", "RangeIndex", "Int64Index", "UInt64Index", "Float64Index"})
"""Those whose parts are all that they are; others have frequencies, zones, categories."""
_PARTS = frozenset({"data", "name", "start", "stop", "step"})


def _index(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    given = (*made.args, None, None)
    name, parts = name_of_global(given[0]), given[1]
    is_known = name.startswith("pandas.") and name.rpartition(".")[2] in _KINDS
    if not is_known or not isinstance(parts, DictValue) or len(made.args) != 2 or made.states:  # noqa: PLR2004 - class and parts
        return converter.leave_out(place, f"what {made.name} returns", "the call is not made")
    if any(not isinstance(key, str) or key not in _PARTS for key, _ in parts.entries):
        return converter.leave_out(place, name, "it has parts that are not known")
    converter.changed(place, name, "a dict of its values, or its range, and its name")
    return DictValue(entries=converter.entries(parts.entries, place))


CARRIERS = {"pandas.core.indexes.base._new_Index": _index}
"""Function → how what it makes is carried."""
