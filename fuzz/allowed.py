"""Whether a name that the tool would allow may be called by a hostile file: asked of the object.

The tool judges names by tables and by source. Here the object itself is looked up in what this
interpreter has imported, and what is neither a class nor a function that rebuilds data or computes
with tensors is wrong, however it is spelled.
"""

from __future__ import annotations

import builtins
import functools
import operator
import os
import subprocess
import sys
import types
from typing import TYPE_CHECKING

from fuzz.harness import Harm, must

if TYPE_CHECKING:
    from torchload_lint.names import GlobalName

_HARMFUL = (
    *(builtins.eval, builtins.exec, builtins.compile, builtins.getattr, builtins.setattr),
    *(builtins.delattr, builtins.open, builtins.__import__, builtins.input, builtins.breakpoint),
    *(os.system, os.popen, os.remove, os.rename, os.kill, os.execv, os._exit, sys.exit),
    *(subprocess.Popen, subprocess.run, subprocess.call, subprocess.check_output),
    *(functools.partial, functools.reduce, operator.attrgetter, operator.methodcaller),
)
_REBUILD = ("_reconstruct", "scalar", "_frombuffer", "encode", "_unpickle", "__newobj__")
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)


def check_allowed(name: GlobalName) -> None:
    """Raise HarmError where the name stands for something that runs what a file says."""
    module = sys.modules.get(name.module)
    found: object = module
    for part in name.qualname.split("."):
        found = getattr(found, part, None)
    if module is None or found is None:
        return
    harmful = any(found is one for one in _HARMFUL)
    must(not harmful, Harm.ALLOWED, f"{name} is {found!r}")
    rebuilds = name.qualname.rpartition(".")[2].startswith(("_rebuild", *_REBUILD))
    computes = name.module == "torch.nn.functional"
    is_data = not isinstance(found, _FUNCTIONS) or rebuilds or computes
    must(is_data, Harm.ALLOWED, f"{name} is no class: {found!r}")
