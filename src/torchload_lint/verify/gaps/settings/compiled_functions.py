"""Whether the function that loads is run as it is written: what takes its place may not load.

A compiler of functions refuses a load or leaves it out, and what else a decorator makes of a
function is the decorator's affair. Those that are known to call it as it is are let by.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.programs_around import program_around

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_HOLDERS = (*FUNCTIONS, ast.ClassDef)
_COMPILERS = ("torch.jit.", "torch.export.", "torch.fx.", "torch.onnx.", "torch._dynamo.",
              "numba.", "torch.func.", "torch.vmap")  # fmt: skip
"""Beginnings of whole names that make something else of a function."""
_MENTIONS = late_pattern(r"\bjit\b|\bexport\b|\bfx\b|\bonnx\b|dynamo|numba|fullgraph|vmap|func\b")
_LEAVES = frozenset(
    """
    torch.jit.ignore torch.jit.unused torch.jit.is_scripting torch.jit.is_tracing torch.jit.load
    torch.jit.save torch._dynamo.disable torch._dynamo.reset torch.compile torch.compiler.disable
    torch.no_grad torch.inference_mode torch.enable_grad torch.set_grad_enabled torch.autocast
    builtins.staticmethod builtins.classmethod builtins.property abc.abstractmethod atexit.register
    functools.cache functools.lru_cache functools.cached_property functools.wraps
    contextlib.contextmanager contextlib.asynccontextmanager
    """.split()
)
"""What calls a function as it is, if it calls it."""
_BESIDE = frozenset(
    """
    abc click fire hydra typer pytest typing typing_extensions flask fastapi gradio streamlit
    celery lightning pytorch_lightning lightning_utilities ray modal huggingface_hub tyro absl
    unittest
    """.split()
)
"""Libraries whose decorators note a function, or call it on one process of several."""
_NOTING = frozenset(
    """
    command group route get post put delete patch on_event task setter getter deleter callback
    option argument fixture main register register_module before_request exception_handler
    """.split()
)
"""Methods of objects that note a function, and give it back."""


def made_of_function(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The place, as ``file:row``, and what is made there of the function that loads; or empty."""
    around = [one for one in ancestors(module, load.node) if isinstance(one, _HOLDERS)]
    for holder in around:
        for decorator in holder.decorator_list if isinstance(holder, FUNCTIONS) else ():
            if not _leaves(decorator, module):
                made = ast.unparse(decorator)
                return f"{module.path}:{decorator.lineno} puts what @{made:.60} makes in its place"
    names = {one.name for one in around}
    for part in program_around(module, project) if names else ():
        if _MENTIONS.search(part.module.text):
            for call in _compiling(part.module):
                used = {one.id for one in ast.walk(call) if isinstance(one, ast.Name)}
                if used & names:
                    return f"{part.module.path}:{call.lineno} compiles {min(used & names)}"
    return ""


def _compiling(module: Module) -> Iterator[ast.Call]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and _compiles(node, module):
            yield node


def _compiles(call: ast.Call, module: Module) -> bool:
    whole = module.bindings.qualified(call.func) or ""
    if whole == "torch.compile":
        return _is_whole(call)
    return whole.startswith(_COMPILERS) and whole not in _LEAVES


def _is_whole(call: ast.Call) -> bool:
    """Whether ``torch.compile`` may be asked to compile all of a function."""
    named = [one.value for one in call.keywords if one.arg in {"fullgraph", None}]
    return any(not isinstance(one, ast.Constant) or bool(one.value) for one in named)


def _leaves(decorator: ast.expr, module: Module) -> bool:
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    whole = module.bindings.qualified(made) or ""
    if whole == "torch.compile":
        return not (isinstance(decorator, ast.Call) and _is_whole(decorator))
    if whole in _LEAVES or whole.partition(".")[0] in _BESIDE:
        return True
    return isinstance(made, ast.Attribute) and last_name(made) in _NOTING
