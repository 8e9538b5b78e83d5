"""From a call's arguments to a LoadCall or SaveCall."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import CallKind, LoadCall, SaveCall, Use, WeightsOnly
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.facts.keyword.given import Given, given, keyword_answer
from torchload_lint.source.facts.keyword.truth import Reader
from torchload_lint.source.facts.loading.handed_over import (
    GIVES_ITEMS,
    NOTHING,
    given_after,
    unstarred,
    with_first_given,
)
from torchload_lint.source.facts.loading.usage import use_of
from torchload_lint.source.text.expressions import code_of, last_name

if TYPE_CHECKING:
    from torchload_lint.source.names.references import Reference
    from torchload_lint.source.names.source_file import SourceFile

_LOAD_POSITIONS = ("f", "map_location", "pickle_module")
_SAVE_POSITIONS = ("obj", "f", "pickle_module", "pickle_protocol", "_use_new_zipfile_serialization")
_OPEN_MODES = frozenset({"rb", "r", "rb+", "r+b", "br", "wb"})


def load_call(module: SourceFile, call: ast.Call, reference: Reference) -> LoadCall:
    """``torch.load(...)``, or a call of a partial of it."""
    args, keywords = _with_partial(call, reference)
    args = with_first_given(module, unstarred(module, args))
    sorted_out = given(args, keywords, _LOAD_POSITIONS)
    load = _build(module, call, call, sorted_out, CallKind.CALL, reference.partial)
    return load if reference.certain else load._replace(certain=False)


def without_keywords(module: SourceFile, load: LoadCall, empty: frozenset[ast.arg]) -> LoadCall:
    """The load, where ``**kwargs`` of the functions around it are known never to hold
    ``weights_only``: not certain, since other programs may call these functions.
    """
    sorted_out = given(load.node.args, list(load.node.keywords), _LOAD_POSITIONS)
    answer = keyword_answer(module, load.node, sorted_out, empty=empty)
    return load._replace(
        weights_only=answer.verdict,
        weights_only_because=answer.because,
        unpacks=sorted_out.starred or _may_bring_more(module, load.node, sorted_out, empty),
        passes_on="" if answer.verdict is not WeightsOnly.UNDECIDED else load.passes_on,
        certain=False,
    )


def as_by_default(load: LoadCall) -> LoadCall:
    """The load, where no known caller gives the parameter that becomes ``weights_only``."""
    if load.passes_on_default not in {WeightsOnly.TRUE, WeightsOnly.NONE}:
        return load
    return load._replace(
        weights_only=load.passes_on_default,
        weights_only_because=f"{load.passes_on} is left to its default by all callers",
        passes_on="",
        certain=False,
    )


def partial_call(module: SourceFile, call: ast.Call, reference: Reference) -> LoadCall:
    """``functools.partial(torch.load, ...)``."""
    sorted_out = given(call.args[1:], list(call.keywords), _LOAD_POSITIONS)
    load = _build(module, call, call, sorted_out, CallKind.PARTIAL, reference.partial)
    holder = module.parents.get(call)
    given_to = given_after(module, holder, call) if isinstance(holder, ast.Call) else NOTHING
    if load.file is None and given_to.args:
        return load._replace(file=given_to.args[0], each=given_to.each)
    return load


def handed_on(module: SourceFile, call: ast.Call, reference: Reference) -> LoadCall:
    """``map(torch.load, ...)``, ``executor.submit(torch.load, ...)``, ``Data(loader=torch.load)``.

    Where it is known how the receiver calls the function, the arguments are known too.
    """
    node = reference.node
    how = last_name(call.func)
    given_to = given_after(module, call, node)
    if given_to != NOTHING and not given_to.each:
        sorted_out = given(list(given_to.args), list(given_to.keywords), _LOAD_POSITIONS)
    else:
        sorted_out = Given({}, [], starred=not given_to.each, surplus=[])
    load = _build(module, node, call, sorted_out, CallKind.REFERENCE, reference.partial)
    if given_to.each:
        load = load._replace(file=given_to.args[0], each=True)
    if given_to != NOTHING or how in GIVES_ITEMS:
        return load
    because = f"{code_of(call.func)}() decides how it is called"
    return load._replace(weights_only=WeightsOnly.UNDECIDED, weights_only_because=because)


def _with_partial(call: ast.Call, reference: Reference) -> tuple[list[ast.expr], list[ast.keyword]]:
    """The arguments of a call, with those that a partial adds to them."""
    args, keywords = list(call.args), list(call.keywords)
    if reference.partial is not None:
        args = [*reference.partial.args[1:], *args]
        own = {keyword.arg for keyword in keywords if keyword.arg}
        keywords += [part for part in reference.partial.keywords if part.arg not in own]
    return args, keywords


def save_call(module: SourceFile, call: ast.Call, reference: Reference) -> SaveCall:
    """``torch.save(obj, f)``, or a call of a partial of it."""
    args, keywords = _with_partial(call, reference)
    sorted_out = given(unstarred(module, args), keywords, _SAVE_POSITIONS)
    named = dict(sorted_out.named)
    for name in _SAVE_POSITIONS if sorted_out.mappings else ():
        unpacked = _unpacked(module, sorted_out, name)
        if name not in named and unpacked is not None:
            named[name] = unpacked
    zipped = named.get("_use_new_zipfile_serialization")
    return SaveCall(
        node=call,
        span=module.span(call),
        function=module.qualname(call),
        statement=module.statement(call),
        obj=named.get("obj"),
        file=named.get("f"),
        protocol=named.get("pickle_protocol"),
        legacy=isinstance(zipped, ast.Constant) and not zipped.value,
    )


def _build(
    module: SourceFile,
    place: ast.expr,
    call: ast.Call,
    sorted_out: Given,
    kind: CallKind,
    through: ast.Call | None,
) -> LoadCall:
    answer = keyword_answer(module, call, sorted_out)
    node = _given_here(sorted_out, through)
    passes_on, default = "", WeightsOnly.ABSENT
    if answer.verdict is WeightsOnly.UNDECIDED:
        passes_on, default = _passed_on(module, sorted_out)
    pickle_module = sorted_out.named.get("pickle_module")
    pickle_module = pickle_module or _unpacked(module, sorted_out, "pickle_module")
    if pickle_module is not None and _is_none(module, pickle_module):
        pickle_module = None
    return LoadCall(
        node=call,
        loader="torch.load",
        kind=kind,
        span=module.span(place),
        function=module.qualname(place),
        statement=module.statement(place),
        file=sorted_out.named.get("f"),
        weights_only=answer.verdict,
        weights_only_node=node,
        weights_only_because=answer.because,
        pickle_module=pickle_module,
        unpacks=sorted_out.starred or _may_bring_more(module, call, sorted_out),
        use=use_of(module, call) if kind is CallKind.CALL else Use.UNKNOWN,
        through=through,
        passes_on=passes_on,
        passes_on_default=default,
        mistake=_mistake(sorted_out),
    )


def _given_here(sorted_out: Given, through: ast.Call | None) -> ast.expr | None:
    """The expression for ``weights_only`` that stands in the call itself."""
    node = sorted_out.named.get(KEY)
    if through is not None and any(part.value is node for part in through.keywords):
        return None
    if node is None:
        for mapping in sorted_out.mappings:
            if isinstance(mapping, ast.Dict):
                for key, value in zip(mapping.keys, mapping.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == KEY:
                        node = value
    return node


def _may_bring_more(
    module: SourceFile,
    call: ast.Call,
    sorted_out: Given,
    empty: frozenset[ast.arg] = frozenset(),
) -> bool:
    """Whether a ``**mapping`` has content that is not known."""
    reader = Reader(module, empty)
    at = module.statement(call)
    return any(
        WeightsOnly.UNDECIDED in reader.mapping(mapping, at).values
        for mapping in sorted_out.mappings
    )


def _passed_on(module: SourceFile, sorted_out: Given) -> tuple[str, WeightsOnly]:
    """The enclosing function's parameter that becomes ``weights_only``, and its default."""
    node = sorted_out.named.get(KEY)
    if isinstance(node, ast.Name):
        for definition in module.bindings.definitions(node):
            if definition.kind == "parameter":
                default = module.bindings.parameter_default(definition)
                known = Reader(module).value(default).verdict if default is not None else None
                return node.id, known or WeightsOnly.ABSENT
    for mapping in [one for each in sorted_out.mappings for one in _spread(each)]:
        if node is None and isinstance(mapping, ast.Name):
            for definition in module.bindings.definitions(mapping):
                holder = module.parents.get(definition.node)
                if isinstance(holder, ast.arguments) and holder.kwarg is definition.node:
                    return f"**{mapping.id}", WeightsOnly.ABSENT
    return "", WeightsOnly.ABSENT


def _spread(mapping: ast.expr) -> list[ast.expr]:
    """What ``**mapping`` spreads: of ``{"mmap": True, **kw}`` what it spreads in its turn."""
    if not isinstance(mapping, ast.Dict):
        return [mapping]
    inner = [value for key, value in zip(mapping.keys, mapping.values, strict=True) if key is None]
    return [one for each in inner for one in _spread(each)]


def _unpacked(module: SourceFile, sorted_out: Given, name: str) -> ast.expr | None:
    """An argument in a dictionary that is unpacked, where it is displayed as a whole."""
    for mapping in sorted_out.mappings:
        shown: list[ast.expr | None] = [mapping]
        if isinstance(mapping, ast.Name):
            shown = [one.value for one in module.bindings.definitions(mapping)]
        for display in shown:
            if isinstance(display, ast.Dict):
                for key, value in zip(display.keys, display.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == name:
                        return value
            elif isinstance(display, ast.Call):
                for keyword in display.keywords:
                    if keyword.arg == name:
                        return keyword.value
    return None


def _is_none(module: SourceFile, node: ast.expr) -> bool:
    return Reader(module).value(node).values == {WeightsOnly.NONE}


def _mistake(sorted_out: Given) -> str:
    """What is wrong with the arguments themselves."""
    if sorted_out.surplus:
        return (
            "torch.load takes three positional arguments (f, map_location, pickle_module); "
            "weights_only has to be given by keyword"
        )
    for name in ("map_location", "pickle_module"):
        node = sorted_out.named.get(name)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return f"{node.value} is given as {name}"
    place = sorted_out.named.get("map_location")
    if isinstance(place, ast.Constant) and place.value in _OPEN_MODES:
        return f"{place.value!r} is given as map_location; torch.load takes no file mode"
    return ""
