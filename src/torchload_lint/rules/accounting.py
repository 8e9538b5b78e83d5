"""How many loads there are, and how it is known what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import LoadAccount
from torchload_lint.rules.evidence import Evidence
from torchload_lint.source.facts.calls import Use
from torchload_lint.source.facts.loader import Does

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
    if unpickles_by_itself(situation):
        return "unknown"
    if situation.evidence in _FIELDS:
        return _FIELDS[situation.evidence]
    return "tensors" if situation.load.use is Use.STATE_DICT else "unknown"


def unpickles_by_itself(situation: Situation) -> bool:
    """Whether it is a load of another library, or format, that asks no weights-only unpickler.

    What torch.load would do with the file says nothing about it.
    """
    library = situation.load.library
    return library is not None and library.does == {Does.UNPICKLES}
