"""What a recorded run has seen, as loads of the projects that the calls stand in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter, defaultdict
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.record.notebooks import row_in_notebook
from torchload_lint.record.store import merge, read_store, write_loads, write_store
from torchload_lint.regular_files import open_regular, read_regular_text
from torchload_lint.source.recorded import RecordedLoad
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.workspace.inspection import inspect_path
from torchload_lint.workspace.on_disk.discover import discover

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.record.run import Observed
    from torchload_lint.workspace.projects import Project, Projects

IN_MEMORY = Path("<in memory>")
"""Stands for the file, where a call has read a buffer."""
LOADABLE = frozenset({"loads", "needs-safe-globals"})
HASHED_BYTES = 2**31
"""Larger checkpoints are not hashed."""
HASHED_IN_ALL = 2**33
"""Nor are others, when so much was read for that: the program is over, and its user waits."""
_EXAMPLES = 3
MAX_FILES = 32
"""How many files of one call are kept (a data set may be a folder of ``.pt`` files)."""


class Recorder:
    """Takes what was observed, one run at a time.

    Loads of the project of ``folder`` count, of the project of the program that is started, and of
    projects inside of these; each is stored with the project that it belongs to.
    """

    def __init__(self, folder: Path, projects: Projects, program: Path | None = None) -> None:
        """Raise ConfigError where a configuration, or what was recorded before, is wrong."""
        self._projects = projects
        started = [projects.project_of(program)] if program else []
        of_program = [project for project in started if project.is_marked]
        known = [projects.project_of(folder / "any"), *of_program]
        self._homes = [Path(os.path.realpath(project.config.root)) for project in known]
        for project in known:
            if project.recording_problem:  # asked now: the program may change it
                raise ConfigError(project.recording_problem)
        self._found: dict[Path, dict[tuple[object, ...], RecordedLoad]] = {}
        """By the root of the project, and by call and checkpoint."""
        self.left_out: Counter[str] = Counter()
        """How many calls were not kept, and why."""
        self.examples: defaultdict[str, list[str]] = defaultdict(list)
        """By the reason: some of the calls, as ``file:row``."""
        self._files_of: Counter[tuple[Path, int]] = Counter()
        self._hashes: dict[Path, str] = {}
        self._may_be_hashed = HASHED_IN_ALL

    @property
    def loads(self) -> dict[Path, list[RecordedLoad]]:
        """What was kept, by the root of the project."""
        return {root: list(found.values()) for root, found in self._found.items()}

    def take(self, observed: Iterable[Observed]) -> None:
        """Keep what belongs here. Raises ConfigError."""
        for one in observed:
            try:
                why = self._take(one)
            except (OSError, ValueError):  # whatever the program has named
                why = "of what could not be looked at"
            if why:
                self.left_out[why] += 1
                shown = _below(one.file, self._homes[0]) or one.file
                if len(self.examples[why]) < _EXAMPLES:
                    self.examples[why].append(f"{shown.as_posix()}:{one.row}")

    def write(self) -> list[Path]:
        """Add to what was recorded before; the files written. Raises ConfigError and OSError.

        Temporary files have another name in each run: those of a call give way to today's.
        """
        paths = []
        for root, found in self.loads.items():
            calls = {(one.file, one.function) for one in found}
            known = read_store(root)
            old = [
                one for one in known if (one.file, one.function) not in calls or not _passes(one)
            ]
            paths.append(write_store(root, merge(old, found)))
        return paths

    def rescue(self) -> list[Path]:
        """Write what was seen into the user's own folder, where a project cannot be written to.

        Raises OSError.
        """
        home = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
        folder = Path(home) / "torchload-lint"
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for root, found in self.loads.items():
            mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:8]
            paths.append(folder / f"{root.name or 'project'}-{mark}-loads.json")
            write_loads(paths[-1], sorted(found))
        return paths

    def _take(self, one: Observed) -> str:
        """Keep one load, or say why not."""
        place = self._place(one)
        if place is None:
            return "in other code"
        if one.checkpoint is None and one.kept is None:
            return "from a buffer"
        file, row = place
        project = self._projects.project_of(file)
        root = Path(os.path.realpath(project.config.root))
        checkpoint = one.checkpoint or IN_MEMORY
        inside = _below(checkpoint, root)
        is_gone = inside is None and _is_temporary(checkpoint) and not checkpoint.exists()
        if is_gone and one.kept is None:
            return "of a temporary file that is gone"
        if self._files_of[place] >= MAX_FILES:
            return f"beyond {MAX_FILES} files of one call"
        self._files_of[place] += 1
        verdict, names = _looked_into(one.kept or checkpoint, project)
        load = RecordedLoad(
            file=file.relative_to(root).as_posix(),
            function=one.function,
            row=row,
            checkpoint=(inside or checkpoint).as_posix(),
            sha256=self._hash(one.kept or checkpoint),
            verdict=verdict,
            safe_globals=names,
            torch=one.torch,
            outcome=one.outcome,
        )
        known = self._found.setdefault(root, {})
        same = known.pop(_call(load), None)  # one call has read two contents of one file
        known[_call(load)] = load if same is None else _together(same, load)
        return ""

    def _hash(self, path: Path) -> str:
        """A checkpoint's hash; empty where it would take too long."""
        if path not in self._hashes:
            size = _size(path)
            may_be = size <= min(HASHED_BYTES, self._may_be_hashed)
            self._may_be_hashed -= size if may_be else 0
            self._hashes[path] = _hash(path) if may_be else ""
        return self._hashes[path]

    def _place(self, one: Observed) -> tuple[Path, int] | None:
        """The file and row of the call, where they are of these projects or one inside of them."""
        if one.source is not None:
            return self._in_notebook(one.source, one.row, one.folder)
        for home in self._homes:
            inside = _below(one.file, home)
            if inside and "site-packages" not in inside.parts and one.file.is_file():
                return home / inside, one.row
        return None

    def _in_notebook(self, source: str, row: int, folder: str) -> tuple[Path, int] | None:
        """The notebook that holds the executed text; those where the kernel was started first."""
        for path, notebook in sorted(
            self._notebooks, key=lambda known: str(known[0].parent) != os.path.realpath(folder)
        ):
            found = row_in_notebook(notebook, source, row)
            if found is not None:
                return path, found
        return None

    @cached_property
    def _notebooks(self) -> list[tuple[Path, Notebook]]:
        paths, _ = discover(self._homes, self._projects.config_of)
        notebooks = (Path(path) for path in paths if path.endswith(".ipynb"))
        read = [(path, _notebook(path)) for path in notebooks]
        return [(path, notebook) for path, notebook in read if notebook is not None]


def _below(path: Path, root: Path) -> Path | None:
    """The path from the root, whichever links lead there; None where it lies elsewhere."""
    for spelled in (path, Path(os.path.realpath(path))):
        if spelled.is_relative_to(root):
            return spelled.relative_to(root)
    return None


def _call(load: RecordedLoad) -> tuple[object, ...]:
    """The call and the checkpoint, without what was found in that."""
    return load[:4]


def _together(one: RecordedLoad, other: RecordedLoad) -> RecordedLoad:
    """What one call needs of a file that it has read with several contents."""
    worst = max((one, other), key=lambda load: load.verdict not in LOADABLE)
    names = dict.fromkeys((*one.safe_globals, *other.safe_globals))
    if worst.verdict in LOADABLE:
        worst = worst._replace(verdict="needs-safe-globals" if names else "loads")
    return worst._replace(safe_globals=tuple(names), sha256="")


def _is_temporary(path: Path) -> bool:
    return path.is_relative_to(tempfile.gettempdir())


def _passes(one: RecordedLoad) -> bool:
    """Whether its file is a temporary one (a path inside of the project is kept relative)."""
    return _is_temporary(Path(one.checkpoint))


def _notebook(path: Path) -> Notebook | None:
    try:
        read = Notebook.of(read_regular_text(path))
    except (OSError, UnicodeDecodeError):
        return None
    return read if isinstance(read, Notebook) else None


@cache
def _looked_into(path: Path, project: Project) -> tuple[str, tuple[str, ...]]:
    """Verdict and needed names of a checkpoint."""
    report = inspect_path(path, project).report
    return report.verdict.value, tuple(str(one.name) for one in report.safe_globals)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hash(path: Path) -> str:
    try:
        with open_regular(path) as file:
            digest = hashlib.sha256()
            while chunk := file.read(2**20):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError:
        return ""
