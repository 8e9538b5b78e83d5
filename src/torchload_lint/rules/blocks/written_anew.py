"""Who writes a file that was read once more, with something else in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.source.certainty.doubts import doubts
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.saving.contained.contents import of_expression
from torchload_lint.source.saving.hidden_saves import hidden_save
from torchload_lint.source.saving.overwrites import overwriting
from torchload_lint.source.saving.producers import producers_for

if TYPE_CHECKING:
    from torchload_lint.names import GlobalName
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.saving.producers import Producer


def written_anew(situation: Situation, context: Context) -> str:
    """The place in the project that writes a file which was read, and may put more into it than it
    holds today; empty where there is none.
    """
    if situation.evidence is not Evidence.FILES:
        return ""
    return writer_of(situation, context, next_run=True)


def writer_of(situation: Situation, context: Context, *, next_run: bool = False) -> str:
    """The same, also where other files may be read than those that were. ``next_run``: what is
    saved after the load counts too.
    """
    if not situation.is_torch_load:
        return ""
    needed = {need.name for need in situation.needs}
    for one in producers_for(
        situation.load, situation.module, situation.resolution, context.project, later=next_run
    ):
        known = one.complete and set(one.needs) <= needed and _is_certain(one, needed, context)
        if not one.suggested and not known:
            return f"{one.path}:{one.row}"
    paths = [pattern.text for pattern in situation.resolution.patterns]
    return overwriting(paths, situation.module, context.project) or hidden_save(
        paths, context.project
    )


def _is_certain(writer: Producer, needed: set[GlobalName], context: Context) -> bool:
    """Whether nothing puts more into what is saved than its own expression shows."""
    home = context.project.module_at(writer.path)
    saved = writer.call.obj if writer.call is not None else None
    if home is None or saved is None:
        return False
    found = of_expression(Engine(context.project), saved, home)
    if found.assumed or not needed.issuperset(found.needs):
        return False
    engine = Engine(context.project)
    engine.top(saved, home)
    return not engine.open_ends and not any(doubts(engine, home, relative=False))
