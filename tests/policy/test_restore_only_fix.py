"""The fix that writes ``restore_only`` entries: the program loads; a hostile file runs nothing."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from checkpoint.cases import forge
from torchload_lint import helper_module
from torchload_lint.cli.group import root
from torchload_lint.helper_module import helper_text

pytestmark = pytest.mark.torch

MODELS = """
    import torch


    class Det(torch.nn.Module):
        def __init__(self, spec):
            super().__init__()
            self.layers = eval(spec)

        def forward(self, x):
            return self.layers(x)
"""
LOAD = """
    import torch

    {imports}

    model = torch.load("d.pt", weights_only=False)
    print(type(model).__name__, model(torch.ones(1, 2)).shape)
"""
PLACES = {
    "script": ("models.py", "run.py", "import models", "restore_only.py"),
    "package": ("app/models.py", "app/run.py", "import app.models", "app/restore_only.py"),
}


def python(folder, *arguments):
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(params=PLACES)
def program(request, tmp_path, monkeypatch):
    models, run, imports, helper = PLACES[request.param]
    (tmp_path / run).parent.mkdir(exist_ok=True)
    if "/" in run:
        (tmp_path / "app/__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / models).write_text(dedent(MODELS))
    (tmp_path / run).write_text(dedent(LOAD).format(imports=imports))
    module = models.removesuffix(".py").replace("/", ".")
    made = (
        f"import torch; from {module} import Det; torch.save(Det('torch.nn.Linear(2, 3)'), 'd.pt')"
    )
    assert python(tmp_path, "-c", made).returncode == 0
    monkeypatch.chdir(tmp_path)
    return tmp_path, run, module, helper


def fix(*options):
    return CliRunner().invoke(root, ["check", *options, "."])


def test_the_program_loads_and_a_hostile_file_runs_nothing(program):
    folder, run, module, helper = program
    assert fix("--fix").exit_code == 1
    assert not (folder / helper).exists()
    fix("--fix", "--unsafe-fixes")
    text = (folder / run).read_text()
    assert "with safe_globals([restore_only(" in text
    assert "weights_only=True" in text
    assert (folder / helper).read_text() == helper_text()
    name = run.removesuffix(".py").replace("/", ".")
    done = python(folder, "-m", name)
    assert done.stdout == "Det torch.Size([1, 3])\n", done.stderr

    hostile = forge.call(forge.name(module, "Det"), forge.text("open('ran', 'w')"))
    (folder / "d.pt").write_bytes(forge.archive(forge.program(hostile)))
    done = python(folder, "-m", name)
    assert "a checkpoint may not call Det" in done.stderr
    assert not (folder / "ran").exists()


def test_the_module_is_imported_below_what_makes_it_found(tmp_path, monkeypatch):
    folder = tmp_path / "app/deep"
    folder.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "models.py").write_text(dedent(MODELS))
    (folder / "run.py").write_text(
        "import sys\n\nimport torch\n\nsys.path.append('./')\n\n"
        'model = torch.load("d.pt", weights_only=False)\nprint(type(model).__name__)\n'
    )
    made = (
        "import torch; from app.deep.models import Det; torch.save(Det('torch.nn.ReLU()'), 'd.pt')"
    )
    assert python(tmp_path, "-c", made).returncode == 0
    monkeypatch.chdir(tmp_path)
    fix("--fix", "--unsafe-fixes")
    assert "restore_only(Det)" in (folder / "run.py").read_text()
    done = python(tmp_path, "app/deep/run.py")
    assert done.stdout == "Det\n", done.stderr


def test_fixing_twice_is_fixing_once(program):
    folder, run, *_ = program
    fix("--fix", "--unsafe-fixes")
    once = (folder / run).read_text()
    assert fix("--fix", "--unsafe-fixes").exit_code == 0
    assert (folder / run).read_text() == once


def test_a_fix_is_proven_with_the_module_that_it_brings(program):
    folder, run, _, helper = program
    said = fix("--fix", "--unsafe-fixes", "--verify", "--python", sys.executable)
    assert "not applied" not in said.stderr
    assert (folder / helper).read_text() == helper_text()
    ran = python(folder, "-m", run.removesuffix(".py").replace("/", "."))
    assert ran.stdout == "Det torch.Size([1, 3])\n", ran.stderr
    proven = CliRunner().invoke(root, ["verify", "--python", sys.executable, "."])
    assert proven.exit_code == 0, proven.output
    assert "1 proven" in proven.output


def test_a_proof_writes_no_module(program):
    folder, run, _, helper = program
    before = (folder / run).read_text()
    shown = fix("--diff", "--unsafe-fixes", "--verify", "--python", sys.executable)
    assert "+class _Restored" in shown.stdout
    assert (folder / run).read_text() == before
    assert not (folder / helper).exists()


def test_a_diff_is_all_that_the_program_needs(program):
    folder, run, _, helper = program
    shown = fix("--diff")
    assert "left: 1 error.\n`--unsafe-fixes` shows 1 more fix.\n" in shown.stderr
    diff = fix("--diff", "--unsafe-fixes")
    assert "shows" not in diff.stderr
    assert not (folder / helper).exists()
    (folder / "a.patch").write_text(diff.stdout)
    done = subprocess.run(["git", "apply", "a.patch"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / helper).read_text() == helper_text()
    ran = python(folder, "-m", run.removesuffix(".py").replace("/", "."))
    assert ran.stdout == "Det torch.Size([1, 3])\n", ran.stderr
    again = fix("--diff", "--unsafe-fixes")
    assert again.stdout == ""


def test_a_file_that_calls_the_class_gets_no_entry(program):
    folder, run, module, helper = program
    calls = forge.call(forge.name(module, "Det"), forge.text("None"))
    (folder / "d.pt").write_bytes(forge.archive(forge.program(calls)))
    before = (folder / run).read_text()
    fix("--fix", "--unsafe-fixes")
    assert (folder / run).read_text() == before
    assert not (folder / helper).exists()


def test_what_inspect_prints_to_be_copied_calls_nothing_either(program):
    _, _, module, _ = program
    shown = CliRunner().invoke(root, ["inspect", "--no-tree", "d.pt"]).output
    block = shown.partition("To load it:")[2]
    assert f"restore_only({module}.Det)," in block
    assert f"    {module}.Det," not in block


def test_another_file_of_that_name_stays(program):
    folder, run, _, helper = program
    (folder / helper).write_text("x = 1\n")
    before = (folder / run).read_text()
    assert "is another file" in fix("--fix", "--unsafe-fixes", "--output-format", "full").output
    assert (folder / run).read_text() == before
    assert (folder / helper).read_text() == "x = 1\n"


def test_no_module_is_written_where_all_files_are_imported(program):
    folder, run, _, helper = program
    (folder / run).with_name("registry.py").write_text(
        "import importlib, os\n\n\ndef register(folder):\n    for name in os.listdir(folder):\n"
        "        importlib.import_module(name.removesuffix('.py')).register()\n"
    )
    fix("--fix")
    assert not (folder / helper).exists()
    assert "registry.py imports what it finds in a folder" in fix("-v").output


def test_an_older_version_of_the_module_is_renewed_by_who_deletes_it(program, monkeypatch):
    folder, run, _, helper = program
    (folder / helper).write_text("x = 1\n")
    monkeypatch.setattr(helper_module, "_OLDER", frozenset({sha256(b"x = 1").hexdigest()[:32]}))
    told = fix("--fix", "--unsafe-fixes", "--output-format", "full").output
    assert "is an older version of the module that fixes write; delete it" in " ".join(told.split())
    assert "is another file" not in told
    (folder / helper).unlink()
    fix("--fix", "--unsafe-fixes")
    assert "restore_only(" in (folder / run).read_text()
    assert (folder / helper).read_text() == helper_module.helper_text()


def test_every_version_of_the_module_is_known():
    folder = Path(helper_module.__file__).parents[2]
    path = "src/torchload_lint/fixes/restore_only.txt"

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        return done.stdout

    for commit in git("log", "--format=%H", "--", path).split():
        text = git("show", f"{commit}:{path}")
        known = helper_module.is_older_helper("restore_only.py", text)
        assert known or not text or text.split() == helper_module.helper_text().split(), commit


def test_an_older_torch_cannot(program):
    folder, run, *_ = program
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = ">=2.5"\n')
    before = (folder / run).read_text()
    fix("--fix", "--unsafe-fixes")
    assert (folder / run).read_text() == before


def test_inspect_says_so(program):
    folder, *_ = program
    shown = CliRunner().invoke(root, ["inspect", "--no-tree", str(folder / "d.pt")]).output
    assert "[restore-only]" in shown
