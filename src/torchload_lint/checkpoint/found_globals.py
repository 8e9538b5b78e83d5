"""The globals that a file names, each with its places and with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import (
    Target,
    default_allowed,
    features,
    registered_by,
)
from torchload_lint.checkpoint.pickles.places import name_places
from torchload_lint.checkpoint.report import FoundGlobal

if TYPE_CHECKING:
    from torchload_lint.checkpoint.evaluate import Evaluation, Question
    from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, PickledValue
    from torchload_lint.checkpoint.threats import Threat


def places_in_words(values: list[PickledValue], places: dict[int, str]) -> tuple[str, ...]:
    """Where values are, each place once."""
    return tuple(dict.fromkeys(places[id(value)] for value in values if id(value) in places))


def _references(result: Evaluation) -> dict[str, list[GlobalRef]]:
    """Every global of the file, in the order of its first appearance, with its first mentions."""
    by_name: dict[str, list[GlobalRef]] = {}
    for stream in result.streams:
        for reference in stream.globals:
            mentions = by_name.setdefault(str(reference.name), [])
            if len(mentions) < _SHOWN_PLACES:
                mentions.append(reference)
    return by_name


def global_places(result: Evaluation, question: Question, *more: PickledValue) -> dict[int, str]:
    """The places of all globals, and of some more values."""
    mentions = [one for found in _references(result).values() for one in found]
    return name_places(result.value, [*mentions, *more], question.limits.places)


def found_globals(
    result: Evaluation,
    question: Question,
    places: dict[int, str],
    threats: list[Threat] | None = None,
) -> tuple[FoundGlobal, ...]:
    """Every global of the file, with what is known of it."""
    calls = {threat.name: threat.call for threat in threats or ()}
    return tuple(
        FoundGlobal(
            mentions[0].name,
            places_in_words(list(mentions), places),
            _status(dotted, mentions[0].name.module, question.target, calls),
            calls.get(dotted, ""),
        )
        for dotted, mentions in _references(result).items()
    )


_SHOWN_PLACES = 8


def _status(dotted: str, module: str, target: Target, threats: dict[str, str]) -> str:
    if dotted in threats:
        return "dangerous"
    if module in features(target.torch).blocked_modules:
        return "blocked"
    if dotted in default_allowed(target.torch):
        return "default"
    if dotted in registered_by(target.torch):
        return "registered"
    return "needed"
