"""Where a program calls the loader: the frame of its own that led to it."""

import os
import sys

system = beside("system")
signals = beside("signals")

LIBRARY = system.absolute(os.__file__).rpartition(system.SEPARATOR)[0] + system.SEPARATOR
INSTALLED = ("site-packages", "dist-packages")


def caller(frame):
    """The nearest frame of the program: of this thread, else of what waits for it."""
    package = frame.f_code.co_filename.rpartition(system.SEPARATOR)[0] + system.SEPARATOR
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
    inside = source_file(name).startswith(
        system.STARTED_IN.rstrip(system.SEPARATOR) + system.SEPARATOR
    )
    return 0 if inside or cell(name) is not None else 1


def is_programs(name):
    """Whether a code object is of a file or a notebook's cell, and not of the standard library."""
    if name.startswith("<") or (
        name.startswith(LIBRARY) and not any(part in name for part in INSTALLED)
    ):
        return name.startswith("<ipython") and cell(name) is not None
    return system.is_file(source_file(name)) or cell(name) is not None


def waiting():
    """For a pool's thread: where the program waits for it, in a coroutine or in another thread."""
    threading = sys.modules.get("threading")
    main = threading.main_thread().ident if threading is not None else system.own_thread()
    own = system.own_thread()
    if own == main:  # nobody waits for it: the program is no file (python -c, a zip application)
        return None
    frames = system.frames_now()
    del frames[own]
    main = frames.pop(main, None)
    for frame in (main, *frames.values()):
        found = nearest(suspended(frame)) or nearest(frame)
        if found is not None:
            return found
    return None


def suspended(frame):
    """The innermost frame of the program in a coroutine that has handed something to a thread, else
    in any that waits: the task of a thread of its own is awaited by another one.
    """
    asyncio = sys.modules.get("asyncio")
    while asyncio is not None and frame is not None:
        if frame.f_code.co_name == "run_forever":
            found = None
            for task in asyncio.all_tasks(frame.f_locals["self"]):
                stack = awaited(task.get_coro())
                own = [one for one in stack if is_programs(one.f_code.co_filename)]
                if own and stack[-1].f_code.co_name == "to_thread":
                    return own[-1]
                found = found or (own[-1] if own else None)
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
    at_start = system.beginning(system.STARTED_IN, name)
    return system.absolute(at_start if system.is_file(at_start) else name)


def cell(name):
    """The text of the notebook cell that a code object is of, as far as IPython kept it."""
    try:
        if "IPython" not in sys.modules or system.exists(name):
            return None
        kept = sys.modules["linecache"].cache.get(name)
        if kept:
            return "".join(kept[2])
        # Below a cell magic such as %%time: what follows its row.
        history = sys.modules["IPython"].get_ipython().history_manager
        return history.input_hist_raw[-1].partition("\n")[2]
    except Exception as error:
        signals.pass_on(error)
        return None
