"""What has changed on the disk since the last look: nothing is missed within a tick of a clock."""

from __future__ import annotations

import os
import time

import pytest

from torchload_lint.workspace.on_disk.stamps import Changes, Stamps

HOUR_NS = 3600 * 10**9


@pytest.fixture
def folder(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("aaa")
        set_time(tmp_path / name, -HOUR_NS)
    return tmp_path


def set_time(path, from_now: int) -> None:
    stamp = time.time_ns() + from_now
    os.utime(path, ns=(stamp, stamp))


def watched(folder) -> Stamps:
    stamps = Stamps()
    stamps.watch(str(folder))
    return stamps


def test_every_change_is_seen_however_fast_they_follow(folder):
    stamps, path = watched(folder), str(folder / "a.py")
    for letter in "bcdefgh":
        (folder / "a.py").write_text(letter * 3)  # neither the size nor the place changes
        assert stamps.changes().contents == {path}


def test_what_is_settled_has_not_changed(folder):
    stamps = watched(folder)
    assert stamps.changes() == Changes()
    (folder / "a.py").write_text("b")
    set_time(folder / "a.py", -HOUR_NS // 2)
    assert stamps.changes().contents == {str(folder / "a.py")}
    assert stamps.changes() == Changes()


@pytest.mark.parametrize("from_now", [-HOUR_NS, HOUR_NS])
def test_a_time_that_somebody_has_set_does_not_change_for_ever(folder, from_now):
    set_time(folder / "a.py", from_now)
    stamps = watched(folder)
    assert stamps.changes() == Changes()


def test_what_comes_and_goes_is_told_apart(folder):
    stamps = watched(folder)
    (folder / "c.py").write_text("")
    (folder / "a.py").unlink()
    assert stamps.changes() == Changes(others=frozenset({f"{folder}/a.py", f"{folder}/c.py"}))
