"""The classes that a list in the code allows as they are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.facts.allowed.allowlists import Allowlist


def listed_classes(
    allowlist: Allowlist, lookup: Callable[[GlobalName], ClassFacts | None]
) -> Iterator[ClassFacts]:
    """What is known of the classes in a list, but for those under ``restore_only``."""
    for entry in allowlist.entries:
        is_plain = entry.obj is not None and not isinstance(entry.node, ast.Call)
        facts = lookup(entry.obj) if is_plain else None  # type: ignore[arg-type]
        if facts is not None:
            yield facts
