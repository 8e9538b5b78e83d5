"""Classes that a proof has once taken for harmless: torch shows what a file does to them."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_unchecked_tensors import INDICES, tensor
from torchload_lint.helper_module import helper_text

pytestmark = pytest.mark.torch

NET = forge.name("victim", "Net")
SETS = "def __setstate__(self, s): "
CALLED = "def __init__(self, s=None): "
LOAD = """
import pathlib, sys, torch, victim, {more}
from restore_only import only_with, safe_globals
with safe_globals([{entries}]):
    torch.load("hostile.pt", weights_only=True)
print({shown})
"""
RUN = forge.mapping({"x": forge.text("__import__('os').mkdir('ran')")})
LIKE_ARRAY = forge.mapping(
    {
        "__array_interface__": forge.mapping(
            {
                "shape": forge.pair(forge.number(3)),
                "typestr": forge.text("<i8"),
                "data": forge.pair(forge.number(4096), b"\x89"),
                "version": forge.number(3),
            }
        )
    }
)


def filled(**attributes):
    return forge.new(NET) + forge.mapping(attributes) + b"b"


def archive(program):
    members = (("data/0", bytes(8)), ("data/1", INDICES))
    return forge.archive(forge.program(program), members=members)


def project(folder, head, body, good=None, **files):
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (folder / "victim.py").write_text(f"{head}\n\nclass Net:\n    {body}\n")
    (folder / "restore_only.py").write_text(helper_text())
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "net.pt").write_bytes(archive(good or forge.new(NET) + b"}b"))


def stands_as_itself(folder):
    """Whether the class may stand in a list, without a wrapper that keeps files from calling it."""
    found = torchload_lint.inspect(folder / "net.pt")
    names = (str(need.name) for need in found.report.safe_globals)
    judgement = dict(zip(names, found.judgements, strict=True))["victim.Net"]
    return judgement.allowed and not judgement.restores


def is_only_heard(folder):
    """Whether nothing speaks against the class but that it prints or logs."""
    (judgement,) = torchload_lint.inspect(folder / "net.pt").judgements
    return judgement.reason.endswith("prints, warns or logs what the file may have chosen")


def loaded(folder, program, entries="victim.Net", shown="''", more="os"):
    (folder / "hostile.pt").write_bytes(archive(program))
    script = LOAD.format(entries=entries, shown=shown, more=more)
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


HIDING = {
    "of the module": "import victim\nvictim.len = eval\n",
    "by a name": "import importlib\nfound = importlib.import_module('victim')\nfound.len = eval\n",
    "in sys.modules": "import sys, victim\nsys.modules['victim'].len = eval\n",
    "by setattr": "import victim as one\nsetattr(one, 'len', eval)\n",
}


@pytest.mark.parametrize("other", HIDING.values(), ids=HIDING)
def test_another_file_hides_a_builtin(other, tmp_path):
    project(tmp_path, "", f"{SETS}self.x = len(s['x'])", other=other)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.new(NET) + RUN + b"b", more="other")
    assert (tmp_path / "ran").is_dir()


RUNNING = "def run(x, *, f=str): return f(x)"
OUT = "class Out:\n    def write(self, x): eval(x)\n"
REACHING = {
    "a default": (RUNNING, "run(s['x'])", "import victim\nvictim.run.__kwdefaults__['f'] = eval\n"),
    "defaults": (
        RUNNING,
        "run(s['x'])",
        "import victim\nvictim.run.__kwdefaults__.update(f=eval)\n",
    ),
    "the caller": (
        "import other\nother.hide()",
        "len(s['x'])",
        "import sys\ndef hide(): sys._getframe(1).f_locals['len'] = eval\n",
    ),
    "each module": (
        "",
        "len(s['x'])",
        (
            "import sys, victim\nfor one in list(sys.modules.values()):\n"
            "    if one.__name__ == 'victim': one.len = eval\n"
        ),
    ),
    "the output": ("", "print(s['x'])", f"import sys\n{OUT}def go(): sys.stdout = Out()\ngo()\n"),
    "the output of a block": (
        "",
        "print(s['x'])",
        f"import contextlib\n{OUT}contextlib.redirect_stdout(Out()).__enter__()\n",
    ),
    "the output of errors": (
        "",
        "print(s['x'])",
        f"import sys\n{OUT}def go(): sys.stderr = sys.stdout = Out()\ngo()\n",
    ),
}


@pytest.mark.parametrize(("head", "does", "other"), REACHING.values(), ids=REACHING)
def test_another_file_reaches_what_the_class_uses(head, does, other, tmp_path):
    project(tmp_path, head, f"{SETS}self.x = {does}", other=other)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.new(NET) + RUN + b"b", more="other")
    assert (tmp_path / "ran").is_dir()


READS = {
    "an error": "import subprocess\nx = subprocess.run(['ls'], stdout=subprocess.PIPE)\n",
    "the caller's names": "import sys\nx = dict(sys._getframe().f_locals)\n",
    "modules": "import sys\nfor one in sys.modules.values(): print(one.__name__)\n",
}


@pytest.mark.parametrize("other", READS.values(), ids=READS)
def test_what_only_reads_does_not_count(other, tmp_path):
    project(tmp_path, RUNNING, f"{SETS}print(len(s['x']), run(s['x']))", other=other)
    assert is_only_heard(tmp_path)


@pytest.mark.parametrize("other", ["import victim\nvictim.len = len\n", "victim = 1\n"])
def test_what_hides_none_does_not_count(other, tmp_path):
    project(tmp_path, "", f"{SETS}self.x = len(s['x'])", other=other)
    assert stands_as_itself(tmp_path)


FUNCTIONS = {
    "fset": (
        "@property\n    def val(self): return 1\n    @val.setter\n"
        "    def val(self, v): self.changed = v\n    "
        f"{SETS}s['x'].val.fset(s['y'], 1)"
    ),
    "func": (
        "@functools.cached_property\n    def val(self): self.changed = 1\n    "
        f"{SETS}s['x'].val.func(s['y'])"
    ),
}


@pytest.mark.parametrize("body", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_of_a_property_is_given_a_class(body, tmp_path):
    project(tmp_path, "import functools", body)
    assert not stands_as_itself(tmp_path)
    state = forge.mapping({"x": NET, "y": forge.name("torch", "Tensor")})
    done = loaded(tmp_path, forge.new(NET) + state + b"b", shown="torch.Tensor.changed")
    assert done.stdout == "1\n"


def test_a_function_that_an_object_keeps_may_be_called(tmp_path):
    project(tmp_path, "", "def __call__(self, x): return self.func(x)")
    found = torchload_lint.inspect(tmp_path / "net.pt")
    assert found.judgements[0].allowed


MOVED = "s['x'].replace(s['a'], s['b'])", "s['x'].replace('victim.py', s['b'])"


@pytest.mark.parametrize("moved", MOVED)
def test_replace_is_that_of_a_path(moved, tmp_path):
    project(tmp_path, "", f"{SETS}self.x = {moved}")
    assert not stands_as_itself(tmp_path)
    texts = {"a": forge.text("victim.py"), "b": forge.text("moved")}
    state = forge.mapping({"x": forge.name("pathlib", "PosixPath"), **texts})
    loaded(tmp_path, forge.new(NET) + state + b"b", "victim.Net, pathlib.PosixPath")
    assert (tmp_path / "moved").is_file()


PLAIN = (
    "s['x'].replace('-', '_')", "s['x'].replace('model.', '')", "str(s).replace(s['a'], s['b'])",
    "f'a{s}'.strip().replace('a', 'b')", "'abc'.replace(s['a'], s['b']).replace('b', 'c')",
)  # fmt: skip


@pytest.mark.parametrize("replaced", PLAIN)
def test_a_text_may_be_changed(replaced, tmp_path):
    project(tmp_path, "", f"{SETS}self.x = {replaced}")
    assert stands_as_itself(tmp_path)


ENUM = "import enum\n\nclass Kind(enum.Enum):\n    A = 1\n"
MEMBERS = (
    "s['x']._member_map_['B'] = s['x']", "s['x']._value2member_map_['B'] = s['x']",
    "s['x']._member_names_.append('B')", "t = s['x']._member_map_; t['B'] = 1",
)  # fmt: skip


@pytest.mark.parametrize("changed", MEMBERS)
def test_a_member_gives_the_lists_of_its_enumeration(changed, tmp_path):
    project(tmp_path, ENUM, SETS + changed)
    assert not stands_as_itself(tmp_path)
    state = forge.mapping({"x": forge.call(forge.name("victim", "Kind"), forge.number(1))})
    lists = "('B' in repr([vars(victim.Kind)[x] for x in vars(victim.Kind) if x[:2] != '__']))"
    entries = "victim.Net, only_with(victim.Kind, (1,))"
    done = loaded(tmp_path, forge.new(NET) + state + b"b", entries, lists)
    assert done.stdout == "True\n"


def test_they_may_be_read(tmp_path):
    project(tmp_path, ENUM, f"{SETS}self.x = 'A' in s['x']._member_map_")
    assert stands_as_itself(tmp_path)


ARRAYS = (
    "np.zeros(3)[s]", "np.arange(3) == s", "s in np.arange(3)", "np.uint16(s)", "np.bool_(s)",
    "np.array([1, 2, 3]) < s", "FIXED[s]", "self.fixed == s", "torch.zeros(3).numpy()[s]",
)  # fmt: skip


@pytest.mark.parametrize("made", ARRAYS)
def test_an_array_of_the_code_meets_an_object_of_the_file(made, tmp_path):
    head = "import torch\nimport numpy as np\nFIXED = np.array([1, 2, 3])"
    body = f"fixed = np.array([1, 2, 3])\n    {CALLED}self.x = {made}"
    project(tmp_path, head, body, forge.call(NET))
    assert not stands_as_itself(tmp_path)
    program = forge.call(NET, forge.new(NET) + LIKE_ARRAY + b"b")
    assert loaded(tmp_path, program, more="numpy").returncode < 0


def test_a_type_of_numpy_may_be_named(tmp_path):
    body = f"{CALLED}self.x = isinstance(s, np.ndarray), np.pi, s is np.float32"
    project(tmp_path, "import numpy as np", body, forge.call(NET))
    assert stands_as_itself(tmp_path)


def test_an_optimizer_of_the_file_makes_a_step(tmp_path):
    project(tmp_path, "", f"{CALLED}self.x = s and s.step()", forge.call(NET))
    assert not stands_as_itself(tmp_path)
    layout = forge.name("torch.serialization", "_get_layout")
    sparse = forge.call(
        forge.name("torch._utils", "_rebuild_sparse_tensor"),
        forge.call(layout, forge.text("torch.sparse_coo")),
        forge.pair(
            tensor("1", "LongStorage", 1, 2),
            tensor("0", "FloatStorage", 2),
            forge.pair(forge.number(2)),
            b"\x88",
        ),
    )
    parameter = forge.call(
        forge.name("torch._utils", "_rebuild_parameter_with_state"),
        tensor("0", "FloatStorage", 2),
        b"\x88",
        forge.call(forge.name("collections", "OrderedDict")),
        forge.mapping({"grad": sparse}),
    )
    made = forge.call(forge.name("torch.optim.sgd", "SGD"), forge.array(parameter))
    done = loaded(tmp_path, forge.call(NET, made), "victim.Net, torch.optim.SGD")
    assert done.returncode < 0


WORK = "import os\ndef work(*given): os.mkdir('ran')\n"
GIVEN_TO_THE_FILE = {
    "a builtin": ("def on():\n    global len\n    len = work\non()", "len(x)"),
    "a builtin, by def": (
        "def on():\n    global str\n    def str(x): return work(x)\non()",
        "str(x)",
    ),
    "a builtin, by a loop": (
        "def on():\n    global abs\n    for abs in [work]: pass\non()",
        "abs(x)",
    ),
    "getattr": ("def on():\n    global getattr\n    getattr = work\non()", "getattr(x, 'a', 1)"),
    "type": ("def on():\n    global type\n    type = work\non()", "type(self)"),
    "a name of its own": ("def on():\n    global helper\n    helper = work\non()", "helper(x)"),
}


@pytest.mark.parametrize(("head", "value"), GIVEN_TO_THE_FILE.values(), ids=GIVEN_TO_THE_FILE)
def test_what_a_function_gives_the_file_is_no_local_value(head, value, tmp_path):
    project(tmp_path, f"{WORK}{head}", f"def __init__(self, x=None): self.n = {value}")
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.call(NET, forge.text("a")))
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize(
    ("name", "body"),
    [("getattr", "self.n = getattr(x, 'a', 1)"), ("type", "self.n = type(self)"),
     ("vars", "vars(self).update(n=x)")],
)  # fmt: skip
def test_a_builtin_that_another_file_hides(name, body, tmp_path):
    other = f"import os, victim\ndef work(*given): os.mkdir('ran')\nvictim.{name} = work\n"
    project(tmp_path, "", f"def __init__(self, x=None): {body}", other=other)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.call(NET, forge.text("a")), more="other")
    assert (tmp_path / "ran").is_dir()
