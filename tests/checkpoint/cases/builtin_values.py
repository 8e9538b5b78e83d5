"""Values of Python's own types for which torch wants an entry, or which it cannot load."""

from __future__ import annotations

import sys
import types

import torch

from checkpoint.cases.registry import ALLOWLIST, IMPOSSIBLE, save_all, saved


def _noted() -> Exception:
    error = RuntimeError("r")
    error.extra = {"a": 1}
    return error


@saved("builtin", IMPOSSIBLE)
def recursive_tuple():
    inner: list = []
    value = (inner,)
    inner.append(value)
    return value


@saved("builtin", IMPOSSIBLE)
def recursive_tuple_long():
    inner: list = []
    value = (inner, 1, 2, 3, 4)
    inner.append(value)
    return value


save_all(
    "builtin",
    {
        "bytes_empty": lambda: b"",
        "frozenset_": lambda: frozenset({1, 2}),
        "exception_value": lambda: ValueError("bad"),
    },
    ALLOWLIST,
)

save_all(
    "builtin",
    {
        "integer_256_bytes": lambda: 2 ** (8 * 256),
        "range_": lambda: range(3),
        "slice_": lambda: slice(1, 2),
        "ellipsis_": lambda: ...,
        "not_implemented": lambda: NotImplemented,
        "none_type": lambda: type(None),
        "the_type_int": lambda: int,
        "the_type_object": lambda: object,
        "a_plain_object": object,
        "types_as_values": lambda: [int, float, str, dict, list, tuple, bool, bytes],
        "set_type": lambda: set,
        "builtin_len": lambda: len,
        "builtin_print": lambda: print,
        "key_error": lambda: KeyError("k"),
        "stop_iteration": lambda: StopIteration(3),
        "os_error": lambda: FileNotFoundError(2, "No such file", "x.pt"),
        "unicode_error": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        "warning_value": lambda: UserWarning("w"),
        "exception_with_notes": _noted,
        "reversed_list": lambda: reversed([1, 2]),
        "list_iterator": lambda: iter([1, 2]),
        "dict_iterator": lambda: iter({"a": 1}),
        "range_iterator": lambda: iter(range(3)),
        "enumerate_": lambda: enumerate([1]),
        "zip_": lambda: zip([1], [2], strict=False),
        "map_": lambda: map(abs, [1]),
        "generic_alias": lambda: list[int],
        "union_type": lambda: int | None,
        "simple_namespace": lambda: types.SimpleNamespace(a=1, b=[2]),
        "mapping_proxy_as_dict": lambda: dict(types.MappingProxyType({"a": 1})),
        "empty_frozenset": frozenset,
        "nested_frozenset": lambda: {frozenset({1}): frozenset({frozenset({2})})},
        "bytes_and_empty_bytes": lambda: {"a": b"x", "b": b""},
        "empty_bytearray": bytearray,
        "torch_version": lambda: {"version": torch.__version__},
        "finfo": lambda: {"eps": torch.finfo(torch.float32).eps},
        "str_method": lambda: "abc".upper,
        "dict_method": lambda: dict.get,
        "torch_function": lambda: torch.nn.functional.gelu,
        "torch_relu": lambda: torch.relu,
        "torch_tensor_method": lambda: torch.Tensor.add,
        "torch_dtype_class": lambda: torch.dtype,
        "torch_module_class": lambda: torch.nn.Linear,
        "torch_tensor_class": lambda: torch.Tensor,
        "torch_parameter_class": lambda: torch.nn.Parameter,
        "torch_optimizer_class": lambda: torch.optim.Adam,
        "torch_no_grad": lambda: torch.no_grad,
        "torch_long_tensor_class": lambda: torch.LongTensor,
    },
)

if sys.version_info >= (3, 11):

    @saved("builtin")
    def exception_group():
        return ExceptionGroup("g", [ValueError(1), TypeError(2)])  # noqa: F821 - above 3.10
