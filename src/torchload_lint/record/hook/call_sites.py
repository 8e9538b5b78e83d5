"""Where a program calls the loader: the frame of its own that led to it.

Loaded by ``sitecustomize`` beside it, where torch is imported, as a module that the program does
not see. Nothing but the standard library, Python 3.8 or newer.
"""

import os
import sys

LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
INSTALLED = ("site-packages", "dist-packages")
STARTED_IN = ""
"""The folder that the process was started in; ``sitecustomize`` sets it."""


def caller(frame):
    """The nearest frame of the program: of this thread, else of what waits for it."""
    package = os.path.dirname(sys.modules["torch"].__file__) + os.sep
    outside = frame.f_back
    while outside is not None and outside.f_code.co_filename.startswith(package):
        outside = outside.f_back
    found = nearest(outside)
    if found is None:
        found = waiting()
    return found or outside or frame


def nearest(frame):
    """The nearest frame of the project, else of anything but installed packages, else of those.

    A library that loads a checkpoint was asked to: the line that asked is where a fix belongs.
    """
    found = {}
    while frame is not None:
        name = frame.f_code.co_filename
        if is_programs(name):
            found.setdefault(nearness(name), frame)
        frame = frame.f_back
    return found[min(found)] if found else None


def nearness(name):
    """0 for a cell or a file below the folder that the run was started in, 2 for a package's."""
    if any(part in name for part in INSTALLED):
        return 2
    inside = source_file(name).startswith(os.path.join(STARTED_IN, ""))
    return 0 if inside or cell(name) is not None else 1


def is_programs(name):
    """Whether a code object is of a file or a notebook's cell, and not of the standard library."""
    if name.startswith("<") or (
        name.startswith(LIBRARY) and not any(part in name for part in INSTALLED)
    ):
        return name.startswith("<ipython") and cell(name) is not None
    return os.path.isfile(source_file(name)) or cell(name) is not None


def waiting():
    """For a pool's thread: where the program waits for it, in a coroutine or in another thread."""
    import threading

    main, own = threading.main_thread().ident, threading.get_ident()
    if own == main:  # nobody waits for it: the program is no file (python -c, a zip application)
        return None
    frames = sys._current_frames()
    del frames[own]
    main = frames.pop(main, None)
    for frame in (main, *frames.values()):
        found = nearest(suspended(frame)) or nearest(frame)
        if found is not None:
            return found
    return None


def suspended(frame):
    """The innermost frame of the coroutine that has handed something to a thread, if one has."""
    asyncio = sys.modules.get("asyncio")
    while asyncio is not None and frame is not None:
        if frame.f_code.co_name == "run_forever":
            found = None
            for task in asyncio.all_tasks(frame.f_locals["self"]):
                stack = awaited(task.get_coro())
                if stack and stack[-1].f_code.co_name == "to_thread":
                    return stack[-2]
                found = found or (stack[-1] if stack else None)
            return found
        frame = frame.f_back
    return None


def awaited(coroutine):
    """The frames of a coroutine and of what it awaits, outermost first."""
    stack = []
    while coroutine is not None and getattr(coroutine, "cr_frame", None) is not None:
        stack.append(coroutine.cr_frame)
        coroutine = coroutine.cr_await
    return stack


def source_file(name):
    """A code object's file. Before Python 3.9 a program's own is relative to where it started."""
    at_start = os.path.join(STARTED_IN, name)
    return at_start if os.path.isfile(at_start) else os.path.abspath(name)


def cell(name):
    """The text of the notebook cell that a code object is of, as far as IPython kept it."""
    try:
        if "IPython" not in sys.modules or os.path.exists(name):
            return None
        kept = sys.modules["linecache"].cache.get(name)
        if kept:
            return "".join(kept[2])
        # Below a cell magic such as %%time: what follows its row.
        history = sys.modules["IPython"].get_ipython().history_manager
        return history.input_hist_raw[-1].partition("\n")[2]
    except Exception:
        return None
