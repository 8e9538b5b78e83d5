"""Names of attributes by which Python, numpy and torch find code (data)."""

from __future__ import annotations

SPECIAL_NAMES = frozenset(
    f"__{name}__"
    for name in """
    abs add and bool bytes call class class_getitem code complex contains closure defaults del
    delattr delete delitem dict dir divmod enter eq exit float floordiv format fspath ge get getattr
    getattribute getitem getnewargs getnewargs_ex getstate globals gt hash iadd iand ifloordiv
    ilshift imatmul imod imul index init init_subclass instancecheck int invert ior ipow irshift
    isub iter itruediv ixor kwdefaults le len length_hint lshift lt matmul missing mod mul ne neg
    new next or pos post_init pow prepare radd rand rdivmod reduce reduce_ex repr reversed rfloordiv
    rlshift rmatmul rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor set set_name setattr
    setitem setstate sizeof slots str sub subclasscheck subclasshook torch_dispatch torch_function
    truediv trunc xor array array_function array_interface array_priority array_struct array_ufunc
    array_wrap bases mro_entries buffer release_buffer aenter aexit aiter anext await
    """.split()
)
"""Special attributes that Python, numpy or torch act on."""
