"""Loads a checkpoint with real torch, under exactly one allowlist. Run by the user's interpreter.

A script that needs nothing but Python (3.8 or newer) and torch: it reads one JSON object from
standard input and writes one to standard output. It imports the modules of the allowlist, which is
what the checked program would do, and it loads with ``weights_only=True`` only.
"""

# ruff: noqa: PLC0415 - torch is imported when the script runs

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import types
from typing import Any

_TYPE_OF = re.compile(r'type\(\{\}\("([^"()\\]+)"\)\)')
"""The one template besides attributes: ``type(numpy.dtype("float64"))``."""


def main() -> None:
    """Answer one request. Whatever imported modules print goes nowhere."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    result = {"python": sys.version.split()[0], "torch": "", "imported": [], "how": ""}
    try:
        result.update(_prove(request))
    except BaseException as error:  # noqa: BLE001 - also SystemExit of an imported module
        result.update(status="failed", error=_described(error))
    json.dump(result, answer)
    answer.flush()
    os._exit(0)  # threads that imported modules have started are not waited for


def _prove(request: dict[str, Any]) -> dict[str, Any]:
    sys.path[:0] = request["roots"]
    try:
        import torch
    except ImportError as error:
        return {"status": "no-torch", "error": _described(error)}
    version = {"torch": torch.__version__}
    context = getattr(torch.serialization, "safe_globals", None)
    if context is None and request["allow"]:
        return {"status": "unsupported", "error": "this torch has no safe_globals", **version}
    before = set(sys.modules)
    try:
        for module in request["imports"]:
            importlib.import_module(module)
        registered = _registered(torch)
        entries = [_entry(described, request["refuse"]) for described in request["allow"]]
    except _NotWhatWasMeantError as refusal:
        return {"status": "refused-entry", "error": str(refusal), **version, "imported": []}
    except Exception as error:  # noqa: BLE001 - a module of the project may raise anything
        return {
            "status": "cannot-import", "error": _described(error), **version,
            "imported": _new_modules(before),
        }  # fmt: skip
    if context is None:
        outcome = _load(torch, request["checkpoint"])
    else:
        torch.serialization.clear_safe_globals()
        with context([*registered, *entries]):
            outcome = _load(torch, request["checkpoint"])
    return {**outcome, **version, "imported": _new_modules(before)}


def _registered(torch: Any) -> list[Any]:  # noqa: ANN401 - a module
    """What torch itself registers; what the project's modules register must not help."""
    return list(torch.serialization.get_safe_globals()) if hasattr(
        torch.serialization, "get_safe_globals"
    ) else []  # fmt: skip


class _NotWhatWasMeantError(Exception):
    """A name leads to another object than the one that was judged."""


def _entry(described: dict[str, Any], refuse: list[str]) -> Any:  # noqa: ANN401 - any object
    """The object of one entry, in a pair where it has a key.

    Raises _NotWhatWasMeantError, before anything is loaded, where the object is not the definition
    that was judged, or is one of those that nobody may allow unseen.
    """
    name, template = described["name"], described["template"]
    if template.startswith("{}."):
        name, template = name + template[2:], "{}"
    found = _imported(described["module"], name)
    defined, name = _definition(found), f"{described['module']}.{name}"
    meant = described["definitions"] or [name, described["key"]]
    if defined not in meant and (described["definitions"] or _is_below(defined, refuse)):
        raise _NotWhatWasMeantError(f"{name} is really {defined}, which is not what was judged")
    of_text = _TYPE_OF.fullmatch(template)
    if of_text:
        found = type(found(of_text.group(1)))
    elif template != "{}":
        raise ValueError(f"cannot write {template!r}")
    return (found, described["key"]) if described["key"] else found


def _imported(module: str, name: str) -> Any:  # noqa: ANN401 - any object
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
        if isinstance(found, types.ModuleType):
            raise _NotWhatWasMeantError(f"{module}.{name} goes through the module {found.__name__}")
    return found


def _definition(found: Any) -> str:  # noqa: ANN401 - any object
    """The module and the qualified name that an object carries, or else those of its type."""
    named = found if isinstance(getattr(found, "__qualname__", None), str) else type(found)
    return f"{named.__module__ or 'builtins'}.{named.__qualname__}"


def _is_below(name: str, packages: list[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def _load(torch: Any, path: str) -> dict[str, Any]:  # noqa: ANN401 - a module
    """On the meta device and mapped where that works, since only whether it loads is asked."""
    ways: tuple[dict[str, Any], ...] = (
        {"map_location": "meta", "mmap": True},
        {"map_location": "meta"},
        {"map_location": "cpu", "mmap": True},
        {"map_location": "cpu"},
    )
    error: BaseException | None = None
    for way in ways:
        try:
            torch.load(path, weights_only=True, **way)
        except Exception as failure:  # noqa: BLE001, PERF203 - each way fails for its own reasons
            error = failure
            if type(failure).__name__ == "UnpicklingError":  # no other way would change that
                break
        else:
            mapped = ", mapped" if way.get("mmap") else ""
            return {"status": "loads", "how": f"{way['map_location']} device{mapped}"}
    return {"status": "refused", "error": _described(error)}


def _new_modules(before: set[str]) -> list[str]:
    """The packages outside the standard library that were imported after torch."""
    standard: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
    tops = {name.partition(".")[0] for name in set(sys.modules) - before}
    ours = {"torch", "functorch", *standard}
    return sorted(top for top in tops if top not in ours and not top.startswith("_"))


def _described(error: BaseException | None) -> str:
    """The kind of an error, and its first telling line."""
    text = str(error).strip()
    detail = re.search(r"(?:Unsupported|GLOBAL|Trying to|WeightsUnpickler error)[^\n]*", text)
    line = detail.group(0) if detail else text.partition("\n")[0]
    line = line.partition(" Please use")[0]
    return f"{type(error).__name__}: {line}"[:500]


if __name__ == "__main__":
    del sys.path[0]  # the folder of this script, whose other files are no business of the program
    main()
