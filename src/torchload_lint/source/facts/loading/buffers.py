"""What is saved into a buffer in memory, and written from there: ``write(buffer.getvalue())``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_GIVES_BYTES = frozenset({"getvalue", "getbuffer", "read"})
_WRITES = frozenset({"write", "write_bytes"})


def written_from(module: SourceFile, file: ast.expr | None) -> ast.expr | None:
    """The path, or the open file, that one buffer's bytes are written to; None for what is no
    buffer, and where its bytes go nowhere that is seen, or to several places.
    """
    if not isinstance(file, ast.Name) or not _is_buffer(module, file):
        return None
    places: list[ast.expr] = []
    for node in module.carrying(file.id):
        if isinstance(node, ast.Name) and _is_buffer(module, node):
            places += filter(None, [_written_by(module, node)])
    return places[0] if len(places) == 1 else None


def _is_buffer(module: SourceFile, name: ast.Name) -> bool:
    values = [one.value for one in module.bindings.definitions(name)]
    return bool(values) and all(
        isinstance(value, ast.Call)
        and not value.args
        and module.bindings.qualified(value.func) == "io.BytesIO"
        for value in values
    )


def _written_by(module: SourceFile, buffer: ast.Name) -> ast.expr | None:
    """Where ``buffer.getvalue()`` is written to, for the name in it."""
    given = module.parents.get(buffer)
    call = module.parents.get(given) if given is not None else None
    writing = module.parents.get(call) if call is not None else None
    if not isinstance(given, ast.Attribute) or given.attr not in _GIVES_BYTES:
        return None
    if not isinstance(writing, ast.Call) or not isinstance(writing.func, ast.Attribute):
        return None
    is_written = writing.args == [call] and writing.func.attr in _WRITES
    return writing.func.value if is_written else None
