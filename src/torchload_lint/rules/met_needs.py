"""Which needs of a load an allowlist meets, and which of them are registered elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import runtime_name, spelling_of
from torchload_lint.rules.installed import definition_of, may_mean
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind, EntryKind
from torchload_lint.source.proofs import class_lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.report import NeededGlobal
    from torchload_lint.names import GlobalName
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.module import Module


def entry_key(entry: AllowlistEntry, module: Module, context: Context) -> str | None:
    """What an entry of an allowlist stands for at run time, to be compared with ``need_key``.

    For a pair its second half; for an object its public spelling, whichever way it was imported.
    None where it is not known.
    """
    if entry.kind is EntryKind.PAIR:
        return entry.key
    if entry.obj is None or entry.kind is EntryKind.INVALID:
        return None
    found = class_lookup.find_outline(context.project, entry.obj, module.path)
    return _public(found.defined_as if found else _defined(entry.obj, context), context)


def need_key(need: NeededGlobal, context: Context, *, as_pair: bool) -> str:
    """The key that an entry must have to meet a need, as a pair or as a plain object."""
    return str(need.name) if as_pair else _public(_defined(need.name, context), context)


def _defined(name: GlobalName, context: Context) -> GlobalName:
    return definition_of(name, context) or name


def _public(name: GlobalName, context: Context) -> str:
    return spelling_of(runtime_name(name, context.target)).expression()


def registered_needs(
    missing: tuple[Need, ...], module: Module, context: Context
) -> Iterator[tuple[str, str]]:
    """Missing needs that some ``add_safe_globals`` of the project registers for the process."""
    for other in registering_modules(module, context) if missing else ():
        for allowlist in other.allowlists:
            if allowlist.kind is AllowlistKind.PROCESS:
                yield from names_allowed(allowlist, other, missing, context)


def names_allowed(
    allowlist: Allowlist, home: Module, missing: tuple[Need, ...], context: Context
) -> Iterator[tuple[str, str]]:
    """Which missing needs a list of a file allows, or may allow, each with the place."""
    wanted = {
        need_key(need.needed, context, as_pair=as_pair): str(need.name)
        for need in missing
        for as_pair in (True, False)
    }
    made_up = any(one.kind is EntryKind.UNKNOWN for one in allowlist.entries)
    if made_up or not allowlist.complete:  # it may allow any of them
        place = f"{home.path}:{allowlist.span.start.row}"
        yield from ((str(need.name), place) for need in missing)
    for entry in allowlist.entries:
        place = f"{home.path}:{entry.span.start.row}"
        name = wanted.get(entry_key(entry, home, context) or "")
        if name:
            yield name, place
        for need in missing:
            if may_mean(entry, need.name, home.path, context):
                yield str(need.name), place


def registering_modules(module: Module, context: Context) -> Iterator[Module]:
    """This file, and the files of the project that speak of add_safe_globals."""
    yield module
    for path in context.project.files.holding("add_safe_globals"):
        other = context.project.module_at(path) if path != module.path else None
        if other is not None:
            yield other
