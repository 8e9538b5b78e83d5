"""Files whose servers may answer requests in threads of their own.

``http.server`` and ``socketserver`` have servers of both kinds. Those that do not say so in their
name answer in the thread that calls ``serve_forever``, and forking ones in a process of their own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.candidates import walk
from torchload_lint.source.text.expressions import last_name
from torchload_lint.source.text.imports_in_text import imports_in, joined_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_SERVERS = """
    http.server socketserver bottle cherrypy dash django fastapi flask gradio grpc starlette
    streamlit
""".split()
"""Modules that answer requests in threads of their own, or may."""
_OF_BOTH_KINDS = frozenset({"http.server", "socketserver"})
_WITHOUT_THREADS = frozenset(
    """
    BaseServer HTTPServer TCPServer UDPServer UnixDatagramServer UnixStreamServer ForkingTCPServer
    ForkingUDPServer
    """.split()
)
_NO_SERVERS = frozenset(
    """
    BaseHTTPRequestHandler BaseRequestHandler CGIHTTPRequestHandler DatagramRequestHandler
    ForkingMixIn SimpleHTTPRequestHandler StreamRequestHandler
    """.split()
)
_PLAIN = _WITHOUT_THREADS | _NO_SERVERS
_HARMLESS_BASES = _PLAIN | {"ABC", "Process", "object"}
_SERVING = frozenset(
    """
    _handle_request_noblock finish_request handle_request process_request process_request_thread
    serve_forever RequestHandlerClass
    """.split()
)
"""What a server has that leads to the code that answers."""


def threaded_servers(project: ProjectIndex) -> Iterator[tuple[str, str]]:
    """The files that may have such a server, each with the module that it imports."""
    for server in _SERVERS:
        first, _, last = server.rpartition(".")
        further = set(project.holding(first)) if first else None
        for path in project.holding(last):
            if further is not None and path not in further:
                continue
            if _imports(server, project.files.text(path) or "") and not (
                server in _OF_BOTH_KINDS and _serves_in_its_thread(path, server, project)
            ):
                yield path, server


def serving(project: ProjectIndex) -> tuple[ast.AST, ...]:
    """The functions and classes that serve requests in the thread that calls them."""
    found: list[ast.AST] = []
    for word in sorted(_SERVING):
        for module in filter(None, map(project.module_at, project.holding(word))):
            found += (
                node
                for node in walk(module.tree)
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and any(getattr(each, "attr", None) in _SERVING for each in walk(node))
            )
    return tuple(found)


def is_serving(name: str) -> bool:
    """Whether a name is that of a method by which a server answers requests."""
    return name in _SERVING


def _imports(server: str, text: str) -> bool:
    for each in imports_in(joined_rows(text)):
        start = f"{each.module}." if each.module else ""
        if any(f"{start}{name}.".startswith(f"{server}.") for name, _ in each.names):
            return True
    return False


def _serves_in_its_thread(path: str, server: str, project: ProjectIndex) -> bool:
    """Whether a file uses of a module no more than what is known to start no thread, and has its
    server itself: what answers requests might be handed to another one.
    """
    module = project.module_at(path)
    nodes = list(walk(module.tree)) if module is not None else []
    if module is None or not all(_is_plain_import(node, server) for node in nodes):
        return False
    names = _names_of(nodes, server)
    classes = {node.name: node for node in nodes if isinstance(node, ast.ClassDef)}
    servers = {name for name, node in classes.items() if _is_server(node, classes)}
    return (
        any(isinstance(node, ast.expr) and last_name(node) in _WITHOUT_THREADS for node in nodes)
        and all(_is_plain_use(node, names, server, module) for node in nodes)
        and all(_is_plain_server(classes[name], classes) for name in servers)
        and not any(_is_inherited_elsewhere(name, path, project) for name in servers)
    )


def _is_plain_import(node: ast.AST, server: str) -> bool:
    if not isinstance(node, ast.ImportFrom) or node.module != server:
        return True
    return all(each.name in _PLAIN and not each.asname for each in node.names)


def _names_of(nodes: list[ast.AST], server: str) -> set[str]:
    """The names that stand for the module itself; for the package that holds it, its own."""
    package, _, last = server.rpartition(".")
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name for each in node.names if each.name == server}
        elif isinstance(node, ast.ImportFrom) and node.module == package and package:
            found |= {each.asname or each.name for each in node.names if each.name == last}
    return found


def _is_plain_use(node: ast.AST, names: set[str], server: str, module: Module) -> bool:
    """Whether an expression gets nothing but a plain class of the module, and hands no server on:
    a class that is made of it by ``type`` may be of another kind.
    """
    around = module.parents.get(node)
    if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in names:
        return isinstance(around, ast.Attribute) and around.attr in _PLAIN
    if isinstance(node, ast.Name) and any(each.startswith(f"{node.id}.") for each in names):
        return isinstance(around, ast.Attribute)
    if isinstance(node, ast.Name | ast.Attribute) and last_name(node) in _WITHOUT_THREADS:
        is_called = isinstance(around, ast.Call) and around.func is node
        is_read = isinstance(around, ast.Attribute) and isinstance(around.ctx, ast.Load)
        return is_called or is_read or isinstance(around, ast.ClassDef)
    return not (isinstance(node, ast.Constant) and node.value == server)


def _is_server(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    return not _WITHOUT_THREADS.isdisjoint(_lineage(node, classes))


def _is_plain_server(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    """Whether nothing but bases that are known to start no thread make a class."""
    is_made_otherwise = bool(node.keywords or node.decorator_list)
    return not is_made_otherwise and _lineage(node, classes) <= _HARMLESS_BASES | classes.keys()


def _is_inherited_elsewhere(name: str, path: str, project: ProjectIndex) -> bool:
    """Whether another file has a class with a base of that name: with what else is not known."""
    others = (project.module_at(one) for one in project.holding(name) if one != path)
    return any(
        module is None
        or any(
            isinstance(node, ast.ClassDef) and name in map(last_name, node.bases)
            for node in walk(module.tree)
        )
        for module in others
    )


def _lineage(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> set[str]:
    """The names of a class's bases, and of theirs."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        bases = {last_name(each) for each in waiting.pop().bases} - found
        found |= bases
        waiting += (classes[name] for name in bases if name in classes)
    return found
