"""What else says which torch runs: conda environments, lock files, base images, test matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.requirements.calendar_tags import torch_of_tag
from torchload_lint.requirements.pip_files import logical_lines
from torchload_lint.requirements.statement import (
    Statement,
    alternatives,
    conda_specifiers,
    from_requirement,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONDA_ITEM = late_pattern(
    r"""(?ix) ^\s*-\s+ ["']? (?:[\w.-]+::)? (?P<name>pytorch(?:-[cg]pu)?|torch)
        (?P<spec>[\s=<>!~].*?)? ["']? \s*$"""
)
_PIP_FILE = late_pattern(r"(?m)^\s*-\s+(?:-r|--requirement)[\s=]+([\w./-]+)\s*$")
_PIP_SECTION = late_pattern(r"^(\s*)-\s+pip:\s*$")
_LOCKED = late_pattern(r'(?m)^name = "torch"\r?\nversion = "([^"]+)"')
_LOCKED_YAML = late_pattern(
    r"""(?xm) ^\s*-?\s*name:\s*(?:torch|pytorch)\s*\n\s*version:\s*['"]?(\d[\w.]*)"""
)
_LOCKED_CONDA = late_pattern(
    r"/(?:pytorch|torch)-(\d+\.\d+(?:\.\d+)?)[-+][^/\s]*\.(?:conda|whl|tar)"
)
_IMAGE = late_pattern(
    r"""(?ix) ^\s*-?\s* (?: FROM\s+(?:--\S+\s+)* | From:\s* | "?image"?\s*:\s* )
        ["']?([^\s"',]+)"""
)
"""``FROM image`` (Dockerfile), ``From: image`` (Apptainer), ``image: image`` (compose)."""
_TORCH_IMAGE = late_pattern(r"(?:^|/)pytorch:v?(\d+\.\d+(?:\.\d+)?)-")
_ARGUMENT = late_pattern(r"(?i)^\s*(?:ARG|ENV)\s+(\w+)[= ]['\"]?([^\s'\"]+)")
_VARIABLE = late_pattern(r"\$\{?(\w+)\}?")
_INSTALLED = late_pattern(
    r"""(?i)(?:^|[\s"'])((?:py)?torch(?:\[[^\]]*\])?\s?(?:==?|>=|<=|~=|<|>)[\w.*,<>=!]+)"""
)
_MATRIX = late_pattern(
    r"""(?ix) ^(\s*)(?:-\s+)? ["']?(?:py)?torch[-_]?(?:versions?|ver)?["']?\s*:\s*(?P<value>.*)$"""
)
_MATRIX_ITEM = late_pattern(r"""^(\s*)-\s*(?P<value>["']?[<>=~]*\d[^\s,]*)""")
_VERSION = late_pattern(r"""(?<![\w.+-])(?:[<>=~]=?)?\s*\d+\.\d+(?:\.(?:\d+|\*))?(?![\w-])""")
_OTHER_VERSION = late_pattern(
    r"""(?i)["']?\b\w*(?:vision|audio|text|cuda|cudnn|python)[\w-]*["']?\s*:\s*["']?[\d.]+"""
)
"""In ``{torch: 1.13.0, vision: 0.14.0}``: what is not torch's."""
_MOST_VERSIONS = 64


def read_conda(text: str) -> list[Statement]:
    """environment.yml: conda's own items, and those that it hands to pip."""
    found: list[Statement] = []
    pip_indent: int | None = None
    for row, line in logical_lines(text):
        section = _PIP_SECTION.match(line)
        indent = len(line) - len(line.lstrip())
        if section:
            pip_indent = len(section[1])
            continue
        if pip_indent is not None and indent <= pip_indent:
            pip_indent = None
        if pip_indent is not None:
            item = from_requirement(line.strip().lstrip("- ").strip("'\""), row)
            found += [item] if item else []
            continue
        match = _CONDA_ITEM.match(line)
        if match:
            written = (match["spec"] or "").strip()
            several = alternatives(written)
            for one in several:
                spec = conda_specifiers(one)
                text_ = f"{match['name']}{written}"
                found.append(Statement(text_, spec, row, optional=len(several) > 1))
    return found


def pip_files_of(text: str) -> list[str]:
    """The requirements files that an environment.yml hands to pip."""
    return _PIP_FILE.findall(text)


def read_toml_lock(text: str) -> list[Statement]:
    """uv.lock, poetry.lock, pdm.lock: ``[[package]]`` tables; each version is one alternative."""
    found = list(_LOCKED.finditer(text))
    return [_locked(one[1], text.count("\n", 0, one.start()) + 2) for one in found]


def read_yaml_lock(text: str) -> list[Statement]:
    """pixi.lock and conda-lock.yml."""
    found = {one[1] for one in _LOCKED_CONDA.finditer(text)}
    found |= {one[1] for one in _LOCKED_YAML.finditer(text)}
    return [_locked(version, 0) for version in sorted(found)]


def read_pipfile_lock(text: str) -> list[Statement]:
    """Pipfile.lock, which is JSON."""
    import json  # noqa: PLC0415 - for lock files alone

    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = []
    for table in ("default", "develop"):
        packages = content.get(table, {}) if isinstance(content, dict) else {}
        entry = packages.get("torch", {}) if isinstance(packages, dict) else {}
        version = entry.get("version") if isinstance(entry, dict) else None
        if isinstance(version, str):
            found.append(_locked(version.lstrip("="), 0))
    return found


def _locked(version: str, row: int) -> Statement:
    public = version.partition("+")[0]
    return Statement(f"torch=={version}", f"=={public}", row, optional=True)


def read_dockerfile(text: str) -> list[Statement]:
    """The tag of the base image, and what ``pip install`` is given."""
    values: dict[str, str] = {}
    found: list[Statement] = []
    for row, raw in logical_lines(text):
        line = _VARIABLE.sub(lambda one: values.get(one[1], one[0]), raw)
        argument = _ARGUMENT.match(line)
        if argument:
            values.setdefault(argument[1], argument[2])
        image = _IMAGE.match(line)
        tag = _TORCH_IMAGE.search(image[1]) if image else None
        if tag and image:
            found.append(
                Statement(f"FROM {image[1]}", f"=={torch_of_tag(tag[1])}", row, optional=True)
            )
        found += _installed(line, row)
    return found


def _installed(line: str, row: int) -> Iterator[Statement]:
    if "install" not in line:
        return
    for match in _INSTALLED.finditer(line):
        one = from_requirement(match[1], row, optional=True)
        if one is not None and one.bounds:
            yield one


def read_workflow(text: str) -> list[Statement]:
    """A CI workflow: versions in keys such as ``torch-version``, and ``pip install torch==…``."""
    found: list[Statement] = []
    lines = text.splitlines()
    for row, line in enumerate(lines, 1):
        found += _installed(line, row)
        match = _MATRIX.match(line)
        if match:
            found += _matrix(match["value"], lines[row:], len(match[1]), row)
    return found[:_MOST_VERSIONS]


def _matrix(value: str, below: list[str], indent: int, row: int) -> Iterator[Statement]:
    """The versions of one key: on its row, in brackets over several rows, or as a list below."""
    held = value.partition(" #")[0]
    if held.startswith("[") and "]" not in held:
        for line in below:
            held += " " + line.partition(" #")[0]
            if "]" in line:
                break
    elif not held.strip():
        for line in below:
            item = _MATRIX_ITEM.match(line)
            if item is None or len(item[1]) < indent:
                break
            held += " " + item["value"]
    held = _OTHER_VERSION.sub("", held)
    for version in _VERSION.finditer(held.replace('"', " ").replace("'", " ")):
        written = version[0].strip()
        spec = written if written[0] in "<>=~" else f"=={_line(written)}"
        one = from_requirement(f"torch{spec}", row, optional=True)
        if one is not None:
            yield one._replace(text=f"torch {written}")


def _line(version: str) -> str:
    """``2.1`` in a matrix is any 2.1.x."""
    return version if version.count(".") > 1 else f"{version}.*"
