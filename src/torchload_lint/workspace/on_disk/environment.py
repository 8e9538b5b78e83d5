"""The packages that a project runs with, read as text: which are installed, and their source."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular
from torchload_lint.source.facts.library_load import ANY, Versions
from torchload_lint.workspace.on_disk.distributions import Distributions, normal_name
from torchload_lint.workspace.on_disk.package_files import PackageFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torchload_lint.source.facts.library_load import Distribution

_OWN = (".venv", "venv", "env")
"""Folders of a project that hold its virtual environment."""
_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")
"""Variables that name the environment which is in use."""
_REQUIREMENTS = (
    "pyproject.toml", "setup.cfg", "setup.py", "requirements.txt", "requirements/*.txt",
    "requirements*.txt", "environment*.y*ml",
)  # fmt: skip
"""Where a project says which libraries it needs, best first."""
_BOUND = r"(?:===|>=|==|~=|!=|<=|<|>|\^|=)\s*v?\d+(?:\.\d+)*(?:\.\*)?"
_BOUNDS = late_pattern(r"(===|>=|==|~=|!=|<=|<|>|\^|=)\s*v?(\d+(?:\.\d+)*(?:\.\*)?)")
_VERSION = late_pattern(r"""^__version__\s*(?::\s*str\s*)?=\s*["']v?(\d[\w.+!-]*)""", re.MULTILINE)
_SEPARATORS = late_pattern(r"[-_.]+")


class InstalledPackages:
    """``Environment`` over the folders that the project's Python would import from.

    Nothing is run and nothing imported: folders are listed and files are read.
    """

    def __init__(
        self,
        root: Path,
        torch: Callable[[], str],
        python: Path | None = None,
        trusted: bool | tuple[str, ...] = True,
    ) -> None:
        """``torch`` tells the oldest torch that the project runs on; ``python``: an interpreter
        whose packages count, where one is named; ``trusted``: ``trust-installed`` of the
        configuration.
        """
        self._root = root
        self._trusted = (
            trusted if isinstance(trusted, bool) else frozenset(map(normal_name, trusted))
        )
        self._torch = torch
        self._python = python
        self._packages: dict[str, PackageFiles | None] = {}
        self._loading: dict[str, bool] = {}
        self._versions: dict[tuple[str, ...], Versions] = {}
        self._owners: dict[str, Distribution | None] = {}

    def versions(self, distributions: Sequence[str]) -> Versions:
        """The installed version, or the oldest that the project's requirements allow."""
        key = tuple(distributions)
        if key == ("torch",):
            return Versions(self._torch(), origin="the target")
        if key not in self._versions:
            self._versions[key] = self._installed(key) or self._required(key) or Versions()
        return self._versions[key]

    def package(self, root: str) -> PackageFiles | None:
        """The source of an installed package, by the name that it is imported by."""
        if root not in self._packages:
            self._packages[root] = self._find(root)
        return self._packages[root]

    def has_packages(self) -> bool:
        """Whether an environment was found at all."""
        return bool(self._folders)

    def holds_load(self, root: str) -> bool:
        """Whether the source of an installed package spells ``torch.load``. The project's own is
        none, for its files are followed as they lie here.
        """
        if root not in self._loading:
            package = self.package(root)
            self._loading[root] = (
                package is not None
                and not self._is_own(root)
                and self._distributions.requires(root, "torch") is not False
                and package.holds_load()
            )
        return self._loading[root]

    def _is_own(self, root: str) -> bool:
        """Whether the project itself has a package of that name."""
        return any((self._root / base / root / "__init__.py").is_file() for base in ("", "src"))

    def distribution(self, path: str) -> Distribution | None:
        """The installed distribution that a file of a package belongs to."""
        if path not in self._owners:
            self._owners[path] = self._distributions.of_file(path)
        return self._owners[path]

    def trusts(self, distribution: Distribution) -> bool:
        """Whether the configuration lets the source of a distribution speak for its classes."""
        if isinstance(self._trusted, bool):
            return self._trusted
        return normal_name(distribution.name) in self._trusted

    def depends_on(self, distribution: Distribution, imports: Callable[[str], bool]) -> bool:
        """Whether the project needs it, itself or for another distribution that it needs."""
        if not isinstance(self._trusted, bool):
            return True  # named in the configuration
        names = self._distributions.dependents(distribution.name)
        return any(self._is_required(name) for name in names) or any(
            imports(package) for name in names for package in self._distributions.packages(name)
        )

    def _is_required(self, name: str) -> bool:
        """Whether a file of the project names a distribution as a requirement."""
        wanted = name.replace("-", "[-_.]+")
        pattern = re.compile(
            rf"(?:^|[\"'\s])(?:{wanted})\s*(?:\[[^\]]*\])?\s*(?:$|[\"';<>=!~@,(])", re.IGNORECASE
        )
        return any(pattern.search(line) for _, line in self._requirement_lines)

    def _find(self, root: str) -> PackageFiles | None:
        if not root.isidentifier():
            return None
        for folder, names in self._listed:
            is_package = root in names and (folder / root).is_dir()
            if is_package or (f"{root}.py" in names and (folder / f"{root}.py").is_file()):
                return PackageFiles(folder, root)
        return None

    @cached_property
    def _listed(self) -> tuple[tuple[Path, frozenset[str]], ...]:
        """The folders with what is in them: files name many modules that are not installed."""
        return tuple((folder, _names_in(folder)) for folder in self._folders)

    @cached_property
    def _folders(self) -> tuple[Path, ...]:
        """Where modules are imported from, in the order of ``sys.path``; the project's own not."""
        added = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        folders = [Path(folder) for folder in added if folder and os.path.isabs(folder)]
        for prefix in self._prefixes():
            folders += sorted(prefix.glob("lib/python3*/site-packages"))
            folders += sorted(prefix.glob("lib/python3*/dist-packages"))
            folders += [prefix / "Lib" / "site-packages"]
        inside = Path(os.path.abspath(self._root))
        return tuple(
            folder for folder in dict.fromkeys(folders) if folder.is_dir() and folder != inside
        )

    def _prefixes(self) -> Iterator[Path]:
        """The environments that may be the project's, the first that is there alone."""
        if self._python is not None:
            yield Path(os.path.abspath(self._python)).parent.parent
            return
        named = [Path(value) for name in _ACTIVE if (value := os.environ.get(name))]
        for folder in (*named, *(self._root / name for name in _OWN)):
            if (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir():
                yield folder
                return

    @cached_property
    def _distributions(self) -> Distributions:
        return Distributions(self._folders)

    def _installed(self, names: tuple[str, ...]) -> Versions | None:
        for name in names:
            version = self._distributions.version(name) or self._written(name)
            if version:
                return Versions(version, exact=True, origin="installed")
        return None

    def _written(self, name: str) -> str:
        """What a package without such a folder says of itself."""
        package = self.package(name.replace("-", "_"))
        text = package.text(f"{package.root}/__init__.py") if package is not None else None
        match = _VERSION.search(text or "")
        return match[1] if match else ""

    def _required(self, names: tuple[str, ...]) -> Versions | None:
        """The oldest version that a requirement of the project allows."""
        wanted = "|".join(_SEPARATORS.sub("[-_.]", name) for name in names)
        pattern = re.compile(
            rf"(?<![\w.-])(?:{wanted})\s*(?:\[[^\]]*\])?[\"']?\s*"
            r"(?:=\s*(?:\{\s*version\s*=\s*)?[\"']\s*)?"  # poetry's lightning = "^2.2"
            rf"\(?(?P<bounds>{_BOUND}(?:\s*,\s*{_BOUND})*)",
            re.IGNORECASE,
        )
        for name, line in self._requirement_lines:
            match = pattern.search(line)
            if match:
                return _range_of(_BOUNDS.findall(match["bounds"]), name)
        return None

    @cached_property
    def _requirement_lines(self) -> tuple[tuple[str, str], ...]:
        """The lines of the files that name requirements, each with its file's name."""
        found: list[tuple[str, str]] = []
        files = [path for glob in _REQUIREMENTS for path in sorted(self._root.glob(glob))]
        for path in dict.fromkeys(files):
            try:
                text = read_regular(path).decode("utf-8", errors="replace")
            except OSError:
                continue
            name = path.relative_to(self._root).as_posix()
            found += [(name, line.partition("#")[0]) for line in text.splitlines()]
        return tuple(found)


def _names_in(folder: Path) -> frozenset[str]:
    """The names in a folder; none where it cannot be listed."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _range_of(bounds: list[tuple[str, str]], origin: str) -> Versions:
    """The versions that the bounds of a requirement allow: ``~=2.1`` and ``^2.1`` end before 3,
    ``<=2.1`` with 2.1; without a lowest one, any.
    """
    oldest, below = "", ""
    for sign, version in bounds:
        number = version.removesuffix(".*")
        if sign in {"==", "==="} and number == version:
            return Versions(number, exact=True, origin=origin)
        if sign in {"<", "<="}:
            below = number if sign == "<" else _next(number.split("."))
        elif sign != "!=":
            oldest = number
            below = _end_of(sign, number.split(".")) or below
    return Versions(oldest or ANY, below=below, origin=origin)


def _end_of(sign: str, parts: list[str]) -> str:
    """The first version that is too new for a bound; empty where the bound is a lowest one."""
    if sign in {">", ">="}:
        return ""
    kept = 1 if sign == "^" else max(1, len(parts) - 1) if sign == "~=" else len(parts)
    return _next(parts[:kept])


def _next(parts: list[str]) -> str:
    return ".".join([*parts[:-1], str(int(parts[-1]) + 1)])
