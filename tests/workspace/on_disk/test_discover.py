"""Which files are looked at: excludes, git, links, and what a hostile repository puts there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import torch

from torchload_lint import api
from torchload_lint.config import Config
from torchload_lint.workspace.on_disk import discover as discover_module
from torchload_lint.workspace.on_disk.discover import discover, of_one_project
from torchload_lint.workspace.on_disk.source_files import DiskFiles


def found(folder: Path, *paths: Path, **settings: object) -> list[str]:
    """The names of the files that are found, from ``folder``."""
    config = Config(root=folder, **settings)
    files, missing = discover(paths or (folder,), lambda _: config)
    assert not missing
    return [Path(name).relative_to(folder).as_posix() for name in files]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in ("a.py", "sub/b.py", "sub/n.ipynb", "sub/notes.txt", "build/c.py", "old/d.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import torch\n")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_python_and_notebooks_without_the_usual_excludes(tree):
    assert found(tree) == ["a.py", "old/d.py", "sub/b.py", "sub/n.ipynb"]


def test_configured_excludes(tree):
    assert found(tree, extend_exclude=("old", "sub/*.ipynb")) == ["a.py", "sub/b.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("sub/**/b.py", ["a.py", "old/d.py", "sub/n.ipynb"]),  # no folder between is one way
        ("**/d.py", ["a.py", "sub/b.py", "sub/n.ipynb"]),
        ("/old/**", ["a.py", "sub/b.py", "sub/n.ipynb"]),
        ("./old/", ["a.py", "sub/b.py", "sub/n.ipynb"]),
        ("*.ipynb", ["a.py", "old/d.py", "sub/b.py"]),
        ("*/n.ipynb", ["a.py", "old/d.py", "sub/b.py"]),
        ("ol?", ["a.py", "sub/b.py", "sub/n.ipynb"]),
        ("!a.py", ["a.py", "old/d.py", "sub/b.py", "sub/n.ipynb"]),
        ("#*", ["a.py", "old/d.py", "sub/b.py", "sub/n.ipynb"]),
        ("b.py/", ["a.py", "old/d.py", "sub/n.ipynb"]),
        ("sub", ["a.py", "old/d.py"]),
        ("*/", []),
        ("/", ["a.py", "old/d.py", "sub/b.py", "sub/n.ipynb"]),
    ],
)
def test_a_pattern_means_what_it_means_to_git(tree, pattern, left):
    assert found(tree, extend_exclude=(pattern,)) == left


@pytest.mark.parametrize(
    "patterns",
    [
        ("*.py", "!a.py"),
        ("!a.py", "*.py"),
        ("sub", "!sub/b.py"),  # nothing inside of a folder that is excluded
        ("sub/*", "!sub/b.py"),
        ("old", "!old", "*.ipynb"),
        ("*", "!*/", "!b.py", "!**/d.py"),
        ("*.py", "!old/"),
        ("*.py", "!/old/d.py", "old/?.py", "!d.py"),
        ("\\!a.py", "*.ipynb", "!./sub/n.ipynb"),
    ],
)
def test_exceptions_mean_what_they_mean_to_git(tree, patterns):
    given = [pattern.replace("./", "/") for pattern in patterns]  # git has no ./
    git(tree, "init", "-q")
    (tree / ".gitignore").write_text("\n".join([*given, "build"]))
    theirs = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=tree, capture_output=True, check=True
    )
    left = [name for name in theirs.stdout.decode().split() if name.endswith((".py", ".ipynb"))]
    settings = {"extend_exclude": patterns, "respect_gitignore": False}
    assert found(tree, **settings) == sorted(left)


def test_a_link_that_leads_nowhere_counts_only_where_it_is_called_like_python(tree):
    (tree / "run.sh").symlink_to("nowhere/run.sh")
    (tree / "lost.py").symlink_to("nowhere/lost.py")
    assert found(tree) == ["a.py", "lost.py", "old/d.py", "sub/b.py", "sub/n.ipynb"]


def test_a_file_given_by_name_is_taken_unless_excludes_are_forced(tree):
    wanted = tree / "build" / "c.py"
    assert found(tree, wanted) == ["build/c.py"]
    assert found(tree, wanted, force_exclude=True) == []


def test_what_is_not_there_is_said(tmp_path):
    config = Config(root=tmp_path)
    assert discover([tmp_path / "no.py"], lambda _: config) == ([], [tmp_path / "no.py"])


def test_what_git_ignores(tree):
    git(tree, "init", "-q")
    (tree / ".gitignore").write_text("old/\n")
    assert found(tree) == ["a.py", "sub/b.py", "sub/n.ipynb"]
    assert "old/d.py" in found(tree, respect_gitignore=False)


@pytest.mark.parametrize("with_git", [False, True])
def test_a_link_that_leads_out_is_another_projects_file(tree, tmp_path, with_git):
    other = tmp_path / "other"
    other.mkdir()
    (other / "theirs.py").write_text("import torch\n")
    (tree / "theirs.py").symlink_to(other / "theirs.py")
    (tree / "ours.py").symlink_to("a.py")
    if with_git:
        git(tree, "init", "-q")
    names = found(tree)
    assert "ours.py" in names
    assert "theirs.py" not in names
    assert found(tree, tree / "theirs.py") == ["theirs.py"], "but given by name it is meant"


def test_a_folder_inside_may_link_to_the_rest_of_its_project(tree):
    (tree / "sub" / "up.py").symlink_to("../a.py")
    assert "sub/up.py" in found(tree, tree / "sub")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_pipes_and_devices_are_left_out(tree, make):
    make(tree / "endless.py")
    assert "endless.py" not in found(tree, respect_gitignore=False)


def test_a_repositorys_own_git_configuration_starts_nothing(tree, tmp_path):
    git(tree, "init", "-q")
    git(tree, "add", "a.py")
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor"):
        git(tree, "config", key, f"touch {tmp_path}/started; false")
    assert "a.py" in found(tree)
    assert not (tmp_path / "started").exists()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that is no project, with a script and two repositories below it."""
    folder = tmp_path / "home"
    for name in ("own.py", "notes/more.py", "notes/clone/net.py", "other/deep/net.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("import torch\n")
    for repository in ("notes/clone", "other"):
        git(folder / repository, "init", "-q")
    return folder


def test_the_repositories_in_a_folder_are_checked_with_it(home):
    assert found(home) == ["notes/clone/net.py", "notes/more.py", "other/deep/net.py", "own.py"]


def test_the_repositories_in_a_folder_are_no_part_of_its_project(home):
    assert DiskFiles(Config(root=home)).python_files() == ["notes/more.py", "own.py"]


def test_a_listing_that_is_handed_over_leaves_them_out_as_well(home):
    names = ["notes/clone/net.py", "notes/more.py", "other/deep/net.py", "own.py"]
    assert list(of_one_project(home, names)) == ["notes/more.py", "own.py"]


def test_what_lies_in_a_repository_is_listed_by_git(home):
    assert DiskFiles(Config(root=home / "other")).python_files() == ["deep/net.py"]
    assert list(of_one_project(home / "other", ["deep/net.py"])) == ["deep/net.py"]


def test_around_what_lies_in_no_project_the_nearest_files_are_looked_at(home, monkeypatch):
    monkeypatch.setattr(discover_module, "MOST_NEAR", 1)
    files = DiskFiles(Config(root=home))
    assert files.python_files() == ["own.py"]
    assert "no project" in files.left_out()


def test_in_a_project_all_files_are_looked_at(tree, monkeypatch):
    monkeypatch.setattr(discover_module, "MOST_NEAR", 1)
    (tree / "setup.py").write_text("")
    files = DiskFiles(Config(root=tree))
    assert len(files.python_files()) == 4
    assert not files.left_out()


def test_a_path_is_not_called_complete_where_files_were_left_out(home, monkeypatch):
    torch.save({"w": torch.ones(1)}, home / "net.pt")
    code = "import torch\n\nstate = torch.load('net.pt', weights_only=False)\n"
    (home / "own.py").write_text(code)
    monkeypatch.chdir(home)
    assert "weights_only=True" in api.fix(code, home / "own.py")
    monkeypatch.setattr(discover_module, "MOST_NEAR", 2)
    assert api.fix(code, home / "own.py") == code
