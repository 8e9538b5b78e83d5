from __future__ import annotations

import ast

import pytest

from source.source_facts import module_of, name_at
from torchload_lint.source.names.bindings import Bindings

REACHING = {
    # the last line holds the use of x; what reaches it is given by rows
    "plain": ("x = 1\nx", [1]),
    "the later one wins": ("x = 1\nx = 2\nx", [2]),
    "an if adds": ("x = 1\nif a:\n    x = 2\nx", [1, 3]),
    "if and else replace": ("x = 1\nif a:\n    x = 2\nelse:\n    x = 3\nx", [3, 5]),
    "a branch that raises is left out": ("if a:\n    x = 1\nelse:\n    raise E\nx", [2]),
    "a branch that exits is left out": ("if a:\n    x = 1\nelse:\n    sys.exit()\nx", [2]),
    "a loop may not run": ("x = 1\nfor i in a:\n    x = 2\nx", [1, 3]),
    "while True always runs": ("x = 1\nwhile True:\n    x = 2\n    break\nx", [3]),
    "break takes its own": (
        "x = 1\nfor i in a:\n    x = 2\n    break\nelse:\n    x = 3\nx",
        [3, 6],
    ),
    "try and except": ("try:\n    x = 1\nexcept E:\n    x = 2\nx", [2, 4]),
    "try, except pass": ("x = 0\ntry:\n    x = f()\nexcept E:\n    pass\nx", [1, 3]),
    "except that raises": ("x = 0\ntry:\n    x = f()\nexcept E:\n    raise\nx", [3]),
    "finally": ("try:\n    x = 1\nfinally:\n    x = 2\nx", [4]),
    "finally that does not assign": ("try:\n    x = 1\nfinally:\n    y = 2\nx", [2]),
    "with": ("with a as x:\n    pass\nx", [1]),
    "suppress may leave early": ("x = 0\nwith suppress(E):\n    x = 1\nx", [1, 3]),
    "augmented": ("x = 1\nx += 1\nx", [2]),
    "walrus": ("(x := 1)\nx", [1]),
    "walrus behind and": ("x = 0\na and (x := 1)\nx", [1, 2]),
    "match": ("x = 0\nmatch a:\n    case [x, *_]:\n        pass\nx", [1, 3]),
    "match that catches all": (
        "match a:\n    case 1:\n        x = 1\n    case _:\n        x = 2\nx",
        [3, 5],
    ),
    "except as is gone": ("try:\n    pass\nexcept E as x:\n    pass\nx", []),
    "unbound": ("x", []),
}


@pytest.mark.parametrize("case", REACHING)
@pytest.mark.parametrize("where", ["module", "function"])
def test_definitions_that_reach(case, where):
    code, rows = REACHING[case]
    offset = 0
    if where == "function":
        code = "def f():\n" + "".join(f"    {line}\n" for line in code.splitlines())
        offset = 1
    module = module_of(code)
    last = code.count("\n", 0, code.rstrip("\n").rfind("\n") + 1) + 1
    reaching = module.bindings.definitions(name_at(module, "x", last))
    assert [_row(part.node) - offset for part in reaching] == rows


def _row(node: ast.AST) -> int:
    return node.context_expr.lineno if isinstance(node, ast.withitem) else node.lineno


def test_a_loop_body_may_reach_its_own_start():
    module = module_of("x = 1\nfor i in a:\n    print(x)\n    x = 2\n")
    reaching = module.bindings.definitions(name_at(module, "x", 3))
    assert [part.node.lineno for part in reaching] == [1, 4]


def test_a_function_sees_what_is_defined_behind_it():
    module = module_of("def f():\n    return x\nx = 1\nif a:\n    x = 2\n")
    reaching = module.bindings.definitions(name_at(module, "x", 2))
    assert [part.node.lineno for part in reaching] == [3, 5]


def test_a_function_does_not_see_what_was_replaced_before_it():
    module = module_of("x = 1\nx = 2\ndef f():\n    return x\n")
    reaching = module.bindings.definitions(name_at(module, "x", 4))
    assert [part.node.lineno for part in reaching] == [2]


def test_global_writes_count():
    module = module_of("x = 1\ndef f():\n    global x\n    x = 2\ndef g():\n    return x\n")
    reaching = module.bindings.definitions(name_at(module, "x", 6))
    assert [part.node.lineno for part in reaching] == [1, 4]


def test_nonlocal_writes_count():
    code = "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return x\n"
    module = module_of(code)
    reaching = module.bindings.definitions(name_at(module, "x", 6))
    assert [part.node.lineno for part in reaching] == [2, 5]


def test_tuple_targets_take_their_own_element():
    module = module_of("a, (b, c) = 1, (2, 3)\nb\na, *d = x\nd\n")
    (b,) = module.bindings.definitions(name_at(module, "b", 2))
    (d,) = module.bindings.definitions(name_at(module, "d", 4))
    assert ast.unparse(b.value) == "2"
    assert d.value is None


def test_module_definitions_are_those_at_the_end():
    module = module_of("x = 1\nx = 2\ndef f():\n    x = 3\n")
    (found,) = module.bindings.module_definitions("x")
    assert found.node.lineno == 2


QUALIFIED = {
    # code whose last line is the expression → what it stands for
    "import torch\ntorch.load": "torch.load",
    "import torch as t\nt.load": "torch.load",
    "import torch.nn\ntorch.load": "torch.load",
    "import torch.nn as nn\nnn.load": "torch.nn.load",
    "from torch import load\nload": "torch.load",
    "from torch import load as q\nq": "torch.load",
    "from torch import *\nload": "torch.load",
    "from a import *\ntorch.load": "torch.load",
    "from a import *\nthing": "a.thing",
    "import torch\nt = torch\nt.load": "torch.load",
    "import torch\nq = torch.load\nq": "torch.load",
    "import torch\nq: object = torch.load\nq": "torch.load",
    "import torch\ngetattr(torch, 'load')": "torch.load",
    "import operator, torch\noperator.attrgetter('load')(torch)": "torch.load",
    "import torch\nfrom operator import attrgetter as of\nof('serialization.load')(torch)": (
        "torch.serialization.load"
    ),
    "import importlib\nimportlib.import_module('torch').load": "torch.load",
    "__import__('torch').load": "torch.load",
    "import sys\nsys.modules['torch'].load": "torch.load",
    "import torch\nvars(torch)['load']": "torch.load",
    "import torch\ntorch.__dict__['load']": "torch.load",
    ("try:\n    import torch\nexcept ImportError:\n    torch = None\ntorch.load"): "torch.load",
    "class A:\n    class B: pass\nA.B": "pkg.mod.A.B",
    "def f(): pass\nf": "pkg.mod.f",
    "open": "builtins.open",
    "from . import torch\ntorch.load": "pkg.torch.load",
    "from .torch import load\nload": "pkg.torch.load",
    "from .. import torch\ntorch.load": "..torch.load",
    "import mytorch\nmytorch.load": "mytorch.load",
    "from torch.nn import functional as F\nF.torch.load": "torch.load",
    "import torchvision\ntorchvision.torch.serialization.load": "torch.serialization.load",
    "import pkg\npkg.torch.load": "pkg.torch.load",
    # nothing can be said
    "torch.load": None,
    "import torch\ntorch = 1\ntorch.load": None,
    "import torch\ndel torch\ntorch.load": None,
    "import torch\nfor torch in x: pass\ntorch = torch[0]\ntorch.load": None,
    "if a:\n    import torch\nelse:\n    import fake as torch\ntorch.load": None,
    "if TYPE_CHECKING:\n    import torch\ntorch.load": None,
    "x = f()\nx.load": None,
    "'text'.join": None,
}


@pytest.mark.parametrize("code", QUALIFIED)
def test_qualified(code):
    module = module_of(code)
    last = module.tree.body[-1]
    assert isinstance(last, ast.Expr)
    assert module.bindings.qualified(last.value) == QUALIFIED[code]


@pytest.mark.parametrize(
    "use",
    [
        "def f(torch):\n    return torch.load",
        "def f(*torch):\n    return torch.load",
        "def f(**torch):\n    return torch.load",
        "def f():\n    torch = x\n    return torch.load",
        "def f():\n    return torch.load\n    torch = x",
        "g = lambda torch: torch.load",
        "g = [torch.load for torch in x]",
        "g = {k: torch.load for k, torch in x}",
        "def f():\n    with a as torch:\n        return torch.load",
        "def f():\n    for torch in x:\n        return torch.load",
        "def f(torch):\n    def g():\n        return torch.load",
        "def f():\n    match x:\n        case {'a': torch}:\n            return torch.load",
        "def f():\n    try:\n        pass\n    except E as torch:\n        return torch.load",
        "def f():\n    class torch: pass\n    return torch.load",
        "def f():\n    def torch(): pass\n    return torch.load",
        "class A:\n    torch = x\n    y = torch.load",
    ],
)
def test_shadowed_names_are_not_torch(use):
    module = module_of(f"import torch\n{use}\n")
    (found,) = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "load"
    ]
    assert "torch.load" not in module.bindings.possible(found)


@pytest.mark.parametrize(
    "use",
    [
        "def f():\n    return torch.load",
        "class A:\n    torch = x\n    def f(self):\n        return torch.load",
        "g = [torch.load for p in x]",
        "g = [torch for torch in torch.load]",
        "g = lambda p: torch.load",
        "def f(a=torch.load): pass",
        "@torch.load\ndef torch2(torch): pass",
        "def f():\n    def g(torch): pass\n    return torch.load",
        "def f():\n    global torch\n    return torch.load",
        "def f(x: int):\n    y: torch\n    return torch2, torch.load",
    ],
)
def test_what_looks_like_shadowing_but_is_not(use):
    module = module_of(f"import torch\n{use}\n")
    (found,) = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "load"
    ]
    assert module.bindings.qualified(found) == "torch.load"


def test_attributes_of_self_and_of_classes():
    module = module_of(
        """
        import torch
        class A:
            loader = torch.load
            def __init__(self):
                self.own = torch.load
            def f(self):
                self.loader, self.own, A.loader, self.other
        """
    )
    (uses,) = [node for node in ast.walk(module.tree) if isinstance(node, ast.Tuple)]
    found = [module.bindings.qualified(element) for element in uses.elts]
    assert found == ["torch.load"] * 3 + [None]


def test_imports_module():
    bindings = module_of("import torch.distributed.tensor\nfrom a.b import c\n").bindings
    assert isinstance(bindings, Bindings)
    assert bindings.imports_module("torch.distributed.tensor")
    assert bindings.imports_module("torch")
    assert bindings.imports_module("a.b")
    assert not bindings.imports_module("torch.nested")


def test_every_definition_has_a_parent():
    module = module_of("import torch\nclass A:\n    def f(self, x=1):\n        return x\n")
    for node in ast.walk(module.tree):
        if node is not module.tree and not isinstance(node, ast.expr_context):
            assert node in set(ast.iter_child_nodes(module.parents[node]))
