"""os, os.path, glob and sys: paths that are texts, folders, and what surrounds the program."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import methods, patterns, strings
from torchload_lint.source.domain.arguments import Arguments
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import GLOB_DEEP, Rung
from torchload_lint.source.domain.values import (
    Sequence,
    Text,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import arguments, first
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known, KnownItem


def _on_text(function: Callable[[Text, Arguments], Values]) -> Known:
    """A function of a text that has a method's twin (``os.path.dirname`` and ``.parent``)."""

    def apply(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        given = arguments(evaluator, call, frame)
        receiver, *rest = given.positional or [(), ()]
        receiver = receiver or next(iter(given.named.values()), ())
        left = Arguments(rest, given.named)
        return union(*(function(as_text(value), left) for value in receiver))

    return apply


def _join(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    head, *rest = given.positional or [()]
    return methods.join_paths(head, rest)


def _relative(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``os.path.relpath(path)``: known where it is relative already, and stays below."""
    given = arguments(evaluator, call, frame)
    is_here = not given.is_open(1, "start") and given.literal(1, "start") in {None, "", "."}
    return tuple(_from_here(as_text(value), is_here) for value in given.at(0, "path"))


def _from_here(text: Text, is_here: bool) -> Text:
    found = patterns.normal(text.text) or "."
    is_far = text.anchored or patterns.is_absolute(text.text) or found.startswith("..")
    if is_far or not is_here or not patterns.is_exact(text.text):
        return strings.hole(text, "it is written as seen from another folder")
    return strings.changed(text, found)


def _glob(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    told = given.get("recursive", given.get(None))  # ``**options`` may say so
    deep = told is not None and not (isinstance(told, ast.Constant) and told.value is False)
    texts = map(as_text, first(evaluator, call, frame))
    return union(*(methods.glob_text(text, deep=deep) for text in texts))


def _list_folder(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = first(evaluator, call, frame) or (Text(""),)
    return union(*(methods.entries(as_text(value), bare=True) for value in values))


def _scan_folder(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``os.scandir``: entries with ``.path`` and ``.name``, as paths have."""
    values = first(evaluator, call, frame) or (Text("."),)
    folders = [as_text(value).changed(is_path=True) for value in values]
    return union(*(methods.entries(folder, bare=False) for folder in folders))


def _walk(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``os.walk``: the folder itself and those below, each with names of any folders and files."""
    name = methods.ANY_ENTRY
    below = (Text(GLOB_DEEP),)
    found = tuple(
        Sequence(
            (
                methods.join_paths((as_text(top),), (below,)),
                (Sequence(others=(name,)),),
                (Sequence(others=(name,)),),
            ),
            kind="tuple",
        )
        for top in first(evaluator, call, frame)
    )
    return (Sequence(others=found),)


def _environment(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    name = given.literal(0) or "…"
    evaluator.leave_open(f"the environment variable {name} may say otherwise")
    from torchload_lint.source.libraries.settings import environment_files  # noqa: PLC0415 - few have any

    default = environment_files.beside(evaluator, name, given.at(1, "default"))
    return lift(default, Rung.DEFAULT) or unknown(f"the environment variable {name}")


def _item_of_environment(evaluator: Evaluator, key: ast.expr, _: Frame) -> Values:
    """``os.environ[key]``: what environment files of the project say."""
    from torchload_lint.source.libraries.settings import environment_files  # noqa: PLC0415 - few have any

    name = text_of(key)
    found = environment_files.variable(evaluator, name) if name else ()
    return found or unknown(f"the environment variable {ast.unparse(key)}")


def _item_of_command_line(evaluator: Evaluator, key: ast.expr, frame: Frame) -> Values:
    """``sys.argv[1]``: what command lines that are written somewhere give to this program."""
    from torchload_lint.source.libraries.options import argument_words, written_commands  # noqa: PLC0415 - few programs ask

    index = key.value if isinstance(key, ast.Constant) else None
    if index == 0:
        return (_started(evaluator, frame, "sys.argv[0]"),)
    found: Values = ()
    if isinstance(index, int) and index > 0:
        position = argument_words.WordPlace(index - 1, {})
        found = written_commands.given_at(evaluator, position, frame.module, key)
    return found or unknown("an argument of the command line")


def _item_of_search_path(evaluator: Evaluator, key: ast.expr, frame: Frame) -> Values:
    """``sys.path[0]``: the folder of the program, where nothing was put before it."""
    if not isinstance(key, ast.Constant) or key.value != 0 or _INSERTED in frame.module.text:
        return unknown("an entry of sys.path")
    return methods.parent(_started(evaluator, frame, "sys.path[0]"))


def _started(evaluator: Evaluator, frame: Frame, what: str) -> Text:
    """The file that is run, taken to be the one that asks."""
    evaluator.leave_open(f"{what} is of the program that is started, which may be another file")
    rung = Rung.LITERAL if "__main__" in frame.module.text else Rung.ONE_OF_SEVERAL
    return Text(patterns.known(frame.module.path), anchored=True, rung=rung)


def _of_others(name: str) -> tuple[str, ...]:
    """A function of that name in modules that take addresses as well as local paths."""
    return tuple(f"{module}.{name}" for module in _LIKE_OS)


_INSERTED = "path.insert(0"
_LIKE_OS = ("blobfile", "tensorflow.io.gfile", "tensorflow.gfile")
CALLS: dict[str, Known] = {
    **{
        f"{module}.{name}": _on_text(method)
        for module in ("os.path", "posixpath")
        for name, method in (
            ("dirname", methods.parent),
            ("basename", methods.base),
            ("splitext", methods.split_suffix),
            ("split", methods.split_folder),
            ("abspath", methods.absolute),
            ("realpath", methods.absolute),
            ("normpath", methods.normalised),
            ("expandvars", methods.expanded),
            ("expanduser", methods.expanded_home),
        )
    },
    **dict.fromkeys(("os.path.join", "posixpath.join", *_of_others("join")), _join),
    **dict.fromkeys(("os.path.relpath", "posixpath.relpath"), _relative),
    **dict.fromkeys(("os.path.normcase", "posixpath.normcase", "os.fspath"), first),
    **dict.fromkeys(("os.fsdecode", "os.fsencode", "glob.escape"), first),
    **dict.fromkeys(("os.getcwd", "os.getcwdb"), lambda *_: (Text("."),)),
    **dict.fromkeys(("os.environ.get", "os.getenv", "os.environ.setdefault"), _environment),
    **dict.fromkeys(("glob.glob", "glob.iglob", *_of_others("glob")), _glob),
    **dict.fromkeys(("os.listdir", *_of_others("listdir")), _list_folder),
    **dict.fromkeys(_of_others("dirname"), _on_text(methods.parent)),
    **dict.fromkeys(_of_others("basename"), _on_text(methods.base)),
    "os.scandir": _scan_folder,
    "os.walk": _walk,
}
TEXTS = {"os.sep": "/", "os.path.sep": "/", "os.curdir": ".", "os.pardir": ".."}
ITEMS: dict[str, KnownItem] = {
    "os.environ": _item_of_environment,
    "sys.argv": _item_of_command_line,
    "sys.path": _item_of_search_path,
}
CERTAIN = frozenset(
    """
    os.fspath os.fsdecode os.fsencode os.getcwd os.path.join os.path.dirname os.path.basename
    os.path.splitext os.path.split os.path.abspath os.path.realpath os.path.normpath
    os.path.normcase os.path.expanduser posixpath.join posixpath.dirname posixpath.basename
    posixpath.splitext posixpath.split posixpath.abspath posixpath.realpath posixpath.normpath
    glob.escape sys.intern os.open
    """.split()
)
