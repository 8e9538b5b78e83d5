"""What can be called once it is made (every ``nn.Module``) is restored, and not called.

A module gives back what it is given (``Sequential`` without modules), calls what the file has put
into it, or believes its tensors. With the class itself on the list, torch calls such an object for
the file, which then sets attributes of classes for the whole program, or ends the interpreter.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import subprocess
import sys
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch
from torch import nn

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.cli.group import root
from torchload_lint.helper_module import helper_text
from torchload_lint.vetted import _restored, is_restored, vetted_definitions

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

REBUILD = forge.name("torch._tensor", "_rebuild_from_type_v2")
TENSOR = forge.name("torch", "Tensor")
STATE = {
    **dict.fromkeys(("_modules", "_parameters", "_buffers", "_forward_hooks"), b"}"),
    **dict.fromkeys(("_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"), b"}"),
    "training": b"\x88",
    "inplace": b"\x89",
}


def made(module, name, **state):
    return forge.new(forge.name(module, name)) + forge.mapping({**STATE, **state}) + b"b"


def changes_tensor(gives_back):
    """A file that sets an attribute of ``torch.Tensor``, by what gives back its argument."""
    holder = forge.call(forge.name("collections", "OrderedDict"))
    holder += forge.mapping({"as_subclass": gives_back}) + b"b"
    state = forge.mapping({"changed_by_a_file": b"\x88"})
    call = forge.call(REBUILD, gives_back, TENSOR, forge.pair(holder), state)
    return forge.archive(forge.program(call))


GIVE_BACK = {
    "torch.nn.Sequential": made("torch.nn.modules.container", "Sequential"),
    "torch.nn.Identity": made("torch.nn.modules.linear", "Identity"),
    "torch.ao.nn.intrinsic.ConvReLU2d": made("torch.ao.nn.intrinsic.modules.fused", "ConvReLU2d"),
    "torch.distributions.transforms.ComposeTransform": made(
        "torch.distributions.transforms", "ComposeTransform", parts=b"]", _cache_size=b"K\x00"
    ),
}
SCRIPT = """
    import sys
    import warnings

    warnings.simplefilter("ignore")
    import torch
    import torch.distributions.transforms
    from restore_only import restore_only, safe_globals

    try:
        with safe_globals([{entries}]):
            torch.load("hostile.pt", weights_only=True)
    except Exception as error:
        print(type(error).__name__)
    print("changed" if hasattr(torch.Tensor, "changed_by_a_file") else "as it was")
"""


def outcome(folder, file, entries):
    (folder / "hostile.pt").write_bytes(file)
    (folder / "restore_only.py").write_text(helper_text())
    command = [sys.executable, "-c", dedent(SCRIPT).format(entries=entries)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize("name", GIVE_BACK)
def test_what_gives_back_its_argument_changes_no_class(name, tmp_path):
    assert is_restored(name) or any(map(is_restored, vetted_definitions(name)))
    file = changes_tensor(GIVE_BACK[name])
    assert outcome(tmp_path, file, name) == (0, ["changed"])
    assert outcome(tmp_path, file, f"restore_only({name})") == (0, ["TypeError", "as", "it", "was"])


PRUNING = "__import__('torch.nn.utils.prune', fromlist=['Identity']).Identity"


@pytest.mark.parametrize("entry", [PRUNING, f"restore_only({PRUNING})"])
def test_what_sets_an_attribute_of_what_it_is_called_with(entry, tmp_path):
    """A method of pruning that keeps all: it has no attributes until it is applied."""
    assert is_restored("torch.nn.utils.prune.Identity")
    state = {"_tensor_name": forge.text("changed_by_a_file"),
             "apply_mask": forge.name("builtins", "ValueError")}  # fmt: skip
    hook = forge.new(forge.name("torch.nn.utils.prune", "Identity")) + forge.mapping(state) + b"b"
    call = forge.call(REBUILD, hook, TENSOR, forge.pair(TENSOR, b"N"), b"}")
    done = outcome(tmp_path, forge.archive(forge.program(call)), f"{entry}, ValueError")
    assert done[1][-1] == ("changed" if entry == PRUNING else "was")


PATTERN = "torch.ao.nn.sparse.quantized.utils.LinearBlockSparsePattern"


def test_what_sets_attributes_of_its_class_is_refused(tmp_path):
    module, _, name = PATTERN.rpartition(".")
    call = forge.call(forge.name(module, name), forge.number(1), forge.number(4))
    (tmp_path / "m.pt").write_bytes(forge.archive(forge.program(call)))
    [said] = torchload_lint.inspect(tmp_path / "m.pt").judgements
    assert not said.allowed
    assert "for the whole program" in said.reason
    script = (
        f"import torch, {module}\nfrom {module} import {name} as kind\n"
        "with torch.serialization.safe_globals([kind]):\n"
        "    torch.load('m.pt', weights_only=True)\n"
        "print(kind.row_block_size)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def wrong_indices():
    """A sparse tensor whose columns lie outside of it, which torch only checks at the end."""
    numbers = [forge.storage(key, "LongStorage", 2) for key in "12"]
    rows, columns = (
        forge.call(
            forge.name("torch._utils", "_rebuild_tensor_v2"),
            *(one, b"K\x00", forge.pair(b"K\x02"), forge.pair(b"K\x01"), b"\x89"),
            forge.call(forge.name("collections", "OrderedDict")),
        )
        for one in numbers
    )
    layout = forge.call(
        forge.name("torch.serialization", "_get_layout"), forge.text("torch.sparse_csr")
    )
    parts = forge.pair(rows, columns, forge.tensor(size=2), forge.pair(b"K\x01", b"K\x02"))
    return forge.call(forge.name("torch._utils", "_rebuild_sparse_tensor"), layout, parts)


def test_nothing_computes_with_a_tensor_that_is_not_checked_yet(tmp_path):
    weight = forge.call(
        forge.name("torch._utils", "_rebuild_tensor_v2"),
        *(forge.storage(), b"K\x00", forge.pair(b"K\x02", b"K\x02")),
        *(forge.pair(b"K\x02", b"K\x01"), b"\x89"),
        forge.call(forge.name("collections", "OrderedDict")),
    )
    layer = made("torch.nn.modules.linear", "Linear", weight=weight, bias=b"N")
    call = forge.call(REBUILD, layer, TENSOR, forge.pair(wrong_indices()), b"}")
    rows = (0).to_bytes(8, "little") + (2).to_bytes(8, "little")
    members = [("data/0", b"\0" * 16), ("data/1", rows), ("data/2", b"\x7f" * 16)]
    file = forge.archive(forge.program(call), members=members)
    refused = outcome(tmp_path, file, "restore_only(torch.nn.Linear)")
    assert refused == (0, ["TypeError", "as", "it", "was"])


ARGUMENTS = [(), (2,), (2, 2), ("LSTM", 2, 2), (2, 2, 2), (4, 2, 8), ([2],), (nn.Linear(2, 2),)]


def an_object_of(cls):
    for arguments in ARGUMENTS:
        with contextlib.suppress(Exception):
            return cls(*arguments)
    return None


@pytest.fixture(scope="module")
def helper(tmp_path_factory):
    folder = tmp_path_factory.mktemp("helper")
    (folder / "restore_only_here.py").write_text(helper_text())
    sys.path.insert(0, os.fspath(folder))
    yield importlib.import_module("restore_only_here")
    sys.path.remove(os.fspath(folder))


OWN = sorted(
    name
    for name in _restored()
    if name.startswith("torch.nn.modules.") and ".Lazy" not in name  # these keep bound methods
)


@pytest.mark.parametrize("name", OWN)
def test_objects_of_torch_come_back_as_they_were(name, helper):
    module, _, qualname = name.rpartition(".")
    cls = getattr(importlib.import_module(module), qualname)
    one = an_object_of(cls)
    if one is None:
        pytest.skip("it takes other arguments")
    parts = {type(part) for part in one.modules()} - {nn.Module}
    extra = [nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer]
    buffer = io.BytesIO()
    try:
        torch.save(one, buffer)
    except Exception:  # noqa: BLE001 - hooks of lazy modules and the like
        pytest.skip("torch does not save it")
    buffer.seek(0)
    values = [helper.restore_only(part) for part in parts | {cls}]
    functions = [nn.functional.relu, nn.functional.pairwise_distance]
    with helper.safe_globals([*values, *extra, *functions, getattr]):
        again = torch.load(buffer, weights_only=True)
    assert [type(part) for part in again.modules()] == [type(part) for part in one.modules()]
    assert vars(again).keys() == vars(one).keys()
    assert repr(again) == repr(one)


PROGRAM = """
    import torch


    def load():
        return torch.load("m.pt", weights_only=False)


    print(type(load()).__name__, hasattr(torch.Tensor, "changed_by_a_file"))
"""


def run(folder):
    command = [sys.executable, "-W", "ignore", "run.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def project(folder, torch_range, value):
    needs = f'[project]\nname = "app"\nversion = "1"\ndependencies = ["torch{torch_range}"]\n'
    (folder / "pyproject.toml").write_text(needs)
    (folder / "run.py").write_text(dedent(PROGRAM))
    torch.save(value, folder / "m.pt")
    return folder


def test_a_safe_fix_restores_modules_and_calls_none(tmp_path, monkeypatch):
    monkeypatch.chdir(project(tmp_path, ">=2.6", nn.Sequential(nn.Linear(2, 2), nn.ReLU())))
    CliRunner().invoke(root, ["check", "--fix", "."])
    text = (tmp_path / "run.py").read_text()
    assert "restore_only(torch.nn.Sequential)" in text
    assert run(tmp_path) == "Sequential False"
    (tmp_path / "m.pt").write_bytes(changes_tensor(GIVE_BACK["torch.nn.Sequential"]))
    assert "not callable" in run(tmp_path)
    plain = text.replace("restore_only(torch.nn.Sequential)", "torch.nn.Sequential")
    (tmp_path / "run.py").write_text(plain)
    assert run(tmp_path) == "_TensorMeta True"


def test_torch_before_2_6_has_torchs_own_list(tmp_path, monkeypatch):
    monkeypatch.chdir(project(tmp_path, ">=2.5", nn.Sequential(nn.ReLU())))
    CliRunner().invoke(root, ["check", "--fix", "."])
    text = (tmp_path / "run.py").read_text()
    assert "safe_globals([torch.nn.Sequential, set, torch.nn.ReLU])" in text
    assert "restore_only" not in text
    assert not (tmp_path / "restore_only.py").exists()


def test_a_class_that_the_file_keeps_is_listed_itself(tmp_path, monkeypatch):
    """What stands for it while the file is read would be left in its place."""
    monkeypatch.chdir(project(tmp_path, ">=2.6", {"norm": nn.LayerNorm, "net": nn.LayerNorm(2)}))
    before = (tmp_path / "run.py").read_text()
    CliRunner().invoke(root, ["check", "--fix", "."])
    assert (tmp_path / "run.py").read_text() == before
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    assert "safe_globals([torch.nn.LayerNorm])" in (tmp_path / "run.py").read_text()
    assert run(tmp_path) == "dict False"


@pytest.mark.parametrize("kept", [nn.Identity, {"act": nn.Sequential}])
def test_a_list_with_a_class_that_the_file_keeps_is_no_safe_fix(kept, tmp_path, monkeypatch):
    """Another file makes an object of it, which gives back a class of torch's."""
    monkeypatch.chdir(project(tmp_path, ">=2.6", kept))
    said = CliRunner().invoke(root, ["check", "--output-format", "json", "."]).output
    assert "set attributes of classes for the whole program" in said
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    name = "torch.nn.Identity" if kept is nn.Identity else "torch.nn.Sequential"
    assert f"safe_globals([{name}])" in (tmp_path / "run.py").read_text()
    (tmp_path / "m.pt").write_bytes(changes_tensor(GIVE_BACK[name]))
    assert run(tmp_path) == "_TensorMeta True"


CALLABLE = """
class Mapped(dict):
    def __call__(self, x):
        return x


class Plain:
    def __call__(self, x):
        return x
"""


@pytest.mark.parametrize(
    ("value", "entry"),
    [("Mapped()", ""), ("[Plain(), Plain]", ""), ("Plain()", "restore_only(Plain)")],
)
def test_a_class_whose_objects_can_be_called_is_restored_or_refused(
    value, entry, tmp_path, monkeypatch
):
    monkeypatch.chdir(project(tmp_path, ">=2.6", None))
    (tmp_path / "lib.py").write_text(CALLABLE)
    save = f"import torch, lib; from lib import *; torch.save({value}, 'm.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=tmp_path, check=True)
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "."])
    text = (tmp_path / "run.py").read_text()
    assert ("weights_only=True" in text) == bool(entry)
    assert f"safe_globals([{entry}])" in text or not entry


def test_an_object_that_gives_back_its_argument_would_change_torch(tmp_path):
    (tmp_path / "lib.py").write_text(CALLABLE)
    file = changes_tensor(forge.new(forge.name("lib", "Mapped")))
    entries = "__import__('lib').Mapped"
    assert outcome(tmp_path, file, entries) == (0, ["changed"])
