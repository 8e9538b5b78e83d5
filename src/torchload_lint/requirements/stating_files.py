"""The places in one folder where a project may say which torch it wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.requirements import environments, setuptools_files, tables
from torchload_lint.requirements.pip_files import read_requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.requirements.root_files import RootFiles
    from torchload_lint.requirements.statement import Statement

    RequirementsReader = Callable[[str], list[Statement]]

DISTRIBUTION: tuple[tuple[str, RequirementsReader], ...] = (
    ("pyproject.toml", tables.read_pyproject),
    ("setup.cfg", setuptools_files.read_setup_cfg),
    ("setup.py", setuptools_files.read_setup_py),
)
"""What makes a folder a distribution of its own, which installs what it states itself."""
_ENVIRONMENTS = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
DECLARING: tuple[tuple[str, RequirementsReader], ...] = (
    *DISTRIBUTION,
    *((name, environments.read_conda) for name in _ENVIRONMENTS),
    ("Pipfile", tables.read_pipfile),
    ("pixi.toml", tables.read_pixi),
)
REQUIREMENTS = (
    "requirements.txt", "requirements.in", "requirements/base.txt", "requirements/requirements.txt",
    "requirements/main.txt", "requirements/core.txt", "requirements/default.txt",
    "requirements/runtime.txt", "requirements/prod.txt", "requirements/production.txt",
    "requirements/base.in", "requirements/main.in", "requirements/install.txt",
)  # fmt: skip
LOCKS: tuple[tuple[str, RequirementsReader], ...] = (
    ("uv.lock", environments.read_toml_lock),
    ("poetry.lock", environments.read_toml_lock),
    ("pdm.lock", environments.read_toml_lock),
    ("pylock.toml", environments.read_toml_lock),
    ("Pipfile.lock", environments.read_pipfile_lock),
    ("pixi.lock", environments.read_yaml_lock),
    ("conda-lock.yml", environments.read_yaml_lock),
)
_FOLDERS = (
    "docker", ".devcontainer", "requirements", "environments", "envs", "conda", "conda.recipe",
    "recipe", "singularity", "apptainer",
)  # fmt: skip
_IMAGES = ("devcontainer.json", "compose.yml", "compose.yaml", "singularity", "apptainer")
_TESTING = ("tests", "test", "ci", ".ci")
_PIPELINES = (
    ".circleci/config.yml", ".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "tox.ini",
    "noxfile.py",
)  # fmt: skip
_WORKFLOWS = ".github/workflows"
_TESTED = "a test keeps no newer one away"
_IN_AN_IMAGE = "an image is one way to run it"
_LOCKED = "a lock file pins what a package is developed with, not where it is installed"


class Installation(NamedTuple):
    """One way to install the project, and what it says of torch."""

    file: str
    statements: tuple[Statement, ...]
    python: str = ""
    """The Pythons that it admits, as specifiers."""
    no_ceiling: str = ""
    """Why it is a floor only, where it does not say which newer release would do; else empty."""

    @property
    def required(self) -> list[Statement]:
        """What holds whichever extras are chosen."""
        return [one for one in self.statements if not one.optional]

    @property
    def is_open(self) -> bool:
        """Whether torch is required in any version at all."""
        return bool(self.required) and not any(one.bounds for one in self.required)


def is_distribution(files: RootFiles, folder: str) -> bool:
    """Whether a folder is a distribution that says something of torch, bounded or not."""
    return any("torch" in (files.text(folder, name) or "") for name, _ in DISTRIBUTION)


def _is_package(files: RootFiles, folder: str) -> bool:
    """Whether a folder is built into what others install: their installation heeds no lock file."""
    project = files.text(folder, "pyproject.toml") or ""
    return tables.is_built(project) or bool(files.text(folder, "setup.py"))


def python_in(files: RootFiles, folder: str) -> str:
    """The Pythons that a folder's metadata admits, as specifiers; empty where it says nothing."""
    project = files.text(folder, "pyproject.toml") or ""
    if "python" in project and (python := tables.python_of(project)):
        return python
    by_cfg = setuptools_files.python_of_cfg(files.text(folder, "setup.cfg") or "")
    return by_cfg or setuptools_files.python_of_setup(files.text(folder, "setup.py") or "")


def declared_in(files: RootFiles, folder: str) -> Iterator[Installation]:
    """What a folder declares: its metadata, its requirements, a conda environment, a Pipfile."""
    project = files.text(folder, "pyproject.toml") or ""
    python = tables.python_of(project) if "python" in project else ""
    for name, read in DECLARING:
        yield from _read_at(files, folder, name, read, python)
    read_by_setup = setuptools_files.files_read_by(files.text(folder, "setup.py") or "")
    by_cfg = setuptools_files.files_named_by_cfg(files.text(folder, "setup.cfg") or "")
    by_conda = [
        name
        for environment in _ENVIRONMENTS
        for name in environments.pip_files_of(files.text(folder, environment) or "")
    ]
    by_metadata = (*tables.requirement_files_of(project), *by_cfg, *read_by_setup)
    named = (*by_metadata, *by_conda, *REQUIREMENTS)
    for name in dict.fromkeys(named):
        statements = read_requirements(files, files.path(folder, name))
        if statements:
            yield Installation(files.path(folder, name), tuple(statements), python)


def said_elsewhere_in(files: RootFiles, folder: str) -> Iterator[Installation]:
    """Lock files, further requirements files and environments, images, what was tested."""
    locked = _LOCKED if _is_package(files, folder) else ""
    for name, read in LOCKS:
        for one in _read_at(files, folder, name, read):
            yield one._replace(no_ceiling=locked)
    for name in files.names(folder):
        yield from _named_like_one(files, folder, name)
    for inner in (*_FOLDERS, *_TESTING):
        for name in files.names(files.path(folder, inner)):
            for one in _named_like_one(files, folder, f"{inner}/{name}"):
                yield one._replace(no_ceiling=_TESTED) if inner in _TESTING else one
    workflows = files.names(files.path(folder, _WORKFLOWS))
    for name in (*_PIPELINES, *(f"{_WORKFLOWS}/{name}" for name in workflows)):
        for one in _read_at(files, folder, name, environments.read_workflow):
            yield one._replace(no_ceiling=_TESTED)


def _named_like_one(files: RootFiles, folder: str, name: str) -> Iterator[Installation]:
    """What a file says whose name shows what kind it is."""
    base = name.rpartition("/")[2].lower()
    if "dockerfile" in base or base.endswith((*_IMAGES, ".def")):
        for one in _read_at(files, folder, name, environments.read_dockerfile):
            yield one._replace(no_ceiling=_IN_AN_IMAGE)
    elif base == "cog.yaml":
        for one in _read_at(files, folder, name, environments.read_conda):
            yield one._replace(no_ceiling=_IN_AN_IMAGE)
    elif base == "meta.yaml" or (
        base.endswith((".yml", ".yaml")) and ("env" in name.lower() or "conda" in base)
    ):
        yield from _read_at(files, folder, name, environments.read_conda)
    elif base.endswith((".txt", ".in")) and ("requir" in name.lower() or "constraint" in base):
        path = files.path(folder, name)
        statements = read_requirements(files, path)
        yield Installation(path, tuple(one._replace(optional=True) for one in statements))


def _read_at(
    files: RootFiles, folder: str, name: str, read: RequirementsReader, python: str = ""
) -> Iterator[Installation]:
    text = files.text(folder, name)
    if text is not None and "torch" in text:
        yield Installation(files.path(folder, name), tuple(read(text)), python)
