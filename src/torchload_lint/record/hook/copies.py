"""Copies of what the run itself has written: a test deletes its files when it is done.

They are made before the load, which may be the last moment, and looked into when the run is over.
"""

import io

system = beside("system")
signals = beside("signals")

KEPT = beside("notes").NOTES.rpartition(system.SEPARATOR)[0] + system.SEPARATOR + "kept"
"""Where they go."""
STARTED = KEPT + ".started"
MOST_COPIED = 32 * 2**20
"""Larger files are not copied."""
MOST_COPIES = 1024
MOST_KEPT = 512 * 2**20
"""Bytes of all copies of a run, by whichever process."""
PART_OF_FREE = 4
"""Of what is free on that disk, copies take no more than this part: a quarter."""

copies = {}
"""File and its state → the name of its copy."""


def copied(path, file):
    """The name of a copy of what is loaded, where the run has written that; else empty."""
    try:
        if path is None:
            return keep(rest_of(file)) if type(file) is io.BytesIO else ""
        state = system.stat(path)
        key = (path, state.st_mtime_ns, state.st_size)
        is_old = state.st_mtime < system.stat(STARTED).st_mtime - 1
        if not system.is_regular(state) or state.st_size > MOST_COPIED or is_old:
            return ""
        if key not in copies:
            if len(copies) >= MOST_COPIES:
                return ""  # before it is read, and remembered
            copies[key] = system.with_content(keep_file, path) or ""
        return copies[key]
    except Exception as error:
        signals.pass_on(error)
        return ""


def keep_file(file):
    """Write a copy of what an open file holds, and give its name."""
    return keep(file.read(MOST_COPIED))


def rest_of(buffer):
    """What a buffer holds from where it stands; a view, since it may be large."""
    return memoryview(buffer.getvalue())[buffer.tell() :]


def keep(content):
    """Write a copy, under a name of its own, and give that name; empty where it is too much."""
    if len(content) > MOST_COPIED or len(copies) >= MOST_COPIES:
        return ""
    with system.scandir(KEPT) as entries:
        used = sum(entry.stat().st_size for entry in entries)
    if used + len(content) > min(MOST_KEPT, (system.free(KEPT) + used) // PART_OF_FREE):
        return ""
    name = system.random(8).hex()  # a number of a process is one in each container
    copies[name] = name
    path = KEPT + system.SEPARATOR + name

    def write_whole(handle):
        return system.write(handle, content) == len(content)

    return name if signals.undisturbed(system.with_handle, write_whole, path, system.NEW) else ""
