"""The files that a program finds, what each needs, and a ``torch`` that notes what is loaded."""

from __future__ import annotations

import contextlib
import os
import sys
import types
from pathlib import Path

PLAIN = frozenset({"x.pt", "y.pt", "m.pt", "a.pt"})
"""State dicts; all other files need ``argparse.Namespace``."""
FILES = (
    *sorted(PLAIN),
    *("ckpt.pt", "x.pt.bak", "old.x.pt", "pt.x", "old/m.pt", "old/x.pt", "pt.ckpt"),
)
NEEDED = "argparse.Namespace"


_LIBRARIES = ("stranger", "yacs.config", "omegaconf")
"""Packages outside of the programs: one that changes what it is given, and two of configurations,
which do here what programs ask of them.
"""


class UnpicklingError(Exception):
    """What a restricted load of a file with more than is allowed ends with."""


def fake_torch(root: str, note: object) -> types.ModuleType:
    """A ``torch`` whose ``load`` opens nothing: it calls ``note(path)``, and raises as torch does
    where a restricted load meets what is not allowed.
    """
    torch = types.ModuleType("torch")
    serialization = types.ModuleType("torch.serialization")
    allowed: list[object] = []

    @contextlib.contextmanager
    def safe_globals(classes):
        before = allowed[:]
        allowed.extend(classes)
        try:
            yield
        finally:
            allowed[:] = before

    def load(f, map_location=None, pickle_module=None, *, weights_only=None, **_):
        del map_location, pickle_module
        path = f.name if hasattr(f, "read") else os.fspath(f)
        shown = os.path.relpath(path, root)
        note(shown)
        if not Path(root, shown).exists():
            raise FileNotFoundError(path)
        restricted = weights_only is None or weights_only
        names = {f"{each.__module__}.{each.__qualname__}" for each in allowed}
        if restricted and shown not in PLAIN and NEEDED not in names:
            raise UnpicklingError(shown)
        return {"path": shown}

    torch.load = load
    torch.serialization = serialization
    serialization.safe_globals = safe_globals
    sys.modules["torch"], sys.modules["torch.serialization"] = torch, serialization
    return torch


def fake_libraries() -> None:
    """The packages outside of the programs."""
    sys.modules["yacs"] = types.ModuleType("yacs")
    for name in _LIBRARIES:
        text = Path(__file__).with_name("pieces").joinpath(f"{name}.txt").read_text("utf-8")
        module = sys.modules[name] = types.ModuleType(name)
        exec(text, module.__dict__)
