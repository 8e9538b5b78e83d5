"""``NamedTuple`` as ``typing`` has it, at a tenth of the cost for a class of which nothing is made.

``typing`` compiles the annotation of each field, to see whether it is an expression, and
``namedtuple`` compiles a constructor. A check of one file imports 120 such classes and makes
instances of a third of them, so what an instance takes is added to a class with its first one:
as part of the start this was a tenth of the time. mypy sees no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - as mypy wants it to be handed on
else:
    from collections import namedtuple
    from typing import Any

    class _Maker(type):
        def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, space)
            fields = tuple(space.get("__annotations__", ()))
            defaults = {field: space[field] for field in fields if field in space}
            own = {key: value for key, value in space.items() if key not in fields}

            def first_instance(kind: type, /, *given: object, **named: object) -> object:
                whole = namedtuple(name, fields, defaults=defaults.values())  # noqa: PYI024
                for key, value in vars(whole).items():
                    if key not in own:
                        setattr(made, key, value)
                return made.__new__(kind, *given, **named)

            early = {"__slots__": (), "__new__": first_instance}
            early |= {"_fields": fields, "_field_defaults": defaults, "__match_args__": fields}
            made = type(name, (tuple,), early | own)
            return made

    class NamedTuple(metaclass=_Maker):
        """Its subclasses are tuples whose fields have names."""
