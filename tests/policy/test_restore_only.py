"""Entries that restore and never call: what they load, what they refuse, and attacks on them."""

# ruff: noqa: E501 - one case a row

from __future__ import annotations

import abc
import argparse
import collections
import contextlib
import dataclasses
import enum
import io
import subprocess
import sys
import typing
from pickle import UnpicklingError

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from checkpoint.cases import forge
from torchload_lint.helper_module import helper_text

pytestmark = pytest.mark.torch


T = typing.TypeVar("T")


class Sub(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x):
        return self.linear(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.Sequential(Sub(), nn.ReLU())
        self.last = Sub()

    def forward(self, x):
        return self.last(self.parts(x))


class Generic(typing.Generic[T]):
    def __init__(self):
        self.x = [1]


class Abstract(abc.ABC):
    def __init__(self):
        self.x = 1

    @abc.abstractmethod
    def go(self): ...


class Concrete(Abstract):
    def go(self): ...


@dataclasses.dataclass
class Data:
    x: int = 1


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int = 1


class Space(argparse.Namespace):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    def __init__(self):
        self.x = 1


class Slots:
    __slots__ = ("x",)


class Mapping(dict):
    pass


class Listing(list):
    pass


class Color(enum.Enum):
    RED = 1


class Own:
    def __setstate__(self, state):
        self.x = state


class Gone:
    def __del__(self):
        pass


class FailureError(Exception):
    pass


class Users(collections.UserDict):
    pass


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    return buffer


PLAIN = [Generic, Concrete, Data, Frozen, Space, WithMeta]


@pytest.mark.parametrize("cls", PLAIN)
def test_objects_come_back_as_they_were(cls, helper):
    one = cls()
    file = saved({"one": one, "same": [one]})
    with helper.safe_globals([helper.restore_only(cls)]):
        loaded = torch.load(file, weights_only=True)
    assert type(loaded["one"]) is cls
    assert loaded["same"][0] is loaded["one"]
    assert vars(loaded["one"]) == vars(one)


def test_modules_nested_and_all(helper):
    net = Net()
    entries = [
        helper.restore_only(Net),
        helper.restore_only(Sub),
        nn.Sequential,
        nn.Linear,
        nn.ReLU,
    ]
    with helper.safe_globals(entries):
        loaded = torch.load(saved(net), weights_only=True)
    assert [type(part) for part in loaded.modules()] == [type(part) for part in net.modules()]
    x = torch.ones(1, 2)
    assert torch.equal(loaded(x), net(x))
    assert list(loaded.state_dict()) == list(net.state_dict())
    loaded.eval().train()


class AbstractModule(abc.ABC, nn.Module):
    pass


class GenericModule(typing.Generic[T], nn.Module):  # noqa: PYI059 - the order is the case
    pass


class Attention(abc.ABC, nn.MultiheadAttention):
    def __init__(self):
        super().__init__(2, 1)


@pytest.mark.parametrize("cls", [AbstractModule, GenericModule, Attention])
def test_modules_whose_first_base_has_no_attributes(cls, helper):
    module = cls()
    module.part = nn.Linear(2, 1)
    linear = nn.modules.linear.NonDynamicallyQuantizableLinear
    with helper.safe_globals([helper.restore_only(cls), nn.Linear, linear]):
        loaded = torch.load(saved(module), weights_only=True)
    assert type(loaded) is cls
    assert list(loaded.state_dict()) == list(module.state_dict())
    assert vars(loaded).keys() == vars(module).keys()
    loaded.eval().train()


def test_a_module_of_an_older_torch_gets_what_it_lacks(helper):
    program = forge.new(forge.name("m", "Sub")) + forge.mapping({"training": b"\x88"}) + b"b"
    file = io.BytesIO(forge.archive(forge.program(program)))
    with helper.safe_globals([helper.restore_only(Sub, "m.Sub")]):
        loaded = torch.load(file, weights_only=True)
    assert loaded._forward_pre_hooks == {}


def test_a_class_that_has_moved(helper):
    program = forge.new(forge.name("old.place", "Thing")) + forge.mapping({"x": b"N"}) + b"b"
    file = io.BytesIO(forge.archive(forge.program(program)))
    with helper.safe_globals([helper.restore_only(Data, "old.place.Thing")]):
        loaded = torch.load(file, weights_only=True)
    assert type(loaded) is Data


REFUSED = [
    Slots,
    Mapping,
    Listing,
    Color,
    Own,
    Gone,
    FailureError,
    Users,
    torch.Tensor,
    int,
]


@pytest.mark.parametrize("cls", REFUSED)
def test_classes_that_take_more_than_attributes_are_refused_at_once(cls, helper):
    with pytest.raises(
        TypeError, match=r"is more than its attributes|by code of its own|runs code"
    ):
        helper.restore_only(cls)


def test_mypy_and_ruff_take_the_module(tmp_path):
    (tmp_path / "restore_only.py").write_text(helper_text())
    for tool in (["mypy", "--strict", "--config-file="], ["ruff", "check", "--isolated"]):
        command = [sys.executable, "-m", *tool, "restore_only.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


METHODS = {
    "__init__": "def __init__(self, *a, **k): RAN.append(1)",
    "__new__": "def __new__(cls, *a): RAN.append(1); return object.__new__(cls)",
    "__call__": "def __call__(self, *a, **k): RAN.append(1)",
    "__getattr__": "def __getattr__(self, name): RAN.append(1)",
    "__getattribute__": "def __getattribute__(self, name): RAN.append(1)",
    "__setattr__": "def __setattr__(self, name, value): RAN.append(1)",
    "__hash__": "def __hash__(self): RAN.append(1); return 1",
    "__eq__": "def __eq__(self, other): RAN.append(1); return True\n    __hash__ = object.__hash__",
    "__iter__": "def __iter__(self): RAN.append(1); return iter(())",
    "__getitem__": "def __getitem__(self, key): RAN.append(1); raise IndexError",
    "__len__": "def __len__(self): RAN.append(1); return 0",
    "__bool__": "def __bool__(self): RAN.append(1); return False",
    "keys": "def keys(self): RAN.append(1); return ()",
    "as_subclass": "def as_subclass(self, cls): RAN.append(1); return self",
    "__torch_function__": "@classmethod\n    def __torch_function__(cls, *a, **k): RAN.append(1)",
    "property": "@property\n    def x(self): return 1\n    @x.setter\n    def x(self, v): RAN.append(1)",
    "metaclass": "pass",
    "__index__": "def __index__(self): RAN.append(1); return 1",
    "__contains__": "def __contains__(self, key): RAN.append(1); return False",
    "__get__": "def __get__(self, *a): RAN.append(1)\n    def __set__(self, *a): RAN.append(1)",
}
TRUE = b"\x88"
CLASS = forge.name("victim", "Class")
MADE = forge.new(CLASS)
REBUILD = forge.name("torch._tensor", "_rebuild_from_type_v2")
TENSOR = forge.name("torch", "Tensor")
HOOKS = ("_backward_hooks", "_forward_hooks", "_forward_pre_hooks", "_backward_pre_hooks")


def module_with(**state):
    """A Sequential whose attributes the file chooses."""
    return forge.new(forge.name("torch.nn.modules.container", "Sequential")) + (
        forge.mapping(state) + b"b"
    )


ATTACKS = {
    "call": forge.call(CLASS, forge.text("x")),
    "call without arguments": forge.call(CLASS),
    "new": forge.new(CLASS, forge.text("x")),
    "attributes": MADE + forge.mapping({"x": TRUE, "y": TRUE}) + b"b",
    "slots": MADE + forge.pair(b"N", forge.mapping({"x": TRUE})) + b"b",
    "an instance called": forge.call(REBUILD, MADE, TENSOR, forge.pair(forge.text("x")), b"}"),
    "the class called by torch": forge.call(REBUILD, CLASS, TENSOR, forge.pair(), b"}"),
    "a result of it": forge.call(
        REBUILD, forge.name("builtins", "set"), CLASS, forge.pair(), forge.mapping({"x": TRUE})
    ),
    "attributes by torch": forge.call(
        REBUILD, CLASS, CLASS, forge.pair(), forge.mapping({"x": TRUE})
    ),
    "gone through": forge.call(forge.name("builtins", "set"), MADE),
    "a mapping": forge.call(forge.name("collections", "OrderedDict"), MADE),
    "counted": forge.call(forge.name("collections", "Counter"), MADE),
    "a key": b"}" + MADE + TRUE + b"s",
    "two keys": b"}(" + MADE + TRUE + MADE + TRUE + b"u",
    "a state": forge.new(forge.name("torch.nn.modules.container", "Sequential")) + MADE + b"b",
    "arguments": forge.call(REBUILD, forge.name("builtins", "set"), TENSOR, MADE, b"}"),
    "a number": forge.call(forge.name("torch", "Size"), forge.array(MADE)),
    "a complex": forge.call(forge.name("builtins", "complex"), MADE),
    "bytes": forge.call(forge.name("builtins", "bytearray"), MADE),
    "a device": forge.call(forge.name("torch", "device"), MADE),
    "a hook": forge.call(
        REBUILD,
        module_with(**{name: forge.mapping({"1": MADE}) for name in HOOKS}),
        TENSOR,
        forge.pair(forge.tensor()),
        b"}",
    ),
    "parameters": forge.call(
        REBUILD, module_with(_parameters=MADE, _modules=MADE), TENSOR, forge.pair(), b"}"
    ),
    "a part of a module": forge.call(
        REBUILD,
        module_with(_modules=forge.mapping({"0": MADE}), training=TRUE),
        TENSOR,
        forge.pair(forge.tensor()),
        b"}",
    ),
    "a tensor's data": forge.call(
        forge.name("torch._utils", "_rebuild_parameter"), MADE, TRUE, b"}"
    ),
    "a tensor's state": forge.call(
        forge.name("torch._utils", "_rebuild_parameter_with_state"),
        forge.tensor(), TRUE, b"}", MADE,
    ),
    "a class in a class": MADE + forge.mapping({"__class__": CLASS, "x": MADE}) + b"b",
    "kept and called later": forge.array(MADE, forge.call(REBUILD, MADE, TENSOR, forge.pair(), b"}")),
}  # fmt: skip


def victim(method):
    """A fresh class that notes when its code runs."""
    ran: list[int] = []
    head = "class Class(metaclass=Meta):" if method == "metaclass" else "class Class:"
    meta = "class Meta(type):\n    def __call__(cls, *a): RAN.append(1)\n" * (method == "metaclass")
    names: dict[str, object] = {"RAN": ran, "__name__": "victim"}
    exec(f"{meta}{head}\n    {METHODS[method]}\n", names)
    return names["Class"], ran


def load(program, allowed):
    file = io.BytesIO(forge.archive(forge.program(program)))
    try:
        with allowed:
            torch.load(file, weights_only=True)
    except Exception as error:  # noqa: BLE001 - most attacks end in one
        return error
    return None


def as_attack(ran, allowed, program):
    ran.clear()
    load(program, allowed)
    return bool(ran)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore")
def test_no_code_of_the_class_runs(method, attack, helper):
    cls, ran = victim(method)
    try:
        entry = helper.restore_only(cls)
    except TypeError:
        entry = (dict, "victim.Class")  # refused as a whole
    ran.clear()
    load(ATTACKS[attack], helper.safe_globals([entry, nn.Sequential]))
    assert ran == []


@pytest.mark.filterwarnings("ignore")
def test_the_attacks_do_run_code_where_the_class_itself_is_allowed():
    bites = 0
    for method in METHODS:
        for program in ATTACKS.values():
            cls, ran = victim(method)
            pair = [(cls, "victim.Class"), nn.Sequential]
            bites += as_attack(ran, torch.serialization.safe_globals(pair), program)
    assert bites > 60


def test_the_reason_is_said(helper):
    error = load(ATTACKS["call"], helper.safe_globals([helper.restore_only(Data, "victim.Class")]))
    assert isinstance(error, UnpicklingError)
    assert "a checkpoint may not call Data" in str(error)


class Compared(nn.Module):
    compared: typing.ClassVar[list[object]] = []

    def __eq__(self, other):
        self.compared.append(other)
        return False

    __hash__ = None


def test_becoming_a_module_compares_nothing(helper):
    """A module's own way of setting an attribute looks into lists that the file may choose."""
    name = forge.name(__name__, "Compared")
    filled = {"_parameters": b"](h\x00e", "_buffers": b"](h\x00e", "_modules": b"](h\x00e"}
    first = forge.new(name) + b"q\x00"
    second = forge.new(name) + forge.mapping(filled) + b"b"
    data = io.BytesIO(forge.archive(forge.program(forge.pair(first, second))))
    with helper.safe_globals([helper.restore_only(Compared)]):
        one, other = torch.load(data, weights_only=True)
    assert type(one) is type(other) is Compared
    assert Compared.compared == []


RAN: list[str] = []


class Asked(nn.Conv2d):
    def __getattr__(self, name):
        RAN.append(name)
        return super().__getattr__(name)

    def __setattr__(self, name, value):
        RAN.append(name)
        super().__setattr__(name, value)


class Found(nn.LSTM):
    @property
    def weight_of_the_file(self):
        RAN.append("weight_of_the_file")


class Noting:
    def __getitem__(self, index):
        RAN.append("item")
        raise IndexError

    def __bool__(self):
        RAN.append("truth")
        return False


def older(layer, **attributes):
    """The layer as an older torch has saved it, or as a hostile file says that it has."""
    vars(layer).pop("padding_mode", None)
    vars(layer).update(attributes)
    return layer


def test_torch_asks_nothing_of_what_its_objects_become(helper):
    hostile = {"_all_weights": [["weight_of_the_file"]], "_flat_weight_refs": [None]}
    layers = {
        "missing": older(Asked(1, 1, 1)),
        "of the class": older(Found(1, 1), **hostile, _flat_weights_names=["weight_of_the_file"]),
        "of another": older(nn.LSTM(1, 1), _all_weights=Noting()),
        "truth": older(nn.LSTM(1, 1), _all_weights=[[1]], bidirectional=Noting()),
    }
    entries = [helper.restore_only(one) for one in (Asked, Found, Noting, nn.LSTM)]
    for name, layer in layers.items():
        file = saved(layer)
        RAN.clear()
        with contextlib.suppress(TypeError, ValueError), helper.safe_globals(entries):
            loaded = torch.load(file, weights_only=True)
            assert RAN == [], name
        assert RAN == [], name
        if name == "missing":
            assert loaded.padding_mode == "zeros"
            assert type(loaded) is Asked
