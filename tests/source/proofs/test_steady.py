"""No proof where the code that runs is not the code that the class's text shows."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

START = """
import sys
import torch
import torch.nn as nn
from contextlib import nullcontext

def evil(*_):
    open("marker", "w")

def safe(x):
    return x
"""
PLAIN = """
class Net:
    def __init__(self, x=0):
        self.x = safe(x)
"""
REPLACED = (
    "Net.__init__ = lambda s, x: evil()",
    "K = Net\nK.__setattr__ = evil",
    "setattr(Net, '__init__', evil)",
    "for one in [Net]:\n    one.__init__ = evil",
    "with nullcontext(Net) as one:\n    one.__init__ = evil",
    "globals()['safe'] = evil",
    "globals().update(safe=evil)",
    "vars()['safe'] = evil",
    "sys.modules[__name__].safe = evil",
    "safe.__code__ = evil.__code__",
    "exec('safe = evil')",
    "type.__setattr__(Net, '__init__', evil)",
    "class Other:\n    Net.__init__ = evil",
    "from other import *",
)
BASES = (
    ("nn.Linear", "register_parameter"),
    ("nn.BatchNorm1d", "register_buffer"),
    ("nn.BatchNorm1d", "_check_input_dim"),
    ("nn.Sequential", "add_module"),
    ("nn.Embedding", "_fill_padding_idx_with_zero"),
    ("nn.LSTM", "flatten_parameters"),
    ("nn.Module", "_call_impl"),
    ("nn.Conv2d", "_conv_forward"),
    ("torch.optim.SGD", "add_param_group"),
)
PRIVATE = (
    (
        "class Net:\n    def __init__(s):\n        s.__go()\n"
        "    def __go(s):\n        pass\n    def _Net__go(s):\n        evil()\n"
    ),
    (
        "def __f(x):\n    return x\ndef _Net__f(x):\n    evil()\n"
        "class Net:\n    def __init__(s, x):\n        s.x = __f(x)\n"
    ),
)


def unproven(text: str) -> str:
    files = {"app.py": START + dedent(text), "other.py": "def safe(x):\n    open('m', 'w')\n"}
    index = project(files)
    module = index.module_at("app.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("after", REPLACED)
def test_a_file_that_replaces_what_it_defines_proves_nothing(after):
    assert "when it is imported" in unproven(f"{PLAIN}\n{after}\n")


def test_the_same_class_is_proven_where_nothing_is_replaced():
    assert unproven(PLAIN) == ""
    assert unproven(f"{PLAIN}\ntorch.backends.cudnn.benchmark = True\n") == ""
    assert unproven(f"{PLAIN}\nif __name__ == '__main__':\n    Net.x = 1\n") == ""


NO_MAIN_PROGRAMS = (
    "__name__ != '__main__'", "not (__name__ == '__main__')", "__name__ == '__main__' or TRUE",
    "'__main__' in (__name__, TRUE)", "'__main__'",
)  # fmt: skip


@pytest.mark.parametrize("test", NO_MAIN_PROGRAMS)
def test_what_runs_when_a_file_is_imported_counts(test):
    assert "takes whatever names" in unproven(f"{PLAIN}\nif {test}:\n    from other import *\n")
    assert "sets" in unproven(f"{PLAIN}\nif {test}:\n    Net.x = 1\n")


def test_a_class_may_be_that_of_the_main_program():
    star = "if __name__ == '__main__':\n    from other import *\n"
    assert "takes whatever names" in unproven(f"{PLAIN}\n{star}")


@pytest.mark.parametrize(("base", "name"), BASES)
def test_what_a_base_calls_must_be_proven(base, name):
    body = f"class Net({base}):\n    def {name}(self, *a, **k):\n        "
    assert "open" in unproven(body + "evil()\n") or "evil" in unproven(body + "evil()\n")
    assert unproven(body + "pass\n") == ""


def test_a_method_that_nothing_calls_may_do_what_it_likes():
    assert unproven("class Net(nn.Module):\n    def export(self):\n        evil()\n") == ""


@pytest.mark.parametrize("text", PRIVATE)
def test_a_private_name_is_another_name_in_a_class(text):
    assert "which Python calls otherwise" in unproven(text)


def test_a_base_that_changes_the_classes_below_it_must_be_proven():
    base = "class Base:\n    def __init_subclass__(cls, **k):\n        cls.__setattr__ = evil\n"
    assert unproven(base + PLAIN.replace("class Net:", "class Net(Base):")) != ""


@pytest.mark.parametrize(
    "member",
    [
        "from os import system as __call__",
        "import os as o\n    def __call__(self, c): return self.o.system(c)",
        "(__eq__ := evil)",
        "x = (__hash__ := evil)",
        "for __hash__ in [evil]:\n        pass",
        "if (__hash__ := evil):\n        pass",
        "with nullcontext(evil) as __hash__:\n        pass",
    ],
)
def test_a_class_body_that_names_things_in_odd_ways_proves_nothing(member):
    assert unproven(f"class Net:\n    y = 1\n    {member}\n") != ""


@pytest.mark.parametrize(
    "bound",
    [
        "for safe in (evil,):\n        pass",
        "import os as safe",
        "[safe := evil for _ in (1,)]",
        "match evil:\n        case safe:\n            pass",
    ],
)
def test_a_function_that_binds_a_global_name_proves_nothing(bound):
    assert unproven(f"{PLAIN}\ndef start():\n    global safe\n    {bound}\nstart()\n") != ""


@pytest.mark.parametrize(
    "after",
    [
        "for Net in (evil,):\n    pass",
        "import functools\nfunctools.update_wrapper(Net, evil, ('__call__',), ())",
        "import functools\nfunctools.wraps(evil, ('__call__',), ())(Net)",
    ],
)
def test_a_class_that_is_changed_by_other_words_is_not_proven(after):
    assert unproven(f"{PLAIN}\n{after}\n") != ""


@pytest.mark.parametrize("name", ["softmax", "flatten", "tanh", "add_", "as_integer_ratio"])
def test_what_vetted_code_asks_of_any_object_must_be_proven(name):
    body = f"class Net:\n    def {name}(self, *a):\n        "
    assert unproven(body + "evil()\n") != ""
    assert unproven(body + "return 1\n") == ""


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("argparse.Namespace", "_get_kwargs"),
        ("collections.UserList", "_UserList__cast"),
        ("enum.Enum", "_generate_next_value_"),
        ("enum.Flag", "_iter_member_"),
    ],
)
def test_what_bases_of_the_standard_library_call_must_be_proven(base, name):
    start = f"import argparse, collections, enum\nclass Net({base}):\n    def {name}(self, *a):\n"
    assert unproven(f"{start}        evil()\n") != ""
    assert unproven(f"{start}        return 1\n") == ""


@pytest.mark.parametrize(
    "code",
    [
        "return object.__getattribute__(x, name)",
        "return super().__getattribute__(name)",
        "return self.__getattribute__(name)",
        "return x.__getattribute__(name)",
        "return torch.Tensor.__getattribute__(x, name)",
        "object.__setattr__(x, name, self)",
        "object.__delattr__(x, name)",
        "return x.__dict__[name]",
        "return x.__class__.__dict__[name]",
        "return type(x)(name)",
        "kind = type(x)\n        return kind(name)",
        "return x.__class__.__class__(x, name)",
        "import numpy as np\n        return np.ndarray(x, name)",
        "f = object.__getattribute__\n        return f(x, name)",
    ],
)
def test_nothing_is_looked_up_by_a_name_that_the_file_chooses(code):
    assert unproven(f"class Net:\n    def __call__(self, x, name):\n        {code}\n") != ""


@pytest.mark.parametrize(
    "code",
    [
        "return super().__getattribute__('weight')",
        "object.__setattr__(self, name, x)",
        "super().__setattr__(name, x)",
        "return self.__dict__[name]",
        "return type(x).__name__",
        "return type(x) is int or x.__class__ == type(name)",
        "return type(self)()",
        "return self.__class__()",
        "import numpy as np\n        return isinstance(x, (np.ndarray, list))",
    ],
)
def test_what_code_asks_of_itself_and_compares_is_in_order(code):
    assert unproven(f"class Net:\n    def __call__(self, x, name):\n        {code}\n") == ""


def test_a_lookup_may_pass_its_own_name_on():
    lookup = "class Net:\n    def __getattribute__(self, name):\n        return "
    assert unproven(f"{lookup}super().__getattribute__(name)\n") == ""
    assert unproven(f"{lookup}object.__getattribute__(self, name)\n") == ""
    assert unproven(f"{lookup}super().__getattribute__(name[1:])\n") != ""


def proven_in(files: dict[str, str]) -> str:
    index = project(files)
    module = index.module_at("pk/net.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


IN_PACKAGE = (
    "from {0} import f\nclass Net:\n    def __init__(self, x=0):\n        self.x = {1}(x)\n"
)


@pytest.mark.parametrize(
    "others",
    [
        {"pk/__init__.py": "__path__.insert(0, 'other')\n"},
        {"pk/__init__.py": "", "pk/net/__init__.py": "class Net: ...\n"},
        {"pk/__init__.py": "", "pk/help/__init__.py": "def f(x):\n    open('m', 'w')\n"},
        {"pk/__init__.py": "import os as help\n"},
        {"pk/__init__.py": "class help:\n    f = print\n"},
    ],
)
def test_another_file_may_stand_in_the_place_of_a_module(others):
    start = {"pk/help.py": "def f(x):\n    return x\n"}
    assert proven_in({**start, "pk/net.py": IN_PACKAGE.format("pk.help", "f"), **others}) != ""


def test_a_package_that_names_its_modules_is_in_order():
    files = {
        "pk/__init__.py": "from pk import help\nfrom pk.net import Net\n",
        "pk/help.py": "def f(x):\n    return x\n",
        "pk/net.py": IN_PACKAGE.format("pk.help", "f"),
    }
    assert proven_in(files) == ""


def test_a_private_name_of_a_module_is_another_name_in_a_class_too():
    start = "import math as __m\nclass Other: ...\n_Net__m = Other()\n"
    assert "__m" in unproven(
        f"{start}class Net:\n    def __init__(self, x):\n        self.x = __m.floor(x)\n"
    )


FOR_TYPES = {
    "from typing import TYPE_CHECKING": True,
    "import typing as t\nTYPE_CHECKING = False": True,
    "TYPE_CHECKING = True": False,
    "from typing import TYPE_CHECKING\nTYPE_CHECKING = 1": False,
    "from other import TYPE_CHECKING": False,
}


@pytest.mark.parametrize(("above", "is_proven"), FOR_TYPES.items(), ids=FOR_TYPES)
def test_what_stands_under_type_checking_runs_where_that_is_another_name(above, is_proven):
    text = f"{above}\nif TYPE_CHECKING:\n    from other import Base\nclass Base: ...\n"
    found = unproven(f"{text}class Net(Base):\n    def __init__(self, x=0):\n        self.x = x\n")
    assert ("may run what is for types alone" not in found) is is_proven
    assert (found == "") is is_proven


NAMESAKES = {
    "a changed path": ("import sys\nsys.path.insert(0, 'more')\n", "more/tools.py", False),
    "a folder of the project's": ("", "more/tools.py", True),
    "the decorator's module": ("", "functools.py", False),
}


@pytest.mark.parametrize(("start", "other", "is_proven"), NAMESAKES.values(), ids=NAMESAKES)
def test_a_file_that_may_be_imported_in_the_place_of_another(start, other, is_proven):
    text = (
        "from functools import cached_property\nfrom tools import safe\n\n\nclass Net:\n"
        "    def __init__(self, x=0):\n        self.x = safe(x)\n\n"
        "    @cached_property\n    def keys(self):\n        return 1\n"
    )
    files = {"app.py": text, "tools.py": "def safe(x):\n    return x\n", "start.py": start}
    index = project({**files, other: "def safe(x):\n    open('m', 'w')\ncached_property = safe\n"})
    module = index.module_at("app.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    assert (prove_class(node, module, index).unproven == "") is is_proven
