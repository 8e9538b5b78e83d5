"""What the kernel refuses while ``child.py`` loads: code that goes past Python tells no audit hook.

Run by the user's interpreter, on Linux. Landlock (landlock(7), kernel 5.13) lets no file be written
and no program be run, whatever the code is told; a filter of system calls (seccomp(2)) ends the
process where it asks for what Landlock does not know: modes and times of files, other processes,
sockets, and memory that others share.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
"""Calls of landlock(7), of one number on each kind of machine but Alpha."""
_SET_SECCOMP, _NO_NEW_PRIVILEGES = 22, 38
"""Of prctl(2)."""
_FILES, _TRUNCATE, _NETWORK = 0x1FF3, 1 << 14, 0b11
"""Rights: to execute, write, make and remove files, not to read them; TCP."""
_KNOWS_TRUNCATE, _KNOWS_NETWORK = 3, 4
"""The versions of Landlock that know these."""
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The kinds of machine whose numbers are known, as a filter is told of them."""
_ENDS = """
    fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, kill 62 129, tkill 200 130,
    rt_sigqueueinfo 129 138, pidfd_send_signal 424 424, ptrace 101 117, process_vm_writev 311 271,
    setpriority 141 140, socket 41 198, connect 42 203, io_uring_setup 425 425, bpf 321 280,
    chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -, fchown 93 55,
    lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88,
    setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15,
    fremovexattr 199 16, mount 165 40, setns 308 268, unshare 272 97, shmget 29 194, msgget 68 186,
    semget 64 190, mq_open 240 180"""
"""System calls that end the process, and their numbers on those machines."""
_CLONES = {"x86_64": (56, 435), "aarch64": (220, 435)}
"""What makes a thread or a process: the older call says in its first argument which."""
_THREAD = 0x10000
_X32 = 0x40000000
"""What is added to the numbers of an x86-64 for programs with pointers of 32 bits."""
_LOAD, _IS, _FROM, _HAS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_END, _ALLOW, _IS_UNKNOWN = 0x80000000, 0x7FFF0000, 0x00050026
"""What a filter answers: the last one is ENOSYS, upon which libraries take the older call."""


def way_to_shut() -> Callable[[], bool]:
    """Has the kernel refuse all that, for this thread and those that it starts; false where it
    cannot. What it takes is there before the project may change ``ctypes``.
    """
    if sys.platform != "linux":
        return lambda: False
    try:
        import ctypes  # noqa: PLC0415 - not every Python has it
        import resource  # noqa: PLC0415

        system, prctl = ctypes.CDLL(None).syscall, ctypes.CDLL(None).prctl
        version = system(_CREATE_RULESET, None, 0, 1)
        files = _FILES | (_TRUNCATE if version >= _KNOWS_TRUNCATE else 0)
        rights = (files, _NETWORK)[: 2 if version >= _KNOWS_NETWORK else 1]
        rules = (ctypes.c_uint64 * len(rights))(*rights)
        size = ctypes.sizeof(rules)
        code = _filter(os.uname().machine if sys.maxsize > 1 << 32 else "")
        kept = ctypes.create_string_buffer(code, len(code))
        described = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(kept)), kept
        limit, kind = resource.setrlimit, resource.RLIMIT_CORE
    except Exception:  # noqa: BLE001 - another libc
        return lambda: False

    def shut() -> bool:
        prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        handle = system(_CREATE_RULESET, rules, size, 0) if version > 0 else -1
        is_done = handle >= 0 and system(_RESTRICT_SELF, handle, 0) == 0
        if handle >= 0:
            os.close(handle)
        if code:
            limit(kind, (0, 0))  # the end by a filter would leave an image of the memory
            prctl(_SET_SECCOMP, 2, described[0], 0, 0)
        return bool(is_done)

    return shut


def _filter(machine: str) -> bytes:
    """The instructions of a filter; empty where the numbers are not known."""
    if machine not in _MACHINES:
        return b""
    column = 1 + list(_MACHINES).index(machine)
    numbers = [one.split()[column] for one in _ENDS.split(",")]
    clone, clone_3 = _CLONES[machine]
    steps: list[Any] = [
        (_LOAD, 0, 0, _MACHINE),
        (_IS, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _END),
    ]
    steps += [(_LOAD, 0, 0, _NUMBER), (_FROM, 0, 1, _X32), (_RETURN, 0, 0, _END)]
    for number in [int(one) for one in numbers if one != "-"]:
        steps += [(_IS, 0, 1, number), (_RETURN, 0, 0, _END)]
    steps += [(_IS, 0, 1, clone_3), (_RETURN, 0, 0, _IS_UNKNOWN)]
    steps += [(_IS, 0, 3, clone), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_HAS, 1, 0, _THREAD)]
    steps += [(_RETURN, 0, 0, _END), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
