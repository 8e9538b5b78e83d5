"""Runs the child that loads, and ends it with everything that it has started.

A script that needs nothing but Python (3.8 or newer). It imports neither torch nor the project, so
no code of the project runs in it: what it writes to its standard output is the answer. It reads the
request from standard input; its argument is the time that the child has, in seconds.

On Linux it adopts what the child leaves behind, also what has made itself a daemon
(``PR_SET_CHILD_SUBREAPER`` of prctl(2)), and ends where the process that asks is killed; elsewhere
it ends the child's process group.
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
_MOST_ANSWERED = 1 << 20
"""Bytes of an answer."""


def main() -> None:
    """Answer one request with what the child says, or with why it says nothing."""
    signal.signal(signal.SIGTERM, _leave)
    continued: list[int] = []
    if hasattr(signal, "SIGCONT"):
        signal.signal(signal.SIGCONT, lambda number, _: continued.append(number))
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
    try:
        answer = _answer(child, {**request, "token": token}, float(sys.argv[1]))
    finally:
        _end_all(child)
    if continued:  # who watches over the load was stopped, and saw nothing for a while
        answer = {"status": "failed", "error": "the process that watches over it was stopped"}
    sys.stdout.write(json.dumps({**answer, "question": request.get("question")}))


def _leave(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would end the hunt for what is left
    raise SystemExit(1)


def _answer(child: subprocess.Popen[bytes], request: dict[str, Any], seconds: float) -> Any:  # noqa: ANN401 - JSON
    assert child.stdin is not None
    with contextlib.suppress(OSError):  # it has ended already
        child.stdin.write(json.dumps(request).encode())
        child.stdin.close()
    try:
        status = child.wait(seconds)
    except subprocess.TimeoutExpired:
        return {"status": "timeout", "error": f"no answer within {seconds:g} s"}
    marked = request["token"].encode() + b" "
    for line in _written_by(child).split(b"\n"):
        if line.startswith(marked):
            return json.loads(line[len(marked) :])
    return {"status": "failed", "error": f"the process ended with {status} before it answered"}


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
