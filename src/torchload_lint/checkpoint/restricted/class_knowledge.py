"""What the project's own source says about the classes in a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import PLAIN_CLASSES
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue, PickledValue
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup, NameResolver
    from torchload_lint.names import ClassFacts


class ClassKnowledge:
    """Answers about classes, from the project's source where it has them."""

    def __init__(self, lookup: ClassLookup | None, names: NameResolver) -> None:
        self._lookup = lookup
        self._names = names
        self._known: dict[GlobalName, ClassFacts | None] = {}

    def facts(self, value: PickledValue) -> ClassFacts | None:
        """The facts about the class or function that a value names; None where it is another's."""
        if self._lookup is None or not isinstance(value, GlobalRef):
            return None
        if value.name not in self._known:
            self._known[value.name] = self._lookup(value.name)
        return self._known[value.name]

    def is_mismatched(self, args: PickledValue) -> bool:
        """``copyreg._reconstructor(cls, base, state)`` with a base that the class has not."""
        if not isinstance(args, tuple) or len(args) != 3:  # noqa: PLR2004 - the fields above
            return True
        cls, base = self._names.of(args[0]), self._names.of(args[1])
        if cls is None or base is None or str(base) == "builtins.object":
            return False
        facts = self.facts(args[0])
        return str(cls) in PLAIN_CLASSES or (facts is not None and not facts.bases)

    def extends_list(self, target: PickledValue) -> bool:
        """Whether the value is of a class that directly extends list."""
        if not isinstance(target, ObjectValue):
            return False
        facts = self.facts(target.callee)
        return facts is not None and GlobalName("builtins", "list") in facts.bases

    def has_default_setstate(self, target: PickledValue, kind: str) -> bool:
        """Whether the class is known to have no ``__setstate__`` of its own."""
        if kind in PLAIN_CLASSES:
            return True
        facts = self.facts(target.callee) if isinstance(target, ObjectValue) else None
        if facts is None or facts.kind != "class":
            return False
        return not facts.bases and not facts.may_set_state

    def sets_state(self, target: PickledValue) -> bool:
        """Whether the class is known to have a ``__setstate__`` of its own."""
        facts = self.facts(target.callee) if isinstance(target, ObjectValue) else None
        return facts is not None and "__setstate__" in facts.methods
