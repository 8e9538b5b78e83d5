"""The fixers as a libcst codemod, for projects that run codemods anyway.

    python -m libcst.tool codemod torchload_lint.fixes.codemod.AllowSafeGlobals \
        --allow argparse.Namespace src/

Here the user says what to allow; reading the checkpoints is the business of ``torchload-lint``
itself. This is the only module that imports ``libcst.codemod``, which takes 0.9 s to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.repair import Allow, Repair, Repaired
from torchload_lint.fixes.repairing import repair_load
from torchload_lint.names import GlobalName, Spelling
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.module import read
from torchload_lint.source.text.parse import SyntaxProblem

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from torchload_lint.source.facts.calls import LoadCall

_MOST_PASSES = 50


class AllowSafeGlobals(CodemodCommand):
    """Write ``weights_only=True`` into every torch.load, and allow what the user names."""

    DESCRIPTION = "Write weights_only=True into every torch.load, inside a safe_globals block."

    def __init__(
        self,
        context: CodemodContext,
        allow: Sequence[str] = (),
        line_length: int = 88,
        unsafe: bool = False,
    ) -> None:
        super().__init__(context)
        self._allow = tuple(GlobalName.parse(one) for one in allow)
        self._line_length = line_length
        self._unsafe = unsafe

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """The options of the command."""
        arg_parser.add_argument(
            "--allow",
            action="append",
            default=[],
            metavar="MODULE.NAME",
            help="a class or function that the checkpoints need; may be given several times",
        )
        arg_parser.add_argument("--line-length", type=int, default=88, help="default: 88")
        arg_parser.add_argument(
            "--unsafe",
            action="store_true",
            help="also where a helper function has to be added",
        )

    def transform_module_impl(self, tree: libcst.Module) -> libcst.Module:
        """Fix every load of one file, pass after pass, until nothing changes."""
        text = tree.code
        for _ in range(_MOST_PASSES):
            new = self._one_pass(text)
            if new == text:
                break
            text = new
        if text == tree.code:
            return tree
        return libcst.parse_module(text, tree.config_for_parsing)

    def _one_pass(self, text: str) -> str:
        name = self.context.full_module_name or ""
        module = read(text, self.context.filename or "-", name)
        if isinstance(module, SyntaxProblem):
            raise SkipFile(f"row {module.row}: {module.message}")
        fixes = []
        for load in module.loads:
            missing = self._missing(load)
            if load.weights_only is WeightsOnly.TRUE and not missing:
                continue
            outcome = repair_load(
                module, load, Repair(allow=missing, line_length=self._line_length)
            )
            if not isinstance(outcome, Repaired):
                self.warn(f"row {load.span.start.row}: {outcome.reason}")
            elif outcome.keeps_meaning or self._unsafe:
                fixes.append(Fix(Applicability.UNSAFE, outcome.how, outcome.edits))
        return apply_edits(text, fixes)[0]

    def _missing(self, load: LoadCall) -> tuple[Allow, ...]:
        there = {entry.obj for one in load.allowlists for entry in one.entries}
        wanted = (name for name in self._allow if name not in there)
        return tuple(Allow(Spelling(name.module or "builtins", name.qualname)) for name in wanted)
