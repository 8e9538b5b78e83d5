"""Opcodes that torch.save would not write so, one at a time."""

from __future__ import annotations

from checkpoint.cases.forge import (
    array,
    call,
    mapping,
    name,
    new,
    number,
    pair,
    program,
    raw,
    storage,
    tensor,
    text,
)
from checkpoint.cases.registry import ALLOWLIST, AS_IS, IMPOSSIBLE, forged

ORDERED = name("collections", "OrderedDict")
NAMESPACE = name("argparse", "Namespace")

forged(
    "opcode",
    IMPOSSIBLE,
    {
        "op_dup": program(b"K\x012\x86"),
        "op_binstring_py2": program(b"T\x03\x00\x00\x00abc"),
        "op_short_binstring_nonutf8": program(b"U\x01\xff"),
        "op_string_s": program(b"S'abc'\n"),
        "op_int_I": program(b"I12\n"),
        "op_float_F": program(b"F1.5\n"),
        "op_dict_d": program(b"(" + text("a") + number(1) + b"d"),
        "op_get_text": program(b"}p0\n"),
        "op_additems": program(b"\x8f(K\x01\x90"),
        "op_newobj_ex": program(ORDERED + b")}\x92"),
        "op_ext1": program(b"\x82\x01"),
        "persid_module": program(pair(text("module"), ORDERED, text("f"), text("src")) + b"Q"),
        "persid_empty_tuple": program(b")Q"),
        "persid_int": program(b"K\x00Q"),
        "reduce_dtype_called": program(call(name("torch", "float32"))),
        "reduce_str": program(text("a") + b")R"),
        "global_split_oddly": program(b"ccollections.OrderedDict\n\n"),
    },
)

forged(
    "opcode",
    AS_IS,
    {
        "op_short_binstring": program(b"U\x03abc"),
        "op_long1_zero": program(b"\x8a\x00"),
        "op_trailing_after_stop": program(b"N") + b"garbage",
        "newobj_ordereddict": program(new(ORDERED)),
        "codecs_encode_hex": program(
            call(
                name("_codecs", "encode"),
                call(name("builtins", "bytearray"), text("abc"), text("latin1")),
                text("hex"),
            )
        ),
        "two_protos": program(b"\x80\x02N"),
        "proto5_header_proto2_body": program(mapping({"a": number(1)}), protocol=5),
        "proto4_header_py2names": program(
            call(name("__builtin__", "set"), array(number(1))), protocol=4
        ),
    },
)

forged(
    "opcode",
    ALLOWLIST,
    {
        "build_on_dict": program(b"}}b"),
        "py2_xrange": program(call(name("__builtin__", "xrange"), number(3))),
        "py2_unicode_value": program(call(name("__builtin__", "unicode"), text("a"))),
        "py2_exceptions": program(call(name("exceptions", "ValueError"), text("a"))),
    },
)

forged(
    "opcode",
    None,
    {
        "op_pop": program(b"K\x01N0"),
        "op_pop_mark": program(b"N(K\x011"),
        "op_long4": program(b"\x8b\x01\x00\x00\x00\x05"),
        "op_long1_negative": program(b"\x8a\x01\xff"),
        "op_long_text": program(b"L12L\n"),
        "op_unicode_text": program(b"Vabc\n"),
        "op_list_l": program(b"(K\x01l"),
        "op_append": program(b"]K\x01a"),
        "op_append_to_tuple": program(b")K\x01a"),
        "op_appends_to_dict": program(b"}(K\x01e"),
        "op_setitem": program(b"}K\x01K\x02s"),
        "op_setitem_on_list": program(b"]K\x01K\x02s"),
        "op_setitem_unhashable_key": program(b"}]K\x02s"),
        "op_setitems_odd": program(b"}(K\x01K\x02K\x03u"),
        "op_setitems_empty": program(b"}(u"),
        "op_empty_set": program(b"\x8f"),
        "op_frozenset": program(b"(K\x01\x91"),
        "op_binbytes": program(b"B\x01\x00\x00\x00a"),
        "op_short_binbytes": program(b"C\x01a"),
        "op_binunicode8": program(b"\x8d\x01\x00\x00\x00\x00\x00\x00\x00a"),
        "op_short_binunicode": program(b"\x8c\x01a"),
        "op_bytearray8": program(b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a"),
        "op_memoize": program(b"]\x94"),
        "op_frame": program(b"\x95\x01\x00\x00\x00\x00\x00\x00\x00N"),
        "op_stack_global": program(text("collections") + text("OrderedDict") + b"\x93"),
        "op_inst": program(b"(iargparse\nNamespace\n"),
        "op_obj": program(b"(" + NAMESPACE + b"o"),
        "op_obj_without_class": program(b"(o"),
        "op_persid_text": program(b"P0\n"),
        "op_ext2": program(b"\x83\x01\x00"),
        "op_ext4": program(b"\x84\x01\x00\x00\x00"),
        "op_next_buffer": program(b"\x97"),
        "op_readonly_buffer": program(b"N\x98"),
        "op_put_text": program(b"]p1\n"),
        "op_binget_missing": program(b"h\x05"),
        "op_long_binget_missing": program(b"j\x05\x00\x00\x00"),
        "op_binput_empty_stack": program(b"q\x00N"),
        "op_memo_reused": program(b"K\x01q\x00K\x02q\x00h\x00"),
        "op_long_binput": program(b"]r\x00\x01\x00\x00j\x00\x01\x00\x00"),
        "op_large_memo_index": program(b"]r\xff\xff\xff\xff"),
        "op_unknown": program(b"\xff"),
        "op_no_stop": program(b"N")[:-1],
        "op_stop_on_empty_stack": program(b""),
        "op_stop_inside_mark": program(b"N("),
        "op_stop_with_more_on_stack": program(b"NK\x01"),
        "op_tuple_without_mark": program(b"t"),
        "op_tuple1_empty": program(b"\x85"),
        "op_tuple2_short": program(b"K\x01\x86"),
        "op_tuple3_short": program(b"K\x01K\x02\x87"),
        "op_tuple2": program(b"K\x01K\x02\x86"),
        "op_tuple3": program(b"K\x01K\x02K\x03\x87"),
        "op_reduce_empty_stack": program(b"R"),
        "op_build_empty_stack": program(b"b"),
        "op_newobj_empty_stack": program(b"\x81"),
        "op_bin_ints": program(b"(K\x01M\x01\x02J\xff\xff\xff\xfft"),
        "op_binfloat": program(b"G?\xf0\x00\x00\x00\x00\x00\x00"),
        "op_truncated_string": program(b"X\xff\x00\x00\x00abc"),
        "op_truncated_int": program()[:-1] + b"J\x01",
        "op_huge_string_length": program(b"X\xff\xff\xff\xffabc"),
        "op_bad_utf8": program(b"X\x01\x00\x00\x00\xff"),
        "op_surrogate": program(b"X\x03\x00\x00\x00\xed\xa0\x80"),
        "op_no_proto": b"N.",
        "op_proto_late": b"N\x80\x02.",
        "op_proto_9": program(b"N", protocol=9),
        "op_proto_0": program(b"N", protocol=0),
        "op_deep_lists": program(b"]" * 5000 + b"a" * 4999),
        "op_deep_tuples": program(b")" + b"\x85" * 5000),
        "op_deep_marks": program(b"(" * 3000 + b"t" * 3000),
        "op_list_into_itself": program(b"]q\x00h\x00a"),
        "op_global_empty_name": program(name("", "")),
        "op_global_no_newline": b"\x80\x02ccollections",
        "op_global_bad_utf8": program(b"c\xff\n\xff\n"),
        "op_global_crlf": program(b"ccollections\r\nOrderedDict\r\n"),
        "op_global_dotted_name": program(name("torch", "nn.parameter.Parameter")),
        "op_global_default_joined": program(name("collections.abc", "..OrderedDict")),
        "op_global_dotted_method": program(name("argparse", "Namespace.__init__")),
        "op_global_unused": program(NAMESPACE + b"N\x86"),
        "op_global_twice": program(NAMESPACE + NAMESPACE + b"\x86"),
        "op_global_blocked_unused": program(name("os", "getcwd") + b"N\x86"),
        "op_global_sys": program(name("sys", "version")),
        "op_global_os_path": program(name("os.path", "join")),
        "newobj_parameter": program(new(name("torch.nn.parameter", "Parameter"), tensor())),
        "newobj_parameter_without_data": program(new(name("torch.nn.parameter", "Parameter"))),
        "newobj_counter": program(new(name("collections", "Counter"))),
        "newobj_set": program(new(name("builtins", "set"))),
        "newobj_function": program(new(name("torch._utils", "_rebuild_tensor_v2"))),
        "newobj_dtype": program(new(name("torch", "float32"))),
        "newobj_int": program(b"K\x01)\x81"),
        "newobj_unhashable": program(b"])\x81"),
        "newobj_args_not_tuple": program(ORDERED + b"]\x81"),
        "newobj_tensor": program(new(name("torch", "Tensor"))),
        "newobj_default_unallowed_class": program(new(name("builtins", "object"))),
        "reduce_list": program(b"])R"),
        "reduce_none": program(b"N)R"),
        "reduce_int": program(b"K\x01)R"),
        "reduce_args_list": program(ORDERED + b"]R"),
        "reduce_args_none": program(ORDERED + b"NR"),
        "reduce_ordered_items": program(
            call(ORDERED, array(pair(text("a"), number(1)), pair(text("b"), number(2))))
        ),
        "reduce_ordered_lists": program(call(ORDERED, array(array(text("a"), number(1))))),
        "reduce_set": program(call(name("__builtin__", "set"), array(number(1)))),
        "reduce_set_unhashable": program(call(name("__builtin__", "set"), array(b"]"))),
        "reduce_complex": program(
            call(name("__builtin__", "complex"), b"G" + bytes(8), b"G" + bytes(8))
        ),
        "reduce_size": program(call(name("torch", "Size"), array(number(1)))),
        "reduce_device": program(call(name("torch", "device"), text("cpu"))),
        "reduce_device_bad": program(call(name("torch", "device"), text("toaster"))),
        "reduce_layout": program(
            call(name("torch.serialization", "_get_layout"), text("torch.strided"))
        ),
        "reduce_layout_bad": program(call(name("torch.serialization", "_get_layout"), text("x"))),
        "reduce_float_storage": program(call(name("torch", "FloatStorage"))),
        "reduce_float_tensor": program(call(name("torch", "FloatTensor"))),
        "reduce_float_tensor_of_class": program(
            call(name("torch", "FloatTensor"), name("torch", "FloatTensor"))
        ),
        "reduce_device_by_truth": program(call(name("torch", "device"), b"\x88")),
        "reduce_parameter_class": program(call(name("torch.nn.parameter", "Parameter"), tensor())),
        "reduce_namespace": program(call(NAMESPACE)),
        "reduce_wrong_argument_count": program(call(name("torch._utils", "_rebuild_tensor_v2"))),
        "reduce_result_called": program(call(call(NAMESPACE))),
        "reduce_codecs": program(raw(b"ab\xff")),
        "reduce_codecs_bad_codec": program(
            call(name("_codecs", "encode"), text("a"), text("nonsense"))
        ),
        "reduce_codecs_unencodable": program(
            call(name("_codecs", "encode"), text("\u20ac"), text("latin1"))
        ),
        "reduce_getattr_nested": program(
            call(name("__builtin__", "getattr"), NAMESPACE, text("_get_kwargs"))
        ),
        "reduce_long_py2": program(call(name("__builtin__", "long"), text("5"))),
        "reduce_py2_object": program(
            call(name("copy_reg", "_reconstructor"), NAMESPACE, name("__builtin__", "object"), b"N")
            + mapping({"a": number(1)})
            + b"b"
        ),
        "reduce_py2_dict_subclass": program(
            call(
                name("copy_reg", "_reconstructor"),
                name("checkpoint.sample_classes", "DictSub"),
                name("__builtin__", "dict"),
                b"}",
            )
        ),
        "py2_exceptions_key_error": program(call(name("exceptions", "KeyError"), text("a"))),
        "py2_cpickle": program(name("cPickle", "dumps")),
        "py2_userdict": program(name("UserDict", "UserDict")),
        "py2_stringio": program(call(name("StringIO", "StringIO"))),
        "py2_izip": program(name("itertools", "izip")),
        "py2_reduce": program(name("__builtin__", "reduce")),
        "py2_queue": program(name("Queue", "Queue")),
        "build_ordereddict": program(call(ORDERED) + mapping({"_metadata": b"}"}) + b"b"),
        "build_ordereddict_none": program(call(ORDERED) + b"Nb"),
        "build_ordereddict_list": program(call(ORDERED) + b"]b"),
        "build_counter": program(
            call(name("collections", "Counter")) + mapping({"x": b"N"}) + b"b"
        ),
        "build_namespace": program(new(NAMESPACE) + mapping({"a": number(1)}) + b"b"),
        "build_namespace_empty": program(new(NAMESPACE) + b"}b"),
        "build_namespace_list": program(new(NAMESPACE) + array(number(1)) + b"b"),
        "build_namespace_slots": program(
            new(NAMESPACE) + pair(b"N", mapping({"a": number(1)})) + b"b"
        ),
        "build_namespace_twice": program(new(NAMESPACE) + mapping({"a": number(1)}) + b"b}b"),
        "build_tuple": program(b")}b"),
        "build_list": program(b"]}b"),
        "build_int": program(b"K\x01}b"),
        "build_none": program(b"N}b"),
        "build_string": program(text("a") + b"}b"),
        "build_set": program(call(name("__builtin__", "set")) + b"}b"),
        "build_dict_with_state": program(b"}" + mapping({"a": number(1)}) + b"b"),
        "build_tensor": program(tensor() + b"}b"),
        "build_class": program(NAMESPACE + mapping({"a": number(1)}) + b"b"),
        "build_default_class": program(ORDERED + mapping({"a": number(1)}) + b"b"),
        "build_parameter": program(new(name("torch.nn.parameter", "Parameter"), tensor()) + b"}b"),
        "setitem_on_ordered": program(call(ORDERED) + text("a") + number(1) + b"s"),
        "setitem_on_counter": program(
            call(name("collections", "Counter")) + text("a") + number(1) + b"s"
        ),
        "setitem_on_namespace": program(call(NAMESPACE) + text("a") + number(1) + b"s"),
        "setitem_on_class": program(NAMESPACE + text("a") + number(1) + b"s"),
        "setitem_on_tensor": program(tensor() + number(0) + number(1) + b"s"),
        "append_to_tensor": program(tensor() + number(0) + b"a"),
        "append_to_result_of_list": program(call(name("__builtin__", "list")) + number(0) + b"a"),
        "setitem_on_result_of_dict": program(call(name("__builtin__", "dict")) + number(0) + b"Ns"),
        "persid_text": program(text("storage") + b"Q"),
        "persid_none": program(b"NQ"),
        "persid_list": program(b"]Q"),
        "persid_bytes_storage": program(
            pair(b"U\x07storage", name("torch", "FloatStorage"), text("0"), text("cpu"), number(4))
            + b"Q"
        ),
        "persid_too_short": program(pair(text("storage"), name("torch", "FloatStorage")) + b"Q"),
        "persid_too_long": program(
            pair(
                text("storage"),
                name("torch", "FloatStorage"),
                text("0"),
                text("cpu"),
                number(4),
                b"N",
            )
            + b"Q"
        ),
        "persid_unknown_storage": program(storage(key="7")),
        "persid_wrong_count": program(storage(count=9)),
        "persid_smaller_count": program(storage(count=3)),
        "persid_double_storage": program(storage(kind="DoubleStorage", count=2)),
        "persid_untyped_storage": program(
            pair(
                text("storage"),
                name("torch.storage", "UntypedStorage"),
                text("0"),
                text("cpu"),
                number(16),
            )
            + b"Q"
        ),
        "persid_not_a_storage_class": program(
            pair(text("storage"), ORDERED, text("0"), text("cpu"), number(4)) + b"Q"
        ),
        "persid_cuda_location": program(
            pair(
                text("storage"), name("torch", "FloatStorage"), text("0"), text("cuda:0"), number(4)
            )
            + b"Q"
        ),
        "persid_meta_location": program(
            pair(text("storage"), name("torch", "FloatStorage"), text("0"), text("meta"), number(4))
            + b"Q"
        ),
        "persid_odd_location": program(
            pair(
                text("storage"),
                name("torch", "FloatStorage"),
                text("0"),
                text("toaster"),
                number(4),
            )
            + b"Q"
        ),
        "persid_path_traversal_key": program(storage(key="../version")),
        "storage_used_twice": program(storage() + storage() + b"\x86"),
    },
)
