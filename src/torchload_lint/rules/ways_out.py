"""What a person can do about a file that no allowlist can load: sentences for several rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.rules.words import listed

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation

MIGRATED = frozenset({"zip", "legacy", "tar"})
"""Containers that ``migrate`` reads (and plain pickles, whose own problem says so)."""

_PARAMETERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state", "Parameter"})
_ARRAYS = frozenset({"_frombuffer", "_reconstruct", "ndarray"})
_LIBRARIES = frozenset("argparse builtins collections copyreg numpy pathlib torch _codecs".split())


def ways_out(situation: Situation, context: Context) -> tuple[str, ...]:
    """For each file of a load that cannot be loaded as it is."""
    reports = situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN)
    return tuple(dict.fromkeys(note for report in reports for note in way_out(report, context)))


def way_out(report: CheckpointReport, context: Context) -> tuple[str, ...]:
    """What a person can do about one file."""
    advice = [problem.advice for problem in report.problems if problem.advice]
    stand_ins = [
        f'a stand-in loads it: ({stand_in.spelling.expression()}, "{stand_in.name}"); '
        f"{stand_in.consequence}"
        for stand_in in report.stand_ins
    ]
    return (*_migration(report, context), *dict.fromkeys(advice), *stand_ins)


def _saving_anew(report: CheckpointReport, context: Context) -> str:
    """What comes before rewriting a file that another pickle protocol alone would make loadable."""
    if report.protocol in {None, 2} or not any(one.code == "opcode" for one in report.problems):
        return ""
    places: tuple[str, ...] = ()
    if context.project.holding("pickle_protocol"):
        from torchload_lint.source.saving.refused_saves import refused_places  # noqa: PLC0415 - costs time

        places = refused_places(context.project)
    given = f" (take `pickle_protocol` away at {listed(places)})" if places else ""
    return f"save it anew with pickle protocol 2{given}, or else "


def _migration(report: CheckpointReport, context: Context) -> tuple[str, ...]:
    """That the file can be rewritten, and what then changes where it is loaded."""
    if report.container not in MIGRATED or report.protocol == 0:
        return ()
    command = f"`torchload-lint migrate {report.path}` rewrites it as plain data, running nothing"
    names = [found.name for found in report.globals]
    if any(one.module.startswith("numpy") and one.qualname in _ARRAYS for one in names):
        command += ", with tensors in the place of numpy arrays"
    command = _saving_anew(report, context) + command
    if not any(name.qualname in _PARAMETERS for name in names):
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
