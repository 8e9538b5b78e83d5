"""What a program sets for its whole process before a load, unseen by a proof: limits that the load
may reach, timers that end it, functions that Python or torch calls at each of its steps.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.verify.gaps.files_taken import follows
from torchload_lint.verify.gaps.programs_around import program_around

if TYPE_CHECKING:
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_SETS = frozenset(
    """
    resource.setrlimit resource.prlimit sys.setrecursionlimit signal.alarm signal.setitimer
    sys.addaudithook sys.settrace sys.setprofile threading.settrace threading.setprofile
    threading.settrace_all_threads threading.setprofile_all_threads
    sys.monitoring.register_callback warnings.simplefilter warnings.filterwarnings
    warnings.catch_warnings torch.overrides.BaseTorchFunctionMode
    os.setuid os.setgid os.seteuid os.setegid os.setreuid os.setregid os.setresuid os.setresgid
    os.setgroups os.chroot torch.overrides.TorchFunctionMode
    torch.utils._python_dispatch.TorchDispatchMode
    """.split()
)
_MENTIONS = late_pattern("|".join(sorted({rf"\b{name.rpartition('.')[2]}\b" for name in _SETS})))
_ENOUGH_CALLS = 1000
"""Python's own limit of recursion, under which a proof loads."""
_ENOUGH_FILES = 64
"""Open files with which every load does."""


def process_set_before(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The place, as ``file:row``, and what is set there; empty where there is none."""
    for part in program_around(module, project):
        home = part.module
        if not _MENTIONS.search(home.text):
            continue
        for node in part.unseen():
            if not isinstance(node, (ast.Name, ast.Attribute)):
                continue
            whole = home.bindings.qualified(node) or ""
            if whole not in _SETS or (home is module and follows(node, load, module)):
                continue
            user = home.parents.get(node)
            is_called = isinstance(user, ast.Call) and user.func is node
            if not (is_called and _is_harmless(whole, user)):
                return f"{home.path}:{node.lineno} uses {whole}, which may end the load"
    return ""


def _is_harmless(whole: str, call: ast.Call) -> bool:
    """Whether a call leaves every load what it has in a proof."""
    given = call.args[0] if call.args else None
    if whole.startswith("warnings."):
        named = [one.value for one in call.keywords if one.arg in {"action", None}]
        if whole == "warnings.catch_warnings" and not named:
            return True
        return _constant(given or next(iter(named), None)) not in {None, "error"}
    if whole == "sys.setrecursionlimit":
        return _is_number(given, _ENOUGH_CALLS)
    if whole == "resource.setrlimit":
        return _is_enough(call)
    is_off = isinstance(given, ast.Constant) and given.value in {None, 0}
    return is_off and whole.startswith(("sys.set", "threading.set", "signal."))


def _is_enough(call: ast.Call) -> bool:
    """Whether a limit is none that a load reaches: of what a crash leaves, of open files."""
    if len(call.args) != 2 or not isinstance(call.args[0], (ast.Name, ast.Attribute)):  # noqa: PLR2004
        return False
    kind = ast.unparse(call.args[0]).rpartition(".")[2]
    limits = call.args[1]
    soft = limits.elts[0] if isinstance(limits, ast.Tuple) and limits.elts else None
    is_enough = kind == "RLIMIT_NOFILE" and _is_number(soft, _ENOUGH_FILES)
    return is_enough or kind == "RLIMIT_CORE"


def _is_number(node: ast.expr | None, least: int) -> bool:
    value = _constant(node)
    return isinstance(value, int) and value >= least


def _constant(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None
