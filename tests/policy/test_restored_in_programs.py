"""Programs whose fix restores classes only: what they print stays, wherever the load stands."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from torchload_lint import api
from torchload_lint.cli.group import root
from torchload_lint.reports.diff import diffs_of
from torchload_lint.workspace import Options

pytestmark = pytest.mark.torch

MODELS = """
    import torch


    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, x):
            return self.layer(x)


    class Weighted:
        def __init__(self, k=1):
            self.k = k

        def __call__(self, x):
            return x * self.k
"""
NET = "from models import Net; torch.save(Net(), 'm.pt')"
PRUNED = """
from torch.nn.utils import prune
net = torch.nn.Linear(2, 2)
prune.l1_unstructured(net, "weight", 0.5)
torch.save(net, "m.pt")
"""
IN_A_MODULE = """
    import torch

    from models import Net


    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            {load}

        def forward(self, x):
            return self.a(x)


    whole = Whole()
    print(sorted(name for name, _ in whole.named_parameters()), whole(torch.ones(1, 2)).shape)
"""
LOAD = "torch.load('m.pt', weights_only=False)"
PROGRAMS = {
    "an attribute of a module": (NET, IN_A_MODULE.format(load=f"self.a = {LOAD}")),
    "two attributes": (NET, IN_A_MODULE.format(load=f"self.a = self.b = {LOAD}")),
    "an annotated attribute": (NET, IN_A_MODULE.format(load=f"self.a: torch.nn.Module = {LOAD}")),
    "an item": (
        NET,
        f"""
        import torch
        from models import Net

        nets = torch.nn.ModuleDict()
        nets["a"] = {LOAD}
        print(list(nets), isinstance(nets["a"], Net))
        """,
    ),
    "a part of what is loaded": (
        "from models import Net; torch.save({'net': Net(), 'epoch': 3}, 'm.pt')",
        f"""
        import torch
        from models import Net

        net = {LOAD}["net"].eval()
        print(type(net) is Net, net.training, net(torch.ones(1, 2)).shape)
        """,
    ),
    "an argument": (
        NET,
        f"""
        import torch
        from models import Net

        print(isinstance({LOAD}, Net), [type(each).__name__ for each in {LOAD}.modules()])
        """,
    ),
    "names from a star import": (
        "from models import Weighted; torch.save(Weighted(2), 'm.pt')",
        f"import torch\nfrom models import *\n\nweighted = {LOAD}\nprint(weighted(3))\n",
    ),
    "the name safe_globals is taken": (
        "from models import Weighted; torch.save(Weighted(2), 'm.pt')",
        f"""
        import torch
        from models import Weighted

        safe_globals = restore_only = 1
        weighted = {LOAD}
        print(weighted(3), safe_globals)
        """,
    ),
    "keys that are modules": (
        "from models import Net; torch.save({Net(): 1, (Net(), 2): {Net()}}, 'm.pt')",
        f"""
        import torch
        import models

        m = {LOAD}
        ((one, a), (pair, (two,))) = m.items()
        print(m[one], m[pair] == {{two}}, *(type(net).__name__ for net in (one, pair[0], two)))
        """,
    ),
    "a submodule that torch does not import": (
        PRUNED,
        f"""
        import torch

        net = {LOAD}
        print([name for name, _ in net.named_buffers()], net(torch.ones(1, 2)).shape)
        """,
    ),
}


def python(folder, *arguments):
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def fix():
    return CliRunner().invoke(root, ["check", "--fix", "."])


def saved(folder, made):
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    assert python(folder, "-c", f"import torch\n{made}").stderr == ""


MEETING_BLANKS = """
    from models import Net


    class Hashed:
        def __init__(self, size):
            self.size = size
            self.run = Net()

        def __call__(self):
            return eval(str(self.size))

        def __hash__(self):
            return hash(self.size)

        def __eq__(self, other):
            return type(other) is Hashed and self.size == other.size


    class Holder:
        def __init__(self, net):
            self.net = net

        def __setstate__(self, state):
            self.__dict__.update(state)
            self.kind = type(self.net).__name__
"""


@pytest.mark.parametrize("made", ["{Hashed(3): 1}", "[{(1, Hashed(2))}]", "[Net(), Holder(Net())]"])
def test_no_code_meets_an_object_that_is_still_blank(made, tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text(dedent(MODELS))
    (tmp_path / "kinds.py").write_text(dedent(MEETING_BLANKS))
    (tmp_path / "run.py").write_text(f"import torch\nimport kinds\n\nm = {LOAD}\n")
    saved(tmp_path, f"from kinds import *; torch.save({made}, 'm.pt')")
    monkeypatch.chdir(tmp_path)
    fix()
    assert "restore_only" not in (tmp_path / "run.py").read_text()


@pytest.mark.parametrize(("made", "text"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_fixed_program_prints_what_it_did(made, text, tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text(dedent(MODELS))
    (tmp_path / "run.py").write_text(dedent(text))
    saved(tmp_path, made)
    monkeypatch.chdir(tmp_path)
    before = python(tmp_path, "run.py")
    assert before.stderr == ""
    told = fix().output
    fixed = (tmp_path / "run.py").read_text()
    assert "restore_only" in fixed
    assert "weights_only=False" not in fixed
    assert "restore_only.py is new, and fixed files import it" in told
    assert python(tmp_path, "run.py").stdout == before.stdout
    fix()
    assert (tmp_path / "run.py").read_text() == fixed


@pytest.mark.parametrize("depth", [1, 2])
def test_the_module_is_written_where_a_relative_import_finds_it(depth, tmp_path, monkeypatch):
    package = tmp_path.joinpath("app", *["inner"] * (depth - 1))
    package.mkdir(parents=True)
    for one in (tmp_path / "app", package):
        (one / "__init__.py").touch()
    (tmp_path / "app/models.py").write_text(dedent(MODELS))
    imports = f"import torch\nfrom {'.' * depth}models import Net\n\n"
    (package / "run.py").write_text(f"{imports}net = {LOAD}\nprint(type(net).__name__)\n")
    saved(tmp_path, "from app.models import Net; torch.save(Net(), 'm.pt')")
    monkeypatch.chdir(tmp_path)
    fix()
    fixed = (package / "run.py").read_text()
    assert f"from {'.' * depth}restore_only import restore_only, safe_globals" in fixed
    assert (tmp_path / "app/restore_only.py").exists()
    name = ".".join([*package.relative_to(tmp_path).parts, "run"])
    assert python(tmp_path, "-m", name).stdout == "Net\n"
    fix()
    assert (package / "run.py").read_text() == fixed


@pytest.mark.parametrize("source", ["one text", "a text a row"])
def test_the_module_is_written_beside_a_notebook(source, tmp_path, monkeypatch):
    rows = ["import torch\n", f"net = {LOAD}\n", "print(type(net).__name__)"]
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cell["source"] = "".join(rows) if source == "one text" else rows
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "run.ipynb").write_text(json.dumps(notebook))
    saved(tmp_path, SEQUENTIAL)
    monkeypatch.chdir(tmp_path)
    fix()
    (fixed,) = json.loads((tmp_path / "run.ipynb").read_text())["cells"]
    (tmp_path / "cell.py").write_text("".join(fixed["source"]))
    assert "from restore_only import" in "".join(fixed["source"])
    assert python(tmp_path, "cell.py").stdout == "Sequential\n"


def test_a_file_that_can_do_without_torch_still_can(tmp_path, monkeypatch):
    text = f"def read():\n    import torch\n\n    return {LOAD}\n\n\ndef name():\n    return 1\n"
    (tmp_path / "reading.py").write_text(text)
    saved(tmp_path, SEQUENTIAL)
    monkeypatch.chdir(tmp_path)
    fix()
    assert "restore_only(torch.nn.Linear)" in (tmp_path / "reading.py").read_text()
    asked = "import sys, reading; print(reading.name(), 'torch' in sys.modules)"
    assert python(tmp_path, "-c", asked).stdout == "1 False\n"
    read = "import reading; print(type(reading.read()).__name__)"
    assert python(tmp_path, "-c", read).stdout == "Sequential\n"


SEQUENTIAL = "net = torch.nn.Sequential(torch.nn.Linear(1, 1)); torch.save(net, 'm.pt')"
READ = f"def read():\n    return {LOAD}\n"
READS = f"import torch\n\nnet = {LOAD}\nprint(type(net).__name__)\n"
TESTS = {
    "app/__init__.py": "",
    "app/core.py": "",
    "tests/__init__.py": "",
    "tests/app/__init__.py": "",
    "tests/app/core.py": "",
    "tests/app/test_b.py": f"from app.core import __name__\n{READS}",
}
PYTEST = (
    "-c",
    "import sys; sys.path.insert(1, '.'); from tests.app import test_b",  # as pytest has it
)
STARTED = {
    "a script in a package, started by its path": (
        {"tools/__init__.py": "", "tools/run.py": READS},
        ("tools/run.py",),
        "",
    ),
    "a script in a folder, started from above": (
        {"tools/run.py": READS},
        ("-m", "tools.run"),
        "",
    ),
    "a package without __init__.py": (
        {"app/models.py": "x = 1\n", "app/run.py": f"from app.models import x\n{READS}"},
        ("-m", "app.run"),
        "app.restore_only",
    ),
    "a script that imports what lies beside it": (
        {
            "tools/__init__.py": "",
            "tools/other.py": "x = 1\n",
            "tools/run.py": f"import other\n{READS}",
        },
        ("tools/run.py",),
        "restore_only",
    ),
    "a file that others import as a part of its package": (
        {
            "app/__init__.py": "",
            "app/reading.py": f"import torch\n\n\n{READ}",
            "run.py": "from app.reading import read\n\nprint(type(read()).__name__)\n",
        },
        ("run.py",),
        "app.restore_only",
    ),
    "tests in a folder that is called as the package is": (
        {**TESTS, "tests/app/test_other.py": "from tests.app import test_b"},
        PYTEST,
        "tests.restore_only",
    ),
    "such tests that nothing imports by that name": (TESTS, PYTEST, ""),
    "the package itself": (
        {
            "app/models.py": "x = 1\n",
            "app/__init__.py": f"import torch\nfrom .models import x\n\n\n{READ}",
            "run.py": "from app import read\n\nprint(type(read()).__name__)\n",
        },
        ("run.py",),
        ".restore_only",
    ),
}


@pytest.mark.parametrize(("files", "start", "helper"), STARTED.values(), ids=STARTED)
def test_the_module_is_only_imported_where_it_is_surely_found(
    files, start, helper, tmp_path, monkeypatch
):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    saved(tmp_path, SEQUENTIAL)
    monkeypatch.chdir(tmp_path)
    fix()
    fixed = "".join((tmp_path / name).read_text() for name in files)
    assert "weights_only=True" in fixed
    assert ("restore_only" in fixed) == bool(helper)
    assert f"from {helper or 'torch.serialization'} import" in fixed
    assert python(tmp_path, *start).stdout == "Sequential\n"
    fix()
    assert "".join((tmp_path / name).read_text() for name in files) == fixed


@pytest.mark.parametrize("whole", [True, False])
def test_a_diff_in_a_terminal_names_the_new_module_alone(whole, tmp_path, monkeypatch):
    text = f"import torch\n\nnet = {LOAD}\n"
    (tmp_path / "run.py").write_text(text)
    saved(tmp_path, SEQUENTIAL)
    monkeypatch.chdir(tmp_path)
    (changed,) = api.check(".", options=Options(fix=True, adds_modules=True)).results
    *_, shown = diffs_of([changed], whole=whole)
    assert ("+++ b/restore_only.py" in shown) is whole
    assert "restore_only.py" in shown
    assert (shown.count("\n") > 100) is whole
