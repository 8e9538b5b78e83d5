"""Writes the names of methods that torch's own classes call on themselves.

    python tools/called_by_bases.py > src/torchload_lint/source/proofs/called_by_bases.txt

A class of a project that overrides one of them is called by its base, whether its own code asks for
the method or not. Read from the source of the installed torch, which is not imported.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

ROOMS = ("nn", "optim", "ao/nn", "ao/quantization", "distributions", "utils/data")


def main() -> None:
    """Print each name that a class defines and that code beside it asks of some object."""
    spec = find_spec("torch")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    defined: set[str] = set()
    asked: set[str] = set()
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            tree = ast.parse(file.read_bytes())
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    defined |= {name for item in node.body for name in _names(item)}
                elif isinstance(node, ast.Attribute):
                    asked.add(node.attr)
    aliases = {"_call_impl", "_wrapped_call_impl"}  # what `__call__` of a module stands for
    for name in sorted((defined & asked) | aliases):
        if not (name.startswith("__") and name.endswith("__")):
            print(name)


def _names(item: ast.stmt) -> set[str]:
    """The methods that a statement of a class's body defines."""
    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
        return {item.name}
    return set()


if __name__ == "__main__":
    main()
