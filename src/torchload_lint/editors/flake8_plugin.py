"""The flake8 plugin: findings while flake8 runs, in every editor that knows flake8.

By default it looks at nothing but the file in hand: no other file of the project, no checkpoint,
so that flake8 stays as fast as it was. What needs more (which globals a checkpoint needs, whether
it can be loaded at all) is found by ``torchload-lint`` itself, or with ``--tll-project``.

flake8 selects, ignores and honours ``# noqa`` by itself; comments that it does not know (on the
last row of a call, ``# torchload-lint: ignore``) are honoured here. Nothing heavy is imported
before a file that mentions ``torch`` and ``load``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from torchload_lint import __version__
from torchload_lint.source.loaders.prefilter import may_hold_load

if TYPE_CHECKING:
    import ast
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.editors.by_itself import FileLinter


class _Options(Protocol):
    """flake8's OptionManager, as far as it is used."""

    def add_option(self, name: str, **settings: object) -> None:
        """Add one option."""


class Plugin:
    """Made by flake8 for each file."""

    name = "torchload-lint"
    version = __version__

    _target: ClassVar[str] = ""
    _whole_project: ClassVar[bool] = False
    _noqa: ClassVar[bool] = True
    _linter: ClassVar[FileLinter | None] = None

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        """``tree`` makes flake8 ask once for each file; ``lines`` hold standard input too."""
        del tree
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, options: _Options) -> None:
        """Add our options to flake8's, for the command line and its configuration files."""
        options.add_option(
            "--tll-target-torch",
            default="",
            metavar="VERSIONS",
            parse_from_config=True,
            help="The torch that the code must run on: a range such as >=2.1,<2.9, or a version, "
            "which means that and newer (default: read from the project).",
        )
        options.add_option(
            "--tll-project",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="Also look at the project's other files and its checkpoints (slower).",
        )

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Take our options over; refuse what is not a version."""
        target = options.tll_target_torch
        if target:
            _refuse_wrong_target(target)
        cls._target = target
        cls._whole_project = options.tll_project
        cls._noqa = not options.disable_noqa
        cls._linter = None

    def run(self) -> Iterator[tuple[int, int, str, type[Any]]]:
        """Row, column from 0, text that starts with the code, and what found it."""
        text = "".join(self._lines)
        if not may_hold_load(text.encode("utf-8", "replace")):
            return
        from torchload_lint.config import ConfigError  # noqa: PLC0415 - only for torch.load
        from torchload_lint.escaping import printable  # noqa: PLC0415

        try:
            findings = self._findings(text)
        except ConfigError as error:
            from torchload_lint.rules.files.unreadable_source import RULE  # noqa: PLC0415 - rarely wrong

            message = f"{RULE.code} cannot be checked: {printable(str(error))}"
            yield 1, 0, message, type(self)
            return
        for found in findings:
            start = found.span.start
            message = f"{found.code} {printable(found.message)}"
            yield start.row, start.column - 1, message, type(self)

    def _findings(self, text: str) -> Sequence[Diagnostic]:
        path = Path(self._filename)
        if self._whole_project:
            from torchload_lint.editors.by_itself import check_in_project  # noqa: PLC0415 - asked for

            return check_in_project(text, path, self._target, noqa=self._noqa)
        from torchload_lint.editors.by_itself import FileLinter  # noqa: PLC0415 - only for torch.load

        if Plugin._linter is None:
            Plugin._linter = FileLinter(self._target)
        return Plugin._linter.lint(text, path, noqa=self._noqa)


def _refuse_wrong_target(target: str) -> None:
    from torchload_lint.config import READERS  # noqa: PLC0415 - only where it is given

    try:
        READERS["target-torch"](target)
    except ValueError as wrong:
        # flake8 is running, so it is there; it prints this error without a traceback.
        error = import_module("flake8.exceptions").ExecutionError
        raise error(f"--tll-target-torch {wrong}") from None
