"""What people read first: of a folder without Python, of hostile files, of tables in a pipe."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import pytest

from checkpoint import bare_files as files

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


class _Echoes:
    def __reduce__(self):
        return (os.system, ("echo harm",))


@pytest.fixture
def weights(folder):
    box = folder / "weights"
    box.mkdir()
    torch.save(_Echoes(), box / "model.dat")
    torch.save({"args": argparse.Namespace(lr=3)}, box / "args.pt")
    (box / "notes.pt").write_text("not a checkpoint\n")
    (box / "table.csv").write_text("a,b\n")
    (box / "empty.zip").write_bytes(b"PK\x03\x04")
    return box


@pytest.mark.usefixtures("weights")
def test_a_folder_of_checkpoints_is_no_clean_project(cli):
    result = cli("weights")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no Python files or notebooks under weights" in result.stderr
    assert "`torchload-lint inspect weights` looks into" in result.stderr


@pytest.mark.usefixtures("weights")
def test_a_hostile_file_is_found_whatever_it_is_called(cli):
    call = "posix.system('echo harm')"
    lines = cli("inspect", "--summary", "weights").stdout.splitlines()
    assert lines == [
        f"weights/model.dat: DANGEROUS: it would run {call} if it were loaded unsafely",
        "weights/notes.pt: is not a readable checkpoint: this is a text file, not a checkpoint",
        "weights/args.pt: loads with weights_only=True and an allowlist: argparse.Namespace",
        "3 files: 1 dangerous, 1 unreadable, 1 needs an allowlist.",
        "1 file not looked at that may hold pickles (.zip): weights/empty.zip.",
    ]


@pytest.mark.usefixtures("weights")
def test_files_of_other_kinds_that_may_hold_pickles_are_counted(cli, folder):
    (folder / "weights" / "a.npz").write_bytes(b"PK\x03\x04")
    (folder / "weights" / "b.pkl.gz").write_bytes(b"\x1f\x8b")
    told = cli("inspect", "--summary", "weights").stdout
    assert "3 files not looked at that may hold pickles" in told
    assert "(.zip, .npz, .gz)" in told or "(.npz, .gz, .zip)" in told
    assert "not looked at" not in cli("inspect", "--summary", "weights/args.pt").stdout


def test_the_lines_that_load_a_module_run_as_they_are_printed(cli, folder):
    torch.save(torch.nn.Linear(2, 2), folder / "m.pt")
    printed = cli("inspect", "--target-torch", "2.13", "m.pt").stdout.partition("To load it:\n")[2]
    lines = [line.removeprefix("    ") for line in printed.splitlines()]
    command = next(line for line in lines if line.startswith("# "))
    assert command == "# torchload-lint inspect --helper > restore_only.py"
    (folder / "restore_only.py").write_text(cli(*command.split()[2:4]).stdout)
    (folder / "paste.py").write_text("\n".join([*lines, "print(type(loaded).__name__)"]))
    ran = subprocess.run(
        [sys.executable, "paste.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.stdout == "Linear\n", ran.stderr


def test_a_safetensors_file_is_what_it_is_and_another_file_of_that_name_is_not(cli, folder):
    save_file = pytest.importorskip("safetensors.torch").save_file
    save_file({"w": torch.ones(2)}, folder / "a.safetensors")
    for target in ("2.6", "2.13"):
        result = cli("inspect", "--summary", "--target-torch", target, "a.safetensors")
        assert result.exit_code == 0
    older = cli("inspect", "--summary", "--target-torch", "2.6", "a.safetensors").stdout
    assert "a.safetensors: is a safetensors file, which holds tensors alone\n" in older
    torch.save(_Echoes(), folder / "b.safetensors")
    (folder / "c.safetensors").write_bytes((folder / "a.safetensors").read_bytes()[:-1])
    for name in ("b.safetensors", "c.safetensors"):
        for target in ("2.6", "2.13"):
            assert cli("inspect", "--target-torch", target, name).exit_code == 1


def test_inspect_writes_its_report_into_a_file(cli, folder, weights):
    result = cli("inspect", "--summary", "-o", "report.txt", str(weights / "args.pt"))
    assert result.stdout == ""
    assert "needs an allowlist" in (folder / "report.txt").read_text()


def test_a_table_in_a_pipe_cuts_nothing_and_pads_little(cli, write):
    long = "runs/" + "a" * 90 + ".pt"
    write({"a.py": f"import torch\ntorch.load('{long}')\n\ntorch.load('b.pt')\n"})
    lines = cli("loads").stdout.splitlines()
    assert any(long in line for line in lines)
    assert all(len(line) < 100 for line in lines if long not in line)


def test_two_ranges_of_torch_are_one_note(cli, write):
    project = '[project]\nname = "p"\nversion = "1"\ndependencies = ["torch{}"]\n'
    text = "import torch\ntorch.load(p)\n"
    write({"a.py": text, "b/a.py": text})
    write({"pyproject.toml": project.format(">=2.6"), "b/pyproject.toml": project.format(">=2.1")})
    told = cli(".").stderr
    assert told.count("the answers are for") == 1
    assert "torch 2.6 to 2.15" in told
    assert "torch 2.1 to 2.15" in told


def test_a_library_is_named_as_the_code_does(cli, write):
    call = "torch.hub.load_state_dict_from_url('https://example.org/m.pth')"
    write({"a.py": f"import torch\nprint({call})\n"})
    assert "`torch.hub.load_state_dict_from_url` loads unsafely" in cli(".").stdout


PASSES_ON = "import torch\n\n\ndef load(path, **options):\n    return torch.load(path, **options)\n"


@pytest.mark.parametrize(
    ("besides", "bound", "is_note"),
    [
        ('"""For old files use weights_only=False."""\n', ">=2.6", True),
        ("# weights_only=False\n", ">=2.6", True),
        ("", ">=2.5", False),
        ('OLD = {"weights_only": False}\n', ">=2.6", False),
        ('options = {}\noptions["weights_only"] = False\n', ">=2.6", False),
        ('options.setdefault("weights_only", False)\n', ">=2.6", False),
        ("def other(weights_only: bool = False): ...\n", ">=2.6", False),
    ],
)
def test_what_is_unpacked_counts_where_somebody_says_false(cli, write, besides, bound, is_note):
    project = f'[project]\nname = "p"\nversion = "1"\ndependencies = ["torch{bound}"]\n'
    write({"a.py": PASSES_ON, "b.py": besides, "pyproject.toml": project})
    assert f"TLL105 [{'info' if is_note else 'warning'}]" in cli("--min-severity=info").stdout


def test_notes_of_one_wording_are_one_line(cli, write):
    write({"a.py": "import torch\ntorch.load(p)\n\ntorch.load(q)\n"})
    first, second, *rest = cli(".").stdout.splitlines()
    assert first.startswith("a.py:2:1: TLL102 [info]")
    assert second == "    the same at 1 other place: a.py:4:1"
    assert rest[0] == "Found 2 notes."


@pytest.mark.parametrize(
    ("saved", "modules", "today"),
    [
        ("old.net", ["new/__init__.py", "new/net.py"], "new.net.Net"),
        ("old.net", ["src/net.py"], "net.Net"),
        ("old.net", ["tools/net.py"], ""),  # no package: from where is it imported?
        ("old.net", ["a/net.py", "b/net.py"], ""),  # which of them, nobody knows
        ("old.net", [], ""),
        ("decimal", ["net.py"], ""),  # the name of a package that is there
        ("timm.net", ["net.py"], ""),
    ],
)
def test_a_class_that_has_moved_is_named_with_the_way_out(
    cli, write, folder, saved, modules, today
):
    class_code = "class Net:\n    def __init__(self):\n        self.a = 1\n"
    write({name: "" if "__init__" in name else class_code for name in modules})
    write({"main.py": "import torch\n\nprint(torch.load('n.pt', weights_only=True).a)\n"})
    pickled = f"\x80\x02c{saved}\nNet\n)\x81}}X\x01\x00\x00\x00aK\x01sb.".encode("latin-1")
    (folder / "n.pt").write_bytes(files.archive(pickled))
    said = f'if that is {today} today, "{saved}.Net" = "{today}" in [tool.torchload-lint.renames]'
    assert (said in cli("main.py").stdout) == bool(today)
    if today:
        write({"torchload-lint.toml": f'[renames]\n"{saved}.Net" = "{today}"\n'})
        cli("--fix", "--unsafe-fixes", "main.py")
        path = {**os.environ, "PYTHONPATH": "src"}
        command = [sys.executable, "main.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=path)
        assert done.stdout == "1\n"
