"""Takes notes in the two context managers by which torch.load holds its file.

Inside of their ``with`` block it does all the rest (``_open_file`` and ``_open_buffer_reader`` in
``torch/serialization.py``, torch 1.5 to 2.13). Their subclasses note what they are given and how
the block ends; none of their frames is on the stack when something is raised, so tracebacks stay as
they are. Nothing of the program's own is asked for anything: not a path, not a file.
"""

import sys

system = beside("system")
notes = beside("notes")
buffers = beside("buffers")
call_sites = beside("call_sites")
copies = beside("copies")
signals = beside("signals")

TARGET = "torch.serialization"
OPENERS = ("_open_file", "_open_buffer_reader")
NOT_OPENED = "it was not opened"
BEGUN = "its end was not seen"
"""The outcome of a call until another one is noted, before and after the file was opened."""
PLAIN = (str, bytes, int, type(None))
MOST_FRAMES = 8
"""Frames between an opener and torch.load: two, and those of a wrapper."""
MOST_WORDS = 400
"""Letters of an error."""
MOST_KNOWN = 4096
"""Calls that are remembered, so that what was noted once is not noted again."""

noted = {}
"""Call site and file → what was noted last."""
known_version = [""]
library_paths = system.classes(
    "pathlib", ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
)
"""Paths of other classes may do anything when they are asked for theirs."""


def replace_all(module):
    """Note that torch is here, and look after its openers."""
    try:
        notes.write({"torch": version()})
    except Exception:
        pass
    for name in OPENERS:
        replace(module, name)


def replace(module, name):
    """Put a subclass that takes notes in the place of one of torch's openers."""
    try:
        opener = getattr(module, name)

        def enter(self):
            entered(self)
            return opener.__enter__(self)

        def leave(self, *raised):  # a program may call it with nothing, as torch allows
            ended(self, raised[1] if len(raised) > 1 else None)
            return opener.__exit__(self, *raised)

        body = {"__new__": begun, "__enter__": enter, "__exit__": leave,
                "__module__": opener.__module__, "__qualname__": opener.__qualname__,
                "__doc__": opener.__doc__}  # fmt: skip
        setattr(module, name, type(opener)(name, (opener,), body))
    except Exception:
        pass


def begun(cls, *args, **named):
    """``__new__`` of an opener: what is opened, and for whom."""
    opener = object.__new__(cls)
    try:
        frame = frame_of_load(system.get_frame(1))
        if frame is not None:
            opener._call = described(frame)
            look_at(opener._call, args[0] if args else named.get("name", named.get("buffer")))
    except BaseException as error:
        signals.pass_on(error)
    return opener


def frame_of_load(frame):
    """The frame of torch.load that an opener is made for; a program may wrap what lies between."""
    for _ in range(MOST_FRAMES):
        frame = frame and frame.f_back
        if frame and frame.f_code.co_name == "load" and frame.f_globals.get("__name__") == TARGET:
            return frame
    return None


def look_at(call, file):
    """Note what is about to be opened, and that it is not there."""
    kind = type(file)
    if kind is str or kind in library_paths:
        path = system.fspath(file)
        found(call, path, file, BEGUN if system.can_be_read(path) else NOT_OPENED)
        try:
            system.stat(path)
        except (OSError, ValueError) as error:
            signals.pass_on(error)
            note(call, in_words(error))
    elif not system.defines(kind, "__fspath__"):
        found(call, buffers.path_of(file), file, NOT_OPENED)


def entered(opener):
    """``__enter__`` of an opener: a path of the program's own is not asked for its name again."""
    try:
        call = opener._call
        if "checkpoint" not in call:
            found(call, buffers.path_of(opener.file_like), None, BEGUN)
        note(call, BEGUN)
    except BaseException as error:
        signals.pass_on(error)


def ended(opener, error):
    """``__exit__`` of an opener: how the block ends."""
    try:
        note(opener._call, "loaded" if error is None else in_words(error))
    except BaseException as failure:
        signals.pass_on(failure)


def described(frame):
    """Call site of a call of the loader, whose frame is given."""
    frame = call_sites.caller(frame)
    code = frame.f_code
    return {
        "file": call_sites.source_file(code.co_filename),
        "row": frame.f_lineno,
        "function": getattr(code, "co_qualname", code.co_name),
        "source": call_sites.cell(code.co_filename),
        "folder": system.STARTED_IN,
    }


def found(call, path, file, outcome):
    """Note what a call reads: a path as it was given, or None for what has no name."""
    path = None if path is None else system.text(path)
    path = system.absolute(path) if path else path  # an empty one is not the current folder
    call["checkpoint"] = system.lasting(path) if path else path
    call["kept"] = copies.copied(path, file)
    note(call, outcome)


def in_words(error):
    """Enough of an error to recognise it.

    Only Python's own way to write an error is asked, and only of plain values.
    """
    args = BaseException.args.__get__(error)
    of_python = type(type(error).__str__) is type(object.__str__)
    name = type(error).__name__
    if not of_python or not all(type(arg) in PLAIN for arg in args):
        return name
    return name + ": " + str(error)[:MOST_WORDS]


def version():
    """The version of torch, as soon as it is known."""
    for module in ("torch", "torch.version"):
        content = getattr(sys.modules.get(module), "__dict__", {})
        known_version[0] = known_version[0] or system.text(content.get("__version__", ""))
    return known_version[0]


def note(call, outcome):
    """Write down a call and what came of it, unless that was done before."""
    key = (call["file"], call["row"], call["function"], call["checkpoint"], call["kept"])
    last = noted.get(key)
    if last == outcome or (outcome == NOT_OPENED and last is not None):
        return
    if outcome == BEGUN and last not in (None, NOT_OPENED):
        return
    if last is not None or len(noted) < MOST_KNOWN:
        noted[key] = outcome
    notes.write(dict(call, outcome=outcome, torch=version()))
