"""The programs in ``fixtures/paths``: what each library does with paths, one folder a library.

``# opens: runs/last.pt`` stands behind each load; ``|`` between several, ``?`` where nothing is
known. A program is ``main.py`` in its project; command lines stand in a ``.sh`` of its name.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from project_files import project
from torchload_lint.source.libraries import registry
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import resolve_load

FOLDER = Path(__file__).parents[3] / "fixtures" / "paths"
SAMPLES = sorted(FOLDER.glob("*/*.py"))
MARK = "# opens: "


def marked(text):
    """Row → what the load there opens."""
    return {
        row: [each for each in line.partition(MARK)[2].split(" | ") if each != "?"]
        for row, line in enumerate(text.splitlines(), 1)
        if MARK in line
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_what_a_sample_opens(path):
    beside = {
        other.relative_to(path.parent).as_posix(): other.read_text()
        for other in path.parent.rglob("*")
        if other.suffix in {".yaml", ".json", ".toml", ".ini", ".env"}
        or other.name in {".env", f"{path.stem}.sh"}
        or (other.suffix == ".py" and other.parent != path.parent)
    }
    index = project({"main.py": path.read_text(), **beside})
    module = index.module_at("main.py")
    found = {
        load.span.start.row: [one.text for one in resolve_load(load, module, index).patterns]
        for load in every_load(module, index)
    }
    expected = marked(path.read_text())
    assert expected
    assert found == expected


def test_every_root_with_a_sample_is_known():
    assert len(SAMPLES) > 30
    folders = {path.relative_to(FOLDER).parts[0] for path in SAMPLES}
    known = {*registry.ROOTS, "argparse", "fire", "os_path", "pytest", "torch_hub"}
    assert folders <= known
