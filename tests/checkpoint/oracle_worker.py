"""What real torch does with a checkpoint, told over a pipe: the oracle of the differential tests.

Run by the interpreter whose torch is asked. Reads one JSON request a line from standard input,
writes one JSON answer a line to standard output. Every load is ``weights_only=True``.

``{"op": "load", "path": …, "allow": [entry, …], "imports": [module, …]}``: does it load?
    An entry is ``{"key", "module", "name", "template", "pair"}``.
``{"op": "truth", "path": …}``: the smallest allowlist of real objects, found by letting torch look
    for every name that it misses (:class:`EveryGlobal`) and taking entries away again.
``{"op": "unsafe_globals", "path": …}``: torch's own ``get_unsafe_globals_in_checkpoint``.
``{"op": "version"}``.

With ``--stubs`` everything but a few known harmless names is played by an empty class, and nothing
else is imported: for checkpoints that nobody here has written.
"""

from __future__ import annotations

import builtins
import collections
import importlib
import importlib.util
import itertools
import json
import os
import sys
import types
import warnings
from _compat_pickle import IMPORT_MAPPING
from typing import Any

STUBS_ONLY = "--stubs" in sys.argv
HARMLESS = (
    "torch.nn.modules.",
    "torch.nn.parameter.",
    "torch.nn.Linear",
    "torch.optim.",
    "torch.torch_version.",
    "numpy.core.multiarray.",
    "numpy._core.multiarray.",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.float",
    "numpy.int",
    "collections.",
    "argparse.Namespace",
    "pathlib.",
    "datetime.",
    "builtins.bytes",
    "builtins.dict",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.object",
    "builtins.range",
    "builtins.slice",
    "builtins.tuple",
)
"""With ``--stubs``: beginnings of the names whose real objects are used all the same."""


def main() -> None:
    """Answer requests until the pipe closes. Payloads' own output goes to nowhere."""
    requests, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    warnings.simplefilter("ignore")
    import torch  # noqa: F401 - before the first request, so that its time is not a load's

    for line in requests:
        request = json.loads(line)
        operation = request.pop("op")
        try:
            answer = OPERATIONS[operation](**request)
        except BaseException as error:  # noqa: BLE001 - also SystemExit from a payload
            answer = {"crash": described(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def described(error: BaseException) -> str:
    """The last line of a traceback, without what torch tells everybody about weights_only."""
    advice, _, reason = str(error).rpartition("WeightsUnpickler error: ")
    words = reason.partition("\n")[0] if advice else str(error)
    return f"{type(error).__name__}: {words}"[:1000]


def version() -> dict[str, str]:
    """Which torch this is."""
    import torch

    return {"torch": torch.__version__, "python": sys.version.split()[0]}


def unsafe_globals(path: str) -> dict[str, Any]:
    """torch's own answer."""
    from torch.serialization import get_unsafe_globals_in_checkpoint

    try:
        return {"names": sorted(get_unsafe_globals_in_checkpoint(path))}
    except Exception as error:  # noqa: BLE001
        return {"raises": described(error)}


def load(path: str, allow: list[dict[str, Any]], imports: list[str]) -> dict[str, Any]:
    """Load under an allowlist; ``{"loads": bool, "error": str}``."""
    for module in imports:
        importlib.import_module(module)
    return attempt(path, [resolved(entry) for entry in allow])


def attempt(path: str, entries: list[Any]) -> dict[str, Any]:
    """One load under ``entries`` and whatever an import has registered, which stays."""
    from torch import serialization

    serialization.add_safe_globals(entries)
    try:
        restricted_load(path)
    except BaseException as error:  # noqa: BLE001
        return {"loads": False, "error": described(error)}
    else:
        return {"loads": True, "error": ""}
    finally:
        forget(entries)


def restricted_load(path: str) -> None:
    """Load; tensors that were saved on a GPU go to the CPU, any other device is as saved."""
    import torch

    try:
        torch.load(path, weights_only=True)
    except RuntimeError as error:
        if "CUDA device" not in str(error):
            raise
        torch.load(path, weights_only=True, map_location="cpu")


def forget(entries: list[Any]) -> None:
    """Take back what :func:`attempt` added (torch 2.4 can only clear)."""
    from torch import serialization

    inner = sys.modules["torch._weights_only_unpickler"]
    if hasattr(inner, "_remove_safe_globals"):
        inner._remove_safe_globals(entries)
    else:
        serialization.clear_safe_globals()


def resolved(entry: dict[str, Any]) -> Any:
    """The object that an entry spells, as the program would write it, alone or in its pair."""
    try:
        value = attribute(entry["module"], entry["name"])
    except (ImportError, AttributeError):
        module, _, qualname = entry["key"].rpartition(".")
        value = stub(module, qualname)
    if entry["template"] != "{}":
        expression = entry["template"].replace("{}", "reference")
        value = eval(expression, {"reference": value})
    return (value, entry["key"]) if entry["pair"] else value


def attribute(module: str, qualname: str) -> Any:
    """The object, imported; AttributeError or ImportError where there is none."""
    if STUBS_ONLY and not f"{module}.{qualname}".startswith(HARMLESS):
        raise ImportError(f"{module} is not imported here")
    value: Any = importlib.import_module(module)
    for part in qualname.split("."):
        value = getattr(value, part)
    return value


def stub(module: str, qualname: str) -> type:
    """A class of that name which takes any arguments, any state and any items.

    Where a file fills an object with items, its class is one that has them.
    """
    known = sys.modules.get(f"stubs of {module}")
    if known is None:
        known = sys.modules[f"stubs of {module}"] = types.ModuleType(module)
    if not hasattr(known, qualname):
        members = {
            "__module__": module,
            "__qualname__": qualname,
            "__new__": lambda cls, *_args, **_options: object.__new__(cls),
            "__init__": lambda _self, *_args, **_options: None,
            "__setstate__": lambda _self, _state: None,
            "__setitem__": lambda _self, _key, _value: None,
            "__call__": lambda _self, *_args, **_options: None,
            "__hash__": object.__hash__,
        }
        setattr(known, qualname, type(qualname.rpartition(".")[2], (), members))
    found: type = getattr(known, qualname)
    return found


class EveryGlobal(dict[str, Any]):
    """An allowlist that holds whatever is asked for, and notes what was.

    It takes the place of what ``_get_user_allowed_globals`` returns. ``values()`` is asked by
    identity of an object (BUILD, NEWOBJ, REDUCE), the mapping itself by name (GLOBAL).
    """

    def __init__(self, default: list[Any]) -> None:
        super().__init__()
        self.default = default
        self.stubbed: list[str] = []
        self.checked: list[Any] = []

    def __contains__(self, name: object) -> bool:
        assert isinstance(name, str)
        if not dict.__contains__(self, name):
            dict.__setitem__(self, name, self.find(name))
        return True

    def find(self, name: str) -> Any:
        module, _, qualname = name.rpartition(".")
        if module == "exceptions" and hasattr(builtins, qualname):
            return getattr(builtins, qualname)
        parts = [*IMPORT_MAPPING.get(module, module).split("."), qualname]
        for cut in range(len(parts) - 1, 0, -1):
            try:
                return attribute(".".join(parts[:cut]), ".".join(parts[cut:]))
            except (ImportError, AttributeError, ValueError):  # noqa: PERF203
                continue
            except BaseException:  # noqa: BLE001 - a module that cannot be imported here
                break
        if not all(part.isidentifier() for part in name.split(".")):
            raise ImportError(f"cannot import {name}")
        self.stubbed.append(name)
        return stub(module, qualname)

    def values(self) -> Checked:
        return Checked(self)


class Checked:
    """The values of :class:`EveryGlobal`: every function and class is among them."""

    def __init__(self, owner: EveryGlobal) -> None:
        self.owner = owner

    def __contains__(self, value: Any) -> bool:
        if not any(value is known for known in (*self.owner.default, *self.owner.checked)):
            self.owner.checked.append(value)
        return True


def truth(path: str) -> dict[str, Any]:
    """``{"outcome", "needed": [key, …], "plain": [key, …], "stubbed": [name, …], "error"}``.

    ``outcome`` is ``as-is``, ``allowlist`` or ``impossible``; ``needed`` are the keys of a minimal
    allowlist; ``plain`` those for which the object itself will do, without a pair.
    """
    inner = sys.modules["torch._weights_only_unpickler"]
    nothing = attempt(path, [])
    if nothing["loads"]:
        return {"outcome": "as-is", "needed": [], "plain": [], "stubbed": [], "error": ""}
    registered = inner._get_user_allowed_globals()
    every, error = with_every_global(path, {})
    if error:
        return {
            "outcome": "impossible",
            "needed": [],
            "plain": [],
            "stubbed": every.stubbed,
            "error": error,
            "stand_ins": simple_stand_ins(path, every, error),
        }
    entries = candidates(every, registered)
    if not attempt(path, list(entries.values()))["loads"]:
        return {"outcome": "impossible", "needed": [], "plain": [], "stubbed": every.stubbed,
                "error": attempt(path, list(entries.values()))["error"]}  # fmt: skip
    entries = minimal(path, entries)
    return {
        "outcome": "allowlist",
        "needed": sorted(entries),
        "plain": sorted(key for key in entries if plain_will_do(path, entries, key)),
        "stubbed": every.stubbed,
        "error": "",
    }


def with_every_global(path: str, instead: dict[str, Any]) -> tuple[EveryGlobal, str]:
    """Load with every global allowed, some replaced; the error, or nothing where it loads."""
    inner = sys.modules["torch._weights_only_unpickler"]
    every = EveryGlobal(list(inner._get_allowed_globals().values()))
    every.update(instead)
    real = inner._get_user_allowed_globals
    inner._get_user_allowed_globals = lambda: every
    try:
        restricted_load(path)
    except BaseException as error:  # noqa: BLE001
        return every, described(error)
    finally:
        inner._get_user_allowed_globals = real
    return every, ""


REFUSED_ITEMS = ("Can only SETITEM", "Can only append", "Can only extend")


def simple_stand_ins(path: str, every: EveryGlobal, error: str) -> dict[str, str]:
    """Name → plain container that makes torch load a file whose objects it would not fill."""
    instead: dict[str, Any] = {}
    for _ in range(ROUNDS if takes_pairs() else 0):
        if not any(word in error for word in REFUSED_ITEMS):
            return {}
        better = None
        for key, kind in itertools.product(list(every), (dict, collections.OrderedDict, list)):
            if key in instead:
                continue
            tried, outcome = with_every_global(path, instead | {key: kind})
            if not outcome:
                return {name: one.__name__ for name, one in {**instead, key: kind}.items()}
            if (
                better is None
                and any(word in outcome for word in REFUSED_ITEMS)
                and outcome != error
            ):
                better = tried, outcome, {key: kind}
        if better is None:
            return {}
        every, error = better[:2]
        instead |= better[2]
    return {}


ROUNDS = 4
"""How many classes of one file are replaced at most."""


def takes_pairs() -> bool:
    """Whether this torch takes ``(object, "name")`` entries (2.6)."""
    from torch import serialization

    return hasattr(serialization, "get_unsafe_globals_in_checkpoint")


def allowed(value: Any, key: str) -> Any:
    """The entry for an object: the pair, or before torch 2.6 the object by itself."""
    return (value, key) if takes_pairs() else value


def object_of(entry: Any) -> Any:
    """The object that an entry allows."""
    return entry[0] if takes_pairs() else entry


def candidates(every: EveryGlobal, registered: dict[str, Any]) -> dict[str, Any]:
    """Key → entry, for each name that was looked up and each object that was checked."""
    found = {key: allowed(value, key) for key, value in every.items() if key not in registered}
    values = [object_of(entry) for entry in found.values()]
    for value in every.checked:
        if any(value is known for known in values):
            continue
        owner = getattr(value, "__module__", None) or getattr(
            getattr(value, "__self__", None), "__module__", "?"
        )
        key = f"{owner}.{getattr(value, '__qualname__', '?')}"
        found.setdefault(key, allowed(value, key))
    if takes_pairs():
        return found
    # An object that has no such names makes every load fail there.
    named = ("__module__", "__name__")
    return {key: one for key, one in found.items() if all(hasattr(one, name) for name in named)}


def minimal(path: str, entries: dict[str, Any]) -> dict[str, Any]:
    """Without the entries that are not needed."""
    for key in list(entries):
        without = {other: entry for other, entry in entries.items() if other != key}
        if attempt(path, list(without.values()))["loads"]:
            entries = without
    return entries


def plain_will_do(path: str, entries: dict[str, Any], key: str) -> bool:
    """Whether the object itself, in place of its pair, lets the file load."""
    value = object_of(entries[key])
    if not all(hasattr(value, name) for name in ("__module__", "__qualname__")):
        return False
    others = [entry for other, entry in entries.items() if other != key]
    return bool(attempt(path, [*others, value])["loads"])


OPERATIONS = {"load": load, "truth": truth, "unsafe_globals": unsafe_globals, "version": version}

if __name__ == "__main__":
    main()
