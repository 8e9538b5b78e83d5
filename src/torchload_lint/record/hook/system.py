"""What the hook needs of the system, as it was before the program could put something else there.

Tests replace ``os.stat``, ``os.path.isfile`` or ``json.dumps``, count the calls, and let them
raise: none of that may be met here. So this is either C, taken at the start, or written out.
"""

import io
import os
import sys

signals = beside("signals")

stat, fstat, fspath, getcwd, getpid = os.stat, os.fstat, os.fspath, os.getcwd, os.getpid
open_handle, close, write, scandir = os.open, os.close, os.write, os.scandir
take_all = any
access, READ = os.access, os.R_OK
read_link = getattr(os, "readlink", None)
open_file, get_frame, frames_now = io.open, sys._getframe, sys._current_frames
own_thread = sys.modules["_thread"].get_ident

random, about_disk = os.urandom, getattr(os, "statvfs", None)

SEPARATOR = os.sep
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
ENCODING, ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
FILE_TYPE, REGULAR = 0o170000, 0o100000
"""Of a file's mode, as ``stat`` has them."""

MOST_LINKS = 8
"""From ``/dev/stdin`` to what is open there: two, and those of a container."""

BASES = type.__dict__["__mro__"].__get__
CONTENT = type.__dict__["__dict__"].__get__
"""Of a class, without a word of its metaclass."""

try:
    STARTED_IN = getcwd()
except OSError:
    STARTED_IN = ""


def text(path):
    """A path as text, without what a subclass of str or bytes would do when it is asked."""
    if issubclass(type(path), bytes):  # isinstance would ask it for its class
        return bytes.__getitem__(path, slice(None)).decode(ENCODING, ERRORS)
    return str.__getitem__(path, slice(None))


def absolute(path):
    """As ``os.path.abspath``, but that ``..`` stays: behind a link it leads elsewhere."""
    if SEPARATOR != "/":
        return os.path.abspath(path)
    whole = path if path.startswith("/") else getcwd() + "/" + path
    return "/" + "/".join(part for part in whole.split("/") if part not in ("", "."))


def lasting(path):
    """What leads to the same file in every process; None where no path does.

    ``/dev/stdin`` and ``/proc/self/fd/3`` are what this process has open.
    """
    for _ in range(MOST_LINKS):
        of_process = path.startswith(("/proc/", "/dev/fd/"))
        if not of_process and not path.startswith("/dev/"):
            return path
        try:
            leads = read_link(path)
            is_it = not of_process or same_file(stat(path), stat(leads))
        except (OSError, ValueError) as error:
            signals.pass_on(error)
            return None if of_process else path  # a pipe, a file that is gone; a device
        if not leads.startswith("/") or not is_it:
            return None
        path = leads
    return None


def same_file(one, other):
    """Whether two answers of ``stat`` are of one file."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def beginning(folder, name):
    """A name as it was meant at the start: below a folder, unless it is a whole one."""
    is_whole = name.startswith(SEPARATOR) or (SEPARATOR != "/" and os.path.isabs(name))
    return name if is_whole else folder + SEPARATOR + name


def free(folder):
    """Bytes that may still be written there; very many where the system does not say."""
    if about_disk is None:
        return 2**62
    found = about_disk(folder)
    return found.f_bavail * found.f_frsize


def is_regular(state):
    """Whether a file is one that ends: nothing is opened twice that others write to."""
    return state.st_mode & FILE_TYPE == REGULAR


def is_file(path):
    """As ``os.path.isfile``."""
    try:
        return is_regular(stat(path))
    except (OSError, ValueError) as error:
        signals.pass_on(error)
        return False


def can_be_read(path):
    """Whether it is a file that can be opened."""
    return is_file(path) and access(path, READ)


def exists(path):
    """As ``os.path.exists``."""
    try:
        stat(path)
    except (OSError, ValueError) as error:
        signals.pass_on(error)
        return False
    return True


def defines(kind, name):
    """Whether a class, or one that it is made of, has an attribute; the class is not asked."""
    return any(name in CONTENT(one) for one in BASES(kind))


def classes(module, names):
    """These classes of a module, where it is there."""
    content = getattr(sys.modules.get(module), "__dict__", {})
    return [content[name] for name in names if isinstance(content.get(name), type)]


def with_handle(function, path, flags, mode=0o600):
    """What a function makes of an open file's handle, which is closed whatever a handler raises.

    A handler of a signal may run after any call. So one call opens the file and keeps its handle,
    and one closes it. Nothing waits, should a pipe stand there by now.
    """
    handles = []
    closing = map(close, handles)
    try:
        handles.extend(map(open_handle, (path,), (flags | NO_WAIT,), (mode,)))
        return function(handles[0])
    finally:
        take_all(closing)


def with_content(function, path):
    """What a function makes of a file opened to be read; None where no regular one is there."""

    def read(handle):
        if not is_regular(fstat(handle)):
            return None
        with open_file(handle, "rb", closefd=False) as file:
            return function(file)

    return with_handle(read, path, READING)
