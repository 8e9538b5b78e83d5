"""Builtins and small functions of the standard library that paths go through."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import strings
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.conversions import as_text, written
from torchload_lint.source.domain.patterns import A_TEMPORARY_FILE
from torchload_lint.source.domain.values import (
    Record,
    Text,
    Values,
    union,
    unknown,
)
from torchload_lint.source.state.evaluated_arguments import first

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.names.source_file import SourceFile

_URL_PARSERS = ("urllib.parse.urlparse", "urllib.parse.urlsplit")
_TEMPORARY = (
    *("tempfile.mkdtemp", "tempfile.mkstemp", "tempfile.mktemp", "tempfile.gettempdir"),
    *("tempfile.NamedTemporaryFile", "tempfile.TemporaryFile", "tempfile.TemporaryDirectory"),
    "tempfile.SpooledTemporaryFile",
)
_MADE_ANEW = ("uuid.uuid4", "time.time", "time.strftime")

_SAME_AS_FIRST = (
    *("urllib.parse.unquote", "urllib.parse.quote", "builtins.str.encode", "builtins.bytes"),
    *("copy.copy", "copy.deepcopy", "sys.intern", "tqdm.tqdm", "tqdm.auto.tqdm"),
)


def _to_text(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    found = map(written, first(evaluator, call, frame))
    return tuple(each.changed(is_path=False) if isinstance(each, Text) else each for each in found)


def _get_attribute(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``getattr(x, "name", default)``."""
    literal = call.args[1] if len(call.args) > 1 else None
    if not isinstance(literal, ast.Constant) or not isinstance(literal.value, str):
        return unknown("an attribute whose name is not known")
    found = evaluator.values(_as_attribute(call, literal.value, frame.module), frame)
    default = union(*(evaluator.values(each, frame) for each in call.args[2:]))
    return union(found, default)


def _as_attribute(call: ast.Call, name: str, module: SourceFile) -> ast.Attribute:
    """``x.name`` for ``getattr(x, "name")``, at the place of the call; made once."""

    def make() -> ast.Attribute:
        made = ast.copy_location(ast.Attribute(call.args[0], name, ast.Load()), call)
        module.parents.adopt(made, call)
        return made

    return module.remember(("as attribute", call), make)


def parsed_url(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``urlparse(url)``: scheme, host and path."""
    found: list[domain.Value] = []
    for value in first(evaluator, call, frame):
        text = as_text(value)
        scheme, _, rest = text.text.rpartition("://")
        host, slash, path = rest.partition("/") if scheme else ("", "", rest)
        parts = {"scheme": scheme, "netloc": host, "path": slash + path.partition("?")[0]}
        entries = {name: (strings.changed(text, part),) for name, part in parts.items()}
        found.append(Record(dict(entries), kind="url"))
    return tuple(found)


def _partial(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = evaluator.values(call.args[0], frame) if call.args else ()
    if len(call.args) == 1 and not call.keywords:
        return given
    ours = tuple(each for each in given if isinstance(each, domain.Function | domain.Class))
    return ours or unknown("what a partial of it yields")


def _unknowable(why: str) -> Known:
    def answer(*_: object) -> Values:
        return unknown(why)

    return answer


CALLS: dict[str, Known] = {
    **dict.fromkeys(_SAME_AS_FIRST, first),
    **dict.fromkeys(_URL_PARSERS, parsed_url),
    **dict.fromkeys(_TEMPORARY, _unknowable(A_TEMPORARY_FILE)),
    **dict.fromkeys(_MADE_ANEW, _unknowable("each run makes it anew")),
    "builtins.str": _to_text,
    "builtins.getattr": _get_attribute,
    "builtins.input": _unknowable("typed in by the user"),
    "functools.partial": _partial,
}
CERTAIN = frozenset(
    """
    builtins.str builtins.str.encode builtins.open builtins.dict builtins.list builtins.tuple
    builtins.set builtins.frozenset builtins.sorted builtins.reversed builtins.iter
    builtins.next builtins.getattr builtins.vars builtins.enumerate builtins.zip
    builtins.filter builtins.map builtins.bytes builtins.int builtins.len builtins.max builtins.min
    builtins.range builtins.float builtins.round builtins.abs copy.copy copy.deepcopy
    tqdm.tqdm tqdm.auto.tqdm
    """.split()
)
LEAVES_OBJECTS_ALONE = frozenset({"tqdm"})
