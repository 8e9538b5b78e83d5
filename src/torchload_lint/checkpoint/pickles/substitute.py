"""Substitute: the object that a program puts in the place of a class that cannot be loaded."""

from __future__ import annotations

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue, PickledValue
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName, Spelling


class Substitute(NamedTuple):
    """What a program puts in the place of a class."""

    kind: str
    """The dotted name of the object: ``builtins.dict``, ``builtins.list``, …"""
    ignores_arguments: bool = False
    """Whether it has to be a function that takes any arguments and makes an empty one."""

    def make(self, how: str, callee: PickledValue, args: PickledValue) -> PickledValue:
        """The value that a call (REDUCE) or an instantiation (NEWOBJ) gives."""
        if self.kind == "builtins.list":
            return []
        if self.kind.startswith("pathlib."):
            return ObjectValue(how, callee, args, GlobalName.parse(self.kind))
        return DictValue(self.kind)

    @property
    def spelling(self) -> Spelling:
        """How the object in the pair is written."""
        name = GlobalName.parse(self.kind)
        template = "(lambda *_: {}())" if self.ignores_arguments else "{}"
        return Spelling(name.module, name.qualname, template)
