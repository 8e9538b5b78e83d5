"""Writes the names that vetted code of torch, numpy and Python asks of objects it is given.

    python tools/asked_by_libraries.py > asked_by_libraries.txt  (in source/proofs/known)

A file that calls ``nn.Softmax(1)`` with an object of a project's class has that object's method
``softmax`` called, whether the project's own code asks for it or not; and a class that overrides
what its base calls on itself is called by the base. Read from source (torch, numpy, the standard
library), and, for what is compiled, from the methods of tensors and arrays, and the table below.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import collections
import datetime as dt
import decimal
import enum
import fractions
import inspect
import ipaddress
import pathlib
import random
import string
import uuid
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

TORCH = (
    *("nn", "optim", "ao/nn", "ao/quantization", "distributions", "amp"),
    *("utils/data/dataset.py", "utils/data/dataloader.py", "utils/data/sampler.py"),
    *("functional.py", "_tensor.py", "_utils.py", "storage.py", "_lowrank.py", "_linalg_utils.py"),
)
NUMPY = ("_core", "ma", "random", "lib", "rec", "linalg")
NOT_VETTED = frozenset({"tests", "fx", "_datasource.py", "_npyio_impl.py"})
"""Folders and files beside it that nothing vetted leads to."""
STANDARD = (
    *(argparse.Namespace, argparse._AttributeHolder),  # its base
    *(collections, enum, fractions, ipaddress, pathlib, random, uuid, decimal, dt, string),
)
COMPILED = """
    as_integer_ratio bit_length close conjugate count decode dst encode fileno flush fromkeys
    fromutc get getvalue hex index isoformat items keys peek pop read read1 readinto readline
    readlines seek seekable sort strftime tell timetuple tzname update utcoffset utctimetuple
    values write writelines
    """
"""What compiled code of CPython 3.10 to 3.14 calls by name, without underscores."""


def main() -> None:
    """Print the names, one on a line."""
    names = set(COMPILED.split()) | set(dir(torch.Tensor)) | set(dir(np.ndarray))
    names |= {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
    names |= {"_call_impl", "_wrapped_call_impl"}  # what `__call__` of a module stands for
    for library, rooms in (("torch", TORCH), ("numpy", NUMPY)):
        spec = find_spec(library)
        assert spec is not None
        assert spec.origin is not None
        for room in rooms:
            place = Path(spec.origin).parent / room
            for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
                if NOT_VETTED.isdisjoint(file.parts):
                    names |= asked_in(file.read_text(encoding="utf-8"))
    for one in STANDARD:
        names |= asked_in(source_of(one))
    for name in sorted(names):
        if not (name.startswith("__") and name.endswith("__")):
            print(name)


def source_of(one: object) -> str:
    """The source of a class, or of a module: all files of a package, and the pure twin."""
    if not inspect.ismodule(one):
        return inspect.getsource(one)  # type: ignore[arg-type]
    twin = find_spec(f"_py{one.__name__}")
    named = [one.__file__ or "", twin.origin if twin and twin.origin else ""]
    files = [Path(name) for name in named if name]
    if files[0].name == "__init__.py":
        files += sorted(files[0].parent.glob("[!_]*.py"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def asked_in(text: str) -> set[str]:
    """The attributes that code asks of anything but a module that it imports.

    A private name is asked for under the name that Python makes of it in a class.
    """
    tree = ast.parse(text)
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found: set[str] = set()
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, holder = waiting.pop()
        holder = node.name.lstrip("_") if isinstance(node, ast.ClassDef) else holder
        waiting += ((child, holder) for child in ast.iter_child_nodes(node))
        if isinstance(node, ast.Attribute) and not _is_of(node.value, imported):
            private = node.attr.startswith("__") and not node.attr.endswith("__")
            found.add(f"_{holder}{node.attr}" if private else node.attr)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"getattr", "hasattr"}:
            texts = (one.value for one in node.args[1:2] if isinstance(one, ast.Constant))
            found.update(text for text in texts if isinstance(text, str))
    return found


def _is_of(node: ast.expr, imported: set[str]) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in imported - set(dir(builtins))


if __name__ == "__main__":
    main()
