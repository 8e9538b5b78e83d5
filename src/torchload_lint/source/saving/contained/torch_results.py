"""What functions of torch, and methods of tensors, yield: a tensor, a plain value, or an object.

Read from torch 2.13; a test compares the named tuples with ``torch.return_types``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

PLAIN_METHODS = frozenset({"item", "size", "tolist"})
_TENSOR_MAKERS = frozenset(
    """
    arange as_tensor empty empty_like eye from_numpy full full_like get_rng_state linspace logspace
    ones ones_like rand rand_like randint randn randn_like randperm tensor zeros zeros_like
    clone contiguous cpu cuda detach double float half int long reshape to view
    """.split()
)
"""Those that yield one tensor."""
NAMED_TUPLES = frozenset(
    """
    aminmax cummax cummin frexp geqrf histogram histogramdd kthvalue lu_unpack max median min mode
    nanmedian qr slogdet sort svd topk triangular_solve
    """.split()
)
"""Those that may yield a tuple of ``torch.return_types``, which its pickle names."""
NAMED_TUPLES_OF_LINALG = frozenset(
    """
    cholesky_ex eig eigh inv_ex ldl_factor ldl_factor_ex lstsq lu lu_factor lu_factor_ex qr slogdet
    solve_ex svd
    """.split()
)
_OF_WHOLE_TENSORS = frozenset({"max", "median", "min", "nanmedian"})
"""Those that yield one tensor, where they are given nothing but a tensor."""
_WITHOUT_TENSORS = frozenset(
    """
    ao autograd backends classes compile compiler distributed distributions export func futures fx
    hub jit library load masked monitor mps multiprocessing nn onnx optim overrides package
    profiler quantization serialization testing types utils vmap xpu
    """.split()
)
"""Parts of torch whose functions yield models and other objects."""


def kind_of_result(callee: str, call: ast.Call | None) -> str:
    """``tensor``, ``plain value``, ``likely a tensor``; empty for an object, or what is unknown."""
    pieces = callee.split(".")[1:]
    first, last = pieces[0], pieces[-1]
    if first in _WITHOUT_TENSORS or last == "as_subclass":
        return ""
    if last in PLAIN_METHODS:
        return "plain value"
    if first == "linalg":
        return "" if last in NAMED_TUPLES_OF_LINALG else "likely a tensor"
    if last in NAMED_TUPLES:
        given = 1 if len(pieces) == 1 else 0
        is_whole = call is not None and len(call.args) == given and not call.keywords
        return "likely a tensor" if last in _OF_WHOLE_TENSORS and is_whole else ""
    is_certain = set(pieces) <= _TENSOR_MAKERS | {"random", "cuda", "device"}
    return "tensor" if is_certain else "likely a tensor"
