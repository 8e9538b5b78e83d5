"""What a load in ``child.py`` may not do: unpickle unseen, write, start programs, ask the network.

Run by the user's interpreter. Audit hooks see what goes through Python and name it; on Linux, the
kernel refuses what goes past it (``kernel_child.py``).
"""

from __future__ import annotations

import _thread
import importlib
import os
import re
import signal
import stat
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if sys.platform != "win32":
    import termios
    from fcntl import F_GETFL, fcntl

    _TERMINALS = ((termios, "tcsetattr tcsetwinsize tcsendbreak tcflush tcflow"),)
else:
    _TERMINALS = ()

if TYPE_CHECKING:
    from collections.abc import Callable


def _there(name: str) -> tuple[Any, ...]:
    """A module, where this Python has it."""
    try:
        return (importlib.import_module(name),)
    except ImportError:
        return ()


_DOES = frozenset(
    """
    _thread.start_joinable_thread _thread.start_new_thread os.chflags os.chmod os.chown os.exec
    os.fork os.forkpty os.kill os.killpg os.link os.mkdir os.posix_spawn os.remove os.removexattr
    os.rename os.rmdir os.setxattr os.spawn os.startfile os.startfile/2 os.symlink os.system
    fcntl.ioctl os.truncate os.utime pty.spawn resource.prlimit signal.pthread_kill sqlite3.connect
    subprocess.Popen sys.remote_exec syslog.syslog webbrowser.open
    """.split()
)
"""Events of audit hooks that are more than to compute and to read."""
_UNHEARD = (
    (_thread, "start_new_thread start_new start_joinable_thread"),
    (threading, "_start_new_thread _start_joinable_thread"),
    (signal, "pidfd_send_signal"),
    (os, "setpriority sched_setaffinity sched_setparam sched_setscheduler tcsetpgrp"),
    (time, "clock_settime clock_settime_ns"),
    *_TERMINALS,
)
"""Those that tell audit hooks nothing: of threads (before Python 3.12), of other processes, of the
clock, and of terminals."""
_INTERPRETERS = tuple(
    (module, "create")
    for name in ("_interpreters", "_xxsubinterpreters")
    for module in _there(name)
)
"""What starts a second interpreter in this process, in which no audit hook is told of anything."""
_RUN_A_FILE = (
    "import_ir_module import_ir_module_from_buffer _import_ir_module_from_package "
    "_load_jit_module_from_bytes _load_jit_module_from_file _load_for_lite_interpreter "
    "_load_for_lite_interpreter_from_buffer _load_mobile_module_from_bytes "
    "_load_mobile_module_from_file"
)
"""What reads archives of TorchScript: their ``__setstate__`` runs then, and may write files."""
_RUN_A_LIBRARY = "AOTIModelPackageLoader AOTIModelContainerRunnerCpu AOTIModelContainerRunnerCuda"
"""What runs the compiled code of packages that ``torch._inductor`` has made."""
_DO = ("socket.", "ctypes.", "winreg.", "shutil.", "urllib.", "ftplib.", "smtplib.", "tempfile.")
"""What the names of other such events begin with."""
_OF_PACKAGE = "<torch_package_"
"""What the names of files begin with that ``torch.package`` takes code from."""
_WHILE = "while the file loads, which no proof does"
_BEFORE = "while modules are imported, and nothing watches what that runs; move it into a function"
_names_in, _state_of, _is_folder, _thread_of = (
    os.listdir, os.fstat, os.path.isdir, _thread.get_ident,
)  # fmt: skip
"""As they are before a project may put something else in their place."""
_IS_CUT = re.compile("Bad file descriptor|non-socket")
_KINDS = frozenset({stat.S_IFREG, stat.S_IFIFO, stat.S_IFSOCK})
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class ProofGuard:
    """Watches what is done. It is made before anything of the project runs: an audit hook cannot
    be taken out again.
    """

    def __init__(self, shut: Callable[[], bool]) -> None:
        """Nothing is refused yet. ``shut``: has the kernel refuse; false where it does not."""
        self._known: frozenset[str] | None = None
        self._met = ""
        self._done = ""
        self._is_loading = False
        self._loads_in = 0
        self._shut = shut
        self._cut = _way_to_cut()
        self._is_shut = self._has_cut = False
        self._refuse_calls(_INTERPRETERS)
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            self.find(f"{args[0]}.{args[1]}")
        if event == "exec" and self._known is not None:
            source = getattr(args[0], "co_filename", "")
            if source.startswith(_OF_PACKAGE):
                self._refuse(f"code of a package of torch.package would run ({source})")
        if (self._is_loading or self._loads_in == _thread_of()) and _does(event, args):
            shown = f"({args[0]!r:.80})" if args and isinstance(args[0], (str, bytes)) else ""
            self._done = f"{event}{shown} is called {_WHILE}"
            raise RuntimeError(self._done)

    def find(self, *names: str) -> None:
        """What an unpickler finds: the name that a file gives, and what that leads to."""
        if self._known is not None and self._known.isdisjoint(names):
            self._refuse(f"{names[-1]} would be unpickled without restriction")

    def _refuse(self, met: str) -> NoReturn:
        self._met = met
        raise RuntimeError(f"{met}; move what loads it into a function")

    def begin_to_import(self, known: frozenset[str]) -> None:
        """From now on nothing but known names is unpickled without torch's restrictions: also
        between the imports and the load, by what a module has left running.
        """
        self._known = known

    def refuse_code_of(self, torch: Any) -> None:  # noqa: ANN401 - a module
        """Refuse the functions of torch that run code of a file, from now on."""
        compiled = torch._C  # noqa: SLF001 - it has no other name
        packages = getattr(compiled, "_aoti", compiled)
        calls = ((torch, _RUN_A_FILE), (compiled, _RUN_A_FILE), (packages, _RUN_A_LIBRARY))
        self._refuse_calls(calls)

    def watch(self, unpickler: Any) -> None:  # noqa: ANN401 - a class
        """Watch what is done in loads by this class, those of the project's modules, too."""
        own = unpickler.load

        def load(self_: object) -> Any:  # noqa: ANN401 - any object
            before, self._loads_in = self._loads_in, _thread_of()
            try:
                return own(self_)
            finally:
                self._loads_in = before

        unpickler.load = load

    def begin_to_load(self) -> None:
        """From now on nothing is unpickled unseen, and nothing done but to compute and to read, by
        any thread: a class may hand what it does to one that was started before. That lasts until
        the process ends, since a class may leave something behind that does it after the load (a
        thread, the handler of a signal, a callback of ``gc``).
        """
        sys.dont_write_bytecode = True
        self._has_cut = self._cut()
        self._is_shut = self._shut()
        self._known = frozenset()
        self._refuse_calls(_UNHEARD)
        self._is_loading = True

    def _refuse_calls(self, calls: tuple[tuple[Any, str], ...]) -> None:
        """Refuse what audit hooks are not told of where it is asked for by its name."""
        for module, names in calls:
            for name in names.split():
                if name in vars(module):
                    setattr(module, name, self._refusing(f"{module.__name__}.{name}"))

    def _refusing(self, name: str) -> Callable[..., None]:
        def refuse(*_given: object, **_named: object) -> None:
            self._done = f"{name} is called {_WHILE if self._is_loading else _BEFORE}"
            raise RuntimeError(self._done)

        return refuse

    def judged(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """The outcome of a load; what is refused here is not refused by torch."""
        errors = outcome.pop("errors", "")
        is_error = outcome["status"] != "loads"
        is_refused = outcome["status"] == "refused"
        by_kernel = self._is_shut and is_refused and "Permission denied" in errors
        if self._has_cut and is_error and _IS_CUT.search(errors):
            said = "what is open already is written to while the file loads, as no proof does"
            self._done = self._done or said
        # What a library makes of a file that leads nowhere has any name.
        if self._has_cut and is_refused and not errors.startswith("UnpicklingError"):
            said = "which may be because what is open already leads nowhere while the file loads"
            self._done = self._done or f"{outcome['error']}, {said}"
        if self._done or (self._met and is_refused):
            return {"status": "failed", "error": self._done or self._met}
        return {**outcome, "status": "failed"} if by_kernel else outcome


def _does(event: str, args: tuple[Any, ...]) -> bool:
    if event == "open":
        return isinstance(args[-1], int) and bool(args[-1] & _WRITES)
    return event in _DOES or event.startswith(_DO)


def _way_to_cut() -> Callable[[], bool]:
    """Lets what is opened from now on to be written to (files, pipes, sockets) lead to a file that
    cannot be: neither audit hooks nor the kernel are asked about what is open already. False where
    there is nothing.
    """
    before, take, place = _writable(), os.open, os.dup2

    def cut() -> bool:
        opened = _writable() - before
        nowhere = take(os.devnull, os.O_RDONLY)
        for number, _ in opened:
            place(nowhere, number, False)
        return bool(opened)

    return cut


def _writable() -> frozenset[tuple[int, tuple[int, int]]]:
    """The numbers of open files, pipes and sockets that can be written to, with what they are."""
    found: set[tuple[int, tuple[int, int]]] = set()
    if sys.platform == "win32" or not _is_folder("/dev/fd"):
        return frozenset(found)
    for name in _names_in("/dev/fd"):
        with suppress(OSError):  # that of the folder
            number = int(name)
            state = _state_of(number)
            kind = stat.S_IFMT(state.st_mode)
            if kind in _KINDS and fcntl(number, F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
                found.add((number, (state.st_dev, state.st_ino)))
    return frozenset(found)
