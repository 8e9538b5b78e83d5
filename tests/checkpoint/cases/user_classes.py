"""Objects of a program's own classes, with every protocol that pickle offers a class."""

# ruff: noqa: PLC3002 - a value used twice

from __future__ import annotations

import collections
import sys

import torch

from checkpoint import sample_classes as own
from checkpoint.cases.registry import ALLOWLIST, IMPOSSIBLE, planted, save_all, saved


def _recursive() -> own.PlainObject:
    value = own.PlainObject()
    value.me = value
    return value


save_all(
    "user",
    {
        "dataclass_": own.Cfg,
        "nested_class_value": own.Outer.Inner,
        "setstate_": own.WithSetstate,
        "slots_and_dict": own.SlotsDict,
        "newargs_tuple": lambda: own.NewArgs(1, 2),
        "list_subclass_empty": own.ListSub,
        "counter_subclass": lambda: own.CounterSub("abca"),
        "scalar_subclasses": lambda: [own.IntSub(3), own.StrSub("a")],
        "set_subclass": lambda: own.SetSub([1]),
        "unhashable_instances": lambda: [own.EqWeird(), own.EqWeird()],
        "state_2tuple_of_dicts": own.StateTuple2,
    },
    ALLOWLIST,
)

save_all(
    "user",
    {
        "reduce_listitems": own.Reduce4,
        "reduce_dictitems": own.Reduce5,
        "reduce_state_setter": own.Reduce6,
    },
    IMPOSSIBLE,
)

save_all(
    "user",
    {
        "dataclass_frozen": own.FrozenCfg,
        "dataclass_slots": own.SlottedCfg,
        "dataclass_frozen_slots": own.FrozenSlottedCfg,
        "dataclass_nested": lambda: own.NestedCfg(table={"a": own.Cfg()}),
        "dataclass_in_checkpoint": lambda: {"model": {"w": torch.ones(1)}, "cfg": own.Cfg()},
        "enum_member": lambda: own.Colour.RED,
        "enum_members": lambda: [own.Colour.RED, own.Colour.BLUE, own.Level.LOW],
        "int_enum": lambda: own.Level.HIGH,
        "flag_enum": lambda: own.Mode.READ | own.Mode.WRITE,
        "string_enum": lambda: own.Word.YES,
        "enum_class_value": lambda: own.Colour,
        "enum_as_key": lambda: {own.Colour.RED: 1},
        "nested_class_itself": lambda: own.Outer.Inner,
        "nested_twice": own.Outer.Deep.Deeper,
        "nested_enum": lambda: own.Outer.Kind.A,
        "static_method": lambda: own.Outer.static,
        "class_method": lambda: own.Outer.klass,
        "named_tuple": lambda: own.Point(1, 2),
        "named_tuple_old": lambda: own.OldPoint(1, 2),
        "named_tuples_of_tensors": lambda: [own.Point(torch.ones(1), None)] * 2,
        "plain_object": lambda: own.PlainObject(a=1, b=torch.ones(1)),
        "empty_object": own.Empty,
        "object_graph": lambda: own.PlainObject(child=own.PlainObject(x=1), cfg=own.Cfg()),
        "generic_object": lambda: own.Box(3),
        "generic_alias_of_own": lambda: own.Box[int],
        "metaclassed": own.MetaClassed,
        "list_state": own.ListState,
        "list_state_without_setstate": own.ListStateWithoutSetstate,
        "false_state": own.FalseState,
        "slots_only": own.Slots,
        "newargs_object": lambda: own.NewArgsObject(1, "b"),
        "newargs_ex": lambda: own.NewArgsEx(a=3),
        "list_subclass_filled": lambda: own.ListSub([1, 2]),
        "list_subclass_one_item": lambda: own.ListSub([1]),
        "dict_subclass_empty": own.DictSub,
        "dict_subclass_filled": lambda: own.DictSub(a=1, b=2),
        "dict_subclass_one_item": lambda: own.DictSub(a=1),
        "dict_subclass_attributes": own.DictSubWithAttributes,
        "dict_subclass_filled_attributes": lambda: own.DictSubWithAttributes(a=1),
        "attr_dict": lambda: own.AttrDict(a=1, b=own.AttrDict(c=2)),
        "ordered_subclass_empty": own.ODSub,
        "ordered_subclass_filled": lambda: own.ODSub(a=1),
        "defaultdict_subclass": lambda: own.DefaultDictSub(int),
        "defaultdict_subclass_filled": lambda: own.DefaultDictSub(int, a=1),
        "frozenset_subclass": lambda: own.FrozenSetSub([1]),
        "tuple_subclass": lambda: own.TupleSub((1, 2)),
        "float_subclass": lambda: own.FloatSub(0.5),
        "bytes_subclass": lambda: own.BytesSub(b"ab"),
        "user_dict_subclass": lambda: own.UserDictSub(a=1),
        "user_list_subclass": lambda: own.UserListSub([1, 2]),
        "namespace_subclass": lambda: own.NamespaceSub(a=1),
        "custom_error": lambda: own.CustomError("bad", 3),
        "reduce_two": own.Reduce2,
        "reduce_three": own.Reduce3,
        "reduce_by_factory": own.ByFactory,
        "reduce_by_factory_with_state": own.ByFactoryWithState,
        "reduce_to_dict": own.ByDict,
        "reduce_to_ordered_dict": own.ByOrderedDict,
        "reduce_to_list": own.ByList,
        "reduce_to_global": lambda: own.SINGLETON,
        "vocabulary": own.Vocabulary,
        "running_statistics": own.Running,
        "function_value": lambda: own.plain_function,
        "class_value": lambda: own.Cfg,
        "callback_object": own.Callback,
        "bound_method_of_object": lambda: own.Callback().method,
        "own_dataset": own.Data,
        "recursive_object": _recursive,
        "shared_object": lambda: (lambda cfg: {"a": cfg, "b": [cfg, cfg]})(own.Cfg()),
        "object_as_key": lambda: {own.FrozenCfg(): 1},
        "objects_in_set": lambda: {own.FrozenCfg(0.1), own.FrozenCfg(0.2)},
        "deque_of_tuples": lambda: {"memory": collections.deque([(torch.ones(1), 0)], maxlen=9)},
        "list_of_fifty_objects": lambda: [own.PlainObject(i=i) for i in range(50)],
    },
)


@saved("user")
def class_gone():
    return planted("gone_package.models.DeletedClass")()


@saved("user")
def class_of_main():
    """A script's own class, under ``__main__``."""
    cls = type("TrainState", (), {"__module__": "__main__"})
    sys.modules["__main__"].TrainState = cls
    value = cls()
    value.epoch = 3
    return value
