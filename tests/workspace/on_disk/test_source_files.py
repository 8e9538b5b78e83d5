"""The project's files, asked for by what a program calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from torchload_lint.config import Config
from torchload_lint.workspace.on_disk.source_files import DiskFiles


@pytest.mark.parametrize(
    "name", ["x" * 5000, "scale: 4\nlr: 1\n" * 300, "a\0b", "", "missing.yaml"]
)
def test_what_no_file_can_be_called_is_not_there(tmp_path, name):
    files = DiskFiles(Config(root=tmp_path))
    assert not files.exists(name)
    assert files.text(name) is None


def test_a_file_is_there(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1\n")
    assert DiskFiles(Config(root=tmp_path)).exists("a.yaml")


@pytest.fixture
def searched(tmp_path):
    """Files of which one word was looked for, and the names that were read since."""
    (tmp_path / "a.py").write_text("word = 1\n")
    (tmp_path / "b.py").write_text("other = 1\n")
    read: list[str] = []

    def reading(path):
        read.append(path)
        return Path(path).read_bytes()

    files = DiskFiles(Config(root=tmp_path), reading)
    assert files.holding("word") == ["a.py"]
    return files


def test_a_file_that_is_handed_over_as_it_was_leaves_searches_alone(searched, monkeypatch):
    monkeypatch.setattr(searched, "_among", None)  # a second search would fail
    searched.keep("a.py", b"word = 1\n")
    searched.keep("notebook.ipynb", b"{}")
    assert searched.holding("word") == ["a.py"]


def test_a_file_that_has_changed_is_searched_again(searched):
    searched.keep("b.py", b"word = 2\n")
    assert searched.holding("word") == ["a.py", "b.py"]
    searched.keep("a.py", b"other = 2\n")
    assert searched.holding("word") == ["b.py"]


def test_scripts_are_searched_once_for_a_word_until_a_file_changes(tmp_path, monkeypatch):
    (tmp_path / "run.sh").write_text("python train.py --ckpt a.pt\n")
    files = DiskFiles(Config(root=tmp_path))
    assert files.commands_holding("--ckpt") == ["run.sh"]
    monkeypatch.setattr(files, "data", None)  # a second search would fail
    assert files.commands_holding("--ckpt") == ["run.sh"]
    monkeypatch.undo()
    files.keep("run.sh", b"python train.py\n")
    assert files.commands_holding("--ckpt") == []


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"extend_exclude": ("gen",)}, ["gen/run.py"]),
        ({"exclude": ("*.py",)}, ["gen/run.py", "main.py"]),
        ({}, []),
    ],
)
def test_excluded_python_files_may_call_what_the_project_defines(tmp_path, settings, found):
    for name in ("main.py", "gen/run.py", "build/run.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("from loading import load\n")
    files = DiskFiles(Config(root=tmp_path, **settings))
    assert files.commands_holding("load") == found
    assert not {*files.python_files()} & {*found}


def test_an_environment_that_is_excluded_is_not_searched(tmp_path, monkeypatch):
    monkeypatch.setattr("torchload_lint.workspace.on_disk.discover._MOST_EXCLUDED", 2)
    for number in range(3):
        (tmp_path / f"a{number}.py").write_text("from loading import load\n")
    files = DiskFiles(Config(root=tmp_path, extend_exclude=("a*.py",)))
    assert files.commands_holding("load") == []


def test_an_empty_file_can_be_read(tmp_path):
    (tmp_path / "__init__.py").touch()
    assert DiskFiles(Config(root=tmp_path)).text("__init__.py") == ""
