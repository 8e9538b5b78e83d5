"""Each signal comes to a recorded program once, whomever it was sent to, and the job stays one."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE = Path(__file__).parents[2] / "src"
RECORD = [sys.executable, "-m", "torchload_lint", "record", "--"]
PROGRAM = [sys.executable, "main.py"]
SIGNALS = ("SIGUSR1", "SIGINT", "SIGHUP", "SIGUSR2", "SIGTERM", "SIGINT", "SIGTERM", "SIGVTALRM",
           "SIGURG", "SIGPIPE", "SIGXFSZ", "SIGABRT", "SIGTRAP", "SIGSYS", "SIGSEGV", "SIGBUS",
           "SIGFPE", "SIGILL")  # fmt: skip

LONGEST_WAIT = 30
"""Seconds until something must be seen on the terminal; mostly it is there at once."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

COUNTS = f"""
    import signal, sys, threading, time

    def got(number, _frame):
        print(signal.Signals(number).name, flush=True)

    for name in {sorted(set(SIGNALS))}:
        signal.signal(getattr(signal, name), got)
    reads = threading.Thread(target=sys.stdin.read)
    reads.start()
    print("ready", flush=True)
    while reads.is_alive():
        reads.join(0.02)  # a handler does not run in a call that has just begun to wait
    time.sleep(0.3)  # what comes a second time comes at once
    sys.exit(3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "main.py").write_text(dedent(COUNTS))
    return tmp_path


def started(
    project: Path, words: list[str], prepare: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """The program, in whose past nothing is ignored: a test run in the background ignores SIGINT,
    and record leaves what is ignored as it is.
    """

    def before() -> None:
        for name in SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if prepare is not None:
            prepare()

    return subprocess.Popen(
        words, cwd=project, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, preexec_fn=before,  # noqa: PLW1509
    )  # fmt: skip


WAITS = [
    "sh",
    "-c",
    (
        "trap : INT HUP USR1 USR2 TERM VTALRM URG PIPE XFSZ ABRT TRAP SYS SEGV BUS FPE ILL; "
        '"$@"; exit $?'
    ),
    "sh",
]
"""A shell that leads the group, and lets the program go on."""


@pytest.mark.parametrize(
    ("before", "leads", "send"),
    [
        ([], os.setsid, os.kill),
        ([], os.setsid, os.killpg),
        ([], os.setpgrp, os.kill),
        ([], os.setpgrp, os.killpg),
        (WAITS, os.setpgrp, os.killpg),
        (WAITS, os.setsid, os.killpg),
    ],
    ids=["a-session", "all-of-it", "a-group", "all-of-it-too", "in-a-group", "in-a-session"],
)
@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_each_signal_comes_once(
    project: Path,
    before: list[str],
    leads: Callable[[], None],
    send: Callable[[int, int], None],
    way: list[str],
) -> None:
    with started(project, [*before, *way, *PROGRAM], leads) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        for name in SIGNALS:
            send(process.pid, getattr(signal, name))
            assert process.stdout.readline() == f"{name}\n"
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 3


FORKS = """
    import os, time
    child = os.fork()
    if child:
        print(child, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("leads", [os.setsid, os.setpgrp])
@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_what_the_program_has_started_gets_what_the_group_is_sent(
    project: Path, leads: Callable[[], None], way: list[str]
) -> None:
    """Nothing of it is left where a scheduler ends the group that it has started."""
    (project / "main.py").write_text(dedent(FORKS))
    with started(project, [*way, *PROGRAM], leads) as process:
        assert process.stdout is not None
        number = process.stdout.readline().strip()
        try:
            os.killpg(process.pid, signal.SIGTERM)
            until = time.monotonic() + LONGEST_WAIT
            while is_running(number) and time.monotonic() < until:
                time.sleep(0.05)
            assert not is_running(number)
        finally:
            if is_running(number):
                os.kill(int(number), signal.SIGKILL)
    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_the_end_of_a_child_may_be_ignored(project: Path, way: list[str]) -> None:
    """The system keeps no status of children then: the program sees that, and this is not lost."""
    (project / "main.py").write_text(
        "import subprocess, sys\n"
        "print(subprocess.run([sys.executable, '-c', 'raise SystemExit(5)']).returncode)\n"
        "raise SystemExit(3)\n"
    )
    ignore = "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN)"
    start = [sys.executable, "-c", f"{ignore}; os.execvp(sys.argv[1], sys.argv[1:])"]
    with started(project, [*start, *way, *PROGRAM]) as process:
        assert process.stdout is not None
        assert process.stdout.read() == "0\n"
    assert process.returncode == 3


@pytest.mark.parametrize("name", ["SIGPIPE", "SIGXFSZ", "SIGABRT", "SIGSEGV", "SIGFPE"])
@pytest.mark.parametrize("program", [["sleep", "60"], PROGRAM])
@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_what_python_ignores_is_as_it_was(
    project: Path, way: list[str], program: list[str], name: str
) -> None:
    """A program of another language ends by them; Python ignores two of them from its start on."""
    (project / "main.py").write_text("import sys\nprint('ready', flush=True)\nsys.stdin.read()\n")
    with started(project, [*way, *program]) as process:
        if program is PROGRAM:
            assert process.stdout is not None
            process.stdout.readline()
        else:
            wait_for_program(process.pid, "sleep")
        process.send_signal(getattr(signal, name))
        time.sleep(0.2)
        assert process.stdin is not None
        process.stdin.close()
    is_ignored = program is PROGRAM and name in {"SIGPIPE", "SIGXFSZ"}
    assert process.returncode == (0 if is_ignored else -getattr(signal, name))


def wait_for_program(pid: int, name: str) -> None:
    """Until a process, or a child of it, has become the program of that name."""
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        words = ["ps", "-A", "-o", "pid=,ppid=,comm="]
        rows = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        found = (row.split(maxsplit=2) for row in rows)
        if any(row[2] == name and str(pid) in row[:2] for row in found):
            return
        time.sleep(0.05)
    raise AssertionError(f"no process of {name} was seen")


@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_what_was_ignored_at_the_start(project: Path, way: list[str]) -> None:
    """So is SIGINT behind ``&`` in a script; a program may set a handler of its own."""

    def ignore() -> None:
        for name in ("SIGINT", "SIGHUP", "SIGQUIT"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)

    with started(project, [*way, *PROGRAM], ignore) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        for name in ("SIGINT", "SIGHUP", "SIGQUIT", "SIGINT"):  # nothing handles SIGQUIT
            process.send_signal(getattr(signal, name))
            if name != "SIGQUIT":
                assert process.stdout.readline() == f"{name}\n"
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 3


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_the_program_does_not_outlive_what_was_killed(project: Path) -> None:
    (project / "main.py").write_text("import os, time\nprint(os.getpid(), flush=True)\n"
                                     "time.sleep(600)\n")  # fmt: skip
    with started(project, [*RECORD, *PROGRAM]) as process:
        assert process.stdout is not None
        number = process.stdout.readline().strip()
        process.kill()
    until = time.monotonic() + 60
    while is_running(number) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(number)


def is_running(number: str) -> bool:
    try:
        return " Z" not in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2][:2]
    except OSError:
        return False


SHELL = """
    import os, signal, sys

    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            break
        print("stopped", flush=True)
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
    print("ended", os.WIFSIGNALED(status), os.waitstatus_to_exitcode(status), flush=True)
"""
TALKS = """
    import signal, sys
    signal.signal(signal.SIGCONT, lambda *_: print("goes on", flush=True))
    signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
    print("ready", flush=True)
    for _ in range(2):
        print("read", input(), flush=True)
    print("last", input(), flush=True)
"""


@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_a_job_of_a_terminal(project: Path, way: list[str]) -> None:
    """The program reads from the terminal, is stopped, is continued and soon interrupted.

    What it writes then is not thrown away, as a terminal does at an interrupt (NOFLSH).
    """
    (project / "main.py").write_text(dedent(TALKS))
    words = [sys.executable, "-c", dedent(SHELL), *way, *PROGRAM]
    with closing(Terminal(words, project)) as terminal:
        terminal.see("ready")
        terminal.press(b"one\n")
        terminal.see("read one")
        terminal.press(b"\x1a")
        terminal.see("stopped")
        terminal.see("goes on")
        time.sleep(0.5)  # until it reads again: what comes right before a read is seen after it
        terminal.press(b"\x03")
        terminal.see("interrupted")
        terminal.press(b"two\n")
        terminal.see("read two")
        terminal.press(b"three\n")
        terminal.see("last three")
        terminal.see("ended False 0")
    for text in ("goes on", "interrupted"):
        assert terminal.seen.count(text) == 1, terminal.seen


class Terminal:
    """A terminal, and the program that leads its session."""

    def __init__(self, words: list[str], folder: Path) -> None:
        import pty
        import termios

        self.screen = self.seen = ""
        self.process, self.handle = pty.fork()
        if self.process == 0:
            for name in (*SIGNALS, "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT"):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            modes = termios.tcgetattr(0)
            modes[3] |= termios.NOFLSH
            termios.tcsetattr(0, termios.TCSANOW, modes)
            os.chdir(folder)
            os.execve(words[0], words, {**os.environ, "PYTHONPATH": str(SOURCE)})

    def see(self, text: str) -> None:
        while text not in self.screen:
            ready, _, _ = select.select([self.handle], [], [], LONGEST_WAIT)
            assert ready, f"{text!r} does not come after {self.screen!r}"
            read = os.read(self.handle, 1000).decode()
            self.screen, self.seen = self.screen + read, self.seen + read
        self.screen = self.screen.partition(text)[2]

    def press(self, keys: bytes) -> None:
        os.write(self.handle, keys)

    def close(self) -> None:
        os.close(self.handle)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


@pytest.mark.parametrize("way", [[], RECORD], ids=["plain", "recorded"])
def test_the_leader_of_a_terminals_session(project: Path, way: list[str]) -> None:
    """It cannot leave its group: that is asked whether all of it were sent what came."""
    with closing(Terminal([*way, *PROGRAM], project)) as terminal:
        terminal.see("ready")
        for send, number in (
            (lambda _: terminal.press(b"\x03"), signal.SIGINT),
            (lambda number: os.kill(terminal.process, number), signal.SIGUSR1),
            (lambda number: os.kill(terminal.process, number), signal.SIGINT),
            (lambda number: os.killpg(terminal.process, number), signal.SIGTERM),
            (lambda number: os.killpg(terminal.process, number), signal.SIGINT),
        ):
            send(number)
            terminal.see(number.name)
        terminal.press(b"\x04")
        if way:
            terminal.see("torchload-lint:")
    assert [terminal.seen.count(name) for name in ("SIGINT", "SIGUSR1", "SIGTERM")] == [3, 1, 1]


STOPPED = """
    import os, signal, subprocess
    from torchload_lint.record.process_groups import back_in, leave_group

    got = []
    for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT):
        signal.signal(number, lambda number, _: got.append(signal.Signals(number).name))
    group = os.getpgrp()
    member = subprocess.Popen(["sleep", "600"])
    leave_group()
    with back_in(group):
        for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGCONT):
            os.killpg(group, number)
        os.kill(os.getpid(), signal.SIGUSR2)
    member.wait()
    print(got, os.getpgrp() != group, signal.pthread_sigmask(signal.SIG_BLOCK, ()), flush=True)
"""


def test_what_its_group_was_sent_is_not_passed_on(project: Path) -> None:
    """While a job is stopped, record is in its group, and gets what all of it are sent."""
    (project / "main.py").write_text(dedent(STOPPED))
    with started(project, PROGRAM, os.setpgrp) as process:
        assert process.communicate(timeout=60)[0] == "['SIGUSR2'] True set()\n"
