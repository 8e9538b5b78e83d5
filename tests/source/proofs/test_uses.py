"""What a place does with what it uses: ways to what is not its own, and harmless neighbours."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

HEAD = """
import abc
import dataclasses
import enum
import functools
import typing
import numpy as np
import torch
from torch.nn.utils import parametrizations
import app.light
from app.light import LIMIT

MESSAGE = "{} of {}"

class Base:
    command = "ls"
    def put(self, value): self.command = value
    @classmethod
    def made(cls, value): return cls(value)

class Net(Base):
    row: int
"""
FILES = {
    "app/__init__.py": "",
    "app/light.py": "LIMIT = 3",
    "app/heavy.py": "import shutil\nshutil.rmtree('data')",
}


def why(body, arguments="self, x=None, y=None, *rest"):
    method = f"def __call__({arguments}):\n{indent(dedent(body).strip(), ' ' * 4)}\n"
    index = project({**FILES, "app/net.py": HEAD + indent(method, " " * 4)})
    found = index.definitions("app.net.Net")[0]
    return prove_class(found.node, found.module, index).unproven


REFUSED = {
    # attributes by the words of a pattern
    "match x:\n    case object(__globals__=g): g['os'].system(y)": "__globals__",
    "match x:\n    case Net(first): return first": "a pattern",
    # methods that are given another self, which may be a class
    "Base.put(x, y)": "setting self.command",
    "type(self).put(x, y)": "setting self.command",
    "self.__class__.put(x, y)": "setting self.command",
    "Net.put(*rest)": "app.net.Net.put",
    "getattr(type(self), 'put')(x, y)": "setting self.command",
    "if x: self = x\nself.command = y": "setting self.command",
    "def f():\n    nonlocal self\n    self = x\nf()\nself.command = y": "setting self.command",
    "super(x, y).put(3)": "super(x, y)",
    # texts that look up what they name
    "return x.format(self)": "format of a text",
    "return self.text.format_map({'x': y})": "format_map of a text",
    "return str.format(x, self)": "format of a text",
    "return list(map(str.format, rest))": "format of a text",
    "return getattr(x, 'format')(self)": "format of a text",
    # what all objects of a class share, and others act on
    "self.__annotations__['row'] = x": "__annotations__",
    "self.x = self.__annotations__['row'](x)": "__annotations__",
    "self.x = list(self.__annotations__.items())": "__annotations__",
    "x.__annotations__.update(y)": "__annotations__",
    "self.__dataclass_fields__[x] = y": "__dataclass_fields__",
    # files that are imported when a checkpoint says so
    "import app.heavy": "the import of app.heavy",
    "from app import heavy": "the import of app.heavy",
    "from .heavy import shutil": "the import of app.heavy.shutil",
    "import antigravity": "the import of antigravity",
    # an address that numpy reads
    "return np.asarray(x)": "numpy.asarray",
    "return np.sum(self.row)": "numpy.sum",
    "return list(map(np.array, rest))": "numpy.array",
    # what changes the class that it is given
    "return dataclasses.dataclass(x)": "dataclasses.dataclass, which changes",
    "return functools.wraps(x)(y)": "functools.wraps, which changes",
    "return parametrizations.weight_norm(x, y)": "of a module that is not made there",
    "return list(map(parametrizations.weight_norm, rest))": "of a module that is not made there",
    # a file that is moved
    "return x.replace('_', y)": "replace, which may be that of a Path",
    "x.replace(y)": "replace, which may be that of a Path",
    "x.replace(*rest, *rest)": "replace, which may be that of a Path",
    "move = x.replace\nmove(y)": "replace, which may be that of a Path",
    "return list(map(x.replace, rest))": "replace, which may be that of a Path",
    "getattr(x, 'replace')(y)": "replace, which may be that of a Path",
    "match x:\n    case object(replace=move): move(y)": "replace, which may be that of a Path",
    # what makes classes
    "return abc.ABCMeta(x, y, rest)": "abc.ABCMeta",
    "return enum.Enum(x, y)": "enum.Enum, which makes classes",
    "return typing.NamedTuple(x, y)": "typing.NamedTuple, which makes classes",
    # methods that the operator of another object is given
    "return x.put | y": "give its put",
    "return x.put in y": "give its put",
    "return y[x.put]": "give its put",
    # attributes that lead elsewhere, by a text
    "return getattr(x, '__class__')": "the attribute __class__",
    "return torch.nn.Linear.__class__(x, y, rest)": "the attribute __class__",
    "match x:\n    case object(__dict__=d): d[y] = 1": "the attribute __dict__",
    "return type(type(self))(x)": "type(type(self))",
    # indices that nobody checks again
    "x._indices().fill_(y)": "_indices",
    "return torch.segment_reduce(x, 'sum', offsets=y)": "torch.segment_reduce",
    # counters of storages
    "x.untyped_storage()._set_cdata(y)": "_set_cdata",
    "x._free_weak_ref(y)": "_free_weak_ref",
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.items())
def test_what_reaches_what_is_not_its_own(body, reason):
    assert reason in why(body)


@pytest.mark.parametrize(
    "body",
    [
        "match x:\n    case Net(row=first): return first",
        "match x:\n    case str(text): return text.strip()",
        "Base.put(self, x)",
        "super().put(x)",
        "dict.__init__(self, x)",
        "return str(x).replace('_', y)",
        "return parametrizations.weight_norm(torch.nn.Linear(x, 2), y)",
        "@functools.wraps(x)\ndef inner(one): return x(one)\nreturn inner",
        "return isinstance(x, enum.Enum), x.row",
        "return x.put_by_name(y), type(self).__name__, type(x) is type(y)",
        "super(Net, self).put(x)",
        "self.put(x)",
        "return type(self).made(x)",
        "return self.made(x)",
        "return '{} of {}'.format(x, y)",
        "return ('{}' + '{}').format(x, y)",
        "return MESSAGE.format(x, y)",
        "return f'{x:{y}}', format(x, '.3f')",
        "return 'row' in self.__annotations__, list(self.__annotations__)",
        "import app.light\nreturn app.light.LIMIT",
        "from .light import LIMIT as most\nreturn most",
        "import math\nfrom torch import nn\nreturn math.sqrt(x), nn.ReLU()",
        "return np.zeros(3) + np.ones((len(rest), 2), dtype=np.int64), np.arange(float(x) * np.pi)",
    ],
)
def test_what_stays_within_the_object(body):
    assert why(body) == ""
