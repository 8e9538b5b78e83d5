"""Where a saved file is copied or moved to: ``shutil.copyfile(name, "model_best.pth")``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.saving import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module

_COPYING = frozenset(
    """
    shutil.copy shutil.copy2 shutil.copyfile shutil.move os.link os.rename os.replace os.symlink
    """.split()
)


def copied_to(save: SaveCall, module: Module) -> Iterator[ast.expr]:
    """What the function of a save copies or moves its file to."""
    if save.file is None or not any(name in module.text for name in ("shutil", "os.", "from os")):
        return
    around = module.function(save.node)
    for node in ast.walk(around or module.tree):
        if (
            isinstance(node, ast.Call)
            and len(node.args) > 1
            and module.function(node) is around
            and module.bindings.qualified(node.func) in _COPYING
            and pairs.is_same_name(save.file, node.args[0], module)
        ):
            yield node.args[1]
