"""Loads that happen inside other functions: torch.hub, Lightning, transformers, own wrappers."""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.source.facts.answers import KEY, Answer
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.given import given, keyword_answer
from torchload_lint.source.names.references import find
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.definitions import defaults
from torchload_lint.source.text.expressions import code_of, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.facts.module import Module


class IndirectKind(str, Enum):
    """Whose function it is that loads."""

    HUB = "hub"
    """``torch.hub.load_state_dict_from_url`` and its other names."""
    LIBRARY = "library"
    """Another library's wrapper of ``torch.load`` that is unsafe by default."""
    LIGHTNING = "lightning"
    """``load_from_checkpoint``, and ``Trainer.fit`` and its siblings given ``weights_only``."""
    KEYWORD = "keyword"
    """Another function of a library that is given ``weights_only`` (``from_pretrained``)."""
    WRAPPER = "wrapper"
    """A function of this file that passes a parameter on to ``torch.load``."""


class IndirectLoad(NamedTuple):
    """One call of a function that loads a checkpoint itself."""

    node: ast.Call
    loader: str
    """What is called: its canonical name, or the code of the expression."""
    kind: IndirectKind
    span: Span
    function: str
    """Qualified name of the enclosing function or class body; empty at module level."""
    statement: ast.stmt
    file: ast.expr | None
    weights_only: WeightsOnly
    """What this call says; for a wrapper, its default where the call says nothing."""
    weights_only_node: ast.expr | None = None
    weights_only_because: str = ""
    certain: bool = True
    """False where only the method's name tells (``x.load_from_checkpoint`` in a file that does
    not mention Lightning)."""


class Wrapper(NamedTuple):
    """A function that passes one of its parameters on as ``weights_only``."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    qualname: str
    parameter: str
    """Its name; ``**kwargs`` where the value may arrive among further keywords."""
    default: WeightsOnly
    """What it is where a caller says nothing; ABSENT where there is no default."""
    load: LoadCall


_FROM_URL = (
    "url", "model_dir", "map_location", "progress", "check_hash", "file_name", "weights_only",
)  # fmt: skip
"""torch 2.13 ``torch/hub.py``; ``weights_only`` defaults to False."""
_HUB = {
    "load_state_dict_from_url": frozenset(
        {
            "torch.hub.load_state_dict_from_url",
            "torchvision.models.utils.load_state_dict_from_url",
            "torchvision._internally_replaced_utils.load_state_dict_from_url",
        }
    ),
    "load_url": frozenset({"torch.utils.model_zoo.load_url"}),
}
_LIBRARIES = {"torch_load": frozenset({"ultralytics.utils.patches.torch_load"})}
"""Wrappers that say ``weights_only=False`` where nothing is said (ultralytics 8.3
``ultralytics/utils/patches.py``)."""
_AS_TORCH_LOAD = ("f", "map_location", "pickle_module")
_LIGHTNING_ENTRY = ("checkpoint_path", "map_location", "hparams_file", "strict", "weights_only")
"""Lightning 2.6 ``LightningModule.load_from_checkpoint``; the default is torch's own."""
_TRAINER = frozenset({"fit", "validate", "test", "predict"})


def collect(module: Module) -> tuple[IndirectLoad, ...]:
    """Every indirect load of a file, in its order."""
    found: dict[ast.Call, IndirectLoad] = {}
    for collected in (_hub, _library, _lightning, _wrapped, _keyword):
        for load in collected(module):
            found.setdefault(load.node, load)
    return tuple(sorted(found.values(), key=lambda load: load.span))


def wrappers(module: Module) -> tuple[Wrapper, ...]:
    """The functions of a file that leave ``weights_only`` to their callers."""
    found: list[Wrapper] = []
    for load in module.loads:
        function = module.function(load.node) if load.passes_on else None
        if function is not None and _has_parameter(function, load.passes_on):
            name = ".".join(module.bindings.enclosing_names(function))
            found.append(Wrapper(function, name, load.passes_on, load.passes_on_default, load))
    return tuple(found)


def _has_parameter(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    arguments = function.args
    if name.startswith("**"):
        return arguments.kwarg is not None and arguments.kwarg.arg == name[2:]
    return name in {arg.arg for arg in (*arguments.posonlyargs, *arguments.args,
                                        *arguments.kwonlyargs)}  # fmt: skip


def _hub(module: Module) -> Iterator[IndirectLoad]:
    for word, targets in _HUB.items():
        for reference in find(module, word, targets):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call.func is reference.node:
                name = next(iter(targets & module.bindings.possible(reference.node)), word)
                yield _indirect(module, call, name, IndirectKind.HUB, _FROM_URL)


def _library(module: Module) -> Iterator[IndirectLoad]:
    for word, targets in _LIBRARIES.items():
        for reference in find(module, word, targets):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call.func is reference.node:
                name = next(iter(targets))
                yield _indirect(module, call, name, IndirectKind.LIBRARY, _AS_TORCH_LOAD)


def _lightning(module: Module) -> Iterator[IndirectLoad]:
    known = "lightning" in module.text
    for node in carrying(module.tree, module.lines, ["load_from_checkpoint"])[
        "load_from_checkpoint"
    ]:
        call = module.parents.get(node)
        if isinstance(node, ast.Attribute) and isinstance(call, ast.Call) and call.func is node:
            yield _indirect(
                module, call, code_of(node), IndirectKind.LIGHTNING, _LIGHTNING_ENTRY,
                certain=known,
            )  # fmt: skip


def _keyword(module: Module) -> Iterator[IndirectLoad]:
    """Calls of anything else that are given ``weights_only``."""
    direct = {load.node for load in module.loads}
    own = {wrapper.function.name for wrapper in module.wrappers}
    for node in carrying(module.tree, module.lines, [KEY])[KEY]:
        call = module.parents.get(node) if isinstance(node, ast.keyword) else None
        if not isinstance(call, ast.Call) or call in direct or last_name(call.func) in own:
            continue
        if isinstance(call.func, ast.Name) and _is_own(module, call.func):
            continue
        method = last_name(call.func)
        trainer = method in _TRAINER and isinstance(call.func, ast.Attribute)
        kind = IndirectKind.LIGHTNING if trainer else IndirectKind.KEYWORD
        name = module.bindings.qualified(call.func) or code_of(call.func)
        if name not in {"builtins.dict", "functools.partial"}:
            yield _indirect(module, call, name, kind, ("",), certain=method != "dict")


def _is_own(module: Module, name: ast.Name) -> bool:
    definitions = module.bindings.definitions(name)
    return any(part.kind in {"function", "class"} for part in definitions)


def _wrapped(module: Module) -> Iterator[IndirectLoad]:
    """Calls, in this file, of the functions of this file that pass ``weights_only`` on."""
    for wrapper in module.wrappers:
        arguments = wrapper.function.args
        positions = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
        if isinstance(module.parents.get(wrapper.function), ast.ClassDef):
            positions = positions[1:]
        target = module.bindings.qualname(wrapper.function)
        for reference in find(module, wrapper.function.name, frozenset({target})):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call.func is reference.node:
                yield _wrapper_call(module, call, wrapper, tuple(positions))


def _wrapper_call(
    module: Module, call: ast.Call, wrapper: Wrapper, positions: tuple[str, ...]
) -> IndirectLoad:
    parameter = KEY if wrapper.parameter.startswith("**") else wrapper.parameter
    default = defaults(wrapper.function.args).get(parameter)
    found = _indirect(
        module, call, wrapper.qualname, IndirectKind.WRAPPER, positions, parameter=parameter
    )
    if found.weights_only is not WeightsOnly.ABSENT or default is None:
        return found
    return IndirectLoad(
        call, found.loader, found.kind, found.span, found.function, found.statement, found.file,
        wrapper.default, None, f"{wrapper.qualname}() passes {parameter}={code_of(default)}",
    )  # fmt: skip


def _indirect(
    module: Module,
    call: ast.Call,
    loader: str,
    kind: IndirectKind,
    positions: tuple[str, ...],
    *,
    parameter: str = KEY,
    certain: bool = True,
) -> IndirectLoad:
    sorted_out = given(call.args, list(call.keywords), positions)
    answer: Answer = keyword_answer(module, call, sorted_out, parameter)
    return IndirectLoad(
        node=call,
        loader=loader,
        kind=kind,
        span=module.span(call),
        function=module.qualname(call),
        statement=module.statement(call),
        file=sorted_out.named.get(positions[0]) if positions else None,
        weights_only=answer.verdict,
        weights_only_node=sorted_out.named.get(parameter),
        weights_only_because=answer.because,
        certain=certain,
    )
