"""What a person can do about a file that no allowlist can load: sentences for several rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.rules.situation import Situation

MIGRATED = frozenset({"zip", "legacy", "tar"})
"""Containers that ``migrate`` reads (and plain pickles, whose own problem says so)."""

_PARAMETERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state", "Parameter"})
_LIBRARIES = frozenset("argparse builtins collections copyreg numpy pathlib torch _codecs".split())


def ways_out(situation: Situation) -> tuple[str, ...]:
    """For each file of a load that cannot be loaded as it is."""
    reports = situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN)
    return tuple(dict.fromkeys(note for report in reports for note in way_out(report)))


def way_out(report: CheckpointReport) -> tuple[str, ...]:
    """What a person can do about one file."""
    advice = [problem.advice for problem in report.problems if problem.advice]
    stand_ins = [
        f'a stand-in loads it: ({stand_in.spelling.expression()}, "{stand_in.name}"); '
        f"{stand_in.consequence}"
        for stand_in in report.stand_ins
    ]
    return (*_migration(report), *dict.fromkeys(advice), *stand_ins)


def _migration(report: CheckpointReport) -> tuple[str, ...]:
    """That the file can be rewritten, and what then changes where it is loaded."""
    if report.container not in MIGRATED or report.protocol == 0:
        return ()
    command = f"`torchload-lint migrate {report.path}` rewrites it as plain data, running nothing"
    if not any(found.name.qualname in _PARAMETERS for found in report.globals):
        return (command,)
    name = _model_class(report)
    return (
        command,
        (
            f"a whole model then is its state dict: write model = {name}(...), then "
            "model.load_state_dict(torch.load(path, weights_only=True)), and save "
            "model.state_dict()"
        ),
    )


def _model_class(report: CheckpointReport) -> str:
    """The first class of a program's own: an object's class comes before those inside it."""
    for found in report.globals:
        if found.name.module.partition(".")[0] not in _LIBRARIES:
            return found.name.qualname
    return "MyModel"
