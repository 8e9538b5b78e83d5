"""The answer does not depend on the order of files, the number of workers, or which were given."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest

from torchload_lint.workspace import (
    Options,
    Projects,
    Settings,
    check_files,
    discover,
    kept_trees,
)
from torchload_lint.workspace.projects import Project

FILES = 60
PARTS = (
    "state = torch.load({path!r})\n",
    "def any_file(at):\n    return torch.load(at)\n",
    "state = torch.load({path!r}, weights_only=False)\n",
    "state = torch.load({path!r}, weights_only=True)\n",
    "def read(at={path!r}, ok=1):\n    torch.load(at, weights_only=ok)\n\n\nread(ok=0)\n",
    "from torch.serialization import add_safe_globals\nadd_safe_globals([print])\n",
    "class Net(torch.nn.Module):\n    pass\n\n\ntorch.save(Net(), {path!r})\n",
    "torch.load = print\n",
    "from {other} import read, load_{number}\nread({path!r}, ok=0)\nload_{number}({path!r})\n",
    "import os\n\nos.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'\n",
    "torch.load({path!r}  # not closed\n",
    "value = 1\n",
)
START = "import torch\n\n\ndef load_{number}(path):\n    torch.load(path, weights_only=False)\n"
PATHS = ("weights/a.pt", "weights/b.pt", "missing.pt", "run_*/last.pt")


def module_name(number):
    return f"package_{number % 4}.module_{number}"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of many small files, some of which import one another, with two checkpoints."""
    root = tmp_path_factory.mktemp("project")
    chance = random.Random(4)
    (root / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    (root / "weights").mkdir()
    (root / "weights/a.pt").write_bytes(pickle.dumps({"epoch": 3}, protocol=2))
    (root / "weights/b.pt").write_bytes(b"<html>not found</html>")
    for number in range(FILES):
        path = root / f"{module_name(number).replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        text = START.format(number=number)
        for part in chance.sample(PARTS, 3):
            other = chance.randrange(FILES)
            text += "\n" + part.format(
                path=chance.choice(PATHS), other=module_name(other), number=other
            )
        path.write_text(text)
    return root


def found(files, **options):
    """File → what is reported there, for a run that has seen nothing before."""
    run = check_files([*map(str, files)], Projects(Settings()), Options(**options))
    assert not run.errors
    return {result.path: result.diagnostics for result in run.results}


@pytest.fixture(scope="module")
def files(project):
    return [Path(name) for name in discover([project], Projects(Settings()).config_of)[0]]


@pytest.fixture(scope="module", params=[False, True], ids=["safe", "unsafe"])
def expected(request, files):
    """The findings of one process that takes the files in order; and whether it infers."""
    return found(files, jobs=1, unsafe=request.param), request.param


def test_the_project_is_telling(expected):
    codes = {one.code for diagnostics in expected[0].values() for one in diagnostics}
    assert len(expected[0]) > FILES / 2
    assert codes >= {"TLL001", "TLL101", "TLL102", "TLL108", "TLL301", "TLL302", "TLL401"}
    everything = sum(expected[0].values(), ())
    assert {one.code for one in everything if one.checkpoints} >= {"TLL502"}
    assert any("the callers in the project" in note for one in everything for note in one.notes)


def test_the_order_of_files_is_no_matter(files, expected):
    diagnostics, unsafe = expected
    for seed in range(3):
        shuffled = random.Random(seed).sample(files, len(files))
        assert found(shuffled, jobs=1, unsafe=unsafe) == diagnostics


@pytest.mark.parametrize("jobs", [2, 4])
def test_the_number_of_workers_is_no_matter(files, expected, jobs):
    diagnostics, unsafe = expected
    assert found(files, jobs=jobs, unsafe=unsafe) == diagnostics


def test_the_files_that_are_given_are_no_matter(files, expected):
    diagnostics, unsafe = expected
    chance = random.Random(1)
    for size in (1, 1, 1, 5, 20):
        some = chance.sample(files, size)
        wanted = {path: diagnostics[path] for path in some if path in diagnostics}
        assert found(some, jobs=1, unsafe=unsafe) == wanted


def test_results_come_in_the_order_of_their_paths(files):
    shuffled = random.Random(2).sample(files, len(files))
    paths = list(found(shuffled, jobs=2))
    assert paths == sorted(paths, key=str)


def test_one_bad_file_does_not_stop_the_others(project, files):
    gone = project / "package_0" / "gone.py"
    binary = project / "package_0" / "binary.py"
    binary.write_bytes(b"\0\1\2torch.load")
    try:
        diagnostics = found([gone, binary, *files], jobs=2)
    finally:
        binary.unlink()
    assert [one.code for one in diagnostics.pop(gone)] == ["TLL002"]
    assert [one.code for one in diagnostics.pop(binary)] == ["TLL002"]
    assert diagnostics == found(files, jobs=1)


def test_syntax_trees_do_not_pile_up_and_findings_stay(expected, files, monkeypatch):
    findings, unsafe = expected
    trees = []
    rest = Project.rest

    def counted(project):
        rest(project)
        context = project.__dict__.get("context")
        trees.append(0 if context is None else context.project.parsed)

    monkeypatch.setattr(Project, "rest", counted)
    monkeypatch.setattr(kept_trees, "MOST_KEPT_CHARACTERS", 2_000)
    assert found(files, jobs=1, unsafe=unsafe) == findings
    if not unsafe:  # where needs are inferred, the first file's questions lead to all others
        assert trees.count(0) > 1
    added = [now - before for before, now in zip([0, *trees], trees, strict=False)]
    assert max(trees) <= 2 * max(added)
