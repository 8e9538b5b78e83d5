"""Classes such as programs save: they play the project's own code in the checkpoints' cases."""

from __future__ import annotations

import argparse
import collections
import enum
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import nn
from typing_extensions import Self

T = TypeVar("T")


@dataclass
class Cfg:
    lr: float = 0.1
    layers: list[int] = field(default_factory=lambda: [1, 2])


@dataclass(frozen=True)
class FrozenCfg:
    lr: float = 0.1


@dataclass(slots=True)
class SlottedCfg:
    lr: float = 0.1
    name: str = "a"


@dataclass(frozen=True, slots=True)
class FrozenSlottedCfg:
    lr: float = 0.1


@dataclass
class NestedCfg:
    inner: Cfg = field(default_factory=Cfg)
    table: dict[str, Cfg] = field(default_factory=dict)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


class Word(str, enum.Enum):
    YES = "yes"


class Outer:
    class Inner:
        def __init__(self) -> None:
            self.x = 1

    class Deep:
        class Deeper:
            def __init__(self) -> None:
                self.x = 1

    class Kind(enum.Enum):
        A = 1

    @staticmethod
    def static() -> int:
        return 1

    @classmethod
    def klass(cls) -> int:
        return 2


class Point(NamedTuple):
    x: int
    y: int


OldPoint = collections.namedtuple("OldPoint", "x y")  # noqa: PYI024 - as old programs write it


class PlainObject:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class Empty:
    pass


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


class WithSetstate:
    def __init__(self, value: int = 1) -> None:
        self.value = value

    def __getstate__(self) -> Any:
        return {"kept": self.value}

    def __setstate__(self, state: Any) -> None:
        self.value = state["kept"]


class ListState:
    """Its state is a list, which only ``__setstate__`` can take."""

    def __getstate__(self) -> Any:
        return [1, 2]

    def __setstate__(self, state: Any) -> None:
        self.values = state


class ListStateWithoutSetstate:
    def __getstate__(self) -> Any:
        return [1, 2]


class FalseState:
    """A false state is not pickled at all."""

    def __getstate__(self) -> Any:
        return {}


class Slots:
    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1
        self.b = 2


class SlotsDict(Slots):
    def __init__(self) -> None:
        super().__init__()
        self.extra = 3


class NewArgs(tuple):  # noqa: SLOT001 - programs forget it
    def __new__(cls, *items: Any) -> Self:
        return super().__new__(cls, items)

    def __getnewargs__(self) -> Any:
        return tuple(self)


class NewArgsEx:
    def __new__(cls, *, a: int = 1) -> Self:
        self = super().__new__(cls)
        self.a = a
        return self

    def __getnewargs_ex__(self) -> Any:
        return (), {"a": self.a}


class NewArgsObject:
    def __new__(cls, a: int, b: str) -> Self:
        self = super().__new__(cls)
        self.pair = (a, b)
        return self

    def __getnewargs__(self) -> Any:
        return self.pair


class DictSub(dict):
    pass


class DictSubWithAttributes(dict):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.frozen = True


class AttrDict(dict):
    __getattr__ = dict.__getitem__
    __setattr__ = dict.__setitem__


class ODSub(OrderedDict):
    pass


class ListSub(list):
    pass


class CounterSub(collections.Counter):
    pass


class DefaultDictSub(collections.defaultdict):
    pass


class SetSub(set):
    pass


class FrozenSetSub(frozenset):
    pass


class TupleSub(tuple):  # noqa: SLOT001
    pass


class IntSub(int):
    pass


class FloatSub(float):
    pass


class StrSub(str):  # noqa: SLOT000
    pass


class BytesSub(bytes):
    pass


class UserDictSub(collections.UserDict):
    pass


class UserListSub(collections.UserList):
    pass


class NamespaceSub(argparse.Namespace):
    pass


class CustomError(Exception):
    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class EqWeird:
    """Equal to everything and without a hash."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return True


class StateTuple2:
    """A state of two dictionaries, which looks like ``(dict, slots)``."""

    def __getstate__(self) -> Any:
        return {"a": 1}, {"b": 2}


class Reduce2:
    def __init__(self, a: int = 1, b: int = 2) -> None:
        self.pair = (a, b)

    def __reduce__(self) -> Any:
        return Reduce2, self.pair


class Reduce3:
    def __init__(self, a: int = 1) -> None:
        self.a = a

    def __reduce__(self) -> Any:
        return Reduce3, (self.a,), {"b": 2}


class Reduce4(list):
    def __reduce__(self) -> Any:
        return Reduce4, (), None, iter([1, 2, 3])


class Reduce5(dict):
    def __reduce__(self) -> Any:
        return Reduce5, (), None, None, iter({"a": 1, "b": 2}.items())


def set_state(instance: Any, state: Any) -> None:
    instance.__dict__.update(state)


class Reduce6:
    def __reduce__(self) -> Any:
        return Reduce6, (), {"a": 1}, None, None, set_state


def make_plain(value: int) -> PlainObject:
    return PlainObject(value=value)


class ByFactory:
    """Rebuilt by a function that returns another class."""

    def __reduce__(self) -> Any:
        return make_plain, (3,)


class ByFactoryWithState:
    def __reduce__(self) -> Any:
        return make_plain, (3,), {"more": 4}


class ByDict:
    """Rebuilt as a plain dictionary that is then filled: allowed."""

    def __reduce__(self) -> Any:
        return dict, (), None, None, iter({"a": 1}.items())


class ByOrderedDict:
    def __reduce__(self) -> Any:
        return OrderedDict, (), None, None, iter({"a": 1}.items())


class ByList:
    def __reduce__(self) -> Any:
        return list, (), None, iter([1, 2])


class GlobalByName:
    """Its ``__reduce__`` is the name of a global."""

    def __reduce__(self) -> str:
        return "SINGLETON"


SINGLETON = GlobalByName()


class WithMeta(type):
    pass


class MetaClassed(metaclass=WithMeta):
    def __init__(self) -> None:
        self.x = 1


class Vocabulary:
    """What text programs keep beside the weights."""

    def __init__(self) -> None:
        self.word2index = {"a": 0, "b": 1}
        self.index2word = {0: "a", 1: "b"}
        self.counts = collections.Counter("abba")


class Running:
    """Mean and deviation as tensors, as reinforcement learning code keeps them."""

    def __init__(self) -> None:
        self.mean = torch.zeros(2)
        self.var = torch.ones(2)


class Net(nn.Module):
    def __init__(self, act: Any = nn.functional.relu) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.act = act

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x))

    def hook(self, *_: Any) -> None:
        return None

    @classmethod
    def build(cls) -> Net:
        return cls()


class NetOfNets(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Net(), Net()])
        self.heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.Linear(2, 3)})
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(1))])
        self.named = nn.ParameterDict({"w": nn.Parameter(torch.ones(1))})
        self.register_buffer("seen", torch.zeros(1, dtype=torch.long))
        self.config = Cfg()


class NetWithSetstate(nn.Module):
    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        self.restored = True


class Symmetric(nn.Module):
    """A parametrization."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.triu() + x.triu(1).transpose(-1, -2)


class SubTensor(torch.Tensor):
    pass


class SubParameter(nn.Parameter):
    pass


class SubModuleDict(nn.ModuleDict):
    pass


class Data(torch.utils.data.Dataset):
    def __init__(self) -> None:
        self.items = [1, 2, 3]

    def __getitem__(self, index: int) -> int:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)


class MyOptimizer(torch.optim.SGD):
    pass


class Callback:
    def __call__(self, *_: Any) -> int:
        return 1

    def method(self) -> int:
        return 2


def plain_function(x: int = 1) -> int:
    return x


def decay(epoch: int) -> float:
    return 0.95**epoch
