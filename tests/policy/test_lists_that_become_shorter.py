"""Objects that change a list while torch goes through it; types that are made of a file's text."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import CALLED, NET, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

ITEMS = "def __len__(self): return 2\n    def __getitem__(self, i): return 1\n    "
GONE_THROUGH = (
    f"{ITEMS}def __iter__(self):\n        self.items[:] = []\n        return iter([1, 1])"
)
ASKED = """def __getattr__(self, name):
        if "items" not in self.__dict__: raise AttributeError(name)
        self.items[:] = []
        return 1"""


def listed(item):
    """A list of an object that has this very list among its attributes, and of many more items."""
    itself = forge.new(NET) + b"}" + forge.text("items") + b"h\x00sb"
    return b"]q\x00(" + itself + item * 300 + b"e"


def test_an_object_that_torch_goes_through_makes_the_list_shorter(tmp_path):
    project(tmp_path, "", GONE_THROUGH)
    assert not stands_as_itself(tmp_path)
    pairs = listed(b"](" + forge.number(1) * 2 + b"e")
    assert loaded(tmp_path, forge.call(forge.name("torch", "Tensor"), pairs)).returncode < 0


def test_an_object_that_torch_asks_for_an_attribute_makes_the_list_shorter(tmp_path):
    project(tmp_path, "", ASKED)
    assert not stands_as_itself(tmp_path)
    hooks = forge.call(forge.name("collections", "OrderedDict"))
    sizes = listed(forge.number(1))
    made = (forge.storage("0", "FloatStorage", 2), forge.number(0), sizes)
    rebuild = forge.name("torch._utils", "_rebuild_tensor_v2")
    program = forge.call(rebuild, *made, forge.pair(forge.number(1)), b"\x89", hooks)
    assert loaded(tmp_path, b"0".join([program] * 20)).returncode < 0


CHANGING = {
    "a slice": "self.items[:] = []",
    "an item": "self.items[0] = 2",
    "a product": "self.items *= 0",
    "a method of the list": "self.items.pop()",
    "a method of its own": "self.empty()",
    "a function": "empty(self.items)",
    "a function that is handed on": "list(map(empty, self.items))",
    "a key": "max(self.items, key=empty)",
    "a sentinel": "list(iter(self.empty, 1))",
    "a text that is shown": "return f'{self.items}'",
    "a context": "with self.items: pass",
    "an attribute that may be a class": "self.items.get(1)",
    "an item of a loop": "for self.items[0] in [1]: pass",
    "a class": "Other(self.items)",
    "a text that is put together": "return '%s' % self.items",
    "an error that shows a text": "int(self.items)",
    "keys of a mapping": "dict(self.items)",
    "keys of a mapping that is spread": "return {**self.items}",
    "a pattern of a mapping": "match self.items:\n            case {'a': 1}: pass",
    "attributes that are a mapping of a class": "self.__dict__.get('x')",
    "an item of such a mapping": "self.__dict__['x'] = 1",
    "an attribute by a name of the file": "getattr(self, self.n)",
}
OTHER = "def empty(items): return 1\n\nclass Other:\n    def __init__(self, x=1): pass\n"
HELP = "\n    def empty(self): return 1"


@pytest.mark.parametrize("statement", CHANGING.values(), ids=CHANGING)
@pytest.mark.parametrize(
    "head",
    [
        "def __len__(self)", "def __getattr__(self, n)", "@property\n    def size(self)",
        "def items(self)",
    ],
)  # fmt: skip
def test_what_python_calls_by_itself_changes_nothing(head, statement, tmp_path):
    project(tmp_path, OTHER, f"{head}:\n        {statement}\n        return 1{HELP}")
    assert not stands_as_itself(tmp_path)


@pytest.mark.parametrize(
    "named", ["__iter__ = empty", "__getitem__ = Other", "__next__ = lambda self: self.empty()"]
)
def test_such_a_method_has_its_own_name(named, tmp_path):
    project(tmp_path, OTHER, f"def empty(self): self.items[:] = []; return 1\n    {named}")
    assert not stands_as_itself(tmp_path)


READING = {
    "a length": "def __len__(self): return len(self.items)",
    "an iterator": "def __iter__(self): return iter(self.items)",
    "a comparison": "def __eq__(self, x): return isinstance(x, Net) and self.n == x.n",
    "another name of a comparison": "def __eq__(self, x): return True\n    __le__ = __eq__",
    "a hash": "def __hash__(self): return hash((type(self), self.n))",
    "an attribute of its own": "def __getattr__(self, n): return self.__dict__[n]",
    "no attribute": (
        "def __getattr__(self, n):\n        if n.startswith('_'): raise AttributeError(f'no {n}')"
        "\n        return 1"
    ),
    "setting": "def __setattr__(self, n, x): super().__setattr__(n, x)",
    "an attribute of another": "def __len__(self): return getattr(self, 'n')",
    "what nobody calls by itself": "def put(self, x): self.items.append(x)",
    "a text": "def __repr__(self): return f'{self.name}({self.describe()})'\n"
    "    def describe(self): return 'x'",
}


@pytest.mark.parametrize("body", READING.values(), ids=READING)
def test_what_only_reads_may_run_meanwhile(body, tmp_path):
    project(tmp_path, "", body)
    assert stands_as_itself(tmp_path)


GENERIC = """import enum, numpy, typing
from typing import Generic, Optional, TypeVar
T = TypeVar("T")

class Base(Generic[T]):
    def __init__(self, x=1): self.x = x

class Below(Base[int]): pass

class Kind(enum.Enum):
    A = 1

SIZES = {"a": 1, "b": 2}
"""
COMPILED = (
    "Base[s]", "Base[s, int]()", "Below[s]", "Optional[s]", "typing.Union[int, s]",
    "typing.List[Optional[s]]", "(Base if s else Below)[s]", "[Base[one] for one in s]",
    "Optional[int] | s", "TypeVar('V') | s", "TypeVar('V', bound=s)", "numpy.dtype(s)",
    "numpy.dtype([('a', s)])",
)  # fmt: skip
SAID = (
    "Base[int]", "Base['int']()", "Optional[Below]", "typing.Dict[str, Optional[int]]",
    "s and Kind[s]", "s and SIZES[s]", "Optional[int] | None", "numpy.dtype('f4')",
    "isinstance(s, numpy.dtype)", "s | 4",
)  # fmt: skip


@pytest.mark.parametrize("form", [*COMPILED, *SAID])
def test_a_type_is_not_made_of_what_the_file_says(form, tmp_path):
    called = forge.call(NET)
    project(tmp_path, GENERIC, f"{CALLED}self.x = {form}", called)
    assert stands_as_itself(tmp_path) is (form in SAID)
