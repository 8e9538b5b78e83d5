"""Started by every Python process of a recorded command: notes what torch.load reads.

This file runs in the user's interpreter and must stand alone: Python 3.8 or newer, nothing but the
standard library, no import of torch. It waits until the program imports torch.serialization, puts
a wrapper round its ``load``, and appends lines of JSON to the file that TORCHLOAD_LINT_RECORD
names. Whatever goes wrong in here is swallowed: the program must behave as without. A process
that never imports torch pays for two small imports (``os`` and ``sys`` are there anyway).
"""

import os
import sys

TARGET = "torch.serialization"
VARIABLE = "TORCHLOAD_LINT_RECORD"
PATHS = (str, bytes, os.PathLike)
HERE = os.path.dirname(os.path.abspath(__file__))
NOTES = os.environ.get(VARIABLE)
UNSEEN = "<torchload-lint record, importlib._bootstrap>"
"""The wrapper's place in tracebacks. For ``warnings``, a frame whose file's name holds these two
words is the import system's: a warning of ``torch.load`` that points at its caller still does."""

try:
    STARTED_IN = os.getcwd()
except OSError:
    STARTED_IN = ""


class Finder:
    """Finds torch.serialization as the others would, and wraps its loader."""

    def find_spec(self, fullname, path=None, target=None):
        """See importlib: None for every other module."""
        if fullname != TARGET:
            return None
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find else None
            if spec is not None:
                return with_wrapper(spec)
        return None


def with_wrapper(spec):
    """The same spec, whose module has another ``load`` once it is executed."""
    try:
        run = spec.loader.exec_module

        def run_and_wrap(module):
            run(module)
            note({"torch": version()})
            module.load = wrapped(module.load)

        spec.loader.exec_module = run_and_wrap
    except Exception:
        pass
    return spec


def wrapped(load):
    """``torch.load`` that also notes the call; same signature, same result, same errors."""
    import functools

    @functools.wraps(load)
    def recording_load(*args, **kwargs):
        call = described(args, kwargs)
        note(call, "did not return")
        try:
            result = load(*args, **kwargs)
        except BaseException as error:
            note(call, told(error))
            raise
        note(call, "loaded")
        return result

    recording_load.__code__ = recording_load.__code__.replace(co_filename=UNSEEN)
    return recording_load


def told(error):
    """Enough of an error to recognise it, without a terminal's colours."""
    try:
        import re

        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        return type(error).__name__ + ": " + re.split(r"\. |\n", plain)[0][:200]
    except Exception:
        return type(error).__name__


def described(args, kwargs):
    """Call site and file of a call; empty where they cannot be told."""
    try:
        frame = sys._getframe(2)
        package = os.path.dirname(sys.modules["torch"].__file__) + os.sep
        while frame.f_back is not None and frame.f_code.co_filename.startswith(package):
            frame = frame.f_back
        code = frame.f_code
        return {
            "file": source_file(code.co_filename),
            "row": frame.f_lineno,
            "function": getattr(code, "co_qualname", code.co_name),
            "checkpoint": checkpoint(args[0] if args else kwargs.get("f")),
            "source": cell(code.co_filename),
            "folder": STARTED_IN,
        }
    except Exception:
        return {}


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


def note(call, outcome=None):
    """Append one line; a single write to a file opened for appending is not torn apart."""
    try:
        if not call:
            return
        import json

        line = dict(call)
        if outcome is not None:
            line.update(outcome=outcome, torch=version())
        handle = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (json.dumps(line) + "\n").encode())
        finally:
            os.close(handle)
    except Exception:
        pass


def announce():
    """Note that a process of the command can be seen at all (without importing json for it)."""
    try:
        handle = os.open(NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, b'{"process": %d}\n' % os.getpid())
        finally:
            os.close(handle)
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
