"""How many loads there are, and how it is known what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import LoadAccount
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.source.facts.calls import Use

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.rules.situation import Situation

_FIELDS = {
    Evidence.FILES: "files",
    Evidence.PATTERN: "files",
    Evidence.CONFIGURED: "configured",
    Evidence.RECORDED: "recorded",
    Evidence.INFERRED: "inferred",
}


def account_of(situations: Iterable[Situation]) -> LoadAccount:
    """Count loads by what their needs are known from."""
    account = LoadAccount()
    for situation in situations:
        account = account.plus(LoadAccount(**{counted_as(situation): 1}))
    return account


def is_unknown(situation: Situation) -> bool:
    """Whether nothing says what a load needs: no file, configuration, recording, save or use."""
    return counted_as(situation) == "unknown"


def counted_as(situation: Situation) -> str:
    """The field of ``LoadAccount`` that a load counts in."""
    library = situation.load.library  # one that unpickles by itself reads the file in its own way
    if situation.evidence in _FIELDS and not (library and library.unpickles_by_itself):
        return _FIELDS[situation.evidence]
    return "tensors" if situation.load.use is Use.STATE_DICT else "unknown"
