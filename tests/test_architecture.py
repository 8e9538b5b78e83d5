"""The plan of ARCHITECTURE.md, held: floors, doors, and what is never imported."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parent.parent / "src" / "torchload_lint"
ROOMS = sorted(
    path.parent.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("__init__.py")
    if path.parent != PACKAGE and len(list(path.parent.glob("*.py"))) > 1
)
LONGEST_FILE = 450
LARGEST_ROOM = 2500
HEAVY = ("libcst", "torch", "numpy", "pygls", "lsprotocol", "yaml", "asyncio", "multiprocessing")


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {_meant(node.module, alias.name) for alias in node.names}
    return found


def _meant(module: str, name: str) -> str:
    """``from package import sibling`` means the sibling, not the package's door."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    is_module = (path / f"{name}.py").exists() or (path / name).is_dir()
    return f"{module}.{name}" if is_module else module


def test_floors_and_forbidden_imports() -> None:
    script = "from importlinter.cli import lint_imports_command as run; run()"
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=PACKAGE.parent.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_siblings_do_not_use_their_own_door(room: str) -> None:
    inside = [path for path in (PACKAGE / room).glob("*.py") if path.name != "__init__.py"]
    assert inside
    door = f"torchload_lint.{room.replace('/', '.')}"
    assert [path.name for path in inside if door in imported_modules(path)] == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports inside functions and under TYPE_CHECKING count, too."""
    names = {path: _dotted(path) for path in PACKAGE.rglob("*.py")}
    imports = {name: imported_modules(path) & set(names.values()) for path, name in names.items()}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_file_is_too_long() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {path: count for path, count in lines.items() if count > LONGEST_FILE} == {}


@pytest.mark.parametrize("room", [".", *ROOMS])
def test_no_room_is_too_large(room: str) -> None:
    """A room is a folder without the rooms inside it."""
    files = list((PACKAGE / room).glob("*.py"))
    assert files
    lines = sum(len(path.read_text().splitlines()) for path in files)
    assert lines <= LARGEST_ROOM, f"{room} is full: give what is alike a room inside it"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_its_first_line_what_it_is_for(room: str) -> None:
    sign = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text())) or ""
    first = sign.partition("\n")[0]
    assert len(first) > 10
    assert first.endswith((".", "?"))


def test_every_module_has_a_docstring() -> None:
    modules = list(PACKAGE.rglob("*.py"))
    bare = [str(path) for path in modules if not ast.get_docstring(ast.parse(path.read_text()))]
    assert modules
    assert bare == []


def test_only_the_command_line_prints() -> None:
    printing = [str(path) for path in PACKAGE.rglob("*.py") if _names_print(path)]
    assert printing == []


def _names_print(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    return any(isinstance(node, ast.Name) and node.id == "print" for node in ast.walk(tree))


def loaded_after(folder: Path, *arguments: str) -> set[str]:
    """The modules that a run of the command line has imported by its end."""
    script = (
        "import os, sys\n"
        "leave = os._exit\n"
        "def told(status):\n"
        "    print(*sorted(sys.modules), sep='\\n', file=sys.stderr, flush=True)\n"
        "    leave(status)\n"
        "os._exit = told\n"
        f"sys.argv = ['torchload-lint', *{list(arguments)!r}]\n"
        "from torchload_lint.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return set(done.stderr.splitlines())


NOT_YET = (
    "torchload_lint.rules",
    "torchload_lint.reports.checkpoints.union",
    "torchload_lint.source.names",
)


def test_a_run_without_loads_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\nprint(os.sep)\n")
    loaded = loaded_after(tmp_path, ".")
    assert "torchload_lint.cli.checking" in loaded
    assert "click" not in loaded
    assert [name for name in loaded if name.startswith(NOT_YET)] == []
    assert [name for name in HEAVY if name in loaded] == []


FOR_CHECKPOINTS = (
    *("torchload_lint.checkpoint.pickles.held_calls", "torchload_lint.source.proofs.class_facts"),
    *("dataclasses", "inspect", "json"),
)


def test_a_report_without_fixes_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch\nx = torch.load(p, weights_only=q)\n")
    loaded = loaded_after(tmp_path, ".")
    assert "torchload_lint.linter" in loaded
    assert "click" not in loaded
    assert [name for name in (*HEAVY, *FOR_CHECKPOINTS) if name in loaded] == []


LIBRARIES = PACKAGE / "source" / "libraries"
DATA = ("CALLS", "METHODS", "ATTRIBUTES", "DECORATED", "DEFAULTS", "TEXTS", "ITEMS", "MAPPINGS")
NOT_BY_ROOT = ("INHERITED", "PARAMETERS", "METHODS_OF_ANYTHING")
"""Tables that are met by other signs than the first part of a dotted name."""


def test_a_library_is_one_file() -> None:
    """The registry finds each file that knows a library, and no two files know one name."""
    from torchload_lint.source.libraries import registry

    named = re.findall(r'_file\("([\w.]+)"\)', (LIBRARIES / "registry.py").read_text())
    found = {
        *chain.from_iterable(registry.ROOTS.values()),
        *registry.METHOD_NAMES.values(),
        *registry.ATTRIBUTE_NAMES.values(),
        *named,
    }
    files = {
        ".".join(path.relative_to(LIBRARIES).with_suffix("").parts): path
        for path in LIBRARIES.rglob("*.py")
        if path.stem != "__init__"
    }
    assert found <= files.keys()
    helping = {
        name.removeprefix("torchload_lint.source.libraries.")
        for path in files.values()
        for name in imported_modules(path)
    }
    tables = {
        name
        for name, path in files.items()
        if any(f"\n{t}" in path.read_text() for t in (*DATA, *NOT_BY_ROOT))
    }
    assert tables <= found
    assert files.keys() - found - helping - {"registry"} == set()
    names = [
        (table, name)
        for file in sorted(found)
        for table in DATA
        for name in getattr(import_module(f"torchload_lint.source.libraries.{file}"), table, ())
    ]
    assert len(names) > 200
    assert [each for each, count in Counter(names).items() if count > 1] == []
    unreachable = [name for _, name in names if name.partition(".")[0] not in registry.ROOTS]
    assert unreachable == []


def test_only_the_registry_leads_to_what_is_known_of_a_library() -> None:
    """No file outside the room imports one of its files."""
    room = "torchload_lint.source.libraries"
    outside = [path for path in PACKAGE.rglob("*.py") if LIBRARIES not in path.parents]
    imported = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in outside
        for name in imported_modules(path)
        if name.startswith(f"{room}.") and name != f"{room}.registry"
    }
    assert imported == set()


OF_THE_LANGUAGE = {"Dict", "Parameter"}
"""Classes of libraries whose names ``typing``, torch or this package have, too."""
NAMING_LIBRARIES = {
    "libraries/hubs/hub_models.py": "the owner of a repository that torch.hub fetches",
    "project/not_followed.py": "packages that are never a project's own",
    "proofs/unpickled.py": "functions that run what they are given, which no proof lets pass",
    "text/command_lines.py": "programs that start other programs",
    "text/settings_files.py": "endings of files",
    "text/yaml_text.py": "the tags of YAML itself",
}
"""Files that name libraries for another reason than to know what they do with paths."""


def test_what_is_known_of_a_library_stands_in_its_file_alone() -> None:
    """No text or bytes of the source's rooms (docstrings aside) hold the name of a library, or of
    a class of its, as a word: only the files that the registries name for it.
    """
    from torchload_lint.source.libraries import registry
    from torchload_lint.source.loaders import known

    ours = set(sys.stdlib_module_names) | {"builtins", "torch", "torchvision", "numpy"}
    roots = ({*registry.ROOTS} | {*known.ROOTS}) - ours
    classes = {*_classes_in_tables(roots), *_classes_of_loaders()} - OF_THE_LANGUAGE
    assert {"LightningModule", "EasyDict", "Trainer"} <= classes
    source = PACKAGE / "source"
    known_to = {f"libraries/{name.replace('.', '/')}.py": name for name in _files_of_registry()}
    naming = {
        path.relative_to(source).as_posix(): words
        for path in source.rglob("*.py")
        if "loaders/known/" not in path.as_posix() and path.stem != "registry"
        if (words := _named_in(path, roots, classes))
    }
    for file, name in known_to.items():
        its_own = {root for root, files in registry.ROOTS.items() if name in files}
        naming[file] = naming.get(file, set()) - its_own - classes
    found = {file: words for file, words in naming.items() if words}
    assert found == {file: naming.get(file) for file in NAMING_LIBRARIES}, (
        "these texts hold a library's name, or that of a class in a library's table: what is known "
        "of it belongs into the library's file; where the word is a class of our own, add it to "
        "OF_THE_LANGUAGE"
    )


def _files_of_registry() -> set[str]:
    from torchload_lint.source.libraries import registry

    return {
        *chain.from_iterable(registry.ROOTS.values()),
        *registry.METHOD_NAMES.values(),
        *registry.ATTRIBUTE_NAMES.values(),
        *registry.CLASS_NAMES.values(),
    }


def _classes_in_tables(roots: set[str]) -> Iterator[str]:
    for file in _files_of_registry():
        module = import_module(f"torchload_lint.source.libraries.{file}")
        for table in DATA:
            for name in getattr(module, table, ()):
                if name.partition(".")[0] in roots:
                    yield from (part for part in name.split(".") if part[:1].isupper())


def _classes_of_loaders() -> Iterator[str]:
    from torchload_lint.source.loaders import known

    for file in set(known.ROOTS.values()) - {"torch", "torchvision"}:
        for loader in known.library(file).loaders:
            yield from (name for name in loader.of.split("|") if name[:1].isupper())


def _named_in(path: Path, roots: set[str], classes: set[str]) -> set[str]:
    """The libraries and their classes that the texts of a file name."""
    found: set[str] = set()
    for text in _texts(ast.parse(path.read_text())):
        found |= {*re.findall(r"(?<![\w.])\w+", text)} & roots
        found |= {*re.findall(r"\w+", text)} & classes
    return found


def _texts(tree: ast.AST) -> Iterator[str]:
    """What the literals of a file hold, without its docstrings."""
    said = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list)
        for statement in body
        if isinstance(statement, ast.Expr)
    }
    for node in ast.walk(tree):
        value = getattr(node, "value", None)
        if isinstance(node, ast.Constant) and id(node) not in said:
            if isinstance(value, str):
                yield value
            elif isinstance(value, bytes):
                yield value.decode("latin-1")


def test_a_program_without_a_library_does_not_import_what_is_known_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch\nx = torch.load('a.pt', weights_only=False)\n")
    loaded = loaded_after(tmp_path, "loads", ".")
    room = "torchload_lint.source.libraries."
    assert f"{room}registry" in loaded
    assert [
        name for name in ("lightning", "hydra", "options.argparse_cli") if room + name in loaded
    ] == []


TESTS = Path(__file__).parent
NOT_ROOMS = {"docs", "programs"}
"""What belongs to no room: the pages, and made programs that real torch runs."""


def test_tests_lie_where_the_code_lies() -> None:
    folders = {path.parent.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")}
    assert folders - {".", *ROOMS, *NOT_ROOMS} == set()
    outer = {room.partition("/")[0] for room in ROOMS}
    assert outer - {folder.partition("/")[0] for folder in folders} == set()
    of_source = {room for room in ROOMS if re.fullmatch(r"source/\w+", room)}
    assert {room for room in of_source if not any(f"{room}/" in f"{f}/" for f in folders)} == set()
