"""No proof where a method that sets something on ``self`` may be given a class or a module."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

MODELS = """
def safe(x):
    return x

class Net:
    hook = None
    def __init__(self, x=0):
        self.x = safe(x)
        if self.hook is not None:
            self.hook(x)
"""
SETTER = "class Setter:\n    def put(self):\n        self.safe = evil\n"
OF_CLASS = "class Setter:\n    @classmethod\n    def put(cls):\n        cls.hook = evil\n"
GIVEN_ANOTHER = (
    SETTER + "Setter.put(models)",
    SETTER + "Other = Setter\nOther.put(models)",
    SETTER + "put = Setter.put\nput(models)",
    SETTER + "list(map(Setter.put, [models]))",
    SETTER + "getattr(Setter, 'put')(models)",
    SETTER + "Setter.__dict__['put'](models)",
    SETTER + "Setter().put.__func__(models)",
    SETTER + "type(Setter()).put(models)",
    SETTER + "    put(models)",
    SETTER + "    other = put\nSetter.other(models)",
    SETTER + "class Sub(Setter):\n    pass\nSub.put(models)",
    SETTER.replace("    def", "    @given_to(models)\n    def"),
    SETTER.replace("def put", "def __init__") + "Setter.__init__(models)",
    OF_CLASS + "Setter.put.__func__(models.Net)",
)
"""What takes a method from its class."""
BY_ITSELF = (
    SETTER + "Setter().put()",
    SETTER
    + "class Sub(Setter):\n    def put(self):\n        Setter.put(self)\n        super().put()",
    OF_CLASS + "Setter.put()",
)
NO_OBJECTS = (
    "def fill(kind):\n    kind.hook = evil\nfill(models.Net)",
    (
        "class Base:\n    def __new__(cls):\n        return models\nclass Made(Base):\n    pass\n"
        "made = Made()\nmade.safe = evil"
    ),
    (
        "class Meta(type):\n    def __call__(cls):\n        return models\n"
        "class Made(metaclass=Meta):\n    pass\nmade = Made()\nmade.safe = evil"
    ),
    "@another\nclass Made:\n    pass\nmade = Made()\nmade.safe = evil",
    (
        "class Made:\n    def __deepcopy__(self, memo):\n        return models\n"
        "import copy\nmade = Made()\nother = copy.deepcopy(made)\nother.safe = evil"
    ),
    (
        "class Tree:\n    def modules(self):\n        return [models]\n"
        "for one in Tree().modules():\n    one.safe = evil"
    ),
    (
        "class Parser:\n    def parse_args(self):\n        return models\n"
        "given = Parser().parse_args()\ngiven.safe = evil"
    ),
    (
        "from types import ModuleType as Kind\ndef put(x):\n    if isinstance(x, Kind):\n"
        "        x.safe = evil\nput(models)"
    ),
    (
        "class Meta(type):\n    def __instancecheck__(cls, one):\n        return True\n"
        "class Kind(metaclass=Meta):\n    pass\n"
        "def put(x):\n    if isinstance(x, Kind):\n        x.safe = evil\nput(models)"
    ),
    (
        "from functools import wraps\ndef mark(f):\n    @wraps(f)\n    def inner(self):\n"
        "        self.safe = evil\n    return inner\nmark(print)(models)"
    ),
    "from builtins import setattr as put\nput(models, 'safe', evil)",
    "getattr(models, '__dict__')['safe'] = evil",
    (
        "from operator import attrgetter\nof = attrgetter('Net.__init__.__globals__')\n"
        "of(models)['safe'] = evil"
    ),
)
"""What is set on something that only looks like an object of the program's own."""


def unproven(elsewhere: str) -> str:
    patch = f"import models\ndef evil(*_):\n    open('marker', 'w')\n{elsewhere}\n"
    index = project({"models.py": MODELS, "patch.py": patch})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("elsewhere", [*GIVEN_ANOTHER, *NO_OBJECTS])
def test_what_may_be_set_on_a_class_or_a_module_is_not_proven(elsewhere):
    assert unproven(elsewhere).startswith("patch.py:")


@pytest.mark.parametrize("elsewhere", BY_ITSELF)
def test_what_a_method_sets_on_its_own_object_keeps_the_proof(elsewhere):
    assert unproven(elsewhere) == ""
