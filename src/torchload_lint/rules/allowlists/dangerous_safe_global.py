"""An allowlist that names a callable which runs code.

## What it does
Reports an item of `safe_globals` or `add_safe_globals` that runs code or hands out what does:
`eval`, `exec`, `getattr`, `os.system`, `subprocess.Popen`, `torch.load`, the import machinery …
And a load whose list allows a function or a class of the program that runs code by its own source
(a `__setstate__` that calls `os.system`), where a file that was read has it called. And a list that
takes `restore_only`, `only_with` or `safe_globals` from a module of that name which says something
else than the one that fixes write.

## Why is this bad?
The weights-only unpickler calls what is allowed, with arguments from the file. Allowing `eval` is
the same as `weights_only=False`; allowing `getattr` lets a file reach from one allowed object to
others.

## Example
```python
torch.serialization.add_safe_globals([getattr, MyModel])
```

## Use instead
```python
with torch.serialization.safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
There is no fix: a checkpoint that needs such a global has to be saved again without it.

## Options
- `trusted`: the exact name silences this finding

## References
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.dangerous import why_dangerous, why_gateway
from torchload_lint.diagnostic import Severity
from torchload_lint.helper_module import was_written
from torchload_lint.policy.judgement import Trust
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.words import what_files_need
from torchload_lint.source.facts.allowed.entries import is_helper_function
from torchload_lint.source.project.origins import origins
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report every dangerous item of every allowlist in the file, and each load whose file gets
    something of the program called that runs code.
    """
    named = {str(entry.obj or "") for one in module.allowlists for entry in one.entries}
    told = {name for name in named if _why(name)}
    for situation in situations:
        yield from _calling(situation, told)
    for allowlist in module.allowlists:
        if forged := _forged_helper(module, allowlist, context):
            message = f"{forged} is not the module that fixes write: what its entries let a file do"
            way_out = "`torchload-lint inspect --helper` prints that module"
            yield finding(RULE, allowlist.span, f"{message} is not known; {way_out}")
        for one in () if allowlist.complete else _added(module, allowlist):
            name = module.bindings.qualified(one) or ""
            if _why(name) and name not in context.config.trusted:
                yield finding(RULE, module.span(one), _message(name))
        for entry in allowlist.entries:
            name = _dangerous_name(entry, module, context)
            reason = _why(name)
            if reason and not _is_held(entry, name) and name not in context.config.trusted:
                yield finding(RULE, entry.span, _message(name))


def _message(name: str) -> str:
    return f"`{name}` must not be allowed: it {_why(name)}"


def _dangerous_name(entry: AllowlistEntry, module: Module, context: Context) -> str:
    """What an item stands for, also under a name that another file of the project gives it."""
    name = str(entry.obj or "")
    found = origins(name, module.path, context.project) if name else frozenset()
    return next((one for one in sorted(found) if _why(one)), name)


def _why(name: str) -> str:
    return why_dangerous(name) or why_gateway(name)


def _calling(situation: Situation, told: set[str]) -> Iterator[Diagnostic]:
    """What a list allows, and what runs code as its source says; ``told``: what is told by name."""
    for need in situation.needs:
        is_allowed = need not in situation.missing and str(need.name) not in told
        if is_allowed and need.judgement.trust is Trust.RUNS_CODE and situation.restricted_on:
            message = f"{what_files_need(situation, (need,))}, which a list allows here, and which "
            message += f"runs code: {need.judgement.reason}"
            yield finding(RULE, situation.load.span, message, situation=situation)


def _forged_helper(module: Module, allowlist: Allowlist, context: Context) -> str:
    """The file that a list takes ``restore_only`` and its like from, where it has another text."""
    called = (allowlist.node, *(one.node for one in allowlist.entries))
    functions = [one.func for one in called if isinstance(one, ast.Call)]
    for function in functions:
        if any(is_helper_function(module, function, name) for name in _OF_HELPER):
            home = (module.bindings.qualified(function) or "").rpartition(".")[0]
            there = context.project.module(home)
            if there is not None and not was_written(there.path, there.text):
                return there.path
    return ""


_OF_HELPER = ("safe_globals", "restore_only", "only_with")


def _added(module: Module, allowlist: Allowlist) -> Iterator[ast.expr]:
    """What the file puts into a list that the allowlist takes by its name."""
    arguments = [*allowlist.node.args, *(one.value for one in allowlist.node.keywords)]
    parts = [part for argument in arguments for part in ast.walk(argument)]
    for name in dict.fromkeys(part.id for part in parts if isinstance(part, ast.Name)):
        for node in module.carrying(name):
            parent = module.parents.get(node)
            call = module.parents.get(parent) if isinstance(parent, ast.Attribute) else None
            if isinstance(parent, ast.AugAssign) and parent.target is node:
                yield from _elements(parent.value)
            elif isinstance(call, ast.Call) and last_name(call.func) in _ADDING:
                yield from (one for argument in call.args for one in _elements(argument))


def _elements(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else [node]


_ADDING = frozenset({"append", "extend", "insert", "add", "update"})


def _is_held(entry: AllowlistEntry, name: str) -> bool:
    """Whether a configuration holds the callable to arguments that are harmless."""
    if entry.calls is None:
        return False
    from torchload_lint.checkpoint.pickles.held_calls import can_be_held  # noqa: PLC0415 - rare

    return can_be_held(name)


RULE = Rule(
    "TLL201",
    "dangerous-safe-global",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.8",
)
