"""Classes through which a file would change classes of the program: torch shows it, we refuse."""

from __future__ import annotations

import contextlib
import gc
import importlib
import subprocess
import sys
import types
from textwrap import dedent

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.helper_module import helper_text
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

REBUILD = forge.name("torch._tensor", "_rebuild_from_type_v2")
WITH_STATE = forge.name("torch._utils", "_rebuild_parameter_with_state")
ORDERED = forge.name("collections", "OrderedDict")
COUNTER = forge.name("collections", "Counter")
TENSOR = forge.name("torch", "Tensor")
NOTHING = b"}"
STATE = forge.mapping({"changed": forge.number(1)})


def filled(itself, **attributes):
    return forge.new(itself) + forge.mapping(attributes) + b"b"


def put_into_a_set(itself, **attributes):
    """The object is hashed."""
    return forge.call(forge.name("builtins", "set"), forge.array(filled(itself, **attributes)))


def called(itself, *arguments, state=NOTHING, kind=TENSOR):
    return forge.call(REBUILD, itself, kind, forge.pair(*arguments), state)


def kind_of_kinds(itself):
    """``type``, where the class gives the class of what it is given."""
    return forge.call(itself, forge.call(itself, forge.number(1)))


ATTACKS = {
    "as_subclass": (
        "    def as_subclass(self, kind): return kind",
        lambda x: called(x, state=STATE),
    ),
    "static as_subclass": (
        ("    def __call__(self, one): return one\n"
        "    @staticmethod\n    def as_subclass(kind): return kind"),
        lambda x: called(forge.new(x), x, state=STATE),
    ),
    "__new__ that gives back its argument": (
        "    def __new__(cls, one=None): return one",
        lambda x: called(x, forge.call(ORDERED) + forge.mapping({"as_subclass": x}) + b"b",
                         state=STATE),
    ),
    "__new__ that gives back its argument by a name": (
        ("    def __new__(cls, one=None):\n        made = object.__new__(cls)\n"
        "        if one is not None:\n            made = one\n        return made"),
        lambda x: called(x, forge.call(ORDERED) + forge.mapping({"as_subclass": x}) + b"b",
                         state=STATE),
    ),
    "__new__ with another isinstance": (
        ("    def __new__(cls, one=None, isinstance=slice):\n"
        "        if isinstance(one, cls): return one\n        return object.__new__(cls)"),
        lambda x: called(x, forge.call(ORDERED) + forge.mapping({"as_subclass": x}) + b"b",
                         state=STATE),
    ),
    "__new__ that gives a class": (
        "    def __new__(cls, one=None): return cls if one else object.__new__(cls)",
        lambda x: forge.call(
            REBUILD, REBUILD, b"\x88",
            forge.pair(ORDERED, ORDERED, b")", forge.mapping({"as_subclass": x})), STATE,
        ),
    ),
    "detach of the class": (
        ("    @classmethod\n    def detach(cls): return cls\n"
        "    @classmethod\n    def requires_grad_(cls, kind): return kind"),
        lambda x: forge.call(WITH_STATE, x, x, forge.call(ORDERED), STATE),
    ),
    "type of cls": (
        "    def __new__(cls, *given): return type(cls)(*given)",
        lambda x: called(x, forge.call(COUNTER), state=STATE, kind=kind_of_kinds(x)),
    ),
    "class of cls": (
        "    def __new__(cls, *given): return cls.__class__(*given)",
        lambda x: called(x, forge.call(COUNTER), state=STATE, kind=kind_of_kinds(x)),
    ),
    "another self, of a class at hand": (
        ("    def put(self, value): self.changed = value\n"
        "    def __hash__(self): return self.kind.put(self.target, 1)"),
        lambda x: put_into_a_set(x, kind=x, target=TENSOR),
    ),
    "another self, in a key": (
        ("    def put(self): self.changed = 1\n"
        "    def __hash__(self): return len(sorted(self.given, key=self.kind.put))"),
        lambda x: put_into_a_set(x, kind=x, given=forge.array(TENSOR)),
    ),
    "another self, two steps away": (
        ("    def put(self): self.changed = 1\n"
        "    def both(self, other): other.put(self)\n"
        "    def __hash__(self): return self.kind.both(self.target, self.kind)"),
        lambda x: put_into_a_set(x, kind=x, target=TENSOR),
    ),
    "another self, by getattr": (
        ("    def put(self): self.changed = 1\n"
        "    def __hash__(self): return getattr(self.kind, 'put')(self.target)"),
        lambda x: put_into_a_set(x, kind=x, target=TENSOR),
    ),
    "another self, by another name": (
        (
            "    def put(self): self.changed = 1\n    go = put\n"
            "    def __hash__(self): return self.kind.go(self.target)"
        ),
        lambda x: put_into_a_set(x, kind=x, target=TENSOR),
    ),
    "a method as default": (
        "    def put(self): self.changed = 1\n    def __call__(self, one, put=put): put(one)",
        lambda x: called(forge.new(x), TENSOR),
    ),
    "a method in a list": (
        ("    def put(self): self.changed = 1\n    ways = [put]\n"
        "    def __call__(self, one): self.ways[0](one)"),
        lambda x: called(forge.new(x), TENSOR),
    ),
    "a constructor of a class at hand": (
        ("    def __init__(self, value): self.changed = value\n"
        "    def __call__(self): self.kind.__init__(self.target, 1)"),
        lambda x: called(filled(x, kind=x, target=TENSOR)),
    ),
    "data": (
        "    def __call__(self, one): one.data = 1",
        lambda x: called(forge.new(x), COUNTER),
    ),
    "wraps": (
        "    def __call__(self, one, other): return functools.wraps(one)(other)",
        lambda x: called(forge.new(x), x, COUNTER),
    ),
    "abstractmethod": (
        "    def __call__(self, one): return abc.abstractmethod(one)",
        lambda x: called(forge.new(x), COUNTER),
    ),
}  # fmt: skip


HEAD = "import abc\nimport functools\nimport torch\n\n\nclass X:\n"


def judged_alone(module, body, folder):
    (folder / f"{module}.py").write_text(f"{HEAD}{body}\n")
    checkpoint = folder / "model.pt"
    itself = forge.name(module, "X")
    checkpoint.write_bytes(forge.archive(forge.program(filled(itself, a=forge.number(1)))))
    (judged,) = torchload_lint.inspect(checkpoint).judgements
    return judged


def module_of(name):
    return "changing_" + "".join(filter(str.isalpha, name))


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What torch lets each attack do, under a list with the class: all in one process."""
    folder = tmp_path_factory.mktemp("shown")
    for name, (body, attack) in ATTACKS.items():
        module = module_of(name)
        (folder / f"{module}.py").write_text(f"{HEAD}{body}\n")
        hostile = forge.program(attack(forge.name(module, "X")))
        (folder / f"{module}.pt").write_bytes(forge.archive(hostile))
    (folder / "child.py").write_text(CHILD)
    command = [sys.executable, "child.py", *map(module_of, ATTACKS)]
    return subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True
    ).stdout.split()


@pytest.mark.parametrize("name", ATTACKS)
def test_a_class_that_lets_a_file_change_classes_is_not_allowed(name, tmp_path, shown):
    judged = judged_alone(module_of(name), ATTACKS[name][0], tmp_path)
    assert judged.trust in {Trust.RESTORE_ONLY, Trust.UNPROVEN}
    assert module_of(name) in shown  # torch shows that it could


CHILD = dedent(
    """
    import collections, contextlib, importlib, sys, warnings
    import torch

    warnings.simplefilter("ignore")
    for name in sys.argv[1:]:
        own = importlib.import_module(name)
        kinds = {kind: dict(vars(kind)) for kind in (own.X, torch.Tensor, collections.Counter)}
        with torch.serialization.safe_globals([own.X]), contextlib.suppress(Exception):
            torch.load(name + ".pt", weights_only=True)
        for kind, before in kinds.items():
            for attribute in {*vars(kind), *before}:
                if vars(kind).get(attribute) is not before.get(attribute):
                    print(name)
                    if attribute in before:
                        setattr(kind, attribute, before[attribute])
                    else:
                        delattr(kind, attribute)
    """
)


LOOKUPS = {
    "getattr": "        return getattr(one, '__getattribute__')(name)",
    "a pattern": (
        "        match one:\n            case object(__getattribute__=look):\n"
        "                return look(name)"
    ),
    "itself": "        return self.__getattribute__('__getattribute__')(name)",
    "a dict": "        return getattr(one, '__dict__')[name]",
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_of_any_name_reaches_the_interpreter(name, tmp_path, monkeypatch):
    body = f"    def __call__(self, one, name):\n{LOOKUPS[name]}"
    module = "looking_" + "".join(filter(str.isalpha, name))
    assert judged_alone(module, body, tmp_path).trust in {Trust.RESTORE_ONLY, Trust.UNPROVEN}

    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    given = (own.X, "__call__") if name == "a dict" else (own.X(), "__init__")
    assert callable(own.X()(*given))


COPIED = "    def __getstate__(self): return eval(self.text)"


def test_a_class_is_copied_by_a_vetted_one(tmp_path, monkeypatch):
    assert judged_alone("copied", COPIED, tmp_path).trust in {Trust.RESTORE_ONLY, Trust.UNPROVEN}

    itself = filled(forge.name("copied", "X"), text=forge.text("X.__doc__.missing"))
    encoder = forge.name("torch.nn.modules.transformer", "TransformerEncoder")
    stack = forge.call(encoder, itself, forge.number(1), b"N", b"\x89")
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(stack)))
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module("copied")
    allowed = torch.serialization.safe_globals([own.X, torch.nn.TransformerEncoder])
    with allowed, pytest.raises(AttributeError, match="missing"):
        torch.load(tmp_path / "hostile.pt", weights_only=True)


BESIDE = """
class Runner:
    def go(self, text): return eval(text)

class Asking:
    def __call__(self, *given): return self.one.go(self.text)
"""
LISTED = """import torch
import beside

with torch.serialization.safe_globals([beside.Runner]):
    model = torch.load("model.pt", weights_only=True)
"""


@pytest.mark.parametrize("how", ["in the list", "trusted"])
def test_what_is_allowed_already_is_not_called_by_what_is_added(how, tmp_path):
    trusted = 'trusted = ["beside.Runner"]\n' if how == "trusted" else ""
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.torchload-lint]\ntarget-torch = "2.13"\n{trusted}'
    )
    (tmp_path / "beside.py").write_text(BESIDE)
    asking, runner = (filled(forge.name("beside", one)) for one in ("Asking", "Runner"))
    needs = asking if how == "in the list" else forge.array(asking, runner)
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(needs)))
    source = LISTED if how == "in the list" else LISTED.replace("[beside.Runner]", "[]")
    assert "beside.Asking" not in torchload_lint.fix(source, tmp_path / "app.py")


AROUND = """import torch
import beside

def start():
    with torch.serialization.safe_globals([beside.Runner]):
        return inner()

def inner():
    return torch.load("model.pt", weights_only=True)
"""


def test_what_a_block_of_a_caller_allows_is_not_called_by_what_is_added(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "beside.py").write_text(BESIDE)
    asking, runner = (forge.name("beside", one) for one in ("Asking", "Runner"))
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(filled(asking))))
    assert "beside.Asking" not in torchload_lint.fix(AROUND, tmp_path / "app.py")
    alone = AROUND.replace("return inner()", "return 1")
    assert "beside.Asking" in torchload_lint.fix(alone, tmp_path / "app.py")

    key = filled(asking, one=filled(runner), text=forge.text("X.__doc__.missing"))
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(called(key))))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    own = importlib.import_module("beside")
    blocks = (torch.serialization.safe_globals([one]) for one in (own.Runner, own.Asking))
    with next(blocks), next(blocks), pytest.raises(NameError, match="X"):  # it is evaluated
        torch.load(tmp_path / "hostile.pt", weights_only=True)


REGISTERING = {
    "an object's": "    def __call__(self, one, kind): one.register(kind)\n",
    "by getattr": "    def __call__(self, one, kind): getattr(one, 'register')(kind)\n",
    "of a base": "    def __call__(self, one, kind): abc.ABC.register(kind)\n",
    "of cls": "    @classmethod\n    def __call__(cls, one, kind): cls.register(kind)\n",
}


@pytest.mark.parametrize("how", REGISTERING)
def test_no_class_is_registered_with_an_abstract_one(how, tmp_path, monkeypatch):
    module = "registering_" + "".join(filter(str.isalpha, how))
    text = f"import abc\n\nclass X(abc.ABC):\n{REGISTERING[how]}\nclass Other: ...\n"
    (tmp_path / f"{module}.py").write_text(text)
    itself = forge.name(module, "X")
    (tmp_path / "model.pt").write_bytes(forge.archive(forge.program(forge.new(itself))))
    (judged,) = torchload_lint.inspect(tmp_path / "model.pt").judgements
    assert judged.trust is Trust.RESTORE_ONLY

    rebuild = forge.name("torch._tensor", "_rebuild_from_type_v2")
    given = forge.pair(itself, forge.name(module, "Other"))
    hostile = forge.call(rebuild, forge.new(itself), forge.name("torch", "Tensor"), given, b"}")
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(hostile)))
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    if how == "of a base":  # it would hold for this whole program
        return
    with torch.serialization.safe_globals([own.X, own.Other]), contextlib.suppress(Exception):
        torch.load(tmp_path / "hostile.pt", weights_only=True)
    assert issubclass(own.Other, own.X)


HASHED = (
    "    def __hash__(self):\n        self.kept = self.items()\n        return next(self.kept)\n"
)
ENDING = {
    "del": "    def __del__(self): len(self.one)\n",
    "finally": (
        f"{HASHED}    def items(self):\n        try: yield 1\n        finally: len(self.one)\n"
    ),
    "yield from": (
        f"{HASHED}    def items(self): yield from self\n    def __iter__(self): return self\n"
        "    def __next__(self): return 1\n    def close(self): len(self.one)\n"
    ),
}


@pytest.mark.parametrize("how", ENDING)
def test_what_runs_when_the_load_is_over_is_not_proven(how, tmp_path, monkeypatch):
    module = "ending_" + "".join(filter(str.isalpha, how))
    noting = (
        "\n\nclass Noting:\n    ran = []\n    def __len__(self): return self.ran.append(1) or 0\n"
    )
    assert judged_alone(module, ENDING[how] + noting, tmp_path).trust in {
        Trust.RESTORE_ONLY,
        Trust.UNPROVEN,
    }

    one = filled(forge.name(module, "X"), one=filled(forge.name(module, "Noting")))
    program = one if how == "del" else forge.call(forge.name("builtins", "set"), forge.array(one))
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(program)))
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    helper = types.ModuleType("restore_only")
    exec(compile(helper_text(), "restore_only.py", "exec"), vars(helper))
    with contextlib.suppress(Exception):  # torch shows that it would
        with helper.safe_globals([own.X, helper.restore_only(own.Noting)]):
            loaded = torch.load(tmp_path / "hostile.pt", weights_only=True)
            assert own.Noting.ran == []
        del loaded
    gc.collect()
    assert own.Noting.ran


MODES = {
    "called": "torch.set_grad_enabled(False)",
    "entered": "torch.no_grad().__enter__()",
    "entered by name": "getattr(torch.no_grad(), '__enter__')()",
    "kept": "self.kept = torch.set_grad_enabled(mode=False)",
}


@pytest.mark.parametrize("how", MODES)
def test_no_mode_of_the_program_is_left_changed(how, tmp_path, monkeypatch):
    module = "leaving_" + "".join(filter(str.isalpha, how))
    judged = judged_alone(module, f"    def __init__(self, a=0): {MODES[how]}", tmp_path)
    assert judged.trust is Trust.RESTORE_ONLY

    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module(module)
    try:  # torch shows that it would
        own.X()
        assert not torch.is_grad_enabled()
    finally:
        torch.set_grad_enabled(True)


def test_a_mode_for_a_while_is_in_order(tmp_path):
    body = "    def __init__(self, a=0):\n        with torch.no_grad(): self.a = a"
    assert judged_alone("while_", body, tmp_path).trust is Trust.FIRST_PARTY


def test_no_class_is_given_to_what_sets_itself(tmp_path, monkeypatch):
    body = "    def __hash__(self): return self.one.train(self.kind, True)"
    judged = judged_alone("training_", body, tmp_path)
    assert judged.trust is Trust.RESTORE_ONLY

    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module("training_")
    relu = forge.name("torch.nn.modules.activation", "ReLU")
    hostile = put_into_a_set(
        forge.name("training_", "X"), one=relu, kind=forge.name("training_", "X")
    )
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(hostile)))
    allowed = torch.serialization.safe_globals([own.X, torch.nn.ReLU])
    with allowed, contextlib.suppress(Exception):
        torch.load(tmp_path / "hostile.pt", weights_only=True)
    assert vars(own.X)["training"] is True
