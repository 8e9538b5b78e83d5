from __future__ import annotations

import ast

import pytest

from source.source_facts import module_of, rows_of
from torchload_lint.source.facts.calls import CallKind, WeightsOnly
from torchload_lint.source.loaders.prefilter import may_hold_load

LOADS = {
    "plain": "import torch\ntorch.load(p)",
    "renamed": "import torch as th\nth.load(p)",
    "from": "from torch import load\nload(p)",
    "from, renamed": "from torch import load as read\nread(p)",
    "from, in brackets": "from torch import (\n    save,\n    load,\n)\nload(p)",
    "star": "from torch import *\nload(p)",
    "star of another module": "from .common import *\ntorch.load(p)",
    "serialization": "import torch.serialization\ntorch.serialization.load(p)",
    "serialization, renamed": "import torch.serialization as ts\nts.load(p)",
    "from serialization": "from torch.serialization import load\nload(p)",
    "serialization from torch": "from torch import serialization\nserialization.load(p)",
    "a submodule binds torch": "import torch.nn\ntorch.load(p)",
    "in a function": "def f():\n    import torch\n    return torch.load(p)",
    "imported at the end": "def f():\n    return torch.load(p)\nimport torch",
    "in try": ("try:\n    import torch\nexcept ImportError:\n    torch = None\ntorch.load(p)"),
    "in if": "if a:\n    import torch\ntorch.load(p)",
    "importlib": "import importlib\nt = importlib.import_module('torch')\nt.load(p)",
    "dunder import": "__import__('torch').load(p)",
    "getattr": "import torch\ngetattr(torch, 'load')(p)",
    "attrgetter": "import operator, torch\noperator.attrgetter('load')(torch)(p)",
    "sys.modules": "import sys, torch\nsys.modules['torch'].load(p)",
    "alias of the module": "import torch\nt = torch\nt.load(p)",
    "alias of the function": "import torch\nread = torch.load\nread(p)",
    "alias of an alias": "import torch\na = torch.load\nb = a\nb(p)",
    "annotated alias": "import torch\nread: object = torch.load\nread(p)",
    "alias by walrus": "import torch\nif (read := torch.load):\n    read(p)",
    "conditional alias": "import torch\nread = torch.load if a else other\nread(p)",
    "in self": (
        "import torch\n"
        "class A:\n"
        "    def __init__(self):\n"
        "        self.read = torch.load\n"
        "    def f(self):\n"
        "        self.read(p)"
    ),
    "in a class": (
        "import torch\n"
        "class A:\n"
        "    read = staticmethod(torch.load)\n"
        "    q = torch.load\n"
        "    def f(self):\n"
        "        self.q(p)"
    ),
    "a static method": (
        "import torch\nclass A:\n    read = staticmethod(torch.load)\n"
        "    def f(self):\n        self.read(p)"
    ),
    "a static method of a class": (
        "import torch\nclass A:\n    read = staticmethod(torch.load)\nA.read(p)"
    ),
    "dictionary of loaders": "import torch\nL = {'.pt': torch.load, '.x': y}\nL[e](p)",
    "dictionary of loaders, get": "import torch\nL = {'.pt': torch.load}\nL.get(e)(p)",
    "parameter by default": "import torch\ndef f(p, read=torch.load):\n    return read(p)",
    "partial, called": (
        "import torch, functools\nq = functools.partial(torch.load, mmap=True)\nq(p)"
    ),
    "in a lambda": "import torch\nf = lambda p: torch.load(p)",
    "in a comprehension": "import torch\n[torch.load(p) for p in ps]",
    "in an f-string": "import torch\nf'{torch.load(p)}'",
    "as a default": "import torch\ndef f(x=torch.load(p)): pass",
    "in a decorator": "import torch\n@d(torch.load(p))\ndef f(): pass",
    "in match": "import torch\nmatch torch.load(p):\n    case _: pass",
    "awaited": "import torch\nasync def f():\n    await g(torch.load(p))",
    "dotted over rows": "import torch\n(torch\n .load(p))",
    "with a backslash": "import torch\ntorch. \\\n  load(p)",
}


@pytest.mark.parametrize("case", LOADS)
def test_a_load_is_found(case):
    module = module_of(LOADS[case])
    assert len([load for load in module.loads if load.kind is CallKind.CALL]) == 1
    assert may_hold_load(LOADS[case].encode())


NOT_LOADS = {
    "a parameter": "import torch\ndef f(torch):\n    torch.load(p)",
    "a parameter with a default": "import torch\ndef f(torch=None):\n    torch.load(p)",
    "a local": "import torch\ndef f():\n    torch = x\n    torch.load(p)",
    "a local further down": "import torch\ndef f():\n    torch.load(p)\n    torch = x",
    "a class called torch": (
        "class torch:\n    @staticmethod\n    def load(p): pass\ntorch.load(p)"
    ),
    "a function called load": "from torch import save\ndef load(p): pass\nload(p)",
    "a relative torch": "from . import torch\ntorch.load(p)",
    "a relative load": "from .torch import load\nload(p)",
    "a relative load above": "from ..torch import load\nload(p)",
    "another package": "import mytorch\nmytorch.load(p)",
    "another package as torch": "import paddle as torch\ntorch.load(p)",
    "a package's torch": "import pkg\npkg.torch.load(p)",
    "torch.jit": "import torch\ntorch.jit.load(p)",
    "torch.export": "import torch\ntorch.export.load(p)",
    "torch.hub": "import torch\ntorch.hub.load('a', 'b')",
    "safetensors.torch": "import safetensors.torch\nsafetensors.torch.load(p)",
    "from safetensors.torch": "from safetensors.torch import load\nload(p)",
    "torchaudio": "import torchaudio\ntorchaudio.load(p)",
    "json": "import torch, json\njson.load(f)",
    "a method": "import torch\nmodel.load(p)",
    "its own method": (
        "import torch\n"
        "class A:\n"
        "    def load(self, p): pass\n"
        "    def f(self):\n"
        "        self.load(p)"
    ),
    "load_state_dict": "import torch\nmodel.load_state_dict(p)",
    "a patch": "from unittest import mock\nmock.patch('torch.load')",
    "patch.object": ("import torch\nfrom unittest import mock\nmock.patch.object(torch, 'load')"),
    "a string": "import torch\nx = 'torch.load(p)'",
    "a comment": "import torch\n# torch.load(p)",
    "a docstring": 'import torch\ndef f():\n    """torch.load(p)"""',
    "an annotation": "import torch\ndef f(x: torch.load): pass",
    "a variable's annotation": "import torch\nx: torch.load",
    "only for types": "if TYPE_CHECKING:\n    import torch\n    x = torch.load(p)",
    "imported for types": "if TYPE_CHECKING:\n    import torch\ndef f():\n    torch.load(p)",
    "looked at": "import torch, inspect\ninspect.signature(torch.load)",
    "asked for": "import torch\nhasattr(torch, 'load')",
    "an attribute of it": "import torch\nprint(torch.load.__doc__)",
    "compared": "import torch\ntorch.load is x",
    "stored": "import torch\ntorch.load = x",
    "unbound": "torch.load(p)",
    "deleted": "import torch\ndel torch\ntorch.load(p)",
    "a loop variable": "import torch\nfor torch in x:\n    torch.load(p)",
    "a comprehension's variable": "import torch\n[torch.load(p) for torch in x]",
    "another getattr": "import torch\ngetattr(torch, 'save')(p)",
    "an attrgetter of its own": "import torch, my\nmy.attrgetter('load')(torch)(p)",
    "attrgetter of another": "import operator, torch\noperator.attrgetter('load')(mine)(p)",
    "a dictionary without it": "import torch\nL = {'a': torch.save}\nL['a'](p)",
}


@pytest.mark.parametrize("case", NOT_LOADS)
def test_what_is_no_load(case):
    assert module_of(NOT_LOADS[case]).loads == ()


REFERENCES = {
    "map": ("list(map(torch.load, ps))", WeightsOnly.ABSENT),
    "pool.map": ("pool.map(torch.load, ps)", WeightsOnly.ABSENT),
    "submit": ("executor.submit(torch.load, p, weights_only=False)", WeightsOnly.FALSE),
    "submit, safe": ("executor.submit(torch.load, p, weights_only=True)", WeightsOnly.TRUE),
    "to_thread": ("asyncio.to_thread(torch.load, p)", WeightsOnly.ABSENT),
    "run_in_executor": ("loop.run_in_executor(None, torch.load, p)", WeightsOnly.ABSENT),
    "callback": ("Dataset(p, loader=torch.load)", WeightsOnly.UNDECIDED),
}


@pytest.mark.parametrize("case", REFERENCES)
def test_references_handed_on(case):
    code, expected = REFERENCES[case]
    (load,) = module_of(f"import torch\n{code}\n").loads
    assert load.kind is CallKind.REFERENCE
    assert load.weights_only is expected
    assert load.span.end.column - load.span.start.column == len("torch.load")


def test_what_is_handed_on_behind_the_function_is_the_file():
    (load,) = module_of("import torch\nloop.run_in_executor(None, torch.load, p)\n").loads
    assert load.file.id == "p"


def test_each_item_of_what_is_mapped_is_a_file():
    (load,) = module_of("import torch\nlist(map(torch.load, ps))\n").loads
    assert (load.file.id, load.each) == ("ps", True)
    code = "from functools import partial\nmap(partial(torch.load, map_location='cpu'), ps)"
    (load,) = module_of(f"import torch\n{code}\n").loads
    assert (load.kind, load.file.id, load.each) == (CallKind.PARTIAL, "ps", True)
    (load,) = module_of("import torch\npool.starmap(torch.load, ps)\n").loads
    assert (load.file, load.each) == (None, False)


def test_a_partial_and_its_calls():
    module = module_of(
        """
        import torch
        from functools import partial
        read = partial(torch.load, map_location="cpu", weights_only=False)
        read(p)
        read(p, weights_only=True)
        """
    )
    partial, first, second = module.loads
    assert partial.kind is CallKind.PARTIAL
    assert partial.weights_only is WeightsOnly.FALSE
    assert partial.file is None
    assert first.weights_only is WeightsOnly.FALSE
    assert first.through is partial.node
    assert first.weights_only_node is None
    assert second.weights_only is WeightsOnly.TRUE


T, F, A, N, U = (
    WeightsOnly.TRUE,
    WeightsOnly.FALSE,
    WeightsOnly.ABSENT,
    WeightsOnly.NONE,
    WeightsOnly.UNDECIDED,
)
VALUES = {
    # what stands before the call, the arguments behind the path → what weights_only is
    ("", ""): A,
    ("", "weights_only=True"): T,
    ("", "weights_only=False"): F,
    ("", "weights_only=None"): N,
    ("", "weights_only=0"): F,
    ("", "weights_only=1"): T,
    ("", "weights_only=not True"): F,
    ("", "weights_only=bool(1)"): T,
    ("", "weights_only=True and False"): F,
    ("", "weights_only=False or True"): T,
    ("", "weights_only=x"): U,
    ("", "weights_only=args.safe"): U,
    ("", "weights_only=f()"): U,
    ("", "'cpu', None, weights_only=False"): F,
    ("x = False", "weights_only=x"): F,
    ("x = True", "weights_only=x"): T,
    ("x = False\nx = True", "weights_only=x"): T,
    ("x = False\nif a:\n    x = True", "weights_only=x"): U,
    ("x = not y", "weights_only=x"): U,
    ("def f():\n    return False", "weights_only=f()"): F,
    ("def f():\n    return a", "weights_only=f()"): U,
    ("from cfg import x", "weights_only=x"): U,
    ("", "weights_only=False if a else True"): U,
    ("", "weights_only=False if a else False"): F,
    # dictionaries
    ("", "**{'weights_only': False}"): F,
    ("", "**{'weights_only': True}"): T,
    ("", "**{'map_location': 'cpu'}"): A,
    ("", "**dict(weights_only=False)"): F,
    ("", "**kw"): U,
    ("kw = {}", "**kw"): A,
    ("kw = {'weights_only': False}", "**kw"): F,
    ("kw = dict(weights_only=False)", "**kw"): F,
    ("kw = {**other}", "**kw"): U,
    ("kw = {**other, 'weights_only': True}", "**kw"): T,
    ("kw = {'weights_only': True, **other}", "**kw"): U,
    ("kw = {k: v}", "**kw"): U,
    ("kw = {}\nkw['weights_only'] = False", "**kw"): F,
    ("kw = {}\nkw['mmap'] = False", "**kw"): A,
    ("kw = {}\nkw.update(weights_only=False)", "**kw"): F,
    ("kw = {}\nkw.update({'weights_only': True})", "**kw"): T,
    ("kw = {}\nkw.setdefault('weights_only', False)", "**kw"): F,
    ("kw = {'weights_only': True}\nkw.setdefault('weights_only', False)", "**kw"): T,
    ("kw = {'weights_only': False}\nkw.pop('weights_only')", "**kw"): A,
    ("kw = {'weights_only': False}\ndel kw['weights_only']", "**kw"): A,
    ("kw = {'weights_only': True}", "**(kw | {'weights_only': False})"): F,
    ("kw = {'weights_only': False}", "**kw.copy()"): F,
    # the version of torch decides
    ("kw = {'weights_only': False} if Version(torch.__version__) >= V else {}", "**kw"): F,
    ("kw = {'weights_only': True} if hasattr(torch, 'x') else {}", "**kw"): T,
    ("kw = {}\nif torch_version >= (2, 6):\n    kw['weights_only'] = True", "**kw"): T,
    ("kw = {}\nif a:\n    kw['weights_only'] = True", "**kw"): A,
    ("", "weights_only=torch.__version__ >= '2.6'"): U,
}


@pytest.mark.parametrize(("before", "arguments"), VALUES)
def test_weights_only(before, arguments):
    module = module_of(f"import torch\n{before}\ntorch.load(p, {arguments})\n")
    assert module.loads[-1].weights_only is VALUES[before, arguments]


def test_evidence_names_the_constant_and_its_row():
    (load,) = module_of("import torch\nSAFE = False\ntorch.load(p, weights_only=SAFE)\n").loads
    assert load.weights_only_because == "SAFE is False (line 2)"
    assert load.weights_only_node.id == "SAFE"


def test_a_wrapper_says_what_it_passes_on():
    module = module_of(
        """
        import torch
        def one(p, safe=False):
            return torch.load(p, weights_only=safe)
        def two(p, **kw):
            return torch.load(p, **kw)
        def three(p, safe):
            safe = True
            return torch.load(p, weights_only=safe)
        """
    )
    one, two, three = module.loads
    assert (one.passes_on, one.passes_on_default) == ("safe", F)
    assert (two.passes_on, two.passes_on_default) == ("**kw", A)
    assert three.passes_on == ""
    assert [wrapper.qualname for wrapper in module.wrappers] == ["one", "two"]


@pytest.mark.parametrize(
    ("arguments", "mistake"),
    [
        ("p", ""),
        ("p, 'cpu'", ""),
        ("p, None, pickle", ""),
        ("p, map_location=d", ""),
        ("p, True", "True is given as map_location"),
        ("p, 'rb'", "'rb' is given as map_location"),
        ("p, None, True", "True is given as pickle_module"),
        ("p, None, None, False", "three positional arguments"),
    ],
)
def test_mistaken_arguments(arguments, mistake):
    (load,) = module_of(f"import torch\ntorch.load({arguments})\n").loads
    assert load.mistake.startswith(mistake) or mistake in load.mistake
    assert bool(load.mistake) is bool(mistake)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("p", None),
        ("p, None, pickle", "pickle"),
        ("p, pickle_module=dill", "dill"),
        ("p, pickle_module=None", None),
        ("p, None, None", None),
        ("p, 'cpu'", None),
    ],
)
def test_pickle_module(arguments, given):
    (load,) = module_of(f"import torch\ntorch.load({arguments})\n").loads
    assert (load.pickle_module.id if load.pickle_module else None) == given


@pytest.mark.parametrize(
    ("arguments", "file", "unpacks"),
    [
        ("p", "p", False),
        ("f=p", "p", False),
        ("*a", None, True),
        ("p, *a", "p", True),
        ("p, **k", "p", True),
        ("**{'weights_only': True}", None, False),
        ("", None, False),
    ],
)
def test_the_file_and_what_is_unpacked(arguments, file, unpacks):
    (load,) = module_of(f"import torch\ntorch.load({arguments})\n").loads
    assert (load.file.id if load.file else None) == file
    assert load.unpacks is unpacks


def test_where_a_load_stands():
    module = module_of(
        """
        import torch
        class A:
            x = torch.load(p)
            def f(self):
                def g():
                    return [torch.load(p)]
        torch.load(p)
        """
    )
    assert [load.function for load in module.loads] == ["A", "A.f.g", ""]
    assert rows_of(module.loads) == [3, 6, 7]
    assert [type(load.statement).__name__ for load in module.loads] == ["Assign", "Return", "Expr"]


def test_an_uncertain_callee_is_said_to_be_one():
    module = module_of("import torch\ndef f(p, r=torch.load):\n    r(p)\n    torch.load(p)\n")
    assert [load.certain for load in module.loads] == [False, True]


def test_columns_count_code_points():
    (load,) = module_of("import torch\nx = 'ü€😀'; torch.load(p)\n").loads
    assert (load.span.start.column, load.span.end.column) == (12, 25)


def test_saves():
    module = module_of(
        """
        import torch
        torch.save(model, p, pickle_protocol=4)
        torch.save(obj=x, f=q, _use_new_zipfile_serialization=False)
        torch.jit.save(m, p)
        json.save(x)
        """
    )
    first, second = module.saves
    assert (first.obj.id, first.file.id, first.protocol.value, first.legacy) == (
        "model", "p", 4, False,
    )  # fmt: skip
    assert (second.obj.id, second.file.id, second.protocol, second.legacy) == ("x", "q", None, True)


HANDED_OVER = {
    "threading.Thread(target=torch.load, args=(p,))": "p",
    "Thread(target=torch.load, args=[p], kwargs={'map_location': 'cpu'}).start()": "p",
    "multiprocessing.Process(None, target=torch.load, kwargs={'f': p})": None,
    "threading.Timer(1.0, torch.load, [p])": "p",
    "pool.apply_async(torch.load, (p,))": "p",
    "pool.apply(torch.load, (p,), {'map_location': 'cpu'})": "p",
    "executor.submit(torch.load, *[p, 'cpu'])": "p",
}


@pytest.mark.parametrize("code", HANDED_OVER)
def test_what_a_thread_or_a_pool_gives_is_known(code):
    (load,) = module_of(f"import torch, threading, multiprocessing\n{code}\n").loads
    assert load.weights_only is WeightsOnly.ABSENT
    assert getattr(load.file, "id", None) == HANDED_OVER[code]


def test_a_thread_may_be_given_more():
    code = "import torch\nThread(target=torch.load, args=(p,), kwargs={'weights_only': False})\n"
    (load,) = module_of(code).loads
    assert load.weights_only is WeightsOnly.FALSE


@pytest.mark.parametrize(
    ("code", "items"),
    [
        ("torch.load(*[p])", ["p"]),
        ("paths = ['a.pt']\ntorch.load(*paths)", ["paths"]),
        ("paths = ('a.pt', 'cpu')\ntorch.load(*paths)", ["paths"]),
        ("pool.starmap(torch.load, [(p, 'cpu'), (q,)])", ["p", "q"]),
        ("torch.load(*some(p))", None),
        ("paths = ['a.pt']\npaths = more\nif x: paths = [1]\ntorch.load(*paths)", None),
        ("torch.load(*[*p])", None),
        ("pool.starmap(torch.load, pairs)", None),
    ],
)
def test_what_is_spread_is_known_where_it_is_written_out(code, items):
    (load,) = module_of(f"import torch\n{code}\n").loads
    if items is None:
        assert load.file is None
        return
    named = [node.id for node in ast.walk(load.file) if isinstance(node, ast.Name)]
    assert named == items
    assert not load.unpacks


@pytest.mark.parametrize(
    "code",
    [
        "def save(*given):\n    torch.save(*given)",
        "given = {}, 'a.pt'\ntorch.save(*given)",
        "def f():\n    given = [{}, 'a.pt']\n    torch.save(*given)",
        "torch.save(*({}, 'a.pt'))",
        "def load(*given, **more):\n    return torch.load(*given, **more)",
        "given = ('a.pt',)\ntorch.load(*given)",
    ],
)
def test_what_is_unpacked_into_a_call_stands_in_its_statement(code):
    """Also an item that is spelled nowhere (``given[0]``): who has it may ask what is around."""
    module = module_of(f"import torch\n{code}")
    (call,) = (*module.loads, *module.saves)
    for node in filter(None, (call.file, getattr(call, "obj", None))):
        parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
        assert {module.statement(part) for part in parts} == {call.statement}
