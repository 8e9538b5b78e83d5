"""Proofs by real torch: the allowlist that holds, the one that does not, and what is reported."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.helper_module import helper_text
from torchload_lint.names import Spelling
from torchload_lint.verify import AllowedObject, Interpreter, NoTorchError, find_python, prove

pytestmark = pytest.mark.torch

PYTHON = Path(sys.executable)
INTERPRETER = Interpreter(PYTHON)
MODEL = AllowedObject(Spelling("myapp.models", "MyModel"))
LINEAR = AllowedObject(Spelling("torch.nn", "Linear"))

FILES = {
    "pyproject.toml": "[project]\nname = 'x'\n",
    "myapp/__init__.py": "",
    "myapp/models.py": """
        import torch

        print("printing does no harm")


        class MyModel(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = torch.nn.Linear(2, 2)
        """,
    "myapp/moved.py": "from myapp.models import MyModel as Renamed\n",
    "myapp/sleepy.py": "import time\n\ntime.sleep(60)\n",
    "train.py": """
        import torch

        model = torch.load("model.pt", weights_only=False)
        """,
    "save.py": """
        import torch
        from myapp.models import MyModel

        torch.save(MyModel(), "model.pt")
        """,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
    subprocess.run([sys.executable, "save.py"], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_right_allowlist(project: Path) -> None:
    outcome = prove(project / "model.pt", [MODEL, LINEAR], INTERPRETER, [project])
    assert outcome.loads, outcome
    assert outcome.how == "meta device, mapped"
    assert outcome.imported == ("myapp",)
    assert outcome.torch
    assert outcome.python


@pytest.mark.parametrize(("entries", "missing"), [([MODEL], "Linear"), ([LINEAR], "MyModel")])
def test_an_entry_too_few(project: Path, entries: list[AllowedObject], missing: str) -> None:
    outcome = prove(project / "model.pt", entries, INTERPRETER, [project])
    assert outcome.status == "refused"
    assert missing in outcome.error


def test_a_checkpoint_of_a_machine_with_the_other_order_of_bytes(
    project: Path, tmp_path: Path
) -> None:
    """torch turns them around in place, which ends it where they are mapped or meta."""
    other = "big" if sys.byteorder == "little" else "little"
    with (
        zipfile.ZipFile(project / "model.pt") as old,
        zipfile.ZipFile(tmp_path / "m.pt", "w") as new,
    ):
        for name in old.namelist():
            is_order = name.endswith("/byteorder")
            new.writestr(name, other if is_order else old.read(name))
    outcome = prove(tmp_path / "m.pt", [MODEL, LINEAR], INTERPRETER, [project])
    assert outcome.loads, outcome
    assert outcome.how == "cpu device"


def test_pairs(project: Path) -> None:
    moved = AllowedObject(Spelling("myapp.moved", "Renamed"), "myapp.models.MyModel")
    assert prove(project / "model.pt", [moved, LINEAR], INTERPRETER, [project]).loads


def test_what_modules_register_does_not_help(project: Path, tmp_path: Path) -> None:
    (tmp_path / "registers.py").write_text(
        "import torch\nfrom myapp.models import MyModel\nfrom torch.nn import ReLU\n\n"
        "torch.serialization.add_safe_globals([torch.nn.Linear, MyModel])\n"
    )
    register = AllowedObject(Spelling("registers", "ReLU"))
    outcome = prove(project / "model.pt", [register], INTERPRETER, [tmp_path, project])
    assert outcome.status == "refused"


def test_nothing_is_written_into_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(copy.rglob("*"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    assert prove(copy / "model.pt", [MODEL, LINEAR], INTERPRETER, [copy]).loads
    assert sorted(copy.rglob("*")) == before


def test_a_name_that_is_not_there(project: Path) -> None:
    gone = AllowedObject(Spelling("myapp.models", "Gone"))
    outcome = prove(project / "model.pt", [gone], INTERPRETER, [project])
    assert outcome.status == "cannot-import"
    assert "Gone" in outcome.error


@pytest.mark.parametrize("template", ["{}.__base__", 'type({}("f4"))'])
def test_templates(project: Path, template: str) -> None:
    name = ("numpy", "dtype") if "f4" in template else ("myapp.models", "MyModel")
    outcome = prove(project / "model.pt", [AllowedObject(Spelling(*name, template)), MODEL, LINEAR],
                    INTERPRETER, [project])  # fmt: skip
    assert outcome.loads, outcome


def test_templates_are_not_evaluated(project: Path) -> None:
    spelling = Spelling("myapp.models", "MyModel", "{}.__init__('x') or print")
    outcome = prove(project / "model.pt", [AllowedObject(spelling)], INTERPRETER, [project])
    assert outcome.status == "cannot-import"


def test_paths_are_seen_from_here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PYTHON.parent)
    here = Interpreter(Path(PYTHON.name))
    roots = [project, project / "missing"]
    assert prove(project / "model.pt", [MODEL, LINEAR], here, roots).loads


def test_time_limit(project: Path) -> None:
    sleepy = AllowedObject(Spelling("myapp.sleepy", "time"))
    start = time.monotonic()
    outcome = prove(project / "model.pt", [sleepy], Interpreter(PYTHON, 8.0), [project])
    assert outcome.status == "timeout"
    assert time.monotonic() - start < 30


def test_no_torch_there(tmp_path: Path) -> None:
    with pytest.raises(NoTorchError, match="cannot be started"):
        prove(tmp_path / "a.pt", [], Interpreter(tmp_path / "python"))
    without = tmp_path / "python.sh"
    without.write_text(f'#!/bin/sh\nexec "{getattr(sys, "_base_executable", PYTHON)}" -I -S "$@"\n')
    without.chmod(0o755)
    with pytest.raises(NoTorchError, match="has no torch"):
        prove(tmp_path / "a.pt", [], Interpreter(without))


def test_which_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert find_python(None, tmp_path) == PYTHON
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_python(None, tmp_path) == own
    active = tmp_path / "active" / "bin" / "python"
    active.parent.mkdir(parents=True)
    active.touch()
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert find_python(None, tmp_path) == active
    assert find_python(Path("given"), tmp_path) == Path("given")


# -- the commands ----------------------------------------------------------------------------------


def test_verify_proves_the_fix(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    result = CliRunner().invoke(root, ["verify", "train.py", "--python", sys.executable])
    assert result.exit_code == 0, result.output
    assert "train.py:3: model.pt: with the fix, allowing myapp.models.MyModel" in result.output
    assert "imported there: myapp" in result.output


def test_verify_finds_what_does_not_load(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "bare.py").write_text(
        "import torch\n\n\ndef f(model_class):\n"
        "    with torch.serialization.safe_globals([model_class]):\n"
        '        torch.load("model.pt", weights_only=True)\n\n\n'
        "with torch.serialization.safe_globals([torch.nn.ReLU]):\n"
        '    torch.load("weights.pt", weights_only=True)\n'
    )
    import torch

    torch.save({"w": torch.ones(1)}, project / "weights.pt")
    result = CliRunner().invoke(root, ["verify", "bare.py", "--python", sys.executable])
    assert "bare.py:10: weights.pt: as it is, allowing torch.nn.ReLU: loads" in result.output


def test_a_fix_that_is_not_proven_is_not_applied(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    code = (project / "train.py").read_text()
    models = project / "myapp" / "models.py"
    text = models.read_text()
    try:
        models.write_text("import no_such_module\n" + text)
        result = CliRunner().invoke(
            root, ["--fix", "-v", "--verify", "--python", sys.executable, "train.py"]
        )
        assert (project / "train.py").read_text() == code
        assert "the fix is not applied" in result.output
        short = CliRunner().invoke(
            root, ["--fix", "--verify", "--python", sys.executable, "train.py"]
        )
        assert short.stderr.count("train.py:3: the fix is not applied: torch") == 1
        assert "No module named 'no_such_module'" in short.stderr
        assert "no_such_module" in result.output
    finally:
        models.write_text(text)
    result = CliRunner().invoke(root, ["--fix", "--verify", "--python", sys.executable, "train.py"])
    assert result.exit_code == 0, result.output
    assert "safe_globals([restore_only(MyModel)" in (project / "train.py").read_text()
    (project / "train.py").write_text(code)
    (project / "restore_only.py").unlink()


MOVED = """
import torch

first = torch.load("weights.pt", weights_only=True)
later = lambda: torch.load("model.pt", weights_only=True)
again = lambda: torch.load("model.pt", weights_only=True)
"""


def test_a_fix_that_loads_in_a_function_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its load stands before the others of the file; another one was taken for it."""
    import torch

    monkeypatch.chdir(project)
    torch.save({"w": torch.ones(1)}, project / "weights.pt")
    (project / "moved.py").write_text(MOVED)
    words = ["--python", sys.executable, "moved.py"]
    shown = CliRunner().invoke(root, ["verify", *words]).output
    fixed = "with the fix, allowing myapp.models.MyModel, torch.nn.Linear: loads"
    for row in (5, 6):
        assert f"moved.py:{row}: model.pt: {fixed}" in shown, shown
    assert "moved.py:4: weights.pt: as it is, allowing nothing: loads" in shown
    result = CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "--verify", *words])
    assert result.exit_code == 0, result.output
    assert (project / "moved.py").read_text().count("load_with_safe_globals(") == 3
    shown = CliRunner().invoke(root, ["verify", *words]).output
    assert "0 refused" in shown, shown


def test_what_is_not_given_to_torch_is_not_tried(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that cannot be read says nothing of the load, which ended with 0."""
    monkeypatch.chdir(project)
    (project / "broken.pt").write_bytes(b"no checkpoint")
    text = 'import torch\n\nx = torch.load("broken.pt", weights_only=True)\n'
    (project / "untried.py").write_text(text)
    result = CliRunner().invoke(root, ["verify", "--python", sys.executable, "untried.py"])
    assert result.exit_code == 2, result.output
    assert "is not given to torch" in result.output


def test_an_unsafe_fix_without_any_file_is_not_applied(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was, where a fix with a file was refused for want of a proof."""
    monkeypatch.chdir(project)
    text = (
        "import torch\n\ndef resume(net, path):\n"
        '    net.load_state_dict(torch.load(path, weights_only=False)["model"])\n'
    )
    (project / "guess.py").write_text(text)
    words = ["--fix", "--unsafe-fixes", "-v", "guess.py"]
    result = CliRunner().invoke(root, [*words, "--verify", "--python", sys.executable])
    assert result.exit_code == 1, result.output
    assert "it rests on no file that was read, so that nothing proves it" in result.output
    assert (project / "guess.py").read_text() == text
    assert CliRunner().invoke(root, words).exit_code == 0
    assert "weights_only=True" in (project / "guess.py").read_text()


def test_a_fix_whose_imports_hang_is_not_applied(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (project / "slow.py").write_text("import time\ntime.sleep(600)\n")
    text = 'import torch\nimport slow\n\nx = torch.load("model.pt", weights_only=True)\n'
    (project / "hangs.py").write_text(text)
    words = ["--python", sys.executable, "--timeout", "5", "hangs.py"]
    result = CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "--verify", *words])
    assert result.exit_code == 1, result.output
    assert "model.pt could not be tried with it (timeout: no answer within 5 s" in result.output
    assert (project / "hangs.py").read_text() == text


def test_no_torch_ends_with_2(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "no-python").write_text("not a program")
    for command in (["verify"], ["--verify"]):
        result = CliRunner().invoke(root, [*command, "--python", "no-python", "train.py"])
        assert result.exit_code == 2
        assert "no-python cannot be started" in result.output
        assert "--python" in result.output
        result = CliRunner().invoke(root, [*command, "--python", "nowhere", "train.py"])
        assert result.exit_code == 2
        assert "'nowhere' does not exist" in result.output


OWN = """
    import torch

    class Config:
        def __init__(self, lr=1):
            self.lr = lr

    {}
"""
OWN_LOADS = {
    "guard": 'if __name__ == "__main__":\n        c = torch.load("own.pt", weights_only=False)',
    "call": 'def f():\n        return torch.load("own.pt", weights_only=False)\n\n    c = f()',
    "top": 'c = torch.load("own.pt", weights_only=False)',
}


@pytest.mark.parametrize("name", OWN_LOADS)
def test_a_class_of_the_file_that_is_started(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkpoint names it by the module; where the file is started it is ``__main__``'s."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2.6']\n")
    source = textwrap.dedent(OWN.format(OWN_LOADS[name]))
    (tmp_path / "own.py").write_text(source.partition("if __name")[0].partition("def f")[0]
                                     .partition("c = ")[0])  # fmt: skip
    save = "import torch, own; torch.save(own.Config(), 'own.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=tmp_path, check=True)
    (tmp_path / "own.py").write_text(source)
    assert run_started(tmp_path) == "Config 1"
    result = CliRunner().invoke(root, ["--fix", "own.py"])
    assert "weights_only=True" in (tmp_path / "own.py").read_text(), result.output
    assert run_started(tmp_path) == "Config 1"
    assert CliRunner().invoke(root, ["own.py"]).exit_code == 0
    if name == "guard":  # a plain entry is proven wrong
        written = (tmp_path / "own.py").read_text()
        (tmp_path / "own.py").write_text(written.replace('(Config, "own.Config")', "Config"))
        found = CliRunner().invoke(root, ["verify", "own.py", "--python", sys.executable])
        assert found.exit_code == 1, found.output


def run_started(folder: Path) -> str:
    shown = "\nif 'c' in globals():\n    print(type(c).__name__, c.lr)\n"
    started = (folder / "own.py").read_text() + shown
    (folder / "own.py").write_text(started)
    try:
        done = subprocess.run(
            [sys.executable, "own.py"], cwd=folder, capture_output=True, text=True, check=False
        )
        return done.stdout.splitlines()[-1] if done.stdout else done.stderr
    finally:
        (folder / "own.py").write_text(started.rpartition("\nif 'c'")[0])


def test_modules_beside_a_script_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "scripts").mkdir()
    plain = "class Config:\n    def __init__(self):\n        self.lr = 1\n"
    (tmp_path / "net.py").write_text(plain)
    save = "import torch, net; torch.save(net.Config(), 'own.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=tmp_path, check=True)
    raising = "    def __setstate__(self, state):\n        raise RuntimeError('beside')\n"
    (tmp_path / "scripts" / "net.py").write_text(plain + raising)
    (tmp_path / "scripts" / "use.py").write_text(
        "import torch\nfrom net import Config\nwith torch.serialization.safe_globals([Config]):\n"
        "    c = torch.load('own.pt', weights_only=True)\n"
    )
    result = CliRunner().invoke(root, ["verify", "scripts/use.py", "--python", sys.executable])
    assert result.exit_code != 0, result.output


@pytest.mark.parametrize("python", ["/nonexistent", "/", "nonexistent", "/no/such/python"])
def test_an_interpreter_that_is_not_there(
    python: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    result = CliRunner().invoke(root, ["verify", "train.py", "--python", python])
    assert result.exit_code == 2
    assert "Error" not in result.output.replace("Error: ", "")


def test_what_is_restored_only_is_not_called_in_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net.py").write_text("class Net:\n    pass\n")
    (tmp_path / "restore_only.py").write_text(helper_text())
    (tmp_path / "main.py").write_text(
        "import torch\nfrom net import Net\nfrom restore_only import restore_only, safe_globals\n"
        "with safe_globals([restore_only(Net)]):\n    torch.load('w.pt', weights_only=True)\n"
    )
    saves = (
        "import torch, net\nclass Calls:\n    def __reduce__(self): return net.Net, (1,)\n"
        "net.Net.__init__ = lambda *_: None\ntorch.save({}, 'w.pt')\n"
        "torch.save(Calls(), 'called.pt')\ntorch.save(net.Net(), 'kept.pt')"
    )
    subprocess.run([sys.executable, "-c", saves], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    for name, is_proven in (("kept.pt", True), ("called.pt", False)):
        (tmp_path / "w.pt").write_bytes((tmp_path / name).read_bytes())
        ran = subprocess.run([sys.executable, "main.py"], capture_output=True, check=False)
        assert (ran.returncode == 0) is is_proven, ran.stderr
        said = CliRunner().invoke(root, ["verify", "main.py"]).output
        assert ("1 proven" in said) is is_proven, said


def test_the_module_that_a_fix_writes_into_a_package_is_proven_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2.6']\n")
    (app / "__init__.py").write_text("# A package with words in it.\n")
    (app / "net.py").write_text("class Net:\n    def set(self, x):\n        self.x = eval(x)\n")
    (app / "load.py").write_text("import torch\n\nnet = torch.load('w.pt')\n")
    saves = "import torch, app.net\ntorch.save(app.net.Net(), 'w.pt')"
    subprocess.run([sys.executable, "-c", saves], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    words = ["--fix", "--unsafe-fixes", "--verify", "--python", sys.executable, "app"]
    result = CliRunner().invoke(root, words)
    assert result.exit_code == 0, result.output
    assert "from app.restore_only import" in (app / "load.py").read_text()
    assert (app / "restore_only.py").is_file()
    said = CliRunner().invoke(root, ["verify", "--python", sys.executable, "app"]).output
    assert "1 proven" in said, said
