"""What a call says about ``weights_only``, and the changes after which it says True."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.argument_edits import (
    add_argument,
    add_before_unpacked,
    is_constant,
    remove_arguments,
    replace_argument,
    replace_value,
)
from torchload_lint.fixes.rewritten import Refusal
from torchload_lint.fixes.unpacked_keyword import changes_where_made
from torchload_lint.source.facts.calls import STANDARD_PICKLES, WeightsOnly
from torchload_lint.source.facts.keyword.truth import Reader

if TYPE_CHECKING:
    from torchload_lint.fixes.edits import Change, Source
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def weights_only_changes(module: Module, source: Source, load: LoadCall) -> list[Change]:
    """The changes after which the call says ``weights_only=True`` and torch accepts it."""
    if load.library is not None:
        return _library_changes(source, load, load.library.written)
    _refuse_other_pickles(module, source, load)
    pickle, given = load.pickle_module, load.weights_only_node
    if load.weights_only is not WeightsOnly.TRUE and given is None:
        where_made = changes_where_made(module, source, load) if pickle is None else []
        if where_made:
            return where_made
        _refuse_unknown_keywords(module, load)
        if pickle is None:
            return add_before_unpacked(source, load.node, "weights_only=True")
        replaced = replace_argument(source, load.node, pickle, "weights_only=True")
        return _possible(None if replaced is None else [replaced])
    changes = []
    if pickle is not None:
        changes += _possible(remove_arguments(source, load.node, [pickle]))
    if load.weights_only is not WeightsOnly.TRUE and given is not None:
        if not is_constant(given):
            written = source.slice(given)
            because = f" ({load.weights_only_because})" if load.weights_only_because else ""
            raise Refusal(
                f"weights_only={written} is decided elsewhere{because}",
                f"make {written} true there, or write weights_only=True here",
            )
        changes.append(replace_value(source, given))
    return changes


def _library_changes(source: Source, load: LoadCall, keyword: str) -> list[Change]:
    """The same for a library's loader, which need not take the keyword at all."""
    given = load.weights_only_node
    if load.weights_only is WeightsOnly.TRUE:
        return []
    if given is None:
        return [] if not keyword or load.unpacks else add_argument(
            source, load.node, f"{keyword}=True"
        )  # fmt: skip
    if not is_constant(given):
        raise Refusal(f"weights_only={source.slice(given)} is decided elsewhere")
    return [replace_value(source, given)]


def without_weights_only(module: Module, source: Source, load: LoadCall) -> list[Change]:
    """The changes after which the call leaves ``weights_only`` to the function that it calls."""
    _refuse_other_pickles(module, source, load)
    pickle, given = load.pickle_module, load.weights_only_node
    removed = [] if pickle is None else [pickle]
    if given is None:
        _refuse_unknown_keywords(module, load)
    else:
        holder = module.parents.get(given)
        direct = isinstance(holder, ast.keyword) and holder in load.node.keywords
        if not direct or not is_constant(given):
            raise Refusal(
                f"weights_only={source.slice(given)} is decided elsewhere",
                "load in a function of its own, with safe_globals and weights_only=True",
            )
        removed.append(given)
    return _possible(remove_arguments(source, load.node, removed))


def _refuse_unknown_keywords(module: Module, load: LoadCall) -> None:
    """A second ``weights_only`` would be an error when the call runs."""
    mappings = [keyword.value for keyword in load.node.keywords if keyword.arg is None]
    if (load.unpacks and mappings) or any(_may_hold_it(module, load, one) for one in mappings):
        raise Refusal(
            "keywords are unpacked into the call, and weights_only may be among them",
            "pass weights_only=True where these keywords are made",
        )
    if load.weights_only is not WeightsOnly.ABSENT:
        because = f": {load.weights_only_because}" if load.weights_only_because else ""
        raise Refusal(
            f"weights_only comes from elsewhere{because}", "pass weights_only=True where it is set"
        )


def _may_hold_it(module: Module, load: LoadCall, mapping: ast.expr) -> bool:
    """Whether a ``**mapping`` is known to hold ``weights_only`` on some way to the call."""
    values = Reader(module).mapping(mapping, module.statement(load.node)).values
    return bool(values - {WeightsOnly.ABSENT, WeightsOnly.UNDECIDED})


def _refuse_other_pickles(module: Module, source: Source, load: LoadCall) -> None:
    """Torch refuses ``weights_only=True`` beside any explicit ``pickle_module``."""
    node = load.pickle_module
    if node is not None and not module.bindings.possible(node) <= STANDARD_PICKLES:
        raise Refusal(
            f"pickle_module={source.slice(node)} replaces the unpickler, "
            "and torch refuses weights_only=True beside it",
            "save the checkpoint again with the standard pickle module",
        )


def _possible(changes: list[Change] | None) -> list[Change]:
    if changes is None:
        raise Refusal(
            "pickle_module is given by position, before other arguments",
            "pass the later arguments by keyword and remove pickle_module",
        )
    return changes
