"""Runs the child that loads, and ends it with everything that it has started.

A script that needs nothing but Python (3.8 or newer). It imports neither torch nor the project, so
no code of the project runs in it: what it writes to its standard output is the answer. It reads the
request from standard input; its arguments are the time that the child has, in seconds, and the
share of the free memory that the child and its descendants may take.

On Linux it adopts what the child leaves behind, also what has made itself a daemon
(``PR_SET_CHILD_SUBREAPER`` of prctl(2)), ends where the process that asks is killed, and ends the
child where that takes most of the memory that was free; elsewhere it ends the child's process
group.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("child.py")
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG = 1
_SECONDS_TO_END = 10.0
"""How long the descendants are hunted."""
_SAID = {
    -int(
        getattr(signal, "SIGSYS", signal.NSIG)
    ): "compiled code starts a program, signals, asks the network "
    "or changes a file while the file loads, which no proof does"
}
"""Of a child that the kernel ends (SIGSYS of Linux, for ``kernel_child.py``)."""
_MOST_ANSWERED = 1 << 20
"""Bytes of an answer."""
_BETWEEN_LOOKS = 0.2
"""Seconds from one look at that memory to the next; ten times as long as a slow look takes."""
_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_LIMITS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Files of control groups: what they may take, and what they have taken."""


def main() -> None:
    """Answer one request with what the child says, or with why it says nothing."""
    signal.signal(signal.SIGTERM, _leave)
    continued: list[int] = []
    if hasattr(signal, "SIGCONT"):
        signal.signal(signal.SIGCONT, lambda number, _: continued.append(number))
    sys.stdout.write("\n")  # the interpreter runs Python, so that its answer is waited for
    sys.stdout.flush()
    _adopt_orphans()
    request = json.load(sys.stdin)
    token = secrets.token_hex(16)
    child = subprocess.Popen(  # noqa: S603 - the same interpreter
        [sys.executable, str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with contextlib.suppress(OSError):  # where memory runs out, Linux ends it before all others
        Path(f"/proc/{child.pid}/oom_score_adj").write_text("1000", encoding="ascii")
    try:
        answer = _answer(child, {**request, "token": token}, *map(float, sys.argv[1:3]))
    finally:
        _end_all(child)
    if continued:  # who watches over the load was stopped, and saw nothing for a while
        answer = {"status": "failed", "error": "the process that watches over it was stopped"}
    sys.stdout.write(json.dumps({**answer, "question": request.get("question")}))


def _leave(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would end the hunt for what is left
    raise SystemExit(1)


def _answer(
    child: subprocess.Popen[bytes], request: dict[str, Any], seconds: float, share: float
) -> Any:  # noqa: ANN401 - JSON
    assert child.stdin is not None
    with contextlib.suppress(OSError):  # it has ended already
        child.stdin.write(json.dumps(request).encode())
        child.stdin.close()
    status = _end_of(child, seconds, share)
    if isinstance(status, dict):
        return status
    marked = request["token"].encode() + b" "
    for line in _written_by(child).split(b"\n"):
        if line.startswith(marked):
            return json.loads(line[len(marked) :])
    said = _SAID.get(status, f"the process ended with {status} before it answered")
    return {"status": "failed", "error": said}


def _end_of(child: subprocess.Popen[bytes], seconds: float, share: float) -> int | dict[str, str]:
    """The exit status of the child; or why it is not waited for."""
    until = time.monotonic() + seconds
    most = share * _free_memory()
    pause = _BETWEEN_LOOKS
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.wait(min(left, pause))
        begin = time.monotonic()
        if most and _memory_taken() > most:
            said = f"it took more than {most / 1e9:.1f} GB of memory, {share:.0%} of what was free"
            return {"status": "failed", "error": f"{said}; a machine that has more may try it"}
        pause = max(_BETWEEN_LOOKS, 10 * (time.monotonic() - begin))
    return {"status": "timeout", "error": f"no answer within {seconds:g} s"}


def _free_memory() -> float:
    """Bytes that the system and the control groups of this process have left; 0: it is not said."""
    free = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        rows = Path("/proc/meminfo").read_text(encoding="utf-8").split("MemAvailable:")
        free.append(float(rows[1].split()[0]) * 1024)
    for folder in _control_groups() if free else ():
        for limit, taken in _LIMITS:
            with contextlib.suppress(OSError, ValueError):  # another kind, or "max"
                left = float((folder / limit).read_text()) - float((folder / taken).read_text())
                free.append(left + _cached(folder))
    return max(min(free), 1.0) if free else 0.0


def _control_groups() -> list[Path]:
    """The folders of the groups that this process is in, of both versions, and those above them."""
    folders = [_CONTROL_GROUPS, _CONTROL_GROUPS / "memory"]
    with contextlib.suppress(OSError):
        for row in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, kinds, place = row.split(":", 2)
            if kinds in {"", "memory"}:
                below = _CONTROL_GROUPS / kinds / place.strip("/")
                folders += [
                    one for one in (below, *below.parents) if _CONTROL_GROUPS in one.parents
                ]
    return folders


def _cached(folder: Path) -> float:
    """What a control group holds of files, which is given up where memory is asked for."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return float((folder / "memory.stat").read_text().split("inactive_file ")[1].split()[0])
    return 0.0


def _memory_taken() -> float:
    """Bytes that the descendants hold, besides what are pages of files."""
    parents: dict[int, int] = {}
    sizes: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # it has ended
            text = (entry / "status").read_text(encoding="utf-8", errors="replace")
            rows = dict(row.split(":", 1) for row in text.splitlines() if ":" in row)
            parents[int(entry.name)] = int(rows["PPid"])
            held = (rows.get(name, "0").split()[0] for name in ("RssAnon", "RssShmem"))
            sizes[int(entry.name)] = sum(map(float, held)) * 1024
    below = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in below} - below:
        below |= more
    return sum(sizes.get(one, 0.0) for one in below)


def _written_by(child: subprocess.Popen[bytes]) -> bytes:
    """What is in the pipe. Its end is not waited for: what the child has started may hold it."""
    assert child.stdout is not None
    if not hasattr(os, "set_blocking"):  # Windows before Python 3.12
        return child.stdout.read(_MOST_ANSWERED)
    os.set_blocking(child.stdout.fileno(), False)
    return child.stdout.read(_MOST_ANSWERED) or b""


def _adopt_orphans() -> None:
    with contextlib.suppress(Exception):  # another system: the group is ended
        import ctypes  # noqa: PLC0415 - not every Python has it

        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _end_all(child: subprocess.Popen[bytes]) -> None:
    """End the child's group, and then whatever has become a child of this process."""
    if not hasattr(os, "killpg"):
        child.kill()
        return
    with contextlib.suppress(OSError):  # it has ended
        os.killpg(child.pid, signal.SIGKILL)
    child.kill()
    child.wait()
    until = time.monotonic() + _SECONDS_TO_END
    while time.monotonic() < until:
        left = _children()
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):  # it has ended
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _children() -> list[int]:
    """The processes whose parent is this one; none where the system does not say."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):  # it has ended
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            if stat.rpartition(")")[2].split()[1] == str(os.getpid()):  # after name and state
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    main()
