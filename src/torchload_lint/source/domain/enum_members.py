"""A member of an enumeration of the project: an object that has a value, and seldom is one."""

from __future__ import annotations

from torchload_lint.source.domain.patterns import HOLE, Rung
from torchload_lint.source.domain.values import Class, Instance, Text, Values


class EnumMember(Instance):
    """``Mode.BEST``; of the same class and name it is the same."""

    __slots__ = (*Instance.__slots__, "is_spelled", "is_text", "name", "value")

    def __init__(
        self,
        of: Class,
        name: str,
        value: Values,
        *,
        is_text: bool,
        is_spelled: bool,
        rung: Rung = Rung.CONSTANT,
    ) -> None:
        """``value``: its ``.value``; ``is_text``: whether it is that text itself, too
        (``class Mode(str, Enum)``); ``is_spelled``: whether ``str()`` gives it (``StrEnum``).
        """
        super().__init__(of, rung=rung)
        self.name = name
        self.value = value
        self.is_text = is_text
        self.is_spelled = is_spelled

    def _content(self) -> tuple[object, ...]:
        return self.of, self.name

    def as_text(self) -> Text:
        """The text that it is where it is joined to others; a hole where it is none."""
        text = self.value[0] if self.is_text and len(self.value) == 1 else None
        if isinstance(text, Text):
            return text
        return Text(HOLE, rung=self.rung, why=("an enumeration's member is no text",))

    def written(self) -> Text:
        """``str(member)`` and ``format(member)``; what others than those of ``StrEnum`` give
        depends on the version of Python.
        """
        if self.is_spelled:
            return self.as_text()
        return Text(HOLE, rung=self.rung, why=("how an enumeration's member is written",))

    def as_key(self) -> Text:
        """What stands for it among the keys of a mapping: a text of no file's, unless it is one."""
        return self.as_text() if self.is_text else Text(f"<{self.of.node.name}.{self.name}>")
