"""Where a migration writes: never over what is no file, and nothing is left behind."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from migrate.helpers import load
from torchload_lint.cli.group import root
from torchload_lint.migrate import MigrationError, MigrationOptions, migrate_file, migration
from torchload_lint.migrate.files import output

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name == "nt", reason="devices and signals of POSIX"),
]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.save({"w": torch.ones(2)}, tmp_path / "in.pt")
    return tmp_path / "in.pt"


def run(*words: object):
    return CliRunner().invoke(root, ["migrate", "--isolated", *map(str, words)])


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a device", "loop"])
def test_only_a_file_is_replaced(kind: str, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    if kind == "pipe":
        os.mkfifo(out)
    elif kind == "folder":
        out.mkdir()
    else:
        out.symlink_to("/dev/null" if "device" in kind else out)
    before = os.lstat(out)
    result = run(checkpoint, "-o", out, "--force")
    assert result.exit_code == 2, result.output
    assert os.lstat(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.pt", "out"]


def test_a_link_is_no_free_name(checkpoint: Path, tmp_path: Path) -> None:
    """A link that leads nowhere yet would be written through."""
    (tmp_path / "out.pt").symlink_to(tmp_path / "elsewhere.pt")
    result = run(checkpoint, "-o", tmp_path / "out.pt")
    assert result.exit_code == 2
    assert not (tmp_path / "elsewhere.pt").exists()
    assert run(checkpoint, "-o", tmp_path / "out.pt", "--force").exit_code == 0
    assert (tmp_path / "out.pt").is_symlink()
    assert load(tmp_path / "elsewhere.pt")["w"].tolist() == [1, 1]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchload_lint.migrate import migration

    out = tmp_path / "out.pt"
    write = migration._write

    def write_and_intrude(*given):
        write(*given)
        out.write_bytes(b"somebody else's")

    monkeypatch.setattr(migration, "_write", write_and_intrude)
    with pytest.raises(FileExistsError) as raised:
        migrate_file(checkpoint, out, MigrationOptions(replaces=False))
    assert raised.value.filename == str(out)
    assert out.read_bytes() == b"somebody else's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.pt", "out.pt"]


def test_a_backup_that_appears_meanwhile_is_named(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchload_lint.migrate import migration

    backup, data = tmp_path / "in.pt.bak", checkpoint.read_bytes()
    write = migration._write

    def write_and_intrude(*given):
        write(*given)
        backup.write_bytes(b"somebody else's")

    monkeypatch.setattr(migration, "_write", write_and_intrude)
    result = run(checkpoint, "--in-place")
    assert result.exit_code == 2
    assert f"error: {backup}: is there by now" in result.output
    assert (backup.read_bytes(), checkpoint.read_bytes()) == (b"somebody else's", data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.pt", "in.pt.bak"]


@pytest.mark.parametrize(
    "words", [["-o", "out.pt"], ["--in-place"], ["--to", "safetensors", "--only", "s"]]
)
@pytest.mark.parametrize("changed", ["longer", "shorter", "other bytes"])
def test_a_checkpoint_that_is_written_meanwhile_is_not_migrated(
    changed: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a training run that saves again: the new file would hold something of both."""
    from torchload_lint.migrate import migration

    monkeypatch.chdir(tmp_path)
    torch.save({"s": {"w": torch.ones(1000)}, "n": argparse.Namespace(x=1)}, "in.pt")
    data = Path("in.pt").read_bytes()
    others = {"longer": data + b"x", "shorter": data[:500], "other bytes": data[::-1]}
    prepare = migration._prepare

    def prepare_and_save(*given):
        prepared = prepare(*given)
        Path("in.pt").write_bytes(others[changed])
        os.utime("in.pt", (1, 1))
        return prepared

    monkeypatch.setattr(migration, "_prepare", prepare_and_save)
    result = run(Path("in.pt"), *words)
    assert result.exit_code == 2, result.output
    assert result.output.count("\n") == 1
    assert Path("in.pt").read_bytes() == others[changed]
    assert [path.name for path in tmp_path.iterdir()] == ["in.pt"]


@pytest.mark.parametrize("fails", ["copy", "replace"])
def test_no_backup_is_left_of_what_was_not_replaced(
    fails: str, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of a copy was, which the next run took for the file."""
    import shutil

    data = checkpoint.read_bytes()

    def refuse(*_given, **_named):
        raise OSError(28, "No space left on device")

    def copy_a_part(_source, target, **_named):
        Path(target).write_bytes(data[:9])
        refuse()

    if fails == "copy":
        monkeypatch.setattr(os, "link", refuse)
        monkeypatch.setattr(shutil, "copy2", copy_a_part)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    result = run(checkpoint, "--in-place")
    assert result.exit_code == 2
    assert "No space left on device" in result.output
    assert checkpoint.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["in.pt"]


@pytest.mark.parametrize("words", [[], ["--force"]])
def test_a_run_beside_does_not_cost_the_original(
    words: list[str], checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs in place: the slower one would keep the new file of the other as the backup."""
    from torchload_lint.migrate import migration

    backup, data = tmp_path / "in.pt.bak", checkpoint.read_bytes()
    write = migration._write

    def write_and_intrude(*given):
        write(*given)
        monkeypatch.setattr(migration, "_write", write)
        assert run(checkpoint, "--in-place").exit_code == 0

    monkeypatch.setattr(migration, "_write", write_and_intrude)
    result = run(checkpoint, "--in-place", *words)
    assert result.exit_code == 2
    assert "it has changed while it was migrated" in result.output
    assert backup.read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.pt", "in.pt.bak"]


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("kept", ["a copy", "another file", "a link"])
def test_force_replaces_no_backup(
    kept: str, has_links: bool, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, data = tmp_path / "in.pt.bak", checkpoint.read_bytes()
    if kept == "a link":
        backup.symlink_to(checkpoint)
    else:
        backup.write_bytes(data if kept == "a copy" else b"somebody else's")
    if not has_links:
        monkeypatch.setattr(os, "link", refuse_links)
    before = os.lstat(backup).st_ino
    assert run(checkpoint, "--in-place", "--force").exit_code == 0
    assert os.lstat(backup).st_ino == before
    second = tmp_path / "in.pt.bak2"
    assert second.exists() == (kept != "a copy")
    assert (second if second.exists() else backup).read_bytes() == data


@pytest.mark.parametrize("has_links", [True, False])
def test_a_run_that_was_killed_before_it_replaced_is_run_again(
    has_links: bool, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has kept the file, and needs no ``--force`` to go on; what differs from it still does."""
    backup, data = tmp_path / "in.pt.bak", checkpoint.read_bytes()
    ended_after((output.__name__, "_keep"), [str(checkpoint), "--in-place"], "SIGKILL")
    assert (checkpoint.read_bytes(), backup.read_bytes()) == (data, data)
    if not has_links:
        monkeypatch.setattr(os, "link", refuse_links)
    result = run(checkpoint, "--in-place")
    assert result.exit_code == 0, result.output
    assert f"{backup} holds what {checkpoint} does" in result.stderr
    assert load(checkpoint)["w"].tolist() == [1, 1]
    assert backup.read_bytes() == data
    assert {path.name for path in tmp_path.iterdir()} == {"in.pt", "in.pt.bak"}
    again = run(checkpoint, "--in-place")
    assert (again.exit_code, backup.read_bytes()) == (2, data)
    assert "is there already" in again.output


def refuse_links(*_given: object) -> None:
    raise OSError(errno.EPERM, "no links here")


def test_an_empty_name_is_no_folder(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``migrate "$CHECKPOINT" --in-place`` without the variable."""
    monkeypatch.chdir(tmp_path)
    data = checkpoint.read_bytes()
    result = run("", "--in-place")
    assert result.exit_code == 2
    assert "a name is empty" in result.output
    assert checkpoint.read_bytes() == data


def test_a_full_disk_is_seen_before(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    usage = shutil.disk_usage(tmp_path)._replace(free=5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    result = run(checkpoint)
    assert result.exit_code == 2
    assert "and 5 are free" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["in.pt"]


RECEIVED = """
import signal
for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)  # as a program in the foreground has it
"""
SLOW = """
import importlib, sys, time
module, name, *words = sys.argv[1:]
owner = importlib.import_module(module)
call = getattr(owner, name)
def wait(*given):
    try:
        call(*given)
    finally:  # the second name may be there since the last time
        print("waiting", flush=True)
        time.sleep(60)
setattr(owner, name, wait)
from torchload_lint.cli.group import root
root(["migrate", "--isolated", *words])
"""
WRITTEN = ("torchload_lint.migrate.migration", "_write")
KEPT = ("os", "link")
"""The call that is the last one: the new file is written, or the old one has its second name."""


def ended_after(call: tuple[str, str], words: list[str], name: str) -> None:
    """Run ``migrate``, and send it a signal after one of its calls. It ignores none: a job in the
    background would hand that on.
    """
    command = [sys.executable, "-c", RECEIVED + SLOW, *call, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(getattr(signal, name))


SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU")


@pytest.mark.parametrize("name", [*SIGNALS, "SIGKILL"])
def test_an_end_by_a_signal_leaves_nothing(name: str, checkpoint: Path, tmp_path: Path) -> None:
    """What SIGKILL leaves, the next run removes."""
    ended_after(WRITTEN, [str(checkpoint)], name)
    left = [path.name for path in tmp_path.iterdir() if path != checkpoint]
    assert len(left) == (name == "SIGKILL")
    assert run(checkpoint).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.migrated.pt", "in.pt"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_end_before_the_new_file_is_in_place_leaves_no_backup(
    end: type[BaseException], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = checkpoint.read_bytes()

    def replace(new: Path, place: Path) -> None:
        assert new != place
        raise end

    monkeypatch.setattr(Path, "replace", replace)
    backup = checkpoint.with_name("in.pt.bak")
    with pytest.raises(end), output.put_in_place(checkpoint, backup) as new:
        new.write_bytes(b"new")
    assert [path.name for path in checkpoint.parent.iterdir()] == ["in.pt"]
    assert checkpoint.read_bytes() == data


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_an_end_as_soon_as_the_temporary_file_is_there(
    end: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def open_and_end(*given: Any) -> int:
        os.close(opened(*given))
        raise end

    monkeypatch.setattr(os, "open", open_and_end)
    with pytest.raises(end), output.written_as_whole(tmp_path / "new.pt", 1, replaces=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_tensor_that_the_memory_does_not_hold(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as the fault of one file, beside which the others go on."""
    other = tmp_path / "other.pt"
    other.write_bytes(checkpoint.read_bytes())
    written, failures = migration._write, [MemoryError()]

    def write(*given: Any) -> None:
        if failures:
            raise failures.pop()
        written(*given)

    monkeypatch.setattr(migration, "_write", write)
    result = run(checkpoint, str(other))
    assert result.exit_code == 2
    assert "in.pt: a tensor of it is too large for the memory" in result.output
    left = {"in.pt", "other.migrated.pt", "other.pt"}
    assert {path.name for path in tmp_path.iterdir()} == left


@pytest.mark.parametrize("call", [WRITTEN, KEPT])
@pytest.mark.parametrize("name", ["in.pt", "\u6a21" * 80 + ".pt"])
def test_an_end_in_place_leaves_nothing(
    call: tuple[str, str], name: str, checkpoint: Path, tmp_path: Path
) -> None:
    """Killed again and again: a whole file has the name at every moment, and no other is left."""
    named = checkpoint.rename(tmp_path / name)
    data = named.read_bytes()
    for _ in range(2):
        ended_after(call, [str(named), "--in-place", "--force"], "SIGKILL")
        assert named.read_bytes() == data
    left = {path.name for path in tmp_path.iterdir()} - {name, f"{name}.bak"}
    assert left
    assert run(named, "--in-place", "--force").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {name, f"{name}.bak"}
    assert load(named)["w"].tolist() == [1, 1]
    assert (tmp_path / f"{name}.bak").read_bytes() == data


@pytest.mark.skipif(os.geteuid() != 0, reason="others cannot give files away")
@pytest.mark.parametrize("words", [["--in-place"], ["--force", "-o", "out.pt"]])
def test_who_has_a_file_has_the_one_in_its_place(
    words: list[str], checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    named = tmp_path / words[-1] if "-o" in words else checkpoint
    named.touch()
    os.chown(named, 1000, 1001)
    assert run(checkpoint, *words).exit_code == 0
    assert (named.stat().st_uid, named.stat().st_gid) == (1000, 1001)
    assert load(named)["w"].tolist() == [1, 1]


def test_bombs_are_asked_about(tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(40_000_000)}, tmp_path / "big.pt")
    with zipfile.ZipFile(tmp_path / "big.pt") as old, zipfile.ZipFile(
        tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED
    ) as new:  # fmt: skip
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))
    result = run(tmp_path / "bomb.pt")
    assert result.exit_code == 2
    assert "160,000,105 bytes" in result.output or "would have 160,000" in result.output
    assert run(tmp_path / "big.pt").exit_code == 0
    assert run(tmp_path / "bomb.pt", "--large").exit_code == 0


def test_views_of_one_element_are_refused_with_their_size(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1).expand(2**40)}, tmp_path / "in.pt")
    result = run(tmp_path / "in.pt", "--to", "safetensors")
    assert result.exit_code == 2
    assert "4,398,046,511,104 bytes" in result.output


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.pt")
    with pytest.raises(MigrationError, match="not a regular file"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
