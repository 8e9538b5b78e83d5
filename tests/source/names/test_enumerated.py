"""The values that members are known to have are values that find a member."""

from __future__ import annotations

import enum

import pytest

from project_files import project
from torchload_lint.names import GlobalName
from torchload_lint.source.proofs.class_lookup import find

AUTO = "enum.auto()"
CLASSES = {
    "literals": ("Enum", ["A = 1", "B = 'b'"], {1, "b"}),
    "counted": ("Enum", [f"A = {AUTO}", f"B = {AUTO}"], {1, 2}),
    "two names at once": ("Enum", [f"A = B = {AUTO}", f"C = {AUTO}"], {1, 2}),
    "counted behind a number": ("Enum", ["A = 5", f"B = {AUTO}"], {5}),
    "counted behind an annotation": ("Enum", ["A: int = 5", f"B = {AUTO}"], set()),
    "texts": ("StrEnum" if hasattr(enum, "StrEnum") else "Enum", ["A = 'a'"], {"a"}),
    "integers": ("IntEnum", ["A = 1", "B = True"], {1}),
    "an own __new__": ("Enum", ["A = 1", "def __new__(cls, x): return made(cls, x + 1)"], set()),
    "an own count": (
        "Enum",
        ["def _generate_next_value_(name, *_): return name", f"A = {AUTO}"],
        set(),
    ),
}


def made(cls, value):
    one = object.__new__(cls)
    one._value_ = value
    return one


@pytest.mark.parametrize("case", CLASSES)
def test_known_values_find_a_member(case):
    base, rows, known = CLASSES[case]
    text = "\n    ".join([f"class E(enum.{base}):", *rows])
    facts = find(project({"m.py": f"import enum\n\n{text}\n"}), GlobalName("m", "E"))
    assert facts.values == known
    space = {"enum": enum, "__name__": "m", "made": made}
    exec(text, space)
    for value in known:
        assert space["E"](value).value == value


@pytest.mark.parametrize("bases", ["", "bytes, enum.Enum", "enum.Enum, metaclass=Own"])
def test_no_value_of_what_is_no_plain_enumeration_is_known(bases):
    text = f"import enum\n\nclass E({bases}):\n    A = 1\n"
    assert find(project({"m.py": text}), GlobalName("m", "E")).values == set()


@pytest.mark.parametrize(("decorator", "known"), [("enum.unique", {1}), ("enum.verify", set())])
def test_a_decorator_may_make_another_class(decorator, known):
    text = f"import enum\n\n@{decorator}\nclass E(enum.Enum):\n    A = 1\n"
    assert find(project({"m.py": text}), GlobalName("m", "E")).values == known
