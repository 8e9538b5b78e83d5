"""Attacks on the entries for classes of installed libraries: real torch loads, and nothing runs."""

# ruff: noqa: E501 - one class a row

from __future__ import annotations

import importlib
import io
import sys
import warnings
from textwrap import dedent

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

import torchload_lint
from checkpoint.cases import forge
from installed_library import install
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

LIBRARY = "attacked"
OTHER = "attacked_base"

PLACES = {
    "init": "def __init__(self, *a, **k): run()",
    "new": "def __new__(cls, *a, **k): run(); return object.__new__(cls)",
    "call": "def __call__(self, *a, **k): run()",
    "state": "def __setstate__(self, state): run()",
    "getattr": "def __getattr__(self, name): run()",
    "setattr": "def __setattr__(self, name, value): run()",
    "hash": "def __hash__(self): run(); return 1",
    "iter": "def __iter__(self): run(); return iter(())",
    "item": "def __getitem__(self, key): run(); raise IndexError",
    "length": "def __len__(self): run(); return 0",
    "truth": "def __bool__(self): run(); return False",
    "keys": "def keys(self): run(); return ()",
    "gone": "def __del__(self): run()",
    "setter": "x = property(lambda self: 1, lambda self, value: run())",
    "assigned": "__setstate__ = run",
    "assigned call": "__call__ = staticmethod(run)",
    "partial": "__init__ = functools.partialmethod(run, 1)",
    "looked up": "def __init__(self, name, *a): globals()[name](*a)",
    "by name": "def __init__(self, *a): getattr(TOOLS, 'run')(*a)",
    "in a table": "def __init__(self, *a): TABLE['run'](*a)",
    "by default": "def __init__(self, *a, do=run): do(*a)",
    "another package": "def __init__(self, *a): far(*a)",
    "either of two": "def __init__(self, *a): quick(*a)",
    "nested": "class Inner:\n        def __init__(self, *a): run()\n    def __init__(self, *a): self.Inner()",
    "handed back": "def get(self, key): return getattr(self, key)\n    def do(self, *a): run()\n    def __call__(self, *a): return self.get(*a)()",
}
HEADS = {
    "base": "class Attacked(FarBase): pass",
    "mixin": "class Near: pass\nclass Attacked(Near, FarBase): pass",
    "metaclass": "class Attacked(metaclass=FarMeta): pass",
    "keyword": "class Attacked(FarHook, do=1): pass",
    "decorated": "@far_decorated\nclass Attacked: pass",
    "changed": "@far_changed\nclass Attacked: pass",
    "descriptor": "class Attacked:\n    x = FarDescriptor()",
    "module": "class Attacked(nn.Module):\n    def forward(self, *a): run()",
    "an enumeration": "class Attacked(enum.Enum):\n    A = 1\n    @classmethod\n    def _missing_(cls, value): run(); return cls.A",
    "a dictionary": "class Attacked(dict):\n    def __setitem__(self, key, value): run()",
    "a dataclass": "@dataclasses.dataclass\nclass Attacked:\n    x: int = 0\n    def __post_init__(self): run()",
    "a default": "@dataclasses.dataclass\nclass Attacked:\n    x: int = dataclasses.field(default_factory=run)",
    "slots": "class Attacked:\n    __slots__ = ('x',)\n    def __init__(self, *a): run()",
}
TEXT = """
import dataclasses, enum, functools
from torch import nn
from attacked_base import (FarBase, FarDescriptor, FarHook, FarMeta, far, far_changed,
                           far_decorated, run)
import attacked_base as TOOLS
from attacked.compat import quick
TABLE = {"run": run}
"""
BASE = """
RAN = []
def run(*a, **k): RAN.append(a); eval("1")
def far(*a): run(*a)
class FarBase:
    def __init__(self, *a): run()
    def __call__(self, *a): run()
    @property
    def x(self): return 1
    @x.setter
    def x(self, value): run()
class FarMeta(type):
    def __call__(cls, *a, **k): run(); return object.__new__(cls)
class FarHook:
    def __init_subclass__(cls, do=0): cls.__call__ = lambda self, *a: run()
class FarDescriptor:
    def __get__(self, one, owner): return 1
    def __set__(self, one, value): run()
def far_decorated(cls):
    cls.__call__ = lambda self, *a: run()
    return cls
def far_changed(cls):
    setattr(cls, "__setstate__", lambda self, state: run())
    return cls
"""
COMPAT = """
try:
    from attacked_base import run as quick
except ImportError:
    def quick(*a): return a
"""
CLASSES = {name: f"class Attacked:\n    {body}" for name, body in PLACES.items()} | HEADS


def attacks(module):
    """What a file may do with ``Attacked`` of a module."""
    cls = forge.name(module, "Attacked")
    made, x = forge.new(cls), forge.text("run")
    rebuild, tensor = (
        forge.name("torch._tensor", "_rebuild_from_type_v2"),
        forge.name("torch", "Tensor"),
    )
    plain = forge.new(forge.name("torch.nn.modules.container", "Sequential"))
    state = forge.mapping({"x": x, "y": x, "__class__": cls})
    yield from (forge.call(cls), forge.call(cls, x), forge.call(cls, x, x), forge.new(cls, x))
    yield from (made + state + b"b", made + x + b"b", made + forge.pair(b"N", state) + b"b")
    yield from (made + b"]" + b"b", made + made + b"b", plain + made + b"b")
    yield forge.call(rebuild, made, tensor, forge.pair(x), b"}")
    yield forge.call(rebuild, cls, tensor, forge.pair(x), b"}")
    yield forge.call(rebuild, forge.name("builtins", "set"), cls, forge.pair(), state)
    yield forge.call(rebuild, cls, cls, forge.pair(), state)
    yield from (forge.call(forge.name("builtins", "set"), made), b"}" + made + x + b"s")
    yield from (
        b"}(" + made + x + made + x + b"u",
        forge.call(forge.name("builtins", "bytearray"), made),
    )
    yield from (forge.call(forge.name("collections", "OrderedDict"), made), made + x + x + b"s")
    yield forge.call(forge.name("collections", "Counter"), made)
    yield forge.call(rebuild, forge.name("builtins", "set"), tensor, made, b"}")
    yield forge.call(forge.name("torch.nn.parameter", "Parameter"), made)
    hooks = forge.mapping({"_forward_hooks": forge.mapping({"1": made}), "_modules": made})
    yield forge.call(rebuild, plain + hooks + b"b", tensor, forge.pair(forge.tensor()), b"}")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A project with all the classes, each in a module of its own, and their modules by name."""
    folder = tmp_path_factory.mktemp("attacked")
    modules = {name: f"m{number}" for number, name in enumerate(CLASSES)}
    files = {f"{LIBRARY}/{modules[name]}.py": f"{TEXT}\n{text}\n" for name, text in CLASSES.items()}
    files |= {f"{LIBRARY}/__init__.py": "\n", f"{LIBRARY}/compat.py": COMPAT}
    packages = install(folder, {name: dedent(text) for name, text in files.items()}, LIBRARY)
    install(folder, {f"{OTHER}.py": BASE}, OTHER)
    (folder / "requirements.txt").write_text(f"{LIBRARY}\n{OTHER}\n")
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
            patch.delenv(variable, raising=False)
        patch.syspath_prepend(packages)
        yield folder, {name: f"{LIBRARY}.{module}" for name, module in modules.items()}
        for name in [one for one in sys.modules if one.startswith(LIBRARY)]:
            del sys.modules[name]


def entry_for(name, library, helper):
    """What a fix would write for a class, as far as it may: an entry, or None."""
    folder, modules = library
    path = folder / "model.pt"
    path.write_bytes(forge.archive(forge.program(forge.new(forge.name(modules[name], "Attacked")))))
    (judgement,) = torchload_lint.inspect(path).judgements
    if not judgement.allowed:
        return judgement, None
    cls = importlib.import_module(modules[name]).Attacked
    if judgement.trust is Trust.INSTALLED:
        return judgement, cls
    try:
        return judgement, helper.restore_only(cls)
    except TypeError:
        return judgement, None  # refused when the program starts


def runs(entries, block, program):
    ran = importlib.import_module(OTHER).RAN
    ran.clear()
    file = io.BytesIO(forge.archive(forge.program(program)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with block(entries):
                torch.load(file, weights_only=True)
        except Exception:  # noqa: BLE001 - most attacks end in one
            pass
    return list(ran)


@pytest.mark.parametrize("name", CLASSES)
def test_nothing_runs_under_the_entries_that_a_fix_writes(name, library, helper):
    judgement, entry = entry_for(name, library, helper)
    assert judgement.trust is not Trust.INSTALLED, "its code does harm, and counts as proven"
    entries = [nn.Sequential] if entry is None else [entry, nn.Sequential]
    for program in attacks(library[1][name]):
        assert runs(entries, helper.safe_globals, program) == []


def test_the_attacks_do_run_code_where_the_classes_themselves_are_allowed(library):
    bites = 0
    for module in library[1].values():
        cls = importlib.import_module(module).Attacked
        for program in attacks(module):
            entries = [(cls, f"{module}.Attacked"), nn.Sequential]
            bites += bool(runs(entries, torch.serialization.safe_globals, program))
    assert bites > 150


@pytest.mark.parametrize("name", CLASSES)
def test_a_file_that_calls_the_class_is_told_as_one_that_calls_unknown_code(name, library):
    folder, modules = library
    path = folder / "called.pt"
    cls = forge.name(modules[name], "Attacked")
    path.write_bytes(forge.archive(forge.program(forge.call(cls, forge.text("run")))))
    assert torchload_lint.inspect(path).report.verdict.value == "dangerous"
