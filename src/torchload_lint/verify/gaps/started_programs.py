"""Other programs that a program starts before a load, which may do anything to its file.

Those count that are not known to leave files alone: what reads (``git rev-parse``, ``nvidia-smi``),
or is told by its words which other files it removes.
"""

from __future__ import annotations

import ast
import shlex
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.files_taken import follows
from torchload_lint.verify.gaps.programs_around import program_around

if TYPE_CHECKING:
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.verify.gaps.files_taken import Files

_MENTIONS = late_pattern(
    r"\b(?:subprocess|system|popen|posix_spawnp?|spawn[lv]p?e?|exec[lv]p?e?|create_subprocess_\w+|"
    r"getoutput|getstatusoutput|run_line_magic|run_cell_magic|pexpect|check_call|check_output|Popen)\b"
)
_OF_OS = frozenset(
    "system popen posix_spawn posix_spawnp".split()
    + [f"{kind}{how}" for kind in ("spawn", "exec")
       for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")]
)  # fmt: skip
_OF_SUBPROCESS = frozenset(
    "run call check_call check_output Popen getoutput getstatusoutput".split()
)
_OF_ASYNCIO = frozenset({"create_subprocess_exec", "create_subprocess_shell"})
_OF_NOTEBOOKS = frozenset({"system", "getoutput", "run_line_magic", "run_cell_magic"})
HARMLESS_MAGICS = frozenset(
    """
    matplotlib load_ext autoreload config time timeit env set_env capture pylab precision who whos
    pip conda mamba inline reload_ext tensorboard watermark debug pdb xmode history pwd ls lsmagic
    """.split()
)
"""Magics that leave files and names alone."""
_READING = frozenset(
    """
    nvidia-smi rocm-smi nvcc hostname uname whoami id date ls pwd which whereis echo printf true
    false cat head tail wc du df free lscpu lspci ps uptime printenv getconf grep stty tput clear
    ffprobe sleep ldconfig sw_vers sysctl squeue sinfo scontrol nproc locale groups stat file
    md5sum sha256sum mkdir pip pip3 conda
    """.split()
)
_GIT = frozenset(
    "fetch rev-parse log describe status diff show ls-files branch config remote symbolic-ref "
    "rev-list --version".split()
)
_CHANGING = frozenset({"rm", "rmdir", "mv", "cp", "touch", "ln", "unlink"})
"""What changes the files that it names, and no others."""
_OPEN = "\0"
_OF_SHELLS = frozenset(";&`$><()\n{}~")


def started_before(module: Module, load: LoadCall, files: Files, project: ProjectIndex) -> str:
    """The place, as ``file:row``, that starts such a program; empty where there is none."""
    for part in program_around(module, project):
        home = part.module
        for node in part.unseen() if _MENTIONS.search(home.text) else ():
            if home is module and follows(node, load, module):
                continue
            if _starts(node, home) and not _is_harmless(node, home, files):
                row = getattr(node, "lineno", 0)
                return f"{home.path}:{row} starts another program, which may change files"
    return ""


def _starts(node: ast.AST, home: Module) -> bool:
    """Whether something names what starts programs."""
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
        return False
    whole = home.bindings.qualified(node) or ""
    module, _, name = whole.rpartition(".")
    if module == "subprocess":
        return name in _OF_SUBPROCESS
    if module in {"os", "asyncio"}:
        return name in (_OF_OS if module == "os" else _OF_ASYNCIO)
    if not isinstance(node, ast.Attribute) or node.attr not in _OF_NOTEBOOKS:
        return False
    return "get_ipython" in ast.unparse(node.value)


def _is_harmless(node: ast.AST, home: Module, files: Files) -> bool:
    call = home.parents.get(node)
    if not isinstance(call, ast.Call) or call.func is not node:
        return False
    if (last_name(call.func) or "").startswith("run_"):
        name = call.args[0] if call.args else None
        return isinstance(name, ast.Constant) and name.value in HARMLESS_MAGICS
    given = call.args[0] if call.args else None
    given = next((one.value for one in call.keywords if one.arg in {"args", "cmd"}), given)
    redirected = any(one.arg in {"stdout", "stderr"} for one in call.keywords) and any(
        not _is_no_file(one.value) for one in call.keywords if one.arg in {"stdout", "stderr"}
    )
    if given is None or redirected:
        return False
    definitions = home.bindings.definitions(given) if isinstance(given, ast.Name) else ()
    values = [one.value for one in definitions if one.value is not None]
    if values and len(values) == len(definitions):
        return all(_leaves_alone(value, files) for value in values)
    return _leaves_alone(given, files)


def _is_no_file(node: ast.expr) -> bool:
    return last_name(node) in {"PIPE", "DEVNULL", "STDOUT", "None", "stdout", "stderr"} or (
        isinstance(node, ast.Constant) and node.value is None
    )


def _leaves_alone(command: ast.expr, files: Files) -> bool:
    """Whether a command is known not to touch the files."""
    if isinstance(command, ast.Call) and last_name(command.func) == "split":  # "git log".split()
        command = command.func.value if isinstance(command.func, ast.Attribute) else command
    elif isinstance(command, ast.Call) and command.args:  # shlex.split(…), list(…)
        command = command.args[0]
    text = _text(command)
    if text is not None:
        return leaves_files_alone(text, files)
    if not isinstance(command, (ast.List, ast.Tuple)):
        return False
    words = [getattr(one, "value", None) for one in command.elts]
    return _is_known([one if isinstance(one, str) else None for one in words], files)


def _text(command: ast.expr) -> str | None:
    """A command as a text, with ``_OPEN`` for what is put in; None for what is no text."""
    if isinstance(command, ast.Constant):
        return command.value if isinstance(command.value, str) else None
    if isinstance(command, ast.JoinedStr):
        return "".join(_text(part) or _OPEN for part in command.values)
    return None


def leaves_files_alone(text: str, files: Files) -> bool:
    """Whether a line of a shell is known not to touch the files."""
    return all(_is_known(words, files) for words in _commands(text))


def _commands(text: str) -> list[list[str | None]]:
    """The words of each command of a pipe; a word that is not known for what a shell changes."""
    for ending in ("2>/dev/null", "2>&1", ">/dev/null"):
        text = text.replace(ending, "").replace(ending.replace(">", "> ", 1), "")
    text = text.replace("&&", "|").replace("||", "|").replace(";", "|")
    if not _OF_SHELLS.isdisjoint(text):
        return [[None]]
    try:
        parts = [shlex.split(part) for part in text.split("|")]
    except ValueError:
        return [[None]]
    return [[None if _OPEN in word else word for word in part] for part in parts]


def _is_known(words: list[str | None], files: Files) -> bool:
    program = (words[0] or "").rpartition("/")[2] if words else ""
    if program == "git":
        return any(word in _GIT for word in words[1:4])
    if program in _CHANGING:
        return all(
            word is not None and (word.startswith("-") or not files.are_met_by(word))
            for word in words[1:]
        )
    return program in _READING
