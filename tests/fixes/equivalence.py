"""Whether two programs are the same but for what a fix may add. Written apart from the fixers.

``before`` and ``after`` are parsed; from both trees are taken away the ``safe_globals`` blocks, the
``weights_only`` keywords and the standard ``pickle_module``; from ``after`` the imports that
``before`` lacks, the names that a load was hoisted into and the loading helpers. What is left has
to be the same tree, and the comments have to be the same comments.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
from collections import Counter

_BLOCK_NAMES = re.compile(r"_?safe_globals(_\d+)?$")
_HOISTED = re.compile(r"loaded(_\d+)?$")
_HELPER = re.compile(r"load_with_safe_globals(_\d+)?$")
_LOADER = "<loader>"


def same_but_for_safe_globals(before: str, after: str) -> str | None:
    """None, or the first difference in words."""
    old, new = ast.parse(before), ast.parse(after)
    _rename_aliases(old)
    _rename_aliases(new)
    problem = (
        _comments(before, after)
        or _newlines(before, after)
        or _imports(old, new)
        or _blocks_lost(old, new)
        or _unsafe_added(old, new)
    )
    if problem:
        return problem
    new = _without_helpers(new, _identifiers(old))
    new = _without_hoists(new, _identifiers(old))
    old, new = _Stripped().visit(old), _Stripped().visit(new)
    one = ast.dump(old, indent=1).splitlines()
    other = ast.dump(new, indent=1).splitlines()
    if one == other:
        return None
    return "\n".join(list(difflib.unified_diff(one, other, lineterm="", n=4))[:40])


def _comments(before: str, after: str) -> str | None:
    one, other = _comment_list(before), _comment_list(after)
    return None if one == other else f"comments differ: {one} / {other}"


def _comment_list(text: str) -> list[str]:
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    tokens = tokenize.generate_tokens(io.StringIO(normal).readline)
    return [token.string.strip() for token in tokens if token.type == tokenize.COMMENT]


def _newlines(before: str, after: str) -> str | None:
    kinds = [Counter(re.findall(r"\r\n|\r|\n", text)) for text in (before, after)]
    foreign = set(kinds[1]) - set(kinds[0]) if kinds[0] else set()
    return f"new kinds of newline: {foreign}" if foreign else None


def _identifiers(tree: ast.AST) -> set[str]:
    """Every name that the program uses, for whatever."""
    names = set()
    for node in ast.walk(tree):
        for field in ("id", "arg", "name", "asname"):
            value = getattr(node, field, None)
            if isinstance(value, str) and not (isinstance(node, ast.alias) and node.asname):
                names.add(value.partition(".")[0])
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
    return names


def _aliases(tree: ast.AST) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(("import", 0, alias.name, alias.asname) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update((node.module, node.level, one.name, one.asname) for one in node.names)
    return found


def _imports(old: ast.Module, new: ast.Module) -> str | None:
    """Imports may be added, but none may be lost, doubled, or take a name that is in use."""
    had, has = _aliases(old), _aliases(new)
    if had - has:
        return f"imports lost: {had - has}"
    for alias in has - had:
        module, _, name, asname = alias
        bound = str(asname or name).partition(".")[0]
        if alias in had or (module == "import" and _binds_root(had, bound)):
            continue
        if bound in _identifiers(old):
            return f"the import of {alias} takes a name that is in use"
    for run in _import_runs(new):
        count = _aliases(ast.Module(run, []))
        doubled = [alias for alias in count if count[alias] > max(1, had[alias])]
        if doubled:
            return f"imported twice: {doubled}"
    return None


def _import_runs(tree: ast.Module) -> list[list[ast.stmt]]:
    """Import statements that follow each other."""
    runs: list[list[ast.stmt]] = [[]]
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            runs[-1].append(node)
        else:
            runs.append([])
    return runs


def _binds_root(aliases: Counter[tuple[object, ...]], root: str) -> bool:
    return any(
        module == "import" and not asname and str(name).partition(".")[0] == root
        for module, _, name, asname in aliases
    )


def _rename_aliases(tree: ast.AST) -> None:
    """Write ``safe_globals`` where it is imported under another name."""
    aliases = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "safe_globals" and alias.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in aliases:
            node.id = "safe_globals"


def _is_block_call(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(_BLOCK_NAMES.match(name))


def _entries(tree: ast.AST) -> list[set[str]]:
    lists = []
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and _is_block_call(node):
            assert isinstance(node, ast.Call)
            items: list[ast.expr] = []
            for argument in node.args:
                items += (
                    argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else [argument]
                )
            lists.append({ast.unparse(item).lstrip("*") for item in items})
    return lists


def _blocks_lost(old: ast.Module, new: ast.Module) -> str | None:
    """Every allowlist that was there is still there, with all its entries."""
    remaining = _entries(new)
    for entries in _entries(old):
        found = next((one for one in remaining if entries <= one), None)
        if found is None:
            return f"an allowlist lost entries: {entries}"
        remaining.remove(found)
    return None


def _unsafe_added(old: ast.Module, new: ast.Module) -> str | None:
    def values(tree: ast.AST) -> Counter[str]:
        return Counter(ast.unparse(value) for node in ast.walk(tree) for value in _given(node))

    added = values(new) - values(old)
    return f"weights_only given as {set(added)}" if set(added) - {"True"} else None


def _given(node: ast.AST) -> list[ast.expr]:
    """What is given as ``weights_only``, in a call or in a dictionary."""
    if isinstance(node, ast.keyword) and node.arg == "weights_only":
        return [node.value]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [value for key, value in pairs if getattr(key, "value", "") == "weights_only"]
    target = node.targets[0] if isinstance(node, ast.Assign) else None
    key = target.slice if isinstance(target, ast.Subscript) else None
    is_it = isinstance(key, ast.Constant) and key.value == "weights_only"
    return [node.value] if isinstance(node, ast.Assign) and is_it else []


class _Stripped(ast.NodeTransformer):
    """Take away what a fix may add; every import is taken away, as those are compared apart."""

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        _level(node)
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        _level(node)
        self.generic_visit(node)
        return node

    def _drop(self, _node: ast.stmt) -> None:
        return None

    visit_Import = visit_ImportFrom = _drop  # noqa: N815

    def visit_Global(self, node: ast.Global) -> ast.Global:
        return node

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        node.items = [item for item in node.items if not _is_block_call(item.context_expr)]
        self.generic_visit(node)
        return node if node.items else node.body

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _is_block_call(node):
            return ast.Name("<safe_globals>", ast.Load())
        node.keywords = [one for one in node.keywords if not _is_load_option(one)]
        if len(node.args) == 3 and getattr(node.args[2], "id", "") == "pickle":
            node.args.pop()
        for keyword in node.keywords:
            if keyword.arg is None and isinstance(keyword.value, ast.Dict):
                _drop_weights_only(keyword.value)
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "load_state_dict_from_url":
            del node.args[6:7]  # its weights_only
        if name in {"partial", "_partial"} and len(node.args) == 1 and not node.keywords:
            return node.args[0]
        return node


def _level(node: ast.AST) -> None:
    """What a dictionary holds as ``weights_only``, where it is False, as what it becomes."""
    for value in _given(node):
        if isinstance(value, ast.Constant) and value.value is False:
            value.value = True


def _is_load_option(keyword: ast.keyword) -> bool:
    if keyword.arg == "pickle_module":
        return getattr(keyword.value, "id", "") == "pickle"
    return keyword.arg == "weights_only"


def _drop_weights_only(display: ast.Dict) -> None:
    kept = [
        (key, value)
        for key, value in zip(display.keys, display.values, strict=True)
        if not (isinstance(key, ast.Constant) and key.value == "weights_only")
    ]
    display.keys, display.values = [key for key, _ in kept], [value for _, value in kept]


def _without_helpers(tree: ast.Module, known: set[str]) -> ast.Module:
    """Undo ``def load_with_safe_globals(*args, **kwargs)``: its uses are the loader again."""
    loaders: dict[str, ast.expr] = {}
    for node in list(tree.body):
        if (
            isinstance(node, ast.FunctionDef)
            and _HELPER.match(node.name)
            and node.name not in known
        ):
            loaders[node.name] = _helper_loader(node)
            tree.body.remove(node)

    class Uses(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return loaders.get(node.id, node)

    return Uses().visit(tree)


def _helper_loader(node: ast.FunctionDef) -> ast.expr:
    assert ast.unparse(node.args) == "*args, **kwargs"
    body = [one for one in node.body if not isinstance(one, (ast.Import, ast.ImportFrom))]
    assert len(body) == 1
    block = body[0]
    assert isinstance(block, ast.With)
    assert [_is_block_call(item.context_expr) for item in block.items] == [True]
    (returned,) = block.body
    assert isinstance(returned, ast.Return)
    assert isinstance(returned.value, ast.Call)
    arguments = ast.unparse(returned.value).removeprefix(ast.unparse(returned.value.func))
    assert arguments == "(*args, weights_only=True, **kwargs)"
    return returned.value.func


def _without_hoists(tree: ast.Module, known: set[str]) -> ast.Module:
    """Undo ``with safe_globals(...): loaded = <load>``: the one use of the name is the load."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list):
                setattr(node, field, _inlined(statements, known))
    return tree


def _inlined(statements: list[ast.stmt], known: set[str]) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    pending: dict[str, ast.expr] = {}
    for statement in statements:
        hoist = _hoist(statement, known)
        if hoist:
            pending[hoist[0]] = hoist[1]
            continue
        if pending:
            uses = _Inline(pending)
            uses.visit(statement)
            assert uses.used == list(pending), "a hoisted name is used once, in the next statement"
            pending = {}
        kept.append(statement)
    assert not pending, "a hoisted name is used"
    return kept


def _hoist(statement: ast.stmt, known: set[str]) -> tuple[str, ast.expr] | None:
    if not isinstance(statement, ast.With) or len(statement.body) != 1:
        return None
    (only,) = statement.body
    if not all(_is_block_call(item.context_expr) for item in statement.items):
        return None
    if not isinstance(only, ast.Assign) or not isinstance(only.targets[0], ast.Name):
        return None
    name = only.targets[0].id
    return (name, only.value) if _HOISTED.match(name) and name not in known else None


class _Inline(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values
        self.used: list[str] = []

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self.values:
            return node
        self.used.append(node.id)
        return self.values[node.id]
