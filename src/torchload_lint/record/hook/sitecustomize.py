"""Started by every Python process of a recorded command: notes what torch.load reads.

This file runs in the user's interpreter and must stand alone: Python 3.8 or newer, nothing but the
standard library, no import of torch. ``torch.load`` itself is left as it is, so that a program that
looks at its signature, its code or its defaults sees what it always sees. What is replaced lies
below it: the two context managers by which it holds its file, inside of whose ``with`` block it
does all the rest (``_open_file`` and ``_open_buffer_reader`` in ``torch/serialization.py``, torch
1.5 to 2.13). Their subclasses note what they are given and how the block ends; none of their frames
is on the stack when something is raised, so tracebacks stay as they are. Each call of the loader
appends lines of JSON to the file that TORCHLOAD_LINT_RECORD names. Whatever goes wrong in here is
swallowed: the program must behave as without. A process that never imports torch pays for two small
imports (``os`` and ``sys`` are there anyway).
"""

import os
import sys

TARGET = "torch.serialization"
OPENERS = ("_open_file", "_open_buffer_reader")
VARIABLE = "TORCHLOAD_LINT_RECORD"
PATHS = (str, bytes, os.PathLike)
HERE = os.path.dirname(os.path.abspath(__file__))
NOTES = os.environ.get(VARIABLE)
LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
INSTALLED = ("site-packages", "dist-packages")
MOST_KNOWN = 4096
"""Calls that are remembered, so that what was noted once is not noted again."""
MOST_BYTES = 64 * 2**20
"""When so much was noted, no more is."""
KEPT = os.path.join(os.path.dirname(NOTES or ""), "kept")
"""Where copies go of what the run itself has written: a test deletes its files when it is done."""
STARTED = KEPT + ".started"
MOST_COPIED = 32 * 2**20
"""Larger files are not copied."""
MOST_COPIES = 1024

try:
    STARTED_IN = os.getcwd()
except OSError:
    STARTED_IN = ""

copies = {}
"""File and its state → the name of its copy."""
noted = {}
"""Call site and file → what was noted last."""


class Finder:
    """Finds torch.serialization as the others would, and looks after its openers."""

    def find_spec(self, fullname, path=None, target=None):
        """See importlib: None for every other module."""
        if fullname != TARGET:
            return None
        forget_own_module()
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find else None
            if spec is not None:
                return with_openers(spec)
        return None


def forget_own_module():
    """Without this hook there would be no module of this name (else it was replaced by then)."""
    own = sys.modules.get("sitecustomize")
    if own is not None and getattr(own, "__file__", None) == __file__:
        del sys.modules["sitecustomize"]


def with_openers(spec):
    """The same spec, whose module has other openers once it is executed."""
    try:
        loader = spec.loader
        run = loader.exec_module

        def run_and_replace(module):
            loader.__dict__.pop("exec_module", None)
            run(module)
            write({"torch": version()})
            for name in OPENERS:
                replace(module, name)

        loader.exec_module = run_and_replace
    except Exception:
        pass
    return spec


def replace(module, name):
    """Put a subclass that takes notes in the place of one of torch's openers."""
    try:
        opener = getattr(module, name)
        body = {"__new__": begun, "__exit__": ended, "__module__": opener.__module__,
                "__qualname__": opener.__qualname__, "__doc__": opener.__doc__}  # fmt: skip
        setattr(module, name, type(opener)(name, (opener,), body))
    except Exception:
        pass


def begun(cls, *args):
    """``__new__`` of an opener: what is opened, and for whom."""
    opener = object.__new__(cls)
    try:
        frame = sys._getframe(1).f_back
        if frame.f_code.co_name == "load" and frame.f_globals.get("__name__") == TARGET:
            file = args[0]
            call = opener._call = described(frame, file)
            note(call, "did not return")
            if isinstance(file, PATHS):
                os.stat(file)
    except (OSError, ValueError) as error:
        note(opener._call, in_words(error))
    except Exception:
        pass
    return opener


def ended(opener, kind, error, traceback):
    """``__exit__`` of an opener: how the block ends."""
    try:  # noqa: SIM105 - contextlib is an import more
        note(opener._call, "loaded" if kind is None else in_words(error))
    except Exception:
        pass
    return super(type(opener), opener).__exit__(kind, error, traceback)


def in_words(error):
    """Enough of an error to recognise it, without a terminal's colours."""
    try:
        import re

        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        return type(error).__name__ + ": " + re.split(r"\. |\n", plain)[0][:200]
    except Exception:
        return type(error).__name__


def described(frame, file):
    """Call site and file of a call of the loader, whose frame is given; empty where it fails."""
    try:
        frame = caller(frame)
        code = frame.f_code
        path = checkpoint(file)
        return {
            "file": source_file(code.co_filename),
            "row": frame.f_lineno,
            "function": getattr(code, "co_qualname", code.co_name),
            "checkpoint": path,
            "source": cell(code.co_filename),
            "folder": STARTED_IN,
            "kept": copied(path, file),
        }
    except Exception:
        return {}


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

    frames = sys._current_frames()
    main = frames.pop(threading.main_thread().ident, None)
    frames.pop(threading.get_ident(), None)
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


def checkpoint(file):
    """The path that is loaded; None for buffers, pipes, members of archives."""
    if isinstance(file, PATHS):
        return os.path.abspath(os.fsdecode(file))
    try:
        path = os.path.abspath(os.fsdecode(file.name))
        same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
        return path if same else None
    except Exception:
        return None


def copied(path, file):
    """The name of a copy of what is loaded, where the run has written that; else empty.

    It is made before the load, which may be the last moment, and looked into when the run is over.
    """
    try:
        if path is None:
            return keep(file.getvalue()[file.tell() :]) if in_memory(file) else ""
        state = os.stat(path)
        key = (path, state.st_mtime_ns, state.st_size)
        if state.st_size > MOST_COPIED or state.st_mtime < os.stat(STARTED).st_mtime - 1:
            return ""
        if key not in copies:
            with open(path, "rb") as content:
                copies[key] = keep(content.read(MOST_COPIED))
        return copies[key]
    except Exception:
        return ""


def in_memory(file):
    """Whether it is a plain BytesIO: other objects may do anything when they are asked."""
    return type(file).__name__ == "BytesIO" and type(file).__module__ == "_io"


def keep(content):
    """Write a copy, under a name of its own, and give that name; empty where it is too much."""
    if len(content) > MOST_COPIED or len(copies) >= MOST_COPIES:
        return ""
    name = "%d-%d" % (os.getpid(), len(copies))
    copies[name] = name
    with open(os.path.join(KEPT, name), "xb") as file:
        file.write(content)
    return name


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


def version():
    """The version of torch, as soon as it is known."""
    known = getattr(sys.modules.get("torch"), "__version__", "")
    return str(known or getattr(sys.modules.get("torch.version"), "__version__", ""))


def note(call, outcome):
    """Write down a call and what came of it, unless that was done before."""
    if not call:
        return
    key = (call["file"], call["row"], call["function"], call["checkpoint"], call["kept"])
    last = noted.get(key)
    if last == outcome or (last is not None and outcome == "did not return"):
        return
    if last is not None or len(noted) < MOST_KNOWN:
        noted[key] = outcome
    write(dict(call, outcome=outcome, torch=version()))


def write(line):
    """Append one line; a single write to a file opened for appending is not torn apart."""
    try:
        import json

        append((json.dumps(line) + "\n").encode())
    except Exception:
        pass


def append(line):
    """Append to the notes, where these are a file and not full."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(NOTES, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if os.fstat(handle).st_size < MOST_BYTES:
            os.write(handle, line)
    finally:
        os.close(handle)


def announce():
    """Note that a process of the command can be seen at all (without importing json for it)."""
    try:  # noqa: SIM105 - contextlib is an import more
        append(b'{"process": %d}\n' % os.getpid())
    except Exception:
        pass


def step_aside():
    """Leave the path as it would be, and run the sitecustomize that would be run."""
    sys.path[:] = [entry for entry in sys.path if entry != HERE]
    import importlib.machinery

    spec = importlib.machinery.PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        import importlib.util

        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if NOTES:
    sys.meta_path.insert(0, Finder())
    announce()
step_aside()
