"""Reports as JSON and back, so that a new policy is judged without reading one object again."""

from __future__ import annotations

import json
from typing import Any

from torchload_lint.checkpoint.report import (
    CheckpointReport,
    FoundGlobal,
    NeededGlobal,
    Problem,
    StandIn,
    Verdict,
)
from torchload_lint.names import GlobalName, HeldCall, Spelling


def as_stored(report: CheckpointReport) -> str:
    """A report as JSON in one line."""
    return json.dumps(_plain(report._replace(verdict=report.verdict.value)))  # type: ignore[arg-type]


def from_stored(text: str) -> CheckpointReport:
    """The report that was stored. Raises ValueError where the text is something else."""
    try:
        data = json.loads(text)
        return CheckpointReport(
            **{
                **data,
                "verdict": Verdict(data["verdict"]),
                "safe_globals": tuple(map(_needed, data["safe_globals"])),
                "called": tuple(map(_needed, data.get("called", ()))),
                "globals": tuple(map(_found, data["globals"])),
                "problems": tuple(Problem(**one) for one in data["problems"]),
                "stand_ins": tuple(map(_stand_in, data["stand_ins"])),
                "imports": tuple(data["imports"]),
                "untried": tuple(data.get("untried", ())),
            }
        )
    except (KeyError, TypeError) as error:
        raise ValueError("this is no stored report") from error


def _plain(value: object) -> object:
    """Named tuples as objects, other tuples as lists."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        parts = map(_plain, value)
        return dict(zip(names, parts, strict=True)) if names else list(parts)
    return value


def _needed(data: dict[str, Any]) -> NeededGlobal:
    return NeededGlobal(
        **{
            **data,
            "name": GlobalName(**data["name"]),
            "spelling": Spelling(**data["spelling"]),
            "where": tuple(data["where"]),
            "held": tuple(map(_held, data["held"])),
        }
    )


def _held(data: dict[str, Any]) -> HeldCall:
    leads_to = data["leads_to"]
    return HeldCall(
        data["template"],
        tuple(Spelling(**one) for one in data["objects"]),
        GlobalName(**leads_to) if leads_to else None,
    )


def _found(data: dict[str, Any]) -> FoundGlobal:
    name, where = GlobalName(**data["name"]), tuple(data["where"])
    return FoundGlobal(**{**data, "name": name, "where": where})


def _stand_in(data: dict[str, Any]) -> StandIn:
    return StandIn(
        **{**data, "name": GlobalName(**data["name"]), "spelling": Spelling(**data["spelling"])}
    )
