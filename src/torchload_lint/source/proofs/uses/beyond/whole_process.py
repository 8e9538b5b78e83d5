"""What code does to the whole process: it draws random numbers, says something, makes loggers.

The numbers that a training draws next depend on how many a file has had drawn before: they are no
longer those that the program's seed says. What is printed, warned of or logged goes to terminals,
files and over networks, with texts of the file's choice. Loggers stay for as long as the process
runs, each with one for every dot of its name (``logging.Manager._fixupParents``): a name of a
hundred thousand dots takes gigabytes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_DRAWING = frozenset(
    f"torch.{name}"
    for name in """
    bernoulli dropout multinomial normal poisson rand rand_like randint randint_like randn
    randn_like randperm rrelu
    """.split()
)
_GENERATORS = ("random.", "numpy.random.", "torch.nn.init.")
_OWN_GENERATORS = frozenset({"numpy.random.default_rng"})
"""What makes a generator of its own, as ``random.Random`` does."""
_SAYING = frozenset({"builtins.print", "warnings.warn"})
_MESSAGES = frozenset("critical debug error exception fatal handle info log warn warning".split())
"""Methods of loggers, and functions of ``logging``."""
_GET_LOGGER = "logging.getLogger"
_NAMES_OF_CLASSES = frozenset({"__module__", "__name__", "__qualname__"})
_ONLY_READ = (ast.Compare, ast.Attribute, ast.Subscript, ast.FormattedValue)


def reaches_process(piece: ast.AST, home: SourceFile) -> str:
    """Where a piece of code draws random numbers or says something; empty where it does not."""
    for node in ast.walk(piece):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        meanings = home.bindings.possible(node)
        row = f"{home.path}:{node.lineno}"
        if any(map(_draws, filter(None, meanings))):
            return f"{row} draws random numbers, which changes those of the whole process"
        if any(map(_says, filter(None, meanings))) or _is_message(node, home):
            return f"{row} prints, warns or logs what the file may have chosen"
        is_child = isinstance(node, ast.Attribute) and node.attr == "getChild"
        if (is_child or _GET_LOGGER in meanings) and not _names_logger(node, home):
            return f"{row} makes a logger of a name that the file may have chosen"
    return ""


def _draws(dotted: str) -> bool:
    if dotted in _OWN_GENERATORS:
        return False
    name = dotted.rpartition(".")[2]
    return dotted in _DRAWING or (dotted.startswith(_GENERATORS) and name[:1].islower())


def _says(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return dotted in _SAYING or (module == "logging" and name in _MESSAGES)


def _is_message(node: ast.expr, home: SourceFile) -> bool:
    """``logger.info``, ``self.logger.info``, and no method of the class itself."""
    if not isinstance(node, ast.Attribute) or node.attr not in _MESSAGES:
        return False
    is_own = home.bindings.class_of_self(node.value) is not None or _is_super(node.value)
    return not is_own and not isinstance(home.parents.get(node), _ONLY_READ)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"


def _names_logger(function: ast.expr, home: SourceFile) -> bool:
    """Whether a logger is asked for by a name that stands there, or by that of the module or of a
    class; or where the module itself runs, which no file has a part in.
    """
    if _runs_at_import(function, home):
        return True
    call = home.parents.get(function)
    if not isinstance(call, ast.Call) or call.func is not function:
        return False
    return all(_is_fixed_name(one, home) for one in (*call.args, *(k.value for k in call.keywords)))


def _runs_at_import(node: ast.AST, home: SourceFile) -> bool:
    around: ast.AST | None = node
    while around is not None and not isinstance(around, ast.Lambda):
        around = home.parents.get(around)
    return around is None and home.function(node) is None


def _is_fixed_name(node: ast.expr, home: SourceFile) -> bool:
    if isinstance(node, ast.JoinedStr):
        return all(_is_fixed_name(part, home) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return node.format_spec is None and _is_fixed_name(node.value, home)
    if isinstance(node, ast.BinOp):
        return all(_is_fixed_name(part, home) for part in (node.left, node.right))
    if isinstance(node, ast.Attribute):
        return node.attr in _NAMES_OF_CLASSES and _is_class(node.value)
    if isinstance(node, ast.Name):
        return node.id == "__name__" and not home.bindings.definitions(node)
    return isinstance(node, ast.Constant)


def _is_class(node: ast.expr) -> bool:
    """Whether it is the class of an object: ``type(self)``, ``self.__class__``."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "type" and len(node.args) == 1
    return isinstance(node, ast.Attribute) and node.attr == "__class__"
