"""Arithmetic with tensors of a file that nobody has checked.

torch makes a sparse tensor whatever indices the file says, and checks them at the end of a load, if
the program asks for that at all. Until then, what multiplies two of them, or makes one dense, reads
and writes where the indices lead: 122 functions, methods and operators of torch 2.13 ended the
interpreter so. What a file may do with a tensor under an empty list, too, is not counted (to go
through it, to take an item); nor is arithmetic with numbers, which ended nothing.

An array of numpy that the code itself makes is read and written where a file says, too, once it
meets an object of the file: ``array[x]``, ``array == x`` and ``x in array`` ask ``x`` for its
``__array_interface__``. Nobody can say where an array goes, so a class that makes one counts.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.proofs.known.harmless import functions_of_tensors, is_harmless_base
from torchload_lint.source.proofs.uses.beyond.whole_process import reaches_process
from torchload_lint.source.proofs.uses.exact_values import is_exactly_known, is_scalar
from torchload_lint.source.proofs.uses.fixed_values import is_compared, is_dtype
from torchload_lint.source.proofs.uses.items import (
    deletes_chosen_item,
    gives_odd_number,
    takes_chosen_item,
)
from torchload_lint.source.proofs.uses.keywords import gives_keywords
from torchload_lint.source.proofs.uses.unasked.meanwhile import changes_meanwhile, told
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_ARITHMETIC = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
)  # fmt: skip
_TEXTS = frozenset({"builtins.ascii", "builtins.format", "builtins.repr", "builtins.str"})
"""Functions that give a text, perhaps one of a class derived from ``str``."""
_ADDING = frozenset(
    "builtins.sum itertools.accumulate math.prod random.gauss random.uniform".split()
)
"""Functions of Python that add or multiply what they are given."""
_METHODS = frozenset(
    """
    add addmm backward dist ldexp matmul mm mul multiply numpy resize select sparse_mask step sub
    subtract to_dense to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc
    to_sparse_csr total update
    _to_dense _to_sparse _to_sparse_bsc _to_sparse_bsr _to_sparse_csc _to_sparse_csr
    """.split()
)
"""Methods of tensors that ended the interpreter, without the mark of those that compute in place;
``backward``, which adds to a gradient; ``update`` and ``total``, with which a ``Counter`` adds;
``step``, with which an optimizer does; and ``numpy``, which makes an array of a tensor."""
_OF_VETTED = frozenset(
    """
    betavariate choices expovariate gammavariate gauss lognormvariate normalvariate paretovariate
    sample triangular uniform vonmisesvariate weibullvariate
    cdf from_samples inv_cdf overlap pdf quantiles samples variance zscore
    scale unscale
    anchor supernet
    """.split()
)
"""Methods of ``random.Random``, ``statistics.NormalDist``, torch's ``GradScaler``, of paths and of
networks of ``ipaddress``, all of them vetted, that compute with what they are given, or with what a
file has put into the object."""
_WHERE_READ = frozenset({"anchor", "variance"})
"""Those of them that compute where they are read: properties."""
_DRAWING = frozenset(
    """
    bernoulli_ cauchy_ exponential_ geometric_ log_normal_ normal_ random_ uniform_
    """.split()
)
"""Methods that fill a tensor with random numbers. Where it has no memory (``device="meta"``), torch
2.13 imports its compiler, which makes a folder and sets a variable of the environment."""
_OF_BOTH = frozenset({"sort", "split"})
"""Methods of tensors and of texts and lists that ended nothing."""
_NO_ARRAYS = frozenset("dtype e inf nan ndarray newaxis pi random".split())
"""What numpy has besides functions and types that make arrays and numbers."""
_USING = (ast.Attribute, ast.BinOp, ast.Compare, ast.FormattedValue, ast.Subscript, ast.UnaryOp)
"""What looks at an attribute, and cannot hand it on to be called."""
_NO_FUNCTIONS = frozenset({"torch.nn.Module", "torch.nn.Parameter", "torch.nn.Buffer"})
_MODULES = ("torch.nn.", "torch.distributions.")


def computing(piece: ast.AST, home: SourceFile) -> str:
    """Where a piece of code computes with what the file may give; empty where it does not."""
    meanwhile = told(piece, home) if gives_odd_number(piece, home) else ""
    meanwhile = meanwhile or changes_meanwhile(piece, home)
    if meanwhile:
        return meanwhile
    for node in ast.walk(piece):
        if _computes(node, home) or takes_chosen_item(node, home, _is_known):
            row = getattr(node, "lineno", 1)
            return f"{home.path}:{row} computes with what may be a tensor that nobody has checked"
        if gives_keywords(node, home, _is_known):
            row = getattr(node, "lineno", 1)
            return f"{home.path}:{row} hands keywords to what the file may have chosen to be called"
        if deletes_chosen_item(node, home, _is_known):
            row = getattr(node, "lineno", 1)
            return f"{home.path}:{row} deletes an item of what may be the bytes of a tensor"
    return acts(piece, home)


def acts(piece: ast.AST, home: SourceFile) -> str:
    """Where a piece of code makes an array, or a number, of numpy, or does something to the whole
    process; empty where it does not.
    """
    return _makes_array(piece, home) or reaches_process(piece, home)


def _makes_array(piece: ast.AST, home: SourceFile) -> str:
    for node in ast.walk(piece):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        if any(map(_is_of_arrays, home.bindings.possible(node))) and not (
            is_dtype(node, home) or is_compared(node, home)
        ):
            row = getattr(node, "lineno", 1)
            return f"{home.path}:{row} makes an array, which an object of the file may be read into"
    return ""


def _is_of_arrays(dotted: str) -> bool:
    return dotted.startswith("numpy.") and dotted.rpartition(".")[2] not in _NO_ARRAYS


def _computes(node: ast.AST, home: SourceFile) -> bool:
    if isinstance(node, ast.BinOp):
        known = _is_known(node.left, home) or _is_known(node.right, home)
        return isinstance(node.op, _ARITHMETIC) and not known
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, _ARITHMETIC) and not _is_known(node.value, home)
    if isinstance(node, ast.MatchClass):
        return any(map(_is_of_tensors, node.kwd_attrs))
    if isinstance(node, ast.Call) and home.bindings.qualified(node.func) == "builtins.getattr":
        named = len(node.args) > 1 and _is_of_tensors(text_of(node.args[1]))
        return named and not _holds_no_tensor(node.args[0], home)
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    meanings = home.bindings.possible(node) or {""}
    if any(_is_function_of_tensors(one, node, home) for one in meanings):
        return True
    return "" in meanings and isinstance(node, ast.Attribute) and _is_method(node, home)


def _is_known(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a number, a text, a list: no tensor, whatever the file says."""
    if isinstance(node, ast.Call):
        called = home.bindings.qualified(node.func) or ""
        return called in _TEXTS or is_exactly_known(node, home)
    return isinstance(node, ast.JoinedStr) or is_exactly_known(node, home)


def _is_function_of_tensors(dotted: str, node: ast.expr, home: SourceFile) -> bool:
    if dotted in _ADDING:
        return True
    if dotted.startswith(_MODULES) and is_harmless_base(dotted) and dotted not in _NO_FUNCTIONS:
        return not is_compared(node, home)  # its objects compute when they are called
    if dotted not in functions_of_tensors():
        return False
    call = home.parents.get(node)
    if isinstance(call, ast.Call) and call.func is node:
        given = (*call.args, *(one.value for one in call.keywords))
        return not all(_is_plain(one, home) for one in given)
    return not is_compared(node, home)


def _is_plain(node: ast.expr, home: SourceFile) -> bool:
    """Whether it is a number, a text, ``torch.float32``, or a list of such."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_plain(one, home) for one in node.elts)
    is_constant = (home.bindings.qualified(node) or "").startswith(("torch.", "math."))
    return is_constant or is_scalar(node, home)


def _is_method(node: ast.Attribute, home: SourceFile) -> bool:
    """Whether it is a method of tensors that is called there, or that somebody may call later."""
    return (
        _is_of_tensors(node.attr)
        and (node.attr in _WHERE_READ or not isinstance(home.parents.get(node), _USING))
        and not _holds_no_tensor(node.value, home)
    )


def _is_of_tensors(attribute: str) -> bool:
    if attribute in _DRAWING:
        return True
    name = attribute if attribute.startswith("__") else attribute.rstrip("_")
    return name in _METHODS | _OF_VETTED or (
        name not in _OF_BOTH and f"torch.{name}" in functions_of_tensors()
    )


def _holds_no_tensor(node: ast.expr, home: SourceFile) -> bool:
    """Whether the object of a method is ``self``, ``super()``, or the attributes of one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"super", "vars"}
    if isinstance(node, ast.Attribute):
        return node.attr == "__dict__"
    is_self = home.bindings.class_of_self(node) is not None
    return is_self or _is_known(node, home) or home.bindings.qualified(node) in BUILTINS
