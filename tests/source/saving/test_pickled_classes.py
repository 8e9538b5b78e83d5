"""What is said of classes with a pickle of their own, against the file that torch writes."""

from __future__ import annotations

import importlib
import sys
from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.producers import producers_for

SAVING = "import torch\nfrom bag import make\ntorch.save(make(), 'bag.pt')\ntorch.load('bag.pt')\n"
KNOWN = {
    "a class without a way of its own": """
        class Bag:
            def __init__(self, items):
                self.items = items
        def make():
            return Bag([1])
        """,
    "a function in the place of the class": """
        def build(cls, *given):
            return cls(*given)
        class Bag:
            def __init__(self, items):
                self.items = items
            def __reduce__(self):
                return build, (type(self), self.items)
        def make():
            return Bag([1])
        """,
    "the class itself, called": """
        class Bag:
            def __init__(self, items):
                self.items = items
            def __reduce__(self):
                return Bag, (self.items,)
        def make():
            return Bag([1])
        """,
    "a mixin with __reduce_ex__": """
        def build(cls, *given):
            return cls(*given)
        class Rebuilt:
            def __reduce_ex__(self, protocol):
                return build, (self.__class__, self.items)
        class Bag(Rebuilt):
            def __init__(self, items):
                self.items = items
        def make():
            return {"bag": Bag([1])}
        """,
    "a state that holds another class": """
        class Part:
            pass
        class Bag:
            def __init__(self):
                self.other = lambda: None
            def __getstate__(self):
                return {"part": Part()}
        def make():
            return Bag()
        """,
    "an object that __new__ is given": """
        class Part:
            pass
        class Bag:
            def __new__(cls, part):
                return super().__new__(cls)
            def __getnewargs__(self):
                return (Part(),)
        def make():
            return Bag(Part())
        """,
    "an attribute of such a class": """
        def build(cls, *given):
            return cls(*given)
        class Part:
            def __reduce__(self):
                return build, (Part,)
        class Bag:
            def __init__(self):
                self.parts = [Part()]
        def make():
            return Bag()
        """,
}
OPEN = {
    "an object that is called": """
        class Maker:
            def __call__(self, *state):
                return Bag(*state)
        class Bag:
            def __init__(self, items):
                self.items = items
            def __reduce__(self):
                return Maker(), (self.items,)
        def make():
            return Bag([1])
        """,
    "a registration": """
        import copyreg
        class Bag:
            pass
        def make():
            return Bag()
        def remake():
            return Bag()
        copyreg.pickle(Bag, lambda bag: (remake, ()))
        """,
    "a function of another name": """
        def remake():
            return Bag()
        def reduce(self):
            return remake, ()
        class Bag:
            __reduce__ = reduce
        def make():
            return Bag()
        """,
    "a method that is set later": """
        def remake():
            return Bag()
        class Bag:
            pass
        Bag.__reduce__ = lambda self: (remake, ())
        def make():
            return Bag()
        """,
    "a name in the place of the object": """
        class Bag:
            def __reduce__(self):
                return "BAG"
        BAG = Bag()
        def make():
            return BAG
        """,
    "items of a list": """
        class Bag(list):
            pass
        def make():
            return Bag([1])
        """,
    "a member of an enumeration": """
        import enum
        class Bag(enum.Enum):
            SMALL = 1
        def make():
            return Bag.SMALL
        """,
}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a module and what its ``make()`` yields; the globals that an allowlist must hold."""
    torch = pytest.importorskip("torch")

    def write(source):
        tmp_path.joinpath("bag.py").write_text(dedent(source))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "bag", raising=False)
        made = importlib.import_module("bag")
        monkeypatch.setitem(sys.modules, "bag", made)
        torch.save(made.make(), tmp_path / "bag.pt")
        return tmp_path / "bag.pt", made

    return write


def said(source):
    index = project({"bag.py": dedent(source), "use.py": SAVING})
    module = index.module_at("use.py")
    (load,) = module.loads
    (found,) = producers_for(load, module, resolve_path(load.file, module, index), index)
    return found


@pytest.mark.torch
@pytest.mark.parametrize("source", KNOWN.values(), ids=KNOWN)
def test_what_is_known_to_be_needed_loads_the_file(source, written):
    import torch

    found = said(source)
    assert found.complete
    path, made = written(source)
    allowed = [getattr(made, name.qualname) for name in found.needs]
    assert {str(name) for name in found.needs} == set(
        torch.serialization.get_unsafe_globals_in_checkpoint(path)
    )
    with torch.serialization.safe_globals(allowed):
        torch.load(path, weights_only=True)


@pytest.mark.torch
@pytest.mark.parametrize("source", OPEN.values(), ids=OPEN)
def test_what_the_class_alone_does_not_load_is_not_called_known(source, written):
    import torch

    found = said(source)
    assert not found.complete
    path, made = written(source)
    allowed = [getattr(made, name.qualname) for name in found.needs]
    with torch.serialization.safe_globals(allowed), pytest.raises(Exception, match="Weights only"):
        torch.load(path, weights_only=True)
