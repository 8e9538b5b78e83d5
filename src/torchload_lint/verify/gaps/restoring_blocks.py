"""The module ``restore_only`` around a load: whether a proof can use it, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.fixes.restoring import missing_helper
from torchload_lint.helper_module import helper_text, is_helper, is_older_helper
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.allowed.contexts import is_from_helper
from torchload_lint.verify.written import NotReadableError

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def helper_used(
    module: Module, load: LoadCall, context: Context, *, brought: bool
) -> tuple[str, str]:
    """The text of the module whose ``safe_globals`` stands around a load, and the path where a fix
    will write it; two empty texts where torch's own stands there.

    ``brought``: whether the file is as a fix leaves it. Raises NotReadableError.
    """
    blocks = [one.node for one in load.allowlists if one.kind is not AllowlistKind.PROCESS]
    helped = [one for one in blocks if is_from_helper(module, one)]
    if not helped:
        return "", ""
    if len(helped) < len(blocks):
        raise NotReadableError("blocks of torch and of restore_only stand around it")
    for block in helped:
        name = (module.bindings.qualified(block.func) or "").rpartition(".")[0]
        found, inside = context.project.split(name, module.path)
        there = None if inside else found  # a package is there, the module in it is not yet
        if there is not None and is_older_helper(there.path, there.text):
            return there.text, ""
        if there is not None and not is_helper(there.path, there.text):
            raise NotReadableError(f"{there.path} is another file than the one that fixes write")
        place = missing_helper(Path(context.config.root).absolute() / module.path, module.text)
        if there is None and (place is None or not brought):
            raise NotReadableError(f"the module {name} is not found in the project")
        if there is None:
            return helper_text(), str(place)
    return helper_text(), ""
