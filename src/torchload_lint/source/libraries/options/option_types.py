"""What the options of a command line are besides texts and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Text
from torchload_lint.source.libraries.options.argparse_cli import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import ParsedOptions
    from torchload_lint.source.evaluator import Evaluator

_PATHS = frozenset({"pathlib.Path", "pathlib.PosixPath"})


def path_options(evaluator: Evaluator, options: ParsedOptions) -> Iterator[str]:
    """The options that are paths of ``pathlib``, by their type or by their default."""
    module = options.module
    for name, declarations in declared(evaluator.project, module).items():
        for one in declarations:
            types = [each.value for each in one.call.keywords if each.arg == "type"]
            values = evaluator.anywhere(one.default, module) if one.default is not None else ()
            is_typed = any(module.bindings.qualified(each) in _PATHS for each in types)
            if is_typed or any(isinstance(each, Text) and each.is_path for each in values):
                yield name
