"""What a project's source would say about the sample classes, as the checkpoint room takes it."""

from __future__ import annotations

import inspect
from typing import Any

from checkpoint import sample_classes
from torchload_lint.names import CODE_AT_LOAD, ClassFacts, GlobalName

MODULE = "checkpoint.sample_classes"


def sample_facts(name: GlobalName) -> ClassFacts | None:
    """The facts of a sample class or function; None for every other name."""
    if name.module != MODULE:
        return None
    value: Any = sample_classes
    for part in name.qualname.split("."):
        value = getattr(value, part, None)
    if isinstance(value, type):
        return facts_of_class(value)
    if value is None:
        return None
    kind = "function" if inspect.isfunction(value) else "value"
    return ClassFacts(defined_as=name, kind=kind, path="sample_classes.py", row=1)


def facts_of_class(cls: type) -> ClassFacts:
    """What is written in the body of a class."""
    body = vars(cls)
    slots = body.get("__slots__")
    return ClassFacts(
        defined_as=GlobalName(cls.__module__, cls.__qualname__),
        kind="class",
        path="sample_classes.py",
        row=1,
        bases=tuple(
            GlobalName(base.__module__, base.__qualname__)
            for base in cls.__bases__
            if base is not object
        ),
        methods=frozenset(key for key, value in body.items() if inspect.isfunction(value)),
        foreign_bases=tuple(
            f"{base.__module__}.{base.__qualname__}"
            for base in cls.__mro__
            if base.__module__ != MODULE and base is not object
        ),
        at_load=frozenset(
            name
            for base in cls.__mro__
            if base.__module__ == MODULE
            for name in CODE_AT_LOAD & vars(base).keys()
        ),
        values=frozenset(
            one.value for one in getattr(cls, "__members__", {}).values() if one.value != ()
        ),
        may_set_state="__setstate__" in body,
        slots=tuple(slots) if slots is not None else None,
    )
