"""The container and the conda recipe install what pyproject.toml says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from torchload_lint.config import parse_toml

ROOT = Path(__file__).parents[2]
PROJECT = parse_toml((ROOT / "pyproject.toml").read_text("utf-8"))
RECIPE = yaml.safe_load((ROOT / "packaging" / "conda" / "recipe.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def required(requirements):
    """Requirements of pip or conda, without markers, as lower-case texts without blanks."""
    return {
        re.sub(r"\s", "", one.partition(";")[0]).lower().replace("_", "-") for one in requirements
    }


def test_the_recipe_has_the_requirements_of_the_project():
    project = PROJECT["project"]
    run = required(RECIPE["requirements"]["run"])
    assert run == required(project["dependencies"]) | {f"python{project['requires-python']}"}
    host = required(RECIPE["requirements"]["host"])
    assert required(PROJECT["build-system"]["requires"]) <= host
    assert f"python{project['requires-python'].removeprefix('>=')}.*" in host


def test_the_recipe_has_the_version_the_licence_and_the_command():
    version = re.search(
        r'^__version__ = "(.+)"',
        (ROOT / "src/torchload_lint/__init__.py").read_text(),
        re.MULTILINE,
    )
    assert version is not None
    assert RECIPE["context"]["version"] == version[1]
    assert RECIPE["about"]["license"] == PROJECT["project"]["license"]
    (command,) = PROJECT["project"]["scripts"].items()
    assert RECIPE["build"]["python"]["entry_points"] == [" = ".join(command)]


def test_the_container_copies_what_is_there_and_drops_its_rights():
    copied = re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert [name for name in names if not (ROOT / name).exists()] == []
    let_in = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in names} == {one for one in let_in if one.startswith("!")}
    supported = {one.rpartition(" ")[2] for one in PROJECT["project"]["classifiers"]}
    assert set(re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE)) <= supported
    assert DOCKERFILE.index("USER 65534") < DOCKERFILE.index("ENTRYPOINT")
