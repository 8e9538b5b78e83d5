"""An allowlist as the lines of Python that a person may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.checkpoint.report import NeededGlobal
    from torchload_lint.policy import Judgement

    Judged = Sequence[tuple[NeededGlobal, Judgement]]

HELPERS = {"restore-only": "restore_only", "only-with": "only_with"}
"""Trust → the function of the module ``restore_only`` that makes such an entry."""


def helped_by(judgement: Judgement) -> str:
    """The function of the module ``restore_only`` that makes the entry; empty for a plain one."""
    if judgement.by_texts:
        return "only_with"
    return HELPERS.get(judgement.trust.value, "restore_only" if judgement.by_attributes else "")


def entry_text(needed: NeededGlobal, judgement: Judgement) -> str:
    """One entry: never one that lets a file do more than it was judged for."""
    expression = needed.spelling.expression()
    trust = helped_by(judgement)
    if trust == "only_with":
        named = f', name="{needed.name}"' if needed.pair else ""
        return f"only_with({expression}, {', '.join(call.text() for call in needed.held)}{named})"
    if trust == "restore_only":
        named = f'{expression}, "{needed.name}"' if needed.pair else expression
        return f"restore_only({named})"
    return f'({expression}, "{needed.name}")' if needed.pair else expression


def block(judged: Judged, imports: Iterable[str], call: str) -> str:
    """The imports, and a ``safe_globals`` block around the call (the call alone with no entries).

    ``imports``: modules that have to be imported besides those of the entries.
    """
    listed = [(needed, judgement) for needed, judgement in judged if not needed.import_only]
    spelled = [needed.spelling for needed, _ in listed]
    spelled += [one for needed, _ in listed for held in needed.held for one in held.objects]
    modules = {one.module for one in spelled} - {"builtins", "torch"}
    lines = ["import torch", *(f"import {module}" for module in sorted({*modules, *imports}))]
    if not listed:
        return "\n".join([*lines, "", f"loaded = {call}"])
    helpers = {function for _, one in listed if (function := helped_by(one))}
    function = "safe_globals" if helpers else "torch.serialization.safe_globals"
    if helpers:
        lines.append("# torchload-lint inspect --helper > restore_only.py")
        lines.append(f"from restore_only import {', '.join(sorted({*helpers, function}))}")
    entries = [f"    {entry_text(*one)}," for one in listed]
    return "\n".join([*lines, "", f"with {function}([", *entries, "]):", f"    loaded = {call}"])
