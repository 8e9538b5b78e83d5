"""Reaching definitions of one scope: which definitions of each name may reach each statement.

One pass over the statements of a function body, a class body or a module. Nested functions and
expressions are not entered (but for ``:=``), so the cost is that of the statements alone.
What holds before and after a statement shares all that the statement does not change.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, ClassVar, cast

from torchload_lint.source.names.env import Either, Env
from torchload_lint.source.text.definitions import FUNCTIONS, Definition, Scope, parameters
from torchload_lint.source.text.expressions import ends_the_program, is_type_checking, last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

UNBOUND = Definition("unbound", ast.Pass())
"""Stands for "has no value yet" where only some branches define a name."""
STAR = "*"
"""The key under which star imports are kept."""
_LOOPS_RUN_TWICE = 4
"""How deep loops are nested before their second pass is left out (each level doubles the cost)."""
_TRY = (ast.Try, ast.TryStar) if hasattr(ast, "TryStar") else (ast.Try,)


class Flow:
    """The definitions of one scope, and which of them reach which statement."""

    def __init__(self, owner: Scope, package: str | None, *, walrus: bool) -> None:
        """``package``: what relative imports are relative to (None where unknown); ``walrus``:
        whether the file has any ``:=`` at all.
        """
        self.before: dict[ast.stmt, Env] = {}
        """What reaches each statement of this scope."""
        self.all: dict[str, list[Definition]] = {}
        """Every definition of each name in this scope, in the order met."""
        self.outward: dict[str, str] = {}
        """Names declared ``global`` or ``nonlocal`` here, and which of the two."""
        self.declared: set[str] = set()
        """Names that are local though nothing defines them (``x: int``)."""
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        """The functions defined directly in this scope, at any depth of ``if`` and the like."""
        self._package = package
        self._walrus = walrus
        self._made: dict[tuple[ast.AST, str], Definition] = {}
        self._loops: list[tuple[list[Env], list[Env]]] = []
        self._raising: list[dict[str, set[Definition]]] = []
        self._finals = 0
        self._typing = 0
        self._silent = 0
        env = Env()
        if isinstance(owner, FUNCTIONS):
            for arg in parameters(owner.args):
                env = self._bind(env, arg.arg, "parameter", arg)
        self.exit: Env = self._block(owner.body, env) or env
        """What holds at the end (where the end is never reached: at the start)."""

    # environments

    def _define(
        self, name: str, kind: str, node: ast.AST, value: ast.expr | None, qualified: str
    ) -> Definition:
        made = self._made.get((node, name))
        if made is None:
            made = Definition(kind, node, value, qualified)
            self._made[node, name] = made
            self.all.setdefault(name, []).append(made)
        return made

    def _bind(
        self,
        env: Env,
        name: str,
        kind: str,
        node: ast.AST,
        value: ast.expr | None = None,
        qualified: str = "",
    ) -> Env:
        made = self._define(name, kind, node, value, qualified)
        for log in self._raising:
            log.setdefault(name, set()).add(made)
        return env.having(name, made)

    def _target(
        self, env: Env, target: ast.expr, kind: str, node: ast.AST, value: ast.expr | None
    ) -> Env:
        """Bind what a target binds; attributes and subscripts bind no name."""
        if isinstance(target, ast.Name):
            return self._bind(env, target.id, kind, node, value)
        if isinstance(target, ast.Starred):
            return self._target(env, target.value, kind, node, None)
        if isinstance(target, (ast.Tuple, ast.List)):
            for element, part in _unpack(target.elts, value):
                env = self._target(env, element, kind, node, part)
        return env

    # statements

    def _block(self, statements: Sequence[ast.stmt], env: Env) -> Env | None:
        """Run through statements; None where the end cannot be reached. What stands behind a
        ``return`` is still looked at, with what held before it.
        """
        reached = True
        for statement in statements:
            if not self._silent:
                self.before[statement] = env
            run = self._run.get(type(statement))
            after = run(self, statement, env) if run else env
            if after is None:
                reached = False
            else:
                env = after
        return env if reached else None

    def _expressions(self, env: Env, *nodes: ast.AST | None) -> Env:
        """Bind the names that ``:=`` binds in these expressions."""
        if self._walrus:
            for node in nodes:
                if node is not None:
                    env = self._named(env, node, certain=True)
        return env

    def _named(self, env: Env, node: ast.AST, *, certain: bool) -> Env:
        sure = certain and not isinstance(node, (ast.BoolOp, ast.IfExp, ast.comprehension))
        # of a lambda only its defaults belong to the scope around it
        holder = node.args if isinstance(node, ast.Lambda) else node
        for child in ast.iter_child_nodes(holder):
            env = self._named(env, child, certain=sure)
        if isinstance(node, ast.NamedExpr):
            bound = self._bind(env, node.target.id, "walrus", node, node.value)
            env = bound if certain else _merge([env, bound])
        return env

    def _expr(self, node: ast.Expr, env: Env) -> Env | None:
        env = self._expressions(env, node.value)
        return None if ends_the_program(node.value) else env

    def _assign(self, node: ast.Assign, env: Env) -> Env:
        env = self._expressions(env, node.value)
        for target in node.targets:
            env = self._target(self._expressions(env, target), target, "assign", node, node.value)
        return env

    def _annotated(self, node: ast.AnnAssign, env: Env) -> Env:
        if node.value is None:
            if isinstance(node.target, ast.Name):
                self.declared.add(node.target.id)
            return self._perhaps(env, node.target, node.annotation)
        env = self._expressions(env, node.value, node.target)
        env = self._target(env, node.target, "assign", node, node.value)
        return self._perhaps(env, node.annotation)

    def _perhaps(self, env: Env, *nodes: ast.AST | None) -> Env:
        """The same of annotations, which Python may leave as they are."""
        return _merge([env, self._expressions(env, *nodes)]) if self._walrus else env

    def _augmented(self, node: ast.AugAssign, env: Env) -> Env:
        env = self._expressions(env, node.target, node.value)
        return self._target(env, node.target, "augassign", node, None)

    def _delete(self, node: ast.Delete, env: Env) -> Env:
        for target in node.targets:
            env = self._target(self._expressions(env, target), target, "delete", node, None)
        return env

    def _assert(self, node: ast.Assert, env: Env) -> Env:
        """``python -O`` leaves it out, and what it binds with it."""
        return _merge([env, self._expressions(env, node.test)])

    def _import(self, node: ast.Import, env: Env) -> Env:
        kind = "typing-import" if self._typing else "import"
        for alias in node.names:
            top = alias.name.partition(".")[0]
            bound = alias.name if alias.asname else top
            env = self._bind(env, alias.asname or top, kind, alias, qualified=bound)
        return env

    def _import_from(self, node: ast.ImportFrom, env: Env) -> Env:
        kind = "typing-import" if self._typing else "import"
        origin = absolute(self._package, node.level, node.module)
        for alias in node.names:
            if alias.name == "*":
                star = self._define(STAR, "star-import", alias, None, origin)
                earlier = env.get(STAR)
                env = env.having(STAR, Either((earlier, star)) if earlier is not None else star)
            else:
                dotted = f"{origin}{'' if origin.endswith('.') else '.'}{alias.name}"
                env = self._bind(env, alias.asname or alias.name, kind, alias, qualified=dotted)
        return env

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> Env:
        if not self._silent:
            self.functions.append(node)
        defaults = (*node.args.defaults, *node.args.kw_defaults)
        env = self._expressions(env, *node.decorator_list, *defaults)
        annotations = (one.annotation for one in parameters(node.args))
        env = self._perhaps(env, *annotations, node.returns)
        return self._bind(env, node.name, "function", node)

    def _class(self, node: ast.ClassDef, env: Env) -> Env:
        keywords = [each.value for each in node.keywords]
        env = self._expressions(env, *node.decorator_list, *node.bases, *keywords)
        return self._bind(env, node.name, "class", node)

    def _outward(self, node: ast.Global | ast.Nonlocal, env: Env) -> Env:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        self.outward.update(dict.fromkeys(node.names, kind))
        return env

    def _leave(self, node: ast.stmt, env: Env) -> None:
        self._expressions(env, *ast.iter_child_nodes(node))

    def _break(self, _node: ast.Break, env: Env) -> None:
        if self._loops:
            self._loops[-1][0].append(env)

    def _continue(self, _node: ast.Continue, env: Env) -> None:
        if self._loops:
            self._loops[-1][1].append(env)

    def _if(self, node: ast.If, env: Env) -> Env | None:
        env = self._expressions(env, node.test)
        typing = is_type_checking(node.test)
        self._typing += typing
        body = self._block(node.body, env)
        self._typing -= typing
        return _merge_live([body, self._block(node.orelse, env)])

    def _loop(
        self, env: Env, start: Callable[[Env], Env], body: list[ast.stmt]
    ) -> tuple[Env, list[Env]]:
        """Run a loop's body from what holds before it and after itself. Answers what holds each
        time the head is reached, and at its breaks.
        """
        entry = env
        if len(self._loops) < _LOOPS_RUN_TWICE:
            self._silent += 1
            first, _ = self._once(start(env), body)
            self._silent -= 1
            entry = _merge([env, *first])
        again, breaks = self._once(start(entry), body)
        return _merge([entry, *again]), breaks

    def _once(self, env: Env, body: list[ast.stmt]) -> tuple[list[Env], list[Env]]:
        self._loops.append(([], []))
        end = self._block(body, env)
        breaks, continues = self._loops.pop()
        return ([*continues, end] if end is not None else continues), breaks

    def _for(self, node: ast.For | ast.AsyncFor, env: Env) -> Env | None:
        env = self._expressions(env, node.iter)
        head, breaks = self._loop(
            env,
            lambda entry: self._target(
                self._expressions(entry, node.target), node.target, "for", node, None
            ),
            node.body,
        )
        return _merge_live([self._block(node.orelse, head), *breaks])

    def _while(self, node: ast.While, env: Env) -> Env | None:
        head, breaks = self._loop(env, lambda entry: self._expressions(entry, node.test), node.body)
        if isinstance(node.test, ast.Constant) and node.test.value:
            return _merge_live(breaks)
        head = self._expressions(head, node.test)
        return _merge_live([self._block(node.orelse, head), *breaks])

    def _with(self, node: ast.With | ast.AsyncWith, env: Env) -> Env | None:
        suppresses = False
        for item in node.items:
            env = self._expressions(env, item.context_expr)
            suppresses |= last_name(item.context_expr) == "suppress"
            if item.optional_vars is not None:
                env = self._expressions(env, item.optional_vars)
                env = self._target(env, item.optional_vars, "with", item, item.context_expr)
        end, raised = self._guarded(node.body, env)
        return _merge_live([end, raised]) if suppresses else end

    def _guarded(self, body: list[ast.stmt], env: Env) -> tuple[Env | None, Env]:
        """Run through statements that may be left anywhere: what holds at their end, and what may
        hold where they are left (any definition made in them, or none).
        """
        self._raising.append({})
        end = self._block(body, env)
        return end, self._left(env)

    def _left(self, env: Env) -> Env:
        """What may hold where a guarded part is left by an exception."""
        for name, made in self._raising.pop().items():
            env = env.having(name, Either((env.get(name) or UNBOUND, *made)))
        return env

    def _try(self, node: ast.Try, env: Env) -> Env | None:
        end, raised = self._guarded(node.body, env)
        ends = [self._block(node.orelse, end) if end is not None else None]
        left = [raised]
        for handler in node.handlers:
            self._raising.append({})
            ends.append(self._handler(handler, raised))
            left.append(self._left(raised))
        after = _merge_live(ends)
        return self._finally(node.finalbody, left, after) if node.finalbody else after

    def _finally(self, body: list[ast.stmt], left: list[Env], after: Env | None) -> Env | None:
        """A ``finally`` body is seen with all that may hold there; what goes on behind it is only
        what held without an exception.
        """
        end = self._block(body, _merge([*left, *([after] if after is not None else [])]))
        if after is None or end is None or self._finals >= _LOOPS_RUN_TWICE:
            return end if after is not None else None
        self._silent += 1
        self._finals += 1
        after = self._block(body, after)
        self._finals -= 1
        self._silent -= 1
        return after

    def _handler(self, handler: ast.ExceptHandler, env: Env) -> Env | None:
        env = self._expressions(env, handler.type)
        if handler.name is None:
            return self._block(handler.body, env)
        end = self._block(handler.body, self._bind(env, handler.name, "except", handler))
        return None if end is None else end.having(handler.name, UNBOUND)

    def _match(self, node: ast.Match, env: Env) -> Env | None:
        env = self._expressions(env, node.subject)
        ends: list[Env | None] = []
        exhausted = False
        for case in node.cases:
            bound = env
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    bound = self._bind(bound, name, "match", part)
            ends.append(self._block(case.body, self._expressions(bound, case.guard)))
            exhausted |= case.guard is None and _catches_all(case.pattern)
        return _merge_live(ends if exhausted else [*ends, env])

    def _type_alias(self, node: ast.stmt, env: Env) -> Env:
        return self._target(env, cast("ast.Name", getattr(node, "name")), "type", node, None)  # noqa: B009

    _run: ClassVar[dict[type[ast.stmt], Callable[[Flow, ast.stmt, Env], Env | None]]] = cast(
        "dict[type[ast.stmt], Callable[[Flow, ast.stmt, Env], Env | None]]",
        {
            ast.Expr: _expr,
            ast.Assign: _assign,
            ast.AnnAssign: _annotated,
            ast.AugAssign: _augmented,
            ast.Delete: _delete,
            ast.Assert: _assert,
            ast.Import: _import,
            ast.ImportFrom: _import_from,
            ast.FunctionDef: _function,
            ast.AsyncFunctionDef: _function,
            ast.ClassDef: _class,
            ast.Global: _outward,
            ast.Nonlocal: _outward,
            ast.Return: _leave,
            ast.Raise: _leave,
            ast.Break: _break,
            ast.Continue: _continue,
            ast.If: _if,
            ast.For: _for,
            ast.AsyncFor: _for,
            ast.While: _while,
            ast.With: _with,
            ast.AsyncWith: _with,
            ast.Match: _match,
            **dict.fromkeys(_TRY, _try),
            **({ast.TypeAlias: _type_alias} if hasattr(ast, "TypeAlias") else {}),
        },
    )


def absolute(package: str | None, level: int, module: str | None) -> str:
    """The absolute name of what ``from {dots}{module} import`` imports from.

    Where the package is unknown (or the dots leave it) the dots are kept, so that the name is
    never mistaken for a top-level module: ``from . import torch`` is not torch.
    """
    if not level:
        return module or ""
    parts = package.split(".") if package else []
    if len(parts) < level:
        return "." * level + (module or "")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base


def _unpack(
    targets: list[ast.expr], value: ast.expr | None
) -> Iterable[tuple[ast.expr, ast.expr | None]]:
    """Each target of a tuple target with the element it gets, where that is plain to see."""
    if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(targets):
        starred = any(isinstance(part, ast.Starred) for part in (*targets, *value.elts))
        if not starred:
            return zip(targets, value.elts, strict=True)
    return ((target, None) for target in targets)


def _merge(envs: Iterable[Env]) -> Env:
    """What may hold where several ways meet. A name missing on one way may be unbound."""
    return Env.merged(envs, UNBOUND)


def _merge_live(envs: Iterable[Env | None]) -> Env | None:
    live = [env for env in envs if env is not None]
    return _merge(live) if live else None


def _catches_all(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
