"""From the files of a project to the releases of torch that it may run on.

What the project declares decides (its own metadata, ``requirements.txt``, a conda environment,
Pipfile). Where that names no version, what it was locked to, built on or tested with does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.checkpoint.known.torch_range import LINES, RELEASES, Stated, TorchRange
from torchload_lint.checkpoint.known.torch_versions import NEWEST_LINE, TorchVersion
from torchload_lint.requirements import environments, setuptools_files, tables
from torchload_lint.requirements.pip_files import read_requirements
from torchload_lint.requirements.root_files import RootFiles
from torchload_lint.requirements.statement import Statement, pip_specifiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Reader = Callable[[str], list[Statement]]

DECLARING: tuple[tuple[str, Reader], ...] = (
    ("pyproject.toml", tables.read_pyproject),
    ("setup.cfg", setuptools_files.read_setup_cfg),
    ("setup.py", setuptools_files.read_setup_py),
    ("environment.yml", environments.read_conda),
    ("environment.yaml", environments.read_conda),
    ("conda.yml", environments.read_conda),
    ("conda.yaml", environments.read_conda),
    ("Pipfile", tables.read_pipfile),
    ("pixi.toml", tables.read_pixi),
)
REQUIREMENTS = (
    "requirements.txt", "requirements.in", "requirements/base.txt", "requirements/requirements.txt",
    "requirements/main.txt", "requirements/core.txt", "requirements/default.txt",
    "requirements/runtime.txt", "requirements/prod.txt", "requirements/production.txt",
    "requirements/base.in", "requirements/main.in", "requirements/install.txt",
)  # fmt: skip
LOCKS: tuple[tuple[str, Reader], ...] = (
    ("uv.lock", environments.read_toml_lock),
    ("poetry.lock", environments.read_toml_lock),
    ("pdm.lock", environments.read_toml_lock),
    ("pylock.toml", environments.read_toml_lock),
    ("Pipfile.lock", environments.read_pipfile_lock),
    ("pixi.lock", environments.read_yaml_lock),
    ("conda-lock.yml", environments.read_yaml_lock),
)
_FOLDERS = ("docker", ".devcontainer", "requirements", "environments", "envs", "conda")
_WORKFLOWS = ".github/workflows"


class Installation(NamedTuple):
    """One way to install the project, and what it says of torch."""

    file: str
    statements: tuple[Statement, ...]
    python: str = ""
    """The Pythons that it admits, as specifiers."""

    @property
    def required(self) -> list[Statement]:
        """What holds whichever extras are chosen."""
        return [one for one in self.statements if not one.optional]

    @property
    def is_open(self) -> bool:
        """Whether torch is required in any version at all."""
        return bool(self.required) and not any(one.bounds for one in self.required)


def torch_of_project(root: Path) -> TorchRange:
    """The range that the files of a folder state; the newest known torch where they say nothing."""
    files = RootFiles(root)
    declared = list(map(_that_may_hold, _declared(files)))
    places, is_open = declared, any(place.is_open for place in declared)
    lines = _allowed(places)
    if not lines:
        places = list(map(_that_may_hold, _said_elsewhere(files)))
        lines = _allowed(places)
        # What was tested is a floor: nobody keeps newer releases away.
        is_open = is_open or any(
            one.file.startswith(_WORKFLOWS) for one in places if one.statements
        )
    if not lines:
        return TorchRange(unread=_unread([*declared, *places]))
    oldest = min(lines)
    if is_open:
        lines |= {line for line in LINES if line >= oldest}
    return TorchRange(
        tuple(sorted(lines)), _stated(places, oldest), unread=_unread([*declared, *places])
    )


def range_of(target: str) -> TorchRange:
    """A ``target-torch`` setting: a specifier, or one version, which means that and newer.

    Raises ValueError for what is neither.
    """
    text = target.strip()
    spec = pip_specifiers(f">={text}" if text[:1].isdigit() or text[:1] == "v" else text)
    if not spec:
        raise ValueError(f'{target!r} is neither a version such as "2.6" nor such as ">=2.1,<2.9"')
    lines = _lines((spec,)) or {NEWEST_LINE}
    if text[:1].isdigit():
        lines = {line for line in LINES if line >= TorchVersion.parse(text)} or lines
    stated = Stated(f"target-torch {text}", "")
    return TorchRange(tuple(sorted(lines)), (stated,), configured=True)


def _declared(files: RootFiles) -> Iterator[Installation]:
    project = files.text("pyproject.toml") or ""
    python = tables.python_of(project) if "python" in project else ""
    for name, read in DECLARING:
        text = files.text(name)
        if text is not None and "torch" in text:
            yield Installation(name, tuple(read(text)), python)
    for name in dict.fromkeys((*tables.requirement_files_of(project), *REQUIREMENTS)):
        statements = read_requirements(files, name)
        if statements:
            yield Installation(name, tuple(statements), python)


def _said_elsewhere(files: RootFiles) -> Iterator[Installation]:
    """Lock files, further requirements files and environments, images, CI."""
    for name, read in LOCKS:
        yield from _read_at(files, name, read)
    for name in [*files.names(), *(name for folder in _FOLDERS for name in files.names(folder))]:
        base = name.rpartition("/")[2].lower()
        if base.startswith("dockerfile") or base.endswith(".dockerfile"):
            yield from _read_at(files, name, environments.read_dockerfile)
        elif base.endswith((".yml", ".yaml")) and ("env" in name.lower() or "conda" in base):
            yield from _read_at(files, name, environments.read_conda)
        elif base.endswith((".txt", ".in")) and "requirements" in name.lower():
            statements = read_requirements(files, name)
            yield Installation(name, tuple(one._replace(optional=True) for one in statements))
    for name in files.names(_WORKFLOWS):
        if name.endswith((".yml", ".yaml")):
            yield from _read_at(files, name, environments.read_workflow)


def _read_at(files: RootFiles, name: str, read: Reader) -> Iterator[Installation]:
    text = files.text(name)
    if text is not None and "torch" in text:
        yield Installation(name, tuple(read(text)))


def _that_may_hold(place: Installation) -> Installation:
    """Without what no environment asks for (``torch; sys_platform == 'never'``)."""
    if not any(one.marker for one in place.statements):
        return place
    kept = tuple(one for one in place.statements if _may_hold(one, place.python))
    return place._replace(statements=kept)


def _allowed(places: Iterable[Installation]) -> set[TorchVersion]:
    """Every line that some way of installing lets in."""
    found: set[TorchVersion] = set()
    for place in places:
        required = [one for one in place.required if one.spec]
        if any(one.bounds for one in required):
            found |= _of_required(required, place.python)
        elif not place.is_open or not required:
            for one in place.statements:
                if one.optional and one.bounds:
                    found |= _lines((one.spec or "",))
    return found


def _of_required(required: list[Statement], python: str) -> set[TorchVersion]:
    """The union over all environments of what the requirements that hold there let in."""
    if not any(one.marker for one in required):
        return _together([one.spec or "" for one in required])
    from torchload_lint.requirements.markers import environments_of, holds  # noqa: PLC0415

    found: set[TorchVersion] = set()
    for environment in environments_of(python):
        specs = [one.spec or "" for one in required if holds(one.marker, environment)]
        if any(specs):
            found |= _together(specs)
    return found


def _together(specs: list[str]) -> set[TorchVersion]:
    """What all of them let in; where they contradict each other, what any of them does."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - takes time

    if len(specs) > 1 and not list(SpecifierSet(",".join(filter(None, specs))).filter(RELEASES)):
        return {line for spec in specs if spec for line in _lines((spec,))}
    return _lines(specs)


def _may_hold(statement: Statement, python: str) -> bool:
    if not statement.marker:
        return True
    from torchload_lint.requirements.markers import environments_of, holds  # noqa: PLC0415

    return any(holds(statement.marker, one) for one in environments_of(python))


def _lines(specs: Iterable[str]) -> set[TorchVersion]:
    """The release lines that all these specifiers let in.

    Where no known release does (``>=2.99``, a release of one's own), the lines that they name.
    """
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - takes time

    wanted = SpecifierSet(",".join(filter(None, specs)))
    found = {TorchVersion.parse(str(one)) for one in wanted.filter(RELEASES)}
    if found:
        return found
    named = {TorchVersion.parse(one.version) for one in wanted if one.operator in {"==", "==="}}
    return named or {min(TorchVersion.parse(one.version) for one in wanted)}


def _stated(places: Iterable[Installation], oldest: TorchVersion) -> tuple[Stated, ...]:
    """The requirements that decide: those that let in the oldest torch come first."""
    found: dict[Stated, bool] = {}
    for place in places:
        for one in place.statements:
            if one.bounds:
                stated = _as_stated(one, place)
                found.setdefault(stated, oldest in _lines((one.spec or "",)))
    return tuple(sorted(found, key=lambda stated: not found[stated]))


def _as_stated(one: Statement, place: Installation) -> Stated:
    text = " ".join(one.text.split())
    return Stated(text, one.file or place.file, one.row)


def _unread(places: Iterable[Installation]) -> tuple[Stated, ...]:
    found = (
        _as_stated(one, place) for place in places for one in place.statements if one.spec is None
    )
    return tuple(dict.fromkeys(found))
