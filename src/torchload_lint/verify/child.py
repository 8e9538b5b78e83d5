"""Loads a checkpoint with real torch, under exactly one allowlist. Run by the user's interpreter.

A script that needs Python (3.8 or newer) and torch: it reads one JSON object from standard input
and writes one line to standard output, after the request's token. It imports what the checked
program imports, and it loads with ``weights_only=True`` only.

The ``torch.load`` that is asked is the one that torch came with: torch is imported before anything
of the project (a ``torch.py`` there is named, and not asked), and its loader is run once more from
its files, in modules that nothing else knows, so that what the project changes in torch's own does
not count, nor in Python's. What that is, is named (``original_child.py``). Should an unpickler of
Python's be reached nevertheless, an audit hook ends the load (``guarding_child.py``), and so it
does where the code of a class writes a file, starts a program or asks the network. Unpicklers end
while modules are imported, too, whose own loads run then: there it lets pass what torch allows, and
those of the classes in question that do no harm whatever a file makes of them.
"""

# ruff: noqa: E402, PLC0415 - torch is imported when the script runs

from __future__ import annotations

import builtins
import sys

_AT_START = frozenset(sys.modules)
"""What Python imports by itself, before it looks into the folder of a program."""
_BUILTINS = dict(vars(builtins))
"""What these scripts mean by ``getattr`` and the like, whatever the project changes in them."""
globals()["__builtins__"] = _BUILTINS

# isort: split
import importlib
import importlib.util
import json
import os
import re
from importlib.machinery import ExtensionFileLoader, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_TYPE_OF = re.compile(r'type\(\{\}\("([^"()\\]+)"\)\)')
"""The one template besides attributes: ``type(numpy.dtype("float64"))``."""
_HERE = str(Path(__file__).parent)
_SWITCHES = ("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_WEIGHTS_ONLY_LOAD")
_NAMES_OF_OWN = ("__main__", "checked_module")
"""What the file that the allowlist stands in is called, where no other file imports it."""
_MOST_NAMED = 100
"""Packages that are named as imported."""
_MOST_ERRORS = 20
"""Errors of a chain that are looked at."""


def main() -> None:
    """Answer one request. Whatever imported modules print goes nowhere."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    token = request.pop("token")
    result = {"python": sys.version.split()[0], "torch": "", "imported": [], "how": ""}
    try:
        result.update(_prove(request))
    except BaseException as error:  # noqa: BLE001 - also SystemExit of an imported module
        result.update(status="failed", error=_described(error))
    answer.write(f"\n{token} {_as_json(result)}\n")
    answer.flush()
    os._exit(0)  # threads that imported modules have started are not waited for


def _as_json(value: Any) -> str:  # noqa: ANN401 - texts, and lists and dicts of them
    """JSON, written without ``json``, which a module of the project may have changed."""
    if isinstance(value, dict):
        entries = (f"{_as_json(key)}:{_as_json(one)}" for key, one in value.items())
        return "{" + ",".join(entries) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_as_json, value)) + "]"
    units = str(value).encode("utf-16-be", "surrogatepass").hex()
    return '"' + "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + '"'


def _prove(request: dict[str, Any]) -> dict[str, Any]:
    try:
        import torch
    except Exception as error:  # noqa: BLE001 - a broken one raises anything
        return {"status": "no-torch", "error": _described(error)}
    compiled = getattr(sys.modules.get("torch._C"), "__loader__", None)
    if not isinstance(compiled, ExtensionFileLoader):
        return {"status": "no-torch", "error": f"{torch.__file__} is another module of that name"}
    loader = _own_loader(torch)
    load = loader.load
    guard, guards = _guard(torch)
    restoring = _restoring(loader, request)
    originals = _beside("original_child")
    scripts = (sys.modules[__name__], restoring.script, *guards, originals)
    original = originals.Original(loader, *scripts)
    version: dict[str, Any] = {"torch": torch.__version__, "shadow": _shadow(torch, request)}
    context = getattr(loader, "safe_globals", None)
    written = request.get("written")
    if context is None and (request["allow"] or (written and written["expressions"])):
        return {"status": "unsupported", "error": "this torch has no safe_globals", **version}
    by_torch = _registered(torch)
    before, request["current"] = set(sys.modules), _folder()
    sys.path[:0] = request["roots"]
    sys.path += request.get("path", ())
    guard.begin_to_import(_harmless(loader, request))
    try:
        for module in request["imports"]:
            importlib.import_module(module)
        entries = [_entry(described, request["refuse"]) for described in request["allow"]]
        if written:
            entries = _evaluated(written, restoring, version.setdefault("missed", []))
            _check([*entries, *restoring.entries], written, request["refuse"])
    except _NotWhatWasMeantError as refusal:
        return {"status": "refused-entry", "error": str(refusal), **version, "imported": []}
    except _RaisedError as error:
        return {"status": "raises", "error": _described(error.__cause__), **version,
                "imported": _new_modules(before)}  # fmt: skip
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        return {
            "status": "cannot-import", "error": _described(error), **version,
            "imported": _new_modules(before),
        }  # fmt: skip
    switches = [name for name in _SWITCHES if os.environ.pop(name, None) is not None]
    version["patched"] = original.restore() + [f"os.environ[{name!r}]" for name in switches]
    sys.settrace(None)
    sys.setprofile(None)
    guard.begin_to_load()
    if context is None:
        outcome = _load(load, request, restoring)
    else:
        # A program has what the modules register that it imports; a lone allowlist has not.
        registered = _registered(torch) if written else by_torch
        with context([*registered, *entries]):
            outcome = _load(load, request, restoring)
    return {**guard.judged(outcome), **version, "imported": _new_modules(before)}


def _guard(torch: Any) -> tuple[Any, list[ModuleType]]:  # noqa: ANN401 - a module
    """What watches the loads, those of the project's modules, too; and its scripts."""
    guarding, unpicklers = _beside("guarding_child"), _beside("unpicklers_child")
    kernel = _beside("kernel_child")
    guard = guarding.ProofGuard(kernel.way_to_shut())
    unpicklers.watch_unpicklers(guard.find)
    guard.refuse_code_of(torch)
    if restricted := getattr(torch, "_weights_only_unpickler", None):
        guard.watch(restricted.Unpickler)
    return guard, [guarding, unpicklers, kernel]


def _folder() -> tuple[int, int]:
    """Which folder is the current one, however it is called."""
    found = os.stat(".")  # noqa: PTH116 - the current one has no path
    return found.st_dev, found.st_ino


def _restoring(loader: ModuleType, request: dict[str, Any]) -> Any:  # noqa: ANN401 - of that class
    module = _beside("restoring_child")
    return module.Restoring(module, loader, request["helper"], request["helper_at"])


def _beside(name: str) -> Any:  # noqa: ANN401 - a module
    """A script beside this one, which no import finds."""
    path = str(Path(__file__).with_name(f"{name}.py"))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    vars(module)["__builtins__"] = _BUILTINS
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def _shadow(torch: Any, request: dict[str, Any]) -> str:  # noqa: ANN401 - a module
    """A module of the project that programs which are started there import as torch, or in the
    place of what torch imports; or empty.
    """
    folders = [*request["roots"], *request.get("path", ())]
    beside = str(Path(request["written"]["file"]).parent) if request.get("written") else ""
    starts = beside if beside in request["roots"][:1] else ""
    folders = [beside, *folders] if beside else folders
    of_torch = {name: module for name, module in sys.modules.items() if name not in _AT_START}
    for known, places in (({"torch": torch}, folders), (of_torch, [starts] if starts else [])):
        for name in sorted(known):
            for folder in places if "." not in name else ():
                if origin := _other_file(name, folder, getattr(known[name], "__file__", None)):
                    return origin
    return ""


def _other_file(name: str, folder: str, known: str | None) -> str:
    """The file that a folder has for a module, where it is another one; or empty."""
    spec = PathFinder.find_spec(name, [folder])
    is_known = known is None or spec is None or not spec.origin or Path(spec.origin).samefile(known)
    return "" if is_known or spec is None else str(spec.origin)


def _harmless(loader: Any, request: dict[str, Any]) -> frozenset[str]:  # noqa: ANN401 - a module
    """What may be unpickled while modules are imported: torch's own list, and what does no harm
    whatever a file makes of it. Nothing holds a file there to what an entry does.
    """
    unpickler = getattr(loader, "_weights_only_unpickler", None)
    names: set[str] = set(getattr(unpickler, "_get_allowed_globals", dict)())
    harmless = (request.get("written") or {}).get("harmless", ())
    own, imported = _NAMES_OF_OWN
    names.update(f"{imported}{one[len(own) :]}" for one in harmless if one.startswith(f"{own}."))
    return frozenset({*names, *harmless})


_LOADER = ("_weights_only_unpickler", "serialization")


def _own_loader(torch: Any) -> Any:  # noqa: ANN401 - a module
    """A second ``torch.serialization``, over a second unpickler; torch's own where that fails."""
    known = {name: getattr(torch, name, None) for name in _LOADER}
    try:
        for name in _LOADER:
            spec = importlib.util.find_spec(f"torch.{name}")
            own = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
            sys.modules[f"torch.{name}"] = own
            setattr(torch, name, own)
            spec.loader.exec_module(own)  # type: ignore[union-attr]
        torch._weights_only_unpickler._get_allowed_globals()  # noqa: SLF001 - it is kept from then on
        own = torch.serialization
    except Exception:  # noqa: BLE001 - an older torch
        return known["serialization"]
    else:
        return own
    finally:
        for name, module in known.items():
            if module is not None:
                sys.modules[f"torch.{name}"] = module
                setattr(torch, name, module)


def _evaluated(
    written: dict[str, Any],
    restoring: Any,  # noqa: ANN401 - of another script
    missed: list[str],
) -> list[Any]:
    """The items that the program's own expressions give, with the names of its own imports; those
    that the module ``restore_only`` is given are kept apart. ``missed``: imports of the file that
    fail, and that the items do without.
    """
    own = written["module"]
    namespace: dict[str, Any] = {
        "__name__": own, "__file__": written["file"], "__package__": written["package"],
        "__builtins__": builtins,
    }  # fmt: skip
    failure: BaseException | None = None
    for number, statement in enumerate(written["imports"]):
        try:
            exec(compile(statement, written["file"], "exec"), namespace)  # noqa: S102 - imports
        except (Exception, SystemExit) as error:  # noqa: BLE001, PERF203 - it may not be needed
            failure = failure or error
            if number < written["at_top"]:  # those of functions may stand in a branch
                missed.append(f"`{statement.splitlines()[0]}` ({_described(error)})")
    if written["own_names"]:
        module = _own_module(own, written["file"])
        namespace.update({name: getattr(module, name) for name in written["own_names"]})
    items: list[Any] = []
    for number, expression in enumerate(written["expressions"]):
        found = _value_of(expression, written["file"], namespace, failure)
        found = [_as_main(item, own, written) for item in found]
        (restoring.entries if number in written["helped"] else items).extend(found)
    return items


def _value_of(
    expression: str, file: str, namespace: dict[str, Any], failure: BaseException | None
) -> Any:  # noqa: ANN401 - any object
    """What an expression gives. Raises ``failure``, of an import, where that lacks the name."""
    try:
        return list(eval(compile(expression, file, "eval"), namespace))  # noqa: S307
    except Exception as error:
        if failure is not None and isinstance(error, NameError):
            raise failure from None
        raise _RaisedError from error


def _own_module(name: str, path: str) -> ModuleType:
    """The file that the allowlist stands in, imported as others import it."""
    if name:
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(_NAMES_OF_OWN[1], path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _as_main(item: Any, own: str, written: dict[str, Any]) -> Any:  # noqa: ANN401 - any object
    """A class of the script itself: ``__main__``'s when it runs, but not where it is imported."""
    if getattr(item, "__module__", None) in (own, _NAMES_OF_OWN[1]):
        name = getattr(item, "__qualname__", "")
        if written["runs_alone"] or name in written["mains"]:
            return (item, f"__main__.{name}")
    return item


def _registered(torch: Any) -> list[Any]:  # noqa: ANN401 - a module
    """What is registered for the whole process."""
    return list(torch.serialization.get_safe_globals()) if hasattr(
        torch.serialization, "get_safe_globals"
    ) else []  # fmt: skip


class _RaisedError(Exception):
    """An expression of the program raises, as it does in the program."""


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
        if isinstance(found, ModuleType):
            raise _NotWhatWasMeantError(f"{module}.{name} goes through the module {found.__name__}")
    return found


def _definition(found: Any) -> str:  # noqa: ANN401 - any object
    """The module and the qualified name that an object carries, or else those of its type."""
    named = found if isinstance(getattr(found, "__qualname__", None), str) else type(found)
    return f"{named.__module__ or 'builtins'}.{named.__qualname__}"


def _is_below(name: str, packages: list[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def _check(items: list[Any], written: dict[str, Any], refuse: list[str]) -> None:
    """See that the items are what was judged, and none of them runs code unseen.

    Raises _NotWhatWasMeantError.
    """
    defined = {_definition(item[0] if isinstance(item, tuple) else item) for item in items}
    for name, definitions in written["judged"]:
        if definitions and not defined.intersection(definitions):
            raise _NotWhatWasMeantError(f"{name} does not lead to the definition that was judged")
    known = {name for name, _ in written["judged"]}
    known.update(one for _, definitions in written["judged"] for one in definitions)
    for name in sorted(defined - known):
        if _is_below(name, refuse):
            raise _NotWhatWasMeantError(f"{name} runs code, so nothing is loaded with it")


def _load(load: Any, request: dict[str, Any], restoring: Any) -> dict[str, Any]:  # noqa: ANN401
    """What comes of ``torch.load``."""
    if _folder() != request["current"]:
        said = "an import changes the current folder, where the program looks for its files"
        return {"status": "failed", "error": said}
    path = request["checkpoint"]
    how, error, again = restoring.load(load, path, request["way"], is_swapped=request["swapped"])
    if error is None:
        return {"status": "loads", "how": how}
    is_answer = not isinstance(error, (OSError, MemoryError)) and restoring.can_be_read(path)
    status = "again" if again else "refused" if is_answer else "failed"
    errors = " ".join(map(_described, _chain(error)))
    return {"status": status, "error": _described(error), "errors": errors}


def _chain(error: BaseException | None) -> list[BaseException]:
    """An error, and those that it was raised in the place of."""
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < _MOST_ERRORS:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _new_modules(before: set[str]) -> list[str]:
    """The packages outside the standard library that were imported after torch."""
    standard: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
    tops = {name.partition(".")[0] for name in set(sys.modules) - before}
    ours = {"torch", "functorch", *standard}
    found = sorted(top for top in tops if top not in ours and not top.startswith("_"))
    return found[:_MOST_NAMED]


def _described(error: BaseException | None) -> str:
    """The kind of an error, and the first line that says what is wrong."""
    text = str(error).strip()
    detail = re.search(r"(?:Unsupported|GLOBAL|Trying to|WeightsUnpickler error:\s*)[^\n]*", text)
    line = " ".join(detail.group(0).split()) if detail else text.partition("\n")[0]
    line = line.partition(" Please use")[0]
    return f"{type(error).__name__}: {line}"[:500]


def _end_with_parent() -> None:
    """Where the supervisor is killed, this process ends too (PR_SET_PDEATHSIG of prctl(2))."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    except Exception:  # noqa: BLE001, S110 - another system
        pass


if __name__ == "__main__":
    _end_with_parent()
    # The folder of this script, whose other files do not concern the program.
    sys.path[:] = [entry for entry in sys.path if entry != _HERE]
    main()
