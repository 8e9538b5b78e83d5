"""The pre-commit hooks and the GitHub action: real pre-commit, a real git repository."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from notebook_samples import notebook_text

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
NOTEBOOK = notebook_text(["import torch", "%matplotlib inline\nx = torch.load(p)\n"])
IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]


def git(folder, *arguments):
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder, message="x"):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hooks_command_is_one_that_the_command_line_takes(hook, tmp_path):
    (tmp_path / "a.py").write_text("import torch\nx = torch.load(p)\n")
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nerror-on = "info"\n')
    assert shlex.split(hook["entry"])[0] == "torchload-lint"
    done = run_hook(hook, tmp_path, "a.py")
    fixes = "--fix" in hook["entry"]
    assert done.returncode == (0 if fixes else 1), done.stderr
    assert ("weights_only=True" in (tmp_path / "a.py").read_text()) == fixes


def run_hook(hook, folder, *files):
    _, *arguments = shlex.split(hook["entry"])
    return subprocess.run(
        [sys.executable, "-m", "torchload_lint", *arguments, *files],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )


NET = "import torch\n\n\nclass Net(torch.nn.Module):\n    pass\n"


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_commit_without_the_module_that_a_fix_wrote_fails_each_time(hook, tmp_path):
    """The module is new, so ``git commit -a`` leaves it behind, and it is there on the disk."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "__init__.py").touch()
    (tmp_path / "acme" / "net.py").write_text(NET)
    (tmp_path / "acme" / "predict.py").write_text(
        "import torch\n\nfrom acme.net import Net\n\nx = torch.load('m.pt')\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.6"\n')
    torch.save(torch.nn.Linear(2, 2), tmp_path / "m.pt")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    fixing = next(each for each in HOOKS if "--fix" in each["entry"])
    run_hook(fixing, tmp_path, "acme/predict.py")
    assert (tmp_path / "acme" / "restore_only.py").exists()
    git(tmp_path, "add", "-u")
    for _ in range(2):
        again = run_hook(hook, tmp_path, "acme/predict.py")
        assert again.returncode == 1
        assert "git does not track acme/restore_only.py" in again.stderr
    git(tmp_path, "add", "acme/restore_only.py")
    assert run_hook(hook, tmp_path, "acme/predict.py").returncode == 0
    (tmp_path / "acme" / "restore_only.py").unlink()  # as in a clone of the broken commit
    in_clone = run_hook(hook, tmp_path, "acme/predict.py")
    assert in_clone.returncode == 1
    assert "TLL208 the project holds no module acme.restore_only" in in_clone.stdout


def test_a_hook_in_a_linked_work_tree_sees_the_tree(tmp_path):
    """There git names its repository to a hook, and leaves the tree to the folder of the hook."""
    (tmp_path / "main" / "acme").mkdir(parents=True)
    (tmp_path / "main" / "acme" / "__init__.py").touch()
    (tmp_path / "main" / "acme" / "restore_only.py").write_text("safe_globals = list\n")
    (tmp_path / "main" / "acme" / "left").mkdir()
    (tmp_path / "main" / ".gitignore").write_text("/acme/left/out.py\n")
    git(tmp_path / "main", "init", "-q")
    commit(tmp_path / "main")
    tree = tmp_path / "tree"
    git(tmp_path / "main", "worktree", "add", "-q", str(tree))
    (tree / "acme" / "left").mkdir()
    (tree / "acme" / "left" / "out.py").write_text("import torch\ntorch.load(p)\n")
    code = "import torch\nfrom acme.restore_only import safe_globals\n\nx = torch.load(p)\n"
    (tree / "acme" / "a.py").write_text(code)
    report = (
        '"$PYTHON" -m torchload_lint --target-torch 2.5 --tracked-modules acme > "$REPORT" 2>&1'
    )
    script = tmp_path / "main" / ".git" / "hooks" / "pre-commit"
    script.write_text(f"#!/bin/sh\n{report}\n")
    script.chmod(0o755)
    told = tmp_path / "report"
    environment = {"PYTHON": sys.executable, "REPORT": str(told), "PYTHONPATH": str(ROOT / "src")}
    git(tree, "add", "-A")
    subprocess.run(
        ["git", *IDENTITY, "commit", "-m", "x"],
        cwd=tree,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert "acme/a.py:4:5: TLL102" in told.read_text()
    assert "out.py" not in told.read_text()  # which git ignores
    assert "does not track" not in told.read_text()


def test_hooks_run_one_process_for_python_and_notebooks():
    assert [hook["id"] for hook in HOOKS] == ["torchload-lint", "torchload-lint-fix"]
    for hook in HOOKS:
        assert hook["language"] == "python"
        assert hook["require_serial"] is True
        assert {"python", "jupyter"} <= set(hook["types_or"])
        assert "--force-exclude" in hook["entry"]


pre_commit = shutil.which("pre-commit", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.fixture
def hook_repository(tmp_path):
    """This project as a hook repository."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    git(folder, "init", "-q")
    commit(folder)
    git(folder, "tag", "v0")
    return folder


@pytest.fixture
def project(tmp_path, hook_repository):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("import torch\n\nmodel = torch.load(path)\n")
    (folder / "n.ipynb").write_text(NOTEBOOK)
    (folder / "vendored").mkdir()
    (folder / "vendored" / "b.py").write_text("import torch\n\nmodel = torch.load(path)\n")
    (folder / "pyproject.toml").write_text(
        '[tool.torchload-lint]\nextend-exclude = ["vendored"]\ntarget-torch = "2.6"\n'
    )
    hooks = [{"id": "torchload-lint-fix"}, {"id": "torchload-lint"}]
    config = {"repos": [{"repo": str(hook_repository), "rev": "v0", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(folder, "init", "-q")
    commit(folder)
    return folder


@pytest.mark.skipif(pre_commit is None, reason="needs pre-commit")
def test_real_pre_commit_checks_and_fixes(project, tmp_path):
    """pre-commit builds the environment itself, from this tree (and needs the package index)."""

    def run(hook):
        return subprocess.run(
            [str(pre_commit), "run", hook, "--all-files", "--verbose"],
            cwd=project,
            capture_output=True,
            text=True,
            env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")},
            check=False,
        )

    checked = run("torchload-lint")
    assert checked.returncode == 1
    assert "a.py:3:9: TLL102" in checked.stdout, checked.stdout
    assert "n.ipynb:cell 2:2:5: TLL102" in checked.stdout
    # pre-commit names excluded files outright; the configuration's excludes hold all the same.
    assert "vendored" not in checked.stdout
    fixed = run("torchload-lint-fix")
    assert "files were modified by this hook" in fixed.stdout
    assert (project / "n.ipynb").read_text() == NOTEBOOK.replace(
        "load(p)", "load(p, weights_only=True)"
    )
    assert run("torchload-lint-fix").returncode == 0
    assert run("torchload-lint").returncode == 0


def test_the_action_takes_no_input_as_shell_code():
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]


@pytest.fixture
def run_action(tmp_path):
    """Run the script of the action's last step, with the runner's variables."""
    (tmp_path / "a b.py").write_text("import torch\nx = torch.load(p)\n")
    programs = tmp_path / "torchload-lint" / "bin"
    programs.mkdir(parents=True)
    program = programs / "torchload-lint"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m torchload_lint "$@"\n')
    program.chmod(0o755)
    outputs = tmp_path / "outputs"
    outputs.write_text("")

    def run(arguments: str, **inputs: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", ACTION["runs"]["steps"][-1]["run"]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "src"),
                "RUNNER_TEMP": str(tmp_path),
                "GITHUB_OUTPUT": str(outputs),
                "PATHS": ".",
                "ARGS": f"--isolated {arguments}",
                "FORMAT": "sarif",
                "FILE": "",
                **inputs,
            },
            check=False,
        )
        return done.returncode, outputs.read_text()

    return run


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@needs_bash
def test_the_actions_script_checks_and_writes_sarif(run_action, tmp_path):
    assert run_action("--select TLL102 --error-on info") == (1, "report=torchload-lint.sarif\n")
    assert '"ruleId": "TLL102"' in (tmp_path / "torchload-lint.sarif").read_text()


@needs_bash
def test_the_action_names_no_report_that_is_not_there(run_action):
    assert run_action("--select NONSENSE") == (2, "")
    assert run_action("--select TLL102 --error-on info", FORMAT="github") == (1, "")
    assert run_action("--select TLL301", FILE="r.json", FORMAT="json") == (0, "report=r.json\n")
