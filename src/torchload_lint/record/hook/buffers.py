"""Which file stands behind an open file, or behind bytes that were read from one.

Libraries open a file themselves and hand on what they got: a wrapper of their own (fsspec, as
Lightning and torch_geometric use it), or a buffer with all that they have read (mmengine). A buffer
has no name; it is compared with the files that the process has opened last.
"""

import collections
import io
import os
import sys

system = beside("system")
signals = beside("signals")

WRAPPERS = (
    ("tempfile", "_TemporaryFileWrapper", "file"),
    ("fsspec.implementations.local", "LocalFileOpener", "f"),
)
"""Module and class of a wrapper, and its attribute with the open file of Python's own."""
MOST_OPENED = 64
"""Files opened last that are remembered."""
NOT_LOADED = (".py", ".pyc", ".pyi", ".so", ".json", ".txt")
"""What is opened all the time, and is no checkpoint."""
OF_OPEN, OF_OS = (str, str, int), (str, type(None), int)
"""Path, mode and flags, as the audit events of ``open`` and ``os.open`` give them."""
TO_WRITE = os.O_WRONLY | os.O_RDWR
CHUNK = 2**20
MOST_COMPARED = 32 * 2**20
"""Of larger files, so much is compared at the beginning and at the end."""

opened = collections.deque(maxlen=MOST_OPENED)


def watch():
    """Remember the names of files that are opened; there is no way to stop that."""
    sys.addaudithook(remember)


def remember(event, args):
    """An audit hook: what it raised would be raised by ``open``, so it does nothing that can."""
    if event == "open" and tuple(map(type, args)) in (OF_OPEN, OF_OS):
        path, _, flags = args
        if not flags & TO_WRITE and not path.endswith(NOT_LOADED):
            opened.append(path)


def path_of(file):
    """The path of what is read; None for pipes, members of archives, and bytes of unknown origin.

    Only files of Python's own are asked: others may do anything then. Raises OSError, ValueError.
    """
    if type(file) is io.BytesIO:
        return origin(file)
    for module, name, attribute in WRAPPERS:
        if type(file) in system.classes(module, (name,)):
            file = vars(file).get(attribute)
    if type(file) in (io.BufferedReader, io.BufferedRandom):
        file = file.raw
    if type(file) is not io.FileIO:
        return None
    if not issubclass(type(file.name), (str, bytes)):
        return None
    path = system.absolute(system.text(file.name))
    if not system.exists(path):
        return None  # it was removed when it was open
    opened_file, named = system.fstat(file.fileno()), system.stat(path)
    is_same = (opened_file.st_dev, opened_file.st_ino) == (named.st_dev, named.st_ino)
    return path if is_same else None


def origin(buffer):
    """The file with the very bytes of a buffer, among those that were opened last."""
    if buffer.tell():
        return None
    content = buffer.getbuffer()
    try:
        for path in dict.fromkeys(reversed(opened)):
            if holds(path, content):
                return system.absolute(path)
    finally:
        content.release()
    return None


def holds(path, content):
    """Whether a file has a content, as far as it is compared."""

    def is_equal(file):
        for start in compared(len(content)):
            file.seek(start)
            if file.read(CHUNK) != content[start : start + CHUNK]:
                return False
        return True

    try:
        state = system.stat(path)
        if state.st_size != len(content) or not content or not system.is_regular(state):
            return False
        return bool(system.with_content(is_equal, path))
    except (OSError, ValueError) as error:
        signals.pass_on(error)
        return False


def compared(size):
    """Where the parts begin that are compared."""
    for start in range(0, size, CHUNK):
        if start < MOST_COMPARED or start + CHUNK > size - MOST_COMPARED:
            yield start
