"""Folders of a project that state a torch of their own, beside or instead of the root's."""

from __future__ import annotations

import pytest

from torchload_lint.checkpoint.known.torch_range import LINES
from torchload_lint.requirements import releases, stating_files
from torchload_lint.requirements.releases import Requirements

MONOREPO = {
    "pyproject.toml": "[tool.uv.workspace]\nmembers = ['packages/*']\n",
    "packages/old/pyproject.toml": "[project]\nname = 'old'\ndependencies = ['torch<2.6']\n",
    "packages/new/pyproject.toml": "[project]\nname = 'new'\ndependencies = ['torch>=2.7']\n",
    "packages/plain/pyproject.toml": "[project]\nname = 'plain'\ndependencies = ['numpy']\n",
}
LIBRARY = {
    "setup.py": "from setuptools import setup\nsetup(name='x', install_requires=['torch>=2.2'])\n",
    "examples/old/requirements.txt": "-r ../common.txt\n",
    "examples/common.txt": "torch==1.13.1\n",
    "examples/any/requirements.txt": "torch\n",
    "x/ops/setup.py": "from setuptools import setup\nsetup(name='ops')\n",
    "docker/Dockerfile": "FROM pytorch/pytorch:2.1.0-cuda11.8-cudnn8-runtime\n",
}
RESEARCH = {
    "README.md": "Every folder is a paper.\n",
    "beit/requirements.txt": "torch==1.7.1\n",
    "yoco/requirements.txt": "torch>=2.2.0\n",
    "kosmos/docker/Dockerfile": "FROM pytorch/pytorch:1.13.1-cuda11.6-cudnn8-devel\n",
}


def written(files, folder):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Requirements(folder)


def said(found):
    """``1.13, 2.2 to 2.15``: release lines that follow one another, together."""
    places = [LINES.index(line) for line in found.versions]
    firsts = [place for place in places if place - 1 not in places]
    lasts = [place for place in places if place + 1 not in places]
    return ", ".join(
        f"{LINES[first]} to {LINES[last]}" if first < last else str(LINES[first])
        for first, last in zip(firsts, lasts, strict=True)
    )


@pytest.mark.parametrize(
    ("files", "folder", "expected"),
    [
        (MONOREPO, "packages/old", "0.4 to 2.5"),
        (MONOREPO, "packages/old/src/old", "0.4 to 2.5"),
        (MONOREPO, "packages/new", "2.7 to 2.15"),
        (MONOREPO, "packages/plain", "2.15"),
        (MONOREPO, "", "2.15"),
        (LIBRARY, "x", "2.2 to 2.15"),
        (LIBRARY, "x/ops", "2.2 to 2.15"),  # extensions that say nothing of torch
        (LIBRARY, "examples/old", "1.13, 2.2 to 2.15"),  # as the example says, or as the library
        (LIBRARY, "examples/any", "2.2 to 2.15"),
        (RESEARCH, "beit", "1.7"),
        (RESEARCH, "yoco/model", "2.2 to 2.15"),
        (RESEARCH, "kosmos", "1.13 to 2.15"),  # an image is one way to run it
        (RESEARCH, "", "2.15"),
        (RESEARCH, "gone", "2.15"),
        (LIBRARY, "../elsewhere", "2.2 to 2.15"),
    ],
)
def test_the_range_of_a_folder(tmp_path, files, folder, expected):
    assert said(written(files, tmp_path).range_in(folder)) == expected


def test_a_package_without_a_word_has_the_repositorys(tmp_path):
    (tmp_path / ".git").mkdir()
    files = MONOREPO | {"uv.lock": '[[package]]\nname = "torch"\nversion = "2.5.1"\n'}
    written(files, tmp_path)
    found = Requirements(tmp_path / "packages" / "plain").range_in()
    assert said(found) == "2.5"
    assert [str(one) for one in found.stated] == ["../../uv.lock:3 says torch==2.5.1"]


def test_places_are_named_from_the_root(tmp_path):
    found = written(LIBRARY, tmp_path).range_in("examples/old")
    assert found.origin == "examples/common.txt:1 says torch==1.13.1; setup.py:2 says torch>=2.2"


def test_each_folder_is_read_once_however_many_lie_below_it(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("torch>=2.6\n")
    read = []

    def declared_in(files, folder):
        read.append(folder)
        return stating_files.declared_in(files, folder)

    monkeypatch.setattr(releases, "declared_in", declared_in)
    requirements = Requirements(tmp_path)
    ranges = [requirements.range_in(folder) for folder in ("a/b", "a/c", "a", "")]
    assert [str(one.oldest) for one in ranges] == ["2.6"] * 4
    assert sorted(read) == ["", "a", "a/b", "a/c"]
