"""Who puts another file where a load reads one: copies, renames, links, archives that are unpacked,
commands that name it, and bytes that are written.

What a ``torch.save`` puts there is known (``producers``); of these nothing is known but the place.
"""

from __future__ import annotations

import ast
import re
from posixpath import basename, normpath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.values import Sequence, Text
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.paths import resolution as resolution_of
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MAX_FILES = 120
"""Files that write something and are searched for one load, its own first."""
_TO_SECOND = frozenset(
    f"{module}.{name}"
    for module, names in (
        ("shutil", ("copy", "copy2", "copyfile", "move")),
        ("os", ("replace", "rename", "renames", "link", "symlink")),
    )
    for name in names
)
_OF_A_PATH = frozenset({"write_bytes", "symlink_to", "hardlink_to"})
"""Methods of paths that make the file itself."""
_TO_A_PATH = frozenset({"rename", "replace"})
"""Methods of paths that make what they are given."""
_UNPACKING = {
    "extractall": (0, "path"),
    "extract": (1, "path"),
    "unpack_archive": (1, "extract_dir"),
}
"""What unpacks an archive: the place and the name of the argument that says into which folder."""
_COMMANDS = frozenset(
    """
    os.system os.popen subprocess.run subprocess.call subprocess.check_call subprocess.check_output
    subprocess.Popen subprocess.getoutput subprocess.getstatusoutput
    """.split()
)
_OPENERS = frozenset({"builtins.open", "io.open"})
_DOWNLOADING = {
    "urllib.request.urlretrieve": (1, "filename"),
    "torch.hub.download_url_to_file": (1, "dst"),
}
"""What fetches a file: the place and the name of the argument that says where it goes."""
_PUTTING: dict[str, tuple[int, str, str]] = {
    **dict.fromkeys(_TO_SECOND, (1, "dst", "either")),
    **{name: (*given, "file") for name, given in _DOWNLOADING.items()},
    "shutil.copytree": (1, "dst", "folder"),
}
_WORDS = frozenset(
    {name.rpartition(".")[2] for name in (*_PUTTING, *_COMMANDS)}
    | _OF_A_PATH
    | _TO_A_PATH
    | set(_UNPACKING)
    | {"open"}
)
_TELLING = late_pattern(
    r"shutil|subprocess|\bos\.(?:replace|rename|link|symlink|system|popen)|extractall|zipfile|tarfile"
    r"|\bos\.open\(|urlretrieve|download_url_to_file"
    r"|write_bytes|(?:symlink|hardlink)_to|\.rename\("
    r"|[\"'](?:[wax]\+?b\+?|b\+?[wax]|rb\+|r\+b)[\"']"
)
"""What the text of a file holds that may put a file somewhere."""


_ASKS = late_pattern(r"exists|is_?file|is_?dir|listdir")


class Write(NamedTuple):
    """A call that may put a file somewhere."""

    call: ast.Call
    target: ast.expr | None
    """What says where; None for the working folder."""
    kind: str
    """``file``, ``folder`` (any file in it), ``either`` or ``command`` (any file that it names)."""


def overwriting(paths: Iterable[str], module: Module, project: ProjectIndex) -> str:
    """The place, as ``file:row``, that puts another file at one of some paths (from the project's
    root, as the code spells them); empty where there is none.
    """
    wanted = {normpath(path) for path in paths}
    homes = [path for path in _writing(project) if path != module.path]
    for home in filter(None, (module, *map(project.module_at, homes[:MAX_FILES]))):
        for write in _writes(home):
            if _reaches(write, wanted, home, project):
                return f"{home.path}:{write.call.lineno}"
    return f"one of the {len(homes)} files that write something" * (len(homes) > MAX_FILES)


def _writing(project: ProjectIndex) -> list[str]:
    """The files of the project that may put a file somewhere."""

    def writes(path: str) -> bool:
        text = project.files.text(path) or ""
        return project.remember_of("writes", path, text, lambda: bool(_TELLING.search(text)))

    return project.remember(
        ("saving", "writing files"), lambda: list(filter(writes, project.files.python_files()))
    )


def _reaches(write: Write, wanted: set[str], home: Module, project: ProjectIndex) -> bool:
    """Whether a call puts a file at one of some paths."""
    if write.kind == "command":
        names = {basename(path) for path in wanted}
        return any(map(home.text.__contains__, names)) and bool(
            names & _targets(write, home, project)
        )
    targets = _targets(write, home, project)
    if write.kind != "file" and any(
        path.startswith(f"{one}/") or (one == "." and (write.kind == "folder" or "/" not in path))
        for path in wanted
        for one in targets
    ):
        return True
    return write.kind != "folder" and not wanted.isdisjoint(targets)


def _targets(write: Write, home: Module, project: ProjectIndex) -> frozenset[str]:
    """Where a call may put a file; of a command, the names of files in it. Worked out once."""
    return project.remember(
        ("saving", "targets", write.call), lambda: frozenset(_evaluated(write, home, project))
    )


def _evaluated(write: Write, home: Module, project: ProjectIndex) -> Iterator[str]:
    if write.target is None:
        yield "."
        return
    engine = Engine(project)
    values = engine.top(write.target, home)
    if write.kind == "command":
        for text in _texts(values):
            yield from map(basename, text.replace('"', " ").split())
        return
    if any(isinstance(one, Text) and normpath(one.text) == "." for one in values):
        yield "."
    for one in resolution_of(values, engine, folders=True).patterns:
        if one.exact:
            yield normpath(one.text)


def _texts(values: Values) -> Iterator[str]:
    for value in values:
        if isinstance(value, Text):
            yield value.text
        elif isinstance(value, Sequence):
            yield from _texts(value.element())


def _writes(module: Module) -> Iterator[Write]:
    """The calls that may put a file somewhere."""
    for word, nodes in carrying(module.tree, module.lines, _WORDS).items():
        for node in nodes:
            call = module.parents.get(node)
            if isinstance(call, ast.Call) and call.func is node:
                write = _write(call, node, word, module)
                if write is not None:
                    yield write


def _write(call: ast.Call, node: ast.AST, word: str, module: Module) -> Write | None:
    meaning = module.bindings.qualified(call.func)
    if meaning in _PUTTING:
        is_asked = meaning in _DOWNLOADING and _only_where_missing(call, module)
        return None if is_asked else _given(call, *_PUTTING[meaning])
    if meaning == "os.open":
        return _given(call, 0, "path") if not _only_reads(call) else None
    if meaning in _COMMANDS:
        return Write(call, call.args[0], "command") if call.args else None
    if word in _UNPACKING and _unpacks(meaning, module):
        folder = _given(call, *_UNPACKING[word])
        return Write(call, folder.target if folder is not None else None, "folder")
    if meaning in _OPENERS:
        return _given(call, 0, "file") if _opens_to_write(call, 1, module) else None
    if not isinstance(node, ast.Attribute):
        return None
    if word in _OF_A_PATH or (word == "open" and not meaning and _opens_to_write(call, 0, module)):
        return Write(call, node.value, "file")
    if word in _TO_A_PATH and len(call.args) == 1:
        return Write(call, call.args[0], "file")
    return None


def _only_where_missing(call: ast.Call, module: Module) -> bool:
    """Whether a test asks first whether the file is there."""
    node: ast.AST | None = call
    while (node := module.parents.get(node) if node is not None else None) is not None:
        if isinstance(node, ast.If) and _ASKS.search(ast.unparse(node.test)):
            return True
    return False


def _only_reads(call: ast.Call) -> bool:
    """Whether ``os.open`` is given flags that only read."""
    flags = call.args[1:2] or [each.value for each in call.keywords if each.arg == "flags"]
    return bool(flags) and not re.search(r"O_(?:WRONLY|RDWR|CREAT|TRUNC)", ast.unparse(flags[0]))


def _unpacks(meaning: str | None, module: Module) -> bool:
    """Whether it is a method of an archive, or ``shutil``'s function."""
    of_archive = "zipfile" in module.text or "tarfile" in module.text
    return of_archive if meaning is None else meaning == "shutil.unpack_archive"


def _given(call: ast.Call, place: int, name: str, kind: str = "file") -> Write | None:
    """A write to what an argument says."""
    named = [each.value for each in call.keywords if each.arg == name]
    target = next(iter((*call.args[place : place + 1], *named)), None)
    return Write(call, target, kind) if target is not None else None


def _writes_bytes(mode: str) -> bool:
    """Whether a mode is one to write bytes; no text is a checkpoint."""
    return "b" in mode and bool(set(mode) & set("wax+"))


def _opens_to_write(call: ast.Call, place: int, module: Module) -> bool:
    """Whether a file is opened to be written, other than by ``torch.save``."""
    named = [each.value for each in call.keywords if each.arg == "mode"]
    mode = next(iter((*call.args[place : place + 1], *named)), None)
    if mode is None or (isinstance(mode, ast.Constant) and not _writes_bytes(text_of(mode))):
        return False
    saves = {each.node for each in module.saves}
    holder = module.parents.get(call)
    if isinstance(holder, ast.withitem) and isinstance(holder.optional_vars, ast.Name):
        name, block = holder.optional_vars.id, module.parents.get(holder)
        uses = [
            each
            for each in ast.walk(block or module.tree)
            if isinstance(each, ast.Name) and each.id == name and each is not holder.optional_vars
        ]
        return not uses or any(module.parents.get(each) not in saves for each in uses)
    return holder not in saves
