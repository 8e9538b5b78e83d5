"""Decouple: ``config("NAME", default=…)``, from ``settings.ini`` or ``.env``, else the default."""

from __future__ import annotations

import ast
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.source.domain.arguments import Arguments
from torchload_lint.source.domain.patterns import Rung, is_exact, known, normal
from torchload_lint.source.domain.values import Made, Text, Values, lift, union, unknown
from torchload_lint.source.libraries import config_files
from torchload_lint.source.libraries.settings import environment_files
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torchload_lint.source.domain.values import Frame, Value
    from torchload_lint.source.evaluator import Evaluator, Known, KnownMethod
    from torchload_lint.source.project.index import ProjectIndex

_SEARCHED = ("settings.ini", ".env")
"""The files that ``AutoConfig`` looks for in each folder, in its order."""
_SECTION = "settings"


def _of_environment_file(text: str) -> Mapping[str, str]:
    """``NAME=value``: nothing is put in for ``$``, and a comment has a row of its own."""
    found: dict[str, str] = {}
    for row in text.splitlines():
        name, is_set, value = row.strip().partition("=")
        if is_set and not name.startswith("#"):
            found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


def _of_ini_file(text: str) -> Mapping[str, str]:
    """The section ``[settings]``; names in any case, ``%(NAME)s`` is put in."""
    import configparser  # noqa: PLC0415 - few projects have such a file

    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        return {name: parser.get(_SECTION, name) for name in parser.options(_SECTION)}
    except configparser.Error:
        return {}


_READERS: dict[str, Callable[[str], Mapping[str, str]]] = {
    "RepositoryIni": _of_ini_file,
    "RepositoryEnv": _of_environment_file,
}
"""The classes that read a file."""


def _written(project: ProjectIndex, path: str, reader: str, name: str) -> str | None:
    """What a file of the project gives to a setting."""

    def read() -> Mapping[str, str]:
        text = project.files.text(path) or ""
        return _READERS[reader](text) if len(text) <= config_files.LARGEST_FILE else {}

    found = project.remember((reader, path), read)
    return found.get(name.lower() if reader == "RepositoryIni" else name)


def _setting(
    evaluator: Evaluator, call: ast.Call, frame: Frame, path: str | None, reader: str
) -> Values:
    """One setting: of the environment, else of the file, else the default; then it is cast."""
    given = arguments(evaluator, call, frame)
    name = Arguments([given.at(0, "option")]).literal(0)
    if not name:
        return unknown("a setting whose name is not known")
    cast = _argument(call, 2, "cast")
    found = environment_files.variable(evaluator, name)
    written = _written(evaluator.project, path, reader, name) if path and not found else None
    if written is not None:
        evaluator.hop(None, path or "", f"gives {name}")
        found = (Text(known(written), rung=Rung.CONFIG_FILE),)
    evaluator.leave_open(f"the environment variable {name} may say otherwise")
    if found:
        return union(*(_cast(evaluator, value, cast, frame) for value in found))
    default = given.at(1, "default")
    if cast is not None and default:
        node = _argument(call, 1, "default")
        default = (
            unknown("it is converted") if node is None else _of_cast(evaluator, cast, node, frame)
        )
    return lift(default, Rung.DEFAULT) or unknown(f"the setting {name}")


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if place < len(call.args):
        return call.args[place]
    return next((each.value for each in call.keywords if each.arg == name), None)


def _cast(evaluator: Evaluator, value: Value, cast: ast.expr | None, frame: Frame) -> Values:
    """``cast=Path``, of a text that a file holds."""
    if cast is None or not isinstance(value, Text):
        return (value,)
    text = ast.copy_location(ast.Constant(value.text), cast)
    return lift(_of_cast(evaluator, cast, text, frame), value.rung)


def _of_cast(evaluator: Evaluator, cast: ast.expr, node: ast.expr, frame: Frame) -> Values:
    """What the callable makes of it, as if the call were written."""
    return evaluator.values(ast.copy_location(ast.Call(cast, [node], []), cast), frame)


def _above(project: ProjectIndex, folder: str) -> str | None:
    """The first of the files that are looked for in a folder of the project, and then in those
    above it.
    """
    while not folder.startswith(("/", "..")):
        for name in _SEARCHED:
            path = normpath(join(folder, name))
            if project.files.exists(path):
                return path
        if not folder:
            break
        folder = dirname(folder)
    return None


def _searched(evaluator: Evaluator, call: ast.Call, frame: Frame, folder: str) -> Values:
    path = _above(evaluator.project, folder)
    is_ini = path is not None and path.endswith(_SEARCHED[0])
    return _setting(evaluator, call, frame, path, "RepositoryIni" if is_ini else "RepositoryEnv")


def _automatic(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``config("NAME")``: the file is looked for from the folder of the caller upwards."""
    return _searched(evaluator, call, frame, dirname(frame.module.path))


def _by_automatic(evaluator: Evaluator, made: Made, call: ast.Call, frame: Frame) -> Values:
    """``AutoConfig(search_path=…)("NAME")``."""
    given = _made_with(evaluator, made, frame, "search_path")
    if not given:
        return _automatic(evaluator, call, frame)
    folders = [
        normal(each.text) if isinstance(each, Text) and is_exact(each.text) else None
        for each in given
    ]
    return union(
        *(
            unknown("settings of a folder that is not known")
            if folder is None
            else _searched(evaluator, call, frame, folder)
            for folder in folders
        )
    )


def _by_repository(evaluator: Evaluator, made: Made, call: ast.Call, frame: Frame) -> Values:
    """``Config(RepositoryEnv("path/.env"))("NAME")``, and its ``get``."""
    found: list[Values] = []
    for repository in _made_with(evaluator, made, frame, "repository"):
        reader = repository.callee.rpartition(".")[2] if isinstance(repository, Made) else ""
        if not isinstance(repository, Made) or reader not in _READERS:
            found.append(unknown("settings of a repository that is not known"))
            continue
        home = frame if repository.module is None else frame.within(repository.module)
        for source in _made_with(evaluator, repository, frame, "source"):
            path = config_files.located(evaluator.project, source, home)
            if path is None:
                evaluator.leave_open("the file of the settings is not in the project")
            found.append(_setting(evaluator, call, frame, path, reader))
    return union(*found) or unknown("settings of a repository that is not known")


def _made_with(evaluator: Evaluator, made: Made, frame: Frame, name: str) -> Values:
    """What the object's constructor was given first, or under that name."""
    if made.call is None or made.module is None:
        return ()
    return arguments(evaluator, made.call, frame.within(made.module)).at(0, name)


CALLS: dict[str, Known] = {"decouple.config": _automatic}
METHODS: dict[str, KnownMethod] = {
    "decouple.AutoConfig.__call__": _by_automatic,
    **dict.fromkeys(("decouple.Config.__call__", "decouple.Config.get"), _by_repository),
}
