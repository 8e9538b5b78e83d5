"""Started by every Python process of a recorded command: notes what torch.load reads.

This file runs in the user's interpreter and must stand alone, with the two files beside it: Python
3.8 or newer, nothing but the standard library, no import of torch. ``torch.load`` itself is left as
it is, so that a program that looks at its signature, its code or its defaults sees what it always
sees. What is replaced lies below it: the two context managers by which it holds its file, inside of
whose ``with`` block it does all the rest (``_open_file`` and ``_open_buffer_reader`` in
``torch/serialization.py``, torch 1.5 to 2.13). Their subclasses note what they are given and how
the block ends; none of their frames is on the stack when something is raised, so tracebacks stay as
they are. Nothing of the program's own is asked for anything: not a path, not a file. Each call of
the loader appends lines of JSON to the file that TORCHLOAD_LINT_RECORD names. Whatever goes wrong
in here is swallowed: the program must behave as without. A process that never imports torch pays
for two small imports (``os`` and ``sys`` are there anyway).
"""

import io
import os
import sys

TARGET = "torch.serialization"
OPENERS = ("_open_file", "_open_buffer_reader")
VARIABLE = "TORCHLOAD_LINT_RECORD"
BEGUN = "its end was not seen"
"""The outcome of a call until another one is noted."""
PLAIN = (str, bytes, int, type(None))
HERE = os.path.dirname(os.path.abspath(__file__))
NOTES = os.environ.get(VARIABLE)
FILE_TYPE, REGULAR = 0o170000, 0o100000
"""Of a file's mode, as ``stat`` has them."""
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
MOST_KEPT = 512 * 2**20
"""Bytes of all copies of a run, by whichever process."""

try:
    STARTED_IN = os.getcwd()
except OSError:
    STARTED_IN = ""

copies = {}
"""File and its state → the name of its copy."""
found_beside = {}
"""The other files of this folder, when they are needed."""
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


def beside(name):
    """Another file of this folder, as a module that the program does not see."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.STARTED_IN = STARTED_IN
    return module


def with_openers(spec):
    """The same spec, whose module has other openers once it is executed."""
    try:
        loader = spec.loader
        run = loader.exec_module
        found_beside["call_sites"] = beside("call_sites")
        found_beside["buffers"] = beside("buffers")
        found_beside["buffers"].watch()

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

        def enter(self):
            entered(self)
            return opener.__enter__(self)

        def leave(self, kind, error, traceback):
            ended(self, error)
            return opener.__exit__(self, kind, error, traceback)

        body = {"__new__": begun, "__enter__": enter, "__exit__": leave,
                "__module__": opener.__module__, "__qualname__": opener.__qualname__,
                "__doc__": opener.__doc__}  # fmt: skip
        setattr(module, name, type(opener)(name, (opener,), body))
    except Exception:
        pass


class Call(dict):
    """What is known of a call of the loader."""

    is_open = False

    def __del__(self):
        """The opener is gone; where it never opened anything, it has raised."""
        try:
            if self and not self.is_open:
                note(self, "raised before anything was read")
        except Exception:
            pass


def begun(cls, *args):
    """``__new__`` of an opener: what is opened, and for whom."""
    opener = object.__new__(cls)
    try:
        frame = sys._getframe(1).f_back
        if frame.f_code.co_name == "load" and frame.f_globals.get("__name__") == TARGET:
            call = opener._call = described(frame)
            file = args[0]
            if type(file) is str or is_library_path(file):
                found(call, os.fspath(file), file)
                os.stat(file)
            elif not hasattr(type(file), "__fspath__"):
                found(call, checkpoint(file), file)
    except Exception as error:
        pass_on(error)
        if isinstance(error, (OSError, ValueError)):
            opener._call.is_open = True
            note(opener._call, in_words(error))
    return opener


def entered(opener):
    """``__enter__`` of an opener: a path of the program's own is not asked for its name again."""
    try:
        call = opener._call
        call.is_open = True
        if call and "checkpoint" not in call:
            found(call, opener.file_like.name, None)
    except Exception as error:
        pass_on(error)


def ended(opener, error):
    """``__exit__`` of an opener: how the block ends."""
    try:
        note(opener._call, "loaded" if error is None else in_words(error))
    except Exception as failure:
        pass_on(failure)


def pass_on(error):
    """Raise what a handler of a signal has raised: it may run at any place, also in here."""
    handlers = handler_codes()
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code in handlers:
            raise error
        traceback = traceback.tb_next


def handler_codes():
    """The code of each handler of a signal."""
    signal = sys.modules.get("signal")
    codes = set()
    for number in range(1, signal.NSIG) if signal is not None else ():
        try:
            handler = signal.getsignal(number)
        except ValueError:
            continue
        for one in (handler, getattr(handler, "__func__", None), type(handler).__call__):
            codes.add(getattr(one, "__code__", None))
    return codes - {None}


def found(call, path, file):
    """Note what a call reads: a path as it was given, or None for what has no name."""
    call["checkpoint"] = None if path is None else os.path.abspath(os.fsdecode(plain(path)))
    call["kept"] = copied(call["checkpoint"], file)
    note(call, BEGUN)


def plain(path):
    """A path without what a subclass of str or bytes would do when it is asked for something."""
    for kind in (str, bytes):
        if isinstance(path, kind):
            return kind.__getitem__(path, slice(None))
    return path


def in_words(error):
    """Enough of an error to recognise it, without a terminal's colours.

    Only Python's own way to write an error is asked, and only of plain values.
    """
    try:
        import re

        args = BaseException.args.__get__(error)
        of_python = type(type(error).__str__) is type(object.__str__)
        if not of_python or not all(type(arg) in PLAIN for arg in args):
            return type(error).__name__
        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        return type(error).__name__ + ": " + re.split(r"\. |\n", plain)[0][:200]
    except Exception as failure:
        pass_on(failure)
        return type(error).__name__


def described(frame):
    """Call site of a call of the loader, whose frame is given; empty where it fails."""
    try:
        sites = found_beside["call_sites"]
        frame = sites.caller(frame)
        code = frame.f_code
        return Call(
            file=sites.source_file(code.co_filename),
            row=frame.f_lineno,
            function=getattr(code, "co_qualname", code.co_name),
            source=sites.cell(code.co_filename),
            folder=STARTED_IN,
        )
    except Exception as error:
        pass_on(error)
        return Call()


def is_library_path(file):
    """Whether it is a path of pathlib: others may do anything when they are asked for theirs."""
    of_library = type(file).__module__ in ("pathlib", "pathlib._local")
    return of_library and hasattr(type(file), "__fspath__")


def checkpoint(file):
    """The path of what is read, where it is known which file that is."""
    try:
        return found_beside["buffers"].path_of(file)
    except Exception as error:
        pass_on(error)
        return None


def copied(path, file):
    """The name of a copy of what is loaded, where the run has written that; else empty.

    It is made before the load, which may be the last moment, and looked into when the run is over.
    """
    try:
        if path is None:
            return keep(rest_of(file)) if type(file) is io.BytesIO else ""
        state = os.stat(path)
        key = (path, state.st_mtime_ns, state.st_size)
        is_old = state.st_mtime < os.stat(STARTED).st_mtime - 1
        if not is_regular(state) or state.st_size > MOST_COPIED or is_old:
            return ""
        if key not in copies:
            with open(path, "rb", opener=found_beside["buffers"].at_once) as content:
                if not is_regular(os.fstat(content.fileno())):
                    return ""
                copies[key] = keep(content.read(MOST_COPIED))
        return copies[key]
    except Exception as error:
        pass_on(error)
        return ""


def is_regular(state):
    """Whether a file is one that ends: nothing is opened twice that others write to."""
    return state.st_mode & FILE_TYPE == REGULAR


def rest_of(buffer):
    """What a buffer holds from where it stands; a view, since it may be large."""
    return memoryview(buffer.getvalue())[buffer.tell() :]


def keep(content):
    """Write a copy, under a name of its own, and give that name; empty where it is too much."""
    if len(content) > MOST_COPIED or len(copies) >= MOST_COPIES:
        return ""
    with os.scandir(KEPT) as entries:
        if sum(entry.stat().st_size for entry in entries) + len(content) > MOST_KEPT:
            return ""
    name = "%d-%d" % (os.getpid(), len(copies))
    copies[name] = name
    with open(os.path.join(KEPT, name), "xb") as file:
        file.write(content)
    return name


def version():
    """The version of torch, as soon as it is known."""
    known = getattr(sys.modules.get("torch"), "__version__", "")
    return str(known or getattr(sys.modules.get("torch.version"), "__version__", ""))


def note(call, outcome):
    """Write down a call and what came of it, unless that was done before."""
    if not call:
        return
    call.setdefault("checkpoint", None)
    call.setdefault("kept", "")
    key = (call["file"], call["row"], call["function"], call["checkpoint"], call["kept"])
    last = noted.get(key)
    if last == outcome or (last is not None and outcome == BEGUN):
        return
    if last is not None or len(noted) < MOST_KNOWN:
        noted[key] = outcome
    write(dict(call, outcome=outcome, torch=version()))


def write(line):
    """Append one line; a single write to a file opened for appending is not torn apart."""
    try:
        import json

        append((json.dumps(line) + "\n").encode())
    except Exception as error:
        pass_on(error)


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
