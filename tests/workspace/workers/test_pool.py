"""Files shared out to processes. Each test runs in a process of its own, which may be forked."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from workspace.workers.own_process import lines_printed_by

FILES = 60

PROGRAM = """
import os, signal, sys
from pathlib import Path
from torchload_lint.workspace import Options, Projects, Settings, check_files as check, session
from torchload_lint.workspace.workers import forks, pool

NOTES_TOO = Settings(overrides=dict(min_severity="info"))
paths = sorted(map(str, Path(".").glob("*.py")))
assert forks.can_fork()
forked = []
fork = os.fork
os.fork = lambda: (pid := fork()) and forked.append(pid) or pid
{setup}
run = check(paths, Projects(NOTES_TOO), Options(jobs=3, fix={fix}, write={fix}))
print([(str(one.path), [d.code for d in one.diagnostics]) for one in run.results])
print(len(forked), run.errors)
for pid in forked:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        continue
    raise SystemExit(f"{{pid}} is still there")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text("import torch\nx = torch.load(p)\n")
    for number in range(FILES):
        holds = number % 7 == 0
        text = "import torch\nx = torch.load(p, weights_only=False)\n" if holds else "x = 1\n"
        (tmp_path / f"b{number:02}.py").write_text(text)
    return tmp_path


def ran(folder, setup: str = "", *, fix: bool = False) -> list[str]:
    program = textwrap.dedent(PROGRAM).format(setup=textwrap.dedent(setup), fix=fix)
    return lines_printed_by(program, folder)


def expected() -> str:
    names = [f"b{number:02}.py" for number in range(FILES) if number % 7 == 0]
    return str([("a.py", ["TLL102"]), *((name, ["TLL101"]) for name in names)])


@pytest.mark.skipif(sys.platform != "linux", reason="forks are used on Linux alone")
class TestForks:
    def test_all_outcomes_arrive(self, folder):
        assert ran(folder) == [expected(), "4 ()"]

    @pytest.mark.parametrize("had", [0, 1, 3])
    def test_where_no_more_processes_are_to_be_had_fewer_do(self, folder, had):
        scarce = f"""
            plenty = os.fork
            def scarce():
                if len(forked) == {had}:
                    raise BlockingIOError("Resource temporarily unavailable")
                return plenty()
            os.fork = scarce
        """
        assert ran(folder, scarce) == [expected(), f"{had} ()"]

    def test_each_file_is_told_of_once_and_nothing_is_left_open(self, folder):
        counted = """
            steps = []
            fds = len(os.listdir("/proc/self/fd"))
            check(paths, Projects(NOTES_TOO), Options(jobs=3), lambda *step: steps.append(step))
            assert steps == [(done, len(paths)) for done in range(1, len(paths) + 1)]
            assert len(os.listdir("/proc/self/fd")) == fds
            forked.clear()
        """
        assert ran(folder, counted) == [expected(), "4 ()"]

    def test_what_is_fixed_later_is_read_from_the_disk(self, folder):
        twice = """
            projects = Projects(NOTES_TOO)
            for _ in range(2):
                run = check(paths, projects, Options(jobs=3, fix=True, write=True))
                print([len(one.fixed) for one in run.results])
                projects.project_of("a.py").forget()
                assert b"weights_only=True" in projects.project_of("a.py").files.data("a.py")
            forked.clear()
        """
        assert ran(folder, twice)[:2] == [
            "[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
            "[0, 0, 0, 0, 0, 0, 0, 0, 0]",
        ]

    def test_the_files_of_a_fork_that_dies_are_checked_all_the_same(self, folder):
        died = """
            parent, work = os.getpid(), forks.check_file
            def deadly(*args):
                if os.getpid() != parent:
                    os.kill(os.getpid(), signal.SIGKILL)
                return work(*args)
            forks.check_file = deadly
        """
        assert ran(folder, died) == [expected(), "4 ()"]

    def test_files_that_a_scout_did_not_look_at_are_checked_all_the_same(self, folder):
        died = """
            parent, look = os.getpid(), forks.first_look
            def deadly(path, projects):
                if os.getpid() != parent and path > "b30.py":
                    os.kill(os.getpid(), signal.SIGKILL)
                return look(path, projects)
            forks.first_look = deadly
        """
        assert ran(folder, died) == [expected(), "4 ()"]

    def test_a_wrong_configuration_below_is_reported(self, folder):
        (folder / "c").mkdir()
        (folder / "c" / "a.py").write_text("x = 1\n")
        (folder / "c" / "torchload-lint.toml").write_text("selekt = 1\n")
        below = """
            from torchload_lint.config import ConfigError
            paths.append("c/a.py")
            try:
                check(paths, Projects(NOTES_TOO), Options(jobs=3))
            except ConfigError as error:
                print("unknown key 'selekt'" in str(error))
            paths.pop()
            forked.clear()
        """
        assert ran(folder, below) == ["True", expected(), "4 ()"]

    def test_callers_in_files_that_scouts_have_read_are_found(self, folder):
        (folder / "a.py").write_text("import torch\ndef f(p): torch.load(p, weights_only=True)\n")
        (folder / "z.py").write_text("import a\na.f('bad.pt')\n")
        (folder / "bad.pt").write_bytes(b"PK\3\4 and no archive")
        shared = """
            from torchload_lint.workspace.workers import shared_sources
            read = shared_sources.read_regular
            def unread(path):
                raise AssertionError(path)  # every source is shared
            wait = forks.Forks._checked
            def later(self, number):
                while not self._sources._settles():
                    pass
                shared_sources.read_regular = unread
                return wait(self, number)
            forks.Forks._checked = later
        """
        told = ran(folder, shared)
        assert told[1] == "4 ()"
        assert "('a.py', ['TLL502'])" in told[0]

    def test_what_fails_in_a_fork_fails_in_its_parent(self, folder):
        fails = """
            parent, work = os.getpid(), forks.check_file
            def failing(path, *args):
                if os.getpid() != parent or path == "b49.py":
                    raise RuntimeError("b49")
                return work(path, *args)
            forks.check_file = failing
            try:
                check(paths, Projects(NOTES_TOO), Options(jobs=3))
            except RuntimeError as error:
                print(error)
            forks.check_file = work
            forked.clear()
        """
        assert ran(folder, fails) == ["b49", expected(), "4 ()"]

    def test_a_process_with_threads_is_not_forked(self, folder):
        threads = """
            import threading
            event = threading.Event()
            threading.Thread(target=event.wait).start()
            assert not forks.can_fork()
            event.set()
            raise SystemExit(0)
        """
        assert ran(folder, threads) == []

    def test_files_are_written_by_the_parent(self, folder):
        writes = """
            parent, write = os.getpid(), session.write_atomically
            def watched(*args):
                assert os.getpid() == parent
                write(*args)
            session.write_atomically = watched
        """
        ran(folder, writes, fix=True)
        assert "weights_only=True" in (folder / "a.py").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="forks are counted")
def test_there_are_no_more_processes_than_files(tmp_path):
    program = """
import os
from torchload_lint.workspace import Options, Projects, Settings, check_files as check

forked = []
fork = os.fork
os.fork = lambda: (pid := fork()) and forked.append(pid) or pid
notes_too = Settings(overrides=dict(min_severity="info"))
run = check(["a.py", "b.py"], Projects(notes_too), Options(jobs=3000))
print(len(run.results), len(forked))
"""
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("import torch\nx = torch.load(p)\n")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    results, forked = map(int, done.stdout.split())
    assert (results, forked <= 2) == (2, True)
