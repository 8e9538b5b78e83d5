"""Which classes are proven harmless, and why others are not: what is unknown is not harmless."""

# ruff: noqa: E501 - one case a row

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

HEAD = """
import abc, collections, dataclasses, enum, functools, importlib, itertools, logging, math, operator
import os, pathlib, subprocess, sys, typing
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from dataclasses import dataclass, field
from torch import Tensor
from app import tools

logger = logging.getLogger(__name__)
SIZES = (1, 2, 3)
NAMES = {"a": 1, "b": (2, 3)}
TABLE = {"relu": nn.ReLU, "run": os.system}
EMPTY = {}
PLAIN = []
alias = os.system


def helper(value):
    return value + 1


def deep(value):
    return deeper(value)


def deeper(value):
    return deepest(value)


def deepest(value):
    return alias(value)


def decorate(function):
    return os.system
"""
TOOLS = """
import os
from functools import wraps

REGISTRY = {}


def register(name):
    def inner(thing):
        REGISTRY[name] = thing
        return thing
    return inner


def safe(value):
    return [value]


def c1(v): return c2(v)
def c2(v): return c3(v)
def c3(v): return c4(v)
def c4(v): return c5(v)
def c5(v): return c6(v)
def c6(v): return c7(v)
def c7(v): return os.system(v)


class Descriptor:
    def __get__(self, instance, owner):
        return os.system
    def __set__(self, instance, value):
        os.system(value)


class Meta(type):
    def __call__(cls, value):
        os.system(value)


class Base:
    def __setstate__(self, state):
        self.load(state)
    def load(self, state):
        self.__dict__.update(state)


class Loud:
    def __init__(self, value):
        os.system(value)
"""


def proof(text, name="Net"):
    files = {"app/__init__.py": "", "app/tools.py": TOOLS, "app/net.py": HEAD + dedent(text)}
    index = project(files)
    found = index.definitions(f"app.net.{name}")[0]
    return prove_class(found.node, found.module, index)


def init(body, head="class Net:", args="self, value=None, *args, **kwargs"):
    return f"{head}\n    def __init__({args}):\n{indent(dedent(body).strip(), ' ' * 8)}\n"


PROVEN = {
    "nothing": "class Net: ...",
    "stores": init("self.a = value\nself.b = args\nself.c = kwargs.get('c', 3)"),
    "any keyword": init("for k, v in kwargs.items():\n    setattr(self, k, v)"),
    "a state": "class Net:\n    def __setstate__(self, state): self.__dict__.update(state)",
    "a module": init(
        """
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Dropout(value))
        self.scale = nn.Parameter(torch.ones(value))
        self.register_buffer("mean", torch.zeros(value.size))
        """,
        "class Net(nn.Module):",
    ),
    "forward": """
        class Net(nn.Module):
            def forward(self, x, mask=None):
                b, c, h, w = x.shape
                y = F.interpolate(x, size=(h * 2, w * 2), mode="bilinear")
                y = torch.cat([y, x], dim=1).view(b, -1).permute(0, 1).contiguous()
                if mask is not None:
                    y = y.masked_fill(mask == 0, float("-inf"))
                for layer in self.layers:
                    y = layer(y)
                with torch.no_grad():
                    y = self.head(y) if self.training else torch.softmax(y, dim=-1)
                return {"out": y, "n": len(self.layers), "m": [helper(i) for i in range(3)]}
        """,
    "own methods": """
        class Net(nn.Module):
            def __init__(self, n):
                super(Net, self).__init__()
                self.block = self._make(n)
            def _make(self, n):
                return nn.ModuleList([self._one(i) for i in range(n)])
            @staticmethod
            def _one(i):
                return nn.Conv2d(i, i, kernel_size=3)
        """,
    "a method that nothing reaches": """
        class Net(nn.Module):
            def save_weights(self, path): torch.save(self.state_dict(), path)
            def run(self, command): os.system(command)
        """,
    "initialised weights": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(2, 2)
                self.apply(self._init)
            def _init(self, m):
                if isinstance(m, nn.Linear):
                    nn.init.xavier_uniform_(m.weight)
                    m.bias.data.zero_()
        """,
    "a dataclass": """
        @dataclass
        class Net:
            a: int = 1
            b: list = field(default_factory=list)
            c: typing.Optional[str] = None
            def __post_init__(self): self.d = self.a * 2
            @property
            def both(self): return self.a, self.b
        """,
    "a frozen dataclass": "@dataclasses.dataclass(frozen=True)\nclass Net:\n    a: int = 1",
    "an enum": """
        class Net(str, enum.Enum):
            A = "a"
            B = "b"
            @classmethod
            def _missing_(cls, value):
                raise ValueError(f"{value} is not one of {list(cls._value2member_map_)}")
        """,
    "a named tuple": "class Net(typing.NamedTuple):\n    a: int\n    b: str = 'x'",
    "a named tuple by call": "class Net(collections.namedtuple('Net', 'a b')): ...",
    "a dictionary": "class Net(dict):\n    def __getattr__(self, name): return self[name]",
    "an abstract base": """
        class Root(abc.ABC):
            @abc.abstractmethod
            def go(self): ...
        class Net(Root):
            def go(self): return 1
        """,
    "a generic": "T = typing.TypeVar('T')\nclass Net(typing.Generic[T]):\n    x: T",
    "numbers": init(
        "self.x = math.sqrt(np.prod(np.ones(3))) + np.zeros(len(value)).sum() ** 2 // 3"
    ),
    "texts": init(
        "self.x = f'{value!r:>10}'.strip().split(',')\nself.y = ', '.join(map(str, args))"
    ),
    "words to a log": init("logger.info('made %s', value)\nprint(value)"),
    "a constant of the module": init("self.x = SIZES[value], NAMES.get(value)"),
    "a function of the project": init("self.x = helper(value), tools.safe(value)"),
    "a class of the project": "class Inner:\n    x = 1\n" + init("self.inner = Inner()"),
    "a base of the project": "class Net(tools.Base): ...",
    "a callable that is given": init("self.x = value(3)\nself.y = kwargs['act'](self.x)"),
    "a lambda": init(
        "self.f = lambda x: x * 2\nself.g = functools.partial(F.gelu, approximate='tanh')"
    ),
    "errors": init("if value is None:\n    raise ValueError('no value')\nassert value > 0"),
    "trying": init(
        "try:\n    self.x = int(value)\nexcept (TypeError, ValueError) as e:\n    self.x = e"
    ),
    "its class": init("self.name = self.__class__.__name__ + type(self).__name__"),
    "a fixed attribute": init(
        "self.x = getattr(value, 'size', None)\nself.y = hasattr(value, 'y')"
    ),
    "replaced text": init("self.x = str(value).replace('a', 'b')"),
    "equality": "class Net:\n    def __eq__(self, other): return self.x == other.x\n    __hash__ = None",
    "slots": "class Net:\n    __slots__ = ('a', 'b')\n    def __init__(self, a): self.a = a",
    "a loop": init("while value > 0:\n    value -= 1\n    self.xs = [value, *args]"),
    "iteration": "class Net:\n    def __iter__(self): yield from self.items_\n    def __len__(self): return 1",
    "a cached property": "class Net:\n    @functools.cached_property\n    def x(self): return self.y + 1",
}

UNPROVEN = {
    "eval": init("eval(value)"),
    "exec under another name": init("run = exec\nrun(value)"),
    "a function that is stored": init("self.f = os.system"),
    "a function in a list": init("[os.system][0](value)"),
    "a function handed on": init("list(map(os.system, args))"),
    "a module handed on": init("getattr(os, value)(args)"),
    "a module that is stored": init("self.os = os"),
    "any attribute": init("getattr(value, kwargs['name'])()"),
    "any attribute of itself": init("getattr(self, value)(*args)"),
    "a table of functions": init("TABLE[value](*args)"),
    "a table that is filled elsewhere": init("EMPTY[value](*args)"),
    "a list that is filled elsewhere": init("for f in PLAIN: f(value)"),
    "a registry": init("tools.REGISTRY[value](*args)"),
    "globals": init("globals()[value](*args)"),
    "vars": init("vars(os)['system'](value)"),
    "sys.modules": init("sys.modules['os'].system(value)"),
    "an import by name": init("importlib.import_module(value)"),
    "__import__": init("__import__('os').system(value)"),
    "__builtins__": init("__builtins__['eval'](value)"),
    "an alias": init("alias(value)"),
    "a deep chain": init("deep(value)"),
    "a chain of seven": init("tools.c1(value)"),
    "a class that runs": init("tools.Loud(value)"),
    "an unknown decorator": "@tools.register('x')\nclass Net: ...",
    "an unknown decorator of a method": "class Net:\n    @decorate\n    def __call__(self, x): ...",
    "a descriptor": "class Net:\n    x = tools.Descriptor()",
    "a metaclass": "class Net(metaclass=tools.Meta): ...",
    "an unknown base": "from other import Base\nclass Net(Base): ...",
    "a base that a call makes": "class Net(decorate(1)): ...",
    "a base that runs": "class Net(tools.Loud): ...",
    "Popen": "class Net(subprocess.Popen): ...",
    "a method that is assigned": "class Net:\n    __setstate__ = os.system",
    "a class attribute": "class Net:\n    run = os.system\n    def __call__(self, x): return self.run(x)",
    "a lambda that runs": "class Net:\n    __call__ = lambda self, x: os.system(x)",
    "a default": init("f(value)", args="self, value=None, f=os.system"),
    "a keyword default": init("f(value)", args="self, *, value=None, f=os.system"),
    "a setter": """
        class Net:
            @property
            def x(self): return 1
            @x.setter
            def x(self, value): os.system(value)
        """,
    "__setattr__": "class Net:\n    def __setattr__(self, name, value): os.system(value)",
    "__getattr__": "class Net:\n    def __getattr__(self, name): return eval(name)",
    "__del__": "class Net:\n    def __del__(self): os.remove(self.path)",
    "__hash__": "class Net:\n    def __hash__(self): return os.system(self.x)",
    "__eq__": "class Net:\n    def __eq__(self, other): return os.system(other)",
    "__iter__": "class Net:\n    def __iter__(self): os.system(self.x); return iter(())",
    "__enter__": "class Net:\n    def __enter__(self): os.system(self.x)",
    "__add__": "class Net:\n    def __add__(self, other): os.system(other)",
    "__class_getitem__": "class Net:\n    def __class_getitem__(cls, item): os.system(item)",
    "__str__": "class Net:\n    def __str__(self): return os.popen(self.x).read()",
    "__torch_function__": """
        class Net:
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None): os.system(args[0])
        """,
    "forward": "class Net(nn.Module):\n    def forward(self, x): os.system(x)",
    "train": "class Net(nn.Module):\n    def train(self, mode=True): os.system(self.x)",
    "_missing_": """
        class Net(enum.Enum):
            A = 1
            @classmethod
            def _missing_(cls, value): os.system(value)
        """,
    "a value of an enum": "class Net(enum.Enum):\n    RUN = os.system",
    "a member that is called": "class Net(enum.Enum):\n    RUN = functools.partial(os.system)",
    "after a dataclass": "@dataclass\nclass Net:\n    x: str\n    def __post_init__(self): os.system(self.x)",
    "a default factory": "@dataclass\nclass Net:\n    x: str = field(default_factory=os.getcwd)",
    "another dataclass": "import attr\n@attr.s\nclass Net:\n    x = attr.ib()",
    "a path that is removed": init("value.unlink()"),
    "a path that is moved": init("value.replace(args[0])"),
    "a path that its class moves": init("self.x = value.replace('a', 'b')"),
    "a path that is written": init("pathlib.Path(value).write_text('x')"),
    "an array that is written": init("value.tofile(args[0])"),
    "a file": init("open(value, 'w').write('x')"),
    "a file by another function": init("np.save(value, args)"),
    "torch.save": init("torch.save(args, value)"),
    "torch.load": init("torch.load(value)"),
    "a storage in a file": init("torch.from_file(value, shared=True, size=4)"),
    "compiled": init("torch.compile(value)"),
    "another object changed": init("value.forward = args[0]"),
    "a class changed": init("Net.forward = value"),
    "its class changed": init("type(self).forward = value"),
    "its class changed in another way": init("self.__class__.x = value"),
    "its class replaced": init("self.__class__ = value"),
    "a module changed": init("os.environ['PATH'] = value"),
    "a table changed": init("NAMES[value] = 1"),
    "a table added to": init("PLAIN.append(value)"),
    "a global": init("global alias\nalias = value"),
    "any attribute of another": init("setattr(args[0], value, 1)"),
    "any attribute of a class": init("setattr(Net, value, 1)"),
    "globals of a function": init("self.__init__.__globals__['os'].system(value)"),
    "subclasses": init("object.__subclasses__()[3](value)"),
    "bases": init("self.__class__.__mro__[1]"),
    "code": init("helper.__code__ = value"),
    "a made class": init("type('X', (), {'run': value})()"),
    "a class in a function": init("class X:\n    pass\nX()"),
    "a decorator in a function": init("@alias\ndef f(): ...\nf()"),
    "operator": init("operator.attrgetter(value)(args)"),
    "methodcaller": init("operator.methodcaller(value)(args)"),
    "a name from everywhere": "from os import *\n" + init("system(value)"),
    "an unknown name": init("undefined(value)"),
    "an unknown library": "import unknown\n" + init("unknown.make(value)"),
    "a library's attribute": init("np.lib.os.system(value)"),
    "through a class": init("nn.Module.__init__.__globals__"),
    "through torch": init("torch.serialization.os.system(value)"),
    "in a comprehension": init("[eval(x) for x in args]"),
    "in a condition": init("value and eval(value)"),
    "in a subscript": init("args[eval(value)]"),
    "in a text": init("f'{eval(value)}'"),
    "in an except": init("try:\n    value()\nexcept eval(value):\n    pass"),
    "in a with": init("with os.popen(value):\n    pass"),
    "in a for": init("for x in os.popen(value):\n    pass"),
    "in a match": init("match value:\n    case tools.Loud():\n        pass"),
    "in a nested function": init("def f():\n    return os.system(value)\nself.f = f"),
    "in a yield": "class Net:\n    def __iter__(self):\n        yield os.system(self.x)",
    "in a finally": init("try:\n    pass\nfinally:\n    os.system(value)"),
    "walrus": init("(f := os.system)(value)"),
    "unpacked": init("f, g = os.system, 1\nf(value)"),
    "awaited": "class Net:\n    async def __aenter__(self): os.system(self.x)",
    "a method of a class in a class": "class Net:\n    class Inner:\n        def __call__(self, x): os.system(x)",
    "a loop in a class": "class Net:\n    for f in (os.system,):\n        pass",
    "a hook": init("self.register_forward_hook(os.system)", "class Net(nn.Module):"),
    "an inherited reach": "class Root:\n    def __call__(self): self.go()\n"
    "class Net(Root):\n    def go(self): os.system(self.x)",
    "the other branch": "if 1:\n    class Base: ...\nelse:\n    Base = subprocess.Popen\n"
    "class Net(Base): ...",
    "a conditional import": "try:\n    from fast import run\nexcept ImportError:\n    run = helper\n"
    + init("run(value)"),
    "super of an unknown": "from x import Y\nclass Net(Y):\n    def __init__(self, v): super().__init__(v)",
    "unbound": "class Other:\n    def __call__(self): tools.Base.go(self)\nclass Net(Other): ...",
    "shadowed builtin": "from subprocess import run as print\n" + init("print(value)"),
    "loops over names": init("for name in kwargs:\n    exec(name)"),
    "an address": init("torch.frombuffer(value, dtype=torch.float32)"),
    "a frame": init("value.gi_frame.f_builtins"),
}


@pytest.mark.parametrize("text", PROVEN.values(), ids=PROVEN)
def test_what_is_known_to_be_harmless(text):
    assert proof(text).unproven == ""


@pytest.mark.parametrize("text", UNPROVEN.values(), ids=UNPROVEN)
def test_what_is_not_known_to_be_harmless(text):
    assert proof(text).unproven


def test_the_reason_says_where():
    assert "app/tools.py:25 uses os.system" in proof(init("tools.c1(value)")).unproven


def test_methods_of_other_classes_that_its_code_may_call():
    asking = proof(init("value.layers.tidy(args)"))
    assert (asking.unproven, "tidy" in asking.asks) == ("", True)
    loose = proof("class Net:\n    def tidy(self, x): os.system(x)")
    assert (loose.unproven, loose.loose) == ("", frozenset({"tidy"}))
    both = init("value.tidy(args)") + "    def tidy(self, x): os.system(x)\n"
    assert "tidy" in proof(both).unproven
