"""The vetted table against the libraries themselves, and a name that leads out of them."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch

from checkpoint.cases import forge
from torchload_lint.cli.group import root
from torchload_lint.names import GlobalName, Spelling
from torchload_lint.policy import Trust, judge, vetted_definitions
from torchload_lint.verify import AllowedObject, Interpreter, prove
from torchload_lint.vetted import _restored, _table

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),  # old modules warn that they are old
]


def definition(found: object) -> str:
    named = found if isinstance(getattr(found, "__qualname__", None), str) else type(found)
    return f"{named.__module__ or 'builtins'}.{named.__qualname__}"


def test_every_name_that_is_here_leads_to_a_vetted_definition():
    checked = 0
    for name, definitions in _table().items():
        module, _, last = name.rpartition(".")
        with contextlib.suppress(ImportError, AttributeError):
            found = getattr(importlib.import_module(module), last)
            assert definition(found) in definitions, name
            checked += 1
    assert checked > 1000


PACKAGES = [
    "torch.nn.modules",
    "torch.nn.utils",
    "torch.ao.nn",
    "torch.optim",
    "torch.nn.quantized",
]


@pytest.mark.parametrize("package", [*PACKAGES, "torch.distributions"])
def test_the_public_classes_of_torch_are_vetted_by_the_name_that_a_file_gives_them(package, helper):
    """But for those that nobody can restore alone, and those whose objects are not called."""
    top = importlib.import_module(package)
    for info in pkgutil.walk_packages(top.__path__, f"{package}."):
        with contextlib.suppress(ImportError):
            importlib.import_module(info.name)
    modules = [m for name, m in sys.modules.items() if f"{name}.".startswith(f"{package}.")]
    named = {
        f"{module.__name__}.{key}": value
        for module in modules
        for key, value in vars(module).items()
        if isinstance(value, type)
        and key[0].isupper()
        and definition(value) == f"{module.__name__}.{key}"
    }
    missing = [named[name] for name in sorted(named) if not vetted_definitions(name)]
    for cls in missing:
        is_called = any("__call__" in vars(one) for one in cls.__mro__[:-1])
        if is_called and "__setstate__" not in vars(cls) and not _saves_no_dict(cls):
            with pytest.raises((TypeError, AttributeError)):
                helper.restore_only(cls)
    assert named or package == "torch.nn.quantized"  # it only hands out what lies elsewhere now


def _saves_no_dict(cls: type) -> bool:
    """Whether it, or a base below ``Module``, has a state of its own, a tuple."""
    below = [one for one in cls.__mro__[:-1] if one is not torch.nn.Module]
    return any("__getstate__" in vars(one) for one in below)


HARMFUL = """
torch.ao.nn.sparse.quantized.linear.LinearPackedParams torch.ao.nn.quantized.modules.conv.Conv2d
torch.nn.modules._functions.BackwardHookFunction torch.nn.modules.lazy.LazyModuleMixin
torch.nn.utils._named_member_accessor.NamedMemberAccessor
torch.nn.utils._expanded_weights.ExpandedWeight torch.distributions.constraints.Constraint
""".split()


@pytest.mark.parametrize("name", HARMFUL)
def test_what_holds_code_and_no_data_is_not_vetted(name):
    assert not vetted_definitions(name)
    assert not judge(GlobalName.parse(name), None).allowed


GIVES_BACK = """
import collections, torch
from torch.ao.nn.sparse.quantized.linear import LinearPackedParams
torch.backends.quantized.engine = "qnnpack"
with torch.serialization.safe_globals([LinearPackedParams]):
    torch.load("m.pt", weights_only=True)
print(hasattr(torch.Tensor, "changed"))
"""


def test_packed_parameters_give_back_what_they_are_called_with(tmp_path):
    """Such a file sets an attribute of a class, where torch computes as it does on phones."""
    if "qnnpack" not in torch.backends.quantized.supported_engines:
        pytest.skip("this torch has no such engine")
    made = forge.call(forge.name("torch.ao.nn.sparse.quantized.linear", "LinearPackedParams"))
    holder = forge.call(forge.name("collections", "OrderedDict"))
    holder += forge.mapping({"as_subclass": made}) + b"b"
    rebuild = forge.name("torch._tensor", "_rebuild_from_type_v2")
    state = forge.mapping({"changed": b"\x88"})
    call = forge.call(rebuild, made, forge.name("torch", "Tensor"), forge.pair(holder), state)
    (tmp_path / "m.pt").write_bytes(forge.archive(forge.program(call)))
    command = [sys.executable, "-c", GIVES_BACK]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n", done.stderr


def test_what_is_restored_is_every_module_that_can_be():
    listed = {one for definitions in _table().values() for one in definitions}
    assert _restored() <= listed
    classes = {one for one in vars(torch.nn).values() if isinstance(one, type)}
    modules = {definition(one) for one in classes if issubclass(one, torch.nn.Module)}
    assert modules <= _restored()


def test_the_number_types_of_numpy_are_vetted():
    names = [f"numpy.dtypes.{name}" for name in np.dtypes.__all__]
    assert names
    assert [name for name in names if not vetted_definitions(name)] == []


POPEN = "torch._strobelight.cli_function_profiler.subprocess.Popen"
THROUGH = [
    f"torch.nn.quantized.modules.linear.{POPEN}",
    "torch.nn.modules.linear.torch._strobelight.cli_function_profiler.subprocess.Popen",
    "torch.optim.adam.torch.nn.Linear",
    "torch.distributions.utils.torch.Generator",
    "torch.nn.modules.module.OrderedDict",
    "torch.nn.modules.linear.Module",
    "torch.nn.utils.prune.ABC",
    "numpy.dtypes.MadeUp",
]


@pytest.mark.parametrize("name", THROUGH)
def test_a_name_that_only_looks_like_one_of_the_package_is_not_vetted(name):
    assert not judge(GlobalName.parse(name), None).allowed


def test_every_inner_name_is_judged():
    inside = GlobalName.parse(THROUGH[0])
    assert judge(inside, None).trust is Trust.RUNS_CODE
    assert judge(inside, None, trusted=["torch.*"]).trust is Trust.RUNS_CODE


@pytest.fixture
def hostile(tmp_path):
    victim = tmp_path / "victim"
    command = forge.array(forge.text("touch"), forge.text(str(victim)))
    module, _, name = THROUGH[0].rpartition(".")
    program = forge.program(forge.call(forge.name(module, name), command))
    (tmp_path / "model.pt").write_bytes(forge.archive(program))
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    return victim


CODE = "import torch\nmodel = torch.load('model.pt', weights_only=False)\n"


@pytest.mark.parametrize(
    "options", [[], ["--fix"], ["--fix", "--unsafe-fixes"], ["--fix", "--verify"]]
)
def test_a_process_is_neither_allowed_nor_started(options, hostile, monkeypatch):
    folder = hostile.parent
    (folder / "app.py").write_text(CODE)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(root, ["check", *options, "app.py"])
    assert done.exit_code == 1, done.output
    assert "Popen" not in (folder / "app.py").read_text()
    assert not hostile.exists()


def prove_entry(module, name, folder, **given):
    entry = AllowedObject(Spelling(module, name), **given)
    return prove(folder / "model.pt", [entry], Interpreter(Path(sys.executable)), [folder])


@pytest.mark.parametrize("definitions", [(), ("torch.nn.quantized.modules.linear.Linear",)])
def test_the_proof_looks_at_the_object_before_it_loads(definitions, hostile):
    module, _, name = THROUGH[0].rpartition(".")
    outcome = prove_entry(module, name, hostile.parent, key=THROUGH[0], definitions=definitions)
    assert not outcome.loads
    assert not hostile.exists()


def test_the_proof_goes_through_no_module(hostile):
    outcome = prove_entry("torch.nn.modules.linear", "torch.nn.Linear", hostile.parent)
    assert outcome.status == "refused-entry"
    assert "goes through the module" in outcome.error


def test_the_proof_takes_what_was_judged_and_nothing_else(hostile):
    folder = hostile.parent
    torch.save(torch.nn.Linear(2, 2), folder / "model.pt")
    own = ("torch.nn.modules.linear.Linear",)
    assert prove_entry("torch.nn", "Linear", folder, definitions=own).loads
    other = prove_entry("torch.nn", "Bilinear", folder, definitions=own)
    assert other.status == "refused-entry"
    assert "torch.nn.modules.linear.Bilinear" in other.error


def test_an_alias_of_what_runs_code_is_not_even_tried(hostile):
    (hostile.parent / "tools.py").write_text("from subprocess import Popen as Net\n")
    outcome = prove_entry("tools", "Net", hostile.parent, key=THROUGH[0])
    assert outcome.status == "refused-entry"
    assert not hostile.exists()
