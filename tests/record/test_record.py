"""Recorded runs: the program behaves as without, and later static runs know its files."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import venv
from pathlib import Path
from textwrap import dedent

import pytest

from torchload_lint.config import ConfigError, Settings
from torchload_lint.record import merge, read_store, write_loads, write_store
from torchload_lint.record.run import Observed
from torchload_lint.source.recorded import RecordedLoad, matching
from torchload_lint.workspace import Projects
from torchload_lint.workspace.adoption import recording

PROGRAM = """
    import inspect, multiprocessing, subprocess, sys
    from pathlib import Path
    import torch

    class Loader:
        def state(self, path):
            return torch.load(path, weights_only=True)

    def in_worker(path):
        return torch.load(path)["w"].tolist()

    if __name__ == "__main__":
        path = Path(sys.argv[1])
        print(Loader().state(path)["w"].tolist())
        with open(path, "rb") as handle:
            torch.load(handle, weights_only=True)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.map(in_worker, [str(path)]))
        subprocess.run([sys.executable, "child.py", str(path)], check=True)
        first = list(inspect.signature(torch.load).parameters)[0]
        print(torch.load is torch.serialization.load, first)
        try:
            torch.load("weights/missing.pt")
        except FileNotFoundError as error:
            print("missing", error.filename)
        sys.exit(7)
"""
CHILD = """
    import sys, torch
    print("child", len(torch.load(sys.argv[1])))
"""


SOURCE = Path(__file__).parents[2] / "src"


def run(folder: Path, *words: str, path: Path = SOURCE) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{path}"}
    return subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def record(folder: Path, *words: str, path: Path = SOURCE) -> subprocess.CompletedProcess[str]:
    return run(folder, sys.executable, "-m", "torchload_lint", "record", "--", *words, path=path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    (tmp_path / "main.py").write_text(dedent(PROGRAM))
    (tmp_path / "child.py").write_text(dedent(CHILD))
    (tmp_path / "weights").mkdir()
    return tmp_path


@pytest.mark.torch
def test_a_recorded_program_behaves_as_without(project: Path) -> None:
    import torch

    torch.save({"w": torch.ones(2)}, project / "weights" / "w.pt")
    words = (sys.executable, "main.py", "weights/w.pt")
    plain = run(project, *words)
    recorded = record(project, *words)
    assert plain.returncode == recorded.returncode == 7
    assert recorded.stdout == plain.stdout
    assert "True f" in plain.stdout

    store = json.loads((project / ".torchload-lint" / "loads.json").read_text())
    seen = {(one["file"], one["function"], one["checkpoint"]) for one in store["loads"]}
    method = "Loader.state" if sys.version_info >= (3, 11) else "state"
    assert seen == {
        ("child.py", "<module>", "weights/w.pt"),
        ("main.py", "<module>", "weights/missing.pt"),
        ("main.py", "<module>", "weights/w.pt"),
        ("main.py", "in_worker", "weights/w.pt"),
        ("main.py", method, "weights/w.pt"),
    }
    outcomes = {one["checkpoint"]: one["outcome"] for one in store["loads"]}
    assert outcomes["weights/w.pt"] == "loaded"
    assert outcomes["weights/missing.pt"].startswith("FileNotFoundError")
    assert all(one["torch"] == torch.__version__ for one in store["loads"])


@pytest.mark.torch
def test_a_load_that_torch_refuses_is_told_with_the_next_step(project: Path) -> None:
    """The command ends there, as it would without; what it needs is known then, and fixed."""
    import argparse

    import torch

    for name in ("a", "b"):
        torch.save({"args": argparse.Namespace(lr=1)}, project / "weights" / f"{name}.pt")
    text = """
        import sys, torch
        a = torch.load(sys.argv[1], weights_only=True)

        def later():
            return torch.load(sys.argv[2], weights_only=True)

        later()
        """
    (project / "main.py").write_text(dedent(text))
    words = (sys.executable, "main.py", "weights/a.pt", "weights/b.pt")
    for argument in (1, 2):
        recorded = record(project, *words)
        assert recorded.returncode == 1
        assert f"torch.load(sys.argv[{argument}]" in recorded.stderr
        assert "; torch refused 1 load (main.py:" in recorded.stderr
        run(project, sys.executable, "-m", "torchload_lint", "--fix", "main.py")
    recorded = record(project, *words)
    assert recorded.returncode == 0, recorded.stderr
    assert "refused" not in recorded.stderr
    handled = "import torch\ntry:\n    torch.load('weights/a.pt')\nexcept Exception:\n    pass\n"
    (project / "main.py").write_text(handled)
    recorded = record(project, sys.executable, "main.py")
    assert recorded.returncode == 0
    assert "refused" not in recorded.stderr


@pytest.mark.torch
def test_a_later_run_knows_a_file_that_is_gone(project: Path) -> None:
    import argparse

    import torch

    checkpoint = project / "weights" / "args.pt"
    torch.save({"args": argparse.Namespace(lr=1)}, checkpoint)
    (project / "main.py").write_text(
        "import sys\n\nimport torch\n\nprint(torch.load(sys.argv[1], weights_only=False))\n"
    )
    assert record(project, sys.executable, "main.py", "weights/args.pt").returncode == 0
    checkpoint.unlink()
    command = [sys.executable, "-m", "torchload_lint", "--fix", "."]
    run(project, *command)
    assert "weights_only=False" in (project / "main.py").read_text()  # another run may differ
    fixed = run(project, *command, "--unsafe-fixes")
    assert fixed.returncode == 0, fixed.stdout
    assert "safe_globals([Namespace])" in (project / "main.py").read_text()
    torch.save({"args": argparse.Namespace(lr=1)}, checkpoint)
    after = run(project, sys.executable, "main.py", "weights/args.pt")
    assert after.stdout == "{'args': Namespace(lr=1)}\n"


@pytest.mark.torch
def test_a_program_of_another_project_than_the_current_folder_s(project: Path) -> None:
    """Each project keeps its own loads; a folder that is no project gets none."""
    here, bare = project / "here", project.parent / "bare"
    for folder, name in ((here, "main.py"), (bare, "other.py")):
        folder.mkdir()
        (folder / name).write_text("import torch\ntorch.save(1, 'a.pt')\ntorch.load('a.pt')\n")
    (here / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    command = [sys.executable, "-u", str(here / "main.py")]
    (here / "app").mkdir()
    (here / "app" / "train.py").write_text("import main\n")
    ways = [(folder, command) for folder in (bare, project)]
    ways += [(bare, [sys.executable, "-m", "main"]), (bare, [sys.executable, "-mapp.train"])]
    for folder, words in ways:
        assert record(folder, *words, path=here).returncode == 0
        (load,) = read_store(here)
        assert (load.file, load.row, load.checkpoint) == ("main.py", 3, str(folder / "a.pt"))
        assert not (folder / ".torchload-lint").exists()
        (here / ".torchload-lint" / "loads.json").unlink()
    told = record(here, sys.executable, str(bare / "other.py")).stderr
    assert "nothing noted; not noted: 1 load in other code" in told
    assert not (bare / ".torchload-lint").exists()


@pytest.mark.torch
def test_what_was_recorded_is_not_trusted_for_that(project: Path) -> None:
    loads = [
        RecordedLoad(
            "main.py",
            "<module>",
            3,
            "w.pt",
            verdict="needs-safe-globals",
            safe_globals=("other.Thing",),
        )
    ]
    write_store(project, loads)
    source = 'import torch\n\nx = torch.load("w.pt")\n'
    (project / "main.py").write_text(source)
    result = run(
        project, sys.executable, "-m", "torchload_lint", "--fix", "--unsafe-fixes", "-v", "main.py"
    )
    assert "TLL103" in result.stdout
    assert "needs other.Thing, which nothing at this call allows" in result.stdout
    assert "other" not in (project / "main.py").read_text()


def test_a_command_that_is_not_there(project: Path) -> None:
    result = record(project, "no-such-command-at-all")
    assert result.returncode == 2
    assert "no-such-command-at-all" in result.stderr


def test_another_sitecustomize_still_runs(project: Path) -> None:
    other = project / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import builtins\nbuiltins.SEEN = 'theirs'\n")
    (project / "main.py").write_text("print(SEEN)\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2] / "src"), str(other)]),
    }
    words = [sys.executable, "-m", "torchload_lint", "record", "--", sys.executable, "main.py"]
    done = subprocess.run(
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "theirs\n"


def load(function: str, row: int, checkpoint: str = "a.pt") -> RecordedLoad:
    return RecordedLoad("m.py", function, row, checkpoint)


@pytest.mark.parametrize(
    ("function", "row", "expected"),
    [
        ("f", 3, ["a.pt"]),
        ("f", 99, ["a.pt", "b.pt"]),
        ("", 1, ["c.pt"]),
        ("K.g", 7, ["d.pt"]),
        ("h", 3, []),
    ],
)
def test_matching_by_function_then_row(function: str, row: int, expected: list[str]) -> None:
    recorded = (
        load("f", 3),
        load("f", 5, "b.pt"),
        load("<module>", 9, "c.pt"),
        load("g", 2, "d.pt"),
    )
    assert [one.checkpoint for one in matching(recorded, "m.py", function, row)] == expected


def test_merging_replaces_what_was_seen_again(tmp_path: Path) -> None:
    old, new = load("f", 3), load("f", 30)
    assert merge([old, load("g", 1)], [new]) == (new, load("g", 1))
    write_store(tmp_path, [new])
    assert read_store(tmp_path) == (new,)


@pytest.mark.parametrize("text", ["[]", "{", '{"version": 9}', '{"version": 1, "loads": [{}]}'])
def test_a_store_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ".torchload-lint").mkdir()
    (tmp_path / ".torchload-lint" / "loads.json").write_text(text)
    with pytest.raises(ConfigError, match=r"loads\.json: is not a recording"):
        read_store(tmp_path)


@pytest.mark.torch
def test_a_load_inside_a_package_is_noted_at_the_line_that_asked_for_it(project: Path) -> None:
    import torch

    torch.save({"w": torch.ones(2)}, project / "weights" / "model.pt")
    package = project / "env" / "site-packages" / "fakelib"
    package.mkdir(parents=True)
    package.joinpath("__init__.py").write_text(
        "import torch\n\ndef load_model(path):\n    return torch.load(path, weights_only=True)\n"
    )
    (project / "uses.py").write_text(
        "import sys\nsys.path.append('env/site-packages')\nimport fakelib\n\n"
        "def start():\n    return fakelib.load_model('weights/model.pt')\n\nstart()\n"
    )
    assert record(project, sys.executable, "uses.py").returncode == 0
    (noted,) = read_store(project)
    assert (noted.file, noted.function, noted.row) == ("uses.py", "start", 6)


@pytest.mark.torch
def test_a_torch_that_an_environment_imports_at_its_start(project: Path) -> None:
    """A ``.pth`` file is run before the hook is."""
    import torch

    torch.save({"w": torch.ones(1)}, project / "weights" / "w.pt")
    (project / "main.py").write_text("import torch\nprint(torch.load('weights/w.pt'))\n")
    venv.EnvBuilder(symlinks=os.name != "nt").create(project / "env")
    python = next((project / "env").glob("[Bb]*/python*"))
    (packages,) = (project / "env").rglob("site-packages")
    (packages / "a.pth").write_text("\n".join(path for path in sys.path if Path(path).is_dir()))
    (packages / "b.pth").write_text("import torch\n")
    recorded = record(project, str(python), "main.py")
    assert recorded.returncode == 0, recorded.stderr
    (load,) = read_store(project)
    assert (load.file, load.checkpoint, load.row) == ("main.py", "weights/w.pt", 2)


def test_no_more_is_hashed_than_a_user_waits_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty files of 2 GB took eight minutes after the end of the program."""
    monkeypatch.setattr(recording, "HASHED_IN_ALL", 250)
    observed = []
    for number in range(4):
        path = project / f"{number}.pt"
        path.write_bytes(pickle.dumps(b"%d" % number * 80))
        assert path.stat().st_size < 125
        place = (project / "main.py", number + 1, "main")
        observed.append(Observed(*place, path, "2.13.0", "loaded"))
    recorder = recording.Recorder(project, Projects(Settings()))
    recorder.take(observed)
    hashed = {load.checkpoint: bool(load.sha256) for load in recorder.loads[project.resolve()]}
    assert hashed == {"0.pt": True, "1.pt": True, "2.pt": False, "3.pt": False}


def test_what_a_killed_run_has_left_of_the_file_is_taken_away(tmp_path):
    path = tmp_path / "loads.json"
    names = {".loads.json.old.tmp": 2 * 60 * 60, ".loads.json.new.tmp": 0, ".mine.tmp": 2 * 60 * 60}
    for name, age in names.items():
        (tmp_path / name).write_text("half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    write_loads(path, [])
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"loads.json", ".loads.json.new.tmp", ".mine.tmp"}
