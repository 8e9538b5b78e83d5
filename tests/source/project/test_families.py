"""Which files are parsed in search of a class's subclasses: their text is asked first."""

from __future__ import annotations

import ast

import pytest

from project_files import project
from torchload_lint.source.project.families import family, may_inherit, words_of_bases

INHERITING = [
    "class Sub(Net):\n    pass",
    "class Sub(nets.Net, other.Mixin):\n    pass",
    "class Sub(\n    Mixin,\n    Net,  # the net\n):\n    pass",
    "class Sub[T](Net):\n    pass",
    "class Sub(Net) : pass",
    "class Sub(make(lambda: 1), Net): pass",
    "class Sub(Generic[T], Net, metaclass=Meta):\n    pass",
    "from nets import Net as Base\n\n\nclass Sub(Base):\n    pass",
    "Base = nets.Net\n\n\nclass Sub(Base):\n    pass",
    "Base = (\n    nets.Net\n)\n\n\nclass Sub(Base):\n    pass",
    "Base = Net if new else Old\n\n\nclass Sub(Base):\n    pass",
    "Base: type = Net\n\n\nclass Sub(Base):\n    pass",
    "Base = Net[int]\n\n\nclass Sub(Base):\n    pass",
]
USING = [
    "from nets import Net\n\nnet = Net(3)",
    "from nets import (\n    Net,\n    Other,\n)\n\n\nclass Sub(Other):\n    net: Net",
    "class Sub(Other):\n    def make(self):\n        return Net()",
    "class Sub(Other):\n    def make(self, net: Net) -> None: ...",
    "isinstance(x, Net)",
    "class Sub(Network): pass",
    "class Net(Other): pass",
]


@pytest.mark.parametrize("code", INHERITING)
def test_a_text_with_a_subclass_is_worth_parsing(code: str) -> None:
    assert may_inherit("Net", code, words_of_bases(code))


@pytest.mark.parametrize("code", USING)
def test_a_text_that_only_uses_the_class_is_not(code: str) -> None:
    assert not may_inherit("Net", code, words_of_bases(code))


def test_subclasses_of_subclasses_are_found_and_users_are_not_parsed() -> None:
    index = project(
        {
            "nets.py": "class Net:\n    pass\n",
            "more.py": "import nets\n\nBase = nets.Net\n\n\nclass Sub(Base):\n    pass\n",
            "most.py": "from more import Sub\n\n\nclass SubSub(Sub):\n    pass\n",
            "user.py": "from nets import Net\nfrom more import Sub\n\nnet, sub = Net(), Sub()\n",
        }
    )
    module = index.module_at("nets.py")
    assert module is not None
    (net,) = (node for node in module.tree.body if isinstance(node, ast.ClassDef))
    found = family(net, module, index)
    assert [node.name for node in found.subclasses] == ["Net", "Sub", "SubSub"]
    assert "user.py" not in index._modules
