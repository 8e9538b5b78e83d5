"""A file is replaced as a whole and stays the file that it was, or it is left alone."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile

import pytest

from torchload_lint.workspace.adoption.baseline import Baseline
from torchload_lint.workspace.on_disk.writing import (
    remove_stale,
    write_atomically,
    write_new,
    write_report,
)

needs_links = pytest.mark.skipif(os.name == "nt", reason="links and modes are others there")


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "m.py"
    made.write_bytes(b"old")
    return made


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@needs_links
def test_the_mode_stays(file):
    file.chmod(0o751)
    write_atomically(file, b"new", b"old")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o751)
    assert names(file.parent) == ["m.py"]


@needs_links
def test_a_link_stays_one(file):
    link = file.with_name("link.py")
    link.symlink_to("m.py")
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
def test_extended_attributes_stay(file):
    try:
        os.setxattr(file, "user.note", b"kept")
    except OSError:
        pytest.skip("the file system has none")
    write_atomically(file, b"new")
    assert os.getxattr(file, "user.note") == b"kept"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="asks for root")
def test_the_owner_stays(file):
    os.chown(file, 12345, 23456)
    write_atomically(file, b"new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


@needs_links
def test_an_owner_that_would_change_leaves_the_file_alone(file, monkeypatch):
    def refuse(*_):
        raise PermissionError

    status = os.stat
    monkeypatch.setattr(os, "chown", refuse)
    others = list(status(file))
    others[stat.ST_UID] += 1
    monkeypatch.setattr(
        os, "stat", lambda name: os.stat_result(others) if name == str(file) else status(name)
    )
    with pytest.raises(OSError, match="owner or group would change"):
        write_atomically(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["m.py"]


@needs_links
@pytest.mark.parametrize("case", ["read-only", "hard links", "changed", "not a regular file"])
def test_what_is_left_alone(file, case):
    match case:
        case "read-only":
            file.chmod(0o444)
        case "hard links":
            os.link(file, file.with_name("other.py"))
        case "not a regular file":
            file.unlink()
            os.mkfifo(file)
    before = names(file.parent)
    with pytest.raises(OSError, match=case):
        write_atomically(file, b"new", b"another" if case == "changed" else b"old")
    assert names(file.parent) == before
    assert case == "not a regular file" or file.read_bytes() == b"old"


def test_another_run_that_wrote_the_same_is_no_change(file):
    write_atomically(file, b"old", b"what both have read")
    assert file.read_bytes() == b"old"


@needs_links
def test_a_new_file_has_the_usual_mode(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    write_atomically(tmp_path / "a", b"1")
    write_new(tmp_path / "b", b"2")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "b", b"3")
    assert (tmp_path / "b").read_bytes() == b"2"
    assert {path.stat().st_mode for path in tmp_path.iterdir()} == {usual.stat().st_mode}


@needs_links
def test_what_a_killed_run_has_left_is_taken_away(file):
    child = os.fork()
    if child == 0:
        os.replace = lambda *_: os._exit(0)
        write_atomically(file, b"new")
    os.waitpid(child, 0)
    assert len(names(file.parent)) == 2
    remove_stale([str(file)])
    assert names(file.parent) == ["m.py"]
    assert file.read_bytes() == b"old"


@needs_links
def test_what_another_run_writes_now_stays(file):
    reading, writing = os.pipe()
    ended, ending = os.pipe()
    child = os.fork()
    if child == 0:

        def wait(*_):
            os.write(writing, b"x")
            os.read(ended, 1)
            os._exit(0)

        os.replace = wait
        write_atomically(file, b"new")
    os.read(reading, 1)
    remove_stale([str(file)])
    assert len(names(file.parent)) == 2
    os.write(ending, b"x")
    os.waitpid(child, 0)
    remove_stale([str(file)])
    assert names(file.parent) == ["m.py"]


@needs_links
def test_a_file_that_another_run_takes_away_before_it_is_locked_is_made_anew(file, monkeypatch):
    made = []

    def mkstemp(**how):
        made.append(real(**how))
        if len(made) == 1:
            remove_stale([str(file)])  # another run begins, and nobody has locked it yet
            assert names(file.parent) == ["m.py"]
        return made[-1]

    real = tempfile.mkstemp
    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    write_atomically(file, b"new", b"old")
    assert len(made) == 2
    assert file.read_bytes() == b"new"
    assert names(file.parent) == ["m.py"]


@needs_links
def test_what_is_taken_away_stays_locked_until_it_is_gone(file, monkeypatch):
    """A run that has just made it waits for the lock, and sees then that it is gone."""
    fcntl = pytest.importorskip("fcntl")
    left = file.with_name(".m.py.abc.torchload-lint-tmp")
    left.write_bytes(b"")
    real, tried = os.unlink, []

    def unlink(path):
        with left.open("rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        tried.append(path)
        real(path)

    monkeypatch.setattr(os, "unlink", unlink)
    remove_stale([str(file)])
    assert tried == [str(left)]
    assert not left.exists()


@needs_links
@pytest.mark.parametrize("inside", ["", "reports/"])
def test_a_report_is_not_written_through_a_link_out_of_the_folder(tmp_path, monkeypatch, inside):
    project, home = tmp_path / "project", tmp_path / "home"
    (project / "reports").mkdir(parents=True)
    home.mkdir()
    (home / ".bashrc").write_text("kept")
    monkeypatch.chdir(project)
    for name, leads in {"a": ".bashrc", "new": ".profile"}.items():
        link = project / f"{inside}{name}.txt"
        link.symlink_to(home / leads)
        with pytest.raises(OSError, match="leads out of its folder"):
            write_report(link, "found")
        with pytest.raises(OSError, match="leads out of its folder"):
            Baseline({}).write(link)
    assert {one.name: one.read_text() for one in home.iterdir()} == {".bashrc": "kept"}


@needs_links
def test_a_report_is_written_through_a_link_that_stays_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "last.txt").symlink_to("build/report.txt")
    write_report(tmp_path / "last.txt", "found")
    assert (tmp_path / "last.txt").is_symlink()
    assert (tmp_path / "build" / "report.txt").read_text() == "found"


def test_a_report_is_kept_where_there_is_no_room_for_a_new_one(tmp_path, monkeypatch):
    report = tmp_path / "report.html"
    write_report(report, "old")

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(report, "new")
    assert report.read_text() == "old"
    assert names(tmp_path) == ["report.html"]


@needs_links
def test_a_report_that_cannot_be_replaced_is_written_where_it_lies(tmp_path):
    report = tmp_path / "report.html"
    report.write_text("old")
    os.link(report, tmp_path / "same.html")
    write_report(report, "new \ud800")
    assert (tmp_path / "same.html").read_text() == "new \\ud800"


@needs_links
def test_a_report_can_be_read_from_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_report(tmp_path / "pipe", "found")
    assert os.read(reader, 10) == b"found"
    os.close(reader)


@needs_links
@pytest.mark.parametrize("is_there", ["a link to nothing", "a folder", "another file"])
def test_a_new_file_is_not_said_to_be_there_where_another_thing_is(tmp_path, is_there):
    new = tmp_path / "restore_only.py"
    if is_there == "a folder":
        new.mkdir()
    elif is_there == "another file":
        new.write_text("x = 1")
    else:
        new.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError):  # noqa: PT011 - each has its own
        write_new(new, b"helper")
    assert names(tmp_path) == ["restore_only.py"]


def test_two_runs_may_make_the_same_file(tmp_path):
    write_new(tmp_path / "restore_only.py", b"helper")
    write_new(tmp_path / "restore_only.py", b"helper")
    assert names(tmp_path) == ["restore_only.py"]


@needs_links
def test_a_new_file_where_the_file_system_has_no_links(tmp_path, monkeypatch):
    def refused(*_of):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write_new(tmp_path / "restore_only.py", b"helper")
    assert (tmp_path / "restore_only.py").read_bytes() == b"helper"
    assert names(tmp_path) == ["restore_only.py"]
