"""Many checkpoints at once: files, folders, their places, and the source that goes with them."""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import os
import pickle
import re
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from migrate.helpers import load
from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "w" / "old").mkdir(parents=True)
    torch.save({"n": argparse.Namespace(x=1)}, tmp_path / "w" / "a.pt")
    torch.save({"n": argparse.Namespace(x=2)}, tmp_path / "w" / "old" / "b.pth")
    torch.save({"n": torch.ones(1)}, tmp_path / "w" / "plain.pt")
    (tmp_path / "w" / "notes.pt").write_text("no checkpoint")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: object):
    return CliRunner().invoke(root, ["migrate", *map(str, words)])


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_several_files_and_one_that_is_not_there(project: Path) -> None:
    result = run("w/a.pt", "w/gone.pt", "w/old/b.pth")
    assert result.exit_code == 2
    assert "w/gone.pt: No such file" in result.output
    assert load(project / "w" / "a.migrated.pt") == {"n": {"x": 1}}
    assert load(project / "w" / "old" / "b.migrated.pt") == {"n": {"x": 2}}


def test_a_folder_into_another(project: Path) -> None:
    before = {path: path.read_bytes() for path in (project / "w").rglob("*.pt*")}
    result = run("w", "--out-dir", "new", "--manifest", "done.json")
    assert result.exit_code == 0, result.output
    assert names(project / "new") == ["a.pt", "old/b.pth"]
    assert before == {path: path.read_bytes() for path in (project / "w").rglob("*.pt*")}
    files = json.loads((project / "done.json").read_text())["files"]
    assert [one["path"] for one in files] == ["w/a.pt", "w/old/b.pth"]
    for one in files:
        for key, path in (("sha256", one["path"]), ("out_sha256", one["out"])):
            assert one[key] == hashlib.sha256((project / path).read_bytes()).hexdigest()
    assert result.stderr.endswith("note: 1 file there loads as it is, and is left alone\n")
    again = run("new").stderr
    assert "no checkpoint that has to be migrated" in again
    assert again.endswith("note: 2 files there load as they are, and are left alone\n")


def test_a_folder_with_files_that_cannot_be_read(project: Path) -> None:
    """What was a checkpoint is an error, as by its name; what only is called like one is named."""
    whole = (project / "w" / "plain.pt").read_bytes()
    (project / "w" / "cut.pt").write_bytes(whole[:-50])
    (project / "w" / "none.pt").write_bytes(b"")
    result = run("w", "--out-dir", "new")
    assert result.exit_code == 2
    assert names(project / "new") == ["a.pt", "old/b.pth"]
    assert "error: w/cut.pt: the archive's end is missing" in result.stderr
    assert "error: w/none.pt: the file is empty" in result.stderr
    assert "warning: w/notes.pt is not migrated: this is a text file" in result.stderr
    assert "plain.pt" not in result.output


def test_a_folder_with_checkpoints_that_are_called_anything(project: Path) -> None:
    """What torch wrote is taken; what any program may have written is named."""
    folder = project / "w"
    needing = (folder / "a.pt").read_bytes()
    called = ["checkpoint-100", "model.ckpt-7", "net.dat", "gone.pt.bak", "c.migrated.pt"]
    for name in called:
        (folder / name).write_bytes(needing)
    (folder / "a.pt.bak").write_bytes(needing)  # what a run has kept
    (folder / "cache.dat").write_bytes(pickle.dumps(argparse.Namespace(x=1)))
    (folder / "cut-1").write_bytes(needing[:-50])
    (folder / "as.safetensors").write_bytes(needing)
    with zipfile.ZipFile(folder / "letter.docx", "w") as archive:
        archive.writestr("a.xml", "x")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    result = run("w", "--out-dir", "new")
    assert result.exit_code == 0, result.output
    taken = {path.name for path in (project / "new").iterdir() if path.is_file()}
    assert taken == {"a.pt", *called}
    for name in called:
        assert load(project / "new" / name) == {"n": {"x": 1}}
    assert "w/cache.dat is not migrated: it is not called like a checkpoint" in result.stderr
    assert "w/cut-1 is not migrated: the archive's end is missing" in result.stderr
    assert "w/as.safetensors is not migrated: the path ends in .safetensors" in result.stderr
    assert "letter.docx" not in result.output
    assert before == {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_damaged_safetensors_file_in_a_folder(project: Path) -> None:
    save_file({"a": torch.ones(2)}, project / "w" / "good.safetensors")
    whole = (project / "w" / "good.safetensors").read_bytes()
    (project / "w" / "bad.safetensors").write_bytes(whole[:-3])
    for words in ([], ["--to", "safetensors", "--dry-run"]):
        result = run("w", "--out-dir", "new", "--force", *words)
        assert result.exit_code == 2
        assert "error: w/bad.safetensors: " in result.stderr
        assert "good.safetensors" not in result.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent/done.json", "absent: No such file or directory"),
        ("new/old/b.pth", "new/old/b.pth is a checkpoint"),
        ("w/a.pt", "w/a.pt is a checkpoint"),
    ],
)
def test_a_manifest_that_cannot_be_is_said_before_anything_is_written(
    project: Path, name: str, said: str
) -> None:
    before = (project / "w" / "a.pt").read_bytes()
    result = run("w", "--out-dir", "new", "--manifest", name, "--force")
    assert result.exit_code == 2
    assert said in result.output, result.output
    assert not (project / "new").exists()
    assert (project / "w" / "a.pt").read_bytes() == before


def test_a_manifest_lies_in_a_folder_that_is_made(project: Path) -> None:
    assert run("w", "--out-dir", "new", "--manifest", "new/old/done.json").exit_code == 0
    assert names(project / "new") == ["a.pt", "old/b.pth", "old/done.json"]


def test_no_empty_folder_is_left(project: Path) -> None:
    (project / "there").mkdir()
    result = run("w", "--to", "safetensors", "--out-dir", "there/new")
    assert result.exit_code == 2
    assert names(project / "there") == ["new/plain.safetensors"]
    assert not (project / "there" / "new" / "old").exists()
    assert run("w/old", "--to", "safetensors", "--out-dir", "there/other/new").exit_code == 2
    assert [path.name for path in (project / "there").iterdir()] == ["new"]


def test_in_place_with_hard_links(project: Path) -> None:
    os.link(project / "w" / "a.pt", project / "w" / "c.pt")
    result = run("w", "--in-place")
    assert result.exit_code == 0, result.output
    assert load(project / "w" / "a.pt") == load(project / "w" / "c.pt") == {"n": {"x": 1}}
    kept = [(project / "w" / f"{name}.pt.bak").read_bytes() for name in "ac"]
    assert kept[0] == kept[1]


def test_a_manifest_takes_the_place_of_an_older_one_alone(project: Path) -> None:
    """That of a checkpoint was taken, with the only copy of what was migrated."""
    (project / "notes.json").write_text('{"mine": 1}')
    checkpoint = (project / "w" / "a.pt").read_bytes()
    for name in ("notes.json", "w/a.pt", "/dev/null"):
        result = run("w/a.pt", "--manifest", name)
        assert result.exit_code == 2
        assert f"{name} is there and is not a manifest" in result.output
    result = run("w/a.pt", "--manifest", "w/a.pt", "--force")
    assert result.exit_code == 2
    assert "is a checkpoint" in result.output
    assert (project / "notes.json").read_text() == '{"mine": 1}'
    assert (project / "w" / "a.pt").read_bytes() == checkpoint
    assert run("w/a.pt", "--manifest", "done.json", "--force").exit_code == 0
    assert run("w/a.pt", "--manifest", "done.json", "--force").exit_code == 0
    assert run("w/old", "--out-dir", "new", "--manifest", "done.json").exit_code == 0
    (one,) = json.loads((project / "done.json").read_text())["files"]
    assert one["path"] == "w/old/b.pth"


def test_in_place_with_a_backup(project: Path) -> None:
    before = (project / "w" / "a.pt").read_bytes()
    result = run("w", "--in-place")
    assert result.exit_code == 0, result.output
    assert (project / "w" / "a.pt.bak").read_bytes() == before
    assert load(project / "w" / "a.pt") == {"n": {"x": 1}}
    assert names(project / "w") == [
        "a.pt", "a.pt.bak", "notes.pt", "old/b.pth", "old/b.pth.bak", "plain.pt",
    ]  # fmt: skip
    # A backup is not overwritten by the next run.
    torch.save({"n": argparse.Namespace(x=3)}, project / "w" / "a.pt")
    result = run("w/a.pt", "--in-place")
    assert result.exit_code == 2
    assert "a.pt.bak is there already" in result.output
    assert (project / "w" / "a.pt.bak").read_bytes() == before


def test_in_place_again_keeps_what_was_kept(project: Path) -> None:
    before = (project / "w" / "a.pt").read_bytes()
    for number in ("", "2", "2"):  # the third is the file that was kept then
        result = run("w/a.pt", "--in-place", "--force")
        assert f"kept as w/a.pt.bak{number}" in result.output
    assert (project / "w" / "a.pt.bak").read_bytes() == before
    assert "a.pt.bak2" in names(project / "w")
    assert "bak" not in run("w", "--dry-run").output  # of a folder, what was kept is not taken


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["w", "v", "--out-dir", "new"], "new/a.pt"),
        (["w/a.pt", "w/a.pth"], "w/a.migrated.pt"),
        (["w/a.pt", "v/../w/a.pt", "--in-place"], "w/a.pt"),
    ],
)
def test_no_file_of_a_run_takes_the_place_of_another(
    words: list[str], kept: str, project: Path
) -> None:
    """With --force the second one did, in place also that of the only copy of the original."""
    (project / "v").mkdir()
    torch.save({"n": argparse.Namespace(x=3)}, project / "v" / "a.pt")
    torch.save({"n": argparse.Namespace(x=4)}, project / "w" / "a.pth")
    before = (project / "w" / "a.pt").read_bytes()
    result = run(*words, "--force")
    assert result.exit_code == 2
    assert "has just been written, for w/a.pt" in result.output
    assert load(project / kept) == {"n": {"x": 1}}
    backup = project / "w" / "a.pt.bak"
    assert not backup.exists() or backup.read_bytes() == before


@pytest.mark.parametrize("words", [["--out-dir", "v"], []])
def test_no_checkpoint_of_a_run_is_replaced_before_its_turn(
    words: list[str], project: Path
) -> None:
    """With --force it was, and nothing was left of it: neither it nor what it would have become."""
    other = project / "v" / "a.pt" if words else project / "w" / "a.migrated.pt"
    other.parent.mkdir(exist_ok=True)
    torch.save({"n": argparse.Namespace(x=3)}, other)
    data = other.read_bytes()
    result = run("w/a.pt", str(other.relative_to(project)), *words, "--force")
    assert result.exit_code == 2
    assert "the new file would replace the checkpoint" in result.output
    assert other.read_bytes() == data


def test_two_names_that_a_disk_takes_for_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As disks do that do not tell capital letters: here, the second name is a link to the file."""
    from torchload_lint.cli.migrating import tasks

    (project / "v").mkdir()
    torch.save({"n": argparse.Namespace(x=3)}, project / "v" / "A.pt")
    migrate = tasks.migrate_file

    def migrate_and_link(source, target, *given):
        result = migrate(source, target, *given)
        if target.name == "a.pt":
            os.link(target, target.with_name("A.pt"))
        return result

    monkeypatch.setattr(tasks, "migrate_file", migrate_and_link)
    result = run("w/a.pt", "v/A.pt", "--out-dir", "new", "--force")
    assert result.exit_code == 2
    assert "new/A.pt has just been written, for w/a.pt" in result.output
    assert load(project / "new" / "a.pt") == {"n": {"x": 1}}


def test_a_file_that_cannot_be_migrated_stays_in_its_place(project: Path) -> None:
    data = (project / "w" / "a.pt").read_bytes()[:-40]
    (project / "w" / "a.pt").write_bytes(data)
    assert run("w/a.pt", "--in-place").exit_code == 2
    assert (project / "w" / "a.pt").read_bytes() == data
    assert not (project / "w" / "a.pt.bak").exists()


SOURCE = """
import sys
import torch
from torch.serialization import safe_globals
from argparse import Namespace

a = torch.load("w/a.pt", weights_only=False)
with safe_globals([Namespace]):
    b = torch.load("w/old/b.pth", weights_only=True)
other = torch.load("w/plain.pt", weights_only=True)
"""


def test_a_class_that_becomes_text_is_said_where_the_file_is_loaded(project: Path) -> None:
    torch.save({"klass": argparse.Namespace, "n": argparse.Namespace(x=1)}, project / "w" / "a.pt")
    (project / "read.py").write_text(SOURCE)
    told = run("w", "--out-dir", "new").output.partition("The code that loads them:")[2]
    assert "read.py:7: what was a class or function at ['klass'] is its name as text now" in told
    assert load(project / "new" / "a.pt")["klass"] == "argparse.Namespace"
    assert "read.py:9: its allowlist is no longer needed; what was an object at" in told


def test_other_types_are_said_where_the_file_is_loaded(project: Path) -> None:
    """An array that became a tensor has another ``std``, and a dict makes no missing entries."""
    content = {
        "x": np.arange(3.0),
        "y": np.arange(3),
        "missing": collections.defaultdict(list, a=[1]),
    }
    torch.save(content, project / "w" / "a.pt")
    (project / "read.py").write_text(SOURCE)
    told = run("w", "--out-dir", "new").output.partition("The code that loads them:")[2]
    arrays = "the numpy array at ['x'] and 1 more is a tensor now: x.numpy() gives the array"
    assert f"read.py:7: {arrays}; defaultdict(list) at ['missing'] is a dict now\n" in told
    assert torch.equal(load(project / "new" / "a.pt")["x"], torch.arange(3.0, dtype=torch.float64))


def test_the_new_files_are_for_the_torch_of_the_project_that_the_old_ones_lie_in(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "requirements.txt").write_text("torch==2.4\n")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    told = run("w", "--out-dir", str(elsewhere)).output
    assert "note: the new files load on torch 2.4 (requirements.txt:1 says torch==2.4)" in told


def test_the_lines_of_source_that_go_with_it(project: Path) -> None:
    (project / "read.py").write_text(SOURCE)
    result = run("w", "--out-dir", "new")
    told = result.output.partition("The code that loads them:")[2]
    is_dict = "what was an object at ['n'] is a dict now: x[\"name\"] takes the place of x.name"
    assert f"read.py:7: {is_dict}\n" in told
    assert '- a = torch.load("w/a.pt", weights_only=False)' in told
    assert '+ a = torch.load("new/a.pt", weights_only=True)' in told
    assert f"read.py:9: its allowlist is no longer needed; {is_dict}\n" in told
    assert '+     b = torch.load("new/old/b.pth", weights_only=True)' in told
    assert "plain.pt" not in told
    assert (project / "read.py").read_text() == SOURCE


def test_the_line_that_asks_a_model_for_its_state_dict_runs_as_it_is_shown(project: Path) -> None:
    """What the new file gives is that state dict."""
    torch.save(torch.nn.Linear(2, 2), project / "w" / "a.pt")
    before = 'found = torch.load("w/a.pt", weights_only=False).state_dict()'
    (project / "read.py").write_text(f"import torch\n\n{before}\n")
    told = run("w/a.pt").output
    line = told.partition("    + ")[2].partition("\n")[0]
    assert line == 'found = torch.load("w/a.migrated.pt", weights_only=True)'
    shown: dict[str, dict[str, torch.Tensor]] = {}
    exec(line, {"torch": torch}, shown)
    assert list(shown["found"]) == ["weight", "bias"]


def test_a_state_dict_in_the_place_of_a_model_is_said_where_it_is_loaded(project: Path) -> None:
    """Most of all of a file of torch < 1.6, of which no allowlist says that it is a model."""
    models = {name: torch.nn.Linear(2, 2) for name in ("net", "ema")}
    torch.save(models, project / "w/a.pt", _use_new_zipfile_serialization=False)
    before = 'found = torch.load("w/a.pt", weights_only=False)["net"].state_dict()'
    (project / "read.py").write_text(f"import torch\n\n{before}\n")
    told = run("w/a.pt").output.partition("The code that loads them:")[2]
    assert (
        "read.py:3: at ['net'] is the state dict of a torch.nn.modules.linear.Linear now, for "
        "load_state_dict of one that the program makes itself (as at 1 other place)\n"
    ) in told
    line = told.partition("    + ")[2].partition("\n")[0]
    assert line == 'found = torch.load("w/a.migrated.pt", weights_only=True)["net"]'
    shown: dict[str, dict[str, torch.Tensor]] = {}
    exec(line, {"torch": torch}, shown)
    assert list(shown["found"]) == ["weight", "bias"]


def test_a_long_line_of_source_is_shown_with_both_of_its_changes(project: Path) -> None:
    """A call that a fix wraps is changed as a whole, which would overlap with its path."""
    before = 'the_state_of_training = torch.load("w/a.pt", map_location="cpu", mmap=False)'
    (project / "read.py").write_text(f"import torch\n\n{before}\n")
    result = run("w/a.pt")
    assert result.exit_code == 0, result.output
    after = before.replace("a.pt", "a.migrated.pt").replace("False)", "False, weights_only=True)")
    assert f"    - {before}\n    + {after}\n" in result.output


@pytest.mark.parametrize("words", [["-o", "a.st"], ["-o", "a.safetensors"], ["--in-place"]])
def test_what_reads_safetensors_is_said(words: list[str], project: Path) -> None:
    """That it loads on no torch was said, and that torch.load reads it."""
    (project / "read.py").write_text('import torch\na = torch.load("w/plain.pt")\n')
    result = run("w/plain.pt", "--to", "safetensors", *words)
    assert result.exit_code == 0, result.output
    assert "load on" not in result.output
    name = "w/plain.pt" if words == ["--in-place"] else words[1]
    assert "read.py:2: from safetensors.torch import load_file\n" in result.output
    assert f'    + a = load_file("{name}")\n' in result.output


def test_the_lines_for_safetensors_read_the_new_files(project: Path) -> None:
    """With the import that is said, they give what the old lines gave."""
    load_file = pytest.importorskip("safetensors.torch").load_file
    torch.save({"net": {"w": torch.ones(2)}, "step": 3}, project / "w/training.pt")
    (project / "read.py").write_text(
        "import torch\n"
        'a = torch.load("w/plain.pt", map_location="cpu")\n'
        'b = torch.load("w/training.pt", map_location=torch.device("cpu"))\n'
    )
    refused = run("w/training.pt", "--to", "safetensors", "-o", "t.safetensors")
    assert "`--only net` takes its tensors" in refused.output
    done = run("w/plain.pt", "--to", "safetensors", "-o", "a.safetensors")
    done_too = run("w/training.pt", "--to", "safetensors", "-o", "t.safetensors", "--only", "net")
    lines = re.findall(r"^    \+ (\w = .*)$", done.output + done_too.output, re.MULTILINE)
    assert lines == [
        'a = load_file("a.safetensors", device="cpu")',
        'b = load_file("t.safetensors")',
    ]
    assert "it gives what was at ['net']" in done_too.output
    assert "device= takes the place of map_location=" in done_too.output
    found = {"load_file": load_file}
    exec("\n".join(lines), found)
    assert found["a"].keys() == torch.load(project / "w/plain.pt").keys()
    assert torch.equal(found["b"]["w"], torch.ones(2))


def test_reads_of_what_a_part_does_not_hold(project: Path) -> None:
    """The line that is offered gives the part alone: what reads the rest of the file fails."""
    found = {"net": {"w": torch.ones(2)}, "step": 3, "args": argparse.Namespace(lr=1), "best": 0}
    torch.save(found, project / "w/a.pt")
    source = (
        "import torch\n"
        'a = torch.load("w/a.pt", weights_only=False)\n'
        'w = a["net"]["w"]\n'
        'step, best = a["step"], a.get("best")\n'
        'del a["args"]\n'
        'a["new"] = w.get("other")\n'
        'print(torch.load("w/a.pt", weights_only=False)["net"])\n'
    )
    (project / "read.py").write_text(source)
    told = run("w/a.pt", "--only", "net").output.partition("The code that loads them:\n")[2]
    assert (
        "  read.py:2: it gives what was at ['net']; what leads there is no longer to be read: "
        "['net'] at read.py:3; what stood beside it is not in the new file: "
        "['step'] at read.py:4, ['best'] at read.py:4\n"
    ) in told
    assert (
        "read.py:7: it gives what was at ['net']; what leads there is no longer to be read: "
        in told
    )
    new = load(project / "w/a.migrated.pt")
    assert not {"net", "step", "best"} & new.keys()
    many = "".join(f'a["k{number}"]\n' for number in range(10))
    (project / "read.py").write_text(f"{source}{many}")
    told = run("w/a.pt", "--only", "net", "--force").output
    assert "['k5'] at read.py:13, 4 other reads\n" in told


def test_of_many_files_each_is_one_line(project: Path) -> None:
    for number in range(4):
        torch.save(
            {"args": argparse.Namespace(lr=number), "w": torch.ones(1)}, project / f"w/m{number}.pt"
        )
    told = run(*(f"w/m{number}.pt" for number in range(4))).output
    assert [line for line in told.splitlines() if " is now " in line] == [
        f"w/m{number}.pt is now w/m{number}.migrated.pt" for number in range(4)
    ]
    assert told.count("argparse.Namespace: a dict of its attributes") == 1
    assert "    in w/m0.pt and 3 others\n" in told
    assert "\n4 files migrated.\n" in told
    refused = run(*(f"w/m{number}.pt" for number in range(4)), "--to", "safetensors").output
    assert refused.count("safetensors holds a dict of dense tensors") == 1
    assert refused.count(": as w/m0.pt") == 3


def test_contradictions_are_refused(project: Path) -> None:
    for words in (("w", "-o", "x.pt"), ("w/a.pt", "w/old/b.pth", "-o", "x.pt"),
                  ("w", "--in-place", "--out-dir", "new")):  # fmt: skip
        assert run(*words).exit_code == 2
    assert not (project / "x.pt").exists()


def test_only_out_dir_makes_folders(project: Path) -> None:
    result = run("w/a.pt", "-o", "typo/a.pt")
    assert result.exit_code == 2
    assert "typo" in result.output
    assert not (project / "typo").exists()


def test_json_of_several_is_a_list(project: Path) -> None:
    result = run("w", "--out-dir", "new", "--output-format", "json")
    assert [one["path"] for one in json.loads(result.stdout)] == ["w/a.pt", "w/old/b.pth"]
    assert project.exists()
