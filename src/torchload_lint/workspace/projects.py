"""One project for each configuration: its files, its checkpoints, its rules."""

from __future__ import annotations

import gc
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.configuration_files import (
    config_for,
    find_config,
    is_root,
    load_config,
    may_hold_config,
)
from torchload_lint.path_globs import fits_path
from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.kept_trees import KeptTrees
from torchload_lint.workspace.on_disk.discover import of_one_project
from torchload_lint.workspace.on_disk.source_files import DiskFiles, is_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.checkpoint.known.torch_versions import Target
    from torchload_lint.config import Config, Settings
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.notes import WantedNotes
    from torchload_lint.requirements.releases import Requirements
    from torchload_lint.rules.context import Context, Veto
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.recorded import RecordedLoad
    from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints
    from torchload_lint.workspace.on_disk.environment import InstalledPackages


class Projects:
    """The project that each file belongs to; made once for each configuration."""

    def __init__(self, settings: Settings, veto: Veto | None = None) -> None:
        """``veto`` is asked about every fix (``rules.base.Context.veto``)."""
        self.settings = settings
        self._veto = veto
        self._read: Callable[[str], bytes] = read_regular
        self._by_folder: dict[str, Project] = {}
        self._by_spelling: dict[str, Project] = {}
        self._projects: dict[Config, Project] = {}
        self._reaching: dict[str, bool] = {}
        """Root → whether what holds there holds below."""
        self._here = os.getcwd()
        file = settings.config_file
        self._given = load_config(file, is_named=True) if file else None

    def config_of(self, folder: Path) -> Config:
        """The configuration that holds in a folder. Raises ConfigError where it is wrong."""
        return self._project_in(os.path.abspath(folder)).config

    def project_of(self, path: Path | str) -> Project:
        """The project of a file. Raises ConfigError."""
        folder = os.path.dirname(path)
        if folder not in self._by_spelling:
            self._by_spelling[folder] = self._project_in(os.path.abspath(folder))
        return self._by_spelling[folder]

    def place_of(self, checkpoint: Path) -> Path:
        """Where a checkpoint counts as lying: where it is, or, where no project is around it, in
        the current folder, if that is a project's. Raises ConfigError.
        """
        here = Path(checkpoint.name)
        around = self.project_of(checkpoint)
        return checkpoint if around.is_marked or not self.project_of(here).is_marked else here

    def are_named(self, paths: Iterable[Path]) -> None:
        """What is to be looked at: a folder of these may be a project, where no marker says so.

        To be told before anything is asked.
        """
        folders = (os.path.abspath(path) for path in paths if path.is_dir())
        self.settings = self.settings._replace(named=tuple(folders))

    def know(self, folder: Path, files: Iterable[str]) -> None:
        """Tell the project of a folder, where that is the project's root, that these are all its
        files, so that they are not listed again.
        """
        project = self.project_of(folder / "file")
        if os.path.abspath(folder) == os.path.abspath(project.config.root):
            names = map(project.name_of, files)
            project.files.know(of_one_project(project.config.root, names))

    def read(self, path: str) -> bytes:
        """The bytes of a source file. Raises OSError or ValueError."""
        return self._read(path)

    def read_through(self, read: Callable[[str], bytes]) -> None:
        """Let sources be read in another way from now on."""
        self._read = read

    def changed(self, path: str) -> None:
        """A Python file has another content, on the disk or in an editor."""
        for project in self._projects.values():
            project.changed(path)

    def recording_problems(self) -> tuple[str, ...]:
        """Why recordings of the projects that are known cannot be read, a sentence each."""
        found = (project.recording_problem for project in self._projects.values())
        return tuple(f"{problem}; it is left out" for problem in found if problem)

    def roots(self) -> tuple[str, ...]:
        """The folders of the projects that are known so far."""
        return tuple(project.root for project in self._projects.values())

    def known(self) -> tuple[Project, ...]:
        """The projects that were asked about so far."""
        return tuple(self._projects.values())

    def _project_in(self, folder: str) -> Project:
        if folder not in self._by_folder:
            self._by_folder[folder] = self._inherited(folder) or self._project_with(
                self._overridden(self._given_config(folder) or self._found_config(folder))
            )
        return self._by_folder[folder]

    def _found_config(self, folder: str) -> Config:
        settings = self.settings
        return config_for(Path(folder), isolated=settings.isolated, named=settings.named)

    def _given_config(self, folder: str) -> Config | None:
        """What holds in a folder of a configuration that is named outright (``--config``).

        One that lies elsewhere, such as a trusted copy, leaves the project's root where it is.
        """
        given, place = self._given, Path(folder)
        if given is None or given.root in {place, *place.parents}:
            return given
        found = config_for(place, isolated=True, named=self.settings.named)
        return given._replace(root=found.root)

    def _inherited(self, folder: str) -> Project | None:
        """The project of the folder above, where its configuration is this folder's as well."""
        parent = os.path.dirname(folder)
        beginnings = {parent, self._here, *self.settings.named}
        if self._given or folder in beginnings or self._has_own(folder):
            return None
        above = self._project_in(parent)
        return above if self._reaches_below(above.config) else None

    def _has_own(self, folder: str) -> bool:
        if not may_hold_config(folder):
            return False
        found = Path(folder)
        return is_root(found) or bool(not self.settings.isolated and find_config(found))

    def _reaches_below(self, config: Config) -> bool:
        """Whether the configuration of a folder is one that holds below it too."""
        root = str(config.root)
        if root not in self._reaching:
            has_mark = config.file is not None or is_root(config.root)
            self._reaching[root] = has_mark or root in {self._here, *self.settings.named}
        return self._reaching[root]

    def _project_with(self, config: Config) -> Project:
        if config not in self._projects:
            flags = frozenset(self.settings.overrides)
            self._projects[config] = Project(
                config, self._veto, flags, self.read, self.settings.python, self.settings.remote
            )
        return self._projects[config]

    def _overridden(self, config: Config) -> Config:
        return config._replace(**self.settings.overrides)


class Project:
    """A configuration, and everything that is made from it once."""

    def __init__(
        self,
        config: Config,
        veto: Veto | None = None,
        flags: frozenset[str] = frozenset(),
        read: Callable[[str], bytes] = read_regular,
        python: Path | None = None,
        remote: bool = False,
    ) -> None:
        """``flags`` are the fields of the configuration that the command line has set; ``read``
        gives the bytes of a source file; ``python`` is an interpreter whose packages count;
        ``remote``: whether checkpoints at addresses are read.
        """
        self.config = config
        self._python = python
        self._remote = remote
        self._veto = veto
        self._flags = flags
        self._root = os.path.join(os.path.abspath(config.root), "")
        here = os.path.join(os.getcwd(), "")
        is_inside = os.sep == "/" and here.startswith(self._root)
        self._here = here[len(self._root) :] if is_inside else None
        self._read = read
        self.files = DiskFiles(config, read)
        self._kept_trees = KeptTrees()
        self._packages: dict[str, ProjectIndex | None] = {}
        """What was read of installed packages: kept while the project's own files change."""
        self._index_before: ProjectIndex | None = None
        """What was known before files changed."""
        self._changed: dict[str, str | None] = {}
        """Those files, with the text that they had."""

    @property
    def is_marked(self) -> bool:
        """Whether a configuration, or a marker such as ``.git``, says that its root is one."""
        return self.config.file is not None or is_root(self.config.root)

    @property
    def baseline(self) -> Path | None:
        """The file of known findings that the configuration names, if it names one."""
        return self.config.root / self.config.baseline if self.config.baseline else None

    @cached_property
    def torch(self) -> TorchRange:
        """The releases that code in the root may run on: configured, stated, or the newest."""
        return self.torch_in("")

    def torch_in(self, folder: str) -> TorchRange:
        """The same for the code in a folder, named from the root."""
        # What reads requirements is imported where there is a load.
        from torchload_lint.requirements.releases import range_of  # noqa: PLC0415

        if self.config.target_torch:
            return range_of(self.config.target_torch)
        return self._requirements.range_in(folder)

    def torch_of(self, path: Path | str) -> TorchRange:
        """The same for one file."""
        if self.config.target_torch:
            return self.torch_in("")
        return self._requirements.range_of(self.name_of(path))

    @cached_property
    def _requirements(self) -> Requirements:
        from torchload_lint.requirements.releases import Requirements  # noqa: PLC0415

        return Requirements(self.config.root)

    @cached_property
    def target(self) -> Target:
        """The oldest torch the code must run on, and the rest of the program's surroundings."""
        from torchload_lint.checkpoint.known.torch_versions import Target  # noqa: PLC0415

        return Target(self.torch.oldest)

    @cached_property
    def environment(self) -> InstalledPackages:
        """The packages that the project runs with, as far as they can be found."""
        from torchload_lint.workspace.on_disk.environment import InstalledPackages  # noqa: PLC0415

        oldest, trusted = lambda: str(self.target.torch), self.config.trust_installed
        return InstalledPackages(self.config.root, oldest, self._python, trusted)

    @cached_property
    def enabled(self) -> frozenset[str]:
        """The codes of the rules that are on. Raises ConfigError for an unknown selector."""
        from torchload_lint.rules import RULES  # noqa: PLC0415
        from torchload_lint.rules.selection import default_codes, selected_codes  # noqa: PLC0415

        config = self.config
        chosen = default_codes(RULES)
        if config.select:
            chosen = selected_codes(config.select, RULES, self._origin("select"))
        chosen |= selected_codes(config.extend_select, RULES, self._origin("extend-select"))
        return chosen - self._codes((*config.ignore, *config.extend_ignore), "ignore")

    @cached_property
    def asked(self) -> WantedNotes:
        """Which notes are wanted."""
        from torchload_lint.notes import WantedNotes  # noqa: PLC0415
        from torchload_lint.rules import RULES  # noqa: PLC0415

        return WantedNotes(self.config, RULES)

    @cached_property
    def fixable(self) -> frozenset[str]:
        """The codes of the rules whose fixes may be applied."""
        chosen = self._codes(self.config.fixable or ("ALL",), "fixable")
        return chosen - self._codes(self.config.unfixable, "unfixable")

    def context_of(self, path: Path | str, *, infers: bool = False) -> Context:
        """What rules may ask about one file; ``infers``: with needs from the saving side."""
        context = self.context_that_infers if infers else self.context
        torch = self.torch_of(path)
        if torch == context.torch:
            return context
        return context._replace(torch=torch, target=context.target._replace(torch=torch.oldest))

    @cached_property
    def context(self) -> Context:
        """What rules may ask about the files of the root; the rooms below are only imported where
        there is a load.
        """
        from torchload_lint.rules.context import Context  # noqa: PLC0415
        from torchload_lint.source.project.index import ProjectIndex  # noqa: PLC0415

        index = ProjectIndex(self.files, self.config.src, self.environment)
        index.packages = self._packages
        if self._index_before is not None:
            index.take_over(self._index_before, self._changed)
        self._index_before, self._changed = None, {}
        return Context(
            config=self.config,
            torch=self.torch,
            torch_in=self.torch_in,
            target=self.target,
            project=index,
            checkpoints=self.checkpoints,
            veto=self._veto,
            recorded=self.recorded,
            reads_addresses=self._remote,
        )

    @cached_property
    def recorded(self) -> tuple[RecordedLoad, ...]:
        """What runs before have recorded; nothing where that cannot be read."""
        return self._recording[0]

    @property
    def recording_problem(self) -> str:
        """Why what is recorded there cannot be read; empty where it can."""
        return self._recording[1]

    @cached_property
    def _recording(self) -> tuple[tuple[RecordedLoad, ...], str]:
        from torchload_lint.record.store import read_store  # noqa: PLC0415

        try:
            return read_store(self.config.root), ""
        except ConfigError as error:  # a stray file keeps nothing from being checked
            return (), str(error)

    @cached_property
    def checkpoints(self) -> DiskCheckpoints:
        """The checkpoints within reach."""
        if self._remote:
            from torchload_lint.workspace.remote_checkpoints import RemoteCheckpoints  # noqa: PLC0415

            return RemoteCheckpoints(self.config, self.target)
        from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints  # noqa: PLC0415

        return DiskCheckpoints(self.config, self.target)

    def validate(self) -> None:
        """Raise ConfigError for an unknown rule, where any selector is configured at all."""
        config = self.config
        lists = (config.select, config.extend_select, config.ignore, config.extend_ignore)
        if any((*lists, config.fixable, config.unfixable)):
            _ = self.enabled, self.fixable
        if config.per_file_ignores:
            _ = self._per_file

    @cached_property
    def context_that_infers(self) -> Context:
        """The same, with needs inferred from the saving side."""
        return self.context._replace(infers=True)

    @property
    def root(self) -> str:
        """The absolute path of the project's folder."""
        return os.path.abspath(self.config.root)

    def changed(self, path: str) -> None:
        """A file has another content; answers that may rest on it are found anew."""
        if path.startswith(self._root):
            name = self.name_of(path)
            old = self.files.changed(name)
            self._changed.setdefault(name, old if is_code(name) else None)
            self.checkpoints.forget_reports()  # they tell of classes
            if "context" in self.__dict__:
                self._index_before = self.context.project
            self._forget_context()

    def forget(self) -> None:
        """Start anew: files have come or gone."""
        self.files = DiskFiles(self.config, self._read)
        for known in ("checkpoints", "torch", "target", "_requirements"):
            self.__dict__.pop(known, None)
        self._forget_context()

    def rest(self) -> None:
        """Between two files of a run: where many were parsed so far, their trees are dropped."""
        context = self.__dict__.get("context")
        if context is not None and self._kept_trees.are_too_many(context.project.parsed):
            self._packages = {}
            self._forget_context()
            gc.collect()  # a tree and what is known of it hold each other

    def _forget_context(self) -> None:
        self.__dict__.pop("context", None)
        self.__dict__.pop("context_that_infers", None)

    def name_of(self, path: Path | str) -> str:
        """A file's path from the project's root, with ``/``; as given where it lies outside."""
        text = str(path)
        is_plain = text[:1] != "/" and "./" not in text and text[-1:] != "."
        if self._here is not None and is_plain:
            return self._here + text  # what follows takes ten times as long
        absolute, root = os.path.abspath(path), self._root
        if absolute.startswith(root):
            return absolute[len(root) :].replace(os.sep, "/")
        relative = os.path.relpath(absolute, root)
        return Path(path).as_posix() if relative.startswith("..") else relative.replace(os.sep, "/")

    def is_ignored(self, diagnostic: Diagnostic, name: str) -> bool:
        """Whether ``per-file-ignores`` silences a finding, or it is a note that nobody wants."""
        return not self.asked.wants(diagnostic) or self.is_left_out(diagnostic, name)

    def is_left_out(self, diagnostic: Diagnostic, name: str) -> bool:
        """Whether ``per-file-ignores`` silences a finding."""
        return any(
            diagnostic.code in codes for glob, codes in self._per_file if _matches(name, glob)
        )

    @cached_property
    def _per_file(self) -> tuple[tuple[str, frozenset[str]], ...]:
        entries = self.config.per_file_ignores
        return tuple(
            (glob, self._codes(codes, f"per-file-ignores {glob!r}")) for glob, codes in entries
        )

    def _codes(self, selectors: tuple[str, ...], key: str) -> frozenset[str]:
        from torchload_lint.rules import RULES  # noqa: PLC0415
        from torchload_lint.rules.selection import codes_for  # noqa: PLC0415

        return codes_for(selectors, RULES, self._origin(key))

    def _origin(self, key: str) -> str:
        """Where a key was given: an option, or a file."""
        given = key.partition(" ")[0].replace("-", "_") in self._flags
        return f"--{key}" if given or not self.config.file else f"{self.config.file}: {key}"


def _matches(name: str, glob: str) -> bool:
    """Whether a pattern of ``per-file-ignores`` means a file; ``!`` before it: all other files."""
    if glob.startswith("!"):
        return not _matches(name, glob[1:])
    return fits_path(name, glob) or fits_path(name.rpartition("/")[2], glob)
