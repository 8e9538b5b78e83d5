"""Started by every Python process of a recorded command: notes what torch.load reads.

This file runs in the user's interpreter and must stand alone: Python 3.8 or newer, nothing but the
standard library, no import of torch. It waits until the program imports torch.serialization, puts
a wrapper round its ``load``, and appends a line of JSON to the file that TORCHLOAD_LINT_RECORD
names for each call. Whatever goes wrong in here is swallowed: the program must behave as without.
"""

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import re
import sys

TARGET = "torch.serialization"
VARIABLE = "TORCHLOAD_LINT_RECORD"
PATHS = (str, bytes, os.PathLike)
HERE = os.path.dirname(os.path.abspath(__file__))


class Finder(importlib.abc.MetaPathFinder):
    """Finds torch.serialization as the others would, and wraps its loader."""

    def find_spec(self, fullname, path=None, target=None):
        """See importlib: None for every other module."""
        if fullname != TARGET:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module
            spec.loader.exec_module = functools.partial(run_and_wrap, run)
        return spec


def run_and_wrap(run, module):
    """Execute the module, then put the wrapper in the place of its load."""
    run(module)
    module.load = wrapped(module.load)


def wrapped(load):
    """``torch.load`` that also notes the call; same signature, same result, same errors."""

    @functools.wraps(load)
    def recording_load(*args, **kwargs):
        call = described(args, kwargs)
        try:
            result = load(*args, **kwargs)
        except BaseException as error:
            note(call, f"{type(error).__name__}: {error}".split("\n")[0][:300])
            raise
        note(call, "loaded")
        return result

    return recording_load


def first_sentence(text):
    """Enough of an error to recognise it, without a terminal's colours."""
    return re.split(r"\. |\n", re.sub(r"\x1b\[[0-9;]*m", "", text))[0][:200]


def described(args, kwargs):
    """Call site and file of a call; empty where they cannot be told."""
    try:
        frame = sys._getframe(2)
        package = os.sep + "torch" + os.sep
        while frame.f_back is not None and package in frame.f_code.co_filename:
            frame = frame.f_back
        code = frame.f_code
        file = args[0] if args else kwargs.get("f")
        path = file if isinstance(file, PATHS) else getattr(file, "name", None)
        checkpoint = os.path.abspath(os.fsdecode(path)) if isinstance(path, PATHS) else None
        return {
            "file": os.path.abspath(code.co_filename),
            "row": frame.f_lineno,
            "function": getattr(code, "co_qualname", code.co_name),
            "checkpoint": checkpoint,
            "weights_only": repr(kwargs.get("weights_only", "absent")),
        }
    except Exception:
        return {}


def note(call, outcome):
    """Append one line; a single write to a file opened for appending is not torn apart."""
    try:
        if not call:
            return
        torch = sys.modules.get("torch")
        line = dict(call, outcome=outcome, torch=str(getattr(torch, "__version__", "")))
        handle = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, (json.dumps(line) + "\n").encode())
        finally:
            os.close(handle)
    except Exception:
        pass


def run_the_real_one():
    """Another sitecustomize further down the path is run as if this one were not there."""
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get(VARIABLE):
    sys.meta_path.insert(0, Finder())
run_the_real_one()
