"""The arguments of a call, evaluated."""

from __future__ import annotations

from torchload_lint.source.domain.values import Constant, Text, Values


class Arguments:
    """The arguments of one call, evaluated."""

    __slots__ = ("named", "positional")

    def __init__(
        self, positional: list[Values] | None = None, named: dict[str, Values] | None = None
    ) -> None:
        self.positional = [] if positional is None else positional
        self.named = {} if named is None else named

    def at(self, index: int, name: str = "") -> Values:
        """The positional argument, or the keyword of that name; empty where it is not given."""
        if index < len(self.positional):
            return self.positional[index]
        return self.named.get(name, ())

    def literal(self, index: int, name: str = "") -> str | None:
        """The argument's text where it is one known text."""
        values = self.at(index, name)
        if len(values) == 1 and isinstance(values[0], Text) and not values[0].why:
            return values[0].text
        return None

    def number(self, index: int, default: int, name: str = "") -> int:
        """The argument where it is one known integer."""
        values = self.at(index, name)
        value = values[0] if len(values) == 1 else None
        return (
            value.value if isinstance(value, Constant) and isinstance(value.value, int) else default
        )

    def is_open(self, index: int, name: str = "") -> bool:
        """Whether the argument is given, and not known to be one text, number or None."""
        values = self.at(index, name)
        known = len(values) == 1 and (
            isinstance(values[0], Constant) or self.literal(index, name) is not None
        )
        return bool(values) and not known
