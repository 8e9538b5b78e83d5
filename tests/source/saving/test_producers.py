"""What the project's own torch.save calls say about a checkpoint."""

# ruff: noqa: E501 (a program stays on its line)

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.contained import torch_modules
from torchload_lint.source.saving.producers import producers_for

NET = """
    import torch
    from torch import nn
    class Part(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    class Net(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.width = width
            self.part = Part()
            convs = []
            for _ in range(3):
                convs.append(nn.Conv2d(1, 1, 1))
            self.convs = nn.ModuleList(convs)
    """
NET_NEEDS = [
    "net.Net",
    "net.Part",
    "torch.nn.modules.activation.ReLU",
    "torch.nn.modules.container.ModuleList",
    "torch.nn.modules.container.Sequential",
    "torch.nn.modules.conv.Conv2d",
    "torch.nn.modules.linear.Linear",
]


def producers(saving, loading='torch.load("runs/a.pt")'):
    index = project(
        {
            "net.py": NET,
            "train.py": f"import torch, argparse\nfrom torch import nn\nfrom net import Net\n{saving}\n",
            "use.py": f"import torch\n{loading}\n",
        }
    )
    module = index.module_at("use.py")
    (load,) = module.loads
    return producers_for(load, module, resolve_path(load.file, module, index), index)


SAVED = {
    "a module": ("Net(3)", "module", NET_NEEDS, True),
    "a module on a device": ("Net(3).cuda().eval()", "module", NET_NEEDS, True),
    "a state dict": ("Net(3).state_dict()", "state dict", [], True),
    "the state dict of what is unknown": ("get().state_dict()", "state dict", [], True),
    "a dict": ("{'m': Net(3).state_dict(), 'n': 3, 'x': 'text'}", "dict", [], True),
    "a dict with a module": ("{'m': Net(3)}", "dict", NET_NEEDS, True),
    "options": (
        "{'args': argparse.ArgumentParser().parse_args()}",
        "dict",
        ["argparse.Namespace"],
        True,
    ),
    "options as a dict": ("vars(argparse.ArgumentParser().parse_args())", "dict", [], True),
    "a namespace": ("argparse.Namespace(a=1)", "dict", ["argparse.Namespace"], True),
    "a tensor": ("torch.zeros(3)", "tensor", [], True),
    "a class": ("Net", "class", ["net.Net"], True),
    "a built-in module": (
        "nn.DataParallel(nn.Linear(1, 2))",
        "module",
        ["torch.nn.modules.linear.Linear", "torch.nn.parallel.data_parallel.DataParallel"],
        True,
    ),
    "something unknown": ("{'m': other()}", "dict", [], False),
}


@pytest.mark.parametrize(("saved", "kind", "needs", "complete"), SAVED.values(), ids=SAVED)
def test_what_is_saved_tells_what_is_needed(saved, kind, needs, complete):
    (producer,) = producers(f"torch.save({saved}, 'runs/a.pt')")
    assert producer.match == "path"
    assert producer.saves == kind
    assert list(map(str, producer.needs)) == needs
    assert producer.complete is complete
    assert (producer.path, producer.row) == ("train.py", 4)


@pytest.mark.parametrize(
    ("saved", "needs"), [("state", ["train.State"]), ("asdict(state)", []), ("vars(state)", [])]
)
def test_the_fields_of_an_object_need_no_class(saved, needs):
    saving = (
        "from dataclasses import asdict, dataclass\n"
        "@dataclass\nclass State:\n    epoch: int\n"
        f"def keep():\n    state = State(3)\n    torch.save({saved}, 'runs/a.pt')\n"
    )
    (producer,) = producers(saving)
    assert list(map(str, producer.needs)) == needs


MATCHES = {
    "a pattern": ("f'runs/{x}_model.pt'", "torch.load('runs/3_model.pt')", True),
    "another folder": ("'other/a.pt'", "torch.load('runs/a.pt')", False),
    "another name": ("'runs/b.pt'", "torch.load('runs/a.pt')", False),
    "an unknown name": ("f'runs/{x}.pt'", "torch.load('runs/model.pt')", False),
    "another name in an unknown folder": ("x + f'/b_{x}.pt'", "torch.load(f'{y}/a_{y}.pt')", False),
    "an unknown folder": ("x + '/model.pt'", "torch.load('runs/model.pt')", True),
}


@pytest.mark.parametrize(("saved", "loading", "expected"), MATCHES.values(), ids=MATCHES)
def test_a_save_is_matched_by_its_path(saved, loading, expected):
    assert bool(producers(f"torch.save({{}}, {saved})", loading)) is expected


HANDED_ON = {
    "all": ("def save(*args, **kwargs): torch.save(*args, **kwargs)", True),
    "the positional ones": ("def save(*args, **kwargs): torch.save(*args)", True),
    "under a test": ("def save(*a):\n    if main():\n        torch.save(*a)", True),
    "behind another one": ("def save(first, *args): torch.save(*args)", False),
    "others by that name": (
        "def save(*args):\n    args = made(args)\n    torch.save(*args)",
        False,
    ),
    "others": ("def save(*args): torch.save(*given)", False),
    "with something before": ("def save(*args): torch.save(state(), *args)", False),
}


@pytest.mark.parametrize(("function", "expected"), HANDED_ON.values(), ids=HANDED_ON)
def test_a_function_that_hands_on_what_it_is_given_saves_it(function, expected):
    index = project(
        {
            "tools.py": f"import torch\n{function}\n",
            "train.py": "import tools\ndef keep(net):\n    tools.save({'net': net.state_dict()}, 'runs/a.pt')\n",
            "use.py": "import torch\ntorch.load('runs/a.pt')\n",
        }
    )
    module = index.module_at("use.py")
    (load,) = module.loads
    found = producers_for(load, module, resolve_path(load.file, module, index), index)
    assert [(each.path, each.row, each.match) for each in found] == (
        [("train.py", 3, "path")] if expected else []
    )


def in_one_file(source):
    index = project({"a.py": f"import torch\n{source}"})
    module = index.module_at("a.py")
    (load,) = module.loads
    return producers_for(load, module, resolve_path(load.file, module, index), index)


def test_the_same_expression_in_the_same_file():
    (producer,) = in_one_file(
        "def save(self):\n    torch.save({}, self.best)\ndef go(self):\n    torch.load(self.best)\n"
    )
    assert producer.match == "expression"


def test_a_save_method_and_its_load_method():
    (producer,) = in_one_file(
        "class A:\n    def save(self, p):\n        torch.save(self.net.state_dict(), p)\n"
        "    def load(self, q):\n        torch.load(q)\n"
    )
    assert (producer.match, producer.saves) == ("methods", "state dict")


COPIES = {
    "by a literal": ("torch.save({}, 'last.pt')", "shutil.copyfile('last.pt', 'runs/a.pt')", True),
    "by a name": ("torch.save({}, name)", "os.replace(name, 'runs/a.pt')", True),
    "of another file": ("torch.save({}, name)", "shutil.copy('x.pt', 'runs/a.pt')", False),
    "to another file": ("torch.save({}, name)", "shutil.copy(name, 'runs/b.pt')", False),
    "by another function": ("torch.save({}, name)", "copy(name, 'runs/a.pt')", False),
}


@pytest.mark.parametrize(("saving", "copying", "expected"), COPIES.values(), ids=COPIES)
def test_a_saved_file_that_is_copied_is_written_there(saving, copying, expected):
    code = f"import os, shutil\ndef keep(name='last.pt'):\n    {saving}\n    {copying}\n"
    assert bool(producers(code)) is expected


def test_a_copy_in_another_function_is_not_followed():
    code = "import shutil\ndef keep(name):\n    torch.save({}, name)\n"
    other = "def best(name):\n    shutil.copy(name, 'runs/a.pt')\n"
    assert not producers(code + other)


CACHED = """
def load(p):
    if os.path.exists(f"{p}/cache.pt"):
        net.load_state_dict(torch.load(f"{p}/cache.pt"))
    else:
        torch.save(net.state_dict(), f"{p}/cache.pt")
"""


def test_what_is_not_there_yet_is_saved_for_the_next_run(tmp_path):
    pytest.importorskip("torch")
    (producer,) = in_one_file(f"import os\n{CACHED}")
    assert producer.row == 8
    for _ in range(2):  # the second run loads what the first has saved
        code = f"import os, torch\nnet = torch.nn.Linear(1, 1)\n{CACHED}\nload({str(tmp_path)!r})"
        exec(code, {})
    assert not in_one_file("import os\nif x:\n    a = torch.load('a.pt')\ntorch.save(a, 'a.pt')\n")


PARTS = """
class Agent:
    def save(self, folder, n):
        torch.save(self.head.state_dict(), f"{folder}/head_{n}.pt")
        torch.save(self.tail.state_dict(), f"{folder}/tail_{n}.pt")
        torch.save(self.other, f"{folder}/other_{n}_final.pt")
    def load(self, folder):
        torch.load(%s)
"""


@pytest.mark.parametrize(
    ("loaded", "rows"),
    [
        ("folder + '/tail_final.pt'", [6]),
        ("f'{folder}/head_{self.n}.pt'", [5]),
        ("'given/net.pt'", []),
        ("folder", [5, 6, 7]),
    ],
)
def test_a_save_method_writes_files_by_their_names(loaded, rows):
    assert [each.row for each in in_one_file(PARTS % loaded)] == rows


TEMPORARY = """
import tempfile
def test():
    with tempfile.TemporaryDirectory() as folder:
        torch.save({}, folder + "/model.pt")
"""


def test_what_is_saved_in_a_temporary_folder_is_for_its_own_file():
    loading = "torch.load('runs/model.pt')"
    assert not producers(TEMPORARY, loading)
    assert producers(TEMPORARY.replace("tempfile.TemporaryDirectory()", "x()"), loading)
    assert in_one_file(f"{TEMPORARY}        torch.load(folder + '/model.pt')\n")


def written_by(texts, at, row=None):
    index = project({path: f"import torch\n{text}" for path, text in texts.items()})
    module = index.module_at(at)
    load = next(each for each in module.loads if row in {None, each.span.start.row})
    found = producers_for(load, module, resolve_path(load.file, module, index), index)
    return [each.path for each in found]


SAVES = "def save(p, n):\n    torch.save({'a': n, 'b': 1}, f'{p}/checkpoint.pth')\n"
READS = "def load(p):\n    torch.load(f'{p}/checkpoint.pth')\n"


def test_the_nearer_of_two_saves_of_one_name_is_the_writer():
    texts = {"a/utils/tools.py": SAVES, "a/old/net/utils/tools.py": SAVES, "a/exp/main.py": READS}
    assert written_by(texts, "a/exp/main.py") == ["a/utils/tools.py"]


def test_keys_do_not_name_the_file_of_that_name_in_another_program():
    saves = "def save(p):\n    torch.save({'model_a': 1, 'model_b': 2}, p)\n"
    reads = "def load(q):\n    x = torch.load(q)\n    print(x['model_a'], x['model_b'])\n"
    assert written_by({"a/misc.py": saves, "b/misc.py": reads}, "b/misc.py") == []
    assert written_by({"a/train.py": saves, "a/misc.py": reads}, "a/misc.py") == ["a/train.py"]


@pytest.mark.parametrize(
    ("name", "found"), [("pytorch_model.bin", []), ("last_model.bin", ["a.py"])]
)
def test_what_libraries_call_every_model_is_nobodys_file(name, found):
    saves = f"def save(p):\n    torch.save({{}}, p + '/{name}')\n"
    reads = f"def convert(q):\n    torch.load(q + '/{name}')\n"
    assert written_by({"a.py": saves, "b.py": reads}, "b.py") == found


def test_a_save_of_whatever_it_is_given_is_not_of_a_name_that_the_load_makes():
    code = "class A:\n    def save(self, p):\n        torch.save(self.net, p)\n    def load(self, p):\n"
    assert in_one_file(f"{code}        torch.load(p)\n")
    assert not in_one_file(f"{code}        torch.load(p + '/artifacts.pt')\n")
    assert not in_one_file(f"{code}        torch.load(f'~/.cache/nets/{{p}}')\n")


TWINS = """
class A:
    def save(self, p):
        torch.save({"net": 1, "opt": 2}, f"{p}/state.pt")
        torch.save({"dis": 1}, f"{p}/other_{self.n}.pt")
    def load(self, p):
        print(torch.load(p + "/state.pt"))
class B:
    def save(self, p):
        torch.save({"net": 1}, f"{p}/state.pt")
    def load(self, p):
        x = torch.load(get(p))
        print(x["net"])
"""


def test_the_save_of_the_own_class_is_the_writer():
    index = project({"a.py": f"import torch\n{TWINS}"})
    module = index.module_at("a.py")
    found = [
        [
            each.row
            for each in producers_for(one, module, resolve_path(one.file, module, index), index)
        ]
        for one in module.loads
    ]
    assert found == [[5], [11]]


def test_a_save_method_of_other_keys_writes_another_file():
    code = TWINS.replace("class B", "class C").replace('torch.load(p + "/state.pt")', "1")
    code = code.replace('{"net": 1}, f"{p}/state.pt"', '{"head": 1}, p').replace("get(p)", "q(p)")
    assert all(each.row != 11 for each in in_one_file(code))


def test_of_several_files_with_the_keys_it_is_the_one_with_no_others():
    saves = "def dump(p):\n    torch.save({'cfg': 1, 'state': 2%s}, p)\n"
    reads = "def go(q):\n    x = torch.load(q)\n    print(x['cfg'], x['state'])\n"
    texts = {"a.py": saves % "", "b.py": saves % ", 'epoch': 3", "c.py": reads}
    assert written_by(texts, "c.py") == ["a.py"]


def test_a_placeholder_folder_leaves_the_name_that_is_computed():
    code = "def load(rank, p='/path/to/models'):\n    torch.load(f'{p}/consolidated.{rank}.pth')\n"
    index = project({"a.py": f"import torch\n{code}"})
    (load,) = index.module_at("a.py").loads
    found = resolve_path(load.file, index.module_at("a.py"), index)
    assert [each.text for each in found.patterns] == ["*/consolidated.*.pth"]


def test_unrelated_saves_are_not_producers():
    source = "def dump(p):\n    torch.save({}, p)\ndef load(p):\n    torch.load(p)\n"
    assert in_one_file(source) == ()


def test_the_table_of_modules_is_true():
    nn = pytest.importorskip("torch.nn")
    for name in dir(nn):
        value = getattr(nn, name)
        if isinstance(value, type) and torch_modules.is_module_class(f"torch.nn.{name}"):
            first = torch_modules.needs(f"torch.nn.{name}")[0]
            assert str(first) == f"{value.__module__}.{value.__qualname__}"


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Linear", (1, 2)), ("TransformerEncoderLayer", (4, 2)), ("Transformer", (4, 2, 1, 1, 8)),
     ("MultiheadAttention", (4, 2)), ("LSTM", (2, 2)), ("BatchNorm2d", (3,))],
)  # fmt: skip
def test_what_a_module_is_made_of_is_what_torch_saves(tmp_path, name, arguments):
    torch = pytest.importorskip("torch")
    path = tmp_path / "a.pt"
    torch.save(getattr(torch.nn, name)(*arguments), path)
    names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    assert set(names) == set(map(str, torch_modules.needs(f"torch.nn.{name}")))
