from __future__ import annotations

import pytest

from source.source_facts import module_of
from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistKind, EntryKind

HEAD = """\
import contextlib
import torch
import numpy as np
from torch.serialization import safe_globals, add_safe_globals
class Net:
    class Part: pass
"""

IN_FORCE = {
    "a block": ("with safe_globals([Net]):\n    torch.load(p)", 1),
    "by its full name": ("with torch.serialization.safe_globals([Net]):\n    torch.load(p)", 1),
    "nested": (
        ("with safe_globals([Net]):\n    with safe_globals([Net]):\n        torch.load(p)"),
        2,
    ),
    "several items": ("with safe_globals([Net]), open(p) as f:\n    torch.load(f)", 1),
    "in brackets": ("with (open(p) as f, safe_globals([Net])):\n    torch.load(f)", 1),
    "a later item of the header": ("with safe_globals([Net]), f(torch.load(p)): pass", 1),
    "async": (("async def f():\n    async with safe_globals([Net]):\n        torch.load(p)"), 1),
    "by name": ("c = safe_globals([Net])\nwith c:\n    torch.load(p)", 1),
    "sometimes": ("with safe_globals([Net]) if a else b():\n    torch.load(p)", 1),
    "an own context manager": (
        (
            "@contextlib.contextmanager\n"
            "def c():\n"
            "    with safe_globals([Net]):\n"
            "        yield\n"
            "with c():\n"
            "    torch.load(p)"
        ),
        1,
    ),
    "an own function": (
        ("def c():\n    return safe_globals([Net])\nwith c():\n    torch.load(p)"),
        1,
    ),
    "in self": (
        (
            "class A:\n"
            "    def __init__(self):\n"
            "        self.c = safe_globals([Net])\n"
            "    def f(self):\n"
            "        with self.c:\n"
            "            torch.load(p)"
        ),
        1,
    ),
    "a stack": (
        (
            "with contextlib.ExitStack() as s:\n"
            "    s.enter_context(safe_globals([Net]))\n"
            "    torch.load(p)"
        ),
        1,
    ),
    "registered before": ("add_safe_globals([Net])\ntorch.load(p)", 1),
    "registered at import": ("add_safe_globals([Net])\ndef f():\n    torch.load(p)", 1),
    "registered below what is not called above": (
        "def f():\n    torch.load(p)\ndef g():\n    return Net()\nadd_safe_globals([Net])\nf()",
        1,
    ),
    "registered while a file is open": (
        "with open(p):\n    add_safe_globals([Net])\ntorch.load(p)",
        1,
    ),
    "registered in the function": ("def f():\n    add_safe_globals([Net])\n    torch.load(p)", 1),
    "registered by a part that always runs": (
        "a[add_safe_globals([Net])] if (add_safe_globals([Net]) or b) < c else d\ntorch.load(p)",
        1,
    ),
    "registered for a loop": ("for a in b(add_safe_globals([Net])): pass\ntorch.load(p)", 1),
    "inside try": (
        ("with safe_globals([Net]):\n    try:\n        torch.load(p)\n    except E: pass"),
        1,
    ),
    "in a lambda's default": ("with safe_globals([Net]):\n    f = lambda x=torch.load(p): x", 1),
    "in a function's default": (
        "with safe_globals([Net]):\n    def f(x=torch.load(p)):\n        return x",
        1,
    ),
    # not in force
    "nothing": ("torch.load(p)", 0),
    "beside": ("with safe_globals([Net]):\n    pass\ntorch.load(p)", 0),
    "in a function that runs later": (
        "with safe_globals([Net]):\n    def f():\n        torch.load(p)",
        0,
    ),
    "in a lambda": ("with safe_globals([Net]):\n    f = lambda: torch.load(p)", 0),
    "an earlier item of the header": ("with f(torch.load(p)), safe_globals([Net]): pass", 0),
    "a decorator cannot be called": ("@safe_globals([Net])\ndef f():\n    torch.load(p)", 0),
    "registered afterwards": ("torch.load(p)\nadd_safe_globals([Net])", 0),
    "called before it is registered": (
        "def f():\n    torch.load(p)\nf()\nadd_safe_globals([Net])",
        0,
    ),
    "called above in the statement that registers": (
        "def f():\n    torch.load(p)\n[f(), add_safe_globals([Net])]",
        0,
    ),
    "called below in the statement that registers": (
        "def f():\n    torch.load(p)\n[add_safe_globals([Net]), f()]",
        1,
    ),
    "a method called before": (
        "class A:\n    def f(self):\n        torch.load(p)\nA().f()\nadd_safe_globals([Net])",
        0,
    ),
    "called by its decorator": (
        "@a\ndef f():\n    torch.load(p)\nadd_safe_globals([Net])",
        0,
    ),
    "registered unless something raises": (
        "with contextlib.suppress(E):\n    a()\n    add_safe_globals([Net])\ntorch.load(p)",
        0,
    ),
    "registered by a lambda": ("f = lambda: add_safe_globals([Net])\ntorch.load(p)", 0),
    "registered for each of nothing": ("[add_safe_globals([Net]) for _ in ()]\ntorch.load(p)", 0),
    "registered by a generator": ("g = (add_safe_globals([Net]) for _ in a)\ntorch.load(p)", 0),
    "registered if the rest is so": ("a and add_safe_globals([Net])\ntorch.load(p)", 0),
    "registered by one of two": ("add_safe_globals([Net]) if a else b\ntorch.load(p)", 0),
    "registered by a late comparison": ("a < b < add_safe_globals([Net])\ntorch.load(p)", 0),
    "registered by an annotation": (
        "def f():\n    x: add_safe_globals([Net]) = 1\n    torch.load(p)",
        0,
    ),
    "registered by a parameter's annotation": (
        "def f(x: add_safe_globals([Net])): pass\ntorch.load(p)",
        0,
    ),
    "registered by what -O leaves out": ("assert not add_safe_globals([Net])\ntorch.load(p)", 0),
    "registered in what may end an exception": (
        "with a():\n    b()\n    add_safe_globals([Net])\ntorch.load(p)",
        0,
    ),
    "registered in a stack, which may end one": (
        "with contextlib.ExitStack() as s:\n    add_safe_globals([Net])\ntorch.load(p)",
        0,
    ),
    "registered by what a block is entered with": (
        "with a(), b(add_safe_globals([Net])): pass\ntorch.load(p)",
        0,
    ),
    "pushed on a stack, and not entered": (
        ("with contextlib.ExitStack() as s:\n    s.push(safe_globals([Net]))\n    torch.load(p)"),
        0,
    ),
    "a stack that a lambda enters": (
        (
            "with contextlib.ExitStack() as s:\n"
            "    f = lambda: s.enter_context(safe_globals([Net]))\n"
            "    torch.load(p)"
        ),
        0,
    ),
    "registered perhaps": ("if a:\n    add_safe_globals([Net])\ntorch.load(p)", 0),
    "registered in another function": (
        "def g():\n    add_safe_globals([Net])\ndef f():\n    torch.load(p)",
        0,
    ),
    "the stack is closed": (
        (
            "with contextlib.ExitStack() as s:\n"
            "    s.enter_context(safe_globals([Net]))\n"
            "torch.load(p)"
        ),
        0,
    ),
    "another with that name": (
        ("def safe_globals(x): pass\nwith safe_globals([Net]):\n    torch.load(p)"),
        0,
    ),
    "only made": ("c = safe_globals([Net])\ntorch.load(p)", 0),
}


@pytest.mark.parametrize("case", IN_FORCE)
def test_which_allowlists_are_in_force(case):
    code, number = IN_FORCE[case]
    (load,) = module_of(HEAD + code).loads
    assert len(load.allowlists) == number


ENTRIES = {
    # the item → kind, object, key
    "Net": (EntryKind.OBJECT, "pkg.mod.Net", None),
    "Net.Part": (EntryKind.OBJECT, "pkg.mod.Net.Part", None),
    "torch.nn.Linear": (EntryKind.OBJECT, "torch.nn.Linear", None),
    "np.ndarray": (EntryKind.OBJECT, "numpy.ndarray", None),
    "getattr": (EntryKind.OBJECT, "builtins.getattr", None),
    "getattr(np, 'ndarray')": (EntryKind.OBJECT, "numpy.ndarray", None),
    "(Net, 'old.Net')": (EntryKind.PAIR, "pkg.mod.Net", "old.Net"),
    "type(np.dtype('float64'))": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.Float64DType", None),
    "type(np.dtype(np.int32))": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.Int32DType", None),
    "type(np.dtype('<f4'))": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.Float32DType", None),
    "type(np.dtype('u8'))": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.UInt64DType", None),
    "type(np.dtype(np.str_))": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.StrDType", None),
    "np.dtype('f8').__class__": (EntryKind.TYPE_OF_DTYPE, "numpy.dtypes.Float64DType", None),
    "'pkg.mod.Net'": (EntryKind.INVALID, None, None),
    "f'{a}.Net'": (EntryKind.INVALID, None, None),
    "Net.__name__": (EntryKind.INVALID, None, None),
    "None": (EntryKind.INVALID, None, None),
    "Net()": (EntryKind.INVALID, None, None),
    "np.dtype('f8')": (EntryKind.INVALID, None, None),
    "torch.float32": (EntryKind.INVALID, None, None),
    "('old.Net', Net)": (EntryKind.INVALID, None, None),
    "(Net,)": (EntryKind.INVALID, None, None),
    "(Net, 'a', 'b')": (EntryKind.INVALID, None, None),
    "[Net]": (EntryKind.INVALID, None, None),
    "unknown": (EntryKind.UNKNOWN, None, None),
    "f()": (EntryKind.UNKNOWN, None, None),
    "type(x)": (EntryKind.UNKNOWN, None, None),
    "(Net, key)": (EntryKind.UNKNOWN, None, None),
}


@pytest.mark.parametrize("item", ENTRIES)
def test_entries(item):
    (allowlist,) = module_of(f"{HEAD}add_safe_globals([{item}])").allowlists
    (entry,) = allowlist.entries
    kind, obj, key = ENTRIES[item]
    assert entry.kind is kind
    assert (str(entry.obj) if entry.obj else None, entry.key) == (obj, key)
    assert bool(entry.why) is (kind is EntryKind.INVALID)


LISTS = {
    # before, the argument → how many items are known, and whether that is all
    ("", "[Net, np.ndarray]"): (2, True),
    ("", "(Net, np.ndarray)"): (2, True),
    ("", "{Net}"): (1, True),
    ("", "[]"): (0, True),
    ("L = [Net]", "L"): (1, True),
    ("L = [Net]", "[*L, np.ndarray]"): (2, True),
    ("L = [Net]", "L + [np.ndarray]"): (2, True),
    ("L = (Net,)", "list(L)"): (1, True),
    ("L = [Net]\nL.append(x)", "L"): (1, False),
    ("L = [Net]\nL += [x]", "L"): (0, False),
    ("L = [Net]\nif a:\n    L = []", "L"): (1, False),
    ("", "[Net, *others]"): (1, False),
    ("", "others"): (0, False),
    ("", "[x for x in y]"): (0, False),
    ("", "f()"): (0, False),
    ("from other import L", "L"): (0, False),
}


@pytest.mark.parametrize(("before", "argument"), LISTS)
def test_whether_all_items_are_known(before, argument):
    module = module_of(f"{HEAD}{before}\nadd_safe_globals({argument})")
    (allowlist,) = module.allowlists
    assert (len(allowlist.entries), allowlist.complete) == LISTS[before, argument]


def test_kinds_and_places():
    module = module_of(
        HEAD
        + "add_safe_globals([Net])\n"
        + "def f(s):\n"
        + "    with safe_globals((Net,)) as c:\n        pass\n"
        + "    s.enter_context(safe_globals(NAMES))\n"
        + "@safe_globals([Net])\ndef g(): pass\n"
    )
    kinds = [allowlist.kind for allowlist in module.allowlists]
    assert kinds == [
        AllowlistKind.PROCESS,
        AllowlistKind.BLOCK,
        AllowlistKind.STACK,
        AllowlistKind.DECORATOR,
    ]
    assert [allowlist.function for allowlist in module.allowlists] == ["", "f", "f", ""]
    assert [allowlist.display is not None for allowlist in module.allowlists] == [
        True, True, False, True,
    ]  # fmt: skip


def test_the_outermost_comes_first():
    code = "with safe_globals([Net]):\n    with safe_globals([np.ndarray]):\n        torch.load(p)"
    (load,) = module_of(HEAD + code).loads
    names = [str(allowlist.entries[0].obj) for allowlist in load.allowlists]
    assert names == ["pkg.mod.Net", "numpy.ndarray"]


def test_no_allowlist_is_held_against_another(monkeypatch):
    """Each has a tuple of entries: to compare all with all took the cube of their number."""
    compared = []
    monkeypatch.setattr(
        Allowlist, "__eq__", lambda *both: compared.append(both) or both[0] is both[1]
    )
    blocks = ", ".join(["safe_globals([A])"] * 20)
    module = module_of(
        "from torch.serialization import safe_globals\n"
        f"import torch\nwith {blocks}:\n    torch.load('a.pt')\n"
    )
    assert len(module.allowlists_at(module.loads[0].node)) == 20
    assert compared == []
