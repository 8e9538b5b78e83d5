"""Why what was proven may not be what the program does: what its file shows beside the allowlist.

A proof evaluates an allowlist as it stands, and loads the file under it. The program does the same
only where the list is in force when its load runs, its names mean what the imports say, and the
call takes no arguments that change the load.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.policy import Trust
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.scripts import (
    first_run,
    is_reached_when_started,
    runs_as_program_alone,
)
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import COMPREHENSIONS, FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.settings.devices_given import untried_arguments

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_OPENING = frozenset({"open", "GzipFile", "BZ2File", "LZMAFile"})
AT_ONCE = frozenset(
    "all any dict frozenset list max min set sorted sum tuple extend fromkeys join update".split()
)
"""What goes through a generator before it returns."""
_WRITERS = frozenset("update setdefault pop popitem clear __setitem__ __delitem__".split())
"""Methods that change a dict."""
_ENDS_OF_STACKS = frozenset("close aclose pop_all __exit__ __aexit__".split())
_STARTS_PROCESSES = late_pattern(r"\b(?:spawn|start_processes|multiprocessing|ProcessPool)")
_HOPS = 8
"""Names that are followed from a ``with`` to its ``safe_globals``."""
_ON_SOME_WAYS = (ast.If, ast.IfExp, ast.BoolOp, ast.Try, ast.For, ast.While, ast.Match, *FUNCTIONS,
                 ast.Lambda)  # fmt: skip
_CHANGERS = frozenset(
    """
    append extend insert remove pop clear sort reverse update add discard setdefault popitem
    __setitem__ __delitem__ __iadd__ difference_update intersection_update
    """.split()
)
"""Methods that change a list, a set or a dict."""
_READERS = frozenset(
    """
    safe_globals add_safe_globals print len list tuple set frozenset sorted enumerate iter any all
    str repr isinstance type id
    """.split()
)
"""What leaves alone a list that it is given."""
_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)


def first_gap(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The first reason not to take a proof for the program; empty where there is none."""
    found = [*untried_arguments(module, load, project), *_of_open_files(module, load)]
    if load.allowlists:
        found += [*_of_generators(module, load), *_of_cleared(module), *_of_ended(module, load)]
        found += [*_of_choices(module, load), *_of_closed_stacks(module, load)]
        found += [*_of_late_names(module, load)]
    return found[0] if found else ""


def _of_late_names(module: Module, load: LoadCall) -> Iterator[str]:
    """Names that the file imports or defines only after it has called its own functions."""
    limit = first_run(module)
    inside = module.function(load.node) is not None
    for allowlist in load.allowlists if inside else ():
        for node in ast.walk(allowlist.node):
            found = module.bindings.definitions(node) if isinstance(node, ast.Name) else ()
            rows = [module.statement(one.node).lineno for one in found if "import" in one.kind]
            if rows and min(rows) > limit:
                yield f"{getattr(node, 'id', '')} is imported below row {limit}, which may load"


def class_of_main(module: Module, load: LoadCall, situation: Situation) -> str:
    """Why an entry without a name may be another class than the file's: one that the load's own
    file defines is ``__main__``'s where that is started, ``__mp_main__``'s in a process that is
    spawned there, and its module's elsewhere. Empty where that is no question.
    """
    if not is_reached_when_started(module, load.node):
        return ""
    alone = runs_as_program_alone(module, load.node)
    names = set() if alone else {module.name}  # what is started alone, a proof takes for __main__'s
    if _STARTS_PROCESSES.search(module.text):
        names.add("__main__")
    plain = {
        str(entry.obj).removeprefix(f"{module.name}.")
        for allowlist in load.allowlists
        for entry in allowlist.entries
        if entry.obj is not None and entry.key is None
    }
    for need in situation.needs:
        if need.name.module in names - {""} and need.name.qualname in plain:
            return (
                f"{need.name.qualname} is a class of this file, which may be started; "
                f"the file has {need.name}: write a pair with that name"
            )
    return ""


def runs_code(situation: Situation) -> str:
    """What the code allows although it runs what the file chooses; empty where there is nothing."""
    for need in situation.needs:
        if need.judgement.trust is Trust.RUNS_CODE and need not in situation.missing:
            return f"{need.name}: {need.judgement.reason}; the file is not given to torch"
    return ""


def _of_open_files(module: Module, load: LoadCall) -> Iterator[str]:
    """A file that is not opened as torch opens one, is read before, or closed."""
    file = load.file
    if isinstance(file, ast.Constant) and isinstance(file.value, bytes):
        yield "a path of bytes was not tried"
    made = file
    if isinstance(file, ast.Name):
        found = module.bindings.definitions(file)
        made = found[0].value if len(found) == 1 else None
    if not isinstance(made, ast.Call) or last_name(made.func) not in _OPENING:
        return
    is_method = module.bindings.qualified(made.func) is None and isinstance(
        made.func, ast.Attribute
    )
    given = [*made.args[0 if is_method else 1 :][:1]]
    given += [keyword.value for keyword in made.keywords if keyword.arg == "mode"]
    is_plain = is_method or module.bindings.qualified(made.func) in {"builtins.open", "io.open"}
    modes = [one.value for one in given if isinstance(one, ast.Constant)]
    if not is_plain or not given or (modes and modes[0] not in {"rb", "br", "rb+", "r+b"}):
        yield f"the file as row {made.lineno} opens it was not tried"
    yield from _of_closed_files(module, load)
    for keyword in load.node.keywords:
        is_off = isinstance(keyword.value, ast.Constant) and not keyword.value.value
        if keyword.arg == "mmap" and not is_off:
            yield f"a file that row {made.lineno} opens is mapped, which torch refuses"
    names = [
        node
        for node in ast.walk(module.function(load.node) or module.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    ]
    for node in names if isinstance(file, ast.Name) else ():
        if node.id == getattr(file, "id", "") and node.lineno < load.node.lineno:
            yield f"row {node.lineno} uses the open file before"


def _of_closed_files(module: Module, load: LoadCall) -> Iterator[str]:
    """A file that the end of a block around another place has closed."""
    found = module.bindings.definitions(load.file) if isinstance(load.file, ast.Name) else ()
    for one in found:
        block = module.parents.get(one.node) if one.kind == "with" else None
        if block is not None and block not in ancestors(module, load.node):
            yield f"the block on row {getattr(block, 'lineno', 0)} has closed the file"


def _of_generators(module: Module, load: LoadCall) -> Iterator[str]:
    for parent in ancestors(module, load.node):
        if isinstance(parent, (*FUNCTIONS, ast.Lambda)):
            return
        if isinstance(parent, ast.GeneratorExp):
            user = module.parents.get(parent)
            at_once = isinstance(user, ast.Call) and last_name(user.func) in AT_ONCE
            if not at_once and not isinstance(user, (ast.Starred, ast.For)):
                yield (
                    f"the generator on line {parent.lineno} loads when it is used, perhaps after "
                    "its block"
                )


def _of_cleared(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Name, ast.Attribute)):
            whole = module.bindings.qualified(node) or last_name(node)
            if whole.rpartition(".")[2] == "clear_safe_globals":
                yield f"clear_safe_globals on line {node.lineno} may run before it"


def _of_ended(module: Module, load: LoadCall) -> Iterator[str]:
    """The end of a block takes its items away, also those that an outer one allows."""
    first = min(allowlist.span for allowlist in load.allowlists)
    for other in module.allowlists:
        if other in load.allowlists or other.kind is AllowlistKind.PROCESS:
            continue
        end = other.statement.end_lineno if other.statement is not None else None
        within = first < other.span and other.function == load.function
        if within and end is not None and end < load.node.lineno:
            row = other.span.start.row
            yield f"the block on line {row} has taken away what it shares with others"


def _of_choices(module: Module, load: LoadCall) -> Iterator[str]:
    """A block that is entered on some ways alone: ``with a if x else b:``, a name of two values."""
    entered: list[ast.expr] = []
    for parent in ancestors(module, load.node):
        if isinstance(parent, (*FUNCTIONS, ast.Lambda)):
            break
        if isinstance(parent, (ast.With, ast.AsyncWith)):
            entered += [item.context_expr for item in parent.items]
    for allowlist in load.allowlists:
        is_block = allowlist.kind is AllowlistKind.BLOCK
        if is_block and not any(surely_enters(module, one, allowlist.node) for one in entered):
            yield f"what row {allowlist.span.start.row} allows may be left out, as the run decides"


def surely_enters(module: Module, made: ast.expr, call: ast.Call, hops: int = _HOPS) -> bool:
    """Whether an expression gives, on every way, what a call of ``safe_globals`` has made."""
    if made is call or not hops:
        return made is call
    if isinstance(made, ast.NamedExpr):
        return surely_enters(module, made.value, call, hops - 1)
    if isinstance(made, ast.Name):
        found = module.bindings.definitions(made)
        value = found[0].value if len(found) == 1 else None
        return value is not None and surely_enters(module, value, call, hops - 1)
    if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
        return False
    functions = [one.node for one in module.bindings.definitions(made.func)]
    return len(functions) == 1 and _gives_once(module, functions[0], call)


def _gives_once(module: Module, function: ast.AST, call: ast.Call) -> bool:
    """Whether a function returns or yields once, and there what the call has made."""
    ends = [n for n in ast.walk(function) if isinstance(n, (ast.Return, ast.Yield, ast.YieldFrom))]
    around = list(ancestors(module, call))
    if len(ends) != 1 or function not in around:
        return False
    inside = [*around[: around.index(function)], *ancestors(module, ends[0])]
    inside = inside[: inside.index(function)] if function in inside else inside
    return not any(isinstance(one, _ON_SOME_WAYS) for one in inside)


def _of_closed_stacks(module: Module, load: LoadCall) -> Iterator[str]:
    """A stack that is closed, gives away what it holds, or gets another name, before it ends."""
    for allowlist in load.allowlists:
        entered = module.parents.get(allowlist.node)
        if allowlist.kind is not AllowlistKind.STACK or not isinstance(entered, ast.Call):
            continue
        stack = getattr(entered.func, "value", entered.func)
        for node in ast.walk(module.tree):
            is_named = isinstance(node, (ast.Name, ast.Attribute)) and _is_same(node, stack, module)
            if is_named and _may_close(node, load, module):
                yield f"row {getattr(node, 'lineno', 0)} may close the stack that holds it"
                return


def _is_same(node: ast.expr, stack: ast.expr, module: Module) -> bool:
    """Whether an expression leads to the stack: a variable of the same function, an attribute."""
    if last_name(node) != last_name(stack) or not isinstance(getattr(node, "ctx", None), ast.Load):
        return False
    is_local = isinstance(stack, ast.Name) and isinstance(node, ast.Name)
    if is_local and module.function(node) is not module.function(stack):
        return False
    return ast.unparse(node) == ast.unparse(stack)


def _may_close(stack: ast.AST, load: LoadCall, module: Module) -> bool:
    """Whether a use of a stack may close it: all but to call its other methods, and the block that
    the load stands in.
    """
    user = module.parents.get(stack)
    if isinstance(user, ast.withitem) and user.context_expr is stack:
        return load.node not in ast.walk(module.parents[user])
    return not isinstance(user, ast.Attribute) or user.attr in _ENDS_OF_STACKS


# -- names ----------------------------------------------------------------------------------------


def rebound(module: Module, names: frozenset[str], imports: Collection[ast.stmt]) -> str:
    """Where the file gives imported names of an allowlist another meaning; empty where it does not.

    ``imports`` are the statements that are evaluated for the proof.
    """
    for node in _of_scope(module.tree, imports):
        for name in names_given_by(node):
            if name in names:
                return f"{name} has another meaning from row {getattr(node, 'lineno', 0)} on"
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and not names.isdisjoint(node.names):
            return f"a function may give {min(names.intersection(node.names))} another meaning"
        if isinstance(node, ast.Call) and _writes_names(module, node, names):
            return f"row {node.lineno} may give names another meaning"
        if isinstance(node, ast.Attribute) and _is_changed(node, names):
            return f"row {node.lineno} changes {ast.unparse(node):.60}"
    return ""


def changed_lists(module: Module, imported: frozenset[str], own: frozenset[str]) -> str:
    """Where the file may change a list of its allowlists, unseen by the proof; empty if nowhere.

    The file is imported for names of its ``own``: what happens then, above ``if __name__ ==
    "__main__":``, is seen.
    """
    guards = (one.lineno for one in module.tree.body if _asks_for_name(one))
    end = min(guards, default=0) or len(module.text)
    changed: list[tuple[str, ast.AST]] = [
        (name, node) for node in ast.walk(module.tree) for name in _lists_changed(node)
    ]
    names = {name for name, _ in changed}
    assigned = [node for node in ast.walk(module.tree) if isinstance(node, ast.Assign)]
    changed += [  # another name of it
        (dotted(node.value), node)
        for node in assigned
        if not names.isdisjoint(map(dotted, node.targets))
    ]
    for name, node in changed:
        row = getattr(node, "lineno", 0)
        unseen = row >= end or module.function(node) is not None
        if name in imported or (name in own and unseen):
            return f"row {row} may change {name}"
    return ""


def _asks_for_name(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in {
        one.id for one in ast.walk(statement.test) if isinstance(one, ast.Name)
    }


def _lists_changed(node: ast.AST) -> Iterator[str]:
    """The names of what a node changes, or hands to somebody who may."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        yield dotted(node.value)
    elif isinstance(node, ast.AugAssign):
        yield dotted(node.target)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGERS:
            yield dotted(node.func.value)
        if last_name(node.func) not in _READERS:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from map(dotted, given)


def _of_scope(tree: ast.AST, without: Collection[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a module's own scope."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if node in without:
            continue
        yield node
        if isinstance(node, COMPREHENSIONS):  # a name that ":=" binds there is the module's
            waiting += [one.target for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def names_given_by(node: ast.AST) -> Iterator[str]:
    """The names that a node gives a meaning."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        yield node.name or ""
    elif isinstance(node, ast.MatchMapping):
        yield node.rest or ""


def _writes_names(module: Module, call: ast.Call, names: frozenset[str]) -> bool:
    """``exec``, ``eval``, ``globals()`` that is written to, ``setattr`` of an imported thing."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in {"setattr", "delattr"}:
        return bool(call.args) and _root(call.args[0]) in names
    if name not in {"globals", "vars", "locals"}:
        return name in {"exec", "eval"}
    if call.args and _root(call.args[0]) not in names:
        return False  # vars(args)
    user = module.parents.get(call)
    if isinstance(user, ast.Subscript):
        return not isinstance(user.ctx, ast.Load)
    if isinstance(user, ast.Attribute):
        return user.attr in _WRITERS
    return name == "globals"


def _is_changed(node: ast.Attribute, names: frozenset[str]) -> bool:
    return not isinstance(node.ctx, ast.Load) and _root(node) in names


def dotted(node: ast.expr) -> str:
    """``a.b`` for a name, or for attributes of one; empty for anything else."""
    return ast.unparse(node) if _root(node) else ""


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
