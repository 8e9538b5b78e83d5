"""Files that lie beside a package's code: importlib.resources, pkg_resources, pkgutil, inspect.

Sources: CPython 3.13 ``importlib/resources/_functional.py`` and ``_common.py``, ``pkgutil.py``,
``inspect.py``; setuptools 80 ``pkg_resources/__init__.py``.
"""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.domain import methods
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import HOLE, known
from torchload_lint.source.domain.values import (
    Class,
    Function,
    Handle,
    Made,
    Sequence,
    Text,
    Values,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import arguments, first

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value
    from torchload_lint.source.evaluator import Evaluator, Known, KnownAttribute

_OWN_PACKAGE = frozenset({"__package__", "__name__"})


def _files(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``files(anchor)``: the folder of a package; without an anchor, of the caller's."""
    anchor = call.args[0] if call.args else _keyword(call, "anchor", "package")
    return _folder(evaluator, anchor, frame)


def _resource(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``path(anchor, *names)``, ``resource_filename(package, name)``."""
    folders = _files(evaluator, call, frame)
    names = arguments(evaluator, call, frame).positional[1:]
    joined = methods.join_paths(folders, names)
    return joined if names else unknown("the call does not say which resource")


def _open_resource(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``open_binary(anchor, *names)``, ``get_data(package, name)``."""
    found = _resource(evaluator, call, frame)
    return tuple(
        Handle(value, rung=value.rung) if isinstance(value, Text) else value for value in found
    )


def _folder(evaluator: Evaluator, anchor: ast.expr | None, frame: Frame) -> Values:
    """The folder of the package that an anchor names: a text, a module, or the file's own."""
    if anchor is None or (isinstance(anchor, ast.Name) and anchor.id in _OWN_PACKAGE):
        return (_path(dirname(frame.module.path)),)
    dotted = frame.module.bindings.qualified(anchor)
    names = [dotted] if dotted else []
    if not names:
        texts = map(as_text, evaluator.values(anchor, frame))
        names = [text.text for text in texts if HOLE not in text.text]
    located = [evaluator.project.layout.locate(name, frame.module.path) for name in names]
    if not located or None in located:
        return unknown("the package is not one of this project")
    return tuple(_path(dirname(path)) for path in located if path is not None)


_CURRENT_FRAME = "inspect.currentframe"


def _source_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``inspect.getfile(something)``; of ``inspect.currentframe()`` it is the file of that call."""
    dotted = frame.module.bindings.qualified(call.args[0]) if call.args else None
    module = evaluator.project.layout.locate(dotted, frame.module.path) if dotted else None
    paths = [module] if module else [_file_of(value) for value in first(evaluator, call, frame)]
    if not paths or None in paths:
        return unknown("what inspect is asked about is not of this project")
    return tuple(_path(path) for path in dict.fromkeys(paths) if path is not None)


def _file_of(value: Value) -> str | None:
    """The file of a class or function of the project, or of a call of ``currentframe``."""
    if isinstance(value, Class | Function):
        return value.module.path
    here = isinstance(value, Made) and value.callee == _CURRENT_FRAME and value.module
    return here.path if here else None


def _of_spec(evaluator: Evaluator, spec: Made, name: str, frame: Frame) -> Values:
    """``__spec__.origin``, ``__loader__.path``: the file itself."""
    del evaluator, spec
    return (_path(frame.module.path),) if name in {"origin", "path"} else ()


def _of_found_spec(evaluator: Evaluator, spec: Made, name: str, frame: Frame) -> Values:
    """``find_spec("package").origin``, ``….submodule_search_locations``."""
    named = spec.call.args[0] if spec.call is not None and spec.call.args else None
    if name not in {"origin", "submodule_search_locations"} or named is None:
        return ()
    texts = [as_text(each).text for each in evaluator.values(named, frame)]
    paths = [evaluator.project.layout.locate(each, frame.module.path) for each in texts]
    if not paths or None in paths:
        return unknown("the package is not one of this project")
    if name == "origin":
        return tuple(_path(path) for path in paths if path is not None)
    return tuple(Sequence(((_path(dirname(path)),),)) for path in paths if path is not None)


def _path(text: str) -> Text:
    """A path from the project's root for certain; an empty one is the root."""
    return Text(known(text or "."), anchored=True, is_path=True)


def _keyword(call: ast.Call, *names: str) -> ast.expr | None:
    return next((one.value for one in call.keywords if one.arg in names), None)


def _same(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``as_file(traversable)``, which is the file itself where it lies on a disk."""
    return first(evaluator, call, frame)


_RESOURCES = ("importlib.resources", "importlib_resources")
CALLS: dict[str, Known] = {
    **{f"{module}.files": _files for module in _RESOURCES},
    **{f"{module}.as_file": _same for module in _RESOURCES},
    **{f"{module}.path": _resource for module in _RESOURCES},
    **{f"{module}.{name}": _open_resource
       for module in _RESOURCES for name in ("open_binary", "read_binary")},
    "pkg_resources.resource_filename": _resource,
    "pkg_resources.resource_stream": _open_resource,
    "pkg_resources.resource_string": _open_resource,
    "pkgutil.get_data": _open_resource,
    **dict.fromkeys(("inspect.getfile", "inspect.getsourcefile"), _source_file),
}  # fmt: skip
ATTRIBUTES: dict[str, KnownAttribute] = {
    "importlib.machinery.ModuleSpec": _of_spec,
    "importlib.util.find_spec": _of_found_spec,
}
CERTAIN = frozenset(
    """
    importlib.resources.files importlib.resources.as_file importlib.resources.path
    importlib.resources.open_binary importlib.resources.read_binary importlib_resources.files
    importlib_resources.as_file importlib_resources.path importlib_resources.open_binary
    importlib_resources.read_binary pkg_resources.resource_filename
    pkg_resources.resource_stream pkg_resources.resource_string pkgutil.get_data
    importlib.util.find_spec inspect.currentframe inspect.getfile inspect.getsourcefile
    """.split()
)
