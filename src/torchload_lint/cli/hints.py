"""Notes below a report: what a user may want to do next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.cli.commands import COMMANDS
from torchload_lint.cli.terminal import say, warn
from torchload_lint.config import Config
from torchload_lint.escaping import printable
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.diagnostic import FileResult
    from torchload_lint.verify import FixProofs
    from torchload_lint.workspace.projects import Projects

_RULE = late_pattern(r"TLL\d{3}")
_FEW = 3
"""So many ranges of torch are told one by one."""


def at_commands(paths: Iterable[Path]) -> None:
    """Say where a path that is not there may be meant as a command."""
    missing = [path for path in paths if str(path) != "-" and not os.path.lexists(path)]
    if not missing:
        return
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    for path in missing:
        if _RULE.fullmatch(str(path)):
            say(f"note: torchload-lint rule {path} prints the page of a rule\n", err=True)
        for name in get_close_matches(str(path), COMMANDS, n=1, cutoff=0.75):
            say(f"note: the command `{name}` comes first: torchload-lint {name} ...\n", err=True)


def tell(remarks: Iterable[str]) -> None:
    """Say what a reader of the report has to know."""
    for remark in remarks:
        say(f"note: {remark}\n", err=True)


def at_proofs(proofs: FixProofs | None, results: Sequence[FileResult]) -> None:
    """Say which fixes are not applied for want of a proof, and what the proofs left out."""
    for remark in proofs.remarks(results) if proofs else ():
        warn(remark)


def at_nothing_to_check(paths: Sequence[Path]) -> None:
    """Say that no path holds Python, and what looks into checkpoints where there are some."""
    import shlex  # noqa: PLC0415 - rarely

    from torchload_lint.workspace.inspection import checkpoints_in  # noqa: PLC0415

    warn(f"no Python files or notebooks under {', '.join(map(str, paths))}")
    with_checkpoints = [path for path in paths if path.is_dir() and any(checkpoints_in(path))]
    if with_checkpoints:
        command = f"torchload-lint inspect {' '.join(map(shlex.quote, map(str, with_checkpoints)))}"
        say(f"note: there are checkpoints, which `{printable(command)}` looks into\n", err=True)


def about_added(modules: Iterable[str]) -> Iterator[str]:
    """Which modules are new: a fixed file without them does not run."""
    for module in modules:
        yield (
            f"{printable(os.path.relpath(module))} is new, and fixed files import it: commit it "
            "with them, and name it where the project lists its modules (py_modules, a Dockerfile)"
        )


def at_untracked(files: Iterable[Path]) -> bool:
    """Say which imported modules a commit would leave behind; whether there are any."""
    from torchload_lint.workspace.on_disk.tracked import untracked_helpers  # noqa: PLC0415

    found = False
    for file, module in untracked_helpers(files):
        found, shown = True, printable(os.path.relpath(module))
        warn(f"{file}: git does not track {shown}, which it imports: git add {shown}")
    return found


def tell_range(ranges: Iterable[TorchRange], *, keeps_fixes_back: bool = False) -> None:
    """Say which torch the answers are for."""
    tell(about_range(ranges, keeps_fixes_back=keeps_fixes_back))


def about_range(ranges: Iterable[TorchRange], *, keeps_fixes_back: bool = False) -> Iterator[str]:
    """Which torch the answers are for, and how that is known; whether a newer one alone may have
    more fixes (``keeps_fixes_back``).
    """
    more = "; where 2.6 is the oldest that you need, --target-torch 2.6 may fix more"
    different = dict.fromkeys(ranges)
    if len(different) > _FEW:
        oldest = min(torch.oldest for torch in different)
        yield (
            f"the answers are for what each part states: {len(different)} ranges of torch, "
            f"the oldest {oldest} (`torchload-lint show-settings PATH` says which holds there, "
            f"and why){more if keeps_fixes_back else '; --target-torch asks for one'}"
        )
        return
    first = {str(torch): torch for torch in reversed(different)}
    told = [f"torch {torch} ({torch.origin})" for torch in different if torch in first.values()]
    if told:
        each = "; each file has its own" if len(told) > 1 else ""
        known = all(torch.configured for torch in different)
        others = "" if known else "; --target-torch asks for others"
        others = more if keeps_fixes_back else others
        yield f"the answers are for {' and '.join(told)}{each}{others}"


def at_entries(projects: Projects) -> None:
    """Say which entries of the configuration name nothing, or more than one thing."""
    for project in projects.known():
        if not _has_entries(project.config):
            continue
        from torchload_lint.workspace.adoption.unused_entries import (  # noqa: PLC0415
            unused_entries,
        )

        for sentence in unused_entries(project.context):
            warn(f"{project.config.file}: {sentence}")


def _has_entries(config: Config) -> bool:
    default = Config()
    folders = (config.checkpoint_roots, config.src) != (default.checkpoint_roots, default.src)
    return bool(config.loads or config.renames or config.checkpoints or config.trusted or folders)


def targets_keep_fixes_back(results: Sequence[FileResult], projects: Projects) -> bool:
    """Whether an old requirement keeps fixes of loads back."""
    results = [result for result in results if result.diagnostics]
    if not results:
        return False
    from torchload_lint.rules import RULES  # noqa: PLC0415 - only where something was found
    from torchload_lint.rules.on_torch import RESTRICTED_BY_DEFAULT_SINCE  # noqa: PLC0415

    about_loads = {rule.code for rule in RULES if rule.check_load is not None}
    unfixed = (
        projects.project_of(result.path).torch_of(result.path)
        for result in results
        if any(found.fix is None and found.code in about_loads for found in result.diagnostics)
    )
    return any(
        not torch.configured and torch.oldest < RESTRICTED_BY_DEFAULT_SINCE for torch in unfixed
    )
