"""Every call of a library's loader in a file, as a load like ``torch.load``."""

from __future__ import annotations

import ast
import re
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.keyword.given import Given, given
from torchload_lint.source.facts.library_load import LibraryLoad, behaviours_in
from torchload_lint.source.facts.loading.loads import is_only_typed
from torchload_lint.source.loaders.follow import followed_loads, load_by
from torchload_lint.source.loaders.known import libraries_in
from torchload_lint.source.loaders.loader_uses import uses_of_function, uses_of_method
from torchload_lint.source.loaders.own_names import loads_by_own_names
from torchload_lint.source.loaders.receivers import kinds, library_bases
from torchload_lint.source.names.references import find
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.loader import Library, Loader
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.loaders.loader_uses import LoaderUse
    from torchload_lint.source.project.index import ProjectIndex

_DEPTH = 4
"""How many names a path is followed through for its ending."""


class Called(NamedTuple):
    """A use of a loader that the tables know."""

    use: LoaderUse
    loader: Loader
    library: Library
    certain: bool


def every_load(module: Module, project: ProjectIndex) -> tuple[LoadCall, ...]:
    """The loads of a file: of ``torch.load`` itself, by whatever name of the project, and of
    libraries' loaders, in its order.
    """
    key = ("definitions", "every load", module.tree)
    return project.remember(key, lambda: _every_load(module, project))


def _every_load(module: Module, project: ProjectIndex) -> tuple[LoadCall, ...]:
    own = loads_by_own_names(module, project)
    known = {load.node: load for load in (*library_loads(module, project), *own, *module.loads)}
    # Where a table names no path, the source of the installed package may.
    settled = frozenset(
        node for node, load in known.items() if load.library is None or load.library.loader.path
    )
    known |= {load.node: load for load in followed_loads(module, project, settled)}
    return tuple(sorted(known.values(), key=lambda load: load.span))


def library_loads(module: Module, project: ProjectIndex) -> tuple[LoadCall, ...]:
    """The calls of libraries' loaders in a file, in its order."""
    found: dict[ast.Call, LoadCall] = {}
    libraries = libraries_in(module.text)
    words = {loader.call for library in libraries for loader in library.loaders}
    nodes = carrying(module.tree, module.lines, words)
    for library in libraries:
        # The project's own code is not a library: its torch.load counts.
        foreign = tuple(root for root in library.roots if not _is_own(root, module, project))
        known = library._replace(roots=foreign)
        for called in _calls(known, nodes, module, project) if foreign else ():
            if called.use.call not in found:
                load = _load(called, module, project)
                if load is not None:
                    found[called.use.call] = load
    return tuple(sorted(found.values(), key=lambda load: load.span))


def _is_own(root: str, module: Module, project: ProjectIndex) -> bool:
    """Whether a file of the project gets the project's own package or neighbour by that name."""
    path = project.layout.locate(root, module.path)
    if path is None:
        return False
    return path.endswith("/__init__.py") or dirname(path) in {"", "src", dirname(module.path)}


def _calls(
    library: Library, nodes: dict[str, list[ast.AST]], module: Module, project: ProjectIndex
) -> Iterator[Called]:
    for loader in library.loaders:
        if not nodes[loader.call]:
            continue
        finder = _method_calls if loader.of else _function_calls
        for called in finder(loader, library, nodes[loader.call], module, project):
            if not is_only_typed(module, called.use.call):
                yield called


def _function_calls(
    loader: Loader,
    library: Library,
    nodes: list[ast.AST],
    module: Module,
    project: ProjectIndex,
) -> Iterator[Called]:
    """Calls of a function or constructor, by whatever name it is imported."""
    del project
    targets = frozenset(
        dotted
        for node in nodes
        for dotted in _meanings(node, module)
        if is_function_of(loader, library, dotted)
    )
    for reference in find(module, loader.call, targets) if targets else ():
        for use in uses_of_function(reference.node, reference.partial, module):
            yield Called(use, loader, library, reference.certain)


def _meanings(node: ast.AST, module: Module) -> frozenset[str]:
    if isinstance(node, (ast.Name, ast.Attribute)):
        return module.bindings.possible(node)
    if isinstance(node, ast.alias):
        origin = module.parents.get(node)
        return frozenset({f"{getattr(origin, 'module', None)}.{node.name}"})
    return frozenset()


def is_function_of(loader: Loader, library: Library, dotted: str) -> bool:
    """Whether a dotted name is that function of the library, wherever it is re-exported."""
    parts = dotted.split(".")
    if parts[0] not in library.roots or parts[-1] != loader.call or len(parts) == 1:
        return False
    return not loader.within or loader.within in parts[:-1]


def _method_calls(
    loader: Loader,
    library: Library,
    nodes: list[ast.AST],
    module: Module,
    project: ProjectIndex,
) -> Iterator[Called]:
    """Calls of a method, where the object's class is known or the call tells it."""
    for node in nodes:
        if not isinstance(node, ast.Attribute):
            continue
        for use in uses_of_method(node, module):
            if _is_given_nothing(loader, use, module):
                continue
            names, own = _bases_at(node, module, project)
            if any(is_class_of(loader, library, name) for name in names):
                yield Called(use, loader, library, certain=not own)
            elif not names and not own and _is_telling(loader, library, node, use, module, project):
                yield Called(use, loader, library, certain=False)


def _bases_at(
    node: ast.Attribute, module: Module, project: ProjectIndex
) -> tuple[frozenset[str], bool]:
    """The library classes that have the method named at a place, and whether the project's own has
    it; asked once for all the loaders of that name.
    """
    return project.remember(
        ("definitions", "library bases", node),
        lambda: library_bases(kinds(node.value, module, project), node.attr, project),
    )


def is_class_of(loader: Loader, library: Library, dotted: str) -> bool:
    """Whether a dotted name is the class whose method the loader is."""
    parts = dotted.split(".")
    if parts[0] not in library.roots or len(parts) == 1:
        return False
    return parts[-1] in loader.of.split("|") or (loader.of == "*" and parts[-1][:1].isupper())


def _is_telling(
    loader: Loader,
    library: Library,
    method: ast.Attribute,
    use: LoaderUse,
    module: Module,
    project: ProjectIndex,
) -> bool:
    """Whether a method of something unknown can only be the loader's."""
    keywords = {keyword.arg for keyword in use.keywords}
    if not loader.sign or (loader.sign != "*" and loader.sign not in keywords):
        return False
    called = code_of(method).lower()
    if loader.sign != "*" and "trainer" not in called and _is_defined(loader, project):
        return False
    return any(root in module.text or project.holding(root) for root in library.roots)


def _is_defined(loader: Loader, project: ProjectIndex) -> bool:
    """Whether a class of the project has such a method with such a parameter, which is then as
    likely to be meant.
    """
    method = re.compile(rf"def {loader.call}\(\s*self[^)]*\b{loader.sign}\b")
    holders = project.holding(f"def {loader.call}(")
    return any(method.search(project.files.text(path) or "") for path in holders)


def _load(called: Called, module: Module, project: ProjectIndex) -> LoadCall | None:
    """The load that a call makes; None where it is given nothing to load."""
    use, loader = called.use, called.loader
    sorted_out = _given(loader, use, module)
    if loader.only_with and loader.only_with not in sorted_out.named:
        return None
    if any(_is(sorted_out.named.get(name), value) for name, value in loader.nothing_with):
        return None
    file = sorted_out.named.get(loader.path)
    if _loads_nothing(loader, file, sorted_out, module):
        return None
    chosen = dict(loader.choices)
    if isinstance(file, ast.Constant) and (file.value is True or file.value in chosen):
        file = _chosen(chosen.get(str(file.value), ""), file, use, module)
    versions = project.environment.versions(called.library.distributions)
    by = LibraryLoad(
        loader,
        behaviours_in(loader, versions),
        versions,
        called.library.distributions[0],
        remote=file is not None and _is_address(file, module),
        expands_home=called.library.expands_home,
    )
    certain = called.certain and not loader.doubtful
    load = load_by(by, use.call, file, module, sorted_out)
    span = module.span(use.place)
    return load._replace(certain=certain, kind=use.kind, each=use.each, span=span)


def _chosen(attributes: str, word: ast.Constant, use: LoaderUse, module: Module) -> ast.expr | None:
    """What names the file that a library chooses for a word: attributes of the method's object."""
    called = use.call.func
    if not attributes or not isinstance(called, ast.Attribute):
        return None
    found, steps = called.value, []
    for name in attributes.split("."):
        found = ast.copy_location(ast.Attribute(found, name, ast.Load()), word)
        steps.append(found)
    for made, holder in zip(steps, [*steps[1:], module.parents[word]], strict=True):
        module.parents.adopt(made, holder)
    return found


def _given(loader: Loader, use: LoaderUse, module: Module) -> Given:
    sorted_out = given(list(use.args), list(use.keywords), loader.parameters)
    return _with_unpacked(sorted_out, module)


def _with_unpacked(sorted_out: Given, module: Module) -> Given:
    """With what stands in dictionaries that are unpacked, where they are displays."""
    named = dict(sorted_out.named)
    for mapping in sorted_out.mappings:
        for key, value in _items(mapping, module):
            named.setdefault(key, value)
    return sorted_out._replace(named=named)


def _items(mapping: ast.expr, module: Module) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(mapping, ast.Name):
        values = [one.value for one in module.bindings.definitions(mapping)]
        mapping = values[0] if len(values) == 1 and values[0] is not None else mapping
    if isinstance(mapping, ast.Dict):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(mapping, ast.Call) and code_of(mapping.func) == "dict":
        yield from ((one.arg, one.value) for one in mapping.keywords if one.arg)


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


def _is_given_nothing(loader: Loader, use: LoaderUse, module: Module) -> bool:
    """Whether a call loads nothing, whatever its object is: asked first, for it costs little."""
    sorted_out = _given(loader, use, module)
    return _loads_nothing(loader, sorted_out.named.get(loader.path), sorted_out, module)


def _is_address(file: ast.expr, module: Module) -> bool:
    """Whether a path begins with ``http``, as far as the file shows."""
    if isinstance(file, ast.Constant):
        return isinstance(file.value, str) and file.value.startswith("http")
    if isinstance(file, ast.JoinedStr) and file.values:
        return _is_address(file.values[0], module)
    if isinstance(file, ast.Name):
        values = [one.value for one in module.bindings.definitions(file)]
        return any(value is not None and _is_address(value, module) for value in values[:1])
    return False


def _loads_nothing(
    loader: Loader, file: ast.expr | None, sorted_out: Given, module: Module
) -> bool:
    """Whether a call loads no checkpoint: no path, None, or the path of something else."""
    if not loader.path:
        return False
    if file is None:
        required = loader.parameters[:1] == (loader.path,)
        return not required or not (sorted_out.starred or sorted_out.mappings)
    if isinstance(file, ast.Constant) and not isinstance(file.value, str):
        return file.value is None or file.value is False
    if not loader.only:
        return False
    if isinstance(file, ast.Constant):
        return not str(file.value).endswith(loader.only)
    endings = _suffixes(file, module)
    return all(endings) and loader.only not in endings


def _suffixes(file: ast.expr, module: Module, depth: int = _DEPTH) -> set[str]:
    """What a path may end with, as far as the file shows; ``""`` for what is not known."""
    if isinstance(file, ast.Constant):
        _, dot, ending = str(file.value).rpartition(".")
        return {dot + ending if dot else ""}
    if isinstance(file, ast.JoinedStr) and file.values:
        return _suffixes(file.values[-1], module, depth)
    if isinstance(file, ast.BinOp):
        return _suffixes(file.right, module, depth)
    if isinstance(file, ast.IfExp):
        return _suffixes(file.body, module, depth) | _suffixes(file.orelse, module, depth)
    if isinstance(file, (ast.List, ast.Tuple)) and file.elts:
        return {ending for one in file.elts for ending in _suffixes(one, module, depth)}
    if isinstance(file, ast.Call) and len(file.args) == 1 and code_of(file.func) in {"Path", "str"}:
        return _suffixes(file.args[0], module, depth)
    if isinstance(file, ast.Name) and depth:
        values = [one.value for one in module.bindings.definitions(file)]
        if len(values) == 1 and values[0] is not None:
            return _suffixes(values[0], module, depth - 1)
    return {""}
