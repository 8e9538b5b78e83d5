"""What the options of a command line are besides texts and numbers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Text
from torchload_lint.source.libraries.options.argparse_cli import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import ParsedOptions
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_PLAIN_CALLS = ("builtins.", "ast.literal_eval", "json.loads", "os.path.", "torch.device")
_PATHS = frozenset({"pathlib.Path", "pathlib.PosixPath"})


def special_options(evaluator: Evaluator, options: ParsedOptions) -> Iterator[tuple[str, bool]]:
    """The options that are more than texts and numbers, by their type, action or default: their
    names, and whether they are paths of ``pathlib`` (else objects of a class of the project).
    """
    module = options.module
    for name, declarations in declared(evaluator.project, module).items():
        for one in declarations:
            given = {each.arg: each.value for each in one.call.keywords}
            dotted = module.bindings.qualified(given["type"]) if "type" in given else None
            values = evaluator.anywhere(one.default, module) if one.default is not None else ()
            if dotted in _PATHS or any(isinstance(each, Text) and each.is_path for each in values):
                yield name, True
            elif _calls_more(given.get("type"), module) or _makes_objects(
                given.get("action"), dotted, evaluator, module
            ):
                yield name, False


def _makes_objects(
    action: ast.expr | None, dotted: str | None, evaluator: Evaluator, module: SourceFile
) -> bool:
    """Whether an option's type is a class of the project, or its action is more than a word."""
    known = evaluator.project.definitions(dotted, module.path) if dotted else ()
    own_action = action is not None and not isinstance(action, ast.Constant | ast.Attribute)
    return own_action or any(each.kind == "class" for each in known)


def _calls_more(node: ast.expr | None, module: SourceFile) -> bool:
    """Whether a type that is a ``lambda`` calls more than Python's own functions and methods of
    the text that it is given.
    """
    if not isinstance(node, ast.Lambda):
        return False
    called = (each.func for each in ast.walk(node.body) if isinstance(each, ast.Call))
    names = (module.bindings.qualified(each) or "" for each in called)
    return any(name and not name.startswith(_PLAIN_CALLS) for name in names)
