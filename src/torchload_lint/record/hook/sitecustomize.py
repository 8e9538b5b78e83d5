"""Started by every Python process of a recorded command: notes what torch.load reads.

This folder runs in the user's interpreter and must stand alone: Python 3.8 or newer, nothing but
the standard library, no import of torch. ``torch.load`` itself is left as it is, so that a program
that looks at its signature, its code or its defaults sees what it always sees; what is replaced
lies below it (``openers``). Whatever goes wrong in here is swallowed: the program must behave as
without. A process that never imports torch pays for three small files.

The program does not meet the other files of this folder: they are no modules that it can import,
their functions name no file (so that a report of coverage does not count them), and what they need
of Python is what that was before the program could replace it (``system``).
"""

import builtins
import os
import sys

VARIABLE = "TORCHLOAD_LINT_RECORD"
HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "<torchload-lint record>"
"""Stands for the file, in the code of this folder."""

NAMESPACES = {}
"""The files of this folder that were run, by name."""
BUILTINS = dict(vars(builtins))
"""For the files of this folder: the program may put something else in the place of ``map``."""


class Namespace:
    """What a file of this folder has defined."""


def beside(name):
    """Another file of this folder; it is run when it is asked for first."""
    if name not in NAMESPACES:
        path = os.path.join(HERE, name + ".py")
        code = type(__spec__.loader)(name, path).get_code(name)
        NAMESPACES[name] = namespace = Namespace()
        namespace.__dict__.update(__name__=name, beside=beside, __builtins__=BUILTINS)
        exec(nameless(code), namespace.__dict__)
    return NAMESPACES[name]


def nameless(code):
    """The same code, without the name of its file (as it is, before Python 3.8)."""
    if not hasattr(code, "replace"):
        return code
    inner = [nameless(one) if isinstance(one, type(code)) else one for one in code.co_consts]
    return code.replace(co_filename=NAME, co_consts=tuple(inner))


for function in (beside, nameless):
    function.__code__ = nameless(function.__code__)


def watch(notes):
    """Note that this process can be seen at all, and wait for torch."""
    beside("notes").NOTES = notes
    beside("notes").announce()
    sys.meta_path.insert(0, beside("finder").Finder())
    beside("finder").catch_up()


def step_aside():
    """Leave the path as it would be, and run the sitecustomize that would be run.

    Raises the ImportError that there would be where there is none; then this is no module either.
    """
    sys.path[:] = [entry for entry in sys.path if entry != HERE]
    sys.path_importer_cache.pop(HERE, None)
    bootstrap = sys.modules.get("_frozen_importlib")  # Python 2 has none
    external = sys.modules.get("_frozen_importlib_external")
    spec = external and external.PathFinder.find_spec("sitecustomize")
    if spec is None or spec.loader is None:
        error = ImportError("No module named 'sitecustomize'")
        error.name = "sitecustomize"
        raise error
    module = bootstrap.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


if os.environ.get(VARIABLE):
    try:
        watch(os.environ[VARIABLE])
    except Exception:
        pass
step_aside()
