"""ml_collections: ``config_flags.DEFINE_config_file("config", "configs/a.py")``.

The file's ``get_config()`` makes the configuration; ``--config.key=value`` sets a key of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung, highest
from torchload_lint.source.domain.values import Frame, Function, Record, Text, Values, lift, unknown
from torchload_lint.source.libraries import config_files
from torchload_lint.source.libraries.options.declaration import Declaration, value_of

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

DEFINING = frozenset({"DEFINE_config_file", "DEFINE_config_dict"})


def defined(
    evaluator: Evaluator, name: str, declaration: Declaration, module: SourceFile
) -> Values:
    """What a flag that holds a configuration is."""
    evaluator.leave_open(f"{declaration.shown} may set a key of the configuration")
    if name == "DEFINE_config_dict":
        given = declaration.default
        return evaluator.anywhere(given, module) if given else unknown("a configuration")
    files = value_of(evaluator, declaration, module)
    made = [each for file in files for each in _made(evaluator, file, module)]
    return tuple(made) or (Record({}, unknown("a configuration file"), kind="config"),)


def _made(evaluator: Evaluator, file: Value, module: SourceFile) -> Values:
    """What ``get_config()`` of a file returns; ``a.py:small`` gives it an argument."""
    if not isinstance(file, Text):
        return ()
    path, colon, _ = file.text.partition(":")
    found = config_files.located(evaluator.project, file.changed(text=path), Frame(module))
    home = evaluator.project.module_at(found) if found is not None and not colon else None
    functions = evaluator.dotted(f"{home.name}.get_config", Frame(home)) if home else ()
    made = [
        each
        for function in functions
        if isinstance(function, Function)
        for each in evaluator.run(function, None, Frame(module))
        if isinstance(each, Record)
    ]
    return lift(tuple(made), highest(file.rung, Rung.CONFIG_FILE))
