"""What a program does to torch's own loading before a load, unseen by a proof: to the list of what
is allowed, to its settings, to its functions.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.helper_module import is_helper
from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.files_taken import follows
from torchload_lint.verify.gaps.programs_around import program_around
from torchload_lint.verify.gaps.settings.modules_handed import module_handed_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MENTIONS = late_pattern(
    r"\btorch\b|builtins|setattr|patch|\bpickle\b|\bio\b|struct|copyreg|\bos\b|OrderedDict|"
    r"TORCH_FORCE|\bmodules\b"
)
_STATES = frozenset(
    """
    clear_safe_globals _clear_safe_globals _remove_safe_globals _marked_safe_globals_set
    set_default_load_endianness set_default_mmap_options
    """.split()
)
_SETTINGS = ("torch.utils.serialization", "torch._weights_only_unpickler")
"""Modules that few programs use, and only to have torch load otherwise."""
_LOADING = ("torch.", "builtins.open", "pickle.", "io.", "struct.", "copyreg.", "os.fspath",
            "os.PathLike", "collections.OrderedDict")  # fmt: skip
"""Beginnings of whole names that a load goes through."""
_BESIDE_LOADING = tuple(
    f"torch.{name}."
    for name in """
    accelerator amp autograd backends cpu compiler cuda distributed distributions fft hub jit linalg
    mps nn.functional nn.init nn.utils onnx optim profiler random special testing utils.checkpoint
    utils.cpp_extension utils.data utils.tensorboard xpu _dynamo _functorch _inductor _logging
    """.split()
)
"""Parts of torch that a load does not ask."""
_OF_PYTHON = frozenset(dir(builtins)) - frozenset("print input help exit quit __doc__".split())
"""Builtins that torch's loader may ask; others are changed for people's sake."""
_FUNCTIONS_OF_TORCH = frozenset({"load", "_load", "_legacy_load", "safe_globals"})
_FORCES = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""With which torch 2.13 raises where the other variable of this kind is set, too."""
_FORCED = "TORCH_FORCE"
_SETTING = frozenset(
    {"setattr", "delattr", "__setattr__", "object", "patch", "multiple", "setitem"}
)


def torch_changed_before(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The place, as ``file:row``, and what it does; empty where there is none."""
    for part in program_around(module, project):
        home = part.module
        if not _MENTIONS.search(home.text) or is_helper(home.path, home.text):
            continue
        imports = (node for node in ast.walk(home.tree) if isinstance(node, ast.ImportFrom))
        for node in (*imports, *part.unseen()):
            if home is module and follows(node, load, module):
                continue
            for said in (*_said(node, home, module), module_handed_on(node, home)):
                if not said:
                    continue
                return f"{home.path}:{getattr(node, 'lineno', 0)} {said}"
    return ""


def _said(node: ast.AST, home: Module, module: Module) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _imported(node, home is module)
    elif isinstance(node, ast.Attribute):
        yield from _used(node, home, module)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and home is not module:
        whole = home.bindings.qualified(node) or ""
        if whole.rpartition(".")[2] in _STATES and whole.startswith("torch."):
            yield f"may change what is allowed ({node.id})"
    elif isinstance(node, ast.Call):
        yield from _set(node, home)
    elif isinstance(node, ast.Constant) and _FORCES.startswith(_beginning(node.value)):
        yield f"may set {_FORCES}"


def _beginning(text: object) -> str:
    """A text that may become the name of that variable: it, or what it begins with."""
    is_one = isinstance(text, str) and text.startswith(_FORCED)
    return str(text) if is_one else " "


def _imported(node: ast.Import | ast.ImportFrom, is_own: bool) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{name}" for name in names]
    for name in names:
        if name.startswith(_SETTINGS):
            yield f"may change how torch loads ({name})"
        renamed = any(alias.name in _STATES and alias.asname for alias in node.names)
        if renamed and not is_own:
            yield f"may change what is allowed ({name})"


def _used(node: ast.Attribute, home: Module, module: Module) -> Iterator[str]:
    whole = home.bindings.qualified(node) or ""
    if whole.startswith(_SETTINGS):
        yield f"may change how torch loads ({whole})"
    if not isinstance(node.ctx, ast.Load):
        is_own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
        if _is_asked(whole) or (node.attr in _FUNCTIONS_OF_TORCH and not is_own and not whole):
            yield f"changes {ast.unparse(node):.60}"
    elif node.attr in _STATES and (home is not module or node.attr != "clear_safe_globals"):
        yield f"may change what is allowed ({node.attr})"


def _is_asked(whole: str) -> bool:
    """Whether a load goes through what has this whole name."""
    module, _, name = whole.rpartition(".")
    is_python = module in {"builtins", "builtins.__builtins__"} and name in _OF_PYTHON
    is_torch = whole.startswith(_LOADING) and not whole.startswith(_BESIDE_LOADING)
    return is_torch or whole == "builtins" or is_python


def _set(call: ast.Call, home: Module) -> Iterator[str]:
    """What is set, or looked up, by a name."""
    name = last_name(call.func)
    texts = [str(one.value) for one in call.args if isinstance(one, ast.Constant)]
    if name in _SETTING and any(map(_is_asked, texts)):
        yield f"may change {texts[0]}"
    if name not in _SETTING | {"getattr"} or not call.args:
        return
    of = home.bindings.qualified(call.args[0]) or ""
    said = texts[0] if texts else ""
    if not of.startswith(("torch", "builtins", "pickle")) or isinstance(call.args[0], ast.Constant):
        return
    if (not said and of in {"torch", "torch.serialization", "builtins"}) and len(call.args) > 1:
        yield f"may change anything of {of}" if name != "getattr" else f"may call anything of {of}"
    if name != "getattr" and _is_asked(f"{of}.{said}"):
        yield f"may change {of}.{said}"
    if name == "getattr" and said in _STATES:
        yield f"may change what is allowed ({said})"
