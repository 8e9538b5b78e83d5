"""A pickled ``nn.Module`` as the state dict that it would give, without an instance of it.

Source: ``Module.state_dict`` and ``_save_to_state_dict`` in ``torch/nn/modules/module.py`` of torch
2.13, and the classes of torch's own that override the latter (``module_facts``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.call_results import is_getattr
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
)
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.migrate.carriers import tensors
from torchload_lint.migrate.carriers.beside.beside_state import BesideState
from torchload_lint.migrate.carriers.module_facts import (
    MORE_THAN_KNOWN,
    OVERRIDES,
    QUANTIZED_CONVOLUTIONS,
    is_torch_class,
    state_dict_version,
)
from torchload_lint.migrate.carriers.pickled_instance import attributes_of, read_instance
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.results import MODULE, STATE_DICT, MigrationError, NoteKind
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_REGISTRIES = ("_modules", "_parameters", "_buffers")
_GRAPH_MODULES = frozenset({"torch.fx.graph_module.reduce_graph_module",
                            "torch.fx.graph_module.reduce_package_graph_module"})  # fmt: skip
_COMPILED = "torch._dynamo.eval_frame.OptimizedModule"
"""What ``torch.compile`` gives: it is pickled as the module it was made from, and options."""
_STATE_DICT_HOOKS = ("_state_dict_hooks", "_state_dict_pre_hooks")
_CALL_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
               "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks")  # fmt: skip
_SPECTRAL_HOOK = "SpectralNormStateDictHook"
MOST_NAMES = 400_000
"""Of modules and tensors of all state dicts: a module that stands in two places has two names
there, so that a chain of pairs of one object doubles them with each link.
"""
_METHODS = frozenset("state_dict _save_to_state_dict get_extra_state".split())
"""Methods whose override changes what ``state_dict()`` gives."""


@dataclass(slots=True)
class _Building:
    """One state dict on its way."""

    converter: Conversion
    out: DictValue
    metadata: DictValue
    place: str
    foreign: dict[str, None]
    """Classes that are not torch's own."""
    hooks: dict[str, None]
    """Hooks of modules that are not carried."""
    above: set[int]
    """The modules around the present one."""
    places: dict[str, int]
    """Name → where its entry stands."""
    beside: BesideState

    def put(self, key: str, value: PickledValue) -> None:
        """One entry; of two with one name the later one, in the place of the earlier."""
        if value is LEFT_OUT:
            return
        _count_name(self)
        known = self.places.setdefault(key, len(self.out.entries))
        self.out.entries[known : known + 1] = [(key, value)]


def registries(made: PickledInstance) -> dict[str, PickledValue] | None:
    """The attributes of an ``nn.Module``; None where the instance is not one."""
    attributes = made.attributes or {}
    if made.name in _GRAPH_MODULES and made.args and isinstance(made.args[0], DictValue):
        attributes = {k: v for k, v in made.args[0].entries if isinstance(k, str)}
    if all(isinstance(attributes.get(name), DictValue) for name in _REGISTRIES):
        return attributes
    if made.name == _COMPILED and made.args and isinstance(made.args[0], ObjectValue):
        inner = DictValue(entries=[("_orig_mod", made.args[0])])
        return {"_modules": inner, "_parameters": DictValue(), "_buffers": DictValue()}
    if made.name in QUANTIZED_CONVOLUTIONS and _convolution_state(made):
        return {}
    return None


def state_dict(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """The state dict of a module, with the ``_metadata`` that torch gives it."""
    ordered = "collections.OrderedDict"
    beside = BesideState(converter.names)
    building = _Building(
        converter, DictValue(ordered), DictValue(ordered), place, {}, {}, set(), {}, beside
    )
    if not (made.name in QUANTIZED_CONVOLUTIONS and _save_convolution(building, made, "")):
        _save(building, made, "")
    building.out.state.append(DictValue(entries=[("_metadata", building.metadata)]))
    converter.changed(place, f"{MODULE}{made.name}", STATE_DICT)
    if building.foreign:
        classes = ", ".join(building.foreign)
        why = "if it overrides state_dict or get_extra_state, what that adds is not in the file"
        converter.note(NoteKind.CAUTION, place, classes, why)
    if building.hooks:
        converter.leave_out(place, ", ".join(building.hooks), "hooks are functions")
    if plain := beside.plain():
        why = "attributes that are in no state dict: the program gives them to the model it makes"
        converter.note(NoteKind.CAUTION, place, plain, why)
    for what, why in beside.modes.told():
        converter.note(NoteKind.CAUTION, place, what, why)
    for name in beside.found():
        why = "no parameters, buffers or modules of it, so state_dict() does not give them"
        converter.leave_out(f"{place}.{name}", "tensors or arrays", why)
    return building.out


def _save(building: _Building, made: PickledInstance, prefix: str) -> None:
    attributes = registries(made) or {}
    building.beside.add(made.name, attributes, prefix)
    _add_metadata(building, made, attributes, prefix)
    absent = _names(attributes.get("_non_persistent_buffers_set"))
    for name, value in _entries(attributes.get("_parameters")):
        if value is not None:
            building.put(prefix + name, _tensor(building, value, prefix + name))
    for name, value in _entries(attributes.get("_buffers")):
        if value is not None and name not in absent:
            building.put(prefix + name, _tensor(building, value, prefix + name))
    extra = OVERRIDES.get(made.name, ())
    for kind, name in extra:
        _EXTRAS[kind](building, attributes, prefix, name)
    _look_at_class(building, made, prefix)
    for name, child in _entries(attributes.get("_modules")):
        if isinstance(child, ObjectValue):
            _save_child(building, child, f"{prefix}{name}.")
        elif child is not None:
            building.converter.leave_out(f"{building.place}.{prefix}{name}", "a module",
                                         "the file does not hold it as an object")  # fmt: skip


def _save_child(building: _Building, child: ObjectValue, prefix: str) -> None:
    converter = building.converter
    made = read_instance(child, converter.names)
    if made.name in QUANTIZED_CONVOLUTIONS and _save_convolution(building, made, prefix):
        return
    if id(child) in building.above:
        converter.leave_out(f"{building.place}.{prefix[:-1]}", made.name, "it contains itself")
        return
    if registries(made) is None:
        why = "its own __reduce__ or __getstate__ hides its parameters"
        converter.leave_out(f"{building.place}.{prefix[:-1]}", f"the module {made.name}", why)
        return
    building.above.add(id(child))
    _save(building, made, prefix)
    building.above.discard(id(child))


def _add_metadata(
    building: _Building, made: PickledInstance, attributes: dict[str, PickledValue], prefix: str
) -> None:
    version = attributes.get("_version")  # the object's own goes before its class's
    if type(version) is not int:
        version = state_dict_version(made.name, _keys(attributes.get("_buffers")))
    plain_version = building.converter.plain(version, f"{building.place}.{prefix}_version")
    entry = DictValue(entries=[("version", plain_version)])
    _count_name(building)
    building.metadata.entries.append((prefix[:-1], entry))
    for registry in (*_STATE_DICT_HOOKS, *_CALL_HOOKS):
        for _, hook in _entries(attributes.get(registry)):
            name = _hook_name(building.converter, hook)
            if name.endswith(_SPECTRAL_HOOK):
                _add_spectral_norm(entry, hook)
            elif registry in _STATE_DICT_HOOKS:
                place = f"{building.place}.{prefix[:-1]}".rstrip(".")
                why = "it may change the state dict, and is not run"
                building.converter.note(NoteKind.CAUTION, place, f"the hook {name}", why)
            else:
                building.hooks[name] = None


def _count_name(building: _Building) -> None:
    building.converter.state_dict_names += 1
    if building.converter.state_dict_names > MOST_NAMES:
        raise MigrationError(f"the state dicts of its modules have more than {MOST_NAMES:,} names")


def _add_spectral_norm(entry: DictValue, hook: PickledValue) -> None:
    """What the state dict hook of ``torch.nn.utils.spectral_norm`` writes."""
    fn = attributes_of(attributes_of(hook).get("fn"))
    name = fn.get("name")
    if isinstance(name, str):
        versions = DictValue(entries=[(f"{name}.version", 1)])
        entry.entries.append(("spectral_norm", versions))


def _hook_name(converter: Conversion, hook: PickledValue) -> str:
    name = converter.names.of(hook)
    if isinstance(hook, ObjectValue) and is_getattr(hook.callee) and name is None:
        return "a bound method"
    if name is None and isinstance(hook, ObjectValue):
        return read_instance(hook, converter.names).name or "a hook"
    return str(name) if name is not None else "a hook"


def _look_at_class(building: _Building, made: PickledInstance, prefix: str) -> None:
    """Say it where ``state_dict()`` of this class is not known to give just this."""
    if is_torch_class(made.name):
        if made.name in MORE_THAN_KNOWN:
            place = f"{building.place}.{prefix[:-1]}".rstrip(".")
            why = "what this class adds to its state dict by itself is not known"
            building.converter.leave_out(place, made.name, why)
        return
    lookup = building.converter.lookup
    facts = lookup(GlobalName.parse(made.name)) if lookup is not None else None
    if facts is None:
        building.foreign[made.name] = None
    elif facts.methods & _METHODS:
        names = ", ".join(sorted(facts.methods & _METHODS))
        why = f"it defines {names}, which is not run ({facts.path}:{facts.row})"
        building.converter.note(NoteKind.CAUTION, building.place, made.name, why)


def _tensor(building: _Building, value: PickledValue, key: str) -> PickledValue:
    place = f"{building.place}[{key!r}]"
    found = tensors.detached(building.converter, value, place)
    if found is LEFT_OUT or tensors.is_tensor(found):
        return found
    is_nested = isinstance(value, ObjectValue) and isinstance(found, DictValue)
    why = "it is a nested tensor, not a dense one" if is_nested else "it is not a tensor"
    return building.converter.leave_out(place, "a parameter or buffer", why)


def _entries(value: PickledValue) -> Iterator[tuple[str, PickledValue]]:
    """The entries of a registry, in their order, the last of equal names winning."""
    if isinstance(value, (DictValue, ObjectValue)):
        found = {name_text(key): item for key, item in value.entries}
        yield from found.items()


def _keys(value: PickledValue) -> set[str]:
    return {name for name, _ in _entries(value)}


def _names(value: PickledValue) -> set[str]:
    items = value.items if isinstance(value, SetValue) else ()
    return {item for item in items if isinstance(item, str)}


# -- what classes of torch's own add ---------------------------------------------------------------


def _packed_parameters(value: PickledValue) -> PickledValue:
    """The state of a quantized ``ScriptObject``: BUILD gave it ``(state, type's name)``."""
    if isinstance(value, ObjectValue) and value.states:
        state = value.states[-1]
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], str):  # noqa: PLR2004
            inner: PickledValue = state[0]
            return inner
    return None


def _put_attribute(
    building: _Building, attributes: dict[str, PickledValue], prefix: str, name: str
) -> None:
    """An attribute as it is."""
    value = attributes.get(name)
    key = prefix + name
    place = f"{building.place}[{key!r}]"
    if isinstance(value, GlobalRef) and str(value.name) in tensors.ALLOWED:
        building.put(key, value)
    elif value is not None:
        building.put(key, building.converter.plain(value, place))


def _put_number(
    building: _Building, attributes: dict[str, PickledValue], prefix: str, name: str
) -> None:
    """``torch.tensor(self.scale)``: a float32 or int64 tensor without dimensions."""
    value = attributes.get(name)
    if isinstance(value, (int, float)):
        building.put(prefix + name, tensors.from_number(building.converter, value))
    elif value is not None:
        building.put(prefix + name, _tensor(building, value, prefix + name))


def _put_packed(
    building: _Building, attributes: dict[str, PickledValue], prefix: str, name: str
) -> None:
    """``_weight_bias()`` of linear layers, as one tuple."""
    packed = _packed_parameters(attributes.get(name))
    if packed is None:
        place = f"{building.place}[{prefix + name!r}]"
        building.converter.leave_out(place, "packed weights", "their state is not in the file")
        return
    building.put(prefix + name, building.converter.plain(packed, f"{building.place}[{prefix}]"))


def _put_unpacked(
    building: _Building, attributes: dict[str, PickledValue], prefix: str, name: str
) -> None:
    """``_weight()`` of embeddings: the tensor in ``(version, tensors, doubles, longs)``."""
    packed = _packed_parameters(attributes.get(name))
    parts = packed[1] if isinstance(packed, tuple) and len(packed) > 1 else None
    key = prefix + name
    if not isinstance(parts, (list, tuple)) or not parts:
        place = f"{building.place}[{key!r}]"
        building.converter.leave_out(place, "packed weights", "their state is not in the file")
        return
    building.put(key, building.converter.plain(parts[0], f"{building.place}[{key!r}]"))


def _convolution_state(made: PickledInstance) -> tuple[PickledValue, ...] | None:
    state = made.states[-1] if made.states else None
    return state if isinstance(state, tuple) and len(state) == 15 else None  # noqa: PLR2004 - see QUANTIZED_CONVOLUTIONS


def _save_convolution(building: _Building, made: PickledInstance, prefix: str) -> bool:
    """A quantized convolution, whose weights are in its own state."""
    state = _convolution_state(made)
    if state is None:
        return False
    _add_metadata(building, made, {}, prefix)
    for name, value in (("weight", state[10]), ("bias", state[11])):
        place = f"{building.place}[{prefix + name!r}]"
        building.put(prefix + name, building.converter.plain(value, place))
    numbers = {"scale": state[12], "zero_point": state[13]}
    for name in numbers:
        _put_number(building, numbers, prefix, name)
    return True


_EXTRAS = {"attribute": _put_attribute, "number": _put_number, "packed": _put_packed,
           "unpacked": _put_unpacked}  # fmt: skip
